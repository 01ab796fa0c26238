"""The StatefulSet, DaemonSet and Job controllers, as far as a failing pod and its mend need them.

A StatefulSet of podManagementPolicy OrderedReady does not replace a pod that never became ready, whatever its template
says by now: so it is with the real one, where a person has to delete the pod.
"""

from typing import Any

from bot.sandbox.cluster_deployments import template_hash
from bot.sandbox.cluster_events import record_event
from bot.sandbox.cluster_kubelet import Kubelet
from bot.sandbox.cluster_pods import is_active, is_ready, new_pod, pinned_node, random_suffix
from bot.sandbox.cluster_state import Object, Store, stamp

REVISION_LABEL = "controller-revision-hash"


class Sets:
    """The three controllers; they share the store and the kubelets (to delete pods)."""

    def __init__(self, store: Store, kubelet: Kubelet) -> None:
        self.store = store
        self.kubelet = kubelet
        self._revisions: dict[str, tuple[Object, str]] = {}

    def forget(self) -> None:
        """Drops what is known of revisions (the cluster begins anew)."""
        self._revisions.clear()

    def _revision(self, found: Object, pods: list[Object]) -> str:
        """The name of the template's revision: that of the loaded object while its template stays, else a new one."""
        meta, template = found["metadata"], found["spec"]["template"]
        known = self._revisions.get(meta["uid"])
        if known is not None and known[0] == template:
            return known[1]
        name = str((found.get("status") or {}).get("updateRevision") or "")
        if known is None and not name and pods:
            name = str((pods[0]["metadata"].get("labels") or {}).get(REVISION_LABEL, ""))
        if known is not None or not name:
            name = template_hash(template)
            name = f"{meta['name']}-{name}" if found["kind"] == "StatefulSet" else name
        self._revisions[meta["uid"]] = (template, name)
        return name

    def _create(self, found: Object, name: str, labels: dict[str, str], now: float, said: str, source: str) -> None:
        template = found["spec"]["template"]
        meta = template.get("metadata") or {}
        template = {**template, "metadata": {**meta, "labels": {**(meta.get("labels") or {}), **labels}}}
        self.kubelet.notice(self.store.put(new_pod(self.store, now, found, template, name)), now)
        record_event(self.store, now, found, "SuccessfulCreate", said, source=source)

    def _delete(self, found: Object, pod: Object, now: float, said: str, source: str) -> None:
        self.kubelet.delete(pod, now)
        record_event(self.store, now, found, "SuccessfulDelete", said, source=source)

    def _put_status(self, found: Object, status: dict[str, Any]) -> None:
        if status != found.get("status"):
            self.store.put({**found, "status": status})

    # --- StatefulSets

    def sync_stateful_set(self, found: Object, now: float) -> None:
        pods = {pod["metadata"]["name"]: pod for pod in self.store.owned("pods", found)}
        revision = self._revision(found, list(pods.values()))
        self._order(found, pods, revision, now)
        self._report_stateful(found, revision)

    def _order(self, found: Object, pods: dict[str, Object], revision: str, now: float) -> None:
        """One turn: create what is missing, drop what is too many, then replace one pod of an old revision."""
        names = [f"{found['metadata']['name']}-{place}" for place in range(found["spec"]["replicas"])]
        ordered = found["spec"].get("podManagementPolicy") != "Parallel"
        for place, one in enumerate(names):
            if one not in pods:
                self._create_ordinal(found, one, place, revision, now)
            if ordered and not (one in pods and is_ready(pods[one]) and is_active(pods[one])):
                return
        extra = sorted(set(pods) - set(names), reverse=True)
        for one in extra[:1] if ordered else extra:
            self._drop(found, pods[one], now)
        if not extra and (found["spec"].get("updateStrategy") or {}).get("type") != "OnDelete":
            self._replace_one([pods[one] for one in reversed(names) if one in pods], found, revision, now)

    def _create_ordinal(self, found: Object, one: str, place: int, revision: str, now: float) -> None:
        labels = {REVISION_LABEL: revision, "statefulset.kubernetes.io/pod-name": one}
        labels["apps.kubernetes.io/pod-index"] = str(place)
        said = f"Create Pod {one} in StatefulSet {found['metadata']['name']} successful"
        self._create(found, one, labels, now, said, "statefulset-controller")

    def _replace_one(self, pods: list[Object], found: Object, revision: str, now: float) -> None:
        for pod in pods:
            if not is_active(pod):
                return
            if (pod["metadata"].get("labels") or {}).get(REVISION_LABEL) != revision:
                self._drop(found, pod, now)
                return
            if not is_ready(pod):
                return

    def _drop(self, found: Object, pod: Object, now: float) -> None:
        if "deletionTimestamp" not in pod["metadata"]:
            said = f"Delete Pod {pod['metadata']['name']} in StatefulSet {found['metadata']['name']} successful"
            self._delete(found, pod, now, said, "statefulset-controller")

    def _report_stateful(self, found: Object, revision: str) -> None:
        pods = [pod for pod in self.store.owned("pods", found) if is_active(pod)]
        before = found.get("status") or {}
        updated = sum((pod["metadata"].get("labels") or {}).get(REVISION_LABEL) == revision for pod in pods)
        ready = sum(map(is_ready, pods))
        current = before.get("currentRevision") or revision
        if updated == ready == len(pods) == found["spec"]["replicas"]:
            current = revision
        counts = {
            "readyReplicas": ready,
            "currentReplicas": len(pods) if current == revision else len(pods) - updated,
            "updatedReplicas": updated,
        }
        self._put_status(
            found,
            {
                "observedGeneration": found["metadata"].get("generation", 1),
                "replicas": len(pods),
                **{name: count for name, count in counts.items() if count},
                "currentRevision": current,
                "updateRevision": revision,
                "collisionCount": before.get("collisionCount", 0),
                "availableReplicas": ready,
            },
        )

    # --- DaemonSets

    def sync_daemon_set(self, found: Object, now: float) -> None:
        pods = self.store.owned("pods", found)
        revision = self._revision(found, pods)
        nodes = [node["metadata"]["name"] for node in self.store.of_kind("nodes")]
        active = {pod["spec"].get("nodeName") or pinned_node(pod): pod for pod in pods if is_active(pod)}
        stale = [
            pod for pod in active.values() if (pod["metadata"].get("labels") or {}).get(REVISION_LABEL) != revision
        ]
        down = sum(not is_ready(pod) for pod in active.values()) + len(nodes) - len(active)
        for pod in sorted(stale, key=is_ready):
            if is_ready(pod) and down >= 1:
                break
            down += is_ready(pod)
            said = f"Deleted pod: {pod['metadata']['name']}"
            self._delete(found, pod, now, said, "daemonset-controller")
        for node in nodes:
            if node not in active:
                self._create_daemon(found, node, revision, now)
        self._report_daemon(found, revision, len(nodes))

    def _create_daemon(self, found: Object, node: str, revision: str, now: float) -> None:
        name = f"{found['metadata']['name']}-{random_suffix(self.store.rng)}"
        labels = {REVISION_LABEL: revision}
        pinned = {**found, "spec": {**found["spec"], "template": _pin(found["spec"]["template"], node)}}
        self._create(pinned, name, labels, now, f"Created pod: {name}", "daemonset-controller")

    def _report_daemon(self, found: Object, revision: str, nodes: int) -> None:
        pods = [pod for pod in self.store.owned("pods", found) if is_active(pod)]
        ready = sum(map(is_ready, pods))
        updated = sum((pod["metadata"].get("labels") or {}).get(REVISION_LABEL) == revision for pod in pods)
        status = {
            "currentNumberScheduled": len(pods),
            "numberMisscheduled": 0,
            "desiredNumberScheduled": nodes,
            "numberReady": ready,
            "observedGeneration": found["metadata"].get("generation", 1),
        }
        counts = {"updatedNumberScheduled": updated, "numberAvailable": ready, "numberUnavailable": nodes - ready}
        self._put_status(found, status | {name: count for name, count in counts.items() if count})

    # --- Jobs

    def sync_job(self, found: Object, now: float) -> None:
        status = found.get("status") or {}
        if any(
            row["type"] in ("Complete", "Failed") and row["status"] == "True" for row in status.get("conditions") or []
        ):
            return
        pods, spec = self.store.owned("pods", found), found["spec"]
        counts = {phase: sum(_phase(pod) == phase for pod in pods) for phase in ("Succeeded", "Failed")}
        active = sum(map(is_active, pods))
        wanted = min(spec.get("parallelism", 1), spec.get("completions", 1) - counts["Succeeded"])
        too_many = counts["Failed"] > spec.get("backoffLimit", 6)
        if not too_many and active < wanted:
            for _ in range(wanted - active):
                name = f"{found['metadata']['name']}-{random_suffix(self.store.rng)}"
                labels = {
                    "batch.kubernetes.io/job-name": found["metadata"]["name"],
                    "job-name": found["metadata"]["name"],
                }
                self._create(found, name, labels, now, f"Created pod: {name}", "job-controller")
            active = wanted
        after = {"startTime": status.get("startTime") or stamp(now)}
        after |= {"active": active} if active and not too_many else {}
        after |= {name.lower(): count for name, count in counts.items() if count}
        verdict = _job_verdict(found, counts, too_many=too_many, now=now)
        if verdict:
            after["conditions"] = [verdict]
            after |= {"completionTime": stamp(now)} if verdict["type"] == "Complete" else {}
            record_event(
                self.store,
                now,
                found,
                "Completed" if verdict["type"] == "Complete" else "BackoffLimitExceeded",
                verdict["message"] or "Job completed",
                source="job-controller",
                warning=verdict["type"] == "Failed",
            )
        self._put_status(found, after)


def _job_verdict(found: Object, counts: dict[str, int], *, too_many: bool, now: float) -> dict[str, Any] | None:
    row = {"status": "True", "lastProbeTime": stamp(now), "lastTransitionTime": stamp(now)}
    if too_many:
        why = {"reason": "BackoffLimitExceeded", "message": "Job has reached the specified backoff limit"}
        return {"type": "Failed", **row, **why}
    if counts["Succeeded"] >= found["spec"].get("completions", 1):
        why = {"reason": "CompletionsReached", "message": "Reached expected number of succeeded pods"}
        return {"type": "Complete", **row, **why}
    return None


def _phase(pod: Object) -> str:
    return str((pod.get("status") or {}).get("phase", ""))


def _pin(template: Object, node: str) -> Object:
    """A template whose pod goes to one node, the way the DaemonSet controller binds it."""
    field = {"key": "metadata.name", "operator": "In", "values": [node]}
    term = {"nodeSelectorTerms": [{"matchFields": [field]}]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": term}}
    return {**template, "spec": {**template["spec"], "affinity": affinity}}
