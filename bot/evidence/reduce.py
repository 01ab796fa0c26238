"""The first log reducer: a long log becomes the few lines that tell why it failed.

One pass, bounded memory, linear time: lines are taken in blocks, scored by the words of `failure_signals`, and only the
best and their surroundings are held. What is kept is verbatim, with its number, so that a citation can point at it.
"""

import heapq
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from itertools import islice

from bot.domain.evidence import Excerpt, Line
from bot.evidence.failure_signals import HEADERS, signs
from bot.ports import Keep
from knowledge.text.clean import strip_terminal
from knowledge.text.redact import Session, Stream

MAX_LINE = 1_000
"""A longer line is kept as the window of this many characters around its strongest sign, itself verbatim."""

_CLIP = 4 * MAX_LINE
_BLOCK = 512
_BEFORE, _AFTER = 3, 6
_HELD = 1_500
_TAIL = 60
_NEAR = 80
_FLOOR = 4.0
_SHAPE = re.compile(
    r"\"[^\"]{0,200}\"|'[^']{0,200}'|`[^`]{0,200}`|\[[^\]]{0,120}\]|[\w.@~-]{0,80}(?:/|::)[\w./:@~-]{0,200}|\d{1,40}"
)
_COUNTED = re.compile(
    r"\b[1-9]\d{0,6} (?:\w{1,20} ){0,2}(?:failed|failures?|errors?|problems?|failing)\b", re.IGNORECASE
)
_RUNNER_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z ")
_NAMED = re.compile(r"(?:\S{1,60}\s+)?(?:FAILED|FAIL|ERROR|not ok|FATAL|E) ")
_SOURCE_CODE = re.compile(r"^(?:>|\d{1,6} ?\|)?\s{2,}[\w.]{1,60} ?[=({]")


class _Candidate:
    """A line that may stay: its weight, and the lines around it."""

    __slots__ = ("after", "before", "header", "line", "verdict", "weight")

    def __init__(self, weight: float, verdict: bool, line: Line, before: list[Line], after: list[Line]) -> None:
        self.weight, self.verdict, self.line = weight, verdict, line
        self.before, self.after = before, after
        self.header: Line | None = None

    def __lt__(self, other: "_Candidate") -> bool:
        return (self.weight, self.line.number) < (other.weight, other.line.number)


def reduce(lines: Iterable[str], *, max_chars: int, max_lines: int = 2_000) -> Excerpt:
    """Return the lines that tell most about a failure, in order, together at most `max_chars` with their line ends.

    A text that fits is kept whole. A line longer than MAX_LINE is cut to a window around its strongest sign, and of a
    line that redrew itself with carriage returns only the part with the strongest sign is kept; both are verbatim.
    """
    scan = _Scan(max_chars, max_lines)
    numbered = enumerate(lines, 1)
    while block := list(islice(numbered, _BLOCK)):
        scan.take(block)
    return scan.excerpt()


def reducer(session: Session, *, max_lines: int = 2_000, max_chars: int = 24_000) -> Keep:
    """Return the port's `Keep`: every raw line is masked first, so that no window can cut a secret out of its context."""

    def keep(lines: Iterable[str]) -> Excerpt:
        return reduce(masked(lines, session), max_chars=max_chars, max_lines=max_lines)

    return keep


def masked(lines: Iterable[str], session: Session) -> Iterator[str]:
    """Yield the lines with their secrets masked, state of multi-line secrets carried from line to line."""
    stream = Stream(session)
    for line in lines:
        yield stream.feed(line)


class _Scan:
    def __init__(self, max_chars: int, max_lines: int) -> None:
        self._max_chars, self._max_lines = max_chars, max_lines
        self._total = 0
        self._whole: list[Line] | None = []
        self._whole_chars = 0
        self._pending: list[Line] = []
        self._behind: list[Line] = []
        self._held: list[_Candidate] = []
        self._seen: Counter[str] = Counter()
        self._header: Line | None = None
        self._tail: deque[Line] = deque(maxlen=_TAIL)
        self._verdicts: deque[_Candidate] = deque(maxlen=8)

    def take(self, block: list[tuple[int, str]]) -> None:
        lines = [Line(number=number, text=_one_line(text)) for number, text in block]
        self._total = lines[-1].number
        self._keep_whole(lines)
        if self._pending:
            self._score(self._pending, lines[:_AFTER])
        self._pending = lines

    def _keep_whole(self, lines: list[Line]) -> None:
        if self._whole is None:
            return
        self._whole_chars += sum(len(line.text) + 1 for line in lines)
        if self._whole_chars > self._max_chars or self._total > self._max_lines:
            self._whole = None
        else:
            self._whole.extend(lines)

    def _score(self, lines: list[Line], ahead: list[Line]) -> None:
        lowered = [line.text.lower() for line in lines]
        found = signs(lowered)
        around = self._behind + lines + ahead
        offset = len(self._behind)
        for index, line in enumerate(lines):
            sign = found.get(index)
            if sign is not None and (sign.verdict or sign.best + sign.penalty >= _FLOOR):
                text = window(line.text, sign.at, MAX_LINE)
                at = offset + index
                self._hold(
                    _Candidate(
                        sign.weight,
                        sign.verdict,
                        Line(number=line.number, text=text),
                        around[max(0, at - _BEFORE) : at],
                        around[at + 1 : at + 1 + _AFTER],
                    )
                )
            elif _is_header(lowered[index]):
                self._header = line
        self._tail.extend(lines[-_TAIL:])
        self._behind = lines[-_BEFORE:]

    def _hold(self, candidate: _Candidate) -> None:
        key = template(candidate.line.text)
        repeats = self._seen[key]
        text = candidate.line.text
        if _COUNTED.search(text[:400]):
            candidate.weight += 2.5
        if _NAMED.match(text[:120]):
            candidate.weight += 2
        if _SOURCE_CODE.match(text[:200]):
            candidate.weight -= 3
        if repeats or len(self._seen) < 20_000:
            self._seen[key] += 1
        candidate.weight -= min(repeats * 0.6, 5.0)
        if candidate.verdict:
            candidate.header = self._header
            self._verdicts.append(candidate)
        if len(self._held) < _HELD:
            heapq.heappush(self._held, candidate)
        else:
            heapq.heappushpop(self._held, candidate)

    def excerpt(self) -> Excerpt:
        """Choose, within the budget, and put in order."""
        if self._pending:
            self._score(self._pending, [])
        if self._whole is not None:
            clipped = any(len(line.text) > MAX_LINE for line in self._whole)
            if not clipped:
                return Excerpt(lines=tuple(self._whole), total_lines=self._total, truncated=False)
        chosen = _Choice(self._max_chars, self._max_lines)
        self._choose(chosen)
        return Excerpt(lines=chosen.lines(), total_lines=self._total, truncated=True)

    def _choose(self, chosen: "_Choice") -> None:
        ranked = self._ranked()
        budget = self._max_chars
        for verdict in list(self._verdicts)[-3:]:
            chosen.add(verdict.line, budget)
            if verdict.header is not None:
                chosen.add(verdict.header, budget)
        for candidate in ranked[:16]:
            chosen.add(candidate.line, budget // 2)
            for line in (*candidate.after[:3], *candidate.before[-1:]):
                chosen.add(line, budget // 2)
        for candidate in ranked:
            chosen.add(candidate.line, budget * 8 // 10)
        tail = [line for line in self._tail if not self._verdicts or line.number <= self._verdicts[-1].line.number]
        for line in [*[near for verdict in self._verdicts for near in verdict.before], *tail[:-12:-1]]:
            chosen.add(line, budget * 9 // 10)
        for candidate in ranked:
            for line in (*candidate.after, *reversed(candidate.before)):
                chosen.add(line, budget)
        for line in (*(candidate.line for candidate in ranked), *reversed(self._tail)):
            chosen.add(line, budget, alike=20)

    def _ranked(self) -> list[_Candidate]:
        """Candidates, best first: weight, nearness to the last verdicts before them, lateness."""
        ends = sorted(verdict.line.number for verdict in self._verdicts)
        for candidate in self._held:
            number = candidate.line.number
            following = next((end for end in ends if end >= number), None)
            if following is not None and following - number <= _NEAR:
                candidate.weight += 2.0 * (1 - (following - number) / _NEAR)
            if ends and number > ends[-1]:
                candidate.weight -= 3
            candidate.weight += number / (self._total or 1)
        return sorted(self._held, key=lambda each: (-each.weight, each.line.number))


class _Choice:
    """The lines chosen so far; `add` takes one more while the given part of the budget lasts."""

    def __init__(self, max_chars: int, max_lines: int) -> None:
        self._max_chars, self._max_lines = max_chars, max_lines
        self._chars = 0
        self._kept: dict[int, Line] = {}
        self._texts: Counter[str] = Counter()

    def add(self, line: Line, up_to: int, alike: int = 3) -> None:
        if line.number in self._kept or not line.text.strip() or len(self._kept) >= self._max_lines:
            return
        text = window(line.text, 0, MAX_LINE)
        if self._chars + len(text) + 1 > min(up_to, self._max_chars):
            return
        key = template(text)
        if self._texts[key] >= alike:
            return
        self._texts[key] += 1
        self._chars += len(text) + 1
        self._kept[line.number] = Line(number=line.number, text=text)

    def lines(self) -> tuple[Line, ...]:
        return tuple(self._kept[number] for number in sorted(self._kept))


def window(text: str, at: int, width: int) -> str:
    """Return at most `width` characters of the text around position `at`, verbatim."""
    if len(text) <= width:
        return text
    begin = max(0, min(at - width // 3, len(text) - width))
    return text[begin : begin + width]


def template(text: str) -> str:
    """Return the line without terminal codes, times, numbers, names and paths: what repeats when a line repeats."""
    return _SHAPE.sub("0", strip_terminal(text[:400]).strip().lower())[:120]


def _is_header(lowered: str) -> bool:
    head = lowered[:60]
    return any(mark in head for mark in HEADERS[:4]) or head.startswith(HEADERS[4:])


def _one_line(text: str) -> str:
    """Return the line without its end: of what redrew itself the part that says most, of what is too long a window."""
    text = text.rstrip("\r\n")
    if text[10:11] == "T" and (time := _RUNNER_TIME.match(text)):
        text = text[time.end() :]
    if "\r" in text:
        text = _most_telling([part for part in text.split("\r") if part.strip()])
    if len(text) > _CLIP:
        sign = signs([text.lower()]).get(0)
        text = window(text, sign.at if sign else 0, _CLIP)
    return text


def _most_telling(parts: list[str]) -> str:
    if not parts:
        return ""
    found = signs([part.lower() for part in parts[-64:]])
    best = max(found, key=lambda index: (found[index].weight, index), default=len(parts[-64:]) - 1)
    return parts[-64:][best]
