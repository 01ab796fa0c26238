"""Terminal and typographic noise: removed for rendering, seen through for matching.

Sources: ECMA-48 (CSI, OSC, DCS, SOS, PM, APC), Unicode 15 default-ignorable code points and bidi controls (UAX 9).
"""

import bisect
import re
from dataclasses import dataclass

_STRING_SEQUENCE = (
    r"(?:\x1b[\]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\n\r\x90\x98\x9c-\x9f]{0,4096}(?:\x07|\x1b\\|\x9c)"
)
_CONTROL_SEQUENCE = r"(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,8}[@-~]"
_SHORT_ESCAPE = r"\x1b(?:[ -/]{1,4}[0-~]|[0-Z\\^-~])?"
_IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_CONTROLS = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f"

_NOISE = re.compile(rf"{_CONTROL_SEQUENCE}|{_STRING_SEQUENCE}|{_SHORT_ESCAPE}|[{_CONTROLS}{_IGNORABLE}]+")
_SUSPECT = re.compile(rf"[{_CONTROLS}{_IGNORABLE}]")
_STRINGS = re.compile(_STRING_SEQUENCE)
_LINE_SEPARATORS = re.compile("[\u0085\u2028\u2029]")


def strip_terminal(text: str) -> str:
    r"""Return what a person would see of `text` on a terminal, on the same number of `\n` lines.

    Removed: ANSI colours and cursor moves, OSC and other string sequences with their payload, C0 and C1 controls
    (tab and newline stay), bidi controls, zero-width and other default-ignorable characters. Of a line that rewrites
    itself with carriage returns (progress bars) the last text that is not blank stays. NEL and the Unicode line and
    paragraph separators become spaces, so that one line stays one line. Idempotent; linear time.
    """
    if _SUSPECT.search(text):
        text = _until_stable(text)
    if "\r" in text:
        text = "\n".join(_after_returns(line) if "\r" in line else line for line in text.split("\n"))
    return text if text.isascii() else _LINE_SEPARATORS.sub(" ", text)


def _until_stable(text: str) -> str:
    """Remove noise, and what only becomes noise by the removal (`ESC ESC[0m [0m`), in a bounded number of passes."""
    for _ in range(4):
        text, removed = _NOISE.subn("", text)
        if not removed or not _SUSPECT.search(text):
            return text
    return _SUSPECT.sub("", text)


def _after_returns(line: str) -> str:
    segments = line.split("\r")
    return next((segment for segment in reversed(segments) if segment.strip()), "")


@dataclass(frozen=True, slots=True)
class View:
    """Text as it reads, and where its pieces stand in the raw text; without pieces both are the same.

    `starts[i]` is where piece i begins in the view, `shifts[i]` how much further right it stands in the raw text.
    """

    text: str
    starts: tuple[int, ...] = ()
    shifts: tuple[int, ...] = ()

    def raw_span(self, start: int, end: int) -> tuple[int, int]:
        """Map a non-empty half-open span of the view to the raw text; noise inside the span belongs to it."""
        if not self.starts:
            return start, end
        return self._raw(start), self._raw(end - 1) + 1

    def _raw(self, position: int) -> int:
        return position + self.shifts[bisect.bisect_right(self.starts, position) - 1]


def matching_view(raw: str) -> View:
    """See `raw` without noise, each visible character at a known place. Carriage returns and newlines stay."""
    if not _SUSPECT.search(raw):
        return View(raw)
    pieces: list[str] = []
    starts, shifts, seen, position = [0], [0], 0, 0
    for noise in _NOISE.finditer(raw):
        pieces.append(raw[position : noise.start()])
        seen += noise.start() - position
        position = noise.end()
        starts.append(seen)
        shifts.append(position - seen)
    pieces.append(raw[position:])
    return View("".join(pieces), tuple(starts), tuple(shifts))


def hides_text(raw: str) -> bool:
    """Tell whether `raw` holds a string sequence (OSC, DCS ...), whose payload no view shows but the raw text keeps."""
    return _STRINGS.search(raw) is not None
