"""The same requests to the sandbox's API and to a real API server: the answers are the same, to the letter.

Left out of the comparison is what differs by nature: uids, times, versions (only whether they moved counts), the hash in a
ReplicaSet's name, and the field managers of the real controllers.
"""

import asyncio
import json
import re
import ssl
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.sandbox.kubernetes_api import KubernetesSandbox, serve_kubernetes
from tests.contract.cluster_worlds import KUBECONFIG, until

pytestmark = [
    pytest.mark.servers,
    pytest.mark.skipif(not KUBECONFIG, reason="CODEHEALER_TEST_KUBECONFIG is not set"),
]

SCENARIOS = Path(__file__).parents[2] / "config" / "scenarios"
NAMESPACE = f"same-{uuid.uuid4().hex[:6]}"
DEPLOYMENTS = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
STRATEGIC = "application/strategic-merge-patch+json"
MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
VARIES = {"uid", "creationTimestamp", "lastUpdateTime", "lastTransitionTime", "time", "storageVersionHash"}
OTHERS = ("kube-controller-manager", "maker")


@dataclass(frozen=True)
class Reply:
    status: int
    content_type: str | None
    warning: str | None
    body: Any


class Server:
    """One of the two: raw HTTP, so that nothing of a client's own stands between."""

    def __init__(self, url: str, token: str, tls: ssl.SSLContext | None = None) -> None:
        self._url, self._token = url, token
        handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
        if tls is not None:
            handlers.append(urllib.request.HTTPSHandler(context=tls))
        self._opener = urllib.request.build_opener(*handlers)

    def ask(self, method: str, path: str, body: Any = None, kind: str = "application/json") -> Reply:
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json", "User-Agent": "tester/1"}
        data = None
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            headers["Content-Type"] = kind
        request = urllib.request.Request(self._url + path, data=data, method=method, headers=headers)
        try:
            with self._opener.open(request, timeout=20) as answer:
                return self._reply(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return self._reply(error.code, error.headers, error.read())

    @staticmethod
    def _reply(status: int, headers: Any, text: bytes) -> Reply:
        try:
            body = json.loads(text)
        except ValueError:
            body = text.decode()
        return Reply(status, headers.get("Content-Type"), headers.get("Warning"), body)

    def version(self, name: str) -> str:
        return str(self.ask("GET", f"{DEPLOYMENTS}/{name}").body["metadata"]["resourceVersion"])


def deployment(name: str, replicas: int, *containers: str) -> dict[str, Any]:
    amounts = {"memory": "64Mi", "cpu": "100m"}
    rows = [
        {"name": each, "image": "shop:1", "resources": {"requests": amounts, "limits": amounts}} for each in containers
    ]
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": rows}}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": spec,
    }


WORLD = [deployment("shop", 2, "app"), deployment("three", 1, "a", "b", "c")]


def settled(server: Server) -> bool:
    return all(
        server.ask("GET", f"{DEPLOYMENTS}/{each['metadata']['name']}").body["status"].get("readyReplicas")
        == each["spec"]["replicas"]
        for each in WORLD
    )


def real_server() -> Server:
    settings = yaml.safe_load(Path(KUBECONFIG).read_text())
    cluster = settings["clusters"][0]["cluster"]
    token = next(user["user"]["token"] for user in settings["users"] if user["name"] == "admin")
    tls = ssl.create_default_context(cafile=cluster["certificate-authority"])
    return Server(cluster["server"], token, tls)


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Server, Server]]:
    real = real_server()
    real.ask("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    account = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/default"
    until("the service account", lambda: real.ask("GET", account).status == 200)
    for each in WORLD:
        assert real.ask("POST", f"{DEPLOYMENTS}?fieldManager=maker", each).status == 201
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    sandbox: KubernetesSandbox = asyncio.run_coroutine_threadsafe(serve_kubernetes(0, SCENARIOS), loop).result(10)
    loop.call_soon_threadsafe(sandbox.create, WORLD)
    ours = Server(sandbox.url, sandbox.token)
    for server in (real, ours):
        until("all is ready", lambda server=server: settled(server))
    yield real, ours
    real.ask("DELETE", f"/api/v1/namespaces/{NAMESPACE}")
    asyncio.run_coroutine_threadsafe(sandbox.close(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


def comparable(value: Any, version: str, path: str = "") -> Any:
    """`value` without what differs by nature.

    A resourceVersion says only whether it is still `version`; that of a list moves with the whole cluster.
    """
    if isinstance(value, list):
        return [comparable(item, version, path) for item in value]
    if isinstance(value, str):
        return re.sub(r"\b(shop|three)-[0-9a-z]{6,10}\b", r"\1-HASH", value)
    if not isinstance(value, dict):
        return value
    found = {}
    for name, item in value.items():
        if name in VARIES or (name == "resourceVersion" and path == "List.metadata"):
            continue
        if name == "resourceVersion":
            found[name] = "same" if str(item) == version else "moved"
        elif name == "managedFields":
            rest = [comparable(entry, version) for entry in item if entry["manager"] not in OTHERS]
            found |= {name: rest} if rest else {}
        else:
            found[name] = comparable(item, version, f"List.{name}" if "items" in value else path)
    return found


def same(servers: tuple[Server, Server], name: str, ask: Callable[[Server], Reply]) -> None:
    replies = []
    for server in servers:
        until("all is quiet", lambda server=server: quiet(server, name))
        version = server.version(name)
        reply = ask(server)
        replies.append((reply.status, reply.content_type, reply.warning, comparable(reply.body, version)))
    real, ours = replies
    assert ours == real


def container(**fields: Any) -> dict[str, Any]:
    return {"spec": {"template": {"spec": {"containers": [{"name": "app", **fields}]}}}}


def three(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"spec": {"template": {"spec": {"containers": list(rows), **more}}}}


def limits(amount: Any) -> dict[str, Any]:
    return container(resources={"limits": {"memory": amount}, "requests": {"memory": "1Mi"}})


READS = [
    f"{DEPLOYMENTS}/shop",
    DEPLOYMENTS,
    f"{DEPLOYMENTS}/nope",
    f"{DEPLOYMENTS}/shop/scale",
    f"{PODS}/nope",
    f"{PODS}/nope/log",
    "/api/v1/namespaces/nope",
    f"/apis/apps/v1/namespaces/{NAMESPACE}/nothings",
    "/apis/nowhere/v1/x",
    "/nowhere",
    "/apis/apps/v2",
    "/apis/apps",
    "/apis/nowhere",
    "/readyz",
    f"{DEPLOYMENTS}?labelSelector=app+in+(shop,three)",
    f"{DEPLOYMENTS}?labelSelector=app+notin+(shop)",
    f"{DEPLOYMENTS}?labelSelector=!app",
    f"{DEPLOYMENTS}?labelSelector=a%3Db%3Dc",
    f"{DEPLOYMENTS}?labelSelector=!!",
    f"{DEPLOYMENTS}?fieldSelector=spec.foo%3D1",
    f"{PODS}?fieldSelector=foo%3D1",
    f"{PODS}?fieldSelector=foo",
    f"/api/v1/namespaces/{NAMESPACE}/events?fieldSelector=foo%3D1",
    "/api/v1/nodes?fieldSelector=foo%3D1",
    f"{DEPLOYMENTS}?limit=abc",
    f"{PODS}?limit=1&continue=abc",
]
TRIALS: list[tuple[Any, str]] = [
    *((limits(amount), STRATEGIC) for amount in ("128Mi", "1024Mi", "0.5Gi", "1000Mi", "129e6", 268435456, "100000k")),
    *((limits(amount), STRATEGIC) for amount in ("32Mx", "-1Mi", True, "", None, "1Ki", "1023", "1000", "0Mi", ".5Gi")),
    *((container(resources={"limits": {"cpu": amount}}), STRATEGIC) for amount in ("0.1", "2.5", "1e3", "0.0001")),
    (container(resources={"limits": {"memory": "32Mi"}}), STRATEGIC),
    (container(resources={"limits": None}), STRATEGIC),
    (container(env=[{"name": "A", "value": "1"}]), STRATEGIC),
    (container(env=[{"name": "A", "value": 1}]), STRATEGIC),
    (container(ports=[{"containerPort": 80, "name": "http"}]), STRATEGIC),
    (container(image=""), STRATEGIC),
    (container(unknownThing=1), STRATEGIC),
    ({"spec": {"foo": 1}}, STRATEGIC),
    *(({"spec": {"replicas": count}}, STRATEGIC) for count in (3, "x", -1, 1.5, None)),
    ({"spec": {"selector": {"matchLabels": {"app": "y"}}}}, STRATEGIC),
    (three({"name": "new"}), STRATEGIC),
    (three({"image": "x"}), STRATEGIC),
    (three({"name": "x", "image": "y"}, {"name": "app", "$patch": "delete"}), STRATEGIC),
    ({"spec": {"template": {"spec": {"containers": []}}}}, STRATEGIC),
    ({"spec": {"template": {"metadata": {"$patch": "replace", "labels": {"app": "shop", "z": "1"}}}}}, STRATEGIC),
    ({"spec": {"template": {"metadata": {"labels": {"app": None}}}}}, STRATEGIC),
    ({"spec": {"strategy": {"type": "Recreate", "rollingUpdate": None}}}, STRATEGIC),
    ({"metadata": {"annotations": {"codehealer.io/execution": "01J"}}}, STRATEGIC),
    ({"metadata": {"annotations": {"a": 1}}}, STRATEGIC),
    ({"metadata": {"annotations": {"a b": "1"}}}, STRATEGIC),
    ({"metadata": {"annotations": {"A_b/c": "1"}}}, STRATEGIC),
    ({"metadata": {"annotations": {"a": "x" * 262_145}}}, STRATEGIC),
    ({"metadata": {"labels": {"x": "y"}}}, STRATEGIC),
    ({"metadata": {"name": "y"}}, STRATEGIC),
    ({"metadata": {"namespace": "y"}}, STRATEGIC),
    ({"metadata": {"uid": "abc"}}, STRATEGIC),
    ({"metadata": {"resourceVersion": "5"}}, STRATEGIC),
    ({"metadata": {"resourceVersion": "abc"}}, STRATEGIC),
    ({"metadata": {"generation": 77}}, STRATEGIC),
    ({"metadata": {"managedFields": []}}, STRATEGIC),
    ({"status": {"replicas": 9}}, STRATEGIC),
    ({"kind": "Pod", "apiVersion": "v1"}, STRATEGIC),
    ({}, STRATEGIC),
    ([], STRATEGIC),
    ({"spec": {"replicas": 3}}, MERGE),
    ({"metadata": {"resourceVersion": "5"}}, MERGE),
    (three({"name": "app", "image": "shop:9"}), MERGE),
    ([], MERGE),
    (b'{"a":', MERGE),
    ([{"op": "test", "path": "/spec/replicas", "value": 7}], JSON_PATCH),
    ([{"op": "remove", "path": "/metadata/labels/x"}], JSON_PATCH),
    ([{"op": "replace", "path": "/metadata/resourceVersion", "value": "1"}], JSON_PATCH),
    ([{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "shop:9"}], JSON_PATCH),
    ({"a": 1}, JSON_PATCH),
    ({}, "application/json"),
]
ORDERS = [
    three({"name": "b", "image": "shop:2"}),
    three({"name": "c", "image": "shop:2"}, {"name": "a", "image": "shop:3"}),
    three({"name": "n", "image": "shop:2"}, {"name": "b", "image": "shop:3"}),
    three({"name": "b"}, **{"$setElementOrder/containers": [{"name": "c"}, {"name": "b"}, {"name": "a"}]}),
    three({"$patch": "replace"}, {"name": "b", "image": "shop:3"}),
]
LOG_OPTIONS = ["container=nope", "tailLines=-1", "tailLines=x", "sinceSeconds=0", "limitBytes=0"]


def short(value: Any) -> str:
    return re.sub(r"\W+", "-", str(value).replace(NAMESPACE, ""))[:60]


@pytest.mark.parametrize("path", READS, ids=short)
def test_reads(servers: tuple[Server, Server], path: str) -> None:
    same(servers, "shop", lambda server: server.ask("GET", path))


@pytest.mark.parametrize(("patch", "kind"), TRIALS, ids=short)
def test_patches_tried_dry(servers: tuple[Server, Server], patch: Any, kind: str) -> None:
    path = f"{DEPLOYMENTS}/shop?dryRun=All&fieldManager=codehealer"
    same(servers, "shop", lambda server: server.ask("PATCH", path, patch, kind))


@pytest.mark.parametrize("patch", ORDERS, ids=short)
def test_the_order_of_merged_containers(servers: tuple[Server, Server], patch: Any) -> None:
    path = f"{DEPLOYMENTS}/three?dryRun=All&fieldManager=codehealer"
    same(servers, "three", lambda server: server.ask("PATCH", path, patch, STRATEGIC))


@pytest.mark.parametrize("options", LOG_OPTIONS)
def test_log_options(servers: tuple[Server, Server], options: str) -> None:
    def ask(server: Server) -> Reply:
        name = server.ask("GET", f"{PODS}?labelSelector=app%3Dshop").body["items"][0]["metadata"]["name"]
        reply = server.ask("GET", f"{PODS}/{name}/log?{options}")
        body = json.loads(json.dumps(reply.body).replace(name, "POD"))
        return Reply(reply.status, reply.content_type, reply.warning, body)

    same(servers, "shop", ask)


def test_writes_one_after_the_other(servers: tuple[Server, Server]) -> None:
    """Marks, a change and its way back: generation, version and field managers move alike on both."""
    steps: list[tuple[str, Any]] = [
        ("codehealer", {"metadata": {"annotations": {"mark": "1"}}}),
        ("codehealer", {"metadata": {"annotations": {"mark": "1"}}}),
        (
            "codehealer",
            {**container(resources={"limits": {"memory": "128Mi"}}), "metadata": {"annotations": {"mark": "2"}}},
        ),
        ("somebody", container(resources={"limits": {"memory": "256Mi"}})),
        ("somebody", {"metadata": {"annotations": {"mark": None}}}),
    ]
    for manager, patch in steps:
        path = f"{DEPLOYMENTS}/shop?fieldManager={manager}"
        replies = []
        for server in servers:
            until("all is quiet", lambda server=server: quiet(server, "shop"))
            version = server.version("shop")
            found = comparable(server.ask("PATCH", path, patch, STRATEGIC).body, version)
            found.pop("status")
            replies.append(found)
            time.sleep(1.1)  # the order of field managers is by whole seconds
        assert replies[1] == replies[0], (manager, patch)


def quiet(server: Server, name: str) -> bool:
    found = server.ask("GET", f"{DEPLOYMENTS}/{name}").body
    status, desired = found["status"], found["spec"]["replicas"]
    counts = [status.get(part, 0) for part in ("replicas", "updatedReplicas", "availableReplicas")]
    return status["observedGeneration"] == found["metadata"]["generation"] and counts == [desired] * 3
