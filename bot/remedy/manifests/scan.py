"""A manifest's lines -> entries: each key with its value, its place, and the path of keys that leads to it."""

import re
from collections.abc import Iterator
from dataclasses import replace

from bot.domain.values import value

MAX_LINES = 3_000
MAX_LINE = 500

_KEY = re.compile(r"(?P<key>[A-Za-z0-9_./$-]{1,253}|\"[^\"]{1,253}\"|'[^']{1,253}'):(?P<gap>[ \t]{1,40}|$)")
_BLOCK = re.compile(r"[|>][+-]?[1-9]?[+-]?(?:[ \t]{1,40}#.{0,400})?$")


@value
class Entry:
    """One `key: value` of a block mapping. `line` counts from 1; `column` is where the value begins in the line's text.

    `path` are the keys above it, outermost first; a list item adds `[n]`. `text` is the value as written, comment and
    spaces around it cut off; it is empty for a key with a mapping, list or nothing below it. `document` counts from 0.
    """

    document: int
    line: int
    indent: int
    path: tuple[str, ...]
    key: str
    key_column: int
    text: str
    column: int

    @property
    def quote(self) -> str:
        """The quote that the value is written in, or the empty string."""
        return self.text[0] if len(self.text) > 1 and self.text[0] in "'\"" and self.text[-1] == self.text[0] else ""

    @property
    def bare(self) -> str:
        """The value without its quotes."""
        return self.text[1:-1] if self.quote else self.text

    @property
    def is_plain(self) -> bool:
        """Whether the value is a single scalar that can be spliced: no flow style, anchor, tag, alias or template."""
        return bool(self.text) and self.text[0] not in "[{&*!|>%@`" and "{{" not in self.text

    def below(self, *ends: str) -> bool:
        """Return whether the last keys above it are these, list items left out."""
        keys = tuple(part for part in self.path if not part.startswith("["))
        return keys[len(keys) - len(ends) :] == ends if len(keys) >= len(ends) else False


@value
class _Level:
    indent: int
    path: tuple[str, ...]
    items: int = 0


def entries(lines: tuple[str, ...]) -> tuple[Entry, ...]:
    """Return the entries of the lines' block mappings, in order; comments, block scalars and templates are passed over.

    Longer files than 3,000 lines give none. Tabs in the indentation count as two columns, so that such a line is read.
    """
    return tuple(_entries(lines)) if len(lines) <= MAX_LINES else ()


def _entries(lines: tuple[str, ...]) -> Iterator[Entry]:
    document, levels, passed = 0, [_Level(indent=-1, path=())], _Passed()
    for number, line in enumerate(lines, 1):
        body = line.lstrip(" \t")
        indent = sum(2 if c == "\t" else 1 for c in line[: len(line) - len(body)])
        if passed.over(body, indent):
            continue
        if line.startswith("---"):
            document, levels = document + 1, [_Level(indent=-1, path=())]
            continue
        if not body or body[0] == "#" or body.startswith("{{") or len(line) > MAX_LINE:
            continue
        at, dash = len(line) - len(body), indent
        while body.startswith(("- ", "-\t")) or body == "-":
            _to_item(levels, indent)
            dash = indent
            rest = body[1:].lstrip(" \t")
            moved = len(body) - len(rest)
            body, at, indent = rest, at + moved, indent + moved
        found = _KEY.match(body)
        if found is None:
            passed.begin(_value(body), dash)
            continue
        while levels[-1].indent >= indent:
            levels.pop()
        key, text = found["key"].strip("'\""), _value(body[found.end() :])
        passed.begin(text, indent)
        yield Entry(
            document=document,
            line=number,
            indent=indent,
            path=levels[-1].path,
            key=key,
            key_column=at,
            text="" if _BLOCK.match(text) else text,
            column=at + found.end(),
        )
        levels.append(_Level(indent=indent, path=(*levels[-1].path, key)))


class _Passed:
    """Which lines are no entries: those of a block scalar, of quotes that end further down, of flow style over lines."""

    def __init__(self) -> None:
        self._scalar, self._quote, self._flow = -1, "", 0

    def begin(self, text: str, indent: int) -> None:
        """Hear of a value (or list item) that begins on a line of this indent."""
        if _BLOCK.match(text):
            self._scalar = indent
        elif text[:1] in ("'", '"') and text.find(text[0], 1) < 0:
            self._quote = text[0]
        elif text[:1] in ("[", "{") and not text.startswith("{{"):
            self._flow = max(0, _open(text))

    def over(self, body: str, indent: int) -> bool:
        """Return whether the line belongs to what began above it."""
        if self._quote:
            self._quote = "" if self._quote in body else self._quote
            return True
        if self._flow:
            self._flow = max(0, self._flow + _open(body))
            return True
        if self._scalar >= 0 and (indent > self._scalar or not body):
            return True
        self._scalar = -1
        return False


def _open(text: str) -> int:
    return sum(text.count(c) for c in "[{") - sum(text.count(c) for c in "]}")


def _to_item(levels: list[_Level], indent: int) -> None:
    """Open the next item of the list whose dashes stand at this indent."""
    while len(levels) > 1 and (levels[-1].indent > indent or (levels[-1].indent == indent and _is_item(levels[-1]))):
        levels.pop()
    owner = levels[-1]
    levels[-1] = replace(owner, items=owner.items + 1)
    levels.append(_Level(indent=indent, path=(*owner.path, f"[{owner.items}]")))


def _is_item(level: _Level) -> bool:
    return bool(level.path) and level.path[-1].startswith("[")


def _value(rest: str) -> str:
    """Return the value without the comment that follows it."""
    text = rest.strip()
    if text[:1] in "'\"" and text[:1]:
        end = text.find(text[0], 1)
        after = text[end + 1 :].lstrip() if end > 0 else ""
        return text[: end + 1] if end > 0 and (not after or after[0] == "#") else text
    if text.startswith("#"):
        return ""
    hash_at = text.find(" #")
    return text[:hash_at].rstrip() if hash_at >= 0 else text
