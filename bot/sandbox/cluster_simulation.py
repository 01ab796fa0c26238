"""The cluster as a whole: the store, the controllers and kubelets that act on it, and a clock that is told.

Nothing runs by itself: `tick()` does what is due at `now()`. Between two writes an unchanged cluster has no work.
"""

import json
import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from bot.sandbox.cluster_deployments import Deployments
from bot.sandbox.cluster_kubelet import Kubelet
from bot.sandbox.cluster_logs import LogSource
from bot.sandbox.cluster_schema import conform, first_status, with_defaults
from bot.sandbox.cluster_sets import Sets
from bot.sandbox.cluster_state import Key, Object, Store, controller_of, kind_of, stamp
from bot.sandbox.cluster_timers import Timers
from bot.sandbox.cluster_world import split_world

_CONTROLLED = {
    "ReplicaSet": "replicasets",
    "StatefulSet": "statefulsets",
    "DaemonSet": "daemonsets",
    "Job": "jobs",
    "Deployment": "deployments",
}
_WORKLOADS = ("deployments", "statefulsets", "daemonsets", "jobs")
_PLAIN = ("resourcequotas", "limitranges", "configmaps", "secrets", "services", "serviceaccounts")


class Cluster:
    """`now` gives epoch seconds; `seed` makes names and uids repeatable."""

    def __init__(self, now: Callable[[], float], seed: int | None = None) -> None:
        self.now = now
        # Names only have to differ; nothing here is a secret.
        self.store = Store(random.Random(seed))  # noqa: S311
        self.timers = Timers()
        self.kubelet = Kubelet(self.store, self.timers)
        self.deployments = Deployments(self.store, self.timers, self.kubelet)
        self.sets = Sets(self.store, self.kubelet)
        self.logs: list[LogSource] = []
        self._dirty: dict[Key, None] = {}
        self.store.listeners.append(self._changed)
        self._begin()

    def _begin(self) -> None:
        for name in ("default", "kube-system"):
            self.create([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}])
        self.create([_node(f"worker-{place}", place) for place in (1, 2)])

    def reset(self) -> None:
        """Back to an empty cluster; resourceVersions go on from where they were."""
        for plural in ("jobs", "daemonsets", "statefulsets", "deployments", "replicasets", "pods", "events"):
            self._remove_all(plural, None)
        for plural in (*_PLAIN, "nodes", "namespaces"):
            self._remove_all(plural, None)
        self.logs.clear()
        self.kubelet.pull_errors.clear()
        self.sets.forget()
        self._dirty.clear()
        self._begin()

    def drop_namespace(self, namespace: str) -> None:
        """Removes a namespace with all that is in it, at once."""
        for plural in (*_WORKLOADS, "replicasets", "pods", "events", *_PLAIN):
            self._remove_all(plural, namespace)
        self.logs[:] = [source for source in self.logs if source.namespace != namespace]
        if found := self.store.get("namespaces", "", namespace):
            self.store.remove(found)

    def delete(self, found: Object) -> None:
        """Removes one object and, as the garbage collector would, what it owns; its pods stop first."""
        for plural in ("replicasets", "jobs"):
            for owned in self.store.owned(plural, found):
                self.delete(owned)
        for pod in self.store.owned("pods", found):
            self.kubelet.delete(pod, self.now())
        meta = found["metadata"]
        self.store.remove(found)
        self.timers.cancel((kind_of(found).plural, meta.get("namespace", ""), meta["name"]))

    def _remove_all(self, plural: str, namespace: str | None) -> None:
        for found in self.store.of_kind(plural, namespace):
            self.store.remove(found)
            self.timers.cancel((plural, found["metadata"].get("namespace", ""), found["metadata"]["name"]))

    def create(self, documents: Iterable[Object], logs: Iterable[LogSource] = ()) -> list[Object]:
        """Stores objects as they are (status included), replacing those of the same name, and lets them live on.

        What is missing is filled in: namespace, uid, times, defaults, the uid of an owner by its name. Documents of kind
        PodLogs become logs. ValueError for a kind that is not known.
        """
        world = split_world([json.loads(json.dumps(document, default=_as_text)) for document in documents], None)
        for source in (*world.logs, *logs):
            self.logs.insert(0, source)
        self.kubelet.pull_errors.update(world.pull_errors)
        return [self._create(document) for document in world.objects]

    def _create(self, document: Object) -> Object:
        kind, now = kind_of(document), self.now()
        fitted = with_defaults(kind.kind, conform(kind.kind, document)[0])
        meta = dict(fitted["metadata"])
        if kind.namespaced:
            meta.setdefault("namespace", "default")
            if kind.plural != "events" and not self.store.get("namespaces", "", meta["namespace"]):
                self._create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": meta["namespace"]}})
        meta.setdefault("uid", self.store.new_uid())
        meta.setdefault("creationTimestamp", stamp(now))
        if kind.plural not in ("events", "namespaces", "nodes"):
            meta.setdefault("generation", 1)
        if kind.plural == "namespaces":
            meta["labels"] = {"kubernetes.io/metadata.name": meta["name"], **(meta.get("labels") or {})}
            fitted = {"spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}, **fitted}
        elif "spec" in fitted:
            fitted.setdefault("status", first_status(kind.kind))
        fitted["metadata"] = meta
        for owner in meta.get("ownerReferences") or ():
            self._complete_owner(owner, meta.get("namespace", ""))
        stored = self.store.put(fitted)
        if kind.plural == "pods":
            self.kubelet.notice(stored, now)
        return stored

    def _complete_owner(self, owner: Object, namespace: str) -> None:
        found = self.store.get(_CONTROLLED.get(str(owner.get("kind")), ""), namespace, str(owner.get("name")))
        if not owner.get("uid") and found is not None:
            owner["uid"] = found["metadata"]["uid"]

    # --- time

    def _changed(self, plural: str, before: Object | None, after: Object | None) -> None:
        found = after or before
        if found is None or plural in ("events", "namespaces"):
            return
        meta = found["metadata"]
        if after is not None and plural in (*_WORKLOADS, "replicasets"):
            self._dirty[plural, meta["namespace"], meta["name"]] = None
        if plural in ("pods", "replicasets") and (owner := controller_of(found)):
            above = _CONTROLLED.get(str(owner.get("kind")))
            if above:
                self._dirty[above, meta["namespace"], str(owner.get("name"))] = None

    def tick(self, limit: int | None = None) -> bool:
        """Does what is due now, and what follows from it; True when `limit` objects were not enough."""
        now, done = self.now(), 0
        while limit is None or done < limit:
            if self._dirty:
                key = next(iter(self._dirty))
                del self._dirty[key]
                self._sync(key, now)
            else:
                due = self.timers.take(now)
                if due is None:
                    return False
                self._due(due, now)
            done += 1
        return bool(self._dirty)

    def _due(self, key: Any, now: float) -> None:
        if key[0] == "pods":
            self.kubelet.step(key, now)
        else:
            self._dirty[key] = None

    def _sync(self, key: Key, now: float) -> None:
        plural, namespace, name = key
        found = self.store.get(plural, namespace, name)
        if found is None:
            return
        syncs = {
            "deployments": self.deployments.sync_deployment,
            "replicasets": self.deployments.sync_replica_set,
            "statefulsets": self.sets.sync_stateful_set,
            "daemonsets": self.sets.sync_daemon_set,
            "jobs": self.sets.sync_job,
        }
        syncs[plural](found, now)

    # --- what the page shows

    def summary(self) -> list[dict[str, Any]]:
        """Every workload with its replicas, containers' memory limits and pods, by namespace and name."""
        rows = [self._summary(found) for plural in _WORKLOADS for found in self.store.of_kind(plural)]
        return sorted(rows, key=lambda row: (row["namespace"], row["name"], row["kind"]))

    def _summary(self, found: Object) -> dict[str, Any]:
        status, spec = found.get("status") or {}, found["spec"]
        owners = self.store.owned("replicasets", found) if found["kind"] == "Deployment" else [found]
        pods = [pod for owner in owners for pod in self.store.owned("pods", owner)]
        desired = spec.get("replicas", status.get("desiredNumberScheduled", spec.get("completions", 0)))
        ready = status.get("readyReplicas", status.get("numberReady", status.get("succeeded", 0)))
        containers = [
            {"name": item["name"], "memory_limit": ((item.get("resources") or {}).get("limits") or {}).get("memory")}
            for item in spec["template"]["spec"]["containers"]
        ]
        return {
            "namespace": found["metadata"]["namespace"],
            "kind": found["kind"],
            "name": found["metadata"]["name"],
            "ready": ready,
            "desired": desired,
            "containers": containers,
            "pods": [_pod_row(pod) for pod in pods],
        }


def _pod_row(pod: Object) -> dict[str, Any]:
    status = pod.get("status") or {}
    rows = status.get("containerStatuses") or []
    states = [row.get("state") or {} for row in rows]
    reasons = [part.get("reason") for state in states for name, part in state.items() if name != "running" and part]
    going = "deletionTimestamp" in pod["metadata"]
    return {
        "name": pod["metadata"]["name"],
        "phase": status.get("phase", "Pending"),
        "reason": "Terminating" if going else next((reason for reason in reasons if reason), ""),
        "restarts": sum(row.get("restartCount", 0) for row in rows),
        "ready": bool(rows) and all(row.get("ready") for row in rows),
    }


def _as_text(value: Any) -> str:
    """YAML reads unquoted times as datetimes; Kubernetes has them as text."""
    if isinstance(value, datetime):
        return stamp((value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp())
    raise TypeError(f"{type(value).__name__} is not JSON")


def _node(name: str, place: int) -> Object:
    amounts = {"cpu": "4", "memory": "8Gi", "pods": "110"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"}},
        "spec": {},
        "status": {
            "capacity": amounts,
            "allocatable": amounts,
            "addresses": [
                {"type": "InternalIP", "address": f"10.0.0.{10 + place}"},
                {"type": "Hostname", "address": name},
            ],
            "conditions": [
                {"type": "MemoryPressure", "status": "False", "reason": "KubeletHasSufficientMemory"},
                {"type": "DiskPressure", "status": "False", "reason": "KubeletHasNoDiskPressure"},
                {"type": "Ready", "status": "True", "reason": "KubeletReady"},
            ],
            "nodeInfo": {
                "architecture": "amd64",
                "bootID": "",
                "containerRuntimeVersion": "containerd://2.2.1",
                "kernelVersion": "6.12.0",
                "kubeProxyVersion": "",
                "kubeletVersion": "v1.37.2",
                "machineID": "",
                "operatingSystem": "linux",
                "osImage": "Sandbox",
                "systemUUID": "",
            },
        },
    }
