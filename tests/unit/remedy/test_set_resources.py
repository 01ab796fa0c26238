"""kubernetes.set_resources: what is drafted is what is sent, under a guard, once."""

import json
from dataclasses import replace

import pytest

from bot.adapters.kubernetes import cluster as adapter
from bot.domain.cluster import EXECUTION_MARK, Container, Quantity
from bot.domain.errors import AnswerLost, Conflict, Forbidden, NotFound, Rejected, Unavailable
from bot.remedy.catalog import NotOffered, action
from bot.remedy.rolling import EXECUTION_PLACE, VERSION_PLACE
from tests.fakes.remedy_world import World, make_world

ACT = action("kubernetes.set_resources")


def drafted(world: World) -> str:
    """The reason why nothing is offered."""
    found = ACT.draft(world.ask())
    assert isinstance(found, NotOffered)
    return found.reason


def quantities(amount: str) -> tuple[Quantity, ...]:
    return (Quantity(name="memory", amount=amount),) if amount else ()


# --- the draft


def test_the_limit_is_raised_by_half_and_the_request_kept() -> None:
    step = make_world().step()
    assert [(p.name, p.value) for p in step.params] == [
        ("container", "app"),
        ("resource", "memory"),
        ("from", "256Mi"),
        ("to", "384Mi"),
    ]
    assert step.target.title == "Deployment shop/checkout"
    assert step.target.container == "app"
    assert step.verify_after == 120
    assert [f"{line.sign} {line.text}" for line in step.preview.diff] == [
        "  spec.template.spec.containers[name=app].resources:",
        "-   limits.memory: 256Mi",
        "+   limits.memory: 384Mi",
        "    requests.memory: 128Mi",
        "+ metadata.annotations[codehealer.io/execution]: <execution id>",
        "+ spec.template.metadata.annotations[codehealer.io/execution]: <execution id>",
    ]


def test_a_guaranteed_pod_stays_guaranteed_and_that_is_said() -> None:
    step = make_world(limit="256Mi", request="256Mi").step()
    assert (step.param("request_from"), step.param("request_to")) == ("256Mi", "384Mi")
    assert [line.text.strip() for line in step.preview.diff if line.sign == "+"][:2] == [
        "limits.memory: 384Mi",
        "requests.memory: 384Mi",
    ]
    assert any("Guaranteed" in warning for warning in step.preview.warnings)


def test_a_missing_request_is_warned_about() -> None:
    world = make_world()
    container = replace(world.workload.containers[0], requests=())
    world.change(containers=(container,))
    step = world.step()
    assert not step.param("request_to")
    assert any("each pod then reserves 384Mi" in warning for warning in step.preview.warnings)


def test_an_earlier_mark_is_shown_as_replaced() -> None:
    world = make_world()
    world.mark("ex_0")
    lines = [f"{line.sign} {line.text}" for line in world.step().preview.diff]
    assert "- metadata.annotations[codehealer.io/execution]: ex_0" in lines


@pytest.mark.parametrize(
    ("managed_by", "manager", "reason"),
    [
        (
            "argocd",
            "shop",
            "Argo CD application shop manages this Deployment and would revert the edit; change it in its source.",
        ),
        (
            "flux",
            "flux-system/apps",
            "Flux (flux-system/apps) manages this Deployment and would revert the edit; change it in its source.",
        ),
        (
            "helm",
            "shop/checkout",
            "Helm release shop/checkout owns this Deployment and its next upgrade would revert the edit; change the release's values.",
        ),
        (
            "argocd",
            "<!channel>\n*x* ",
            "Argo CD application channelx manages this Deployment and would revert the edit; change it in its source.",
        ),
        ("other", "", "(unnamed) manages this Deployment and would revert the edit."),
    ],
)
def test_a_managed_workload_is_not_edited(managed_by: str, manager: str, reason: str) -> None:
    world = make_world()
    world.change(managed_by=managed_by, manager=manager)
    assert drafted(world) == reason


def test_without_a_workload_there_is_nothing_to_change() -> None:
    world = make_world()
    ask = world.ask()
    found = ACT.draft(replace(ask, dossier=replace(ask.dossier, workload=None)))
    assert isinstance(found, NotOffered)
    assert "nothing to change" in found.reason


def test_only_what_the_platform_saw_killed_gets_more_memory() -> None:
    world = make_world()
    world.change_pod(state={"last_reason": "Error", "last_exit_code": 1})
    assert "does not show" in drafted(world)


@pytest.mark.parametrize(
    "state",
    [
        {"last_reason": "OOMKilled", "last_exit_code": 137},
        {"last_reason": "Error", "last_exit_code": 137},
        {"state": "terminated", "reason": "OOMKilled", "exit_code": 137, "last_reason": "", "last_exit_code": None},
    ],
)
def test_every_face_of_a_kill_counts(state: dict) -> None:
    world = make_world()
    world.change_pod(state=state)
    assert world.step().param("to") == "384Mi"


def test_an_init_container_that_was_killed_is_not_it() -> None:
    world = make_world()
    world.change_pod(state={"init": True})
    assert "does not show" in drafted(world)


def test_of_two_killed_containers_the_alert_decides_then_the_restarts() -> None:
    world = make_world()
    side = Container(name="side", limits=quantities("100Mi"))
    world.change(containers=(*world.workload.containers, side))
    state = world.pod.containers[0]
    world.fake.pods_by_name = {
        ("shop", "p"): replace(world.pod, containers=(state, replace(state, name="side", restarts=9)))
    }
    assert world.step().param("container") == "side"
    ask = world.ask()
    named = replace(ask, incident=replace(ask.incident, target=replace(ask.incident.target, container="app")))
    step = ACT.draft(named)
    assert not isinstance(step, NotOffered)
    assert step.param("container") == "app"


def test_without_a_limit_the_node_ran_out() -> None:
    world = make_world()
    world.change(containers=(replace(world.workload.containers[0], limits=()),))
    assert "has no memory limit" in drafted(world)


def test_beyond_the_rules_nothing_is_offered() -> None:
    assert "4Gi at most" in drafted(make_world(limit="4Gi", needs="5Gi"))


# --- what is shown is what is sent


@pytest.mark.parametrize("reserved", ["128Mi", "256Mi"])
def test_the_request_shown_is_the_request_sent(reserved: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world(request=reserved)
    step, execution, sent = world.step(), world.execution(), []
    real = world.fake.patch
    monkeypatch.setattr(world.fake, "patch", lambda patch, dry_run: (sent.append(patch), real(patch, dry_run))[1])
    handle = ACT.send(step, execution, world)
    head, _, body = step.preview.request.partition("\n\n")
    shown = json.loads(body.replace(EXECUTION_PLACE, execution.id))
    assert shown["metadata"].pop("resourceVersion") == VERSION_PLACE
    assert [json.loads(each.body) for each in sent] == [shown]
    assert sent[0].resource_version == execution.guard
    assert handle == f"uid-checkout@{world.workload.resource_version}"
    path = adapter.WORKLOAD.format(namespace="shop", plural="deployments", name="checkout")
    assert head.splitlines()[0] == f"PATCH {path}?fieldManager={adapter.FIELD_MANAGER}&fieldValidation=Strict"


@pytest.mark.parametrize(("reserved", "after"), [("128Mi", "128Mi"), ("256Mi", "384Mi")])
def test_one_patch_changes_and_marks(reserved: str, after: str) -> None:
    world = make_world(request=reserved)
    ACT.send(world.step(), world.execution(), world)
    container = world.workload.containers[0]
    assert (container.limit("memory"), container.request("memory")) == ("384Mi", after)
    assert world.workload.mark(EXECUTION_MARK) == world.pod.mark(EXECUTION_MARK) == "ex_1"
    assert world.fake.calls["patch"] == 1


def test_the_guard_refuses_once_the_workload_has_moved() -> None:
    world = make_world()
    step, execution = world.step(), world.execution()
    world.fake.status_write("shop", "Deployment", "checkout")
    with pytest.raises(Conflict):
        ACT.send(step, execution, world)
    assert not world.workload.mark(EXECUTION_MARK)


def test_the_same_request_twice_is_applied_once() -> None:
    world = make_world()
    step, execution = world.step(), world.execution()
    ACT.send(step, execution, world)
    with pytest.raises(Conflict):
        ACT.send(step, execution, world)
    assert world.workload.generation == 2


@pytest.mark.parametrize("error", [Rejected("no"), Forbidden("no"), NotFound("no"), Unavailable("no"), AnswerLost("?")])
def test_send_lets_every_answer_through_and_never_sends_again(error: Exception) -> None:
    world = make_world()
    step, execution = world.step(), world.execution()
    world.fake.fail("patch", error)
    with pytest.raises(type(error)):
        ACT.send(step, execution, world)
    assert world.fake.calls["patch"] == 1


# --- preflight


def test_a_preflight_reads_checks_and_tries_dry() -> None:
    world = make_world()
    step = world.step()
    flight = ACT.preflight(step, world, "", dry_run=True)
    assert flight.ok
    assert not flight.stale
    assert (flight.guard, flight.generation) == (world.workload.resource_version, 1)
    assert flight.preview == step.preview
    assert [check.name for check in flight.checks] == [check.name for check in step.preconditions]
    assert all(check.passed for check in flight.checks)
    assert world.fake.calls["patch"] == 0
    assert world.fake.calls["dry_run"] == 1


def test_without_a_dry_run_nothing_is_sent_at_all() -> None:
    world = make_world()
    flight = ACT.preflight(world.step(), world, "ex_1", dry_run=False)
    assert flight.ok
    assert "dry run" not in [check.name for check in flight.checks]
    assert world.fake.calls["dry_run"] == world.fake.calls["patch"] == 0


def test_scaling_meanwhile_changes_nothing_that_was_shown() -> None:
    world = make_world()
    step = world.step()
    world.change(generation=5, replicas=4)
    flight = ACT.preflight(step, world, "ex_1", dry_run=True)
    assert flight.ok
    assert flight.generation == 5


def other_image(world: World) -> None:
    world.change(generation=2, containers=(replace(world.workload.containers[0], image="shop:2"),))


def other_limit(world: World) -> None:
    # the generation is left alone, so that the limit's own check has to see it
    world.change(containers=(replace(world.workload.containers[0], limits=quantities("300Mi")),))


def healed(world: World) -> None:
    world.change_pod(state={"restarts": 0, "last_reason": "", "last_exit_code": None, "state": "running"})


MISSES = [
    ("deleted", lambda w: w.fake.workloads.clear(), "same object", "gone or was made anew"),
    ("made anew", lambda w: w.change(uid="uid-2"), "same object", "gone or was made anew"),
    ("adopted", lambda w: w.change(managed_by="argocd", manager="shop"), "nobody reverts it", "another tool"),
    ("other image", other_image, "unchanged since shown", "was changed since"),
    ("other limit", other_limit, "current limit", "precondition is not met"),
    ("no container", lambda w: w.change(containers=()), "current limit", "precondition is not met"),
    ("healed", healed, "still failing", "No pod"),
    ("on its way out", lambda w: w.change_pod(deleting=True), "still failing", "No pod"),
    ("no pods", lambda w: w.fake.pods_by_name.clear(), "still failing", "No pod"),
    ("may not", lambda w: w.fake.denied.add(("patch", "apps", "deployments")), "permission", "not permitted"),
    ("may not read", lambda w: w.fake.fail("workload", Forbidden("no")), "permission", "not permitted"),
    ("quota", lambda w: w.fake.fail("dry_run", Rejected("exceeded")), "dry run", "refused the request"),
    ("webhook", lambda w: w.fake.fail("dry_run", Forbidden("denied by\npolicy")), "dry run", "refused the request"),
    ("never still", lambda w: w.fake.fail("dry_run", Conflict("moved"), times=3), "dry run", "refused the request"),
]


@pytest.mark.parametrize(("change", "name", "why"), [m[1:] for m in MISSES], ids=[m[0] for m in MISSES])
def test_every_precondition_can_stop_it(change, name: str, why: str) -> None:
    world = make_world()
    step = world.step()
    change(world)
    flight = ACT.preflight(step, world, "ex_1", dry_run=True)
    assert not flight.ok
    assert not flight.guard
    assert flight.checks[-1].name == name
    assert flight.checks[-1].passed is False
    assert "\n" not in flight.checks[-1].observed
    assert flight.checks[-1].observed
    assert why in flight.stale
    assert all(check.passed for check in flight.checks[:-1])
    assert world.fake.calls["patch"] == 0


def test_a_409_in_a_dry_run_is_read_again() -> None:
    world = make_world()
    step = world.step()
    world.fake.fail("dry_run", Conflict("moved"), times=2)
    assert ACT.preflight(step, world, "ex_1", dry_run=True).ok
    assert world.fake.calls["dry_run"] == world.fake.calls["workload"] == 3


@pytest.mark.parametrize("operation", ["workload", "pods", "allowed", "dry_run"])
def test_an_outage_is_an_outage(operation: str) -> None:
    world = make_world()
    step = world.step()
    world.fake.fail(operation, Unavailable("down"))
    with pytest.raises(Unavailable):
        ACT.preflight(step, world, "ex_1", dry_run=True)


def test_another_container_that_was_killed_is_not_the_failure_shown() -> None:
    world = make_world()
    step = world.step()
    killed = replace(world.pod.containers[0], name="side")
    healed(world)
    world.change_pod(containers=(*world.pod.containers, killed))
    assert ACT.preflight(step, world, "ex_1", dry_run=True).checks[-1].name == "still failing"
