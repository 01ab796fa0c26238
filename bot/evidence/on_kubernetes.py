"""A pod or a workload: what Kubernetes says of it, and of an ill one what the application says that owns it."""

from dataclasses import replace
from functools import partial

from bot.domain.alert import Target, TargetKind
from bot.domain.cluster import ContainerState, Pod, Workload
from bot.domain.connections import ConnectionKind
from bot.domain.errors import NotFound
from bot.domain.evidence import EvidenceKind, GapReason
from bot.domain.names import NamedWorkload, workloads_of_pod
from bot.evidence.failing import failing_container, is_failing, is_short, worst_first
from bot.evidence.gathering import Asking, Gathering, Plan
from bot.evidence.on_argocd import gather_owner
from bot.evidence.plan import MAX_LOG_LINES
from bot.ports import Cluster

KINDS = ("Deployment", "StatefulSet", "DaemonSet")
MAX_PODS = 5


def gather_workload(work: Gathering, plan: Plan) -> None:
    """Gather what the cluster knows of the target; when it is ill and Argo CD's, its source as well."""
    target = work.target
    asking = work.reach(ConnectionKind.KUBERNETES, target, plan)
    if asking is None:
        return
    if not target.namespace:
        for request in plan:
            work.miss(request, GapReason.NOT_FOUND, "the alert names no namespace")
        return
    cluster = asking.open(plan, work.platforms.cluster)
    if cluster is None:
        return
    _Kubernetes(work, asking, cluster, target, plan).gather()
    short = work.workload is not None and is_short(work.workload)
    work.confirmed = short or any(is_failing(pod) for pod in work.pods)
    if work.confirmed and work.workload is not None and work.workload.managed_by == "argocd":
        gather_owner(work, work.workload)


class _Kubernetes:
    """One pass over a pod or a workload: find both, then read events and logs of the pod that tells most."""

    def __init__(self, work: Gathering, asking: Asking, cluster: Cluster, target: Target, plan: Plan) -> None:
        self._work, self._asking, self._cluster, self._named = work, asking, cluster, target
        self._plan = {request.kind: request for request in plan}
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
            pod = self._asking.fetch(
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

        self._work.workload = self._asking.fetch(request, owner)
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

        self._work.workload = self._asking.fetch(self._plan[EvidenceKind.WORKLOAD], first)
        return self._work.workload

    def _guesses(self) -> tuple[NamedWorkload, ...]:
        if self._named.kind is TargetKind.POD:
            return workloads_of_pod(self._named.name)
        kinds = (self._named.workload_kind,) if self._named.workload_kind in KINDS else KINDS
        return tuple(NamedWorkload(kind=kind, name=self._named.name) for kind in kinds)

    def _worst_pod(self, workload: Workload) -> Pod | None:
        request = self._plan[EvidenceKind.POD]
        pods = self._asking.fetch(request, lambda: self._cluster.pods(self._namespace, workload.selector))
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
            events = self._asking.fetch(request, partial(self._cluster.events, self._namespace, target.name))
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
        kept = self._asking.fetch(
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
