"""The load: failing workloads as Kubernetes objects, and the alerts about them as Robusta and Alertmanager post them.

Each number names one Deployment whose one pod was OOMKilled and waits in CrashLoopBackOff, with its ReplicaSet, its
events, and one log a namespace. Restarts are so many that the simulated kubelet leaves the pods alone for five minutes.
"""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

Object = dict[str, Any]

NAMESPACES = (
    "orders", "billing", "search", "catalog", "payments", "shipping", "identity", "inventory", "pricing", "returns",
    "reviews", "notify", "ledger", "media", "profile", "basket", "loyalty", "fraud", "gateway", "reports",
    "tax", "support", "booking", "quotes", "alerts", "partners", "imports", "exports", "stock", "delivery",
)  # fmt: skip
SERVICES = ("checkout", "consumer", "importer", "cache", "feed", "indexer", "batch", "proxy")
LETTERS = "bcdfghjklmnpqrstvwxz"
SAFE = "bcdfghjklmnpqrstvwxz2456789"
RESTARTS = 9
LOG_LINES = 200


class Target:
    """Number `n` of the load: the names of its Deployment, ReplicaSet and pod."""

    def __init__(self, number: int) -> None:
        rng = random.Random(number)
        high, low = divmod(number, len(LETTERS) ** 2)
        middle, low = divmod(low, len(LETTERS))
        mark = LETTERS[high % len(LETTERS)] + LETTERS[middle] + LETTERS[low]
        self.number = number
        self.namespace = NAMESPACES[number % len(NAMESPACES)]
        self.name = f"{SERVICES[number % len(SERVICES)]}-{mark}"
        self.hash = "".join(rng.choice(SAFE) for _ in range(10))
        self.replica_set = f"{self.name}-{self.hash}"
        self.pod = f"{self.replica_set}-{''.join(rng.choice(SAFE) for _ in range(5))}"


def _ago(seconds: float) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def objects_of(target: Target) -> list[Object]:
    """Return the target's objects, statuses included."""
    labels = {"app.kubernetes.io/name": target.name, "app.kubernetes.io/part-of": target.namespace}
    hashed = {**labels, "pod-template-hash": target.hash}
    needs = {"sandbox.codehealer.io/needs-memory": "300Mi"}
    spec = _pod_spec(target)
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _meta(target, target.name, labels, {"deployment.kubernetes.io/revision": "4"}),
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app.kubernetes.io/name": target.name}},
            "template": {"metadata": {"labels": labels, "annotations": needs}, "spec": spec},
        },
        "status": {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "unavailableReplicas": 1},
    }
    replica_set = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            **_meta(target, target.replica_set, hashed, {"deployment.kubernetes.io/revision": "4"}),
            "ownerReferences": [_owner("Deployment", target.name)],
        },
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app.kubernetes.io/name": target.name, "pod-template-hash": target.hash}},
            "template": {"metadata": {"labels": hashed, "annotations": needs}, "spec": spec},
        },
        "status": {"replicas": 1, "fullyLabeledReplicas": 1, "observedGeneration": 1},
    }
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            **_meta(target, target.pod, hashed, needs),
            "ownerReferences": [_owner("ReplicaSet", target.replica_set)],
        },
        "spec": {**spec, "nodeName": "worker-1", "serviceAccountName": "default"},
        "status": _pod_status(),
    }
    return [deployment, replica_set, pod, *_events(target)]


def _meta(target: Target, name: str, labels: dict[str, str], annotations: dict[str, str]) -> Object:
    return {
        "name": name,
        "namespace": target.namespace,
        "creationTimestamp": _ago(3600),
        "labels": labels,
        "annotations": annotations,
    }


def _owner(kind: str, name: str) -> Object:
    return {"apiVersion": "apps/v1", "kind": kind, "name": name, "controller": True, "blockOwnerDeletion": True}


def _pod_spec(target: Target) -> Object:
    return {
        "containers": [
            {
                "name": "app",
                "image": f"registry.example.com/{target.namespace}/{target.name}:1.4.2",
                "env": [{"name": "LOG_LEVEL", "value": "info"}, {"name": "CACHE_PRELOAD", "value": "all"}],
                "ports": [{"name": "http", "containerPort": 8080}],
                "resources": {
                    "limits": {"cpu": "1", "memory": "256Mi"},
                    "requests": {"cpu": "100m", "memory": "192Mi"},
                },
            }
        ]
    }


def _pod_status() -> Object:
    identity = f"containerd://{'ab' * 32}"
    ended = {"exitCode": 137, "reason": "OOMKilled", "startedAt": _ago(90), "finishedAt": _ago(40)}
    return {
        "phase": "Running",
        "qosClass": "Burstable",
        "startTime": _ago(3600),
        "podIP": "10.244.1.37",
        "containerStatuses": [
            {
                "name": "app",
                "image": "registry.example.com/app:1.4.2",
                "imageID": "",
                "containerID": identity,
                "ready": False,
                "started": False,
                "restartCount": RESTARTS,
                "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed"}},
                "lastState": {"terminated": {**ended, "containerID": identity}},
            }
        ],
    }


def _events(target: Target) -> list[Object]:
    said = (
        ("Normal", "Pulled", "Container image already present on machine and can be accessed by the pod", 10),
        ("Normal", "Started", "Container started", 10),
        ("Warning", "BackOff", f"Back-off restarting failed container app in pod {target.pod}", 41),
    )
    return [
        {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": f"{target.pod}.{at:016x}", "namespace": target.namespace},
            "involvedObject": {
                "kind": "Pod",
                "namespace": target.namespace,
                "name": target.pod,
                "apiVersion": "v1",
                "fieldPath": "spec.containers{app}",
            },
            "reason": reason,
            "message": message,
            "source": {"component": "kubelet", "host": "worker-1"},
            "firstTimestamp": _ago(3500),
            "lastTimestamp": _ago(60 - 10 * at),
            "count": count,
            "type": kind,
            "reportingComponent": "kubelet",
            "reportingInstance": "worker-1",
        }
        for at, (kind, reason, message, count) in enumerate(said)
    ]


def logs() -> list[Object]:
    """Return one PodLogs object for each namespace, serving every pod of it."""
    return [
        {
            "apiVersion": "sandbox.codehealer.io/v1",
            "kind": "PodLogs",
            "metadata": {"name": "load", "namespace": namespace},
            "spec": {
                "selector": {"app.kubernetes.io/part-of": namespace},
                "container": "app",
                "current": _log(namespace),
                "previous": _log(namespace),
            },
        }
        for namespace in NAMESPACES
    ]


def _log(namespace: str) -> str:
    """A service that loads its cache until it dies: mostly requests, a secret that must be masked, a growing heap."""
    rng = random.Random(namespace)
    lines = [f"INFO starting {namespace} 1.4.2", f"DEBUG connecting with postgresql://{namespace}:hunter2pass@db/main"]
    for n in range(LOG_LINES - 4):
        if n % 8 == 7:
            lines.append(f"INFO cache: loaded {n * 2500} rows, heap {60 + n} MiB, request {rng.getrandbits(64):016x}")
        else:
            lines.append(
                f"INFO http: GET /v1/{namespace}/{rng.randrange(10**6)} 200 in {rng.randrange(400)} ms "
                f"trace={rng.getrandbits(64):016x}"
            )
    lines += ["WARN heap above 95 percent of the container limit", "WARN collection freed 3 MiB in 1893 ms"]
    step = 50 / len(lines)
    return "\n".join(f"{{{{now-{int(50 - n * step)}s}}}} {line}" for n, line in enumerate(lines))


def alert_of(target: Target, channel: str) -> Object:
    """Return the body of control/post: Robusta's shape for even numbers, Alertmanager's for odd ones."""
    if target.number % 2:
        return {"channel": channel, "sender": {"name": "Alertmanager"}, "message": _alertmanager(target)}
    return {"channel": channel, "sender": {"name": "Robusta"}, "message": _robusta(target)}


def _robusta(target: Target) -> Object:
    title = f"Crashing pod {target.pod} in namespace {target.namespace}"
    link = f"https://platform.robusta.dev/?pod={target.pod}"
    facts = (
        "*Source:* `prod-eu-1`",
        f"*app* restart count: {RESTARTS}",
        "*app* waiting reason: CrashLoopBackOff",
        "*app* termination reason: OOMKilled",
    )
    head = f":eyes: *K8s event detected* :red_circle: *High*\n<{link}|*{title}*>"
    button = {
        "type": "button",
        "action_id": "link_0",
        "text": {"type": "plain_text", "text": "Investigate :mag_right:", "emoji": True},
        "url": link,
    }
    return {
        "text": title,
        "blocks": [
            _section(head),
            {"type": "actions", "elements": [button]},
            *map(_section, facts),
            {"type": "divider"},
        ],
    }


def _section(text: str) -> Object:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _alertmanager(target: Target) -> Object:
    title = f"[FIRING:1] KubePodCrashLooping {target.namespace} (app prod-eu-1 kube-state-metrics {target.pod} warning)"
    link = "https://alertmanager.acme.example/#/alerts?receiver=slack-platform"
    return {
        "subtype": "bot_message",
        "username": "Alertmanager",
        "text": "",
        "attachments": [
            {
                "title": title,
                "title_link": link,
                "color": "a30200",
                "mrkdwn_in": ["fallback", "pretext", "text"],
                "fallback": f"{title} | {link}",
            }
        ],
    }
