"""How much the matches of one cause speak for it: a sum of factors in log-odds, each with its reason in words."""

import re
from collections.abc import Collection, Mapping, Sequence

from bot.diagnosis.match import Found, holds
from bot.diagnosis.pattern import LOGS, PLATFORM, STATED, Unless
from bot.domain.diagnosis import Category, Factor
from bot.domain.evidence import Evidence, EvidenceGap, EvidenceKind, GapReason
from bot.domain.values import value

_WARNING = re.compile(r"(?i:^\W{0,12}(?:##\[)?(?:warn(?:ing)?\b|npm warn|debug\b))|\b(?:WARN(?:ING)?|DEBUG)\b[\]: |]")
_ASSERTION = re.compile(
    r"(?i)assert(?:ion)?(?:error)?\b|\bto (?:be|equal|contain)\b|expected .{0,80}(?:received|got|but)"
)
_SOURCE = re.compile(r"^\s{0,40}(?:>|#(?!#\[)|//|\d{1,5} ?\||run: |\+ ?if |if |echo |for |then\b)")
_END = re.compile(
    r"(?i)##\[error\]|exited with (?:code )?[1-9]|exit (?:code|status):? [1-9]|finished: failure|job failed:|make: \*\*\*"
)
_STEPS = ((15, 0.5), (60, 0.2), (200, 0.0))
_FAR = -0.4


@value
class Scored:
    """A cause with its raw score, the factors that make it, the match that leads, all of them best first."""

    cause: str
    raw: float
    factors: tuple[Factor, ...]
    lead: Found
    found: tuple[Found, ...]
    against: tuple[Found, ...]

    @property
    def category(self) -> Category:
        """The category of the pattern that leads."""
        return self.lead.pattern.category


def ends(evidence: Sequence[Evidence]) -> Mapping[str, int]:
    """Return, by evidence id, the line at which a log says that it failed; its last line when it does not say."""
    return {piece.id: _end(piece) for piece in evidence if piece.kind in LOGS and piece.excerpt.lines}


def scored(
    cause: str, found: Sequence[Found], seen: Mapping[str, Sequence[Found]], evidence: Sequence[Evidence],
    gaps: Sequence[EvidenceGap], last: Mapping[str, int],
) -> Scored:  # fmt: skip
    """Return one cause's score. `seen` are the matches of all causes, `last` what `ends` returned."""
    ranked = tuple(sorted(found, key=lambda each: _order(each, last)))
    lead = ranked[0]
    against = _against(lead, seen, evidence)
    factors = (
        *line_factors(lead, last),
        *_agreement(ranked),
        *against[0],
        *_gaps(lead, gaps),
    )
    raw = round(sum(factor.weight for factor in factors), 4)
    return Scored(cause=cause, raw=raw, factors=factors, lead=lead, found=ranked, against=against[1])


def line_factors(found: Found, last: Mapping[str, int]) -> tuple[Factor, ...]:
    """Return what speaks for and against one match by itself: its pattern, its source, its line and its place."""
    pattern, kind = found.pattern, found.evidence.kind
    reason = f"the quoted line is a known sign of this cause ({pattern.id})"
    factors = [Factor(name="pattern", weight=pattern.weight, reason=reason)]
    if pattern.facts and kind in STATED:
        factors.append(Factor(name="fact", weight=1.5, reason="the platform's own status states it"))
    elif kind in PLATFORM:
        factors.append(
            Factor(
                name="source", weight=0.8, reason=f"the platform itself says so in its {kind.value.replace('_', ' ')}"
            )
        )
    if kind in LOGS and _WARNING.search(found.view[:160]):
        factors.append(Factor(name="warning", weight=-1.5, reason="the line is only a warning"))
    if kind in LOGS and pattern.category is not Category.TEST:
        if _ASSERTION.search(found.view):
            factors.append(Factor(name="assertion", weight=-1.2, reason="the words stand inside a test's assertion"))
        if _SOURCE.search(found.view):
            factors.append(Factor(name="script", weight=-1.2, reason="the line is a script's text, not its output"))
    if found.evidence.id in last:
        factors.append(_place(found.number, last[found.evidence.id]))
    return tuple(factors)


def _order(found: Found, last: Mapping[str, int]) -> tuple[float, str, str, int]:
    """Best first; the rest of the key only makes the order total, whatever order the evidence came in."""
    strength = sum(factor.weight for factor in line_factors(found, last))
    return (-round(strength, 4), found.pattern.id, found.evidence.id, found.number)


def _place(number: int, end: int) -> Factor:
    away = end - number
    if away < 0:
        return Factor(name="place", weight=-0.4, reason="it stands after the failure was declared")
    weight = next((weight for lines, weight in _STEPS if away <= lines), _FAR)
    return Factor(
        name="place",
        weight=weight,
        reason=f"it stands {away} line{'' if away == 1 else 's'} before the failure was declared",
    )


def _agreement(found: Sequence[Found]) -> tuple[Factor, ...]:
    kinds = sorted({_source(each.evidence.kind) for each in found})
    if len(kinds) < 2:
        return ()
    weight = 0.6 * min(len(kinds) - 1, 2)
    return (Factor(name="agreement", weight=weight, reason=f"independent sources agree: {', '.join(kinds)}"),)


def _source(kind: EvidenceKind) -> str:
    """Two readings of the same status are one source."""
    if kind in {EvidenceKind.POD, EvidenceKind.DESCRIBE, EvidenceKind.WORKLOAD, EvidenceKind.RESOURCES}:
        return "status"
    return "log" if kind in LOGS or kind is EvidenceKind.ANNOTATIONS else kind.value


def _against(
    lead: Found, seen: Mapping[str, Sequence[Found]], evidence: Sequence[Evidence]
) -> tuple[tuple[Factor, ...], tuple[Found, ...]]:
    factors: list[Factor] = []
    found: list[Found] = []
    for unless in lead.pattern.unless:
        if unless.cause and unless.cause in seen:
            found.append(min(seen[unless.cause], key=lambda each: (each.pattern.id, each.evidence.id, each.number)))
            factors.append(_contradiction(unless, f"{unless.cause} was seen too and explains it"))
        elif unless.fact is not None and holds(unless.fact, evidence):
            factors.append(_contradiction(unless, f"{unless.fact.name} is {' or '.join(unless.fact.values)}"))
    return tuple(factors), tuple(found)


def _contradiction(_: Unless, reason: str) -> Factor:
    return Factor(name="contradiction", weight=-2.5, reason=reason)


_WORTH_MISSING: Collection[GapReason] = frozenset(GapReason) - {GapReason.EMPTY, GapReason.NOT_FOUND}
_OF_PODS = (EvidenceKind.POD, EvidenceKind.WORKLOAD, EvidenceKind.EVENTS, EvidenceKind.DESCRIBE)


def _gaps(lead: Found, gaps: Sequence[EvidenceGap]) -> tuple[Factor, ...]:
    """A source that could not be read, and in which this pattern would also show itself, makes us less sure."""
    worth = _OF_PODS if lead.evidence.kind in {EvidenceKind.LOG, EvidenceKind.PREVIOUS_LOG} else PLATFORM
    missing = sorted({g.request.kind.value for g in gaps if g.reason in _WORTH_MISSING and g.request.kind in worth})
    if not missing or lead.evidence.kind in PLATFORM:
        return ()
    weight = -0.3 * min(len(missing), 2)
    return (Factor(name="gap", weight=weight, reason=f"could not be read: {', '.join(missing)}"),)


def _end(piece: Evidence) -> int:
    for line in reversed(piece.excerpt.lines):
        if _END.search(line.text[:400]):
            return line.number
    return piece.excerpt.lines[-1].number
