"""Every verdict that a look at a rollout can come to, and what it says of the checks written down before."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.cluster import EXECUTION_MARK, Condition, Mark, Quantity
from bot.domain.errors import Forbidden, NotConfigured, TimedOut, Unavailable
from bot.domain.execution import Verdict
from bot.domain.proposal import ProposalStep
from bot.remedy.catalog import Progress, action
from bot.remedy.verify import IN_PLACE, MEMORY, RESTARTS, ROLLOUT, deadline_of
from tests.fakes.remedy_world import NOW, World, make_world

ACT = action("kubernetes.set_resources")
EXECUTION = make_world().execution()
OURS = (Mark(name=EXECUTION_MARK, value="ex_1"),)


def applied(needs: str = "300Mi") -> tuple[World, ProposalStep]:
    """The fix was applied at NOW; its one new pod started 2 s later and is well if 384Mi are enough."""
    world = make_world(needs=needs)
    step = world.step()
    ACT.send(step, world.execution(), world)
    if world.pod.ready:
        world.change_pod(state={"started_at": NOW + timedelta(seconds=2)})
    return world, step


def verified(world: World, step: ProposalStep, seconds: float) -> Progress:
    return ACT.verify(step, EXECUTION, world, NOW + timedelta(seconds=seconds))


def met(progress: Progress) -> dict[str, bool | None]:
    return {check.name: check.passed for check in progress.checks}


# --- passed, and not yet


@pytest.mark.parametrize(
    ("seconds", "verdict"), [(0, None), (60, None), (121.9, None), (122, Verdict.PASSED), (900, Verdict.PASSED)]
)
def test_it_passes_when_every_new_pod_has_run_for_the_window(seconds: float, verdict: Verdict | None) -> None:
    world, step = applied()
    progress = verified(world, step, seconds)
    assert progress.verdict is verdict
    assert met(progress) == {IN_PLACE: True, MEMORY: True, ROLLOUT: True, RESTARTS: True if verdict else None}
    assert all(check.observed for check in progress.checks)


def test_the_checks_are_those_written_down_before() -> None:
    world, step = applied()
    checks = verified(world, step, 300).checks
    assert [(c.name, c.expected) for c in checks] == [(c.name, c.expected) for c in step.verification]
    assert [c.expected for c in checks][1:] == [
        "app runs with 384Mi",
        "every replica is updated and ready, the newest generation is observed",
        "no restart of container app in a new pod for 120 s",
    ]


def test_a_node_whose_clock_is_behind_cannot_shorten_the_window() -> None:
    world, step = applied()
    world.change_pod(state={"started_at": NOW - timedelta(hours=1)})
    assert verified(world, step, 119).verdict is None
    assert verified(world, step, 120).verdict is Verdict.PASSED


NOT_YET: list[tuple[str, Callable[[World], None], str]] = [
    ("old pods only", lambda w: w.change_pod(marks=()), ROLLOUT),
    ("no pods", lambda w: w.fake.pods_by_name.clear(), ROLLOUT),
    ("new pod on its way out", lambda w: w.change_pod(deleting=True), ROLLOUT),
    ("not ready", lambda w: w.change_pod(ready=False), ROLLOUT),
    ("second replica missing", lambda w: w.change(replicas=2, updated=2, ready=2), ROLLOUT),
    ("controller behind", lambda w: w.change(observed_generation=1), ROLLOUT),
    ("not updated", lambda w: w.change(updated=0), ROLLOUT),
    ("workload not ready", lambda w: w.change(ready=0), ROLLOUT),
    (
        "image still pulled",
        lambda w: w.change_pod(ready=False, state={"state": "waiting", "reason": "ErrImagePull"}),
        RESTARTS,
    ),
    (
        "creating",
        lambda w: w.change_pod(ready=False, state={"state": "waiting", "reason": "ContainerCreating"}),
        RESTARTS,
    ),
    ("no status yet", lambda w: w.change_pod(ready=False, state={"state": "", "started_at": None}), RESTARTS),
    ("start time unknown", lambda w: w.change_pod(state={"started_at": None}), RESTARTS),
    ("just started", lambda w: w.change_pod(state={"started_at": NOW + timedelta(seconds=650)}), RESTARTS),
    (
        "finished cleanly",
        lambda w: w.change_pod(state={"state": "terminated", "reason": "Completed", "exit_code": 0}),
        RESTARTS,
    ),
    (
        "init container tries again",
        lambda w: w.change_pod(ready=False, state={"init": True, "state": "waiting", "reason": "CrashLoopBackOff"}),
        RESTARTS,
    ),
]


@pytest.mark.parametrize(("change", "name"), [row[1:] for row in NOT_YET], ids=[row[0] for row in NOT_YET])
def test_not_yet_and_inconclusive_after_the_deadline(change: Callable[[World], None], name: str) -> None:
    world, step = applied()
    change(world)
    progress = verified(world, step, 300)
    assert progress.verdict is None
    assert met(progress)[name] is None
    assert next(check.observed for check in progress.checks if check.name == name)
    assert verified(world, step, 720).verdict is None
    assert verified(world, step, 720.1).verdict is Verdict.INCONCLUSIVE


def test_the_deadline_is_ten_minutes_and_the_window() -> None:
    _, step = applied()
    assert deadline_of(EXECUTION, step) == NOW + timedelta(seconds=720)


def test_a_pod_that_finds_no_node_is_said() -> None:
    world, step = applied()
    condition = Condition(type="PodScheduled", status="False", reason="Unschedulable", message="0/2 nodes:\nno memory")
    world.change_pod(ready=False, conditions=(condition,), state={"state": ""})
    observed = {check.name: check.observed for check in verified(world, step, 5).checks}
    assert observed[ROLLOUT] == "0 of 1 new pods ready; Unschedulable: 0/2 nodes: no memory"


def test_pods_that_the_quota_refuses_are_said() -> None:
    world, step = applied()
    condition = Condition(type="ReplicaFailure", status="True", reason="FailedCreate", message="exceeded quota")
    world.fake.pods_by_name.clear()
    world.change(conditions=(condition,))
    observed = {check.name: check.observed for check in verified(world, step, 5).checks}
    assert observed[ROLLOUT] == "0 of 1 new pods ready; FailedCreate: exceeded quota"


@pytest.mark.parametrize(("kind", "said"), [("StatefulSet", True), ("Deployment", False)])
def test_a_stateful_set_that_waits_for_its_sick_pod_is_said(kind: str, said: bool) -> None:
    world, step = applied()
    world.change_pod(marks=(), ready=False)
    there = replace(step, target=replace(step.target, workload_kind=kind))
    world.fake.workloads["shop", kind, "checkout"] = world.workload
    progress = verified(world, there, 5)
    assert progress.verdict is None
    assert any("delete it by hand" in check.observed for check in progress.checks) is said


# --- failed


FAILURES: list[tuple[str, Callable[[World], None], str, str]] = [
    (
        "killed again",
        lambda w: w.change_pod(state={"restarts": 1, "last_reason": "OOMKilled", "last_exit_code": 137}),
        RESTARTS,
        "restarted once, last ended with OOMKilled (exit 137)",
    ),
    (
        "an error instead",
        lambda w: w.change_pod(state={"restarts": 3, "last_reason": "Error", "last_exit_code": 1}),
        RESTARTS,
        "restarted 3 times, last ended with Error (exit 1)",
    ),
    ("restarted, nobody knows why", lambda w: w.change_pod(state={"restarts": 1}), RESTARTS, "an unknown reason"),
    (
        "dead before its first restart",
        lambda w: w.change_pod(ready=False, state={"state": "terminated", "reason": "OOMKilled", "exit_code": 137}),
        RESTARTS,
        "ended with OOMKilled (exit 137)",
    ),
    *(
        (
            reason,
            lambda w, reason=reason: w.change_pod(ready=False, state={"state": "waiting", "reason": reason}),
            ROLLOUT,
            reason,
        )
        for reason in (
            "CrashLoopBackOff",
            "ImagePullBackOff",
            "InvalidImageName",
            "ErrImageNeverPull",
            "CreateContainerConfigError",
            "CreateContainerError",
            "RunContainerError",
        )
    ),
    (
        "an init image that is not there",
        lambda w: w.change_pod(ready=False, state={"init": True, "state": "waiting", "reason": "ImagePullBackOff"}),
        ROLLOUT,
        "ImagePullBackOff",
    ),
    (
        "another limit on the way",
        lambda w: w.change_pod(state={"limits": (Quantity(name="memory", amount="200Mi"),)}),
        MEMORY,
        "runs with 200Mi",
    ),
    ("no limit on the way", lambda w: w.change_pod(state={"limits": ()}), MEMORY, "runs with no limit"),
]


@pytest.mark.parametrize(("change", "name", "said"), [row[1:] for row in FAILURES], ids=[row[0] for row in FAILURES])
@pytest.mark.parametrize("seconds", [5, 5000])
def test_it_fails_at_once(change: Callable[[World], None], name: str, said: str, seconds: float) -> None:
    world, step = applied()
    change(world)
    progress = verified(world, step, seconds)
    assert progress.verdict is Verdict.FAILED
    assert met(progress)[name] is False
    assert said in next(check.observed for check in progress.checks if check.name == name)


def test_the_twin_more_memory_does_not_help() -> None:
    world, step = applied(needs="2Gi")
    progress = verified(world, step, 5)
    assert progress.verdict is Verdict.FAILED
    assert (met(progress)[ROLLOUT], met(progress)[RESTARTS]) == (False, False)


def test_one_bad_pod_among_good_ones_fails() -> None:
    world, step = applied()
    pod = world.pod
    bad = replace(pod.containers[0], restarts=1, last_reason="OOMKilled")
    world.fake.pods_by_name["shop", "bad"] = replace(pod, name="bad", uid="bad", containers=(bad,))
    world.fake.owners["bad"] = world.fake.owners[pod.uid]
    world.change(replicas=2, updated=2, ready=2)
    assert verified(world, step, 300).verdict is Verdict.FAILED


@pytest.mark.parametrize("fields", [{"marks": ()}, {"deleting": True}])
def test_old_and_leaving_pods_prove_nothing(fields: dict) -> None:
    world, step = applied()
    dead = replace(
        world.pod.containers[0], restarts=9, last_reason="OOMKilled", state="waiting", reason="CrashLoopBackOff"
    )
    old = replace(world.pod, name="old", uid="old", ready=False, containers=(dead,), **{"marks": OURS, **fields})
    world.fake.pods_by_name["shop", "old"] = old
    world.fake.owners["old"] = world.fake.owners[world.pod.uid]
    assert verified(world, step, 300).verdict is Verdict.PASSED


def test_another_container_may_restart_but_not_back_off() -> None:
    world, step = applied()
    side = replace(world.pod.containers[0], name="side", restarts=4, last_reason="Error", limits=())
    world.change_pod(containers=(*world.pod.containers, side))
    assert verified(world, step, 300).verdict is Verdict.PASSED
    waiting = replace(side, state="waiting", reason="CrashLoopBackOff")
    world.change_pod(ready=False, containers=(world.pod.containers[0], waiting))
    assert verified(world, step, 300).verdict is Verdict.FAILED


# --- inconclusive


def set_limit(world: World) -> None:
    limits = (Quantity(name="memory", amount="256Mi"),)
    world.change(generation=3, containers=(replace(world.workload.containers[0], limits=limits),))


CHANGED_AFTER: list[tuple[str, Callable[[World], None], str]] = [
    ("deleted", lambda w: w.fake.workloads.clear(), "does not exist"),
    ("made anew", lambda w: w.change(uid="uid-2"), "made anew"),
    ("undone", lambda w: w.change(marks=()), "is gone"),
    ("another fix", lambda w: w.mark("ex_2"), "another execution changed it (ex_2)"),
    ("limit changed", set_limit, "somebody set the limit to 256Mi"),
    ("container gone", lambda w: w.change(containers=()), "somebody set the limit to none"),
    ("scaled to 0", lambda w: w.change(replicas=0), "scaled the workload to 0"),
]


@pytest.mark.parametrize(("change", "said"), [row[1:] for row in CHANGED_AFTER], ids=[row[0] for row in CHANGED_AFTER])
def test_somebody_elses_change_makes_it_inconclusive_at_once(change: Callable[[World], None], said: str) -> None:
    world, step = applied()
    change(world)
    progress = verified(world, step, 300)
    assert progress.verdict is Verdict.INCONCLUSIVE
    assert [check.name for check in progress.checks if check.passed is False] == [IN_PLACE]
    assert said in progress.checks[0].observed


def test_somebody_elses_harmless_change_is_none_of_our_business() -> None:
    world, step = applied()
    world.change(generation=7, observed_generation=7)
    assert verified(world, step, 300).verdict is Verdict.PASSED


@pytest.mark.parametrize("error", [Unavailable("down"), TimedOut("slow"), Forbidden("no"), NotConfigured("none")])
@pytest.mark.parametrize("operation", ["workload", "pods"])
def test_an_outage_is_no_verdict_before_the_deadline(error: Exception, operation: str) -> None:
    world, step = applied()
    world.fake.fail(operation, error)
    progress = verified(world, step, 300)
    assert progress.verdict is None
    assert progress.checks[0].observed == f"the platform could not be asked: {error}"
    world.fake.fail(operation, error)
    assert verified(world, step, 721).verdict is Verdict.INCONCLUSIVE


def test_more_replicas_than_can_be_listed_are_judged_by_the_newest() -> None:
    world, step = applied()
    pod = world.pod
    for number in range(59):
        name = f"more-{number}"
        world.fake.pods_by_name["shop", name] = replace(pod, name=name, uid=name)
        world.fake.owners[name] = world.fake.owners[pod.uid]
    world.change(replicas=60, updated=60, ready=60)
    assert verified(world, step, 300).verdict is Verdict.PASSED


def test_a_step_without_checks_never_passes() -> None:
    world, step = applied()
    assert verified(world, replace(step, verification=()), 300).verdict is None
