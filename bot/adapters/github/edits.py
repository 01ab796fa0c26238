"""Edits made in the raw text: only the lines that change, with the file's own line ends, nothing else touched."""

import hashlib
from collections.abc import Sequence

from bot.domain.errors import Conflict
from bot.domain.pipeline import FileEdit


def lines_of(found: str) -> tuple[str, ...]:
    """Return the lines as GitHub counts them: only a line feed ends one, with or without a carriage return before it."""
    return tuple(_bare(line) for line in _with_ends(found))


def spliced(found: str, edits: Sequence[FileEdit]) -> str:
    """Return the text with the edits made. Raises Conflict when a line is not what its edit says, or two edits overlap.

    Only a line feed ends a line, as in `RepoFile.lines`. New lines end as the first replaced line does, or as the
    file's first line; a last line without an end stays without.
    """
    lines = _with_ends(found)
    limit = len(lines)
    for edit in sorted(edits, key=lambda each: each.first_line, reverse=True):
        at, end = edit.first_line - 1, edit.first_line - 1 + len(edit.old)
        if at < 0 or end > limit or tuple(_bare(line) for line in lines[at:end]) != edit.old:
            raise Conflict(f"{edit.path} does not read as expected from line {edit.first_line} on")
        lines[at:end] = _ended(edit.new, lines, at, end)
        limit = at
    return "".join(lines)


def blob_sha(found: str) -> str:
    """Return the id that Git gives a text in UTF-8."""
    data = found.encode()
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _ended(new: tuple[str, ...], lines: list[str], at: int, end: int) -> list[str]:
    model = next((line for line in (*lines[at:end], *lines) if line.endswith("\n")), "\n")
    mark = "\r\n" if model.endswith("\r\n") else "\n"
    made = [f"{line}{mark}" for line in new]
    if end == len(lines) and lines and not lines[-1].endswith("\n"):
        if at == end and made:  # appended after a last line that has no end yet
            lines[-1] += mark
        if made:
            made[-1] = new[-1]
    return made


def _with_ends(found: str) -> list[str]:
    pieces = found.split("\n")
    return [f"{piece}\n" for piece in pieces[:-1]] + [piece for piece in pieces[-1:] if piece]


def _bare(line: str) -> str:
    """Return the line without its end; a carriage return before no line feed is part of the line."""
    return line.removesuffix("\n").removesuffix("\r") if line.endswith("\n") else line
