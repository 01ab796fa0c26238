"""What stands before the text of a line: quote signs, timestamps, names of containers and jobs.

A log prints a file with the same margin before each line, but for its digits. Blocks are measured behind that margin.
"""

import re
from dataclasses import dataclass
from typing import Self

_DIGITS = re.compile(r"[0-9]+")
_BLANK = re.compile(r"[ \t]*")
_SIGNED = re.compile(r"[+-]?[ \t]*(?:-[ \t]+){0,4}")
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
    """The shape before a key, and how far the key is indented behind it.

    The dash of a list and the sign of a diff count as indentation, since the next line need not repeat them.
    """

    shape: str = ""
    indent: int = 0
    signed: bool = False

    @classmethod
    def before(cls, text: str, start: int) -> Self:
        """Measure the margin of the key that begins at `start`, its quotes left aside."""
        lead = text[:start].rstrip("\"'")
        bare = lead.rstrip(" \t")
        unsigned = bare
        for _ in range(4):
            if not unsigned.endswith("-") and unsigned != "+":
                break
            unsigned = unsigned[:-1].rstrip(" \t")
        shape = shape_of(unsigned) if len(unsigned) <= _LIMIT else "\n"
        return cls(shape, len(lead) - len(unsigned), unsigned != bare)

    def inside(self, text: str, *, signs: bool) -> int:
        """Return where the text of a line begins that lies deeper than the key; -1 if the line does not.

        `signs`: a sign or dashes before that text count as indentation too.
        """
        behind = after_shape(text, self.shape)
        lead = (_SIGNED if signs else _BLANK).match(text, max(behind, 0))
        if behind < 0 or lead is None or lead.end() - behind <= self.indent:
            return -1
        return lead.end()

    def behind(self, text: str) -> int:
        """Return where the text of a line begins behind the margin, blanks and signs; at any depth, in any line."""
        lead = _SIGNED.match(text, max(after_shape(text, self.shape), 0))
        return lead.end() if lead else 0

    def blank(self, text: str) -> bool:
        """Tell whether nothing stands behind the margin of a line."""
        bare = text.strip()
        return not bare or shape_of(bare) == self.shape.strip()
