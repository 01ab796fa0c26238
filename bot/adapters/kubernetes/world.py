"""A Cluster that answers from a scenario's world file: what `simulate` shows where no cluster may be touched."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from bot.adapters.kubernetes.values import controller_of, event_from, pod_from, workload_from
from bot.domain.cluster import ClusterEvent, Pod, Workload, WorkloadPatch
from bot.domain.errors import ConfigError, NotFound, Rejected
from bot.domain.evidence import Excerpt
from bot.ports import Keep

_PLACE = re.compile(r"\{\{now-(\d{1,6})([smhd])\}\}")
_UNIT = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class WorldCluster:
    """Cluster as `bot.ports.Cluster` promises it, read-only: a write is rejected, a dry run is taken as accepted."""

    def __init__(self, connection: str, folder: Path, now: datetime) -> None:
        self._connection, self._folder = connection, folder
        self._objects = list(_objects(folder / "world.yaml", now))

    def pod(self, namespace: str, name: str) -> Pod:
        return pod_from(self._connection, self._one("Pod", namespace, name))

    def pods(self, namespace: str, selector: str) -> tuple[Pod, ...]:
        wanted = dict(part.split("=", 1) for part in selector.split(",") if "=" in part)
        return tuple(
            pod_from(self._connection, each)
            for each in self._all("Pod", namespace)
            if wanted.items() <= (each["metadata"].get("labels") or {}).items()
        )

    def workload(self, namespace: str, kind: str, name: str) -> Workload:
        return workload_from(self._connection, kind, self._one(kind, namespace, name))

    def owner(self, pod: Pod) -> Workload | None:
        kind, name = pod.owner_kind, pod.owner_name
        if kind == "ReplicaSet":
            above = controller_of(self._one(kind, pod.namespace, name)["metadata"])
            kind, name = str(above.get("kind") or ""), str(above.get("name") or "")
        return self.workload(pod.namespace, kind, name) if kind in {"Deployment", "StatefulSet", "DaemonSet"} else None

    def events(self, namespace: str, name: str) -> tuple[ClusterEvent, ...]:
        found = [e for e in self._all("Event", namespace) if (e.get("involvedObject") or {}).get("name") == name]
        oldest = datetime.min.replace(tzinfo=UTC)
        return tuple(sorted(map(event_from, found), key=lambda event: event.last_seen or oldest))

    def log(self, namespace: str, pod: str, container: str, previous: bool, max_lines: int, keep: Keep) -> Excerpt:
        labels = self._one("Pod", namespace, pod)["metadata"].get("labels") or {}
        for each in self._all("PodLogs", namespace):
            spec = each["spec"]
            if (spec.get("selector") or {}).items() <= labels.items() and spec.get("container") == container:
                text = spec.get("previous" if previous else "current")
                if text:
                    return keep(self._text(str(text)).splitlines()[-max_lines:])
        raise NotFound(f"there is no {'previous ' if previous else ''}log of {container}", connection=self._connection)

    def patch(self, patch: WorkloadPatch, dry_run: bool) -> Workload:
        if dry_run:
            return self.workload(patch.namespace, patch.kind, patch.name)
        raise Rejected("this is a simulation: nothing is changed", connection=self._connection, operation="patch")

    def allowed(self, verb: str, group: str, resource: str, namespace: str) -> bool:  # noqa: ARG002 - the port's
        return verb in {"get", "list", "patch"}

    def short_workloads(self, namespaces: tuple[str, ...], limit: int) -> tuple[Workload, ...]:  # noqa: ARG002 - the port's
        return ()

    def _text(self, text: str) -> str:
        path = self._folder / text
        return path.read_text(encoding="utf-8", errors="replace") if "\n" not in text and path.is_file() else text

    def _all(self, kind: str, namespace: str) -> list[Any]:
        return [
            each for each in self._objects if each["kind"] == kind and each["metadata"].get("namespace") == namespace
        ]

    def _one(self, kind: str, namespace: str, name: str) -> Any:
        for each in self._all(kind, namespace):
            if each["metadata"].get("name") == name:
                return each
        raise NotFound(f'{kind} "{name}" not found', connection=self._connection, operation=f"get {kind}", status=404)


def _objects(path: Path, now: datetime) -> Iterator[Any]:
    def moment(place: "re.Match[str]") -> str:
        past = now - timedelta(**{_UNIT[place[2]]: int(place[1])})
        return past.strftime("%Y-%m-%dT%H:%M:%SZ")

    try:
        text = _PLACE.sub(moment, path.read_text(encoding="utf-8"))
        yield from (each for each in yaml.load_all(text, Loader=yaml.CSafeLoader) if each)
    except (OSError, yaml.YAMLError) as error:
        raise ConfigError(
            place=str(path), problem=f"it cannot be read: {str(error)[:300]}", mend="correct the scenario's world file"
        ) from error
