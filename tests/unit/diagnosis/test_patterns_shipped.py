"""The shipped patterns do what their own examples say."""

from pathlib import Path

import pytest

from bot.adapters.patterns_yaml import load_patterns
from bot.diagnosis.actions import ACTIONS, serves
from bot.diagnosis.match import Matcher
from bot.diagnosis.pattern import CI, LOGS, PLATFORM, Pattern
from bot.domain.diagnosis import MAX_QUOTE, Category
from bot.domain.evidence import EvidenceKind

PATTERNS = load_patterns(Path(__file__).resolve().parents[3] / "config" / "failure_patterns")
BY_ID = [pytest.param(pattern, id=pattern.id) for pattern in PATTERNS]


@pytest.mark.parametrize("pattern", BY_ID)
def test_examples_match_and_counters_do_not(pattern: Pattern, piece) -> None:
    alone = Matcher([pattern])
    kind = pattern.where[0]
    missed = [line for line in pattern.examples if not alone.find(piece(kind, line))]
    wrong = [line for line in pattern.counters if alone.find(piece(kind, line))]
    assert (missed, wrong) == ([], [])


@pytest.mark.parametrize("pattern", BY_ID)
def test_statements_are_whole_sentences(pattern: Pattern, piece) -> None:
    said = Matcher([pattern]).find(piece(pattern.where[0], pattern.examples[0]))[0].symptom.statement
    assert said.endswith(".")
    assert not {"{", "}"} & set(said)


@pytest.mark.parametrize("pattern", BY_ID)
def test_a_long_line_is_quoted_around_the_match(pattern: Pattern, piece) -> None:
    line = "x " * 300 + pattern.examples[0] + " y" * 300
    for found in Matcher([pattern]).find(piece(pattern.where[0], line)):
        quote = found.symptom.citation.quote
        assert quote in line
        assert len(quote) <= MAX_QUOTE
        assert any(literal.lower() in quote.lower() for literal in pattern.literals)


def test_one_cause_has_one_meaning_on_one_platform() -> None:
    categories: dict[str, set[Category]] = {}
    for pattern in PATTERNS:
        categories.setdefault(pattern.cause, set()).add(pattern.category)
    assert {cause: found for cause, found in categories.items() if len(found) > 1} == {}


def test_unless_names_causes_that_exist() -> None:
    causes = {pattern.cause for pattern in PATTERNS}
    named = {unless.cause for pattern in PATTERNS for unless in pattern.unless if unless.cause}
    assert named - causes == set()


REMEDIES = {
    "kubernetes.set_resources": {"oom_killed"},
    "credential.refresh": {"credential_expired"},
    "github.rerun_failed_jobs": {
        "connection_failed",
        "dns_failure",
        "flaky_test",
        "remote_server_error",
        "remote_unreachable",
        "runner_lost",
    },
    "github.open_fix_pr": {
        "chart_render_error",
        "chart_values_invalid",
        "immutable_field",
        "manifest_invalid",
        "workflow_invalid",
    },
    "argocd.sync": {"connection_failed", "drift", "remote_server_error", "sync_interrupted"},
}


def test_remedies_serve_their_action_and_everything_else_calls_a_person() -> None:
    assert all(pattern.action in ACTIONS and serves(pattern.remedy, pattern.action) for pattern in PATTERNS)
    healing: dict[str, set[str]] = {}
    for pattern in PATTERNS:
        if pattern.remedy != "escalate":
            healing.setdefault(pattern.remedy, set()).add(pattern.cause)
    assert healing == REMEDIES


def test_a_remedy_is_only_named_where_its_platform_speaks() -> None:
    platforms = {
        "kubernetes.set_resources": {*PLATFORM, *LOGS, EvidenceKind.POST},
        "credential.refresh": {*CI},
        "github.rerun_failed_jobs": {*CI, EvidenceKind.RUN},
        "github.open_fix_pr": {EvidenceKind.APP_STATUS, EvidenceKind.POST, EvidenceKind.RUN},
        "argocd.sync": {EvidenceKind.APP_STATUS},
    }
    wrong = [p.id for p in PATTERNS if p.remedy != "escalate" and not set(p.where) <= platforms[p.remedy]]
    assert wrong == []


@pytest.mark.parametrize("name", ["kubernetes.yaml", "ci.yaml"])
def test_each_platform_is_covered(name: str) -> None:
    assert len([pattern for pattern in PATTERNS if f"{name}:" in pattern.place]) >= 20
