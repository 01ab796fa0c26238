"""A cluster in memory that keeps `ports.Cluster`'s promises; the contract suite runs against it too.

It holds values, not JSON. A patch of a template makes a new pod at once, which is ill or well by `needs_memory`, the
amount that a workload's first container needs. Faults are scripted: the next call of that operation meets them.
"""

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bot.domain.cluster import (
    EXECUTION_MARK,
    ClusterEvent,
    Condition,
    Container,
    ContainerState,
    Mark,
    Pod,
    Quantity,
    Workload,
    WorkloadPatch,
)
from bot.domain.errors import AnswerLost, Conflict, Forbidden, NotConfigured, NotFound, PlatformError, Rejected
from bot.domain.evidence import Excerpt
from bot.ports import Cluster, Deployments, Keep, Pipelines, Platforms
from tests.fakes.faults import Fault

START = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "m": 0.001}
RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"


def amount(text: str) -> float:
    """The quantity as a number: bytes, or cores."""
    digits = text.rstrip("kKMGim")
    return float(digits or "0") * UNITS[text[len(digits) :]]


@dataclass
class FakeCluster(Cluster):
    connection: str = "default"
    needs_memory: dict[tuple[str, str], str] = field(default_factory=dict)
    workloads: dict[tuple[str, str, str], Workload] = field(default_factory=dict)
    pods_by_name: dict[tuple[str, str], Pod] = field(default_factory=dict)
    owners: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    events_of: dict[tuple[str, str], list[ClusterEvent]] = field(default_factory=dict)
    logs: dict[tuple[str, str, str, bool], list[str]] = field(default_factory=dict)
    forbidden_namespaces: set[str] = field(default_factory=set)
    denied: set[tuple[str, str, str]] = field(default_factory=lambda: {("get", "", "secrets")})
    faults: list[Fault] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    version: int = 1000

    # --- the world

    def deploy(
        self,
        namespace: str,
        name: str,
        *,
        kind: str = "Deployment",
        limit: str = "64Mi",
        request: str = "64Mi",
        needs: str = "",
        managed_by: str = "",
    ) -> Workload:
        """A workload of one container `app` with one pod; OOMKilled again and again while its limit is below `needs`."""
        if needs:
            self.needs_memory[namespace, name] = needs
        container = Container(
            name="app",
            image="shop:1",
            requests=(Quantity(name="memory", amount=request),),
            limits=(Quantity(name="memory", amount=limit),),
        )
        workload = Workload(
            connection=self.connection,
            kind=kind,
            namespace=namespace,
            name=name,
            uid=f"uid-{name}",
            generation=1,
            observed_generation=1,
            resource_version=self._next(),
            replicas=1,
            updated=1,
            selector=f"app={name}",
            revision="1",
            managed_by=managed_by,
            containers=(container,),
        )
        self.workloads[namespace, kind, name] = workload
        self._roll_out(workload)
        return self.workloads[namespace, kind, name]

    def status_write(self, namespace: str, kind: str, name: str) -> None:
        """What controllers do all day: the resourceVersion moves, the generation does not."""
        key = (namespace, kind, name)
        self.workloads[key] = replace(self.workloads[key], resource_version=self._next())

    def fail(self, operation: str, error: PlatformError, times: int = 1) -> None:
        self.faults.append(Fault(operation=operation, error=error, times=times))

    def lose_answer(self, *, applied: bool) -> None:
        """The next real patch gets no answer; `applied` says whether it was done all the same."""
        self.faults.append(Fault(operation="patch", error=AnswerLost("the connection broke"), before=not applied))

    # --- ports.Cluster

    def pod(self, namespace: str, name: str) -> Pod:
        self._call("pod", namespace)
        return self._found(self.pods_by_name.get((namespace, name)), f'pods "{name}" not found')

    def pods(self, namespace: str, selector: str) -> tuple[Pod, ...]:
        self._call("pods", namespace)
        wanted = {w.name for w in self.workloads.values() if w.namespace == namespace and w.selector == selector}
        found = [p for p in self.pods_by_name.values() if p.namespace == namespace and self.owners[p.uid][2] in wanted]
        return tuple(sorted(found, key=lambda p: (p.created_at or START, p.name), reverse=True)[:50])

    def workload(self, namespace: str, kind: str, name: str) -> Workload:
        self._call("workload", namespace)
        return self._found(self.workloads.get((namespace, kind, name)), f'{kind} "{name}" not found')

    def owner(self, pod: Pod) -> Workload | None:
        self._call("owner", pod.namespace)
        return self.workloads.get(self.owners.get(pod.uid, ("", "", "")))

    def events(self, namespace: str, name: str) -> tuple[ClusterEvent, ...]:
        self._call("events", namespace)
        return tuple(self.events_of.get((namespace, name), ()))[-100:]

    def log(self, namespace: str, pod: str, container: str, previous: bool, max_lines: int, keep: Keep) -> Excerpt:
        self._call("log", namespace)
        lines = self.logs.get((namespace, pod, container, previous))
        return keep(iter(self._found(lines, f'no log of container "{container}" in pod "{pod}"')[-max_lines:]))

    def patch(self, patch: WorkloadPatch, dry_run: bool) -> Workload:
        fault = self._call("dry_run" if dry_run else "patch", patch.namespace)
        key = (patch.namespace, patch.kind, patch.name)
        before = self._found(self.workloads.get(key), f'{patch.kind} "{patch.name}" not found')
        if patch.resource_version != before.resource_version:
            raise Conflict("the object has been modified", connection=self.connection, operation="patch", status=409)
        after, template = _merged(before, json.loads(patch.body))
        _validate(after)
        if dry_run:
            return after
        if after != before:
            after = replace(after, resource_version=self._next())
            self.workloads[key] = after
            if template:
                self._roll_out(after)
        if fault is not None:
            raise fault.error
        return self.workloads[key]

    def allowed(self, verb: str, group: str, resource: str, namespace: str) -> bool:
        self._call("allowed", "")
        return namespace not in self.forbidden_namespaces and (verb, group, resource) not in self.denied

    def short_workloads(self, namespaces: tuple[str, ...], limit: int) -> tuple[Workload, ...]:
        self._call("short_workloads", "")
        short = [w for w in self.workloads.values() if w.available < w.replicas]
        return tuple(w for w in short if not namespaces or w.namespace in namespaces)[:limit]

    # --- inside

    def _call(self, operation: str, namespace: str) -> Fault | None:
        """Count the call; meet the faults that come before the work; return one that comes after it."""
        self.calls[operation] += 1
        if namespace in self.forbidden_namespaces:
            raise Forbidden("forbidden", connection=self.connection, operation=operation, status=403)
        for fault in self.faults:
            if fault.operation == operation:
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
                if fault.before:
                    raise fault.error
                return fault
        return None

    def _found(self, thing, problem: str):
        if thing is None:
            raise NotFound(problem, connection=self.connection, status=404)
        return thing

    def _next(self) -> str:
        self.version += 1
        return str(self.version)

    def _roll_out(self, workload: Workload) -> None:
        """Replace the workload's pods by one of its template, and count it."""
        for key in [k for k, p in self.pods_by_name.items() if self.owners[p.uid][2] == workload.name]:
            del self.pods_by_name[key]
        pod = self._new_pod(workload)
        self.pods_by_name[pod.namespace, pod.name] = pod
        self.owners[pod.uid] = (workload.namespace, workload.kind, workload.name)
        well = int(pod.ready)
        self.workloads[workload.namespace, workload.kind, workload.name] = replace(
            workload, observed_generation=workload.generation, updated=1, ready=well, available=well
        )
        if not pod.ready:
            self.events_of[pod.namespace, pod.name] = [
                ClusterEvent(
                    type="Warning",
                    reason="BackOff",
                    message=f"Back-off restarting failed container app in pod {pod.name}",
                    count=7,
                    last_seen=pod.created_at,
                    object_kind="Pod",
                    object_name=pod.name,
                )
            ]

    def _new_pod(self, workload: Workload) -> Pod:
        number = self._next()
        made_of = "7d9c" + "".join("bcdfghjklm"[int(digit)] for digit in number)  # as the controller's hashes look
        need = self.needs_memory.get((workload.namespace, workload.name), "")
        container = workload.containers[0]
        ill = bool(need) and amount(container.limit("memory")) < amount(need)
        created = START + timedelta(seconds=int(number) - 1000)
        return Pod(
            connection=self.connection,
            namespace=workload.namespace,
            name=f"{workload.name}-{made_of}-x2x4z",
            uid=f"uid-pod-{number}",
            phase="Running",
            node="node-1",
            ready=not ill,
            owner_kind="ReplicaSet" if workload.kind == "Deployment" else workload.kind,
            owner_name=f"{workload.name}-{made_of}" if workload.kind == "Deployment" else workload.name,
            template_hash=made_of,
            created_at=created,
            marks=tuple(mark for mark in workload.marks if mark.name in (EXECUTION_MARK, RESTARTED_AT)),
            conditions=(Condition(type="Ready", status="False" if ill else "True"),),
            containers=(_state(container, ill, created),),
        )


@dataclass
class FakePlatforms(Platforms):
    """What is configured, by kind and connection."""

    clusters: dict[str, Cluster] = field(default_factory=dict)
    githubs: dict[str, Pipelines] = field(default_factory=dict)
    argocds: dict[str, Deployments] = field(default_factory=dict)

    def cluster(self, connection: str) -> Cluster:
        if connection not in self.clusters:
            raise NotConfigured(f"no cluster is configured as {connection}", connection=connection)
        return self.clusters[connection]

    def pipelines(self, connection: str) -> Pipelines:
        if connection not in self.githubs:
            raise NotConfigured(f"no GitHub is configured as {connection}", connection=connection)
        return self.githubs[connection]

    def deployments(self, connection: str) -> Deployments:
        if connection not in self.argocds:
            raise NotConfigured(f"no Argo CD is configured as {connection}", connection=connection)
        return self.argocds[connection]


def _state(container: Container, ill: bool, at: datetime) -> ContainerState:
    known = {"name": container.name, "image": container.image}
    known |= {"requests": container.requests, "limits": container.limits}
    if not ill:
        return ContainerState(**known, ready=True, state="running", started_at=at)
    return ContainerState(
        **known,
        restarts=7,
        state="waiting",
        reason="CrashLoopBackOff",
        message="back-off 5m0s restarting failed container=app",
        last_reason="OOMKilled",
        last_exit_code=137,
        last_finished_at=at,
    )


def _merged(workload: Workload, body: dict) -> tuple[Workload, bool]:
    """The workload after a strategic merge of annotations, template annotations and containers' resources."""
    template = body.get("spec", {}).get("template", {})
    marks = {mark.name: mark.value for mark in workload.marks}
    marks |= template.get("metadata", {}).get("annotations", {}) | body.get("metadata", {}).get("annotations", {})
    changed = {c["name"]: c.get("resources", {}) for c in template.get("spec", {}).get("containers", ())}
    after = replace(
        workload,
        marks=tuple(Mark(name=name, value=text) for name, text in sorted(marks.items())),
        containers=tuple(_resized(c, changed.get(c.name, {})) for c in workload.containers),
    )
    changes_template = bool(template) and after != workload
    return replace(after, generation=workload.generation + changes_template), changes_template


def _resized(container: Container, resources: dict) -> Container:
    def merged(now: tuple[Quantity, ...], name: str) -> tuple[Quantity, ...]:
        amounts = {q.name: q.amount for q in now} | resources.get(name, {})
        return tuple(Quantity(name=k, amount=v) for k, v in sorted(amounts.items()))

    return replace(
        container, requests=merged(container.requests, "requests"), limits=merged(container.limits, "limits")
    )


def _validate(workload: Workload) -> None:
    for container in workload.containers:
        for limit in container.limits:
            request = container.request(limit.name)
            if request and amount(request) > amount(limit.amount):
                raise Rejected(
                    f"must be less than or equal to {limit.name} limit of {limit.amount}", operation="patch", status=422
                )
