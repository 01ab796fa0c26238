"""What to fetch about a target, and why. The platform's answers then decide what of it exists at all."""

from bot.domain.alert import Target, TargetKind
from bot.domain.evidence import EvidenceKind, EvidenceRequest

MAX_LOG_LINES = 2_000

_POD = (
    (EvidenceKind.POD, "how the container ended, how often, and within which limits"),
    (EvidenceKind.WORKLOAD, "who owns the pod, and what a fix would change"),
    (EvidenceKind.EVENTS, "what the scheduler and the kubelet tried"),
    (EvidenceKind.PREVIOUS_LOG, "the last words of the container that died"),
    (EvidenceKind.LOG, "what the container says now"),
)
_WORKLOAD = (_POD[1], _POD[0], *_POD[2:])
_RUN = (
    (EvidenceKind.RUN, "which jobs and steps failed, and whether the same commit passed before"),
    (EvidenceKind.CI_LOG, "the log of the step that failed"),
    (EvidenceKind.ANNOTATIONS, "what the runner and the steps marked"),
    (EvidenceKind.WORKFLOW_FILE, "what the job was told to do"),
    (EvidenceKind.CHANGE, "who pushed what since the last good run"),
)
_BUILD = (_RUN[1],)
_APP = (
    (EvidenceKind.APP_STATUS, "what is out of sync or unhealthy"),
    (EvidenceKind.RESOURCES, "which of its resources is ill"),
    (EvidenceKind.EVENTS, "what the cluster says of the illest resource"),
    (EvidenceKind.LOG, "what its pod says"),
    (EvidenceKind.SOURCE, "the manifest that the failure names"),
    (EvidenceKind.CHANGE, "who pushed what since the last good revision"),
)
OWNER = tuple(each for each in _APP if each[0] in {EvidenceKind.APP_STATUS, EvidenceKind.SOURCE, EvidenceKind.CHANGE})
"""What is asked about the application that owns an ill workload."""

WANTED: dict[TargetKind, tuple[tuple[EvidenceKind, str], ...]] = {
    TargetKind.POD: _POD,
    TargetKind.WORKLOAD: _WORKLOAD,
    TargetKind.WORKFLOW_RUN: _RUN,
    TargetKind.BUILD: _BUILD,
    TargetKind.ARGO_APP: _APP,
}
"""What each kind of target is asked about, in the order of fetching. For a kind that is not here, the post is all."""


def plan_evidence(target: Target) -> tuple[EvidenceRequest, ...]:
    """Return what to fetch about the target, in order; the post itself needs no fetching."""
    return requests(target, WANTED.get(target.kind, ()))


def requests(target: Target, wanted: tuple[tuple[EvidenceKind, str], ...]) -> tuple[EvidenceRequest, ...]:
    """Return a request about the target for each kind of evidence, with the reason."""
    return tuple(EvidenceRequest(kind=kind, target=target, max_lines=MAX_LOG_LINES, why=why) for kind, why in wanted)
