"""The official kubernetes client, unchanged, against the sandbox's API."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client, config
from kubernetes.client.rest import ApiException
from urllib3.exceptions import HTTPError

from bot.sandbox.kubernetes_api import KubernetesSandbox, serve_kubernetes

SCENARIOS = Path(__file__).parents[2] / "config" / "scenarios"
POD = "checkout-7d9c5b8f4d-x2lqp"


class Running:
    """A sandbox on a loop of its own in a thread; `do` runs a function on that loop."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.sandbox: KubernetesSandbox = asyncio.run_coroutine_threadsafe(
            serve_kubernetes(0, SCENARIOS), self.loop
        ).result(10)

    def do(self, call: Callable[..., Any], *args: Any) -> Any:
        async def run() -> Any:
            return call(*args)

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(10)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self.sandbox.close(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    running = Running()
    yield running
    running.stop()


@pytest.fixture
def api(running: Running) -> Iterator[client.ApiClient]:
    running.do(running.sandbox.reset)
    settings = client.Configuration()
    settings.retries = False
    config.load_kube_config_from_dict(yaml.safe_load(running.sandbox.kubeconfig()), client_configuration=settings)
    with client.ApiClient(settings) as api:
        yield api


@pytest.fixture
def core(api: client.ApiClient) -> client.CoreV1Api:
    return client.CoreV1Api(api)


@pytest.fixture
def apps(api: client.ApiClient) -> client.AppsV1Api:
    return client.AppsV1Api(api)


@pytest.fixture
def oom(running: Running, api: client.ApiClient) -> dict[str, Any]:
    return running.do(running.sandbox.load_scenario, "oom-killed")


def until(holds: Callable[[], Any], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def refused(call: Callable[..., Any], *args: Any, **kwargs: Any) -> tuple[int, dict[str, Any]]:
    with pytest.raises(ApiException) as error:
        call(*args, **kwargs)
    assert error.value.headers["Content-Type"] == "application/json"
    return error.value.status, json.loads(error.value.body)


def memory(limit: str, name: str = "app", **more: Any) -> dict[str, Any]:
    container = {"name": name, "resources": {"limits": {"memory": limit}}}
    return {"spec": {"template": {"spec": {"containers": [container]}}}, **more}


def ready(apps: client.AppsV1Api, name: str, namespace: str, replicas: int) -> bool:
    found = apps.read_namespaced_deployment(name, namespace)
    counts = (found.status.replicas, found.status.updated_replicas, found.status.ready_replicas)
    return found.status.observed_generation == found.metadata.generation and counts == (replicas,) * 3


def log(core: client.CoreV1Api, pod: str, namespace: str, **options: Any) -> str:
    answer = core.read_namespaced_pod_log(pod, namespace, _preload_content=False, **options)
    return answer.data.decode()


def test_what_an_investigation_reads(core: client.CoreV1Api, apps: client.AppsV1Api, oom: dict[str, Any]) -> None:
    assert POD in oom["message"]["text"]
    pod = core.read_namespaced_pod(POD, "shop")
    (status,) = pod.status.container_statuses
    assert (status.state.waiting.reason, status.last_state.terminated.reason) == ("CrashLoopBackOff", "OOMKilled")
    replica_set = apps.read_namespaced_replica_set(pod.metadata.owner_references[0].name, "shop")
    deployment = apps.read_namespaced_deployment(replica_set.metadata.owner_references[0].name, "shop")
    assert deployment.spec.template.spec.containers[0].resources.limits["memory"] == "256Mi"
    events = core.list_namespaced_event("shop", field_selector=f"involvedObject.uid={pod.metadata.uid}").items
    assert {"BackOff", "Started"} <= {event.reason for event in events}
    by_name = core.list_namespaced_event("shop", field_selector=f"involvedObject.name={POD},type=Warning").items
    assert {event.reason for event in by_name} == {"BackOff", "Unhealthy"}
    assert "rss 254 MiB" in log(core, POD, "shop", container="app", previous=True, tail_lines=20)
    assert log(core, POD, "shop", container="app", tail_lines=1, timestamps=True)[:2] == "20"


def test_lists_with_selectors_and_pages(core: client.CoreV1Api, oom: dict[str, Any]) -> None:
    chosen = core.list_namespaced_pod("shop", label_selector="app.kubernetes.io/name=checkout")
    assert len(chosen.items) == 2
    everything = core.list_namespaced_pod("shop")
    seen, token = [], None
    while token != "":
        answer = core.list_namespaced_pod("shop", limit=2, _continue=token or None)
        seen += [pod.metadata.name for pod in answer.items]
        token = answer.metadata._continue or ""
    assert seen == [pod.metadata.name for pod in everything.items]
    assert [
        pod.metadata.name for pod in core.list_namespaced_pod("shop", field_selector=f"metadata.name={POD}").items
    ] == [POD]
    assert core.list_namespaced_pod("nowhere").items == []
    assert (
        refused(core.list_namespaced_pod, "shop", field_selector="foo=1")[1]["message"]
        == "field label not supported: foo"
    )


def test_dry_run_changes_nothing(apps: client.AppsV1Api, oom: dict[str, Any]) -> None:
    before = apps.read_namespaced_deployment("checkout", "shop")
    would = apps.patch_namespaced_deployment(
        "checkout", "shop", memory("512Mi"), dry_run="All", field_manager="codehealer"
    )
    assert would.spec.template.spec.containers[0].resources.limits["memory"] == "512Mi"
    assert would.metadata.generation == before.metadata.generation + 1
    time.sleep(0.3)
    assert apps.read_namespaced_deployment("checkout", "shop") == before


def test_more_memory_heals_and_the_marker_stays(
    apps: client.AppsV1Api, core: client.CoreV1Api, oom: dict[str, Any]
) -> None:
    before = apps.read_namespaced_deployment("checkout", "shop")
    marked = {"resourceVersion": before.metadata.resource_version, "annotations": {"codehealer.io/execution": "x1"}}
    after = apps.patch_namespaced_deployment(
        "checkout", "shop", memory("512Mi", metadata=marked), field_manager="codehealer"
    )
    assert after.metadata.generation == before.metadata.generation + 1
    assert after.metadata.resource_version != before.metadata.resource_version
    assert after.metadata.annotations["codehealer.io/execution"] == "x1"
    (mine,) = [entry for entry in after.metadata.managed_fields if entry.manager == "codehealer"]
    assert mine.time is not None
    until(lambda: ready(apps, "checkout", "shop", 2))
    pods = core.list_namespaced_pod("shop", label_selector="app.kubernetes.io/name=checkout").items
    restarts = [pod.status.container_statuses[0].restart_count for pod in pods if not pod.metadata.deletion_timestamp]
    assert restarts == [0, 0]
    said = core.list_namespaced_event("shop", field_selector="involvedObject.name=checkout,reason=ScalingReplicaSet")
    assert len(said.items) > 4


def test_a_leak_dies_again(running: Running, apps: client.AppsV1Api, core: client.CoreV1Api) -> None:
    running.do(running.sandbox.load_scenario, "oom-leak")
    apps.patch_namespaced_deployment("ledger-worker", "payments", memory("1Gi", "worker"))
    until(lambda: ready(apps, "ledger-worker", "payments", 1))

    def died() -> bool:
        pods = core.list_namespaced_pod("payments", label_selector="app=ledger-worker").items
        rows = [pod.status.container_statuses[0] for pod in pods if not pod.metadata.deletion_timestamp]
        return any(row.restart_count and row.last_state.terminated.reason == "OOMKilled" for row in rows)

    until(died)


def test_a_stale_version_is_a_conflict(apps: client.AppsV1Api, oom: dict[str, Any]) -> None:
    old = apps.read_namespaced_deployment("checkout", "shop").metadata.resource_version
    apps.patch_namespaced_deployment("checkout", "shop", {"metadata": {"annotations": {"touched": "1"}}})
    status, body = refused(
        apps.patch_namespaced_deployment, "checkout", "shop", memory("512Mi", metadata={"resourceVersion": old})
    )
    assert (status, body["reason"], body["details"]) == (
        409,
        "Conflict",
        {"name": "checkout", "group": "apps", "kind": "deployments"},
    )
    assert body["message"] == (
        'Operation cannot be fulfilled on deployments.apps "checkout": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )
    limits = apps.read_namespaced_deployment("checkout", "shop").spec.template.spec.containers[0].resources.limits
    assert limits["memory"] == "256Mi"


def test_a_limit_below_the_request_is_invalid(apps: client.AppsV1Api, oom: dict[str, Any]) -> None:
    status, body = refused(apps.patch_namespaced_deployment, "checkout", "shop", memory("128Mi"), dry_run="All")
    assert (status, body["reason"]) == (422, "Invalid")
    assert body["message"] == (
        'Deployment.apps "checkout" is invalid: spec.template.spec.containers[0].resources.requests: '
        'Invalid value: "192Mi": must be less than or equal to memory limit of 128Mi'
    )
    status, body = refused(apps.patch_namespaced_deployment, "checkout", "shop", memory("lots"))
    assert status == 422
    assert "quantities must match the regular expression" in body["message"]


def test_a_status_write_moves_the_version_but_not_the_generation(
    running: Running, apps: client.AppsV1Api, oom: dict[str, Any]
) -> None:
    apps.patch_namespaced_deployment("catalog", "shop", {"spec": {"replicas": 2}})
    until(lambda: ready(apps, "catalog", "shop", 2))
    before = apps.read_namespaced_deployment("catalog", "shop")
    victim = running.sandbox.cluster.store.of_kind("pods", "shop")[0]
    assert victim["metadata"]["name"].startswith("catalog-")
    running.do(running.sandbox.cluster.kubelet.delete, victim, time.time())
    until(
        lambda: (
            apps.read_namespaced_deployment("catalog", "shop").metadata.resource_version
            != before.metadata.resource_version
        )
    )
    until(lambda: ready(apps, "catalog", "shop", 2))
    after = apps.read_namespaced_deployment("catalog", "shop")
    assert after.metadata.generation == before.metadata.generation


def test_scale_and_restart(apps: client.AppsV1Api, oom: dict[str, Any]) -> None:
    scale = apps.patch_namespaced_deployment_scale("catalog", "shop", {"spec": {"replicas": 3}})
    assert scale.spec.replicas == 3
    until(lambda: ready(apps, "catalog", "shop", 3))
    stamp = {"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"}
    apps.patch_namespaced_deployment("catalog", "shop", {"spec": {"template": {"metadata": {"annotations": stamp}}}})
    until(lambda: ready(apps, "catalog", "shop", 3))
    assert len(apps.list_namespaced_replica_set("shop", label_selector="app.kubernetes.io/name=catalog").items) == 2


def test_who_may_do_what(
    api: client.ApiClient, core: client.CoreV1Api, apps: client.AppsV1Api, oom: dict[str, Any]
) -> None:
    status, body = refused(core.read_namespaced_secret, "checkout-db", "shop")
    assert (status, body["message"]) == (
        403,
        (
            'secrets "checkout-db" is forbidden: User "system:serviceaccount:codehealer:codehealer" cannot get resource '
            '"secrets" in API group "" in the namespace "shop"'
        ),
    )
    assert refused(core.list_namespaced_secret, "shop")[0] == 403
    assert refused(core.delete_namespaced_pod, POD, "shop")[0] == 403
    assert refused(core.patch_namespaced_pod, POD, "shop", {})[0] == 403
    assert (
        refused(
            apps.replace_namespaced_deployment, "checkout", "shop", apps.read_namespaced_deployment("checkout", "shop")
        )[0]
        == 403
    )
    reviews = client.AuthorizationV1Api(api)

    def may(verb: str, group: str, resource: str, sub: str = "") -> bool:
        asked = {"namespace": "shop", "verb": verb, "group": group, "resource": resource, "subresource": sub}
        return reviews.create_self_subject_access_review({"spec": {"resourceAttributes": asked}}).status.allowed

    assert may("patch", "apps", "deployments")
    assert may("get", "", "pods", "log")
    assert not may("get", "", "secrets")
    assert not may("update", "apps", "deployments")
    rules = reviews.create_self_subject_rules_review({"spec": {"namespace": "shop"}}).status.resource_rules
    assert [name for rule in rules if "patch" in rule.verbs for name in rule.resources if name == "deployments"] == [
        "deployments"
    ]


def test_without_the_token_nobody_is_let_in(running: Running, api: client.ApiClient) -> None:
    settings = client.Configuration(host=running.sandbox.url)
    settings.retries = False
    with client.ApiClient(settings) as stranger:
        status, body = refused(client.CoreV1Api(stranger).list_namespaced_pod, "shop")
    assert (status, body["message"], body["kind"]) == (401, "Unauthorized", "Status")


def test_what_is_not_there(
    api: client.ApiClient, core: client.CoreV1Api, apps: client.AppsV1Api, oom: dict[str, Any]
) -> None:
    status, body = refused(apps.read_namespaced_deployment, "nope", "shop")
    assert (status, body["message"], body["details"]) == (
        404,
        'deployments.apps "nope" not found',
        {"name": "nope", "group": "apps", "kind": "deployments"},
    )
    assert refused(core.read_namespaced_pod_log, "nope", "shop")[1]["message"] == 'pods "nope" not found'
    (healthy,) = core.list_namespaced_pod("shop", label_selector="app.kubernetes.io/name=catalog").items
    status, body = refused(core.read_namespaced_pod_log, healthy.metadata.name, "shop", previous=True)
    assert (status, body["message"]) == (
        400,
        f'previous terminated container "app" in pod "{healthy.metadata.name}" not found',
    )
    with pytest.raises(ApiException) as error:
        client.CustomObjectsApi(api).get_cluster_custom_object("metrics.k8s.io", "v1beta1", "nodes", "x")
    assert (error.value.status, error.value.body) == (404, "404 page not found\n")


def test_discovery(api: client.ApiClient) -> None:
    assert client.VersionApi(api).get_code().git_version == "v1.37.2"
    assert {group.name for group in client.ApisApi(api).get_api_versions().groups} >= {"apps", "batch"}
    assert "deployments/scale" in {row.name for row in client.AppsV1Api(api).get_api_resources().resources}
    assert client.CoreApi(api).get_api_versions().versions == ["v1"]


def test_faults(running: Running, apps: client.AppsV1Api, core: client.CoreV1Api, oom: dict[str, Any]) -> None:
    def fault(**order: Any) -> None:
        running.do(running.sandbox.fault, order)

    fault(kind="status", verb="get", path="/pods/", status=403)
    fault(kind="status", verb="list", path="/events", status=429)
    assert "cannot get resource" in refused(core.read_namespaced_pod, POD, "shop")[1]["message"]
    assert refused(core.list_namespaced_event, "shop")[1]["reason"] == "TooManyRequests"
    assert core.read_namespaced_pod(POD, "shop").metadata.name == POD

    fault(kind="drop_answer", verb="patch")
    with pytest.raises(HTTPError):
        apps.patch_namespaced_deployment("checkout", "shop", memory("512Mi"))
    found = apps.read_namespaced_deployment("checkout", "shop")
    assert found.spec.template.spec.containers[0].resources.limits["memory"] == "512Mi"

    fault(kind="drop_request", verb="patch")
    with pytest.raises(HTTPError):
        apps.patch_namespaced_deployment("checkout", "shop", memory("1Gi"))
    found = apps.read_namespaced_deployment("checkout", "shop")
    assert found.spec.template.spec.containers[0].resources.limits["memory"] == "512Mi"

    fault(kind="cut", path="/log")
    with pytest.raises(HTTPError):
        log(core, POD, "shop", container="app")
    fault(kind="slow", verb="get", seconds=0.3)
    begin = time.monotonic()
    core.read_namespaced_pod(POD, "shop")
    assert time.monotonic() - begin >= 0.3
    with pytest.raises(ValueError, match="kind must be one of"):
        fault(kind="nonsense")


def test_a_refusal_can_come_after_the_work_and_stay_until_cleared(
    running: Running, core: client.CoreV1Api, apps: client.AppsV1Api, oom: dict[str, Any]
) -> None:
    def fault(**order: Any) -> None:
        running.do(running.sandbox.fault, order)

    fault(kind="status", status=500, done=True, method="PATCH")
    status, _ = refused(apps.patch_namespaced_deployment, "checkout", "shop", memory("512Mi"))
    assert status == 500
    found = apps.read_namespaced_deployment("checkout", "shop")
    assert found.spec.template.spec.containers[0].resources.limits["memory"] == "512Mi"

    fault(kind="rate_limited", retry_after=7, times=0)
    for _ in range(3):
        status, said = refused(core.read_namespaced_pod, POD, "shop")
        assert (status, said["reason"]) == (429, "TooManyRequests")
    fault(clear=True)
    assert core.read_namespaced_pod(POD, "shop").metadata.name == POD


def test_calls_are_recorded(running: Running, core: client.CoreV1Api, oom: dict[str, Any]) -> None:
    running.do(running.sandbox.calls.clear)
    core.read_namespaced_pod(POD, "shop")
    refused(core.read_namespaced_secret, "x", "shop")
    rows = [(row["verb"], row["path"], row["status"]) for row in running.sandbox.calls]
    assert rows == [
        ("get", f"/api/v1/namespaces/shop/pods/{POD}", 200),
        ("get", "/api/v1/namespaces/shop/secrets/x", 403),
    ]


def test_summary_for_the_page(running: Running, oom: dict[str, Any]) -> None:
    row = next(row for row in running.do(running.sandbox.summary) if row["name"] == "checkout")
    assert (row["namespace"], row["kind"], row["ready"], row["desired"]) == ("shop", "Deployment", 0, 2)
    assert row["pods"][1] == {
        "name": POD,
        "phase": "Running",
        "reason": "CrashLoopBackOff",
        "restarts": 6,
        "ready": False,
    }
    assert {row["name"] for row in running.sandbox.scenarios()} >= {"oom-killed", "oom-leak", "crash-config"}


def test_a_scenario_can_be_caused_again(running: Running, apps: client.AppsV1Api, oom: dict[str, Any]) -> None:
    apps.patch_namespaced_deployment("checkout", "shop", memory("512Mi"))
    until(lambda: ready(apps, "checkout", "shop", 2))
    running.do(running.sandbox.load_scenario, "oom-killed")
    found = apps.read_namespaced_deployment("checkout", "shop")
    assert found.spec.template.spec.containers[0].resources.limits["memory"] == "256Mi"
    assert {
        pod["reason"] for row in running.do(running.sandbox.summary) if row["name"] == "checkout" for pod in row["pods"]
    } == {"CrashLoopBackOff"}
