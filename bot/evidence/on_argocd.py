"""An Argo CD application: what is out of sync or ill, what its pods say, and what changed in its source."""

import re
from dataclasses import replace

from bot.domain.alert import Target, TargetKind
from bot.domain.cluster import ClusterEvent, Pod, Workload
from bot.domain.connections import ConnectionKind
from bot.domain.delivery import Application, AppResource
from bot.domain.errors import NotFound
from bot.domain.evidence import EvidenceKind, EvidenceRequest, Excerpt, GapReason
from bot.evidence.app_failure import failing_revision, ill_resources, is_confirmed, last_good_revision
from bot.evidence.failing import failing_container
from bot.evidence.gathering import Asking, Gathering, Plan, about, of_kind
from bot.evidence.in_source import gather_source
from bot.evidence.plan import MAX_LOG_LINES, OWNER, requests
from bot.ports import Deployments

_CONTAINER = re.compile(r"\bcontainer \"?(?P<name>[a-z0-9][a-z0-9-]{0,62})\"? in pod\b")
_CANNOT_START = (
    "ImagePullBackOff",
    "ErrImagePull",
    "Back-off pulling image",
    "CreateContainerConfigError",
    "Insufficient",
)


def gather_application(work: Gathering, plan: Plan) -> None:
    """Gather what Argo CD knows of the application that the alert names, and what changed in its source."""
    target = work.target
    app = _application(work, target, plan)
    if app is None:
        return
    work.target = replace(
        target,
        name=app.name,
        namespace=app.destination_namespace or target.namespace,
        revision=failing_revision(app),
        url=app.url or target.url,
    )
    work.confirmed = is_confirmed(app)
    asking = work.reach(ConnectionKind.ARGOCD, replace(work.target, cluster=target.cluster), plan[1:])
    if asking is None:
        return
    deployments = asking.open(plan[1:], work.platforms.deployments)
    ill = _Resources(work, asking, deployments, app, plan).gather() if deployments else ()
    if work.confirmed:
        source = requests(work.target, tuple((r.kind, r.why) for r in plan if r.kind in _IN_SOURCE))
        gather_source(work, app, ill, source)
    if deployments and not work.files and any(each.result == "SyncFailed" for each in ill):
        _read_manifests(work, asking, deployments, app, ill)


def gather_owner(work: Gathering, workload: Workload) -> None:
    """Gather the application that owns an ill workload, and in its source the manifest and who changed it.

    At most seven requests: the application, and six to its repository.
    """
    connection = work.connections.of(ConnectionKind.ARGOCD, workload.manager)
    target = Target(connection=connection, kind=TargetKind.ARGO_APP, name=workload.manager, cluster=work.target.cluster)
    plan = requests(target, OWNER)
    if not workload.manager:
        for request in plan:
            work.miss(request, GapReason.NOT_FOUND, "the workload does not say which application owns it")
        return
    app = _application(work, target, plan)
    if app is not None:
        mine = AppResource(kind=workload.kind, namespace=workload.namespace, name=workload.name)
        gather_source(work, app, (mine,), plan[1:])


_IN_SOURCE = (EvidenceKind.SOURCE, EvidenceKind.CHANGE)


def _application(work: Gathering, target: Target, plan: Plan) -> Application | None:
    """Return the application and add it as evidence, or None after the gaps of everything that hangs on it."""
    asking = work.reach(ConnectionKind.ARGOCD, target, plan)
    deployments = asking.open(plan, work.platforms.deployments) if asking else None
    if asking is None or deployments is None:
        return None
    request = of_kind(plan, EvidenceKind.APP_STATUS)
    app = asking.fetch(request, lambda: deployments.application(target.name))
    if app is None:
        work.miss_after(request, plan[1:], "the application could not be read")
        return None
    work.app = app
    work.add(EvidenceKind.APP_STATUS, app, target=replace(target, url=app.url))
    return app


class _Resources:
    """One pass over an application's resources: find the illest, then read its events and log."""

    def __init__(self, work: Gathering, asking: Asking, deployments: Deployments, app: Application, plan: Plan) -> None:
        self._work, self._asking, self._deployments, self._app, self._plan = work, asking, deployments, app, plan

    def gather(self) -> tuple[AppResource, ...]:
        """Return what is ill among the application's resources, the illest first. Of healthy ones nothing is asked."""
        app = self._app
        declared = ill_resources(app, ())
        if app.health in {"Healthy", "Suspended"} and not any(each.health_message for each in declared):
            return declared
        tree = self._asking.fetch(self._request(EvidenceKind.RESOURCES), lambda: self._deployments.tree(app.name))
        ill = ill_resources(app, tree or ())
        if tree is not None:
            self._work.add(EvidenceKind.RESOURCES, ill, app)
        worst = ill[0] if ill else None
        if worst is None:
            for kind in (EvidenceKind.EVENTS, EvidenceKind.LOG):
                self._work.miss(self._request(kind), GapReason.EMPTY, "no resource of it is ill")
            return declared
        events = self._read_events(worst)
        container = self._read_pod(worst) or _container_in(events) or self._work.target.container
        self._read_log(worst, container, events)
        return ill

    def _request(self, kind: EvidenceKind) -> EvidenceRequest:
        return about(of_kind(self._plan, kind), self._work.target)

    def _of(self, resource: AppResource) -> Target:
        kind = TargetKind.POD if resource.kind == "Pod" else TargetKind.WORKLOAD
        return replace(
            self._work.target,
            kind=kind,
            name=resource.name,
            namespace=resource.namespace,
            workload_kind="" if kind is TargetKind.POD else resource.kind,
        )

    def _read_events(self, worst: AppResource) -> tuple[ClusterEvent, ...]:
        request = about(of_kind(self._plan, EvidenceKind.EVENTS), self._of(worst))
        events = self._asking.fetch(request, lambda: self._deployments.events(self._app.name, worst))
        if events:
            self._work.add(EvidenceKind.EVENTS, events, target=request.target)
        elif events is not None:
            self._work.miss(request, GapReason.EMPTY, "no events (they are kept for an hour)")
        return events or ()

    def _read_pod(self, worst: AppResource) -> str:
        """Read the pod's own status, which Argo CD does not have, where its cluster is configured; return its container.

        That no cluster is configured, or that it is another one, is no gap: Argo CD's own answers stand for it.
        """
        work = self._work
        connection = work.connections.of(ConnectionKind.KUBERNETES, work.target.cluster or self._app.destination)
        target = replace(self._of(worst), connection=connection)
        asking = work.reach(ConnectionKind.KUBERNETES, target, ()) if worst.kind == "Pod" else None
        cluster = asking.open((), work.platforms.cluster) if asking else None
        if asking is None or cluster is None:
            return ""

        def pod() -> tuple[Pod, Workload | None] | None:
            try:
                found = cluster.pod(worst.namespace, worst.name)
            except NotFound:
                return None
            return found, cluster.owner(found)

        request = EvidenceRequest(kind=EvidenceKind.POD, target=target, why="how its container ended")
        known = asking.fetch(request, pod)
        if known is None:
            return ""
        work.pods, work.workload = (known[0],), known[1]
        work.add(EvidenceKind.POD, known[0], "", target=target)
        if known[1] is not None:
            owner = replace(target, kind=TargetKind.WORKLOAD, name=known[1].name)
            work.add(EvidenceKind.WORKLOAD, known[1], target=owner)
        container = failing_container(known[0])
        return container.name if container else ""

    def _read_log(self, worst: AppResource, container: str, events: tuple[ClusterEvent, ...]) -> None:
        target = replace(self._of(worst), container=container)
        request = about(of_kind(self._plan, EvidenceKind.LOG), target)
        said = " ".join((worst.health_message, *(event.message for event in events)))
        if worst.kind != "Pod" or any(sign in said for sign in _CANNOT_START):
            why = "its container has not started" if worst.kind == "Pod" else "no pod of it is ill"
            self._work.miss(request, GapReason.EMPTY, why)
            return

        def log(previous: bool) -> Excerpt:
            return self._deployments.log(
                self._app.name, worst.namespace, worst.name, container, previous, MAX_LOG_LINES, self._work.keep
            )

        def last_words() -> tuple[EvidenceKind, Excerpt]:
            if "Back-off restarting" not in said and "CrashLoopBackOff" not in said:
                return EvidenceKind.LOG, log(previous=False)
            try:
                return EvidenceKind.PREVIOUS_LOG, log(previous=True)
            except NotFound:
                return EvidenceKind.LOG, log(previous=False)

        found = self._asking.fetch(request, last_words)
        if found is not None and found[1].lines:
            self._work.add(found[0], found[1], container or worst.name, target=target)
        elif found is not None:
            self._work.miss(request, GapReason.EMPTY, "it wrote nothing")


def _container_in(events: tuple[ClusterEvent, ...]) -> str:
    """The kubelet names the container in its own message: `... restarting failed container api in pod ...`."""
    found = (_CONTAINER.search(event.message[:1_000]) for event in reversed(events))
    return next((each["name"] for each in found if each), "")


def _read_manifests(
    work: Gathering, asking: Asking, deployments: Deployments, app: Application, ill: tuple[AppResource, ...]
) -> None:
    """Read what Argo CD rendered, where the source cannot be read: the refused object is in it."""
    request = EvidenceRequest(
        kind=EvidenceKind.MANIFESTS, target=work.target, why="what was applied, as its source cannot be read"
    )
    rendered = asking.fetch(request, lambda: deployments.manifests(app.name, failing_revision(app)))
    if rendered:
        work.add(EvidenceKind.MANIFESTS, rendered, ill[0], last_good_revision(app))
    elif rendered is not None:
        work.miss(request, GapReason.EMPTY, "nothing is rendered")
