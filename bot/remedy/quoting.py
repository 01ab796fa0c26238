"""Strangers' words where they must do nothing: names in sentences of ours, and text in GitHub's Markdown.

GitHub acts on what stands in titles, commit messages and bodies: `@name` notifies, `#1` and `GH-1` link, and after "fixes",
"closes" or "resolves" they close. In a code block or a code span it does none of that (GitHub's documentation: "Autolinked
references and URLs", "Linking a pull request to an issue"). Titles and commit messages have no code: only plain names go in.
"""

from collections.abc import Iterable

MAX_NAME = 100
MAX_LINE = 200
MAX_FENCED = 500
_IN_NAMES = frozenset("-._/ ()+")


def plain(text: str, most: int = MAX_NAME) -> str:
    """Return a name as it may stand in a sentence: ASCII letters, digits and `-._/ ()+`, one line, cut."""
    kept = "".join(c if c.isascii() and (c.isalnum() or c in _IN_NAMES) else " " for c in text[: 4 * most])
    return " ".join(kept.split())[:most].strip() or "(unnamed)"


def one_line(text: str, most: int = MAX_LINE) -> str:
    """Return text on one line without control or format characters, cut."""
    flat = " ".join(text[: 4 * most].split())
    return "".join(c for c in flat if c.isprintable())[:most]


def code(text: str) -> str:
    """Return a name as a code span: nothing in it is a mention, a link or a reference."""
    return f"`{plain(text)}`"


def fenced(lines: Iterable[str], language: str = "") -> str:
    """Return lines as a fenced code block that none of them can end.

    A fence is ended only by a line of at least as many backticks (CommonMark, 4.5): ours has one more than any run inside.
    """
    kept = ["".join(c for c in line if c.isprintable() or c == "\t")[:MAX_FENCED] for line in lines]
    longest = max((_longest_run(line) for line in kept), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join((f"{fence}{language}", *kept, fence))


def _longest_run(line: str) -> int:
    longest = run = 0
    for char in line:
        run = run + 1 if char == "`" else 0
        longest = max(longest, run)
    return longest
