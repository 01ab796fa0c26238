"""Pods as values: made from a template, read for what ails them, given the status that a kubelet reports."""

import random
from typing import Any

from bot.sandbox.cluster_quantity import parse_quantity
from bot.sandbox.cluster_schema import with_defaults
from bot.sandbox.cluster_state import Object, Store, stamp

PREFIX = "sandbox.codehealer.io/"
ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
SHORT_LIFE = 0.8
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def random_suffix(rng: random.Random, length: int = 5) -> str:
    return "".join(rng.choice(ALPHABET) for _ in range(length))


def seconds(text: str) -> float:
    """A Go-like duration of one unit ("4s", "500ms", "2m"); ValueError for another text."""
    for unit in ("ms", "s", "m", "h"):
        if text.endswith(unit):
            return float(text.removesuffix(unit)) * _UNITS[unit]
    raise ValueError(f"not a duration: {text!r}")


def annotation(pod: Object, name: str) -> str | None:
    value = (pod["metadata"].get("annotations") or {}).get(PREFIX + name)
    return None if value is None else str(value)


def starves(pod: Object) -> bool:
    """Whether its first container's memory limit is below what the pod is said to need."""
    need = annotation(pod, "needs-memory")
    limits = (pod["spec"]["containers"][0].get("resources") or {}).get("limits") or {}
    if need is None or "memory" not in limits:
        return False
    return parse_quantity(limits["memory"]) < parse_quantity(need)


def lifetime(pod: Object) -> float | None:
    """Seconds until the first container dies after each start; None for one that lives."""
    if starves(pod) or annotation(pod, "fail") == "crash":
        return SHORT_LIFE
    leak = annotation(pod, "leaks-after")
    return seconds(leak) if leak else None


def exit_state(pod: Object) -> tuple[str, int]:
    """Reason and exit code of the first container's death."""
    return ("Error", 1) if annotation(pod, "fail") == "crash" and not starves(pod) else ("OOMKilled", 137)


def becomes_ready(pod: Object) -> bool:
    """A leaking container serves until it dies; one that dies at start or fails its probe never does."""
    return not starves(pod) and annotation(pod, "fail") not in ("crash", "unready")


def missing_image(pod: Object) -> str | None:
    for item in pod["spec"]["containers"]:
        if item["image"].endswith(":missing"):
            return str(item["image"])
    return None


def is_active(pod: Object) -> bool:
    """Counts for its controller: neither ended nor on its way out."""
    ended = (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")
    return not ended and "deletionTimestamp" not in pod["metadata"]


def is_ready(pod: Object) -> bool:
    return any(row.get("type") == "Ready" and row.get("status") == "True" for row in conditions(pod))


def conditions(pod: Object) -> list[dict[str, Any]]:
    return (pod.get("status") or {}).get("conditions") or []


def container_id(rng: random.Random) -> str:
    return f"containerd://{rng.getrandbits(256):064x}"


def new_pod(store: Store, now: float, owner: Object, template: Object, name: str, *, generate: str = "") -> Object:
    """A pod of `owner` from `template`, Pending and not yet scheduled; the caller stores it."""
    meta = {key: value for key, value in (template.get("metadata") or {}).items() if key in ("labels", "annotations")}
    pod: Object = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            **({"generateName": generate} if generate else {}),
            "namespace": owner["metadata"]["namespace"],
            "uid": store.new_uid(),
            "generation": 1,
            "creationTimestamp": stamp(now),
            **meta,
            "ownerReferences": [owner_reference(owner)],
        },
        "spec": {**template["spec"], "serviceAccountName": template["spec"].get("serviceAccountName", "default")},
    }
    pod = with_defaults("Pod", pod)
    pod["spec"]["containers"] = [_requests_from_limits(item) for item in pod["spec"]["containers"]]
    pod["status"] = {"phase": "Pending", "qosClass": quality(pod)}
    return pod


def owner_reference(owner: Object) -> dict[str, Any]:
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def _requests_from_limits(item: dict[str, Any]) -> dict[str, Any]:
    limits = (item.get("resources") or {}).get("limits")
    if not limits:
        return item
    return {**item, "resources": {**item["resources"], "requests": {**limits, **item["resources"].get("requests", {})}}}


def quality(pod: Object) -> str:
    """The QoS class, by the rule of the API server."""
    rows = [item.get("resources") or {} for item in pod["spec"]["containers"]]
    if not any(row.get("limits") or row.get("requests") for row in rows):
        return "BestEffort"
    wanted = ("cpu", "memory")
    sure = all(
        all(name in (row.get("limits") or {}) for name in wanted)
        and all((row.get("requests") or {}).get(name) == row["limits"][name] for name in wanted)
        for row in rows
    )
    return "Guaranteed" if sure else "Burstable"


def condition_rows(pod: Object, now: float, *, started: bool, ready: bool) -> list[dict[str, Any]]:
    """The five conditions of a pod; a transition time moves only with its status."""
    names = [row["name"] for row in pod["spec"]["containers"]]
    unready = {"reason": "ContainersNotReady", "message": f"containers with unready status: [{' '.join(names)}]"}
    before = {row["type"]: row for row in conditions(pod)}
    rows = []
    for kind, holds in (
        ("PodReadyToStartContainers", started),
        ("Initialized", True),
        ("Ready", ready),
        ("ContainersReady", ready),
        ("PodScheduled", True),
    ):
        status = "True" if holds else "False"
        since = stamp(now)
        if before.get(kind, {}).get("status") == status:
            since = before[kind].get("lastTransitionTime", since)
        row: dict[str, Any] = {"type": kind, "status": status, "lastProbeTime": None, "lastTransitionTime": since}
        rows.append(row | (unready if not holds and kind in ("Ready", "ContainersReady") else {}))
    return rows


def pinned_node(pod: Object) -> str:
    """The one node that the pod may go to, as a DaemonSet pins it; "" when any will do."""
    term = (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    terms = (term.get("requiredDuringSchedulingIgnoredDuringExecution") or {}).get("nodeSelectorTerms") or []
    for field in (field for row in terms for field in row.get("matchFields") or []):
        if field.get("key") == "metadata.name" and field.get("values"):
            return str(field["values"][0])
    return ""
