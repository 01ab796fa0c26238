"""The sandbox's Kubernetes answers what Kubernetes' own OpenAPI says, in every scenario and however it is asked."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.cluster_answers import Answer, Request, failed, find_route, refusal
from bot.sandbox.cluster_create import create_object
from bot.sandbox.cluster_kinds import BY_TYPE
from bot.sandbox.cluster_world import read_world
from bot.sandbox.kubernetes_api import KubernetesSandbox
from tests.contract.kubernetes_description import DESCRIPTION, STRATEGIC, Judge, complaints, judge, of_kind, reference

SCENARIOS = Path(__file__).parents[2] / "config" / "scenarios"
WORLDS = sorted(path.parent.name for path in SCENARIOS.glob("*/world.yaml"))
NOW = 1_795_000_000.0
DEPLOYMENT = "io.k8s.api.apps.v1.Deployment"


class Asked:
    """A sandbox whose clock stands until it is moved; every exchange with it is judged."""

    def __init__(self, scenario: str = "") -> None:
        self.now = NOW
        self.sandbox = KubernetesSandbox(SCENARIOS, now=lambda: self.now)
        self.judge = Judge(self.sandbox)
        if scenario:
            self.sandbox.load_scenario(scenario)

    def later(self, seconds: float) -> None:
        """Lets the cluster live on for so long, a second at a time."""
        for _ in range(int(seconds)):
            self.now += 1
            while self.sandbox.cluster.tick(200):
                pass

    def __call__(self, method: str, path: str, body: Any = None, token: str = "", **query: str) -> Answer:
        headers = {"authorization": f"Bearer {token or self.sandbox.token}", "host": "127.0.0.1:1"}
        headers["content-type"] = STRATEGIC if method == "PATCH" else "application/json"
        sent = b"" if body is None else json.dumps(body).encode()
        request = Request(method=method, path=path, query=query, headers=headers, body=sent)
        return self.sandbox._answers.answer(request, find_route(request))

    def json(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        answer = self(method, path, body, **query)
        assert answer.status < 400, answer.body
        return json.loads(answer.body)

    def right(self) -> None:
        assert self.judge.wrong == []


def walk(asked: Asked) -> None:
    """Every operation that Kubernetes describes of what is served here, on every object that there is."""
    objects: dict[str, list[dict[str, Any]]] = {}
    for path in DESCRIPTION["paths"]:
        if "{" not in path and path.rpartition("/")[2] in PLURALS:
            objects[path.rpartition("/")[2]] = lists(asked, path)
    for path, operations in DESCRIPTION["paths"].items():
        for found in objects.get(plural(path), []) if "{" in path else [{"metadata": {"name": "", "namespace": ""}}]:
            meta = found["metadata"]
            one = path.replace("{namespace}", meta.get("namespace", "")).replace("{name}", meta["name"])
            for method in operations:
                if method == "get":
                    asked("GET", one)
                elif method == "post":
                    asked("POST", one, REVIEWS[path.rpartition("/")[2]])
                else:
                    change = SCALE if one.endswith("/scale") else MARK
                    asked("PATCH", one, change, fieldManager="codehealer", dryRun="All")


PLURALS = {row.plural for row in BY_TYPE.values()}
MAY = {"verb": "get", "group": "apps", "resource": "deployments", "namespace": "shop"}
SCALE: dict[str, Any] = {"spec": {"replicas": 2}}
MARK: dict[str, Any] = {"metadata": {"annotations": {"codehealer.io/execution": "ex_1"}}}
REVIEWS = {
    "selfsubjectaccessreviews": {"spec": {"resourceAttributes": MAY}},
    "selfsubjectrulesreviews": {"spec": {"namespace": "shop"}},
}


def lists(asked: Asked, path: str) -> list[dict[str, Any]]:
    answer = asked("GET", path)
    if answer.status == 403:
        return [{"metadata": {"name": "none", "namespace": "shop"}}]
    found: list[dict[str, Any]] = json.loads(answer.body)["items"]
    return found or [{"metadata": {"name": "none", "namespace": "shop"}}]


def plural(path: str) -> str:
    parts = path.split("/")
    return next((part for part in reversed(parts) if part in PLURALS and part != "namespaces"), "namespaces")


@pytest.mark.parametrize("name", WORLDS)
def test_each_object_of_a_scenario_is_one_that_kubernetes_describes(name: str) -> None:
    for document in read_world(SCENARIOS / name, NOW).objects:
        assert of_kind(document, "sent") == [], document["metadata"]["name"]


@pytest.mark.parametrize("name", WORLDS)
def test_every_operation_in_every_scenario(name: str) -> None:
    asked = Asked(name)
    walk(asked)
    asked.later(60)
    walk(asked)
    asked.right()
    described = {(method.upper(), path) for path, item in DESCRIPTION["paths"].items() for method in item}
    assert described == {(method, path) for method, path, _ in asked.judge.seen}


def test_a_workload_through_a_rollout_that_fails_and_one_that_heals() -> None:
    asked = Asked("oom-killed")
    one = "/apis/apps/v1/namespaces/shop/deployments/checkout"
    for image, limit in (("nowhere.example/none:1", "256Mi"), ("registry.example.com/shop/checkout:2.14.1", "512Mi")):
        container = {"name": "app", "image": image, "resources": {"limits": {"memory": limit}}}
        change = {"spec": {"template": {"spec": {"containers": [container]}}}}
        asked.json("PATCH", one, change, fieldManager="codehealer", fieldValidation="Strict")
        for _ in range(4):
            asked.later(15)
            walk(asked)
    asked.right()
    assert {"PATCH", "GET", "POST"} == {method for method, _, status in asked.judge.seen if status < 300}


@pytest.mark.parametrize(
    "document",
    [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "new"}},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "shop"}, "data": {"A": "1"}},
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "s", "namespace": "shop"},
            "spec": {"selector": {"app": "x"}, "ports": [{"port": 80}]},
        },
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a", "namespace": "shop"}},
        *(
            {
                "apiVersion": "apps/v1",
                "kind": kind,
                "metadata": {"name": "w", "namespace": "shop"},
                "spec": {
                    **({"serviceName": "w"} if kind == "StatefulSet" else {}),
                    "selector": {"matchLabels": {"app": "w"}},
                    "template": {
                        "metadata": {"labels": {"app": "w"}},
                        "spec": {"containers": [{"name": "c", "image": "w:1"}]},
                    },
                },
            }
            for kind in ("Deployment", "StatefulSet", "DaemonSet")
        ),
    ],
    ids=lambda document: document["kind"],
)
def test_what_argo_cd_creates_is_stored_as_kubernetes_describes_it(document: dict[str, Any]) -> None:
    asked = Asked("oom-killed")
    assert of_kind(document, "sent") == []
    kind = BY_TYPE[document["apiVersion"], document["kind"]]
    store = asked.sandbox.cluster.store
    create_object(store, kind, document, manager="argocd-controller", now=asked.now)
    for _ in range(3):
        meta = document["metadata"]
        found = store.get(kind.plural, meta.get("namespace", ""), meta["name"])
        assert found is not None
        assert of_kind(found) == []
        asked.later(20)
    walk(asked)
    asked.right()


LIST, ONE = "/apis/apps/v1/namespaces/shop/deployments", "/apis/apps/v1/namespaces/shop/deployments/checkout"
REFUSALS: list[tuple[int, Callable[[Asked], Answer]]] = [
    (401, lambda asked: asked("GET", ONE, token="another")),
    (403, lambda asked: asked("GET", "/api/v1/namespaces/shop/configmaps/x")),
    (403, lambda asked: asked("DELETE", ONE)),
    (404, lambda asked: asked("GET", f"{LIST}/none")),
    (404, lambda asked: asked("GET", "/api/v1/namespaces/shop/pods/none/log")),
    (404, lambda asked: asked("GET", "/apis/apps/v1/nothing")),
    (405, lambda asked: asked("POST", "/version", {})),
    (400, lambda asked: asked("GET", LIST, labelSelector="a=b=c")),
    (400, lambda asked: asked("GET", LIST, fieldSelector="spec.foo=1")),
    (400, lambda asked: asked("PATCH", ONE, [])),
    (422, lambda asked: asked("PATCH", ONE, {"spec": {"replicas": -1}})),
    (422, lambda asked: asked("PATCH", ONE, {"spec": {"foo": 1}}, fieldValidation="Strict")),
    (409, lambda asked: asked("PATCH", ONE, {"metadata": {"resourceVersion": "1"}})),
    (422, lambda asked: asked("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {"spec": {}})),
]


@pytest.mark.parametrize("place", range(len(REFUSALS)))
def test_a_refusal_is_a_status(place: int) -> None:
    asked, (status, ask) = Asked("oom-killed"), REFUSALS[place]
    answer = ask(asked)
    assert answer.status == status, answer.body
    assert answer.content_type == "application/json"
    asked.right()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 422, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("path", [ONE, LIST, "/api/v1/namespaces/shop/pods/p/log", "/apis"])
def test_a_refusal_that_a_fault_makes_is_a_status_too(status: int, path: str) -> None:
    request = Request(method="GET", path=path, query={}, headers={})
    assert list(judge(None, request, failed(refusal(find_route(request), status)))) == []


@pytest.mark.parametrize(
    ("flavour", "document", "said"),
    [
        ("sent", {"spec": {"replicas": "2", "selector": {}, "template": {}}}, "spec/replicas"),
        ("sent", {"spec": {"selector": {}, "template": {}, "replica": 2}}, "replica"),
        ("sent", {"spec": {"selector": {}}}, "template"),
        ("answer", {"metadata": {"creationTimestamp": "yesterday"}}, "creationTimestamp"),
        ("patch", {"spec": {"template": {"spec": {"container": []}}}}, "container"),
        ("patch", {"spec": {"template": {"spec": {"containers": [{"image": "x"}]}}}}, "containers/0"),
        ("patch", {"spec": {"replicas": "2"}}, "spec"),
    ],
)
def test_the_judge_refuses(flavour: str, document: dict[str, Any], said: str) -> None:
    wrong = complaints(reference(DEPLOYMENT), document, flavour)
    assert wrong
    assert said in " ".join(wrong)


def test_the_judge_sees_what_is_asked_in_vain() -> None:
    asked = Asked("oom-killed")
    asked("GET", LIST, labelselector="app=x")
    asked("GET", "/healthz")
    assert asked.judge.wrong == [f"GET {LIST} 200: no query parameter labelselector"]
