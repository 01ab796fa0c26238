"""What a diagnosis rests on, as parts: the cause, the confidence with its reasons, the quoted lines, and what is missing."""

from bot.domain.diagnosis import MAX_QUOTE, Category, Confidence, Diagnosis, Factor, Hypothesis, Symptom
from bot.domain.evidence import Dossier, Evidence, EvidenceGap, EvidenceKind, GapReason
from bot.domain.report import Part, Quote, QuotedLine, Text, Tone
from bot.report.changes import change_parts
from bot.report.places import GAP, page_of, without_place
from bot.report.story import Story
from bot.report.words import KINDS, REASONS, capital, chance, counted, listed, number

CARD_QUOTES = 3
CARD_REASONS = 4
MAX_REASON = 160
MAX_SOURCE = 160
MAX_GAPS = 5
POSTED_LINES = 6
MAX_KINDS = 3
RUN = 3
WORTH = 0.3
"""Log-odds of a reason that a card has room for."""


def cause_parts(hypothesis: Hypothesis, dossier: Dossier | None) -> tuple[Part, ...]:
    """Return the cause as a sentence and how sure that is, with the weightiest reasons and their signs."""
    said = Text(text="Cause:", quoted=without_place(hypothesis.statement, dossier))
    return said, Text(text="Confidence:", quoted=reasoned(hypothesis.confidence))


def reasoned(confidence: Confidence) -> str:
    """Return `0.94, high: the platform's own status states it (+); the line is only a warning (-)`.

    That the line is a known sign of the cause goes without saying where another source speaks for it; `why` says all.
    """
    weightiest = sorted(confidence.factors, key=lambda factor: -abs(factor.weight))
    more = [factor for factor in weightiest if factor.name != "pattern" and abs(factor.weight) >= WORTH]
    shown = more if any(factor.weight > 0 and factor.name != "place" for factor in more) else weightiest
    ordered = sorted(shown[:CARD_REASONS], key=lambda factor: factor.weight < 0)
    told = "; ".join(f"{factor.reason[:MAX_REASON]} ({sign(factor)})" for factor in ordered)
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
            url=page_of(known[evidence_id], next(iter(lines)), dossier) if evidence_id in known else "",
        )
        for evidence_id, lines in cited.items()
    )


def telling(symptoms: tuple[Symptom, ...]) -> tuple[Symptom, ...]:
    """Return the symptoms without those whose line only repeats what an earlier one's says: a card has little room."""
    kept: list[Symptom] = []
    for symptom in symptoms:
        if not any(_repeats(symptom.citation.quote, each.citation.quote) for each in kept):
            kept.append(symptom)
    return tuple(kept)


def _repeats(later: str, earlier: str) -> bool:
    """Whether most words of the later line, in their order of three, stand in the earlier one."""
    words, known = later.split(), earlier.split()
    threes = [tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1)]
    there = {tuple(known[at : at + RUN]) for at in range(len(known) - RUN + 1)}
    return len(threes) >= RUN and sum(each in there for each in threes) * 2 > len(threes)


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
    more = len(kinds) - MAX_KINDS
    named = listed((*kinds[:MAX_KINDS], f"{more} more") if more > 1 else kinds)
    said = f"Could not read {named} ({REASONS[reason]})"
    if reason is GapReason.EMPTY:
        said = f"There is nothing to read in {named}"
    return Text(text=f"{said}:" if detail else f"{said}.", quoted=detail, tone=Tone.SMALL)


def known_parts(story: Story) -> tuple[Part, ...]:
    """Return what is known: cause, confidence, quotes, changes and gaps; or that no cause was found, with what was read.

    With a cause, a source that held nothing is not worth a line.
    """
    diagnosis, dossier = story.diagnosis, story.dossier
    if diagnosis is None:
        return ()
    best = diagnosis.best
    if best is None:
        return (
            *abstention(diagnosis),
            GAP,
            *change_parts(story),
            GAP,
            *gap_parts(diagnosis.gaps),
            *read_parts(dossier),
        )
    missing = tuple(gap for gap in diagnosis.gaps if gap.reason is not GapReason.EMPTY)
    shown = quotes(telling(best.supports), dossier)
    return (*cause_parts(best, dossier), *shown, *_in_source(best, dossier), *change_parts(story), *gap_parts(missing))


def _in_source(best: Hypothesis, dossier: Dossier | None) -> tuple[Text, ...]:
    """Return the line of the manifest that the failure leads to, unless it is quoted already."""
    cited = {symptom.citation.evidence_id for symptom in best.supports}
    found = dossier.of_kind(EvidenceKind.SOURCE) if dossier and best.category is Category.CONFIG else ()
    return tuple(
        Text(text="In the source:", quoted=source(each), url=each.url) for each in found[:1] if each.id not in cited
    )


def cause_in_short(story: Story) -> tuple[Part, ...]:
    """Return the cause and how sure that is, in one line: for when the fix matters more."""
    best = story.diagnosis.best if story.diagnosis else None
    return (
        ()
        if best is None
        else (Text(text=f"Cause ({chance(best.confidence)}):", quoted=without_place(best.statement, story.dossier)),)
    )


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
