"""When a fix is proposed, and what is said when it is not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.action import Check, Risk
from bot.domain.alert import Target
from bot.domain.diagnosis import Confidence
from bot.domain.execution import Execution, ExecutionState, Verdict, Verification
from bot.domain.proposal import Proposal
from bot.remedy.catalog import Ask
from bot.remedy.policy import ActionRule, Rules
from bot.remedy.propose import NoProposal, highest, propose
from tests.fakes.remedy_world import NOW, make_world

HOUR = timedelta(hours=1)
SET = "kubernetes.set_resources"


def made(ask: Ask) -> Proposal | NoProposal:
    return propose(ask, id="pr_1", now=NOW, ttl=HOUR)


def reason(ask: Ask) -> str:
    found = made(ask)
    assert isinstance(found, NoProposal)
    return found.reason


def earlier(ago: timedelta, **fields: object) -> Execution:
    """An execution of set_resources on the same workload that was applied so long ago."""
    world = make_world()
    mine = world.execution(
        id="ex_0",
        action=SET,
        target=world.step().target,
        state=ExecutionState.APPLIED,
        intended_at=NOW - ago,
        changed_at=NOW - ago,
    )
    return replace(mine, **fields)


def test_a_confirmed_cause_with_a_remedy_is_proposed() -> None:
    found = made(replace(make_world().ask(), diagnosis_id="dg_1"))
    assert isinstance(found, Proposal)
    assert (found.id, found.incident_id, found.diagnosis_id) == ("pr_1", "in_1", "dg_1")
    assert (found.offered_at, found.expires_at) == (NOW, NOW + HOUR)
    assert found.risk is Risk.MEDIUM
    assert found.current.action == SET
    assert found.reason == (
        "Raise the memory limit of container app in Deployment shop/checkout from 256Mi to 384Mi. Kubernetes then "
        "replaces its pods. Likely cause: oom_killed, confidence 0.93 (high). The platform confirms the failure."
    )


def test_the_same_ask_gives_the_same_digest_and_another_target_another() -> None:
    one, same, other = (made(make_world(limit=limit).ask()) for limit in ("256Mi", "256Mi", "192Mi"))
    assert isinstance(one, Proposal)
    assert isinstance(same, Proposal)
    assert isinstance(other, Proposal)
    assert one.digest == same.digest != other.digest


def test_the_digest_covers_the_object_itself() -> None:
    found = made(make_world().ask())
    assert isinstance(found, Proposal)
    anew = replace(found, steps=(replace(found.current, bound_uid="uid-2"),))
    assert anew.digest != found.digest


def test_unconfirmed_failures_get_no_fix() -> None:
    ask = make_world().ask()
    assert "did not confirm" in reason(replace(ask, dossier=replace(ask.dossier, confirmed=False)))


@pytest.mark.parametrize(("score", "offered"), [(0.5, True), (0.499, False), (0.0, False), (1.0, True)])
def test_the_floor(score: float, offered: bool) -> None:
    ask = make_world().ask()
    found = made(replace(ask, hypothesis=replace(ask.hypothesis, confidence=Confidence(score=score))))
    assert isinstance(found, Proposal) is offered


def test_a_cause_without_a_remedy_needs_a_person() -> None:
    assert "needs a person" in reason(make_world().ask(remedy=""))


def test_a_remedy_that_the_catalogue_does_not_have_is_named() -> None:
    assert "kubernetes.reboot" in reason(make_world().ask(remedy="kubernetes.reboot"))


def test_an_action_that_is_switched_off_is_not_proposed() -> None:
    rules = Rules(actions=(ActionRule(id=SET, enabled=False),))
    assert (
        reason(make_world().ask(rules=rules)) == '"Raise the memory limit" is switched off in remediation_rules.yaml.'
    )


def test_what_the_action_says_against_it_is_the_reason() -> None:
    world = make_world()
    world.change(managed_by="argocd", manager="shop")
    assert reason(world.ask()).startswith("Argo CD application shop manages this Deployment")


def test_an_escalation_needs_no_confirmation_and_no_confidence() -> None:
    ask = make_world().ask(remedy="escalate")
    weak = replace(
        ask,
        dossier=replace(ask.dossier, confirmed=False),
        hypothesis=replace(ask.hypothesis, confidence=Confidence(score=0.1)),
    )
    found = made(weak)
    assert isinstance(found, Proposal)
    assert found.risk is Risk.READ_ONLY


@pytest.mark.parametrize(("ago", "offered"), [(29.9, False), (30, True), (31, True)])
def test_a_target_rests_after_a_fix(ago: float, offered: bool) -> None:
    found = made(make_world().ask(executions=(earlier(timedelta(minutes=ago)),)))
    assert isinstance(found, Proposal) is offered


def test_the_rest_is_said() -> None:
    said = reason(make_world().ask(executions=(earlier(timedelta(minutes=10)),)))
    assert said == (
        '"Raise the memory limit" ran on this target at 14:50 UTC; it is not proposed again for another 20 minutes.'
    )


@pytest.mark.parametrize(
    ("fields", "rests"),
    [
        ({}, True),
        ({"action": "", "target": None}, True),
        ({"state": ExecutionState.UNKNOWN}, True),
        ({"state": ExecutionState.SENT}, True),
        ({"state": ExecutionState.INTENDED}, False),
        ({"state": ExecutionState.REFUSED}, False),
        ({"action": "kubernetes.rollout_restart"}, False),
        ({"target": Target(namespace="shop", name="cart", workload_kind="Deployment")}, False),
    ],
)
def test_only_what_may_have_changed_this_target_counts(fields: dict, rests: bool) -> None:
    found = made(make_world().ask(executions=(earlier(timedelta(minutes=1), **fields),)))
    assert isinstance(found, NoProposal) is rests


def test_a_rule_sets_the_rest() -> None:
    rules = Rules(actions=(ActionRule(id=SET, cooldown=0),))
    assert isinstance(made(make_world().ask(rules=rules, executions=(earlier(timedelta(minutes=1)),))), Proposal)


@pytest.mark.parametrize(
    ("verdict", "offered"), [(Verdict.FAILED, False), (Verdict.PASSED, True), (Verdict.INCONCLUSIVE, True)]
)
def test_a_fix_that_did_not_help_is_not_offered_again(verdict: Verdict, offered: bool) -> None:
    checks = (Check(name="restarts", expected="none", observed="1", passed=False),)
    verification = Verification(
        id="vf_1", incident_id="in_1", execution_id="ex_0", verdict=verdict, checks=checks, at=NOW
    )
    ask = make_world().ask(executions=(earlier(HOUR * 5),), verifications=(verification,))
    found = made(ask)
    assert isinstance(found, Proposal) is offered
    if isinstance(found, NoProposal):
        assert found.reason == (
            '"Raise the memory limit" was already tried on this target at 2026-11-24 10:00 UTC and its verification '
            "failed (not met: restarts), so it is not proposed again."
        )


def test_a_proposal_is_as_risky_as_its_riskiest_step() -> None:
    assert highest((Risk.LOW, Risk.CRITICAL, Risk.MEDIUM)) is Risk.CRITICAL
    assert highest((Risk.READ_ONLY, Risk.LOW)) is Risk.LOW


def test_nothing_that_was_tried_stands_in_the_way_of_an_escalation() -> None:
    verification = Verification(id="vf_1", incident_id="in_1", execution_id="ex_0", verdict=Verdict.FAILED, at=NOW)
    unnamed = earlier(timedelta(minutes=1), action="", target=None)
    ask = make_world().ask(remedy="escalate", executions=(unnamed,), verifications=(verification,))
    assert isinstance(made(ask), Proposal)
