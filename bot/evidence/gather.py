"""Fetch what the plan asks for: facts become Evidence, what cannot be had becomes an EvidenceGap."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from bot.domain.alert import Alert, Target, TargetKind
from bot.domain.cluster import ContainerState, Pod, Workload
from bot.domain.errors import NotFound, PlatformError, TimedOut, Unavailable
from bot.domain.evidence import Dossier, Evidence, EvidenceGap, EvidenceKind, EvidenceRequest, GapReason
from bot.domain.names import NamedWorkload, workloads_of_pod
from bot.evidence.failing import failing_container, is_failing, is_short, worst_first
from bot.evidence.plan import MAX_LOG_LINES, plan_evidence
from bot.evidence.readers import READERS
from bot.evidence.readers.post import post_lines
from bot.evidence.reduce import reducer
from bot.evidence.source import Source
from bot.ports import Clock, Cluster, Ids, Keep, Platforms
from knowledge.text.redact import Session

T = TypeVar("T")

ON_KUBERNETES = (TargetKind.POD, TargetKind.WORKLOAD)
KINDS = ("Deployment", "StatefulSet", "DaemonSet")
MAX_PODS = 5
MAX_DETAIL = 300


def gather(
    incident_id: str,
    alert: Alert,
    platforms: Platforms,
    *,
    ids: Ids,
    clock: Clock,
    in_scope: bool,
    session: Session,
    keep_factory: Callable[[Session], Keep] = reducer,
) -> Dossier:
    """Return everything that can be known about the alert's target now. Never raises a PlatformError.

    The same answers of the ports give the same dossier. A crash-looping pod costs six requests. What the platforms
    answer is masked already (`mask.MaskedPlatforms`); `session` numbers what is still found in the post and the logs.
    """
    dossier_id = ids.new("do")
    work = _Gathering(alert.target, ids, clock.now(), keep_factory(session))
    work.add(EvidenceKind.POST, alert.post, work.keep(post_lines(alert.post)))
    plan = plan_evidence(alert.target)
    cluster = _cluster(work, plan, platforms, in_scope)
    if cluster is not None:
        _Kubernetes(work, cluster, alert.target, {request.kind: request for request in plan}).gather()
    return Dossier(
        id=dossier_id,
        incident_id=incident_id,
        target=work.target,
        evidence=tuple(work.evidence),
        gaps=tuple(work.gaps),
        workload=work.workload,
        pods=work.pods,
        confirmed=any(is_failing(pod) for pod in work.pods) or (work.workload is not None and is_short(work.workload)),
        collected_at=work.at,
    )


class _Gathering:
    """What was found so far; becomes a Dossier. `target` is the alert's until the platform names its owner."""

    def __init__(self, target: Target, ids: Ids, at: datetime, keep: Keep) -> None:
        self.target, self.at, self.keep = target, at, keep
        self.evidence: list[Evidence] = []
        self.gaps: list[EvidenceGap] = []
        self.workload: Workload | None = None
        self.pods: tuple[Pod, ...] = ()
        self._ids = ids
        self._outage: PlatformError | None = None

    def add(self, kind: EvidenceKind, *raw: object, target: Target | None = None) -> None:
        source = Source(id=self._ids.new("ev"), target=target or self.target, at=self.at)
        self.evidence.append(READERS[kind](*raw, source))

    def miss(self, request: EvidenceRequest, reason: str, detail: str) -> None:
        self.gaps.append(EvidenceGap(request=request, reason=GapReason(reason), detail=detail[:MAX_DETAIL]))

    def fetch(self, request: EvidenceRequest, call: Callable[[], T]) -> T | None:
        """Return what the platform answered, or None after noting the gap. After an outage nothing more is asked."""
        if self._outage is not None:
            self.miss(request, self._outage.reason, f"not asked: {self._outage.detail}")
            return None
        try:
            return call()
        except PlatformError as error:
            if isinstance(error, (Unavailable, TimedOut)):
                self._outage = error
            self.miss(request, error.reason, error.detail)
            return None


def _cluster(
    work: _Gathering, plan: tuple[EvidenceRequest, ...], platforms: Platforms, in_scope: bool
) -> Cluster | None:
    """Return the cluster to ask, or None after noting why nothing of the plan is fetched."""
    if not plan:
        return None
    reason, detail = "", ""
    if not in_scope:
        reason, detail = GapReason.OUT_OF_SCOPE, "this channel's scope does not cover it"
    elif work.target.kind not in ON_KUBERNETES:
        reason, detail = GapReason.NOT_CONFIGURED, "no connection to this platform"
    elif not work.target.namespace:
        reason, detail = GapReason.NOT_FOUND, "the alert names no namespace"
    else:
        try:
            return platforms.cluster(work.target.connection)
        except PlatformError as error:
            reason, detail = error.reason, error.detail
    for request in plan:
        work.miss(request, reason, detail)
    return None


class _Kubernetes:
    """One pass over a pod or a workload: find both, then read events and logs of the pod that tells most."""

    def __init__(
        self, work: _Gathering, cluster: Cluster, target: Target, plan: dict[EvidenceKind, EvidenceRequest]
    ) -> None:
        self._work, self._cluster, self._named, self._plan = work, cluster, target, plan
        self._namespace = target.namespace

    def gather(self) -> None:
        workload, pod = self._find()
        container = failing_container(pod, self._named.container) if pod else None
        self._work.target = self._confirmed(workload, pod, container)
        if pod is not None:
            self._work.add(EvidenceKind.POD, pod, self._named.container, target=self._of_pod(pod))
        if workload is not None:
            self._work.add(EvidenceKind.WORKLOAD, workload)
        logs = self._logs_of(pod, container)
        self._read_events(pod, workload, with_workload=len(logs) < 2)
        if pod is not None and container is not None:
            for kind in logs:
                self._read_log(pod, container, kind)

    def _find(self) -> tuple[Workload | None, Pod | None]:
        """Return the workload and its pod that tells most, each None after a gap; sets both in the gathering."""
        if self._named.kind is TargetKind.POD:
            pod = self._work.fetch(
                self._plan[EvidenceKind.POD], lambda: self._cluster.pod(self._namespace, self._named.name)
            )
            if pod is not None:
                self._work.pods = (pod,)
                return self._owner(pod), pod
        workload = self._workload_by_name()
        return workload, self._worst_pod(workload) if workload else None

    def _owner(self, pod: Pod) -> Workload | None:
        request = self._plan[EvidenceKind.WORKLOAD]

        def owner() -> Workload:
            found = self._cluster.owner(pod)
            if found is None:
                raise NotFound(f"no Deployment, StatefulSet or DaemonSet owns pod {pod.name}")
            return found

        self._work.workload = self._work.fetch(request, owner)
        return self._work.workload

    def _workload_by_name(self) -> Workload | None:
        def first() -> Workload:
            for guess in self._guesses():
                try:
                    found = self._cluster.workload(self._namespace, guess.kind, guess.name)
                except NotFound:
                    continue
                return found
            raise NotFound(f"no workload of that name in namespace {self._namespace}")

        self._work.workload = self._work.fetch(self._plan[EvidenceKind.WORKLOAD], first)
        return self._work.workload

    def _guesses(self) -> tuple[NamedWorkload, ...]:
        if self._named.kind is TargetKind.POD:
            return workloads_of_pod(self._named.name)
        kinds = (self._named.workload_kind,) if self._named.workload_kind in KINDS else KINDS
        return tuple(NamedWorkload(kind=kind, name=self._named.name) for kind in kinds)

    def _worst_pod(self, workload: Workload) -> Pod | None:
        request = self._plan[EvidenceKind.POD]
        pods = self._work.fetch(request, lambda: self._cluster.pods(self._namespace, workload.selector))
        if pods is None:
            return None
        if not pods:
            self._work.miss(request, GapReason.EMPTY, f"{workload.kind} {workload.name} has no pod")
            return None
        self._work.pods = worst_first(pods)[:MAX_PODS]
        return self._work.pods[0]

    def _confirmed(self, workload: Workload | None, pod: Pod | None, container: ContainerState | None) -> Target:
        """Return the target as the platform has it; the alert's own where the platform has neither."""
        name = container.name if container else self._named.container
        if workload is not None:
            return replace(
                self._named,
                kind=TargetKind.WORKLOAD,
                name=workload.name,
                namespace=workload.namespace,
                workload_kind=workload.kind,
                container=name,
            )
        return replace(self._of_pod(pod), container=name) if pod else self._named

    def _of_pod(self, pod: Pod) -> Target:
        return replace(self._named, kind=TargetKind.POD, name=pod.name, namespace=pod.namespace)

    def _read_events(self, pod: Pod | None, workload: Workload | None, with_workload: bool) -> None:
        """Read the pod's events, and the workload's where they say what the pod cannot."""
        targets = [self._of_pod(pod)] if pod else []
        if workload is not None and (with_workload or not pod):
            targets.append(replace(self._named, kind=TargetKind.WORKLOAD, name=workload.name))
        if not targets:
            targets = [self._named]
        found = False
        for target in targets:
            request = replace(self._plan[EvidenceKind.EVENTS], target=target)
            events = self._work.fetch(request, partial(self._cluster.events, self._namespace, target.name))
            if events is None:
                return
            if events:
                found = True
                self._work.add(EvidenceKind.EVENTS, events, target=target)
        if not found:
            self._work.miss(self._plan[EvidenceKind.EVENTS], GapReason.EMPTY, "no events (they are kept for an hour)")

    def _logs_of(self, pod: Pod | None, container: ContainerState | None) -> tuple[EvidenceKind, ...]:
        """Return which logs exist by the container's own status; notes gaps when there can be none.

        Of a container that waits to start again the kubelet has one log, under both names (GetContainerLogs: without a
        running instance it takes lastState's container).
        """
        both = (EvidenceKind.PREVIOUS_LOG, EvidenceKind.LOG)
        ended_before = container is not None and (container.last_exit_code is not None or container.restarts > 0)
        if pod is None or container is None:
            detail = "no pod to read a log of"
        elif container.state in ("running", "terminated"):
            return both if ended_before else (EvidenceKind.LOG,)
        elif ended_before:
            return (EvidenceKind.PREVIOUS_LOG,)
        else:
            detail = f"container {container.name} has not started" + (
                f": {container.reason}" if container.reason else ""
            )
        self._work.miss(self._plan[EvidenceKind.LOG], GapReason.EMPTY, detail)
        return ()

    def _read_log(self, pod: Pod, container: ContainerState, kind: EvidenceKind) -> None:
        previous = kind is EvidenceKind.PREVIOUS_LOG
        request = replace(self._plan[kind], target=replace(self._of_pod(pod), container=container.name))
        kept = self._work.fetch(
            request,
            lambda: self._cluster.log(
                self._namespace, pod.name, container.name, previous, MAX_LOG_LINES, self._work.keep
            ),
        )
        if kept is None:
            return
        if not kept.lines:
            self._work.miss(request, GapReason.EMPTY, f"container {container.name} wrote nothing")
            return
        self._work.add(kind, kept, container.name, target=request.target)
