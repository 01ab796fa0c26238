"""Differences of text files, as GitHub shows them, and the three-way merge of a pull request."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from bot.sandbox.github_git import Change, Git

_CONTEXT = 3


@dataclass(frozen=True, slots=True)
class DiffLine:
    """`sign` is "+", "-", " " or "@" (the head of a hunk)."""

    sign: str
    text: str


def diff_lines(change: Change) -> list[DiffLine]:
    """Make the hunks of one changed file."""
    before, after = (_lines(text or "") for text in (change.before, change.after))
    rows = list(difflib.unified_diff(before, after, n=_CONTEXT, lineterm=""))[2:]
    return [DiffLine(row[0], row if row[0] == "@" else row[1:]) for row in rows]


def patch_text(change: Change) -> str:
    return "\n".join(line.text if line.sign == "@" else line.sign + line.text for line in diff_lines(change))


def counted(change: Change) -> tuple[int, int]:
    """Count the added and the deleted lines."""
    signs = [line.sign for line in diff_lines(change)]
    return signs.count("+"), signs.count("-")


def merge_files(git: Git, base: str, head: str) -> dict[str, str] | None:
    """Merge head into base: the files of the result, or None for a conflict."""
    root = git.merge_base(base, head)
    ancestor: Mapping[str, str] = git.commits[root].files if root else {}
    ours, theirs = git.commits[base].files, git.commits[head].files
    merged: dict[str, str] = {}
    for path in ancestor.keys() | ours.keys() | theirs.keys():
        text = _merge_file(ancestor.get(path), ours.get(path), theirs.get(path))
        if text is _CONFLICT:
            return None
        if text is not None:
            merged[path] = text
    return merged


_CONFLICT = "\0conflict"


def _merge_file(root: str | None, ours: str | None, theirs: str | None) -> str | None:
    if theirs in {ours, root}:
        return ours
    if ours == root:
        return theirs
    if root is None or ours is None or theirs is None:
        return _CONFLICT
    return _merge_text(root, ours, theirs)


def _merge_text(root: str, ours: str, theirs: str) -> str:
    """Lay both sides' edits over the common text; edits that overlap or touch are a conflict, as in git."""
    lines = root.splitlines(keepends=True)
    edits = sorted({*_edits(lines, ours), *_edits(lines, theirs)})
    out: list[str] = []
    at = -1
    done = 0
    for start, end, new in edits:
        if start <= at:
            return _CONFLICT
        out += [*lines[done:start], *new]
        at = done = end
    return "".join([*out, *lines[done:]])


def _edits(lines: list[str], side: str) -> list[tuple[int, int, tuple[str, ...]]]:
    new = side.splitlines(keepends=True)
    matcher = difflib.SequenceMatcher(None, lines, new, autojunk=False)
    return [(a, b, tuple(new[c:d])) for tag, a, b, c, d in matcher.get_opcodes() if tag != "equal"]


def _lines(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n") if text else []
