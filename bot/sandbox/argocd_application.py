"""An Application: its spec, what the controller knows of it, and the JSON that the API answers."""

from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.argocd_compare import Row
from bot.sandbox.argocd_health import Health
from bot.sandbox.cluster_state import Object, stamp

SERVER = "https://kubernetes.default.svc"
NAMESPACE = "argocd"


@dataclass(slots=True, kw_only=True)
class Application:
    """`operation` is what was asked for and is not finished; `state` is the running or last operation."""

    name: str
    project: str
    source: dict[str, str]
    namespace: str
    policy: dict[str, Any]
    uid: str
    created: float
    annotations: dict[str, str] = field(default_factory=dict)
    version: int = 1
    generation: int = 1
    sync: str = "Unknown"
    revision: str = ""
    rows: list[Row] = field(default_factory=list)
    health: Health = field(default_factory=lambda: Health("Missing"))
    health_since: float = 0.0
    conditions: list[dict[str, str]] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)
    state: dict[str, Any] | None = None
    operation: dict[str, Any] | None = None
    reconciled: float = 0.0
    rendered: list[Object] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    source_type: str = "Directory"
    operation_due: float = 0.0
    heal_due: float = 0.0

    @property
    def automated(self) -> dict[str, Any] | None:
        """The automated part of the sync policy; None when auto-sync is off."""
        found = self.policy.get("automated")
        return found if isinstance(found, dict) and found.get("enabled", True) else None

    @property
    def running(self) -> bool:
        return self.operation is not None or (self.state or {}).get("phase") in ("Running", "Terminating")

    def options(self) -> list[str]:
        return list(self.policy.get("syncOptions") or [])

    def condition(self, kind: str, message: str, now: float) -> None:
        """Sets a condition; its time moves only with its text."""
        before = next((row for row in self.conditions if row["type"] == kind), None)
        self.conditions = [row for row in self.conditions if row["type"] != kind]
        since = before["lastTransitionTime"] if before and before["message"] == message else stamp(now)
        self.conditions.append({"type": kind, "message": message, "lastTransitionTime": since})

    def no_condition(self, *kinds: str) -> None:
        self.conditions = [row for row in self.conditions if row["type"] not in kinds]

    # --- JSON

    def spec(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "destination": self.destination,
            "project": self.project,
            **({"syncPolicy": self.policy} if self.policy else {}),
        }

    @property
    def destination(self) -> dict[str, str]:
        return {"server": SERVER, "namespace": self.namespace}

    def json(self, *, health: bool = True) -> dict[str, Any]:
        """The whole object. Answers to writes come without the resources' health (`health` false), as the real one's."""
        meta: dict[str, Any] = {
            "name": self.name,
            "namespace": NAMESPACE,
            "uid": self.uid,
            "resourceVersion": str(self.version),
            "generation": self.generation,
            "creationTimestamp": stamp(self.created),
        }
        if self.annotations:
            meta["annotations"] = self.annotations
        found = {"metadata": meta, "spec": self.spec(), "status": self._status(health=health)}
        return found | ({"operation": self.operation} if self.operation else {})

    def _status(self, *, health: bool) -> dict[str, Any]:
        compared = {"source": self.source, "destination": self.destination}
        since = {"lastTransitionTime": stamp(self.health_since)} if self.health_since else {}
        status: dict[str, Any] = {
            "resources": [row.json(health=health) for row in self.rows],
            "sync": {"status": self.sync, "comparedTo": compared, "revision": self.revision},
            "health": self.health.json() | since,
            "history": self.history,
            "conditions": self.conditions,
            "reconciledAt": stamp(self.reconciled),
            "operationState": self.state,
            "sourceType": self.source_type,
            "summary": {"images": self.images} if self.images else {},
            "resourceHealthSource": "appTree",
            "controllerNamespace": NAMESPACE,
            "sourceHydrator": {},
        }
        kept = ("summary", "sourceHydrator")
        return {key: value for key, value in status.items() if value or key in kept}

    def summary(self) -> dict[str, Any]:
        """What the page and the control API show."""
        results = ((self.state or {}).get("syncResult") or {}).get("resources") or []
        said = {(row["kind"], row.get("namespace", ""), row["name"]): row.get("message", "") for row in results}
        return {
            "name": self.name,
            "project": self.project,
            "namespace": self.namespace,
            "repo_url": self.source.get("repoURL", ""),
            "path": self.source.get("path", ""),
            "sync": self.sync,
            "health": self.health.status,
            "health_message": self.health.message,
            "revision": self.revision,
            "auto_sync": self.automated is not None,
            "operation": {key: str((self.state or {}).get(key, "")) for key in ("phase", "message")},
            "conditions": [{"type": row["type"], "message": row["message"]} for row in self.conditions],
            "resources": [
                {
                    "kind": row.kind,
                    "namespace": row.namespace,
                    "name": row.name,
                    "sync": row.status,
                    "health": row.health.status if row.health else "",
                    "message": (row.health.message if row.health else "")
                    or said.get((row.kind, row.namespace, row.name), ""),
                }
                for row in self.rows
            ],
        }
