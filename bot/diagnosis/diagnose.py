"""The whole of a diagnosis: match, score, rank, check every quote, and abstain when nothing carries the cause."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.diagnosis.calibrate import Calibration, calibrate
from bot.diagnosis.match import Found, Matcher, holds
from bot.diagnosis.pattern import CI
from bot.diagnosis.score import Scored, ends, scored
from bot.domain.diagnosis import MAX_QUOTE, Category, Citation, Confidence, Diagnosis, Factor, Hypothesis, Symptom
from bot.domain.evidence import Dossier, Evidence
from bot.domain.values import value

_MOST_HYPOTHESES = 5
_MOST_QUOTES = 5
_RIVAL_WITHIN = 1.5
_MAX_NAME = 80


@value
class Judgement:
    """What was found before anything is left out: hypotheses best first, or why there are none and how sure that is."""

    hypotheses: tuple[Hypothesis, ...]
    summary: str
    abstention: float
    """Probability, 0..1, that no cause can be known from this evidence; of use when there is no hypothesis."""
    hint: tuple[Symptom, ...] = ()
    """When abstaining: what the summary rests on."""


def diagnose(dossier: Dossier, patterns: Matcher, *, id: str, now: datetime, calibration: Calibration) -> Diagnosis:  # noqa: A002
    """Return the diagnosis of a dossier: ranked hypotheses with citations, or none and an honest summary.

    Pure: equal dossiers, whatever the order of their evidence, give equal diagnoses.
    """
    judged = judge(dossier, patterns, calibration)
    return Diagnosis(
        id=id,
        incident_id=dossier.incident_id,
        hypotheses=judged.hypotheses,
        gaps=dossier.gaps,
        summary=judged.summary,
        made_at=now,
        versions=(patterns.version, f"calibration:{calibration.version}"),
    )


def judge(dossier: Dossier, patterns: Matcher, calibration: Calibration) -> Judgement:
    """Return hypotheses and the worth of an abstention; the pure heart of `diagnose`."""
    evidence = tuple(sorted(dossier.evidence, key=lambda piece: piece.id))
    causes = _causes(evidence, patterns)
    last = ends(evidence)
    ranked = sorted(
        (scored(cause, found, causes, evidence, dossier.gaps, last) for cause, found in causes.items()),
        key=lambda each: (-each.raw, each.cause),
    )
    known = [each for each in ranked if each.category is not Category.UNKNOWN]
    blank = next((each for each in ranked if each.category is Category.UNKNOWN), None)
    hypotheses = _hypotheses(known, calibration)
    if blank is not None and (not hypotheses or blank.raw > known[0].raw):
        return Judgement(
            hypotheses=(),
            summary=f"No cause found: {blank.lead.symptom.statement}",
            abstention=calibration.named,
            hint=tuple(each.symptom for each in blank.found[:_MOST_QUOTES]),
        )
    if not hypotheses:
        return Judgement(hypotheses=(), summary=_nothing(dossier), abstention=calibration.blank)
    return Judgement(hypotheses=hypotheses, summary=hypotheses[0].statement, abstention=calibration.blank)


def _causes(evidence: Sequence[Evidence], patterns: Matcher) -> Mapping[str, Sequence[Found]]:
    """Return the matches whose conditions hold and whose quotes stand in the evidence, by cause."""
    causes: dict[str, list[Found]] = {}
    for piece in evidence:
        for found in patterns.find(piece):
            if all(holds(fact, evidence) for fact in found.pattern.facts) and grounded(found.symptom.citation, piece):
                causes.setdefault(found.pattern.cause, []).append(found)
    return causes


def grounded(citation: Citation, evidence: Evidence) -> bool:
    """Return whether the quote is, byte for byte, part of the one line that it names, and short enough to be shown."""
    text = evidence.excerpt.text_of(citation.line_from)
    return (
        citation.evidence_id == evidence.id
        and citation.line_from == citation.line_to
        and 0 < len(citation.quote) <= MAX_QUOTE
        and text is not None
        and citation.quote in text
    )


def _hypotheses(known: Sequence[Scored], calibration: Calibration) -> tuple[Hypothesis, ...]:
    hypotheses: list[Hypothesis] = []
    for rank, each in enumerate(known[:_MOST_HYPOTHESES]):
        rival = _rival(known) if rank == 0 else ()
        factors = (*each.factors, *rival)
        raw = sum(factor.weight for factor in factors)
        probability = calibrate(raw, calibration)
        if rank:
            probability = min(probability, hypotheses[0].confidence.score if hypotheses else 0.0)
        if probability >= calibration.floor:
            hypotheses.append(_hypothesis(each, Confidence(score=probability, factors=factors)))
    return tuple(hypotheses)


def _rival(known: Sequence[Scored]) -> tuple[Factor, ...]:
    """Another cause of another category that is nearly as likely makes the first one less so."""
    other = next((each for each in known[1:] if each.category is not known[0].category), None)
    if other is None or known[0].raw - other.raw >= _RIVAL_WITHIN:
        return ()
    weight = round(-0.8 * (_RIVAL_WITHIN - (known[0].raw - other.raw)) / _RIVAL_WITHIN, 4)
    return (Factor(name="rival", weight=weight, reason=f"{other.cause} is nearly as likely"),)


def _hypothesis(each: Scored, confidence: Confidence) -> Hypothesis:
    supports: dict[tuple[str, int], Symptom] = {}
    for found in each.found:
        supports.setdefault((found.evidence.id, found.number), found.symptom)
    return Hypothesis(
        cause_id=each.cause,
        category=each.category,
        statement=_placed(each.lead.symptom.statement, each.lead.evidence),
        confidence=confidence,
        supports=tuple(supports.values())[:_MOST_QUOTES],
        contradicts=tuple(found.symptom for found in each.against[:_MOST_QUOTES]),
        remedy=each.lead.pattern.remedy,
    )


def _placed(statement: str, evidence: Evidence) -> str:
    """Return the statement with the job and step that it was found in, when it was found in a job."""
    job, step = (" ".join(evidence.fact(name)[:_MAX_NAME].split()) for name in ("job", "step"))
    if not job or evidence.kind not in CI:
        return statement
    return f"{statement.removesuffix('.')} (job {job}{f', step {step}' if step else ''})."


def _nothing(dossier: Dossier) -> str:
    if not dossier.evidence:
        missing = ", ".join(sorted({f"{gap.request.kind.value} ({gap.reason.value})" for gap in dossier.gaps}))
        return f"No cause found: there is no evidence to read{'; could not be had: ' + missing if missing else ''}."
    read = sum(len(piece.excerpt.lines) for piece in dossier.evidence)
    return f"No cause found: none of the known failure patterns carries the cause in the {read} lines read."


def explain(diagnosis: Diagnosis) -> str:
    """Return the diagnosis in words for a terminal: each hypothesis, why it is that likely, and the lines it rests on."""
    lines = [diagnosis.summary]
    for hypothesis in diagnosis.hypotheses:
        sure = hypothesis.confidence
        lines.append("")
        lines.append(f"{hypothesis.cause_id} ({hypothesis.category.value}) {sure.score:.2f} {sure.band.value}")
        lines.append(f"  {hypothesis.statement}")
        lines.extend(f"  {factor.weight:+.1f}  {factor.reason}" for factor in sure.factors)
        lines.extend(_cited(symptom, ">") for symptom in hypothesis.supports)
        lines.extend(_cited(symptom, "!") for symptom in hypothesis.contradicts)
    lines.extend(f"could not be had: {gap.request.kind.value} ({gap.reason.value})" for gap in diagnosis.gaps)
    return "\n".join(lines)


def _cited(symptom: Symptom, mark: str) -> str:
    citation = symptom.citation
    return f"  {mark} {citation.evidence_id}:{citation.line_from}  {citation.quote.strip()}"
