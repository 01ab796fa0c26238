"""The kinds that the sandbox's API serves, what the bot's user may do with them, and the discovery documents."""

from dataclasses import dataclass
from typing import Any

READ = ("get", "list", "watch")
ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One resource: its names, and the verbs that the bot's user is granted (`granted`)."""

    plural: str
    kind: str
    group: str = ""
    version: str = "v1"
    namespaced: bool = True
    short: tuple[str, ...] = ()
    scale: bool = False
    granted: tuple[str, ...] = READ

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version


PATCHABLE = (*READ, "patch")

KINDS = (
    Kind(plural="pods", kind="Pod", short=("po",)),
    Kind(plural="events", kind="Event", short=("ev",)),
    Kind(plural="namespaces", kind="Namespace", namespaced=False, short=("ns",)),
    Kind(plural="nodes", kind="Node", namespaced=False, short=("no",)),
    Kind(plural="resourcequotas", kind="ResourceQuota", short=("quota",)),
    Kind(plural="limitranges", kind="LimitRange", short=("limits",)),
    Kind(plural="secrets", kind="Secret", granted=()),
    Kind(plural="configmaps", kind="ConfigMap", short=("cm",), granted=()),
    Kind(plural="services", kind="Service", short=("svc",), granted=()),
    Kind(plural="serviceaccounts", kind="ServiceAccount", short=("sa",), granted=()),
    Kind(plural="deployments", kind="Deployment", group="apps", short=("deploy",), scale=True, granted=PATCHABLE),
    Kind(plural="replicasets", kind="ReplicaSet", group="apps", short=("rs",), scale=True),
    Kind(plural="statefulsets", kind="StatefulSet", group="apps", short=("sts",), scale=True, granted=PATCHABLE),
    Kind(plural="daemonsets", kind="DaemonSet", group="apps", short=("ds",), granted=PATCHABLE),
    Kind(plural="jobs", kind="Job", group="batch"),
)

BY_RESOURCE = {(kind.group, kind.version, kind.plural): kind for kind in KINDS}
BY_PLURAL = {kind.plural: kind for kind in KINDS}
BY_TYPE = {(kind.api_version, kind.kind): kind for kind in KINDS}

REVIEW_GROUP = "authorization.k8s.io"
REVIEWS = {"selfsubjectaccessreviews": "SelfSubjectAccessReview", "selfsubjectrulesreviews": "SelfSubjectRulesReview"}
GROUPS = {"": "v1", "apps": "v1", "batch": "v1", REVIEW_GROUP: "v1"}

VERSION = {
    "major": "1",
    "minor": "37",
    "emulationMajor": "1",
    "emulationMinor": "37",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "36",
    "gitVersion": "v1.37.2",
    "gitCommit": "0000000000000000000000000000000000000000",
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "go1.26.8",
    "compiler": "gc",
    "platform": "linux/amd64",
}


def may(verb: str, group: str, resource: str) -> bool:
    """Whether the bot's user is granted `verb` on `resource` ("pods", "pods/log", "deployments/scale")."""
    plural, _, sub = resource.partition("/")
    if group == REVIEW_GROUP:
        return verb == "create" and plural in REVIEWS
    kind = BY_PLURAL.get(plural)
    if kind is None or kind.group != group:
        return False
    if sub == "log":
        return plural == "pods" and verb == "get"
    if sub == "scale":
        return kind.scale and verb in ("get", "patch") and verb in kind.granted
    return not sub and verb in kind.granted


def resource_rules() -> list[dict[str, Any]]:
    """The grants of the bot's user as SelfSubjectRulesReview lists them."""
    rules: list[dict[str, Any]] = [
        {"verbs": ["create"], "apiGroups": [REVIEW_GROUP], "resources": sorted(REVIEWS)},
        {"verbs": ["get"], "apiGroups": [""], "resources": ["pods/log"]},
    ]
    for group in ("", "apps", "batch"):
        for verbs in (READ, PATCHABLE):
            names = [kind.plural for kind in KINDS if kind.group == group and kind.granted == verbs]
            if names:
                rules.append({"verbs": list(verbs), "apiGroups": [group], "resources": names})
    scaled = [f"{kind.plural}/scale" for kind in KINDS if kind.scale and "patch" in kind.granted]
    rules.append({"verbs": ["get", "patch"], "apiGroups": ["apps"], "resources": scaled})
    return rules


def resource_list(group: str) -> dict[str, Any]:
    """The APIResourceList of a group ("" is the core)."""
    rows: list[dict[str, Any]] = []
    for kind in (kind for kind in KINDS if kind.group == group):
        row: dict[str, Any] = {"name": kind.plural, "singularName": kind.kind.lower(), "namespaced": kind.namespaced}
        row |= {"kind": kind.kind, "verbs": list(ALL_VERBS)}
        if kind.short:
            row["shortNames"] = list(kind.short)
        rows.append(row)
        if kind.plural == "pods":
            rows.append(_part("pods/log", "Pod", ["get"]))
        if kind.scale:
            scale = _part(f"{kind.plural}/scale", "Scale", ["get", "patch", "update"])
            rows.append(scale | {"group": "autoscaling", "version": "v1"})
    if group == REVIEW_GROUP:
        rows = [
            {"name": name, "singularName": kind.lower(), "namespaced": False, "kind": kind, "verbs": ["create"]}
            for name, kind in REVIEWS.items()
        ]
    version = f"{group}/{GROUPS[group]}" if group else GROUPS[group]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": rows}


def _part(name: str, kind: str, verbs: list[str]) -> dict[str, Any]:
    return {"name": name, "singularName": "", "namespaced": True, "kind": kind, "verbs": verbs}


def _group(group: str) -> dict[str, Any]:
    version = {"groupVersion": f"{group}/{GROUPS[group]}", "version": GROUPS[group]}
    return {"name": group, "versions": [version], "preferredVersion": version}


def discovery(path: str, address: str) -> dict[str, Any] | None:
    """The discovery document at `path` (no slash at its end), or None; `address` is the server's host:port."""
    clients = [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}]
    fixed: dict[str, dict[str, Any]] = {
        "/version": VERSION,
        "/api": {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": clients},
        "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(name) for name in GROUPS if name]},
    }
    if path in fixed:
        return dict(fixed[path])
    match path.split("/"):
        case ["", "api", "v1"]:
            return resource_list("")
        case ["", "apis", group] if group in GROUPS and group:
            return {"kind": "APIGroup", "apiVersion": "v1", **_group(group)}
        case ["", "apis", group, version] if group and GROUPS.get(group) == version:
            return resource_list(group)
    return None
