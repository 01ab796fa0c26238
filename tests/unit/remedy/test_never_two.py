"""However an answer is lost and whenever the process dies: what was approved is done once at most, and that is known."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from bot.domain.action import Looked
from bot.domain.errors import Forbidden
from bot.domain.execution import ExecutionState
from bot.domain.proposal import ProposalStep
from tests.fakes.delivery_world import GOOD, ROTATE, SHOP, DeliveryWorld

BAD = GOOD.replace("replicas: 3", 'replicas: "3"')


def rerun(world: DeliveryWorld) -> ProposalStep:
    return world.drafted(world.ask("github.rerun_failed_jobs", run=world.failed_run()))


def dispatch(world: DeliveryWorld) -> ProposalStep:
    quote = "unauthorized: the token for registry.example expired"
    return world.drafted(world.ask("github.dispatch_workflow", quote=quote, run=world.failed_run(quote)))


def pull(world: DeliveryWorld) -> ProposalStep:
    return world.drafted(world.app_ask(*world.broken_app(BAD)))


def sync(world: DeliveryWorld) -> ProposalStep:
    world.broken_app(BAD)
    return world.drafted(world.ask("argocd.sync", app=world.argocd.apps["shop"]))


@dataclass
class Case:
    """An action: how to draft it, its write as the fakes call it, and how often it was done."""

    draft: Callable[[DeliveryWorld], ProposalStep]
    fault: tuple[str, ...]
    done: Callable[[DeliveryWorld], int]
    guarded: bool = False


CASES = {
    "rerun": Case(rerun, ("rerun_failed_jobs",), lambda w: w.github.writes["rerun"]),
    "dispatch": Case(dispatch, ("dispatch",), lambda w: w.github.writes["dispatch"]),
    "pull request": Case(
        pull,
        ("open_pull.ref", "open_pull.contents", "open_pull.pull"),
        lambda w: max(w.github.writes[each] for each in ("ref", "contents", "pull")),
        guarded=True,
    ),
    "sync": Case(sync, ("",), lambda w: len(w.argocd.syncs)),
}
EACH = [pytest.param(case, fault, id=f"{name} {fault}") for name, case in CASES.items() for fault in case.fault]
FAULTS = ["lose_answer", "answer_500"]


def break_answer(world: DeliveryWorld, how: str, fault: str, applied: bool) -> None:
    if fault:
        getattr(world.github, how)(fault, applied=applied)
    else:
        getattr(world.argocd, how)(applied=applied)


@pytest.mark.parametrize(("case", "fault"), EACH)
def test_without_any_trouble_it_is_done_once(case: Case, fault: str) -> None:
    world = DeliveryWorld()
    execution = world.work(case.draft(world))
    assert execution.state is ExecutionState.APPLIED, execution
    assert execution.handle
    assert case.done(world) == 1
    assert world.look() is Looked.APPLIED


@pytest.mark.parametrize("how", FAULTS)
@pytest.mark.parametrize(("case", "fault"), EACH)
def test_done_and_the_answer_lost_is_found_and_not_done_again(case: Case, fault: str, how: str) -> None:
    world = DeliveryWorld()
    step = case.draft(world)
    break_answer(world, how, fault, applied=True)
    execution = world.work(step)
    assert execution.state is ExecutionState.APPLIED, execution
    assert case.done(world) == 1


@pytest.mark.parametrize("how", FAULTS)
@pytest.mark.parametrize(("case", "fault"), EACH)
def test_not_done_and_the_answer_lost_is_sent_again_under_a_guard_only(case: Case, fault: str, how: str) -> None:
    world = DeliveryWorld()
    step = case.draft(world)
    break_answer(world, how, fault, applied=False)
    execution = world.work(step)
    assert case.done(world) == (1 if case.guarded else 0)
    assert execution.state is (ExecutionState.APPLIED if case.guarded else ExecutionState.UNKNOWN)
    assert world.look() is (Looked.APPLIED if case.guarded else Looked.NOT_APPLIED)


@pytest.mark.parametrize("moment", ["before intend", "intend", "before sent", "sent", "before outcome", "outcome"])
@pytest.mark.parametrize(("case", "fault"), EACH)
def test_dying_at_any_durable_step_does_it_once_at_most(case: Case, fault: str, moment: str) -> None:
    world = DeliveryWorld()
    execution = world.work(case.draft(world), die_at=moment)
    lost = (
        moment == "sent" and not case.guarded
    )  # marked as sent, and then nothing was sent: only a guard allows it again
    assert case.done(world) == (0 if lost else 1)
    assert execution.state is (ExecutionState.UNKNOWN if lost else ExecutionState.APPLIED)


@pytest.mark.parametrize("how", FAULTS)
@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize(("case", "fault"), EACH)
def test_dying_after_a_lost_answer_does_it_once_at_most(case: Case, fault: str, applied: bool, how: str) -> None:
    world = DeliveryWorld()
    step = case.draft(world)
    break_answer(world, how, fault, applied)
    execution = world.work(step, die_at="before outcome")
    assert case.done(world) == (1 if applied or case.guarded else 0)
    assert world.applied is (applied or case.guarded), execution


@pytest.mark.parametrize(("case", "fault"), EACH)
def test_a_refusal_is_final_and_said(case: Case, fault: str) -> None:
    world = DeliveryWorld()
    step = case.draft(world)
    if fault:
        world.github.refuse(fault, "Resource not accessible by integration")
    else:
        world.argocd.fail("sync", Forbidden("permission denied: applications, sync"))
    execution = world.work(step)
    assert execution.state is ExecutionState.REFUSED
    assert "not accessible" in execution.detail or "permission denied" in execution.detail
    assert world.look() is Looked.NOT_APPLIED


def test_both_steps_of_a_credential_are_done_once() -> None:
    world = DeliveryWorld()
    quote = "unauthorized: the token for registry.example expired"
    run = world.failed_run(quote)
    world.github.comes_to[SHOP, run.workflow_path] = "failure"
    world.github.cures[SHOP, ROTATE] = (SHOP, run.workflow_path)
    ask = world.ask("github.dispatch_workflow", quote=quote, run=run)
    world.work(world.drafted(ask))
    assert world.verify().verdict.value == "passed"
    world.work(world.drafted(ask, "github.rerun_failed_jobs"))
    assert world.verify().verdict.value == "passed"
    assert world.github.writes == {"dispatch": 1, "rerun": 1}
