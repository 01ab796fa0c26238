"""What a diagnosis rests on, as parts: the cause, the confidence with its reasons, the quoted lines, and what is missing."""

from bot.domain.diagnosis import MAX_QUOTE, Confidence, Diagnosis, Factor, Hypothesis, Symptom
from bot.domain.evidence import Dossier, Evidence, EvidenceGap, EvidenceKind, GapReason
from bot.domain.report import Part, Quote, QuotedLine, Text, Tone
from bot.report.words import KINDS, REASONS, capital, counted, listed, number

CARD_QUOTES = 3
CARD_REASONS = 4
MAX_REASON = 160
MAX_SOURCE = 160
MAX_GAPS = 5
POSTED_LINES = 6


def cause_parts(hypothesis: Hypothesis) -> tuple[Part, ...]:
    """Return the cause as a sentence and how sure that is, with the weightiest reasons and their signs."""
    said = Text(text="Cause:", quoted=hypothesis.statement)
    return said, Text(text="Confidence:", quoted=reasoned(hypothesis.confidence))


def reasoned(confidence: Confidence) -> str:
    """Return `0.94, high: the platform's own status states it (+); the line is only a warning (-)`."""
    weightiest = sorted(confidence.factors, key=lambda factor: -abs(factor.weight))[:CARD_REASONS]
    told = "; ".join(f"{factor.reason[:MAX_REASON]} ({sign(factor)})" for factor in weightiest)
    return f"{number(confidence)}{f': {told}' if told else ''}"


def sign(factor: Factor) -> str:
    """Return `+` for what speaks for the cause, `-` for what speaks against it, `0` for what does neither."""
    return "+" if factor.weight > 0 else "-" if factor.weight < 0 else "0"


def quotes(symptoms: tuple[Symptom, ...], dossier: Dossier | None, most: int = CARD_QUOTES) -> tuple[Quote, ...]:
    """Return the cited lines, `most` of them in all, by source in the order cited, by number within it."""
    cited: dict[str, dict[int, str]] = {}
    for symptom in symptoms[:most]:
        citation = symptom.citation
        cited.setdefault(citation.evidence_id, {}).setdefault(citation.line_from, citation.quote)
    known = {each.id: each for each in dossier.evidence} if dossier else {}
    return tuple(
        Quote(
            source=source(known.get(evidence_id)),
            lines=tuple(QuotedLine(number=at, text=text) for at, text in sorted(lines.items())),
            url=known[evidence_id].url if evidence_id in known else "",
        )
        for evidence_id, lines in cited.items()
    )


def source(evidence: Evidence | None) -> str:
    """Return where quoted lines come from, in words."""
    if evidence is None:
        return "Evidence that is not kept any more"
    return evidence.summary[:MAX_SOURCE] or capital(KINDS[evidence.kind])


def gap_parts(gaps: tuple[EvidenceGap, ...]) -> tuple[Text, ...]:
    """Return what could not be had, in words, gaps of the same reason and detail together."""
    grouped: dict[tuple[GapReason, str], list[str]] = {}
    for gap in gaps:
        kinds = grouped.setdefault((gap.reason, gap.detail.strip()), [])
        if KINDS[gap.request.kind] not in kinds:
            kinds.append(KINDS[gap.request.kind])
    told = [_gap(reason, detail, tuple(kinds)) for (reason, detail), kinds in grouped.items()]
    if len(told) > MAX_GAPS:
        more = counted(len(told) - MAX_GAPS + 1, "more source")
        told = [*told[: MAX_GAPS - 1], Text(text=f"… and {more} could not be read.", tone=Tone.SMALL)]
    return tuple(told)


def _gap(reason: GapReason, detail: str, kinds: tuple[str, ...]) -> Text:
    said = f"Could not read {listed(kinds)} ({REASONS[reason]})"
    if reason is GapReason.EMPTY:
        said = f"There is nothing to read in {listed(kinds)}"
    return Text(text=f"{said}:" if detail else f"{said}.", quoted=detail, tone=Tone.SMALL)


def known_parts(diagnosis: Diagnosis | None, dossier: Dossier | None, most: int = CARD_QUOTES) -> tuple[Part, ...]:
    """Return what is known: cause, confidence, quotes and gaps; or that no cause was found, with what was read."""
    if diagnosis is None:
        return ()
    best = diagnosis.best
    if best is None:
        return (*abstention(diagnosis), *gap_parts(diagnosis.gaps), *read_parts(dossier))
    return (*cause_parts(best), *quotes(best.supports, dossier, most), *gap_parts(diagnosis.gaps))


def abstention(diagnosis: Diagnosis) -> tuple[Part, ...]:
    """Return that no cause was found, in the diagnosis's own words."""
    return (Text(text="", quoted=diagnosis.summary),)


def _posted(dossier: Dossier | None) -> tuple[Part, ...]:
    """Return the post's own lines below its headline, the first few, verbatim."""
    posts = dossier.of_kind(EvidenceKind.POST) if dossier else ()
    lines = [line for each in posts for line in each.excerpt.lines[1:] if line.text.strip()][:POSTED_LINES]
    if not lines:
        return ()
    shown = tuple(QuotedLine(number=line.number, text=line.text[:MAX_QUOTE]) for line in lines)
    return (Quote(source="The post says", lines=shown),)


def read_parts(dossier: Dossier | None) -> tuple[Part, ...]:
    """Return what was read without carrying a cause, so that nobody reads it again in vain."""
    read = [each for each in dossier.evidence if each.kind is not EvidenceKind.POST] if dossier else []
    if not read:
        return (Text(text="Nothing but the alert's own words could be read."), *_posted(dossier))
    told = "; ".join(each.summary[:MAX_SOURCE] or KINDS[each.kind] for each in read[:MAX_GAPS])
    return (Text(text="Read, without finding a cause in it:", quoted=told),)
