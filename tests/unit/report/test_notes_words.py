"""Notes: their first word is what people and scripts look for, and they say what is known, tried and seen."""

import re
from dataclasses import replace

import pytest

from bot.domain.execution import Verdict
from bot.domain.proposal import ProposalState
from bot.domain.report import Report, Text
from bot.report.notes import (
    compose_answer,
    compose_escalated,
    compose_expired,
    compose_refused,
    compose_rejected,
    compose_stale,
    compose_still_unknown,
    compose_unknown,
    compose_verdict,
)
from bot.slack.blocks import fallback_text
from tests.fakes.stories import PROPOSAL, REFUSED, STEP, UNKNOWN, fixing, no_cause, offered, verification

FIRST = re.compile(
    r"(Verified|Verification failed|Inconclusive|Waiting for change|Refused|Unknown|Expired|Stale|Rejected|Escalated)\b"
)


def verdict(which: Verdict) -> Report:
    state = {Verdict.PASSED: ProposalState.PASSED, Verdict.FAILED: ProposalState.ESCALATED}
    return compose_verdict(fixing(state.get(which, ProposalState.INCONCLUSIVE), verification=verification(which)))


@pytest.mark.parametrize(
    ("first", "note"),
    [
        ("Stale", compose_stale(PROPOSAL, "the alert recovered before it ran")),
        ("Refused", compose_refused(fixing(ProposalState.REFUSED, execution=REFUSED), "exceeded quota")),
        ("Unknown", compose_unknown(fixing(ProposalState.UNKNOWN, execution=UNKNOWN), "no answer")),
        ("Unknown", compose_still_unknown(fixing(ProposalState.UNKNOWN, execution=UNKNOWN), minutes=10)),
        ("Expired", compose_expired(PROPOSAL)),
        ("Rejected", compose_rejected(PROPOSAL, by="U0ANA")),
        ("Verified", verdict(Verdict.PASSED)),
        ("Verification failed", verdict(Verdict.FAILED)),
        ("Inconclusive", verdict(Verdict.INCONCLUSIVE)),
        ("Escalated", compose_escalated(offered(), by="U0BEN")),
        ("Escalated", compose_escalated(no_cause(), by="U0BEN")),
        ("Escalated", compose_escalated(offered(simulated=True), by="")),
    ],
)
def test_a_note_begins_with_its_outcome(first: str, note: Report) -> None:
    found = FIRST.match(note.headline)
    assert found is not None
    assert found[1] == first
    assert fallback_text(note).startswith(first)


def test_a_verdict_lists_each_check_as_seen_against_expected() -> None:
    text = fallback_text(verdict(Verdict.FAILED))
    assert "Restarts (not met): checkout-5f7bd6c9c8-9hzkw: restarted once, last ended with OOMKilled" in text
    assert "expected: no restart of container app in a new pod for 120 s" in text
    assert "Undo: Set the memory limit of container app back to 256Mi." in text


def test_a_check_that_was_not_reached_says_so() -> None:
    assert "Rollout (not looked at): expected:" in fallback_text(verdict(Verdict.INCONCLUSIVE))


def test_a_passed_fix_is_not_offered_to_be_undone() -> None:
    assert "undo" not in fallback_text(verdict(Verdict.PASSED))


def test_an_escalation_says_what_was_tried_and_with_what_result() -> None:
    text = fallback_text(
        compose_escalated(fixing(ProposalState.ESCALATED, verification=verification(Verdict.FAILED)), by="")
    )
    assert "Tried: Memory limit of container app in Deployment shop/checkout raised from 256Mi to 384Mi." in text
    assert "Result: it did not help: checkout-5f7bd6c9c8-9hzkw: restarted once, last ended with OOMKilled" in text
    assert "Cause: app used more memory than its limit" in text


@pytest.mark.parametrize(
    ("state", "execution", "words"),
    [
        (ProposalState.OFFERED, None, "Tried: nothing. No fix was run."),
        (ProposalState.ESCALATED, REFUSED, "Tried: nothing was changed."),
        (ProposalState.ESCALATED, UNKNOWN, "whether it was applied is not known"),
    ],
)
def test_an_escalation_never_claims_more_than_was_done(state: ProposalState, execution: object, words: str) -> None:
    text = fallback_text(compose_escalated(fixing(state, execution=execution), by="U0BEN"))
    assert words in text
    assert "Result:" not in text


def test_a_refusal_in_the_middle_names_the_steps_already_applied() -> None:
    proposal = replace(PROPOSAL, state=ProposalState.REFUSED, steps=(STEP, STEP), step=1)
    text = fallback_text(compose_refused(fixing(ProposalState.REFUSED, proposal=proposal), "exceeded quota"))
    assert "What was applied before stays as it is." in text
    assert "✓ Step 1 of 2, done and verified: Memory limit" in text
    assert "✗ Step 2 of 2, not applied: Raise the memory limit" in text
    assert "Nothing was changed" not in text


def test_an_unknown_outcome_says_how_a_person_can_tell() -> None:
    text = fallback_text(compose_unknown(fixing(ProposalState.UNKNOWN, execution=UNKNOWN), "connection reset"))
    assert "this annotation: codehealer.io/execution: ex_1" in text


def test_who_decided_is_a_mention_and_no_text() -> None:
    note = compose_rejected(PROPOSAL, by="U0ANA")
    assert [part.user for part in note.parts if isinstance(part, Text) and part.user] == ["U0ANA"]


def test_an_answer_is_its_words() -> None:
    assert compose_answer("Rejected. Nothing was changed.") == Report(headline="Rejected. Nothing was changed.")
