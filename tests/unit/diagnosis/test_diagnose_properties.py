"""Laws of every diagnosis: order carries no meaning, every quote stands in the evidence, the ranking is honest."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.patterns_yaml import load_calibration, load_patterns
from bot.diagnosis.diagnose import diagnose
from bot.diagnosis.match import Matcher
from bot.domain.alert import Target
from bot.domain.diagnosis import Diagnosis
from bot.domain.evidence import Dossier, Evidence, EvidenceKind, Excerpt, Fact, Line

CONFIG = Path(__file__).resolve().parents[3] / "config"
PATTERNS = load_patterns(CONFIG / "failure_patterns")
MATCHER = Matcher(PATTERNS)
CALIBRATION = load_calibration(CONFIG / "calibration.json")
AT = datetime(2026, 1, 2, tzinfo=UTC)
EXAMPLES = [example for pattern in PATTERNS for example in (*pattern.examples, *pattern.counters)]

line = st.one_of(
    st.sampled_from(EXAMPLES),
    st.builds(lambda a, b: f"{a} {b}", st.text(max_size=30), st.sampled_from(EXAMPLES)),
    st.builds(lambda a, b: b * 30 + a, st.sampled_from(EXAMPLES), st.text(max_size=20)),
    st.text(max_size=60),
).map(lambda text: text.replace("\n", " "))
facts = st.lists(
    st.builds(Fact, name=st.sampled_from(["last_reason", "reason"]), value=st.sampled_from(["OOMKilled", "Error"])),
    max_size=2,
)


@st.composite
def dossiers(draw) -> Dossier:
    kinds = draw(st.lists(st.sampled_from(list(EvidenceKind)), max_size=4))
    evidence = tuple(
        Evidence(
            id=f"ev_{index}",
            kind=kind,
            target=Target(),
            summary="",
            excerpt=Excerpt(
                lines=tuple(Line(number=7 * n, text=text) for n, text in enumerate(draw(st.lists(line, max_size=5)), 1))
            ),
            facts=tuple(draw(facts)),
            collected_at=AT,
        )
        for index, kind in enumerate(kinds)
    )
    return Dossier(id="do_1", incident_id="inc_1", target=Target(), evidence=evidence, collected_at=AT)


def made(dossier: Dossier) -> Diagnosis:
    return diagnose(dossier, MATCHER, id="dg_1", now=AT, calibration=CALIBRATION)


@settings(max_examples=60, deadline=None)
@given(dossiers(), st.randoms(use_true_random=False))
def test_the_order_of_evidence_carries_no_meaning(dossier: Dossier, random) -> None:
    shuffled = list(dossier.evidence)
    random.shuffle(shuffled)
    assert made(replace(dossier, evidence=tuple(shuffled))) == made(dossier)


@settings(max_examples=60, deadline=None)
@given(dossiers())
def test_every_quote_stands_in_its_evidence(dossier: Dossier) -> None:
    pieces = {piece.id: piece for piece in dossier.evidence}
    for hypothesis in made(dossier).hypotheses:
        assert hypothesis.supports
        for symptom in (*hypothesis.supports, *hypothesis.contradicts):
            citation = symptom.citation
            assert citation.quote in pieces[citation.evidence_id].excerpt.text_of(citation.line_from)
            assert 0 < len(citation.quote) <= 400


@settings(max_examples=60, deadline=None)
@given(dossiers())
def test_hypotheses_are_ranked_and_above_the_floor(dossier: Dossier) -> None:
    scores = [hypothesis.confidence.score for hypothesis in made(dossier).hypotheses]
    assert scores == sorted(scores, reverse=True)
    assert all(CALIBRATION.floor <= score <= 1 for score in scores)


@settings(max_examples=60, deadline=None)
@given(dossiers())
def test_the_factors_are_the_score(dossier: Dossier) -> None:
    best = made(dossier).best
    if best is not None:
        raw = sum(factor.weight for factor in best.confidence.factors)
        left = [point.probability for point in CALIBRATION.points if point.raw <= raw]
        assert best.confidence.score >= (left[-1] if left else 0)
