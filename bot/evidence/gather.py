"""Fetch what the plan asks for: facts become Evidence, what cannot be had becomes an EvidenceGap."""

from collections.abc import Callable

from bot.domain.alert import Alert, Target, TargetKind
from bot.domain.connections import Connections
from bot.domain.evidence import Dossier, EvidenceKind, GapReason
from bot.evidence.gathering import Gathering, Plan
from bot.evidence.on_argocd import gather_application
from bot.evidence.on_github import gather_run
from bot.evidence.on_kubernetes import gather_workload
from bot.evidence.plan import plan_evidence
from bot.evidence.readers.post import post_lines
from bot.evidence.reduce import reducer
from bot.ports import Clock, Ids, Keep, Platforms
from knowledge.text.redact import Session


def gather(
    incident_id: str,
    alert: Alert,
    platforms: Platforms,
    *,
    ids: Ids,
    clock: Clock,
    refuses: Callable[[Target], str],
    connections: Connections,
    session: Session,
    keep_factory: Callable[[Session], Keep] = reducer,
) -> Dossier:
    """Return everything that can be known about the alert's target now. Never raises a PlatformError.

    `refuses` says why a target may not be asked about ("" when it may); it hears of every target before the platform
    does, those that were found on the way included. The same answers of the ports give the same dossier. What the
    platforms answer is masked already (`mask.MaskedPlatforms`); `session` numbers what is still found in post and logs.
    A crash-looping pod costs six requests, a failed run about twelve, an application about fifteen.
    """
    dossier_id = ids.new("do")
    work = Gathering(alert.target, platforms, connections, refuses, ids, clock.now(), keep_factory(session))
    work.add(EvidenceKind.POST, alert.post, work.keep(post_lines(alert.post)))
    plan = plan_evidence(alert.target)
    if plan:
        _ON.get(alert.target.kind, _nowhere)(work, plan)
    return work.dossier(dossier_id, incident_id)


def _nowhere(work: Gathering, plan: Plan) -> None:
    for request in plan:
        work.miss(request, GapReason.NOT_CONFIGURED, "no connection to this platform")


_ON: dict[TargetKind, Callable[[Gathering, Plan], None]] = {
    TargetKind.POD: gather_workload,
    TargetKind.WORKLOAD: gather_workload,
    TargetKind.WORKFLOW_RUN: gather_run,
    TargetKind.ARGO_APP: gather_application,
}
