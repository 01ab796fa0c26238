"""The resource tree, the managed resources and the events of an application, as the API shows them."""

from typing import Any

from bot.sandbox.argocd_application import Application
from bot.sandbox.argocd_compare import Row, last_applied, managed, plain, predict
from bot.sandbox.argocd_errors import INVALID_ARGUMENT, ArgoError
from bot.sandbox.argocd_health import health_of
from bot.sandbox.argocd_render import compact, group_of
from bot.sandbox.argocd_sync import images_of
from bot.sandbox.cluster_deployments import revision
from bot.sandbox.cluster_errors import ApiError
from bot.sandbox.cluster_quantity import parse_quantity
from bot.sandbox.cluster_schema import WrongTypeError
from bot.sandbox.cluster_simulation import Cluster
from bot.sandbox.cluster_state import Object

_GROWN = {
    "Deployment": ("replicasets",),
    "ReplicaSet": ("pods",),
    "StatefulSet": ("pods",),
    "DaemonSet": ("pods",),
    "Job": ("pods",),
}


def family(cluster: Cluster, app: Application) -> list[tuple[Object, Object | None]]:
    """The live objects of an application and all that grew of them, each with its parent."""
    found: list[tuple[Object, Object | None]] = [(each, None) for each in managed(cluster, app.name)]
    for each, _ in found:
        for plural in _GROWN.get(each["kind"], ()):
            found += [(child, each) for child in cluster.store.owned(plural, each)]
    return sorted(found, key=lambda pair: _place(pair[0]))


def _place(found: Object) -> tuple[str, str, str, str]:
    meta = found["metadata"]
    return group_of(found), found["kind"], meta.get("namespace", ""), meta["name"]


def pods_of(cluster: Cluster, app: Application) -> list[Object]:
    return [found for found, _ in family(cluster, app) if found["kind"] == "Pod"]


def tree(cluster: Cluster, app: Application) -> dict[str, Any]:
    """The ApplicationTree: nodes by group, kind and name, and the nodes that run its pods."""
    nodes = [_node(found, parent) for found, parent in family(cluster, app)]
    nodes += [_missing(row) for row in app.rows if row.live is None]
    hosts = _hosts(cluster, pods_of(cluster, app))
    return {"nodes": nodes} | ({"hosts": hosts} if hosts else {})


def _reference(found: Object) -> dict[str, Any]:
    meta = found["metadata"]
    row = {"group": group_of(found), "version": found["apiVersion"].rsplit("/", 1)[-1], "kind": found["kind"]}
    row |= {"namespace": meta.get("namespace", ""), "name": meta["name"], "uid": meta["uid"]}
    return {key: value for key, value in row.items() if value}


def _node(found: Object, parent: Object | None) -> dict[str, Any]:
    meta, health = found["metadata"], health_of(found)
    node = _reference(found)
    if parent is not None:
        node["parentRefs"] = [_reference(parent)]
    if info := _info(found):
        node["info"] = [{"name": name, "value": value} for name, value in info]
    if found["kind"] == "Pod":
        node["networkingInfo"] = {"labels": meta.get("labels") or {}}
        node["images"] = images_of(found)
    node["resourceVersion"] = meta["resourceVersion"]
    if health is not None:
        node["health"] = health.json()
    return node | {"createdAt": meta["creationTimestamp"]}


def _missing(row: Row) -> dict[str, Any]:
    found = {"group": row.group, "version": row.version, "kind": row.kind, "namespace": row.namespace, "name": row.name}
    return {key: value for key, value in found.items() if value} | {"health": {"status": "Missing"}}


def _info(found: Object) -> list[tuple[str, str]]:
    if found["kind"] in ("Deployment", "ReplicaSet"):
        return [("Revision", f"Rev:{revision(found)}")]
    if found["kind"] != "Pod":
        return []
    rows = (found.get("status") or {}).get("containerStatuses") or []
    ready = sum(bool(row.get("ready")) for row in rows)
    info = [("Status Reason", _reason(found)), ("Node", found["spec"].get("nodeName", ""))]
    info.append(("Containers", f"{ready}/{len(found['spec']['containers'])}"))
    if restarts := sum(row.get("restartCount", 0) for row in rows):
        info.append(("Restart Count", str(restarts)))
    return [*info, ("cpu", str(_requested(found, "cpu"))), ("memory", str(_requested(found, "memory")))]


def _reason(pod: Object) -> str:
    """What `kubectl get pods` shows in its status column."""
    if "deletionTimestamp" in pod["metadata"]:
        return "Terminating"
    status = pod.get("status") or {}
    for row in status.get("containerStatuses") or []:
        state = row.get("state") or {}
        for part in ("waiting", "terminated"):
            if (state.get(part) or {}).get("reason"):
                return str(state[part]["reason"])
    return str(status.get("phase", "Unknown"))


def _requested(pod: Object, name: str) -> int:
    """The sum of the containers' requests in thousandths."""
    amounts = [
        ((item.get("resources") or {}).get("requests") or {}).get(name, "0") for item in pod["spec"]["containers"]
    ]
    return int(sum(parse_quantity(amount) * 1000 for amount in amounts))


def _hosts(cluster: Cluster, pods: list[Object]) -> list[dict[str, Any]]:
    hosts = []
    for name in sorted({pod["spec"].get("nodeName", "") for pod in pods} - {""}):
        node = cluster.store.get("nodes", "", name)
        if node is None:
            continue
        mine = [pod for pod in pods if pod["spec"].get("nodeName") == name]
        offered = (node.get("status") or {}).get("allocatable") or {}
        rows = []
        for resource in ("cpu", "memory"):
            asked = sum(_requested(pod, resource) for pod in mine)
            row: dict[str, Any] = {"resourceName": resource} | ({"requestedByApp": asked} if asked else {})
            rows.append(row | {"capacity": int(parse_quantity(offered.get(resource, "0")) * 1000)})
        system = {"machineID": "", "systemUUID": "", "bootID": "", "kernelVersion": "", "osImage": ""}
        system |= {"containerRuntimeVersion": "", "kubeletVersion": "", "kubeProxyVersion": ""}
        system |= (node.get("status") or {}).get("nodeInfo") or {}
        hosts.append({"name": name, "resourcesInfo": rows, "systemInfo": system})
    return hosts


def managed_resources(app: Application) -> dict[str, Any]:
    """Desired and live state of each resource as JSON texts, for diffs."""
    return {"items": [_managed(row) for row in app.rows]}


def _managed(row: Row) -> dict[str, Any]:
    found: dict[str, Any] = {"group": row.group, "kind": row.kind, "namespace": row.namespace, "name": row.name}
    found = {key: value for key, value in found.items() if value}
    live = compact(row.live) if row.live else "null"
    normal = compact(_normal(row.live)) if row.live else "null"
    found |= {"targetState": compact(row.target) if row.target else "null", "liveState": live}
    found |= {"normalizedLiveState": normal, "predictedLiveState": _predicted(row)}
    return found | ({"resourceVersion": row.live["metadata"]["resourceVersion"]} if row.live else {})


def _normal(live: Object) -> Object:
    return {key: value for key, value in live.items() if key != "status"}


def _predicted(row: Row) -> str:
    if row.target is None:
        return "null"
    if row.live is None:
        return compact(row.target)
    try:
        after = predict(row.target, row.live)
    except (WrongTypeError, ApiError):
        return compact(row.target)
    if plain(after) == plain(row.live) and last_applied(row.live):
        return compact(_normal(row.live))
    return compact(_normal(after))


def events(cluster: Cluster, app: Application, name: str, namespace: str, uid: str) -> dict[str, Any]:
    """The EventList of one resource of the tree, or of the application itself when none is named. ArgoError 3."""
    if not name and not uid:
        subject, where = app.uid, "argocd"
    else:
        known = [found["metadata"] for found, _ in family(cluster, app)]
        if not any((meta["name"], meta.get("namespace", ""), meta["uid"]) == (name, namespace, uid) for meta in known):
            raise ArgoError(INVALID_ARGUMENT, f"{name} not found as part of application {app.name}")
        subject, where = uid, namespace or "default"
    items = [
        {key: value for key, value in each.items() if key not in ("apiVersion", "kind")}
        for each in cluster.store.having("events", where, f"s:{subject}")
    ]
    items.sort(key=lambda each: str(each.get("firstTimestamp")))
    return {"metadata": {"resourceVersion": str(cluster.store.version)}, "items": items}
