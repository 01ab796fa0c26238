"""What an application wants against what the cluster has: one row a resource, with its sync status and health."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.argocd_health import Health, health_of, worse
from bot.sandbox.argocd_render import TRACKING, group_of, placed, tracking_id
from bot.sandbox.cluster_errors import ApiError
from bot.sandbox.cluster_kinds import BY_TYPE, GROUPS, KINDS
from bot.sandbox.cluster_patch import merge_key, strategic_patch
from bot.sandbox.cluster_schema import WrongTypeError, conform, with_defaults
from bot.sandbox.cluster_simulation import Cluster
from bot.sandbox.cluster_state import Object

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_OWN = ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink")
_SHOWN_CAUSES = 3


class CompareError(Exception):
    """A comparison that cannot be made; the text is the ComparisonError's."""


@dataclass(slots=True, kw_only=True)
class Row:
    """One resource: as it should be (None: pruning is due), as it is (None: missing), and the verdicts."""

    group: str
    version: str
    kind: str
    namespace: str
    name: str
    target: Object | None
    live: Object | None
    status: str = "OutOfSync"
    health: Health | None = None

    @property
    def prunes(self) -> bool:
        return self.target is None

    def json(self, *, health: bool = True) -> dict[str, Any]:
        """As status.resources has it; empty fields are left out."""
        row: dict[str, Any] = {"group": self.group, "version": self.version, "kind": self.kind}
        row |= {"namespace": self.namespace, "name": self.name, "status": self.status}
        row = {key: value for key, value in row.items() if value}
        if health and self.health is not None:
            row["health"] = self.health.json()
        return row | ({"requiresPruning": True} if self.prunes else {})


@dataclass(slots=True, kw_only=True)
class Comparison:
    """The rows by group, kind, namespace and name; `repeated` names what stands twice in the manifests."""

    rows: list[Row] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)

    @property
    def synced(self) -> bool:
        return all(row.status == "Synced" for row in self.rows)

    def health(self) -> Health:
        """The application's: the worst of its live resources; Missing when none of them lives."""
        worst, causes = "Healthy", []
        for row in self.rows:
            if row.live is None or row.health is None:
                continue
            if worse(worst, row.health.status):
                worst, causes = row.health.status, [row]
            elif worst == row.health.status != "Healthy":
                causes.append(row)
        if self.rows and all(row.live is None for row in self.rows):
            return Health("Missing")
        return Health(worst, _caused_by(causes))


def _caused_by(rows: list[Row]) -> str:
    if not rows:
        return ""
    named = [
        f"{f'{row.group}/' if row.group else ''}{row.kind}:{f'{row.namespace}/' if row.namespace else ''}{row.name}"
        for row in rows
    ]
    more = f" and {len(named) - _SHOWN_CAUSES} more" if len(named) > _SHOWN_CAUSES else ""
    return f"Caused by {', '.join(named[:_SHOWN_CAUSES])}{more}"


def compare(cluster: Cluster, app: str, namespace: str, manifests: Iterable[Object]) -> Comparison:
    """Compares rendered manifests with the cluster. CompareError for an object without apiVersion."""
    found = Comparison()
    rows: dict[tuple[str, str, str, str], Row] = {}
    for manifest in manifests:
        if not manifest.get("apiVersion"):
            raise CompareError(
                "Failed to load live state: failed to get managed objects: unexpected error getting managed object: "
                "failed to get api resource: failed to discover server resources for group version : "
                "groupVersion shouldn't be empty"
            )
        row = _row(cluster, placed(manifest, namespace))
        key = (row.group, row.kind, row.namespace, row.name)
        if key in rows:
            found.repeated.append("/".join(key))
        rows[key] = row
    for live in managed(cluster, app):
        meta, group = live["metadata"], group_of(live)
        key = (group, live["kind"], meta.get("namespace", ""), meta["name"])
        if key not in rows:
            rows[key] = _pruned(live)
    found.rows = [rows[key] for key in sorted(rows)]
    return found


def unknown(cluster: Cluster, app: str) -> Comparison:
    """What is left of a comparison when the manifests cannot be made: the live objects, all of them Unknown."""
    rows = [_pruned(live, "Unknown") for live in managed(cluster, app)]
    return Comparison(rows=sorted(rows, key=lambda row: (row.group, row.kind, row.namespace, row.name)))


def managed(cluster: Cluster, app: str) -> list[Object]:
    """The live objects that carry the application's tracking id as their own (a child may have its parent's)."""
    found = []
    for kind in KINDS:
        if kind.plural in ("pods", "events"):
            continue
        for live in cluster.store.of_kind(kind.plural):
            meta = live["metadata"]
            mark = str((meta.get("annotations") or {}).get(TRACKING, ""))
            if mark.startswith(f"{app}:") and mark.rpartition("/")[2] == meta["name"]:
                own = tracking_id(app, live, meta.get("namespace", ""))
                if mark == own or (not kind.namespaced and mark.split(":")[1] == f"{kind.group}/{kind.kind}"):
                    found.append(live)
    return found


def _pruned(live: Object, status: str = "OutOfSync") -> Row:
    meta, version = live["metadata"], live["apiVersion"].rsplit("/", 1)[-1]
    return Row(
        group=group_of(live),
        version=version,
        kind=live["kind"],
        namespace=meta.get("namespace", ""),
        name=meta["name"],
        target=None,
        live=live,
        status=status,
        health=health_of(live),
    )


def _row(cluster: Cluster, target: Object) -> Row:
    meta, version = target.get("metadata") or {}, str(target["apiVersion"]).rsplit("/", 1)[-1]
    live = live_of(cluster, target)
    row = Row(
        group=group_of(target),
        version=version,
        kind=str(target["kind"]),
        namespace=str(meta.get("namespace", "")),
        name=str(meta.get("name", "")),
        target=target,
        live=live,
        health=Health("Missing") if live is None else health_of(live),
    )
    if live is not None and _same(target, live):
        row.status = "Synced"
    return row


def live_of(cluster: Cluster, target: Object) -> Object | None:
    kind = BY_TYPE.get((str(target.get("apiVersion")), str(target.get("kind"))))
    if kind is None:
        return None
    meta = target.get("metadata") or {}
    return cluster.store.get(kind.plural, meta.get("namespace", "") if kind.namespaced else "", str(meta.get("name")))


def group_served(group: str, version: str) -> bool:
    return GROUPS.get(group) == version


def _same(target: Object, live: Object) -> bool:
    """Whether applying the target would change nothing that counts."""
    try:
        predicted = predict(target, live)
    except (WrongTypeError, ApiError):
        return False
    return plain(predicted) == plain(live)


def predict(target: Object, live: Object) -> Object:
    """The live object as it would be after the target was applied. WrongTypeError, ApiError for what does not fit."""
    merged = strategic_patch(live, three_way(last_applied(live), target, live))
    return with_defaults(live["kind"], conform(live["kind"], merged)[0])


def plain(found: Object) -> Object:
    """An object without its status and what the server keeps for itself."""
    meta = {key: value for key, value in found["metadata"].items() if key not in _OWN}
    notes = {key: value for key, value in (meta.get("annotations") or {}).items() if key != LAST_APPLIED}
    rest = {key: value for key, value in found.items() if key not in ("status", "metadata")}
    return {**rest, "metadata": {**meta, "annotations": notes}}


def last_applied(live: Object) -> Object:
    text = (live["metadata"].get("annotations") or {}).get(LAST_APPLIED)
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def three_way(original: Object, modified: Object, current: Object) -> Object:
    """The strategic merge patch that kubectl apply makes: sets what differs, deletes what was applied before."""
    patch: Object = {}
    for name, value in modified.items():
        have = current.get(name)
        before = original.get(name) if isinstance(original, dict) else None
        if isinstance(value, dict) and isinstance(have, dict):
            part = three_way(before if isinstance(before, dict) else {}, value, have)
            if part:
                patch[name] = part
        elif isinstance(value, list) and isinstance(have, list) and (key := merge_key(name, [*have, *value])):
            items = _items(before if isinstance(before, list) else [], value, have, key)
            if items:
                patch[name] = items
        elif value != have and value is not None:
            patch[name] = value
    gone = [name for name in original if name not in modified and name in current]
    return patch | dict.fromkeys(gone)


def _items(before: list[Any], after: list[Any], have: list[Any], key: str) -> list[Any]:
    whole = [item for item in [*before, *after, *have] if not isinstance(item, dict) or key not in item]
    if whole:
        bad = next(item for item in whole)
        raise ApiError(500, "", f"map: {bad} does not contain declared merge key: {key}")
    old, live = {item[key]: item for item in before}, {item[key]: item for item in have}
    items = []
    for item in after:
        part = three_way(old.get(item[key], {}), item, live.get(item[key], {}))
        if part:
            items.append({key: item[key], **part})
    named = {item[key] for item in after}
    return items + [{key: name, "$patch": "delete"} for name in old if name not in named and name in live]
