"""What a look says of an execution whose answer we do not have, in every state that the workload can be in."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.domain.action import Looked
from bot.domain.cluster import EXECUTION_MARK, Mark, Quantity, Workload
from bot.domain.errors import AnswerLost, Conflict, Unavailable
from bot.remedy.actions.rollout_restart import RESTARTED_AT
from bot.remedy.catalog import action
from tests.fakes.remedy_world import World, make_world

ACT = action("kubernetes.set_resources")
OURS = (Mark(name=EXECUTION_MARK, value="ex_1"),)


def limited(world: World, amount: str) -> tuple:
    return (replace(world.workload.containers[0], limits=(Quantity(name="memory", amount=amount),)),)


def spec_changes(number: int, limit: str = "256Mi", mark: str = "") -> Callable[[World], None]:
    """The spec was changed so many times, at last to this limit, with this mark."""

    def change(world: World) -> None:
        marks = (Mark(name=EXECUTION_MARK, value=mark),) if mark else ()
        world.change(generation=world.workload.generation + number, containers=limited(world, limit), marks=marks)

    return change


def and_a_marked_pod(change: Callable[[World], None]) -> Callable[[World], None]:
    def both(world: World) -> None:
        change(world)
        world.change_pod(marks=OURS)

    return both


TABLE = [
    ("untouched", lambda _: None, Looked.NOT_APPLIED),
    ("status written", lambda w: w.fake.status_write("shop", "Deployment", "checkout"), Looked.NOT_APPLIED),
    ("annotated by somebody", lambda w: w.mark("ex_0"), Looked.NOT_APPLIED),
    ("ours", spec_changes(1, "384Mi", "ex_1"), Looked.APPLIED),
    ("ours, then scaled", spec_changes(3, "384Mi", "ex_1"), Looked.APPLIED),
    ("ours, limit changed after", spec_changes(2, "512Mi", "ex_1"), Looked.APPLIED),
    ("scaled once by somebody", spec_changes(1), Looked.NOT_APPLIED),
    ("another execution changed it once", spec_changes(1, "300Mi", "ex_2"), Looked.NOT_APPLIED),
    ("the same change without our mark", spec_changes(1, "384Mi"), Looked.CANNOT_TELL),
    ("changed twice, our mark gone", spec_changes(2), Looked.CANNOT_TELL),
    ("changed twice, another's mark", spec_changes(2, "576Mi", "ex_2"), Looked.CANNOT_TELL),
    ("changed twice, a pod of ours lives", and_a_marked_pod(spec_changes(2)), Looked.APPLIED),
    ("made anew", lambda w: w.change(uid="uid-2"), Looked.CANNOT_TELL),
    ("gone", lambda w: w.fake.workloads.clear(), Looked.CANNOT_TELL),
]


@pytest.mark.parametrize(("change", "looked"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_set_resources(change: Callable[[World], None], looked: Looked) -> None:
    world = make_world()
    step, execution = world.step(), world.execution()
    change(world)
    assert ACT.look(step, execution, world) is looked
    assert world.fake.calls["patch"] == 0


@pytest.mark.parametrize("applied", [True, False])
def test_a_lost_answer_is_found_out(applied: bool) -> None:
    world = make_world()
    step, execution = world.step(), world.execution()
    world.fake.lose_answer(applied=applied)
    with pytest.raises(AnswerLost):
        ACT.send(step, execution, world)
    assert ACT.look(step, execution, world) is (Looked.APPLIED if applied else Looked.NOT_APPLIED)


@pytest.mark.parametrize("late", [True, False])
def test_sending_again_after_not_applied_never_makes_two(late: bool) -> None:
    """The first request may still arrive after the look: the guard lets one of the two through."""
    world = make_world()
    step, execution = world.step(), world.execution()
    assert ACT.look(step, execution, world) is Looked.NOT_APPLIED
    if late:
        ACT.send(step, execution, world)
    try:
        ACT.send(step, execution, world)
    except Conflict:
        assert late
    assert world.workload.generation == 2
    assert ACT.look(step, execution, world) is Looked.APPLIED


def test_without_a_generation_beside_the_guard_doubt_grows_and_certainty_does_not() -> None:
    world = make_world()
    step = world.step()
    world.change(generation=3)
    execution = world.execution(guard_generation=0)
    assert ACT.look(step, execution, world) is Looked.NOT_APPLIED  # the version is still the guard
    world.fake.status_write("shop", "Deployment", "checkout")
    assert ACT.look(step, execution, world) is Looked.CANNOT_TELL
    assert ACT.look(step, replace(execution, guard_generation=3), world) is Looked.NOT_APPLIED


def test_an_outage_is_no_answer() -> None:
    world = make_world()
    world.fake.fail("workload", Unavailable("down"))
    with pytest.raises(Unavailable):
        ACT.look(world.step(), world.execution(), world)


def restarted(workload: Workload, at: str) -> dict[str, object]:
    return {"generation": workload.generation + 1, "marks": (Mark(name=RESTARTED_AT, value=at),)}


@pytest.mark.parametrize(
    ("at", "looked"),
    [("2026-11-24T15:00:00Z", Looked.CANNOT_TELL), ("2026-11-24T14:59:00Z", Looked.NOT_APPLIED)],
)
def test_a_restart_is_seen_by_its_time(at: str, looked: Looked) -> None:
    world = make_world()
    act = action("kubernetes.rollout_restart")
    step, execution = world.step("kubernetes.rollout_restart"), world.execution()
    world.change(**restarted(world.workload, at))
    assert act.look(step, execution, world) is looked
