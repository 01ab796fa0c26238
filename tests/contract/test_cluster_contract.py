"""One suite over every `ports.Cluster`: what it promises holds in memory, in the sandbox and on a real API server."""

import json
from collections.abc import Iterator

import pytest

from bot.domain.cluster import EXECUTION_MARK, Workload, WorkloadPatch
from bot.domain.errors import Conflict, Forbidden, NotFound, Rejected
from bot.domain.evidence import Excerpt, Line
from tests.contract.cluster_worlds import KUBECONFIG, FakeWorld, World, real_world, sandbox_world, until

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"

REAL = pytest.param(
    "real",
    marks=[pytest.mark.servers, pytest.mark.skipif(not KUBECONFIG, reason="CODEHEALER_TEST_KUBECONFIG is not set")],
)


@pytest.fixture(scope="module", params=["fake", "sandbox", REAL])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "fake":
        yield FakeWorld()
        return
    with sandbox_world() if request.param == "sandbox" else real_world() as found:
        yield found


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A workload name of the test's own: the world outlives it."""
    return request.node.originalname.removeprefix("test_").replace("_", "-")[:40].strip("-")


def keep_all(lines) -> Excerpt:
    kept = tuple(Line(number=n, text=text) for n, text in enumerate(lines, 1))
    return Excerpt(lines=kept, total_lines=len(kept))


def texts(excerpt: Excerpt) -> list[str]:
    return [line.text for line in excerpt.lines]


def fresh(world: World, name: str, kind: str = "Deployment") -> Workload:
    """The workload once its controller has caught up, so that no status write is on its way."""
    workload = until("controller", lambda: _observed(world, name, kind))
    while (again := world.cluster.workload(world.namespace, kind, name)).resource_version != workload.resource_version:
        workload = again
    return workload


def _observed(world: World, name: str, kind: str) -> Workload | None:
    found = world.cluster.workload(world.namespace, kind, name)
    return found if found.observed_generation == found.generation else None


def patch_of(workload: Workload, body: dict) -> WorkloadPatch:
    return WorkloadPatch(
        kind=workload.kind,
        namespace=workload.namespace,
        name=workload.name,
        resource_version=workload.resource_version,
        body=json.dumps(body),
    )


def memory(limit: str, mark: str = "", request: str = "") -> dict:
    """The patch body of set_resources: the limit and the execution's marks together."""
    amounts: dict = {"limits": {"memory": limit}}
    if request:
        amounts["requests"] = {"memory": request}
    template: dict = {"spec": {"containers": [{"name": "app", "resources": amounts}]}}
    body: dict = {"spec": {"template": template}}
    if mark:
        template["metadata"] = {"annotations": {EXECUTION_MARK: mark}}
        body["metadata"] = {"annotations": {EXECUTION_MARK: mark}}
    return body


def apply(world: World, name: str, body: dict, kind: str = "Deployment", *, dry_run: bool = False) -> Workload:
    """Patch what is there now; a controller's status write in between is no part of what the tests ask."""

    def once() -> Workload | None:
        try:
            return world.cluster.patch(patch_of(fresh(world, name, kind), body), dry_run)
        except Conflict:
            return None

    return until("patched", once)


def test_a_pod_tells_how_its_container_died(world: World, name: str) -> None:
    world.deploy(name, needs="200Mi")
    found = world.sick_pod(name)
    pod = world.cluster.pod(world.namespace, found.name)
    assert (pod.namespace, pod.name, pod.uid, pod.connection) == (world.namespace, found.name, found.uid, "default")
    assert (pod.phase, pod.ready, pod.deleting) == ("Running", False, False)
    assert pod.node
    assert (pod.owner_kind, pod.owner_name) == ("ReplicaSet", f"{name}-{pod.template_hash}")
    assert pod.created_at is not None
    assert pod.created_at.utcoffset() is not None
    container = pod.containers[0]
    assert (container.name, container.state, container.reason) == ("app", "waiting", "CrashLoopBackOff")
    assert (container.last_reason, container.last_exit_code) == ("OOMKilled", 137)
    assert container.restarts >= 1
    assert container.last_finished_at is not None
    assert (container.limit("memory"), container.request("memory")) == ("64Mi", "64Mi")
    assert (container.ready, container.init) == (False, False)


def test_nothing_of_the_environment_is_carried(world: World, name: str) -> None:
    world.deploy(name)
    pod = world.ready_pod(name)
    workload = world.cluster.workload(world.namespace, "Deployment", name)
    assert "hunter2" not in repr((pod, workload))


def test_a_workload_tells_its_size_and_limits(world: World, name: str) -> None:
    world.deploy(name)
    world.ready_pod(name)
    workload = until("available", lambda: (w := fresh(world, name)).available and w)
    assert (workload.kind, workload.namespace, workload.name) == ("Deployment", world.namespace, name)
    assert (workload.replicas, workload.ready, workload.updated, workload.available) == (1, 1, 1, 1)
    assert (workload.selector, workload.revision, workload.managed_by) == (f"app={name}", "1", "")
    assert workload.uid
    assert workload.resource_version
    container = workload.container("app")
    assert container is not None
    assert (container.image, container.limit("memory"), container.request("memory")) == ("shop:1", "64Mi", "64Mi")


def test_the_owner_of_a_pod_is_its_deployment(world: World, name: str) -> None:
    world.deploy(name)
    pod = world.ready_pod(name)
    owner = world.cluster.owner(pod)
    assert owner is not None
    assert owner.fields_digest == world.cluster.workload(world.namespace, "Deployment", name).fields_digest


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet"])
def test_other_workloads_own_their_pods_directly(world: World, kind: str) -> None:
    name = f"owned-{kind.lower()}"
    world.deploy(name, kind=kind)
    pod = world.ready_pod(name)
    owner = world.cluster.owner(pod)
    assert owner is not None
    assert (owner.kind, owner.name, pod.owner_kind) == (kind, name, kind)
    after = apply(world, name, memory("128Mi", mark="ex_1"), kind)
    assert after.container("app").limit("memory") == "128Mi"
    assert after.mark(EXECUTION_MARK) == "ex_1"


def test_events_of_a_pod_come_oldest_first(world: World, name: str) -> None:
    world.deploy(name, needs="200Mi")
    pod = world.sick_pod(name)
    found = until(
        "BackOff", lambda: [e for e in world.cluster.events(world.namespace, pod.name) if e.reason == "BackOff"]
    )
    assert (found[0].type, found[0].object_kind, found[0].object_name) == ("Warning", "Pod", pod.name)
    assert "Back-off" in found[0].message
    times = [e.last_seen for e in world.cluster.events(world.namespace, pod.name)]
    assert times == sorted(times)


def test_an_object_without_events_has_none(world: World) -> None:
    assert world.cluster.events(world.namespace, "nobody-ever-was-called-this") == ()


def test_logs_pass_through_keep(world: World, name: str) -> None:
    world.deploy(name, needs="200Mi")
    pod = world.sick_pod(name)
    world.write_logs(name, ["now 1", "now 2"], ["first", "grüße", "", "last words"])
    kept = world.cluster.log(world.namespace, pod.name, "app", True, 100, keep_all)
    assert texts(kept) == ["first", "grüße", "", "last words"]


def test_only_the_last_lines_are_read(world: World, name: str) -> None:
    world.deploy(name)
    pod = world.ready_pod(name)
    world.write_logs(name, [f"line {n}" for n in range(1, 51)], [])
    assert texts(world.cluster.log(world.namespace, pod.name, "app", False, 3, keep_all)) == [
        "line 48",
        "line 49",
        "line 50",
    ]


def test_a_container_that_never_died_has_no_previous_log(world: World, name: str) -> None:
    world.deploy(name)
    pod = world.ready_pod(name)
    with pytest.raises(NotFound):
        world.cluster.log(world.namespace, pod.name, "app", True, 10, keep_all)


def test_a_container_that_is_none_has_no_log(world: World, name: str) -> None:
    world.deploy(name)
    pod = world.ready_pod(name)
    with pytest.raises(NotFound):
        world.cluster.log(world.namespace, pod.name, "nobody", False, 10, keep_all)


def test_what_is_not_there_is_not_found(world: World) -> None:
    with pytest.raises(NotFound) as caught:
        world.cluster.pod(world.namespace, "gone")
    assert (caught.value.connection, caught.value.status) == ("default", 404)
    for kind in ("Deployment", "StatefulSet", "DaemonSet"):
        with pytest.raises(NotFound):
            world.cluster.workload(world.namespace, kind, "gone")
    with pytest.raises(NotFound):
        world.cluster.log(world.namespace, "gone", "app", False, 10, keep_all)
    assert world.cluster.pods(world.namespace, "app=gone") == ()


def test_another_namespace_is_forbidden(world: World) -> None:
    with pytest.raises(Forbidden) as caught:
        world.cluster.pod(world.forbidden_namespace(), "anything")
    assert caught.value.status == 403


def test_the_role_reads_and_patches_and_sees_no_secret(world: World) -> None:
    may = world.cluster.allowed
    assert may("get", "", "pods", world.namespace)
    assert may("patch", "apps", "deployments", world.namespace)
    assert not may("get", "", "secrets", world.namespace)


def test_a_patch_raises_the_limit_and_heals(world: World, name: str) -> None:
    world.deploy(name, needs="200Mi")
    world.sick_pod(name)
    before = fresh(world, name)
    after = apply(world, name, memory("256Mi", mark="ex_42"))
    assert after.container("app").limit("memory") == "256Mi"
    assert after.generation == before.generation + 1
    assert after.resource_version != before.resource_version
    assert after.fields_digest != before.fields_digest
    healed = world.ready_pod(name)
    assert healed.mark(EXECUTION_MARK) == "ex_42"
    assert healed.containers[0].limit("memory") == "256Mi"
    now = until("available", lambda: (w := fresh(world, name)).available == 1 and w)
    assert now.mark(EXECUTION_MARK) == "ex_42"


def test_a_dry_run_shows_the_change_and_makes_none(world: World, name: str) -> None:
    world.deploy(name)
    world.ready_pod(name)
    before = fresh(world, name)
    shown = apply(world, name, memory("512Mi", mark="ex_1"), dry_run=True)
    assert shown.container("app").limit("memory") == "512Mi"
    after = fresh(world, name)
    assert (after.generation, after.fields_digest, after.marks) == (
        before.generation,
        before.fields_digest,
        before.marks,
    )


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_stale_version_conflicts(world: World, dry_run: bool) -> None:
    name = f"stale-{dry_run}".lower()
    world.deploy(name)
    world.ready_pod(name)
    seen = fresh(world, name)
    world.status_write(name)
    with pytest.raises(Conflict) as caught:
        world.cluster.patch(patch_of(seen, memory("256Mi")), dry_run)
    assert caught.value.status == 409
    assert world.cluster.workload(world.namespace, "Deployment", name).container("app").limit("memory") == "64Mi"


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_limit_below_the_request_is_rejected(world: World, dry_run: bool) -> None:
    name = f"below-{dry_run}".lower()
    world.deploy(name)
    world.ready_pod(name)
    with pytest.raises(Rejected) as caught:
        apply(world, name, memory("32Mi"), dry_run=dry_run)
    assert caught.value.status == 422
    assert "must be less than or equal to memory limit" in caught.value.detail


def test_a_patch_of_nothing_is_not_found(world: World) -> None:
    patch = WorkloadPatch(kind="Deployment", namespace=world.namespace, name="gone", resource_version="1", body="{}")
    with pytest.raises(NotFound):
        world.cluster.patch(patch, False)


def test_the_same_patch_again_changes_nothing(world: World, name: str) -> None:
    world.deploy(name)
    world.ready_pod(name)
    first = apply(world, name, memory("96Mi", mark="ex_1"))
    second = apply(world, name, memory("96Mi", mark="ex_1"))
    assert (second.generation, second.fields_digest) == (first.generation, first.fields_digest)


def test_a_restart_makes_new_pods_that_carry_the_marks(world: World, name: str) -> None:
    world.deploy(name)
    old = world.ready_pod(name)
    notes = {RESTARTED_AT: "2026-11-24T14:00:00Z", EXECUTION_MARK: "ex_7"}
    apply(world, name, {"spec": {"template": {"metadata": {"annotations": notes}}}})
    new = until("new pod", lambda: (p := world.ready_pod(name)).uid != old.uid and p)
    assert (new.mark(RESTARTED_AT), new.mark(EXECUTION_MARK)) == ("2026-11-24T14:00:00Z", "ex_7")
    assert {mark.name for mark in new.marks} == {RESTARTED_AT, EXECUTION_MARK}


def test_a_status_write_moves_the_version_alone(world: World, name: str) -> None:
    world.deploy(name)
    world.ready_pod(name)
    before = fresh(world, name)
    world.status_write(name)
    after = world.cluster.workload(world.namespace, "Deployment", name)
    assert after.resource_version != before.resource_version
    assert (after.generation, after.fields_digest) == (before.generation, before.fields_digest)
