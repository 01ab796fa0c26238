"""The story of one OOMKilled Deployment in every state that a card can be in."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.domain.action import Check, DiffLine, Param, Preview, Risk
from bot.domain.alert import Alert, AlertStatus, Post, SlackRef, Target, TargetKind
from bot.domain.diagnosis import (
    Category,
    Citation,
    Confidence,
    Diagnosis,
    Factor,
    Hypothesis,
    Symptom,
)
from bot.domain.evidence import (
    Dossier,
    Evidence,
    EvidenceGap,
    EvidenceKind,
    EvidenceRequest,
    Excerpt,
    GapReason,
    Line,
)
from bot.domain.execution import Actor, Approval, Decision, Execution, ExecutionState, Verdict, Verification
from bot.domain.incident import Incident, IncidentState
from bot.domain.proposal import Proposal, ProposalState, ProposalStep
from bot.report.story import Story

NOW = datetime(2026, 11, 24, 16, 4, tzinfo=UTC)
REF = SlackRef(team="T1", channel="C1", ts="1700000000.000100")
CARD_REF = SlackRef(team="T1", channel="C1", ts="1700000001.000200", thread_ts=REF.ts)
TARGET = Target(
    kind=TargetKind.WORKLOAD,
    namespace="shop",
    name="checkout",
    workload_kind="Deployment",
    container="app",
    cluster="prod-eu-1",
)
POD = replace(TARGET, kind=TargetKind.POD, name="checkout-7d9c5b8f4d-x2lqp", workload_kind="")
STATUS = Evidence(
    id="ev_pod",
    kind=EvidenceKind.POD,
    target=POD,
    summary="Pod checkout-7d9c5b8f4d-x2lqp, container app: waiting (CrashLoopBackOff), last OOMKilled, exit code 137, "
    "6 restarts",
    excerpt=Excerpt(lines=(Line(number=12, text="    Reason: OOMKilled"),), total_lines=30),
    collected_at=NOW,
)
LOG = Evidence(
    id="ev_log",
    kind=EvidenceKind.PREVIOUS_LOG,
    target=POD,
    summary="Log of container app before it ended: 42 of 1204 lines",
    excerpt=Excerpt(lines=(Line(number=1203, text="cart cache: 251 MiB"),), total_lines=1204, truncated=True),
    url="https://grafana.example.com/explore?pod=checkout-7d9c5b8f4d-x2lqp",
    collected_at=NOW,
)
FORBIDDEN = EvidenceGap(
    request=EvidenceRequest(kind=EvidenceKind.EVENTS, target=POD),
    reason=GapReason.FORBIDDEN,
    detail='events is forbidden: User "codehealer" cannot list resource "events" in the namespace "shop"',
)
ALERT = Alert(
    id="al_1",
    source="robusta",
    platform="kubernetes",
    status=AlertStatus.FIRING,
    title="Crashing pod checkout-7d9c5b8f4d-x2lqp in namespace shop",
    target=POD,
    fingerprint="f1",
    raised_at=NOW - timedelta(minutes=3),
    post=Post(ref=REF, posted_at=NOW - timedelta(minutes=3), is_bot=True),
    incident_id="in_1",
)
INCIDENT = Incident(
    id="in_1",
    fingerprint="f1",
    state=IncidentState.INVESTIGATING,
    title=ALERT.title,
    target=POD,
    alert_ids=("al_1",),
    thread=REF,
    opened_at=NOW - timedelta(minutes=3),
    updated_at=NOW,
)


def symptom(evidence: Evidence, at: int, quote: str) -> Symptom:
    citation = Citation(evidence_id=evidence.id, line_from=at, line_to=at, quote=quote)
    return Symptom(pattern_id="oom-last-state", statement="", citation=citation)


OOM = Hypothesis(
    cause_id="oom_killed",
    category=Category.RESOURCE,
    statement="app used more memory than its limit (256Mi) and was OOMKilled.",
    confidence=Confidence(
        score=0.9412,
        factors=(
            Factor(name="pattern", weight=1.2, reason="oom-last-state is a known sign of oom_killed"),
            Factor(name="fact", weight=1.5, reason="the platform's own status states it"),
            Factor(name="agreement", weight=0.6, reason="independent sources agree: log, status"),
            Factor(name="place", weight=-0.4, reason="it stands after the failure was declared"),
        ),
    ),
    supports=(symptom(STATUS, 12, "    Reason: OOMKilled"), symptom(LOG, 1203, "cart cache: 251 MiB")),
    remedy="kubernetes.set_resources",
)
LIVENESS = Hypothesis(
    cause_id="liveness_killed",
    category=Category.CONFIG,
    statement="The kubelet kills the container because its liveness or startup probe fails.",
    confidence=Confidence(
        score=0.12,
        factors=(
            Factor(name="pattern", weight=0.8, reason="liveness-event is a known sign of liveness_killed"),
            Factor(name="contradiction", weight=-2.5, reason="oom_killed was seen too and explains it"),
        ),
    ),
    supports=(symptom(LOG, 1201, "GET /healthz 503"),),
)
DIAGNOSIS = Diagnosis(
    id="dg_1",
    incident_id="in_1",
    hypotheses=(OOM, LIVENESS),
    gaps=(FORBIDDEN,),
    summary=OOM.statement,
    made_at=NOW,
)
DOSSIER = Dossier(
    id="do_1",
    incident_id="in_1",
    target=TARGET,
    evidence=(STATUS, LOG),
    gaps=(FORBIDDEN,),
    confirmed=True,
    collected_at=NOW,
)
CHECKS = (
    Check(name="fix still in place", expected="nobody changed it back or over"),
    Check(name="memory limit of the new pods", expected="app runs with 384Mi"),
    Check(name="rollout", expected="every replica is updated and ready, the newest generation is observed"),
    Check(name="restarts", expected="no restart of container app in a new pod for 120 s"),
)
STEP = ProposalStep(
    action="kubernetes.set_resources",
    target=TARGET,
    params=(
        Param(name="container", value="app"),
        Param(name="resource", value="memory"),
        Param(name="from", value="256Mi"),
        Param(name="to", value="384Mi"),
    ),
    preview=Preview(
        summary="Raise the memory limit of container app in Deployment shop/checkout from 256Mi to 384Mi. "
        "Kubernetes then replaces its pods.",
        diff=(
            DiffLine(sign=" ", text="spec.template.spec.containers[name=app].resources:"),
            DiffLine(sign="-", text="  limits.memory: 256Mi"),
            DiffLine(sign="+", text="  limits.memory: 384Mi"),
            DiffLine(sign=" ", text="  requests.memory: 128Mi"),
        ),
        request="PATCH /apis/apps/v1/namespaces/shop/deployments/checkout?fieldManager=codehealer\n"
        "Content-Type: application/strategic-merge-patch+json\n\n"
        '{"spec":{"template":{"spec":{"containers":[{"name":"app","resources":{"limits":{"memory":"384Mi"}}}]}}}}',
        warnings=("This edits the cluster only. If the manifest lives in a repository, change it there too.",),
    ),
    preconditions=(Check(name="current limit", expected="the memory limit of app is still 256Mi"),),
    verification=CHECKS,
    verify_after=120,
    bound_uid="u-1",
    bound_generation=7,
    compensation="Set the memory limit of container app back to 256Mi.",
)
PROPOSAL = Proposal(
    id="pr_1",
    incident_id="in_1",
    diagnosis_id="dg_1",
    steps=(STEP,),
    reason="Raise it.",
    risk=Risk.MEDIUM,
    offered_at=NOW,
    expires_at=NOW + timedelta(hours=1),
)
APPROVAL = Approval(
    id="ap_1",
    incident_id="in_1",
    proposal_id="pr_1",
    proposal_digest=PROPOSAL.digest,
    actor=Actor(user_id="U0ANA", display_name="Ana"),
    decision=Decision.APPROVE,
    at=NOW + timedelta(minutes=2),
)
EXECUTION = Execution(
    id="ex_1",
    incident_id="in_1",
    proposal_id="pr_1",
    step=0,
    action=STEP.action,
    target=TARGET,
    idempotency_key="pr_1:0",
    state=ExecutionState.APPLIED,
    intended_at=NOW + timedelta(minutes=2),
    changed_at=NOW + timedelta(minutes=2),
)


def verification(verdict: Verdict) -> Verification:
    passed = verdict is Verdict.PASSED
    died = "checkout-5f7bd6c9c8-9hzkw: restarted once, last ended with OOMKilled (exit 137)"
    seen = (
        replace(CHECKS[0], observed="generation 8", passed=True),
        replace(CHECKS[1], observed="384Mi in 3", passed=True),
        replace(CHECKS[2], observed="3 of 3 new pods ready", passed=True if passed else None),
        replace(CHECKS[3], observed="none; the youngest has run for 121 s" if passed else died, passed=passed),
    )
    if verdict is Verdict.INCONCLUSIVE:
        seen = (replace(CHECKS[0], observed="the mark of this fix is gone", passed=False), *CHECKS[1:])
    return Verification(
        id="vf_1",
        incident_id="in_1",
        execution_id="ex_1",
        verdict=verdict,
        checks=seen,
        at=NOW + timedelta(minutes=5),
    )


def looking(**fields: object) -> Story:
    return replace(Story(incident=INCIDENT, alert=ALERT), **fields)


def diagnosed(state: IncidentState = IncidentState.DIAGNOSED, **fields: object) -> Story:
    said = {name: str(fields.pop(name)) for name in ("closed_by", "not_proposed") if name in fields}
    incident = replace(INCIDENT, state=state, target=TARGET, diagnosis_id="dg_1", **said)
    story = Story(incident=incident, alert=ALERT, dossier=DOSSIER, diagnosis=DIAGNOSIS, anyone_approves=True)
    return replace(story, **fields)


def offered(**fields: object) -> Story:
    return diagnosed(**{"proposal": PROPOSAL, **fields})


def no_cause(**fields: object) -> Story:
    summary = "No cause found: none of the known failure patterns carries the cause in the 72 lines read."
    diagnosis = replace(DIAGNOSIS, hypotheses=(), summary=summary)
    return diagnosed(**{"state": IncidentState.NEEDS_HUMAN, "diagnosis": diagnosis, **fields})


def fixing(at: ProposalState, /, **fields: object) -> Story:
    """The story with its proposal in that state and what leads there; `fields` are laid over it."""
    person = {ProposalState.REFUSED, ProposalState.UNKNOWN, ProposalState.FAILED, ProposalState.ESCALATED}
    incident = IncidentState.NEEDS_HUMAN if at in person else IncidentState.DIAGNOSED
    unapproved = {ProposalState.OFFERED, ProposalState.EXPIRED, ProposalState.STALE}
    ran = at not in {*unapproved, ProposalState.APPROVED, ProposalState.REJECTED}
    made: dict[str, object] = {
        "state": incident,
        "proposal": replace(PROPOSAL, state=at),
        "approval": None if at in unapproved else APPROVAL,
        "execution": EXECUTION if ran else None,
    }
    return diagnosed(**{**made, **fields})


REFUSED = replace(
    EXECUTION,
    state=ExecutionState.REFUSED,
    detail='exceeded quota: memory, requested: limits.memory=384Mi, used: 3Gi, limited: 3Gi in namespace "shop"',
)
UNKNOWN = replace(
    EXECUTION, state=ExecutionState.UNKNOWN, detail="the platform could not be asked (connection reset by peer)"
)
REJECTION = replace(APPROVAL, decision=Decision.REJECT)
NOT_IN_STOCK = "Argo CD application shop manages this Deployment and would revert the edit; change it in its source."
_S, _V, _I = ProposalState, Verdict, IncidentState

CARDS: dict[str, Callable[[], Story]] = {
    "looking": looking,
    "looking_simulated": lambda: looking(simulated=True),
    "offered": offered,
    "offered_nobody_approves": lambda: offered(anyone_approves=False),
    "offered_suggest_only": lambda: offered(may_act=False),
    "offered_simulated": lambda: offered(simulated=True),
    "offered_and_escalated": lambda: offered(state=_I.NEEDS_HUMAN),
    "not_proposed": lambda: diagnosed(not_proposed=NOT_IN_STOCK),
    "not_proposed_and_escalated": lambda: diagnosed(state=_I.NEEDS_HUMAN),
    "no_cause": no_cause,
    "approved": lambda: fixing(_S.APPROVED),
    "executing": lambda: fixing(_S.EXECUTING),
    "verifying": lambda: fixing(_S.VERIFYING),
    "passed": lambda: fixing(_S.PASSED, state=_I.RESOLVED, verification=verification(_V.PASSED)),
    "failed": lambda: fixing(_S.FAILED, verification=verification(_V.FAILED)),
    "escalated_after_failure": lambda: fixing(_S.ESCALATED, verification=verification(_V.FAILED)),
    "escalated_unknown": lambda: fixing(_S.ESCALATED, execution=UNKNOWN),
    "escalated_refused": lambda: fixing(_S.ESCALATED, execution=REFUSED),
    "inconclusive": lambda: fixing(_S.INCONCLUSIVE, verification=verification(_V.INCONCLUSIVE)),
    "unknown": lambda: fixing(_S.UNKNOWN, execution=UNKNOWN),
    "refused": lambda: fixing(_S.REFUSED, execution=REFUSED),
    "rejected": lambda: fixing(_S.REJECTED, approval=REJECTION),
    "expired": lambda: fixing(_S.EXPIRED),
    "stale": lambda: fixing(_S.STALE, state=_I.NEEDS_HUMAN),
    "waiting_for_change": lambda: fixing(_S.WAITING_FOR_CHANGE),
    "resolved_by_recovery": lambda: fixing(
        _S.STALE, state=_I.RESOLVED, closed_by="Resolved: Crashing pod checkout-7d9c5b8f4d-x2lqp"
    ),
    "resolved_while_looking": lambda: looking(incident=replace(INCIDENT, state=_I.RESOLVED)),
    "recovered_but_fix_failed": lambda: fixing(_S.ESCALATED, state=_I.RESOLVED, verification=verification(_V.FAILED)),
    "dismissed": lambda: fixing(_S.STALE, state=_I.DISMISSED, closed_by="U0BEN"),
    "gave_up_investigating": lambda: looking(
        incident=replace(INCIDENT, state=_I.NEEDS_HUMAN), failed="Unavailable: list pods: HTTP status 503"
    ),
    "gave_up_unsent": lambda: fixing(
        _S.REFUSED,
        execution=replace(EXECUTION, state=ExecutionState.INTENDED),
        failed="Unavailable: read workload: HTTP status 503",
    ),
}
