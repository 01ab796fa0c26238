"""The three clusters that the contract suite runs against, behind one way to cause things in them.

`fake` is in memory, `sandbox` is the sandbox's API over HTTP, `real` is an API server named by CODEHEALER_TEST_KUBECONFIG
(contexts `admin`, which causes things, and `bot`, which gets the chart's own roles in one namespace).
"""

import asyncio
import os
import re
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import yaml

from bot.adapters.kubernetes import connect
from bot.domain.cluster import Pod
from bot.ports import Cluster
from tests.contract.kubernetes_description import Judge
from tests.fakes.cluster import FakeCluster

T = TypeVar("T")
CHART = Path(__file__).resolve().parents[2] / "charts" / "codehealer" / "templates"
KUBECONFIG = os.environ.get("CODEHEALER_TEST_KUBECONFIG", "")


def until(what: str, test: Callable[[], T], seconds: float = 30.0) -> T:
    """The first true value of `test`, asked every 50 ms."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := test():
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


def manifest(kind: str, namespace: str, name: str, limit: str, request: str, annotations: dict[str, str]) -> dict:
    """A workload with one container `app`; the annotations are the pods'."""
    container = {
        "name": "app",
        "image": "shop:1",
        "resources": {"limits": {"memory": limit, "cpu": "100m"}, "requests": {"memory": request, "cpu": "50m"}},
        "env": [{"name": "TOKEN", "value": "hunter2-never-carried"}],
    }
    spec: dict[str, Any] = {
        "selector": {"matchLabels": {"app": name}},
        "template": {
            "metadata": {"labels": {"app": name}, "annotations": annotations},
            "spec": {"containers": [container]},
        },
    }
    if kind != "DaemonSet":
        spec["replicas"] = 1
    if kind == "StatefulSet":
        spec["serviceName"] = name
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": spec}


class World:
    """`deploy` makes a workload that is OOMKilled while its limit is below `needs`; the rest follows from there."""

    cluster: Cluster
    namespace: str

    def deploy(self, name: str, kind: str = "Deployment", limit: str = "64Mi", needs: str = "") -> None:
        raise NotImplementedError

    def write_logs(self, name: str, current: list[str], previous: list[str]) -> None:
        raise NotImplementedError

    def status_write(self, name: str) -> None:
        raise NotImplementedError

    def forbidden_namespace(self) -> str:
        """A namespace where the bot may not read."""
        raise NotImplementedError

    def sick_pod(self, name: str) -> Pod:
        """The workload's pod, once it was OOMKilled and waits."""

        def died(pod: Pod) -> bool:
            return pod.containers[0].reason == "CrashLoopBackOff" and pod.containers[0].last_reason == "OOMKilled"

        return until(f"{name} is OOMKilled", lambda: self._pod(name, died))

    def ready_pod(self, name: str) -> Pod:
        return until(f"{name} is ready", lambda: self._pod(name, lambda p: p.ready))

    def _pod(self, name: str, test: Callable[[Pod], bool]) -> Pod | None:
        found = self.cluster.pods(self.namespace, f"app={name}")
        return next((p for p in found if not p.deleting and p.containers and p.containers[0].state and test(p)), None)


class FakeWorld(World):
    def __init__(self) -> None:
        self.cluster = self._fake = FakeCluster(forbidden_namespaces={"secret-place"})
        self.namespace = "shop"

    def deploy(self, name: str, kind: str = "Deployment", limit: str = "64Mi", needs: str = "") -> None:
        self._fake.deploy(self.namespace, name, kind=kind, limit=limit, request="64Mi", needs=needs)

    def write_logs(self, name: str, current: list[str], previous: list[str]) -> None:
        pod = self._pod(name, lambda _: True)
        assert pod is not None
        self._fake.logs[self.namespace, pod.name, "app", False] = current
        if pod.containers[0].restarts:
            self._fake.logs[self.namespace, pod.name, "app", True] = previous

    def status_write(self, name: str) -> None:
        self._fake.status_write(self.namespace, "Deployment", name)

    def forbidden_namespace(self) -> str:
        return "secret-place"


class SandboxWorld(World):
    """The sandbox's API in a loop of its own thread; what causes things is called on that loop.

    `judge` compares all that is asked and answered with Kubernetes' own description.
    """

    def __init__(self, sandbox: Any, loop: asyncio.AbstractEventLoop, kubeconfig: Path) -> None:
        self._sandbox, self._loop = sandbox, loop
        self.judge = Judge(sandbox)
        self.cluster = connect("default", kubeconfig, None)
        self.namespace = "shop"

    def deploy(self, name: str, kind: str = "Deployment", limit: str = "64Mi", needs: str = "") -> None:
        notes = {"sandbox.codehealer.io/needs-memory": needs} if needs else {}
        self._call(self._sandbox.create, [manifest(kind, self.namespace, name, limit, "64Mi", notes)])

    def write_logs(self, name: str, current: list[str], previous: list[str]) -> None:
        spec = {"selector": {"app": name}, "container": "app"}
        spec |= {"current": "\n".join(current), "previous": "\n".join(previous)}
        meta = {"name": name, "namespace": self.namespace}
        self._call(
            self._sandbox.create,
            [{"apiVersion": "sandbox.codehealer.io/v1", "kind": "PodLogs", "metadata": meta, "spec": spec}],
        )

    def status_write(self, name: str) -> None:
        store = self._sandbox.cluster.store
        self._call(lambda: store.put(dict(store.get("deployments", self.namespace, name))))

    def forbidden_namespace(self) -> str:
        self._call(self._sandbox.fault, {"kind": "status", "status": 403, "path": "/namespaces/secret-place/"})
        return "secret-place"

    def _call(self, function: Callable[..., Any], *args: Any) -> Any:
        async def run() -> Any:
            return function(*args)

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(10)


class RealWorld(World):
    """A namespace of its own on a real API server, in which `bot` has the roles that the chart gives it.

    `seen_as` is the context that the tests look with. `rules` are what `bot` may do in the namespace.
    """

    def __init__(
        self, kubeconfig: Path, folder: Path, *, seen_as: str = "bot", rules: list[dict] | None = None
    ) -> None:
        from kubernetes import client, config

        self._client, self._folder = client, folder
        self._admin = config.new_client_from_config(str(kubeconfig), context="admin")
        self._core, self._apps = client.CoreV1Api(self._admin), client.AppsV1Api(self._admin)
        self.namespace = f"contract-{uuid.uuid4().hex[:8]}"
        self._core.create_namespace({"metadata": {"name": self.namespace}})
        self.cluster = connect("default", kubeconfig, seen_as)
        granted = chart_rules() if rules is None else rules
        self._grant(granted)
        until("service account", lambda: self._core.list_namespaced_service_account(self.namespace).items)
        for rule in granted:
            until("role", lambda rule=rule: self.bot_may(rule["verbs"][0], rule["apiGroups"][0], rule["resources"][0]))

    def bot_may(self, verb: str, group: str, resource: str, namespace: str = "") -> bool:
        """What the API server says of `bot`, asked by admin: nothing of it stands in the audit log."""
        name, _, part = resource.partition("/")
        about = {"verb": verb, "group": group, "resource": name, "subresource": part}
        review = {"spec": {"user": "bot", "resourceAttributes": {**about, "namespace": namespace or self.namespace}}}
        answer = self._client.AuthorizationV1Api(self._admin).create_subject_access_review(review)
        return bool(answer.status.allowed)

    def close(self) -> None:
        self.cluster.close()
        self._core.delete_namespace(self.namespace)
        self._admin.close()

    def _grant(self, rules: list[dict]) -> None:
        rbac = self._client.RbacAuthorizationV1Api(self._admin)
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "codehealer"}
        rbac.create_namespaced_role(self.namespace, {"metadata": {"name": "codehealer"}, "rules": rules})
        subjects = [{"kind": "User", "name": "bot", "apiGroup": "rbac.authorization.k8s.io"}]
        body = {"metadata": {"name": "codehealer"}, "subjects": subjects, "roleRef": role}
        rbac.create_namespaced_role_binding(self.namespace, body)

    def deploy(self, name: str, kind: str = "Deployment", limit: str = "64Mi", needs: str = "") -> None:
        notes = {"testbed/needs-memory": needs} if needs else {}
        create = {
            "Deployment": self._apps.create_namespaced_deployment,
            "StatefulSet": self._apps.create_namespaced_stateful_set,
            "DaemonSet": self._apps.create_namespaced_daemon_set,
        }[kind]
        create(self.namespace, manifest(kind, self.namespace, name, limit, "64Mi", notes))

    def write_logs(self, name: str, current: list[str], previous: list[str]) -> None:
        pod = until("pod", lambda: self._pod(name, lambda _: True))
        entry = {"containers": ["app"], "logsFile": self._log_file(name, "current", current)}
        if pod.containers[0].restarts:
            entry["previousLogsFile"] = self._log_file(name, "previous", previous)
        body = {
            "apiVersion": "kwok.x-k8s.io/v1alpha1",
            "kind": "Logs",
            "metadata": {"name": pod.name, "namespace": self.namespace},
            "spec": {"logs": [entry]},
        }
        self._client.CustomObjectsApi(self._admin).create_namespaced_custom_object(
            "kwok.x-k8s.io", "v1alpha1", self.namespace, "logs", body
        )
        time.sleep(1.2)  # kwok watches its own objects; there is nothing to ask whether it has seen this one

    def _log_file(self, name: str, which: str, lines: list[str]) -> str:
        path = self._folder / f"{name}-{which}.log"
        path.write_text("".join(f"2026-11-24T14:00:00.000000000Z stdout F {line}\n" for line in lines))
        return str(path)

    def status_write(self, name: str) -> None:
        condition = {"type": "Touched", "status": "True", "reason": uuid.uuid4().hex}
        self._apps.patch_namespaced_deployment_status(name, self.namespace, {"status": {"conditions": [condition]}})

    def forbidden_namespace(self) -> str:
        return "kube-system"


def chart_rules() -> list[dict]:
    """The rules of the chart's reading role and of its acting role: what an installed bot has."""
    return [*reading_rules(), *acting_rules()]


def reading_rules() -> list[dict]:
    helpers = (CHART / "_helpers.tpl").read_text()
    reading = re.search(r'define "codehealer.readRules" -}}(.*?){{- end', helpers, re.DOTALL)
    assert reading is not None
    return yaml.safe_load(reading[1])


def acting_rules() -> list[dict]:
    acting = re.search(r"^rules:\n(.*?)^---", (CHART / "rbac-actions.yaml").read_text(), re.DOTALL | re.MULTILINE)
    assert acting is not None
    return yaml.safe_load(acting[1])


@contextmanager
def sandbox_world() -> Iterator[World]:
    from bot.sandbox.kubernetes_api import serve_kubernetes

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="sandbox", daemon=True)
    thread.start()
    with tempfile.TemporaryDirectory() as folder:
        start = serve_kubernetes(0, Path(folder))
        sandbox = asyncio.run_coroutine_threadsafe(start, loop).result(10)
        kubeconfig = Path(folder) / "kubeconfig"
        kubeconfig.write_text(sandbox.kubeconfig())
        world = SandboxWorld(sandbox, loop, kubeconfig)
        try:
            yield world
        finally:
            world.cluster.close()
            asyncio.run_coroutine_threadsafe(sandbox.close(), loop).result(10)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)
            loop.close()
        assert world.judge.wrong == []


@contextmanager
def real_world() -> Iterator[RealWorld]:
    with tempfile.TemporaryDirectory() as folder:
        world = RealWorld(Path(KUBECONFIG), Path(folder))
        try:
            yield world
        finally:
            world.close()
