"""The simulated cluster lives by a clock that the test moves."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.cluster_simulation import Cluster
from bot.sandbox.cluster_world import WorldError, list_scenarios, read_post, read_world, scenario_folder
from bot.sandbox.cluster_writes import PatchRequest, patch_object

SCENARIOS = Path(__file__).parents[3] / "config" / "scenarios"
NAMES = sorted(path.parent.name for path in SCENARIOS.glob("*/scenario.yaml"))
PLATFORMS = {row["name"]: row["platform"] for row in list_scenarios(SCENARIOS)}


class World:
    """A cluster, its clock, and the questions that the tests ask of it."""

    def __init__(self) -> None:
        self.at = 1_790_000_000.0
        self.cluster = Cluster(lambda: self.at, seed=4)
        self.cluster.tick()

    def pass_time(self, seconds: float, step: float = 0.1) -> None:
        for _ in range(round(seconds / step)):
            self.at += step
            self.cluster.tick()

    def until(self, holds: Callable[[], Any], seconds: float = 30.0) -> float:
        begin = self.at
        while not holds():
            assert self.at - begin < seconds, "it did not happen in time"
            self.pass_time(0.1)
        return self.at - begin

    def load(self, name: str) -> None:
        world = read_world(SCENARIOS / name, self.at)
        self.cluster.create(world.objects, world.logs)

    def deployment(self, name: str, namespace: str = "shop") -> dict[str, Any]:
        found = self.cluster.store.get("deployments", namespace, name)
        assert found is not None
        return found

    def pods(self, name: str, namespace: str = "shop") -> list[dict[str, Any]]:
        return [
            pod
            for pod in self.cluster.store.of_kind("pods", namespace)
            if pod["metadata"]["name"].startswith(f"{name}-") and "deletionTimestamp" not in pod["metadata"]
        ]

    def ready(self, name: str, replicas: int, namespace: str = "shop") -> bool:
        found = self.deployment(name, namespace)
        counts = [found["status"].get(part, 0) for part in ("replicas", "updatedReplicas", "readyReplicas")]
        return counts == [replicas] * 3 and found["status"]["observedGeneration"] == found["metadata"]["generation"]

    def patch(self, name: str, patch: dict[str, Any], namespace: str = "shop", plural: str = "deployments") -> None:
        import json

        from bot.sandbox.cluster_kinds import BY_PLURAL

        found = self.cluster.store.get(plural, namespace, name)
        assert found is not None
        body = json.dumps(patch).encode()
        request = PatchRequest(
            content_type="application/strategic-merge-patch+json", body=body, manager="test", now=self.at
        )
        patch_object(self.cluster.store, BY_PLURAL[plural], found, request)

    def events(self, name: str, namespace: str = "shop") -> list[tuple[str, str, int]]:
        return [
            (event["reason"], event["message"], event["count"])
            for event in self.cluster.store.of_kind("events", namespace)
            if event["involvedObject"]["name"] == name
        ]


@pytest.fixture
def world() -> World:
    return World()


def workload(kind: str = "Deployment", name: str = "web", **spec: Any) -> dict[str, Any]:
    annotations = {f"sandbox.codehealer.io/{key}": value for key, value in spec.pop("ill", {}).items()}
    container = {"name": "app", "image": spec.pop("image", "web:1")}
    if memory := spec.pop("memory", None):
        container["resources"] = {"limits": {"memory": memory}}
    template = {"metadata": {"labels": {"app": name}, "annotations": annotations}, "spec": {"containers": [container]}}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"selector": {"matchLabels": {"app": name}}, "template": template, **spec},
    }


def memory(name: str, limit: str) -> dict[str, Any]:
    return {
        "spec": {"template": {"spec": {"containers": [{"name": name, "resources": {"limits": {"memory": limit}}}]}}}
    }


def first_status(pod: dict[str, Any]) -> dict[str, Any]:
    return pod["status"]["containerStatuses"][0]


def waiting(pod: dict[str, Any]) -> str:
    rows = pod["status"].get("containerStatuses") or [{}]
    return ((rows[0].get("state") or {}).get("waiting") or {}).get("reason", "")


def test_a_deployment_gets_a_replica_set_and_ready_pods(world: World) -> None:
    world.cluster.create([workload(replicas=2)])
    world.until(lambda: world.ready("web", 2))
    names = {pod["metadata"]["name"] for pod in world.pods("web")}
    assert len(names) == 2
    (replica_set,) = world.cluster.store.of_kind("replicasets", "shop")
    owner = replica_set["metadata"]["ownerReferences"][0]
    assert (owner["name"], owner["controller"]) == ("web", True)
    assert {pod["metadata"]["labels"]["pod-template-hash"] for pod in world.pods("web")} == {
        replica_set["metadata"]["labels"]["pod-template-hash"]
    }
    reasons = [row["reason"] for row in world.deployment("web")["status"]["conditions"]]
    assert sorted(reasons) == ["MinimumReplicasAvailable", "NewReplicaSetAvailable"]
    assert {"Scheduled", "Pulled", "Created", "Started"} <= {row[0] for row in world.events(min(names))}


def test_a_rollout_never_has_fewer_available_pods_than_allowed(world: World) -> None:
    world.cluster.create([workload(replicas=4)])
    world.until(lambda: world.ready("web", 4))
    world.patch("web", {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "web:2"}]}}}})
    lowest, most = 4, 4
    for _ in range(100):
        world.pass_time(0.1)
        status = world.deployment("web")["status"]
        lowest, most = min(lowest, status.get("availableReplicas", 0)), max(most, status["replicas"])
    assert world.ready("web", 4)
    assert (lowest, most) == (3, 5)
    assert {pod["spec"]["containers"][0]["image"] for pod in world.pods("web")} == {"web:2"}
    old, new = sorted(world.cluster.store.of_kind("replicasets", "shop"), key=lambda one: one["spec"]["replicas"])
    assert (old["spec"]["replicas"], new["metadata"]["annotations"]["deployment.kubernetes.io/revision"]) == (0, "2")


def test_going_back_to_an_old_template_uses_its_replica_set_again(world: World) -> None:
    world.cluster.create([workload(replicas=1)])
    world.until(lambda: world.ready("web", 1))
    first = world.cluster.store.of_kind("replicasets", "shop")[0]["metadata"]["name"]
    for image in ("web:2", "web:1"):
        world.patch("web", {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": image}]}}}})
        world.pass_time(0.2)
        world.until(lambda: world.ready("web", 1))
    sets = world.cluster.store.of_kind("replicasets", "shop")
    numbers = {
        one["metadata"]["name"]: one["metadata"]["annotations"]["deployment.kubernetes.io/revision"] for one in sets
    }
    assert len(sets) == 2
    assert numbers[first] == "3"
    assert world.deployment("web")["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "3"


def test_scaling_moves_the_active_replica_set_at_once(world: World) -> None:
    world.cluster.create([workload(replicas=1)])
    world.until(lambda: world.ready("web", 1))
    world.patch("web", {"spec": {"replicas": 5}})
    world.until(lambda: world.ready("web", 5))
    world.patch("web", {"spec": {"replicas": 0}})
    world.until(lambda: world.ready("web", 0))
    assert world.pods("web") == []


def test_recreate_stops_the_old_pods_before_it_starts_new_ones(world: World) -> None:
    world.cluster.create([workload(replicas=2, strategy={"type": "Recreate"})])
    world.until(lambda: world.ready("web", 2))
    world.patch("web", {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "web:2"}]}}}})
    together = False
    for _ in range(60):
        world.pass_time(0.1)
        images = {pod["spec"]["containers"][0]["image"] for pod in world.cluster.store.of_kind("pods", "shop")}
        together = together or len(images) > 1
    assert world.ready("web", 2)
    assert not together


def test_a_pod_that_needs_more_memory_is_oom_killed_until_its_limit_is_raised(world: World) -> None:
    world.cluster.create([workload(memory="256Mi", ill={"needs-memory": "300Mi"})])
    world.until(lambda: world.pods("web") and waiting(world.pods("web")[0]) == "CrashLoopBackOff")
    pod = world.pods("web")[0]
    status, last = first_status(pod), first_status(pod)["lastState"]["terminated"]
    assert (last["reason"], last["exitCode"], status["restartCount"]) == ("OOMKilled", 137, 1)
    assert status["state"]["waiting"]["message"] == (
        f"back-off 10s restarting failed container=app pod={pod['metadata']['name']}_shop({pod['metadata']['uid']})"
    )
    assert "BackOff" in {row[0] for row in world.events(pod["metadata"]["name"])}
    assert world.deployment("web")["status"].get("readyReplicas", 0) == 0

    world.patch("web", memory("app", "299Mi"))
    world.pass_time(5)
    assert not world.ready("web", 1)
    world.patch("web", memory("app", "512Mi"))
    world.until(lambda: world.ready("web", 1))
    world.pass_time(60)
    (healed,) = world.pods("web")
    assert first_status(healed)["restartCount"] == 0


def test_back_off_doubles_and_is_counted_in_one_event(world: World) -> None:
    world.cluster.create([workload(memory="64Mi", ill={"needs-memory": "1Gi"})])
    world.pass_time(200, step=0.2)
    (pod,) = world.pods("web")
    assert first_status(pod)["restartCount"] == 5
    assert "back-off 2m40s" in first_status(pod)["state"]["waiting"]["message"]
    assert [row[2] for row in world.events(pod["metadata"]["name"]) if row[0] == "BackOff"] == [5]


def test_a_leak_serves_and_dies_again_whatever_the_limit(world: World) -> None:
    world.cluster.create([workload(memory="256Mi", ill={"leaks-after": "4s"})])
    world.until(lambda: world.ready("web", 1))
    world.patch("web", memory("app", "8Gi"))
    world.until(lambda: world.ready("web", 1))
    world.until(lambda: first_status(world.pods("web")[0])["restartCount"] == 1, seconds=6)
    assert first_status(world.pods("web")[0])["lastState"]["terminated"]["reason"] == "OOMKilled"


@pytest.mark.parametrize(
    ("ill", "image", "reason"),
    [
        ({"fail": "crash"}, "web:1", "CrashLoopBackOff"),
        ({"fail": "config", "message": 'configmap "web" not found'}, "web:1", "CreateContainerConfigError"),
        ({}, "registry.example.com/web:missing", "ImagePullBackOff"),
    ],
)
def test_other_illnesses(world: World, ill: dict[str, str], image: str, reason: str) -> None:
    world.cluster.create([workload(ill=ill, image=image)])
    world.until(lambda: world.pods("web") and waiting(world.pods("web")[0]) == reason)
    (pod,) = world.pods("web")
    said = first_status(pod)["state"]["waiting"]["message"]
    assert ill.get("message", "") in said
    if reason == "CrashLoopBackOff":
        assert first_status(pod)["lastState"]["terminated"]["exitCode"] == 1


def test_a_failing_readiness_probe_leaves_the_pod_running_and_unready(world: World) -> None:
    world.cluster.create([workload(ill={"fail": "unready"})])
    world.pass_time(5)
    (pod,) = world.pods("web")
    assert pod["status"]["phase"] == "Running"
    assert not first_status(pod)["ready"]
    assert "Unhealthy" in {row[0] for row in world.events(pod["metadata"]["name"])}


def test_a_rollout_that_gets_nowhere_exceeds_its_deadline(world: World) -> None:
    world.cluster.create([workload(progressDeadlineSeconds=5)])
    world.until(lambda: world.ready("web", 1))
    world.patch("web", {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "web:missing"}]}}}})
    world.pass_time(8)
    rows = {row["type"]: row for row in world.deployment("web")["status"]["conditions"]}
    assert (rows["Progressing"]["status"], rows["Progressing"]["reason"]) == ("False", "ProgressDeadlineExceeded")
    assert rows["Available"]["status"] == "True"


def test_a_stateful_set_does_not_replace_a_pod_that_never_was_ready(world: World) -> None:
    """As the real one: OrderedReady waits for the ill pod, which only a person's delete replaces."""
    world.cluster.create([workload("StatefulSet", memory="64Mi", ill={"needs-memory": "1Gi"}, replicas=2)])
    world.pass_time(5)
    world.patch("web", memory("app", "2Gi"), plural="statefulsets")
    world.pass_time(10)
    (pod,) = world.pods("web")
    assert pod["metadata"]["name"] == "web-0"
    assert pod["spec"]["containers"][0]["resources"]["limits"]["memory"] == "64Mi"
    world.cluster.kubelet.delete(pod, world.at)
    world.pass_time(5)
    assert [one["metadata"]["name"] for one in world.pods("web") if first_status(one)["ready"]] == ["web-0", "web-1"]


def test_a_daemon_set_has_a_pod_on_every_node_and_replaces_ill_ones(world: World) -> None:
    world.cluster.create([workload("DaemonSet", memory="64Mi", ill={"needs-memory": "1Gi"})])
    world.pass_time(5)
    assert {pod["spec"]["nodeName"] for pod in world.pods("web")} == {"worker-1", "worker-2"}
    world.patch("web", memory("app", "2Gi"), plural="daemonsets")
    world.pass_time(5)
    found = world.cluster.store.get("daemonsets", "shop", "web")
    assert found is not None
    assert (found["status"]["numberReady"], found["status"]["updatedNumberScheduled"]) == (2, 2)


@pytest.mark.parametrize(("ill", "verdict"), [({}, "Complete"), ({"fail": "crash"}, "Failed")])
def test_a_job_ends(world: World, ill: dict[str, str], verdict: str) -> None:
    job = workload(ill=ill)
    job |= {"apiVersion": "batch/v1", "kind": "Job"}
    job["spec"] = {"backoffLimit": 1, "template": job["spec"]["template"]}
    job["spec"]["template"]["spec"]["restartPolicy"] = "Never"
    world.cluster.create([job])
    world.pass_time(10)
    found = world.cluster.store.get("jobs", "shop", "web")
    assert found is not None
    assert [row["type"] for row in found["status"]["conditions"]] == [verdict]


def test_a_pod_that_fits_no_node_stays_pending(world: World) -> None:
    world.cluster.create([workload(memory="64Gi")])
    world.pass_time(2)
    (pod,) = world.pods("web")
    assert pod["status"]["phase"] == "Pending"
    (said,) = [row[1] for row in world.events(pod["metadata"]["name"])]
    assert said.startswith("0/2 nodes are available: 2 Insufficient memory.")


def test_an_unchanged_cluster_writes_nothing(world: World) -> None:
    world.cluster.create([workload(name=f"web{place}") for place in range(20)])
    world.pass_time(5)
    version = world.cluster.store.version
    world.pass_time(600, step=1)
    assert world.cluster.store.version == version


def test_reset_leaves_nothing_of_the_world(world: World) -> None:
    world.load("oom-killed")
    world.pass_time(3)
    world.cluster.reset()
    assert world.cluster.summary() == []
    assert [found["metadata"]["name"] for found in world.cluster.store.of_kind("nodes")] == ["worker-1", "worker-2"]
    version = world.cluster.store.version
    world.pass_time(400, step=1)
    assert world.cluster.store.version == version


def test_an_object_that_was_read_does_not_change_afterwards(world: World) -> None:
    world.cluster.create([workload(replicas=1)])
    before = world.deployment("web")
    kept = copy.deepcopy(before)
    world.until(lambda: world.ready("web", 1))
    assert before == kept
    assert world.deployment("web") is not before


def test_an_unknown_kind_is_refused(world: World) -> None:
    with pytest.raises(ValueError, match="knows no v1 PersistentVolume"):
        world.cluster.create([{"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "x"}}])


# --- the scenarios


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_world_is_in_the_state_that_the_simulator_would_give_it(world: World, name: str) -> None:
    """Nothing is corrected when the controllers first look at it: the literal status is the true one."""
    world.load(name)
    version = world.cluster.store.version
    world.cluster.tick()
    assert world.cluster.store.version == version


@pytest.mark.parametrize("name", [name for name in NAMES if PLATFORMS[name] == "kubernetes"])
def test_a_scenario_post_names_a_pod_of_its_world(world: World, name: str) -> None:
    world.load(name)
    post = read_post(SCENARIOS / name)
    said = str(post["message"])
    assert any(pod["metadata"]["name"] in said for pod in world.cluster.store.of_kind("pods"))
    assert "RESOLVED" in str(post["recovery"])


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_has_a_sender_and_a_card(name: str) -> None:
    assert {"name", "app_id", "bot_id"} == set(read_post(SCENARIOS / name)["sender"])
    assert any(row["name"] == name and row["title"] and row["description"] for row in list_scenarios(SCENARIOS))


def test_the_oom_scenario_heals_with_the_memory_that_its_expectation_names(world: World) -> None:
    world.load("oom-killed")
    row = next(row for row in world.cluster.summary() if row["name"] == "checkout")
    assert [(pod["reason"], pod["restarts"]) for pod in row["pods"]] == [("CrashLoopBackOff", 6)] * 2
    assert row["containers"] == [{"name": "app", "memory_limit": "256Mi"}]
    world.patch("checkout", memory("app", "512Mi"))
    world.until(lambda: world.ready("checkout", 2))
    world.pass_time(120, step=0.5)
    assert [first_status(pod)["restartCount"] for pod in world.pods("checkout")] == [0, 0]


def test_the_leak_scenario_dies_again_after_the_same_fix(world: World) -> None:
    world.load("oom-leak")
    world.patch("ledger-worker", memory("worker", "1Gi"), "payments")
    world.until(lambda: world.ready("ledger-worker", 1, "payments"))
    world.pass_time(6)
    (pod,) = world.pods("ledger-worker", "payments")
    assert first_status(pod)["restartCount"] >= 1
    assert first_status(pod)["lastState"]["terminated"]["reason"] == "OOMKilled"


def test_a_scenario_name_cannot_leave_its_folder() -> None:
    for name in ("../scenarios/oom-killed", "", "nope", "oom-killed/logs"):
        with pytest.raises(WorldError, match="no scenario"):
            scenario_folder(SCENARIOS, name)
