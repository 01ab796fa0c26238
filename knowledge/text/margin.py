"""What stands before the text of a line: quote signs, diff signs, timestamps, names of containers and jobs.

A log prints a file with the same margin before each line, but for its digits. Blocks are measured behind that margin.
"""

import re
from dataclasses import dataclass
from typing import Self

_DIGITS = re.compile(r"[0-9]+")
_LIMIT = 400
"""A longer margin is not compared: a line of that kind prints values, not a file."""


def shape_of(text: str) -> str:
    """Return `text` with every run of digits as one 0: what two margins have in common."""
    return _DIGITS.sub("0", text)


def after_shape(text: str, shape: str) -> int:
    """Return where the text begins that stands behind a margin of this shape; -1 if the line has another margin."""
    position = 0
    for sign in shape:
        if sign == "0":
            digits = _DIGITS.match(text, position)
            if digits is None:
                return -1
            position = digits.end()
        elif text.startswith(sign, position):
            position += 1
        else:
            return -1
    return position


@dataclass(frozen=True, slots=True)
class Margin:
    """The shape before a key, and how far the key is indented behind it."""

    shape: str = ""
    indent: int = 0

    @classmethod
    def before(cls, text: str, start: int) -> Self:
        """Measure the margin of the key that begins at `start`, its quotes left aside."""
        lead = text[:start].rstrip("\"'")
        bare = lead.rstrip(" \t")
        return cls(shape_of(bare), len(lead) - len(bare)) if len(bare) <= _LIMIT else cls("\n")

    def inside(self, text: str) -> int:
        """Return where the text of a line begins that lies deeper than the key; -1 if the line does not.

        A dash before the key is the item of a list, whose next line has none, or the sign of a diff, whose next has it.
        """
        for shape, indent in ((self.shape, self.indent), (self.shape.removesuffix("-"), self.indent + 1)):
            behind = after_shape(text, shape)
            if behind >= 0:
                start = len(text) - len(text[behind:].lstrip(" \t"))
                if start - behind > indent and (not shape or text[behind : behind + 1] in " \t"):
                    return start
            if not self.shape.endswith("-"):
                break
        return -1

    def blank(self, text: str) -> bool:
        """Tell whether nothing stands behind the margin of a line."""
        bare = text.strip()
        return not bare or shape_of(bare) == self.shape.strip()
