"""Kubernetes' JSON becomes values: what is carried, what never is, and what malformed answers do."""

import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from bot.adapters.kubernetes.values import event_from, items_of, owner_of, pod_from, workload_from
from bot.domain.cluster import EXECUTION_MARK, Quantity
from bot.domain.errors import Unavailable

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {
        "name": "api-7c9d8f6b5d-x2x4z",
        "namespace": "shop",
        "uid": "u1",
        "creationTimestamp": "2026-11-24T14:00:00Z",
        "labels": {"pod-template-hash": "7c9d8f6b5d"},
        "annotations": {EXECUTION_MARK: "ex_1", "kubectl.kubernetes.io/restartedAt": "now", "vault/token": "s3cret"},
        "ownerReferences": [
            {"kind": "Node", "name": "n", "controller": False},
            {"kind": "ReplicaSet", "name": "api-7c9d8f6b5d", "uid": "u0", "controller": True},
        ],
        "managedFields": [{"manager": "kubelet", "fieldsV1": {"f:status": {}}}],
    },
    "spec": {
        "nodeName": "node-1",
        "initContainers": [{"name": "migrate", "image": "api:2"}],
        "containers": [
            {
                "name": "app",
                "image": "api:2",
                "command": ["run", "--token=s3cret"],
                "env": [{"name": "DB_PASSWORD", "value": "s3cret"}],
                "resources": {"limits": {"memory": "256Mi", "cpu": 1}, "requests": {"memory": "128Mi"}},
            }
        ],
    },
    "status": {
        "phase": "Running",
        "conditions": [{"type": "Ready", "status": "False", "reason": "ContainersNotReady", "message": "[app]"}],
        "initContainerStatuses": [
            {
                "name": "migrate",
                "ready": True,
                "restartCount": 0,
                "state": {"terminated": {"exitCode": 0, "reason": "Completed"}},
            }
        ],
        "containerStatuses": [
            {
                "name": "app",
                "ready": False,
                "restartCount": 7,
                "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}},
                "lastState": {
                    "terminated": {"reason": "OOMKilled", "exitCode": 137, "finishedAt": "2026-11-24T14:05:00Z"}
                },
            }
        ],
    },
}

DEPLOYMENT = {
    "metadata": {
        "name": "api",
        "namespace": "shop",
        "uid": "u",
        "generation": 4,
        "resourceVersion": "77",
        "annotations": {"deployment.kubernetes.io/revision": "3", "notes": "s3cret"},
    },
    "spec": {
        "replicas": 3,
        "selector": {
            "matchLabels": {"app": "api", "a": "b"},
            "matchExpressions": [
                {"key": "tier", "operator": "In", "values": ["web", "api"]},
                {"key": "old", "operator": "NotIn", "values": ["yes"]},
                {"key": "app", "operator": "Exists"},
                {"key": "canary", "operator": "DoesNotExist"},
            ],
        },
        "template": {
            "metadata": {"annotations": {EXECUTION_MARK: "ex_9"}},
            "spec": {"containers": [{"name": "app", "image": "api:2", "env": [{"name": "A", "value": "s3cret"}]}]},
        },
    },
    "status": {
        "observedGeneration": 4,
        "readyReplicas": 2,
        "updatedReplicas": 3,
        "availableReplicas": 1,
        "conditions": [
            {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "exceeded quota"}
        ],
    },
}


def test_a_pod_is_copied_out() -> None:
    pod = pod_from("east", POD)
    assert (pod.connection, pod.namespace, pod.name, pod.uid) == ("east", "shop", "api-7c9d8f6b5d-x2x4z", "u1")
    assert (pod.owner_kind, pod.owner_name, pod.template_hash) == ("ReplicaSet", "api-7c9d8f6b5d", "7c9d8f6b5d")
    assert (pod.phase, pod.node, pod.ready, pod.deleting) == ("Running", "node-1", False, False)
    assert pod.created_at == datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
    assert pod.mark(EXECUTION_MARK) == "ex_1"
    init, app = pod.containers
    assert (init.name, init.init, init.state, init.exit_code) == ("migrate", True, "terminated", 0)
    assert (app.init, app.restarts, app.state, app.reason, app.message) == (
        False,
        7,
        "waiting",
        "CrashLoopBackOff",
        "back-off 5m0s",
    )
    assert (app.last_reason, app.last_exit_code) == ("OOMKilled", 137)
    assert app.last_finished_at == datetime(2026, 11, 24, 14, 5, tzinfo=UTC)
    assert app.limits == (Quantity(name="cpu", amount="1"), Quantity(name="memory", amount="256Mi"))


def test_nothing_else_is_carried() -> None:
    carried = repr((pod_from("c", POD), workload_from("c", "Deployment", DEPLOYMENT)))
    assert "s3cret" not in carried
    assert "fieldsV1" not in carried


def test_a_deployment_is_copied_out() -> None:
    workload = workload_from("east", "Deployment", DEPLOYMENT)
    assert (workload.generation, workload.observed_generation, workload.resource_version) == (4, 4, "77")
    assert (workload.replicas, workload.ready, workload.updated, workload.available) == (3, 2, 3, 1)
    assert workload.selector == "a=b,app=api,tier in (web,api),old notin (yes),app,!canary"
    assert (workload.revision, workload.mark(EXECUTION_MARK)) == ("3", "ex_9")
    assert workload.conditions[0].message == "exceeded quota"
    assert [c.name for c in workload.containers] == ["app"]


def test_the_mark_on_the_workload_counts_before_the_template_s() -> None:
    found = json.loads(json.dumps(DEPLOYMENT))
    found["metadata"]["annotations"][EXECUTION_MARK] = "ex_newer"
    assert workload_from("c", "Deployment", found).mark(EXECUTION_MARK) == "ex_newer"


def test_the_order_of_amounts_does_not_reach_the_digest() -> None:
    one, two = (json.loads(json.dumps(DEPLOYMENT)) for _ in range(2))
    one["spec"]["template"]["spec"]["containers"][0]["resources"] = {"limits": {"cpu": "1", "memory": "1Gi"}}
    two["spec"]["template"]["spec"]["containers"][0]["resources"] = {"limits": {"memory": "1Gi", "cpu": "1"}}
    assert workload_from("c", "Deployment", one).fields_digest == workload_from("c", "Deployment", two).fields_digest


def test_a_daemon_set_counts_nodes_and_a_stateful_set_names_its_revision() -> None:
    status = {"desiredNumberScheduled": 5, "numberReady": 4, "updatedNumberScheduled": 3, "numberAvailable": 2}
    daemons = workload_from("c", "DaemonSet", {"metadata": {"name": "agent"}, "status": status})
    assert (daemons.replicas, daemons.ready, daemons.updated, daemons.available) == (5, 4, 3, 2)
    stateful = workload_from("c", "StatefulSet", {"metadata": {"name": "db"}, "status": {"updateRevision": "db-5f4"}})
    assert stateful.revision == "db-5f4"


OWNERS = [
    ({}, {"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/api"}, ("argocd", "shop")),
    ({"argocd.argoproj.io/instance": "shop"}, {}, ("argocd", "shop")),
    ({}, {"argocd.argoproj.io/instance": "shop"}, ("argocd", "shop")),
    ({"app.kubernetes.io/instance": "shop"}, {}, ("", "")),
    (
        {"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"},
        {},
        ("flux", "flux-system/apps"),
    ),
    (
        {"helm.toolkit.fluxcd.io/name": "shop", "app.kubernetes.io/managed-by": "Helm"},
        {"meta.helm.sh/release-name": "shop"},
        ("flux", "shop"),
    ),
    (
        {"app.kubernetes.io/managed-by": "Helm"},
        {"meta.helm.sh/release-name": "shop", "meta.helm.sh/release-namespace": "prod"},
        ("helm", "prod/shop"),
    ),
    ({"app.kubernetes.io/managed-by": "Helm"}, {}, ("", "")),
    ({"app.kubernetes.io/managed-by": 5}, {"argocd.argoproj.io/tracking-id": None}, ("", "")),
]


@pytest.mark.parametrize(("labels", "annotations", "expected"), OWNERS)
def test_who_would_revert_a_change(labels: dict, annotations: dict, expected: tuple[str, str]) -> None:
    assert owner_of(labels, annotations) == expected


EVENTS = [
    ({"lastTimestamp": "2026-11-24T14:00:00Z", "count": 7}, 7, datetime(2026, 11, 24, 14, 0, tzinfo=UTC)),
    (
        {"lastTimestamp": None, "eventTime": "2026-11-24T14:00:00.250000Z"},
        1,
        datetime(2026, 11, 24, 14, 0, 0, 250_000, tzinfo=UTC),
    ),
    (
        {
            "series": {"count": 9, "lastObservedTime": "2026-11-24T14:10:00.000000Z"},
            "eventTime": "2026-11-24T14:00:00Z",
        },
        9,
        datetime(2026, 11, 24, 14, 10, tzinfo=UTC),
    ),
    ({"metadata": {"creationTimestamp": "2026-11-24T14:00:00Z"}}, 1, datetime(2026, 11, 24, 14, 0, tzinfo=UTC)),
    ({"lastTimestamp": "yesterday"}, 1, None),
    ({"lastTimestamp": "2026-11-24T14:00:00"}, 1, None),
]


@pytest.mark.parametrize(("fields", "count", "seen"), EVENTS)
def test_an_event_knows_when_it_was_last_seen(fields: dict, count: int, seen: datetime | None) -> None:
    event = event_from({"type": "Warning", "reason": "BackOff", "message": "m", **fields})
    assert (event.count, event.last_seen) == (count, seen)


@pytest.mark.parametrize("answer", [None, [], "text", 5, {}, {"metadata": None}, {"metadata": {"name": 5}}])
def test_what_is_no_object_is_an_outage(answer: object) -> None:
    with pytest.raises(Unavailable):
        pod_from("c", answer)
    with pytest.raises(Unavailable):
        workload_from("c", "Deployment", answer)


@pytest.mark.parametrize("answer", [None, [], {}, {"items": None}, {"items": {}}])
def test_what_is_no_list_is_an_outage(answer: object) -> None:
    with pytest.raises(Unavailable):
        items_of("c", answer)


def _broken(thing: object) -> list[object]:
    """The thing with each of its parts, one after another, replaced by something of a wrong type."""
    wrong: list[object] = []
    if isinstance(thing, dict):
        for key, part in thing.items():
            wrong += [{**thing, key: bad} for bad in (None, 5, "x", [], {}, [None], ["x"], {"a": 1})]
            wrong += [{**thing, key: bad} for bad in _broken(part)]
    if isinstance(thing, list):
        for index, part in enumerate(thing):
            wrong += [[*thing[:index], bad, *thing[index + 1 :]] for bad in _broken(part)]
    return wrong


def test_a_field_of_a_wrong_type_counts_as_absent() -> None:
    """Thousands of broken answers: each becomes a pod or an outage, never another error."""
    tried = 0
    for broken in _broken(POD):
        with suppress(Unavailable):
            pod_from("c", broken)
        tried += 1
    for broken in _broken(DEPLOYMENT):
        with suppress(Unavailable):
            workload_from("c", "Deployment", broken)
        tried += 1
    assert tried > 800


def test_lone_surrogates_become_question_marks() -> None:
    pod = pod_from("c", json.loads('{"metadata": {"name": "p"}, "status": {"message": "a\\ud800b \\u202e grün"}}'))
    assert pod.message == "a?b \u202e grün"
    pod.message.encode()
