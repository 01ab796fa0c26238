"""Who may decide, and what everybody else is told."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.execution import Actor, Approval, Decision
from bot.domain.proposal import Proposal, ProposalState
from bot.ports import Person
from bot.remedy.authorize import Allowed, Decidable, Refused, authorize, check_decision, may_touch
from bot.remedy.propose import propose
from tests.fakes.remedy_world import NOW, make_world

ADA = Person(user_id="U1", display_name="Ada", team="T1")
APPROVERS = frozenset({"U1"})


def test_an_approver_may() -> None:
    assert isinstance(authorize(ADA, approvers=APPROVERS, team="T1"), Allowed)


REFUSALS = [
    ({"user_id": "U2"}, "not among the approvers"),
    ({"is_bot": True}, "Bots cannot"),
    ({"is_guest": True}, "Guests cannot"),
    ({"is_stranger": True}, "other workspaces"),
    ({"team": "T2"}, "other workspaces"),
    ({"team": ""}, "other workspaces"),
    ({"deleted": True}, "deactivated"),
]


@pytest.mark.parametrize(("fields", "words"), REFUSALS)
def test_everybody_else_may_not_and_is_told_why(fields: dict, words: str) -> None:
    verdict = authorize(replace(ADA, **fields), approvers=APPROVERS, team="T1")
    assert isinstance(verdict, Refused)
    assert verdict.kind == "unauthorised"
    assert words in verdict.reason
    assert verdict.reason.endswith("Nothing was changed by this.")


def test_without_approvers_nobody_may() -> None:
    verdict = authorize(ADA, approvers=frozenset(), team="T1")
    assert isinstance(verdict, Refused)
    assert verdict.reason.startswith("Nobody can approve: CODEHEALER_APPROVERS is empty.")


@pytest.mark.parametrize(
    ("fields", "may"), [({}, True), ({"user_id": "U2"}, True), *((f, False) for f, _ in REFUSALS[1:])]
)
def test_touching_an_incident_takes_a_full_member(fields: dict, may: bool) -> None:
    assert isinstance(may_touch(replace(ADA, **fields), team="T1"), Allowed) is may


# --- is there still anything to decide?


def offered(state: ProposalState = ProposalState.OFFERED) -> Proposal:
    made = propose(make_world().ask(), id="pr_1", now=NOW, ttl=timedelta(hours=1))
    assert isinstance(made, Proposal)
    return replace(made, state=state)


def decided(decision: Decision = Decision.APPROVE) -> Approval:
    return Approval(
        id="ap_1",
        incident_id="in_1",
        proposal_id="pr_1",
        proposal_digest="x",
        actor=Actor(user_id="U1"),
        decision=decision,
        at=NOW + timedelta(minutes=3),
    )


def refusal(proposal: Proposal, minutes: float = 5, **fields: object) -> Refused:
    digest = str(fields.pop("digest", proposal.digest))
    verdict = check_decision(proposal, digest=digest, now=NOW + timedelta(minutes=minutes), **fields)  # type: ignore[arg-type]
    assert isinstance(verdict, Refused)
    return verdict


def test_an_open_offer_can_be_decided_until_it_expires() -> None:
    proposal = offered()
    for minutes in (0, 59.99):
        now = NOW + timedelta(minutes=minutes)
        assert isinstance(check_decision(proposal, digest=proposal.digest, now=now), Decidable)
    late = refusal(proposal, minutes=60)
    assert late.kind == "expired"
    assert late.reason.startswith("This proposal expired at 16:00 UTC")


def test_another_digest_is_not_what_was_shown() -> None:
    for digest in ("", "0" * 64, offered().digest[:-1]):
        assert refusal(offered(), digest=digest).kind == "mismatch"


STATES = [
    (ProposalState.APPROVED, "late", "Somebody already approved this at 15:03 UTC; it is about to run."),
    (ProposalState.EXECUTING, "late", "it is running now"),
    (ProposalState.VERIFYING, "late", "is being verified"),
    (ProposalState.UNKNOWN, "late", "not known yet"),
    (ProposalState.WAITING_FOR_CHANGE, "late", "to be merged"),
    (ProposalState.PASSED, "late", "was verified"),
    (ProposalState.FAILED, "late", "did not help"),
    (ProposalState.INCONCLUSIVE, "late", "could not be verified"),
    (ProposalState.REFUSED, "late", "platform refused it"),
    (ProposalState.ESCALATED, "late", "was escalated"),
    (ProposalState.STALE, "stale", "target changed, or the alert recovered"),
    (ProposalState.EXPIRED, "expired", "expired at 16:00 UTC before anybody decided"),
]


def test_the_table_of_answers_is_whole() -> None:
    assert {state for state, _, _ in STATES} | {ProposalState.OFFERED, ProposalState.REJECTED} == set(ProposalState)


@pytest.mark.parametrize(("state", "kind", "words"), STATES)
def test_what_happened_instead_is_said(state: ProposalState, kind: str, words: str) -> None:
    verdict = refusal(offered(state), approval=decided(), user_id="U2")
    assert verdict.kind == kind
    assert words in verdict.reason
    assert verdict.reason.endswith("Nothing was changed by this.")


def test_a_second_press_of_the_same_person_is_repeated() -> None:
    verdict = refusal(offered(ProposalState.VERIFYING), approval=decided(), user_id="U1")
    assert verdict.kind == "repeated"
    assert verdict.reason.startswith("You already approved this at 15:03 UTC; it was applied")


@pytest.mark.parametrize(
    ("user_id", "kind", "who"), [("U1", "repeated", "You"), ("U2", "late", "Somebody"), ("", "late", "Somebody")]
)
def test_after_a_rejection(user_id: str, kind: str, who: str) -> None:
    verdict = refusal(offered(ProposalState.REJECTED), approval=decided(Decision.REJECT), user_id=user_id)
    assert verdict.kind == kind
    assert verdict.reason.startswith(f"{who} already rejected this at 15:03 UTC.")


def test_an_approval_that_is_not_found_is_not_made_up() -> None:
    assert refusal(offered(ProposalState.APPROVED), user_id="U1").reason.startswith(
        "Somebody already approved this; it is"
    )


def test_the_digest_is_not_looked_at_once_it_is_over() -> None:
    assert refusal(offered(ProposalState.PASSED), digest="", approval=decided()).kind == "late"
