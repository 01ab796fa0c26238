"""Health of Kubernetes objects, by the rules and in the words of Argo CD's gitops-engine 3.6.1."""

from dataclasses import dataclass
from typing import Any

from bot.sandbox.cluster_deployments import condition
from bot.sandbox.cluster_pods import is_ready
from bot.sandbox.cluster_state import Object

ORDER = ("Healthy", "Suspended", "Progressing", "Missing", "Degraded", "Unknown")
_WAITING = "Waiting for rollout to finish: "


@dataclass(frozen=True, slots=True)
class Health:
    status: str
    message: str = ""

    def json(self) -> dict[str, str]:
        return {"status": self.status, **({"message": self.message} if self.message else {})}


def health_of(found: Object) -> Health | None:
    """The health of a live object, or None for a kind that has none."""
    judge = _JUDGES.get(found["kind"])
    return judge(found) if judge else None


def worse(one: str, other: str) -> bool:
    """Whether `other` is worse than `one`."""
    return ORDER.index(other) > ORDER.index(one)


def _parts(found: Object) -> tuple[dict[str, Any], dict[str, Any], bool]:
    status, spec = found.get("status") or {}, found["spec"]
    return status, spec, found["metadata"].get("generation", 0) > status.get("observedGeneration", 0)


def _deployment(found: Object) -> Health:
    status, spec, behind = _parts(found)
    if spec.get("paused"):
        return Health("Suspended", "Deployment is paused")
    if behind:
        return Health("Progressing", f"{_WAITING}observed deployment generation less than desired generation")
    desired, updated = spec.get("replicas", 1), status.get("updatedReplicas", 0)
    total, available = status.get("replicas", 0), status.get("availableReplicas", 0)
    if (condition(status, "Progressing") or {}).get("reason") == "ProgressDeadlineExceeded":
        return Health("Degraded", f'Deployment "{found["metadata"]["name"]}" exceeded its progress deadline')
    if updated < desired:
        said = f"{updated} out of {desired} new replicas have been updated..."
    elif total > updated:
        said = f"{total - updated} old replicas are pending termination..."
    elif available < updated:
        said = f"{available} of {updated} updated replicas are available..."
    else:
        return Health("Healthy")
    return Health("Progressing", _WAITING + said)


def _replica_set(found: Object) -> Health:
    status, spec, behind = _parts(found)
    if behind:
        return Health("Progressing", f"{_WAITING}observed replica set generation less than desired generation")
    desired, available = spec.get("replicas", 1), status.get("availableReplicas", 0)
    if available < desired:
        said = f"{available} out of {desired} new replicas are available..."
        return Health("Progressing", _WAITING + said)
    return Health("Healthy")


def _stateful_set(found: Object) -> Health:
    status, spec, behind = _parts(found)
    if behind or not status.get("observedGeneration"):
        return Health("Progressing", "Waiting for statefulset spec update to be observed...")
    desired, ready, updated = spec.get("replicas", 1), status.get("readyReplicas", 0), status.get("updatedReplicas", 0)
    if ready < desired:
        return Health("Progressing", f"Waiting for {desired - ready} pods to be ready...")
    partition = ((spec.get("updateStrategy") or {}).get("rollingUpdate") or {}).get("partition", 0)
    if updated < desired - partition:
        said = f"{updated} out of {desired - partition} new pods have been updated..."
        return Health("Progressing", f"Waiting for partitioned roll out to finish: {said}")
    return Health("Healthy", f"partitioned roll out complete: {updated} new pods have been updated...")


def _daemon_set(found: Object) -> Health:
    status, _, behind = _parts(found)
    if behind:
        return Health("Progressing", f"{_WAITING}observed daemon set generation less than desired generation")
    desired, updated = status.get("desiredNumberScheduled", 0), status.get("updatedNumberScheduled", 0)
    begin = f'Waiting for daemon set "{found["metadata"]["name"]}" rollout to finish: '
    if updated < desired:
        return Health("Progressing", f"{begin}{updated} out of {desired} new pods have been updated...")
    available = status.get("numberAvailable", 0)
    if available < desired:
        return Health("Progressing", f"{begin}{available} of {desired} updated pods are available...")
    return Health("Healthy")


def _job(found: Object) -> Health:
    status = found.get("status") or {}
    if failed := condition(status, "Failed"):
        return Health("Degraded", failed.get("message", ""))
    if done := condition(status, "Complete"):
        return Health("Healthy", done.get("message", ""))
    return Health("Progressing")


def _pod(found: Object) -> Health:
    status = found.get("status") or {}
    rows, message = status.get("containerStatuses") or [], status.get("message", "")
    always = found["spec"].get("restartPolicy", "Always") == "Always"
    waiting = [(row.get("state") or {}).get("waiting") or {} for row in rows]
    ill = [one for one in waiting if _is_error(one.get("reason", ""))]
    if always and ill:
        return Health("Degraded", ", ".join(one.get("message", "") for one in ill))
    phase = status.get("phase", "Unknown")
    if phase in ("Pending", "Succeeded"):
        return Health("Progressing" if phase == "Pending" else "Healthy", message)
    if phase == "Failed":
        said = (_failure(row) for row in [*(status.get("initContainerStatuses") or []), *rows])
        return Health("Degraded", message or next((text for text in said if text), ""))
    if phase == "Running":
        if always and is_ready(found):
            return Health("Healthy", message)
        ended = always and any((row.get("lastState") or {}).get("terminated") for row in rows)
        return Health("Degraded" if ended else "Progressing", message)
    return Health("Unknown", message)


def _is_error(reason: str) -> bool:
    return reason.startswith("Err") or reason.endswith(("Error", "BackOff"))


def _failure(row: dict[str, Any]) -> str:
    ended = (row.get("state") or {}).get("terminated") or {}
    if ended.get("message"):
        return str(ended["message"])
    if ended.get("reason") == "OOMKilled":
        return "OOMKilled"
    return f'container "{row["name"]}" failed with exit code {ended["exitCode"]}' if ended.get("exitCode") else ""


def _service(found: Object) -> Health:
    if found["spec"].get("type") == "LoadBalancer" and not ((found.get("status") or {}).get("loadBalancer") or {}):
        return Health("Progressing")
    return Health("Healthy")


_JUDGES = {
    "Deployment": _deployment,
    "ReplicaSet": _replica_set,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "Job": _job,
    "Pod": _pod,
    "Service": _service,
}
