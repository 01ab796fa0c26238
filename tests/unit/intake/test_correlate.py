from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.alert import AlertStatus, PostKind, SlackRef, Target
from bot.domain.incident import Incident, IncidentState
from bot.intake.correlate import Decision, correlate

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
S = IncidentState


@pytest.fixture
def firing(read):
    return read("nightly backup failed on db")


def incident(state: IncidentState, age: timedelta = timedelta(minutes=5), ts: str = "1782899000.000100") -> Incident:
    return Incident(
        id="inc_1", fingerprint="f", state=state, title="t", target=Target(), opened_at=NOW - age, updated_at=NOW - age,
        thread=SlackRef(team="T0TEST", channel="C0TESTROOM", ts=ts),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("state", "decision", "about"),
    [
        (None, Decision.OPEN, ""),
        (S.OPEN, Decision.JOIN, "inc_1"),
        (S.INVESTIGATING, Decision.JOIN, "inc_1"),
        (S.DIAGNOSED, Decision.JOIN, "inc_1"),
        (S.NEEDS_HUMAN, Decision.JOIN, "inc_1"),
        (S.RESOLVED, Decision.REOPEN, "inc_1"),
        (S.DISMISSED, Decision.OPEN, ""),
    ],
)
def test_a_firing_alert(firing, state, decision, about) -> None:
    found = correlate(firing, incident(state) if state else None, now=NOW)
    assert (found.decision, found.incident_id) == (decision, about)


@pytest.mark.parametrize("status", [AlertStatus.RESOLVED, AlertStatus.SUCCESS])
@pytest.mark.parametrize(
    ("state", "decision"),
    [
        (None, Decision.IGNORE),
        (S.OPEN, Decision.CLOSE),
        (S.INVESTIGATING, Decision.CLOSE),
        (S.DIAGNOSED, Decision.CLOSE),
        (S.NEEDS_HUMAN, Decision.CLOSE),
        (S.RESOLVED, Decision.IGNORE),
        (S.DISMISSED, Decision.IGNORE),
    ],
)
def test_a_recovery(firing, status, state, decision) -> None:
    found = correlate(replace(firing, status=status), incident(state) if state else None, now=NOW)
    assert found.decision is decision


def test_every_decision_is_a_move_of_the_table(firing) -> None:
    for state in S:
        closing = correlate(replace(firing, status=AlertStatus.RESOLVED), incident(state), now=NOW)
        if closing.decision is Decision.CLOSE:
            incident(state).moved_to(S.RESOLVED, NOW)
        if correlate(firing, incident(state), now=NOW).decision is Decision.REOPEN:
            incident(state).moved_to(S.OPEN, NOW)


def test_long_after_a_resolution_it_is_a_new_incident(firing) -> None:
    assert correlate(firing, incident(S.RESOLVED, timedelta(days=3)), now=NOW).decision is Decision.OPEN


def test_a_recovery_said_before_the_incident_began_closes_nothing(firing) -> None:
    late = correlate(replace(firing, status=AlertStatus.RESOLVED), incident(S.OPEN, ts="1782999000.000100"), now=NOW)
    assert (late.decision, late.reason) == (Decision.IGNORE, "recovery older than the incident")


def test_an_edit_counts_from_the_edit(firing) -> None:
    edited = replace(firing, status=AlertStatus.SUCCESS, post=replace(firing.post, edited_ts="1783000000.000000"))
    assert correlate(edited, incident(S.OPEN, ts="1782999000.000100"), now=NOW).decision is Decision.CLOSE


def test_the_reason_tells_edit_broadcast_and_repeat_apart(firing) -> None:
    same = incident(S.OPEN, ts=firing.post.ref.ts)
    reasons = {
        kind: correlate(replace(firing, post=replace(firing.post, kind=kind)), same, now=NOW).reason
        for kind in (PostKind.NEW, PostKind.EDITED, PostKind.BROADCAST)
    }
    assert reasons == {
        "new": "repeat",
        "edited": "edit of the same message",
        "broadcast": "broadcast from the same thread",
    }
