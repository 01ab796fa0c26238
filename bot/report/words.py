"""How single things are said: times, names, chances, states. Small, so that every card says them alike."""

from datetime import datetime, timedelta

from bot.domain.alert import Target, TargetKind
from bot.domain.diagnosis import Confidence
from bot.domain.evidence import EvidenceKind, GapReason
from bot.domain.incident import IncidentState
from bot.domain.proposal import ProposalState

MAX_NAME = 80
MAX_KIND = 30
_IN_NAMES = frozenset(" -._/#()+")

_KIND_WORDS = {TargetKind.ARGO_APP: "application"}

KINDS: dict[EvidenceKind, str] = {
    EvidenceKind.POST: "the alert's post",
    EvidenceKind.POD: "pod status",
    EvidenceKind.WORKLOAD: "workload",
    EvidenceKind.EVENTS: "events",
    EvidenceKind.LOG: "log",
    EvidenceKind.PREVIOUS_LOG: "previous log",
    EvidenceKind.RUN: "workflow run",
    EvidenceKind.ANNOTATIONS: "annotations",
    EvidenceKind.CI_LOG: "CI log",
    EvidenceKind.WORKFLOW_FILE: "workflow file",
    EvidenceKind.CHANGE: "commits",
    EvidenceKind.DESCRIBE: "describe",
    EvidenceKind.APP_STATUS: "application status",
    EvidenceKind.RESOURCES: "resource tree",
    EvidenceKind.MANIFESTS: "rendered manifests",
    EvidenceKind.SOURCE: "manifest in the repository",
}

REASONS: dict[GapReason, str] = {
    GapReason.NOT_CONFIGURED: "not configured",
    GapReason.FORBIDDEN: "forbidden",
    GapReason.OUT_OF_SCOPE: "outside this channel's scope",
    GapReason.NOT_FOUND: "not found",
    GapReason.TIMEOUT: "timed out",
    GapReason.UNAVAILABLE: "no usable answer",
    GapReason.OVER_BUDGET: "more than may be read now",
    GapReason.EMPTY: "empty",
}

INCIDENTS: dict[IncidentState, str] = {
    IncidentState.OPEN: "new",
    IncidentState.INVESTIGATING: "being looked into",
    IncidentState.DIAGNOSED: "diagnosed",
    IncidentState.NEEDS_HUMAN: "needs a person",
    IncidentState.RESOLVED: "resolved",
    IncidentState.DISMISSED: "dismissed",
}

PROPOSALS: dict[ProposalState, str] = {
    ProposalState.OFFERED: "it is offered",
    ProposalState.APPROVED: "it was approved and runs next",
    ProposalState.REJECTED: "it was rejected",
    ProposalState.EXPIRED: "it expired before anybody decided",
    ProposalState.STALE: "it became void before it ran",
    ProposalState.EXECUTING: "it is being applied",
    ProposalState.REFUSED: "it was refused and not applied",
    ProposalState.UNKNOWN: "it was sent, and whether it was applied is not known",
    ProposalState.VERIFYING: "it was applied and is being verified",
    ProposalState.PASSED: "it was applied and verified",
    ProposalState.FAILED: "it was applied and did not help",
    ProposalState.INCONCLUSIVE: "it was applied, and whether it helped could not be verified",
    ProposalState.WAITING_FOR_CHANGE: "it waits for a change to be merged",
    ProposalState.ESCALATED: "it ended without helping and was escalated",
}


def clock(at: datetime, beside: datetime | None = None) -> str:
    """Return `16:04 UTC`; with the date when that is another one than `beside`'s."""
    other_day = beside is not None and at.date() != beside.date()
    return f"{at:%Y-%m-%d %H:%M} UTC" if other_day else f"{at:%H:%M} UTC"


def lasting(span: timedelta) -> str:
    """Return how long, in the largest unit that says enough: `40 s`, `12 min`, `3 h`, `2 d`."""
    seconds = max(0, int(span.total_seconds()))
    for unit, size, most in (("s", 1, 60), ("min", 60, 7_200), ("h", 3_600, 172_800)):
        if seconds < most:
            return f"{seconds // size} {unit}"
    return f"{seconds // 86_400} d"


def name(text: str, most: int = MAX_NAME) -> str:
    """Return a platform's name as it may stand in a sentence of ours: letters, digits and `-._/#()+` of it, one line.

    Nothing that Slack or a terminal reads as markup gets through, whoever chose the name.
    """
    kept = "".join(c for c in text[: 4 * most] if (c.isalnum() and c.isprintable()) or c in _IN_NAMES)
    kept = " ".join(kept.split())
    return kept if len(kept) <= most else f"{kept[: most - 1]}…"


def target_name(target: Target) -> str:
    """Return the target for a headline: `Deployment shop/checkout`, or `an alert that names no target`.

    A run is named by workflow, repository and branch: `workflow CI of acme/shop on main`.
    """
    if target.kind in {TargetKind.WORKFLOW_RUN, TargetKind.BUILD} and (target.name or target.repo):
        of = f" of {name(target.repo)}" if target.repo and target.name else ""
        on = f" on {name(target.branch, 60)}" if target.branch else ""
        what = "workflow" if target.kind is TargetKind.WORKFLOW_RUN else "build"
        return f"{what} {name(target.name or target.repo)}{of}{on}"
    if target.kind is TargetKind.REPO and target.repo and target.name.startswith(f"{target.repo}/"):
        return f"file {name(target.name.removeprefix(f'{target.repo}/'))} of {name(target.repo)}"
    owner = "" if target.kind is TargetKind.ARGO_APP else target.namespace
    where = name("/".join(part for part in (owner, target.name) if part))
    if not where:
        return "an alert that names no target"
    return f"{name(target.workload_kind, MAX_KIND) or _KIND_WORDS.get(target.kind) or target.kind.value} {where}"


def capital(text: str) -> str:
    """Return the sentence with its first letter large; names inside stay as they are."""
    return text[:1].upper() + text[1:]


def number(confidence: Confidence) -> str:
    """Return `0.94, high`. Nothing is ever certain: 0.99 is the most that is said."""
    return f"{min(confidence.score, 0.99):.2f}, {confidence.band.value}"


def chance(confidence: Confidence) -> str:
    """Return `94%, high`; 99% at most."""
    return f"{round(min(confidence.score, 0.99) * 100)}%, {confidence.band.value}"


def counted(many: int, one: str, more: str = "") -> str:
    """Return `1 line`, `3 lines`."""
    return f"{many} {one if many == 1 else more or one + 's'}"


def listed(words: tuple[str, ...]) -> str:
    """Return `a`, `a and b`, `a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
