"""`ports.Cluster` on a Kubernetes API. Reads pods, their logs and events, workloads and ReplicaSets; patches workloads.

Which requests it makes is the least-privilege role of the chart: get and list on these, patch on the workloads, and
SelfSubjectAccessReview. It has no method that could read a Secret.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from bot.adapters.kubernetes.door import Door
from bot.adapters.kubernetes.values import controller_of, event_from, items_of, pod_from, workload_from
from bot.domain.cluster import ClusterEvent, Pod, Workload, WorkloadPatch
from bot.domain.errors import Misuse, NotFound
from bot.domain.evidence import Excerpt
from bot.ports import Keep

FIELD_MANAGER = "codehealer"

PLURALS = {"Deployment": "deployments", "StatefulSet": "statefulsets", "DaemonSet": "daemonsets"}

POD = "/api/v1/namespaces/{namespace}/pods/{name}"
PODS = "/api/v1/namespaces/{namespace}/pods"
LOG = "/api/v1/namespaces/{namespace}/pods/{name}/log"
EVENTS = "/api/v1/namespaces/{namespace}/events"
WORKLOADS = "/apis/apps/v1/namespaces/{namespace}/{plural}"
ALL_WORKLOADS = "/apis/apps/v1/{plural}"
WORKLOAD = "/apis/apps/v1/namespaces/{namespace}/{plural}/{name}"
REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

MAX_PODS = 50
POD_PAGE, POD_PAGES = 250, 4
WORKLOAD_PAGE, WORKLOAD_PAGES = 250, 8
MAX_EVENTS = 100
EVENT_PAGE = 500
MAX_LOG = 4 * 1024 * 1024
MAX_LINE = 1024 * 1024

EPOCH = datetime.fromtimestamp(0, UTC)


class KubernetesCluster:
    """Fulfils `ports.Cluster`. Every error that leaves it is a PlatformError with connection and operation."""

    def __init__(self, connection: str, door: Door) -> None:
        self.connection = connection
        self._door = door

    def close(self) -> None:
        self._door.close()

    def pod(self, namespace: str, name: str) -> Pod:
        answer = self._door.get("read pod", POD, {"namespace": namespace, "name": name})
        return pod_from(self.connection, answer)

    def pods(self, namespace: str, selector: str) -> tuple[Pod, ...]:
        """Return the pods that a label selector finds, newest first, at most 50 (of the first 1,000 by name).

        An empty selector finds nothing here, as in a workload; the API would take it for "all".
        """
        if not selector:
            return ()
        found: list[Pod] = []
        token = ""
        for _ in range(POD_PAGES):
            query: list[tuple[str, str | int]] = [("labelSelector", selector), ("limit", POD_PAGE)]
            query += [("continue", token)] if token else []
            answer = self._door.get("list pods", PODS, {"namespace": namespace}, query)
            items, token = items_of(self.connection, answer)
            found += [pod_from(self.connection, item) for item in items]
            if not token:
                break
        found.sort(key=lambda pod: (pod.created_at or EPOCH, pod.name), reverse=True)
        return tuple(found[:MAX_PODS])

    def workload(self, namespace: str, kind: str, name: str) -> Workload:
        names = {"namespace": namespace, "plural": _plural(kind), "name": name}
        return workload_from(self.connection, kind, self._door.get(f"read {kind}", WORKLOAD, names))

    def owner(self, pod: Pod) -> Workload | None:
        """Return the workload that owns the pod. None too when it was deleted, or made anew under the same name."""
        kind, name, uid = pod.owner_kind, pod.owner_name, ""
        try:
            if kind == "ReplicaSet":
                names = {"namespace": pod.namespace, "plural": "replicasets", "name": name}
                answer = self._door.get("read ReplicaSet", WORKLOAD, names)
                owner = controller_of(answer.get("metadata") or {}) if isinstance(answer, dict) else {}
                kind, name, uid = (str(owner.get(key, "")) for key in ("kind", "name", "uid"))
            if kind not in PLURALS or not name:
                return None
            workload = self.workload(pod.namespace, kind, name)
        except NotFound:
            return None
        return workload if uid in ("", workload.uid) else None

    def events(self, namespace: str, name: str) -> tuple[ClusterEvent, ...]:
        query: list[tuple[str, str | int]] = [("fieldSelector", f"involvedObject.name={name}"), ("limit", EVENT_PAGE)]
        answer = self._door.get("list events", EVENTS, {"namespace": namespace}, query)
        found = [event_from(item) for item in items_of(self.connection, answer)[0]]
        found.sort(key=lambda event: (event.last_seen or EPOCH, event.reason, event.message))
        return tuple(found[-MAX_EVENTS:])

    def log(self, namespace: str, pod: str, container: str, previous: bool, max_lines: int, keep: Keep) -> Excerpt:
        """Return what `keep` keeps of the log's last lines; bytes that are not UTF-8 are replaced.

        The answer is read whole within 4 MiB before `keep` sees its first line, so that a second try never feeds it
        twice. The API cuts at the *end*, which is what matters, so a log that is longer is asked for once more with
        as many lines as fit.
        """
        body = self._tail(namespace, pod, container, previous, max_lines)
        if len(body) >= MAX_LOG:
            body = self._tail(namespace, pod, container, previous, max(1, body.count(b"\n") // 2))
        return keep(_lines(body))

    def _tail(self, namespace: str, pod: str, container: str, previous: bool, lines: int) -> bytes:
        query: list[tuple[str, str | int]] = [("tailLines", lines), ("limitBytes", MAX_LOG)]
        query += [("container", container)] if container else []
        query += [("previous", "true")] if previous else []
        operation = "read previous log" if previous else "read log"
        return self._door.text(operation, LOG, {"namespace": namespace, "name": pod}, query, MAX_LOG)

    def patch(self, patch: WorkloadPatch, dry_run: bool) -> Workload:
        """Send one PATCH, never resent. A dry run that gets no answer raises TimedOut or Unavailable: it changes nothing.

        Unavailable of a real one means that nothing was sent or that the platform asked to come later (429).
        """
        body = json.loads(patch.body)
        if not isinstance(body, dict):
            raise Misuse("a workload patch is a JSON object")
        body["metadata"] = {**body.get("metadata", {}), "resourceVersion": patch.resource_version}
        query: list[tuple[str, str | int]] = [("fieldManager", FIELD_MANAGER), ("fieldValidation", "Strict")]
        query += [("dryRun", "All")] if dry_run else []
        names = {"namespace": patch.namespace, "plural": _plural(patch.kind), "name": patch.name}
        operation = f"dry-run patch of {patch.kind}" if dry_run else f"patch {patch.kind}"
        return workload_from(self.connection, patch.kind, self._door.merge(operation, WORKLOAD, names, query, body))

    def allowed(self, verb: str, group: str, resource: str, namespace: str) -> bool:
        """Ask the API server whether we may; `resource` may name a subresource (`pods/log`)."""
        name, _, part = resource.partition("/")
        attributes = {"verb": verb, "group": group, "resource": name, "namespace": namespace}
        attributes |= {"subresource": part} if part else {}
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        answer = self._door.ask("ask for permission", REVIEW, body)
        status = answer.get("status") if isinstance(answer, dict) else None
        return isinstance(status, dict) and status.get("allowed") is True

    def short_workloads(self, namespaces: tuple[str, ...], limit: int) -> tuple[Workload, ...]:
        """Return workloads with fewer available pods than they want, of the first 2,000 of each kind and place."""
        found: list[Workload] = []
        for kind in PLURALS:
            for namespace in namespaces or ("",):
                found += [each for each in self._workloads(kind, namespace) if each.available < each.replicas]
                if len(found) >= limit:
                    return tuple(found[:limit])
        return tuple(found)

    def _workloads(self, kind: str, namespace: str) -> Iterator[Workload]:
        path, names = (WORKLOADS, {"namespace": namespace}) if namespace else (ALL_WORKLOADS, {})
        token = ""
        for _ in range(WORKLOAD_PAGES):
            query: list[tuple[str, str | int]] = [("limit", WORKLOAD_PAGE)]
            query += [("continue", token)] if token else []
            answer = self._door.get(f"list {kind}s", path, {**names, "plural": _plural(kind)}, query)
            items, token = items_of(self.connection, answer)
            yield from (workload_from(self.connection, kind, item) for item in items)
            if not token:
                return


def _plural(kind: str) -> str:
    try:
        return PLURALS[kind]
    except KeyError:
        raise NotFound(f"{kind or 'no kind'} is no workload that CodeHealer knows", operation="read workload") from None


def _lines(body: bytes) -> Iterator[str]:
    """Yield the log's lines without their ends, each cut after 1 MiB. Only a line feed ends one, as runtimes write it."""
    text = body.decode("utf-8", "replace")
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield text[start : min(end, start + MAX_LINE)].removesuffix("\r")
        start = end + 1
