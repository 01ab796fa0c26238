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
_RUN = ((EvidenceKind.CI_LOG, "the log of the step that failed"),)
_APP = ((EvidenceKind.APP_STATUS, "what is out of sync or unhealthy"),)

WANTED: dict[TargetKind, tuple[tuple[EvidenceKind, str], ...]] = {
    TargetKind.POD: _POD,
    TargetKind.WORKLOAD: _WORKLOAD,
    TargetKind.WORKFLOW_RUN: _RUN,
    TargetKind.BUILD: _RUN,
    TargetKind.ARGO_APP: _APP,
}
"""What each kind of target is asked about, in the order of fetching. For a kind that is not here, the post is all."""


def plan_evidence(target: Target) -> tuple[EvidenceRequest, ...]:
    """Return what to fetch about the target, in order; the post itself needs no fetching."""
    return tuple(
        EvidenceRequest(kind=kind, target=target, max_lines=MAX_LOG_LINES, why=why)
        for kind, why in WANTED.get(target.kind, ())
    )
