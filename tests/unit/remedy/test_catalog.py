"""The catalogue, its reference, and the two actions that prove that the contract carries."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.action import Looked, Risk
from bot.domain.cluster import EXECUTION_MARK
from bot.domain.connections import ConnectionKind
from bot.domain.errors import Misuse
from bot.domain.execution import Verdict
from bot.remedy.actions.rollout_restart import RESTARTED_AT, TIME_PLACE
from bot.remedy.catalog import ACTIONS, PLANS, REMEDIES, NotOffered, action, actions_reference, permissions, plans
from bot.remedy.rolling import EXECUTION_PLACE, VERSION_PLACE
from tests.fakes.remedy_world import NOW, make_world

ROOT = Path(__file__).resolve().parents[3]
RESTART = action("kubernetes.rollout_restart")
ESCALATE = action("escalate")


def test_ids_are_unique_and_found() -> None:
    assert len({each.spec.id for each in ACTIONS}) == len(ACTIONS)
    assert all(action(each.spec.id) is each for each in ACTIONS)


def test_an_unknown_action_is_our_own_fault() -> None:
    with pytest.raises(Misuse, match=r"kubernetes\.delete"):
        action("kubernetes.delete")


def test_the_reference_is_current() -> None:
    current = "docs/actions.md is not current: write actions_reference() of bot/remedy/catalog.py into it"
    assert (ROOT / "docs" / "actions.md").read_text(encoding="utf-8") == actions_reference(), current


def test_rights_are_told_apart_by_platform() -> None:
    assert {(p.verb, p.group, p.resource) for p in permissions(ConnectionKind.KUBERNETES)} == {
        ("patch", "apps", resource) for resource in ("deployments", "statefulsets", "daemonsets")
    }
    assert [(p.verb, p.resource) for p in permissions(ConnectionKind.GITHUB)] == [
        ("write", "actions"),
        ("write", "contents"),
        ("write", "pull requests"),
    ]
    assert [(p.verb, p.resource) for p in permissions(ConnectionKind.ARGOCD)] == [("sync", "applications")]


def test_a_plan_is_made_of_actions_of_the_catalogue_and_an_action_is_its_own() -> None:
    assert [[act.spec.id for act in way] for way in plans("credential.refresh")] == [
        ["github.dispatch_workflow", "github.rerun_failed_jobs"]
    ]
    assert [[act.spec.id for act in way] for way in plans("argocd.sync")] == [["argocd.sync"]]
    assert plans("kubernetes.delete") == plans("") == ()
    assert all(plans(remedy) for remedy in REMEDIES)
    assert PLANS.keys() < REMEDIES


def test_every_action_is_in_the_reference_with_its_file() -> None:
    text = actions_reference()
    for each in ACTIONS:
        assert f"`{each.spec.id}`" in text
    sources = [line.split("`")[1] for line in text.splitlines() if line.startswith("| source")]
    assert all((ROOT / source).is_file() for source in sources)
    assert len(sources) == len(ACTIONS)


GUARDED = {"kubernetes.set_resources", "kubernetes.rollout_restart", "github.open_fix_pr", "escalate"}


def test_whatever_changes_a_platform_has_a_marker_and_rights_and_says_whether_it_has_a_guard() -> None:
    for each in ACTIONS:
        assert bool(each.spec.guard) is (each.spec.id in GUARDED)
        assert each.spec.marker
        assert bool(each.spec.permissions) is (each.spec.risk is not Risk.READ_ONLY)


# --- kubernetes.rollout_restart


def test_a_restart_writes_the_annotation_and_the_marks_and_nothing_else() -> None:
    world = make_world()
    step, before = world.step("kubernetes.rollout_restart"), world.workload
    RESTART.send(step, world.execution(), world)
    assert world.workload.mark(RESTARTED_AT) == "2026-11-24T15:00:00Z"
    assert world.pod.mark(EXECUTION_MARK) == world.workload.mark(EXECUTION_MARK) == "ex_1"
    assert world.workload.containers == before.containers
    _, _, body = step.preview.request.partition("\n\n")
    shown = json.loads(body.replace(EXECUTION_PLACE, "ex_1").replace(TIME_PLACE, "2026-11-24T15:00:00Z"))
    assert shown == {
        "metadata": {"annotations": {EXECUTION_MARK: "ex_1"}, "resourceVersion": VERSION_PLACE},
        "spec": {
            "template": {"metadata": {"annotations": {EXECUTION_MARK: "ex_1", RESTARTED_AT: "2026-11-24T15:00:00Z"}}}
        },
    }


def test_a_restart_is_verified_over_all_containers() -> None:
    world = make_world(needs="")
    step = replace(world.step("kubernetes.rollout_restart"))
    RESTART.send(step, world.execution(), world)
    world.change_pod(state={"started_at": NOW})
    after = NOW.replace(minute=2)
    assert RESTART.verify(step, world.execution(), world, after).verdict is Verdict.PASSED
    world.change_pod(state={"restarts": 1, "last_reason": "Error"})
    assert RESTART.verify(step, world.execution(), world, after).verdict is Verdict.FAILED


@pytest.mark.parametrize(
    ("pod", "state", "ok"),
    [
        ({}, {}, True),
        ({"ready": True}, {"state": "running", "last_exit_code": 1}, True),
        ({"ready": False}, {"state": "running", "last_exit_code": None}, True),
        ({"ready": True}, {"state": "running", "last_exit_code": None}, False),
        ({"ready": True}, {"state": "running", "last_exit_code": 0}, False),
    ],
)
def test_a_restart_needs_a_pod_that_fails(pod: dict, state: dict, ok: bool) -> None:
    world = make_world()
    step = world.step("kubernetes.rollout_restart")
    world.change_pod(state=state, **pod)
    assert RESTART.preflight(step, world, "ex_1", dry_run=True).ok is ok


def test_a_managed_workload_is_not_restarted_in_the_cluster() -> None:
    world = make_world()
    world.change(managed_by="argocd", manager="shop")
    assert isinstance(RESTART.draft(world.ask("kubernetes.rollout_restart")), NotOffered)


# --- escalate


def test_an_escalation_asks_no_platform() -> None:
    world = make_world()
    step = world.step("escalate")
    before = dict(world.fake.calls)
    assert ESCALATE.preflight(step, world, "ex_1", dry_run=True).ok
    assert ESCALATE.send(step, world.execution(), world) == "note"
    assert ESCALATE.look(step, world.execution(), world) is Looked.APPLIED
    progress = ESCALATE.verify(step, world.execution(), world, NOW)
    assert progress.verdict is Verdict.PASSED
    assert all(check.passed for check in progress.checks)
    assert dict(world.fake.calls) == before


def test_an_escalation_fits_an_incident_without_a_workload() -> None:
    ask = make_world().ask("escalate")
    bare = replace(ask, dossier=replace(ask.dossier, workload=None, pods=(), confirmed=False))
    assert not isinstance(ESCALATE.draft(bare), NotOffered)


def test_an_init_container_may_have_tried_more_than_once() -> None:
    world = make_world(needs="")
    step = world.step("kubernetes.rollout_restart")
    RESTART.send(step, world.execution(), world)
    world.change_pod(state={"started_at": NOW})
    waiter = replace(world.pod.containers[0], name="wait-for-db", init=True, restarts=2, last_reason="Error")
    world.change_pod(containers=(waiter, *world.pod.containers))
    assert RESTART.verify(step, world.execution(), world, NOW.replace(minute=2)).verdict is Verdict.PASSED


def test_a_restart_that_has_arrived_is_not_sent_again() -> None:
    """Its fields look as before, so only the mark tells that the first request came through after all."""
    world = make_world()
    step = world.step("kubernetes.rollout_restart")
    RESTART.send(step, world.execution(), world)
    again = RESTART.preflight(step, world, "ex_1", dry_run=True)
    assert not again.ok
    assert again.checks[-1].observed == "this very run has changed it already"
    assert RESTART.preflight(step, world, "ex_2", dry_run=True).ok
