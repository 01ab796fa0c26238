"""The Deployment and ReplicaSet controllers, by the rules of kube-controller-manager v1.37.

Each `sync_*` looks at one object and does what is missing; it may be called any number of times.
"""

import json
import math
import zlib
from typing import Any

from bot.sandbox.cluster_events import record_event
from bot.sandbox.cluster_kubelet import Kubelet
from bot.sandbox.cluster_pods import ALPHABET, is_active, is_ready, new_pod, owner_reference, random_suffix
from bot.sandbox.cluster_state import Object, Store, seconds_of, stamp
from bot.sandbox.cluster_timers import Timers

HASH = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
_BURST = 500


def template_hash(template: Object) -> str:
    """A stable short name of a pod template, written in the alphabet of Kubernetes' own."""
    number = zlib.crc32(json.dumps(template, sort_keys=True).encode())
    return "".join(ALPHABET[ord(digit) % len(ALPHABET)] for digit in str(number))


def _plain(template: Object) -> Object:
    """A ReplicaSet's template without the label that the controller put there."""
    meta = dict(template.get("metadata") or {})
    meta["labels"] = {key: value for key, value in (meta.get("labels") or {}).items() if key != HASH}
    meta.pop("creationTimestamp", None)
    return {**template, "metadata": meta}


def _amount(value: Any, replicas: int, *, up: bool) -> int:
    if isinstance(value, str) and value.endswith("%"):
        share = int(value[:-1]) * replicas / 100
        return math.ceil(share) if up else math.floor(share)
    return int(value or 0)


def fences(deployment: Object) -> tuple[int, int]:
    """The numbers that maxSurge and maxUnavailable come to."""
    replicas = deployment["spec"].get("replicas", 1)
    rolling = (deployment["spec"].get("strategy") or {}).get("rollingUpdate") or {}
    surge = _amount(rolling.get("maxSurge", "25%"), replicas, up=True)
    unavailable = _amount(rolling.get("maxUnavailable", "25%"), replicas, up=False)
    return surge, unavailable if surge or unavailable else 1


def _size(replica_set: Object) -> int:
    return int(replica_set["spec"].get("replicas", 0))


def _counted(replica_set: Object, name: str) -> int:
    return int((replica_set.get("status") or {}).get(name, 0))


def revision(found: Object) -> int:
    return int((found["metadata"].get("annotations") or {}).get(REVISION, 0))


def condition(status: Object, kind: str) -> dict[str, Any] | None:
    return next((row for row in status.get("conditions") or [] if row["type"] == kind), None)


class Deployments:
    """Both controllers; they share the store, the kubelets (to delete pods) and the timers (progress deadlines)."""

    def __init__(self, store: Store, timers: Timers, kubelet: Kubelet) -> None:
        self.store = store
        self.timers = timers
        self.kubelet = kubelet

    # --- ReplicaSets

    def sync_replica_set(self, replica_set: Object, now: float) -> None:
        pods = self.store.owned("pods", replica_set)
        active = [pod for pod in pods if is_active(pod)]
        missing = _size(replica_set) - len(active)
        if missing > 0:
            for _ in range(min(missing, _BURST)):
                self._create_pod(replica_set, now)
        elif missing < 0:
            for pod in sorted(active, key=_first_to_go)[:-missing]:
                name = pod["metadata"]["name"]
                self._say(replica_set, now, "SuccessfulDelete", f"Deleted pod: {name}", "replicaset-controller")
                self.kubelet.delete(pod, now)
        self._count_pods(replica_set, now)

    def _create_pod(self, replica_set: Object, now: float) -> None:
        base = replica_set["metadata"]["name"] + "-"
        name = base + random_suffix(self.store.rng)
        pod = new_pod(self.store, now, replica_set, replica_set["spec"]["template"], name, generate=base)
        self.kubelet.notice(self.store.put(pod), now)
        self._say(replica_set, now, "SuccessfulCreate", f"Created pod: {name}", "replicaset-controller")

    def _count_pods(self, replica_set: Object, now: float) -> None:
        pods = self.store.owned("pods", replica_set)
        active = [pod for pod in pods if is_active(pod)]
        least = replica_set["spec"].get("minReadySeconds", 0)
        ready = [pod for pod in active if is_ready(pod)]
        available = [pod for pod in ready if self._available(pod, least, now)]
        status = {"replicas": len(active), "fullyLabeledReplicas": len(active), "readyReplicas": len(ready)}
        status |= {"availableReplicas": len(available)}
        if len(available) < len(ready):
            self.timers.set(
                ("replicasets", replica_set["metadata"]["namespace"], replica_set["metadata"]["name"]), now + 1
            )
        kept = {name: value for name, value in status.items() if value or name == "replicas"}
        kept["terminatingReplicas"] = sum("deletionTimestamp" in pod["metadata"] for pod in pods)
        kept["observedGeneration"] = replica_set["metadata"].get("generation", 1)
        if kept != replica_set.get("status"):
            self.store.put({**replica_set, "status": kept})

    @staticmethod
    def _available(pod: Object, least: int, now: float) -> bool:
        row = condition(pod["status"], "Ready") or {}
        since = seconds_of(row.get("lastTransitionTime"))
        return not least or since is None or now - since >= least

    # --- Deployments

    def sync_deployment(self, deployment: Object, now: float) -> None:
        sets = self.store.owned("replicasets", deployment)
        wanted = _plain(deployment["spec"]["template"])
        new = next((one for one in sets if _plain(one["spec"]["template"]) == wanted), None)
        old = [one for one in sets if one is not new]
        paused = deployment["spec"].get("paused", False)
        if new is None and not paused:
            self._create_set(deployment, old, now)
            return
        if new is not None and not paused:
            deployment, new = self._renumber(deployment, new, old)
        recreate = (deployment["spec"].get("strategy") or {}).get("type") == "Recreate"
        if new is not None and recreate and not paused:
            self._recreate(deployment, new, old, now)
        elif new is not None and not self._only_scaled(deployment, new, old, now) and not paused:
            self._roll(deployment, new, old, now)
        self._report(deployment, now)

    def _create_set(self, deployment: Object, old: list[Object], now: float) -> None:
        meta, spec = deployment["metadata"], deployment["spec"]
        name_hash = template_hash(spec["template"])
        template = spec["template"]
        labels = {**((template.get("metadata") or {}).get("labels") or {}), HASH: name_hash}
        template = {**template, "metadata": {**(template.get("metadata") or {}), "labels": labels}}
        name, number = f"{meta['name']}-{name_hash}", max(map(revision, old), default=0) + 1
        recreate = (spec.get("strategy") or {}).get("type") == "Recreate"
        size = 0 if recreate and any(map(_size, old)) else self._room(deployment, 0, old)
        surge = fences(deployment)[0]
        annotations = {
            **{k: v for k, v in (meta.get("annotations") or {}).items() if not k.startswith("kubectl.kubernetes.io/")},
            "deployment.kubernetes.io/desired-replicas": str(spec["replicas"]),
            "deployment.kubernetes.io/max-replicas": str(spec["replicas"] + surge),
            REVISION: str(number),
        }
        selector = {**spec["selector"], "matchLabels": {**(spec["selector"].get("matchLabels") or {}), HASH: name_hash}}
        self.store.put(
            {
                "apiVersion": "apps/v1",
                "kind": "ReplicaSet",
                "metadata": {
                    "name": name,
                    "namespace": meta["namespace"],
                    "uid": self.store.new_uid(),
                    "generation": 1,
                    "creationTimestamp": stamp(now),
                    "labels": labels,
                    "annotations": annotations,
                    "ownerReferences": [owner_reference(deployment)],
                },
                "spec": {"replicas": size, "selector": selector, "template": template}
                | ({"minReadySeconds": spec["minReadySeconds"]} if spec.get("minReadySeconds") else {}),
                "status": {"replicas": 0},
            }
        )
        self._note_new_set(deployment, name, number, now)
        if size:
            self._say_scaled(deployment, name, 0, size, now)

    def _note_new_set(self, deployment: Object, name: str, number: int, now: float) -> None:
        status = dict(deployment.get("status") or {})
        text = f'Created new replica set "{name}"'
        status["conditions"] = _with_condition(status, now, "Progressing", "True", "NewReplicaSetCreated", text)
        meta = {**deployment["metadata"]}
        meta["annotations"] = {**(meta.get("annotations") or {}), REVISION: str(number)}
        self.store.put({**deployment, "metadata": meta, "status": status})

    def _renumber(self, deployment: Object, new: Object, old: list[Object]) -> tuple[Object, Object]:
        """The revision of a template that came back is the newest again; the Deployment carries it too."""
        number = max(revision(new), max(map(revision, old), default=0) + 1 if old else 1)
        if old and revision(new) > max(map(revision, old)):
            number = revision(new)
        if revision(new) != number:
            new = self._annotate(new, number)
        if revision(deployment) != number:
            deployment = self._annotate(deployment, number)
        return deployment, new

    def _annotate(self, found: Object, number: int) -> Object:
        meta = {**found["metadata"]}
        meta["annotations"] = {**(meta.get("annotations") or {}), REVISION: str(number)}
        return self.store.put({**found, "metadata": meta})

    def _only_scaled(self, deployment: Object, new: Object, old: list[Object], now: float) -> bool:
        """The desired count moved while nothing rolls: the one active set takes it at once."""
        desired = deployment["spec"]["replicas"]
        if any(map(_size, old)) or _size(new) == desired:
            return False
        self._resize(deployment, new, desired, now)
        return True

    def _room(self, deployment: Object, size: int, old: list[Object]) -> int:
        """The size that the new set may have now."""
        desired, surge = deployment["spec"]["replicas"], fences(deployment)[0]
        if size > desired:
            return int(desired)
        free = desired + surge - size - sum(map(_size, old))
        return int(size + max(0, min(free, desired - size)))

    def _roll(self, deployment: Object, new: Object, old: list[Object], now: float) -> None:
        room = self._room(deployment, _size(new), old)
        if room != _size(new):
            self._resize(deployment, new, room, now)
            return
        desired, unavailable = deployment["spec"]["replicas"], fences(deployment)[1]
        least = desired - unavailable
        spare = _size(new) + sum(map(_size, old)) - least - (_size(new) - _counted(new, "availableReplicas"))
        old = [one for one in sorted(old, key=lambda one: one["metadata"]["creationTimestamp"]) if _size(one)]
        if spare <= 0 or not old:
            return
        for place, one in enumerate(old):
            gone = min(spare, _size(one) - _counted(one, "availableReplicas"))
            if gone > 0:
                old[place] = self._resize(deployment, one, _size(one) - gone, now)
                spare -= gone
        extra = sum(_counted(one, "availableReplicas") for one in [*old, new]) - least
        for one in old:
            gone = min(extra, _size(one))
            if gone > 0:
                self._resize(deployment, one, _size(one) - gone, now)
                extra -= gone

    def _recreate(self, deployment: Object, new: Object, old: list[Object], now: float) -> None:
        for one in old:
            if _size(one):
                self._resize(deployment, one, 0, now)
        if not any(self.store.owned("pods", one) for one in old) and _size(new) != deployment["spec"]["replicas"]:
            self._resize(deployment, new, deployment["spec"]["replicas"], now)

    def _resize(self, deployment: Object, replica_set: Object, size: int, now: float) -> Object:
        before, meta = _size(replica_set), replica_set["metadata"]
        grown = {**meta, "generation": meta.get("generation", 1) + 1}
        self._say_scaled(deployment, meta["name"], before, size, now)
        return self.store.put({**replica_set, "metadata": grown, "spec": {**replica_set["spec"], "replicas": size}})

    def _say_scaled(self, deployment: Object, name: str, before: int, after: int, now: float) -> None:
        way = "up" if after > before else "down"
        text = f"Scaled {way} replica set {name} from {before} to {after}"
        self._say(deployment, now, "ScalingReplicaSet", text, "deployment-controller")

    def _say(self, about: Object, now: float, reason: str, text: str, source: str) -> None:
        record_event(self.store, now, about, reason, text, source=source)

    # --- status

    def _report(self, deployment: Object, now: float) -> None:
        meta = deployment["metadata"]
        found = self.store.get("deployments", meta["namespace"], meta["name"])
        if found is None:
            return
        sets = self.store.owned("replicasets", found)
        wanted = _plain(found["spec"]["template"])
        new = next((one for one in sets if _plain(one["spec"]["template"]) == wanted), None)
        status = _totals(found, sets, new)
        before = found.get("status") or {}
        status["conditions"] = self._conditions(found, before, status, new, now)
        if status != before:
            self.store.put({**found, "status": status})

    def _conditions(
        self, deployment: Object, before: Object, status: Object, new: Object | None, now: float
    ) -> list[dict[str, Any]]:
        desired = deployment["spec"]["replicas"]
        enough = status.get("availableReplicas", 0) >= desired - fences(deployment)[1]
        rows = {"conditions": before.get("conditions") or []}
        state = ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
        if not enough:
            state = ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
        rows["conditions"] = _with_condition(rows, now, "Available", *state)
        verdict = self._progress(deployment, before, status, new, now)
        if verdict:
            rows["conditions"] = _with_condition(
                rows, now, "Progressing", *verdict, fresh=verdict[1] == "ReplicaSetUpdated"
            )
        return rows["conditions"]

    def _progress(
        self, deployment: Object, before: Object, status: Object, new: Object | None, now: float
    ) -> tuple[str, str, str] | None:
        row = condition(before, "Progressing")
        done = status.get("replicas", 0) == status.get("updatedReplicas", 0)
        if row and row["reason"] == "NewReplicaSetAvailable" and done:
            return None
        meta, desired = deployment["metadata"], deployment["spec"]["replicas"]
        name = f'ReplicaSet "{new["metadata"]["name"]}"' if new else f'Deployment "{meta["name"]}"'
        counts = [status.get(part, 0) for part in ("updatedReplicas", "replicas", "availableReplicas")]
        if counts == [desired] * 3 and status["observedGeneration"] >= meta.get("generation", 1):
            return "True", "NewReplicaSetAvailable", f"{name} has successfully progressed."
        if _moved(before, status):
            return "True", "ReplicaSetUpdated", f"{name} is progressing."
        since = seconds_of((row or {}).get("lastUpdateTime"))
        limit = deployment["spec"].get("progressDeadlineSeconds", 600)
        if since is None or (row or {}).get("reason") == "ProgressDeadlineExceeded":
            return None
        if now >= since + limit:
            return "False", "ProgressDeadlineExceeded", f"{name} has timed out progressing."
        self.timers.set(("deployments", meta["namespace"], meta["name"]), since + limit + 1)
        return None


def _first_to_go(pod: Object) -> tuple[bool, bool, float]:
    """Unplaced before placed, unready before ready, newer before older."""
    return (
        bool(pod["spec"].get("nodeName")),
        is_ready(pod),
        -(seconds_of(pod["metadata"].get("creationTimestamp")) or 0.0),
    )


def _totals(deployment: Object, sets: list[Object], new: Object | None) -> dict[str, Any]:
    total = {
        "replicas": sum(_counted(one, "replicas") for one in sets),
        "updatedReplicas": _counted(new, "replicas") if new else 0,
        "readyReplicas": sum(_counted(one, "readyReplicas") for one in sets),
        "availableReplicas": sum(_counted(one, "availableReplicas") for one in sets),
    }
    asked = max(sum(map(_size, sets)), 0)
    total["unavailableReplicas"] = max(0, asked - total["availableReplicas"])
    status: dict[str, Any] = {"observedGeneration": deployment["metadata"].get("generation", 1)}
    status |= {name: value for name, value in total.items() if value}
    status["terminatingReplicas"] = sum(_counted(one, "terminatingReplicas") for one in sets)
    if "collisionCount" in (deployment.get("status") or {}):
        status["collisionCount"] = deployment["status"]["collisionCount"]
    return status


def _moved(before: Object, after: Object) -> bool:
    def old(status: Object) -> int:
        return int(status.get("replicas", 0) - status.get("updatedReplicas", 0))

    grown = any(
        after.get(name, 0) > before.get(name, 0) for name in ("updatedReplicas", "readyReplicas", "availableReplicas")
    )
    return grown or old(after) < old(before)


def _with_condition(
    status: Object, now: float, kind: str, value: str, reason: str, message: str, *, fresh: bool = False
) -> list[dict[str, Any]]:
    """The conditions with one of them set; its times move as SetDeploymentCondition moves them."""
    before = condition(status, kind)
    if before and (before["status"], before["reason"]) == (value, reason) and not fresh:
        return list(status["conditions"])
    since = before["lastTransitionTime"] if before and before["status"] == value else stamp(now)
    row = {"type": kind, "status": value, "lastUpdateTime": stamp(now), "lastTransitionTime": since}
    row |= {"reason": reason, "message": message}
    return [one for one in status.get("conditions") or [] if one["type"] != kind] + [row]
