"""One sync operation: checks, order, the applies and their results, as Argo CD's sync context reports them."""

from typing import Any

from bot.sandbox.argocd_apply import ApplyError, apply, subject
from bot.sandbox.argocd_compare import Comparison, Row, group_served
from bot.sandbox.cluster_kinds import BY_TYPE
from bot.sandbox.cluster_simulation import Cluster
from bot.sandbox.cluster_state import Object

_KIND_ORDER = (
    "Namespace",
    "ResourceQuota",
    "LimitRange",
    "ServiceAccount",
    "Secret",
    "ConfigMap",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicaSet",
    "Deployment",
    "StatefulSet",
    "Job",
)
_WAVE = "argocd.argoproj.io/sync-wave"
Result = tuple[str, str, list[dict[str, Any]]]


def run_sync(cluster: Cluster, namespace: str, found: Comparison, wanted: dict[str, Any], options: list[str]) -> Result:
    """Does the sync of an operation (its `sync` part); phase, message and the resources of its result."""
    rows = [row for row in found.rows if _chosen(row, wanted)]
    invalid = [_result(row, "SyncFailed", said, "") for row in rows if (said := _unserved(row))]
    if invalid:
        return "Failed", f"one or more synchronization tasks are not valid: {_why_invalid(rows)}", invalid
    applied = sorted((row for row in rows if not row.prunes), key=_order)
    refused = [_failed(row, said) for row in applied if (said := _dry_run(cluster, row))]
    if refused:
        return "Failed", "one or more objects failed to apply (dry run)", refused
    dry = bool(wanted.get("dryRun"))
    results = _make_namespace(cluster, namespace, options, dry=dry)
    gone = [_prune(cluster, row, prune=bool(wanted.get("prune")), dry=dry) for row in rows if row.prunes]
    results = gone + results + [_apply(cluster, row, dry=dry) for row in applied]
    bad = [row for row in results if row["status"] == "SyncFailed"]
    if bad or dry:
        for row in results:
            if row["hookPhase"] == "Running":
                row["hookPhase"] = "Succeeded"
    if not bad:
        return "Succeeded", f"successfully synced ({'no more tasks' if dry else 'all tasks run'})", results
    some = "one or more synchronization tasks completed unsuccessfully"
    said = some if len(bad) < len(results) else "one or more objects failed to apply"
    reasons = list(dict.fromkeys(row["message"] for row in bad))
    return "Failed", f"{said}, reason: {','.join(reasons)}", results


def _chosen(row: Row, wanted: dict[str, Any]) -> bool:
    only = wanted.get("resources")
    if not only:
        return True
    return any(
        (one.get("group", ""), one.get("kind"), one.get("name")) == (row.group, row.kind, row.name)
        and one.get("namespace", row.namespace) in ("", row.namespace)
        for one in only
        if isinstance(one, dict)
    )


def _order(row: Row) -> tuple[int, int, str]:
    kind = _KIND_ORDER.index(row.kind) if row.kind in _KIND_ORDER else len(_KIND_ORDER)
    notes = ((row.target or {}).get("metadata") or {}).get("annotations") or {}
    wave = str(notes.get(_WAVE, "0"))
    return int(wave) if wave.lstrip("-").isdigit() else 0, kind, row.name


def _unserved(row: Row) -> str:
    """Why the cluster cannot take the resource's kind at all; "" when it can."""
    if row.target is None or (str(row.target["apiVersion"]), row.kind) in BY_TYPE:
        return ""
    if group_served(row.group, row.version):
        return f'{row.kind}{f".{row.group}" if row.group else ""} "" not found'
    where = f"{row.namespace}/" if row.namespace else ""
    return (
        f"The Kubernetes API could not find {row.group}/{row.kind} for requested resource {where}{row.name}. "
        f'Make sure the "{row.kind}" CRD is installed on the destination cluster.'
    )


def _why_invalid(rows: list[Row]) -> str:
    row = next(row for row in rows if _unserved(row))
    if group_served(row.group, row.version):
        return _unserved(row)
    where = f"{row.group}/{row.version}" if row.group else row.version
    said = "the server could not find the requested resource"
    return f"failed to discover server resources for group version {where}: {said}"


def _dry_run(cluster: Cluster, row: Row) -> str:
    try:
        apply(cluster, _target(row), dry_run=True)
    except ApplyError as error:
        return str(error)
    return ""


def _apply(cluster: Cluster, row: Row, *, dry: bool) -> dict[str, Any]:
    try:
        said = apply(cluster, _target(row), dry_run=dry)
    except ApplyError as error:
        return _failed(row, str(error))
    return _result(row, "Synced", said, "Running")


def _prune(cluster: Cluster, row: Row, *, prune: bool, dry: bool) -> dict[str, Any]:
    if not prune:
        return _result(row, "PruneSkipped", "ignored (requires pruning)", "Succeeded")
    if dry:
        return _result(row, "Pruned", "pruned (dry run)", "Succeeded")
    if row.live is not None:
        cluster.delete(row.live)
    return _result(row, "Pruned", "pruned", "Succeeded")


def _make_namespace(cluster: Cluster, namespace: str, options: list[str], *, dry: bool) -> list[dict[str, Any]]:
    if "CreateNamespace=true" not in options or cluster.store.get("namespaces", "", namespace) is not None:
        return []
    target = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    if not dry:
        apply(cluster, target)
    kind = BY_TYPE["v1", "Namespace"]
    row = {"group": "", "version": "v1", "kind": "Namespace", "namespace": "", "name": namespace, "status": "Synced"}
    said = f"{subject(kind, namespace)} created{' (dry run)' if dry else ''}"
    return [row | {"message": said, "hookPhase": "Running", "syncPhase": "PreSync"}]


def _failed(row: Row, said: str) -> dict[str, Any]:
    return _result(row, "SyncFailed", said, "Failed")


def _result(row: Row, status: str, said: str, phase: str) -> dict[str, Any]:
    found: dict[str, Any] = {"group": row.group, "version": row.version, "kind": row.kind}
    found |= {"namespace": row.namespace, "name": row.name, "status": status, "message": said}
    found |= {**({"hookPhase": phase} if phase else {}), "syncPhase": "Sync"}
    images = images_of(row.target) if row.target else []
    return found | ({"images": images} if images else {})


def _target(row: Row) -> Object:
    assert row.target is not None, "a row that is not pruned has a target"
    return row.target


def images_of(found: Object) -> list[str]:
    """The images of a pod or of a workload's template, in order; what is no text is left out."""
    spec = found.get("spec") or {}
    pod = (spec.get("template") or {}).get("spec") if found.get("kind") != "Pod" else spec
    if not isinstance(pod, dict):
        return []
    items = [item for part in ("initContainers", "containers") for item in pod.get(part) or []]
    return [item["image"] for item in items if isinstance(item, dict) and isinstance(item.get("image"), str)]
