"""Patterns against evidence: one automaton finds the lines worth a look, then the pattern's own expression decides.

Both steps are linear in the text (Aho-Corasick, RE2), whatever a stranger's log holds.
"""

from bisect import bisect_right
from collections.abc import Collection, Sequence
from functools import lru_cache
from itertools import accumulate

import ahocorasick_rs
import re2

from bot.diagnosis.pattern import FactIs, Pattern
from bot.domain.diagnosis import MAX_QUOTE, Citation, Group, Symptom
from bot.domain.evidence import Evidence, Line
from bot.domain.values import digest_of, value
from knowledge.text.clean import matching_view, strip_terminal

_PLACE = re2.compile(r"\{([a-z_]{1,40})(?:\|([^{}]{0,200}))?\}")
_MAX_VIEW = 4_000
_MAX_GROUP = 160
_MAX_LINES = 40
"""A pattern is looked up on at most so many lines of one piece of evidence: the first and the last of them count."""


@value
class Found:
    """One pattern on one line: where it was, what it says, and the whole line as a person reads it."""

    pattern: Pattern
    symptom: Symptom
    evidence: Evidence
    number: int
    view: str


class Matcher:
    """A set of patterns made ready. Building costs milliseconds, matching microseconds a line; holds no state."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self.patterns = tuple(patterns)
        self.version = "patterns:" + digest_of([(p.id, p.regex, p.weight, p.category) for p in self.patterns])[:12]
        self._by_id = {pattern.id: pattern for pattern in self.patterns}
        owners: dict[str, list[int]] = {}
        for index, pattern in enumerate(self.patterns):
            for literal in pattern.literals:
                owners.setdefault(literal.lower(), []).append(index)
        self._owners = list(owners.values())
        self._finder = ahocorasick_rs.AhoCorasick(list(owners)) if owners else None
        self._expressions = [compiled(pattern.regex) for pattern in self.patterns]
        self._exclusions = [compiled(pattern.but_not) if pattern.but_not else None for pattern in self.patterns]

    def pattern(self, id: str) -> Pattern | None:  # noqa: A002 - the pattern's own field name
        """Return the pattern of that id, or None."""
        return self._by_id.get(id)

    def find(self, evidence: Evidence) -> tuple[Found, ...]:
        """Return every pattern's matches in the evidence, by pattern and line. Conditions on facts are not tested here."""
        views = [_view(line.text) for line in evidence.excerpt.lines]
        return tuple(
            found
            for index, numbers in sorted(self._worth_a_look(views).items())
            if evidence.kind in self.patterns[index].where
            for at in (*numbers[: _MAX_LINES // 2], *numbers[_MAX_LINES // 2 :][-_MAX_LINES // 2 :])
            if (found := self._found(index, evidence, evidence.excerpt.lines[at], views[at])) is not None
        )

    def _worth_a_look(self, views: list[str]) -> dict[int, list[int]]:
        """Return, by pattern, the lines that hold one of its literals, in order."""
        if self._finder is None or not views:
            return {}
        lowered = [view.lower() for view in views]
        ends = list(accumulate(len(view) + 1 for view in lowered))
        looks: dict[int, list[int]] = {}
        for literal, start, _ in self._finder.find_matches_as_indexes("\n".join(lowered), overlapping=True):
            at = bisect_right(ends, start)
            for index in self._owners[literal]:
                lines = looks.setdefault(index, [])
                if not lines or lines[-1] != at:
                    lines.append(at)
        return looks

    def _found(self, index: int, evidence: Evidence, line: Line, view: str) -> Found | None:
        hit = self._expressions[index].search(view)
        exclusion = self._exclusions[index]
        if hit is None or (exclusion is not None and exclusion.search(view)):
            return None
        pattern = self.patterns[index]
        groups = tuple(
            Group(name=name, value=text[:_MAX_GROUP]) for name, text in sorted(hit.groupdict().items()) if text
        )
        citation = Citation(
            evidence_id=evidence.id, line_from=line.number, line_to=line.number, quote=quote(line.text, hit.group())
        )
        symptom = Symptom(
            pattern_id=pattern.id,
            statement=said(pattern, groups, self._expressions[index].groupindex, evidence),
            citation=citation,
            groups=groups,
        )
        return Found(pattern=pattern, symptom=symptom, evidence=evidence, number=line.number, view=view)


def _view(text: str) -> str:
    """Return the line as a person reads it, at most _MAX_VIEW characters; a lone surrogate, which RE2 refuses, is `?`."""
    view = strip_terminal(text)[:_MAX_VIEW]
    return view if view.isascii() else view.encode("utf-8", "replace").decode("utf-8")


@lru_cache(maxsize=2048)
def compiled(regex: str) -> "re2._Regexp":
    """Return the expression compiled without regard to case. Raises re2.error for what RE2 does not know."""
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    return re2.compile(regex, options)


def holds(fact: FactIs, evidence: Sequence[Evidence]) -> bool:
    """Return whether some evidence states the fact with one of its values."""
    return any(each.name == fact.name and each.value in fact.values for piece in evidence for each in piece.facts)


def quote(text: str, matched: str) -> str:
    """Return at most MAX_QUOTE characters of the line, byte for byte, with what matched inside where it can be found."""
    if len(text) <= MAX_QUOTE:
        return text
    seen = matching_view(text)
    at = seen.text.find(matched)
    start, end = seen.raw_span(at, at + len(matched)) if matched and at >= 0 else (0, 0)
    spare = max(MAX_QUOTE - (end - start), 0)
    begin = max(0, min(start - spare // 3, len(text) - MAX_QUOTE))
    return text[begin : begin + MAX_QUOTE]


def said(pattern: Pattern, groups: Sequence[Group], of_regex: Collection[str], evidence: Evidence) -> str:
    """Return the statement with its places filled: from the regex's groups, else from facts, else by its own `else`."""
    named = {group.name: group.value for group in groups}

    def fill(place: "re2._Match") -> str:
        name, otherwise = place.group(1), place.group(2)
        stated = "" if name in of_regex else evidence.fact(name)[:_MAX_GROUP]
        return named.get(name) or stated or (otherwise if otherwise is not None else "(not named)")

    return " ".join(str(_PLACE.sub(fill, pattern.statement)).split()).replace(" .", ".").replace(" :", ":")


def places(statement: str) -> tuple[tuple[str, bool], ...]:
    """Return the names of a statement's places, and whether each has an `else`."""
    return tuple((hit.group(1), hit.group(2) is not None) for hit in _PLACE.finditer(statement))
