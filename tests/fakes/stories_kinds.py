"""A failure of a run or an application as a `Kind`, and its story with the fix in any state: `at(kind, state)`."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from bot.domain.action import Risk
from bot.domain.alert import Alert, AlertStatus, Label, Post, Target
from bot.domain.diagnosis import Citation, Diagnosis, Factor, Group, Hypothesis, Symptom
from bot.domain.evidence import (
    Dossier,
    Evidence,
    EvidenceGap,
    Excerpt,
    Fact,
    Line,
)
from bot.domain.execution import Execution, ExecutionState, Verdict, Verification
from bot.domain.incident import Incident, IncidentState
from bot.domain.proposal import Proposal, ProposalState, ProposalStep
from bot.report.story import Story
from tests.fakes.stories import APPROVAL, INCIDENT, NOW, REF, REJECTION

LOST = {"state": ExecutionState.UNKNOWN, "detail": "the platform could not be asked (connection reset by peer)"}
GITHUB, ARGOCD = "https://github.example.com", "https://argocd.example.com"
SHOP, DEPLOY = "acme/shop", "acme/deploy"


@dataclass(frozen=True)
class Kind:
    """One failure: what is known of it, the fix, and what its checks show when it helps and when it does not."""

    name: str
    title: str
    before: Target
    dossier: Dossier
    hypotheses: tuple[Hypothesis, ...]
    source: str = "github"
    labels: tuple[Label, ...] = ()
    steps: tuple[ProposalStep, ...] = ()
    risk: Risk = Risk.MEDIUM
    passed: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    handle: str = ""
    gaps: tuple[EvidenceGap, ...] = field(default=())

    @property
    def alert(self) -> Alert:
        at = NOW - timedelta(minutes=4)
        return Alert(
            id="al_1",
            source=self.source,
            platform="github_actions" if self.source == "github" else "argocd",
            status=AlertStatus.FIRING,
            title=self.title,
            target=self.before,
            labels=self.labels,
            fingerprint="f1",
            raised_at=at,
            post=Post(ref=REF, posted_at=at, is_bot=True),
            incident_id="in_1",
        )

    @property
    def incident(self) -> Incident:
        return replace(INCIDENT, title=self.title, target=self.before)

    @property
    def diagnosis(self) -> Diagnosis:
        said = self.hypotheses[0].statement if self.hypotheses else NOTHING_FOUND
        return Diagnosis(
            id="dg_1", incident_id="in_1", hypotheses=self.hypotheses, gaps=self.gaps, summary=said, made_at=NOW
        )

    @property
    def proposal(self) -> Proposal:
        return Proposal(
            id="pr_1",
            incident_id="in_1",
            diagnosis_id="dg_1",
            steps=self.steps,
            reason="It fits.",
            risk=self.risk,
            offered_at=NOW,
            expires_at=NOW + timedelta(hours=1),
        )


NOTHING_FOUND = "No cause found: none of the known failure patterns carries the cause in the 214 lines read."
_S, _I = ProposalState, IncidentState


def looking(kind: Kind, **fields: object) -> Story:
    return replace(Story(incident=kind.incident, alert=kind.alert), **fields)


def diagnosed(kind: Kind, state: IncidentState = _I.DIAGNOSED, not_proposed: str = "", **fields: object) -> Story:
    incident = replace(
        kind.incident, state=state, target=kind.dossier.target, diagnosis_id="dg_1", not_proposed=not_proposed
    )
    story = Story(
        incident=incident, alert=kind.alert, dossier=kind.dossier, diagnosis=kind.diagnosis, anyone_approves=True
    )
    return replace(story, **fields)


def execution(kind: Kind, step: int, **fields: object) -> Execution:
    at = NOW + timedelta(minutes=2 + step)
    made = Execution(
        id=f"ex_{step + 1}",
        incident_id="in_1",
        proposal_id="pr_1",
        step=step,
        action=kind.steps[step].action,
        target=kind.steps[step].target,
        idempotency_key=f"pr_1:{step}",
        state=ExecutionState.APPLIED,
        handle=kind.handle,
        intended_at=at,
        changed_at=at,
    )
    return replace(made, **fields)


def verification(kind: Kind, step: int, verdict: Verdict) -> Verification:
    said = {Verdict.PASSED: kind.passed, Verdict.FAILED: kind.failed, Verdict.INCONCLUSIVE: ()}[verdict]
    checks = kind.steps[step].verification
    seen = [
        replace(check, observed=each, passed=verdict is Verdict.PASSED or at + 1 < len(said))
        for at, (check, each) in enumerate(zip(checks, said, strict=False))
    ]
    return Verification(
        id="vf_1",
        incident_id="in_1",
        execution_id=f"ex_{step + 1}",
        verdict=verdict,
        checks=(*seen, *checks[len(seen) :]),
        at=NOW + timedelta(minutes=6),
    )


def at(kind: Kind, state: ProposalState, step: int | None = None, /, **fields: object) -> Story:
    """The story with the kind's fix in that state, at its last step unless told; `fields` are laid over it."""
    step = len(kind.steps) - 1 if step is None else step
    unapproved = {_S.OFFERED, _S.EXPIRED, _S.STALE}
    ran = state not in {*unapproved, _S.APPROVED, _S.REJECTED}
    person = {_S.REFUSED, _S.UNKNOWN, _S.FAILED, _S.ESCALATED, _S.INCONCLUSIVE}
    verdict = {_S.PASSED: Verdict.PASSED, _S.INCONCLUSIVE: Verdict.INCONCLUSIVE}.get(state, Verdict.FAILED)
    judged = state in {_S.PASSED, _S.FAILED, _S.ESCALATED, _S.INCONCLUSIVE}
    incident = _I.RESOLVED if state is _S.PASSED else _I.NEEDS_HUMAN if state in person else _I.DIAGNOSED
    made: dict[str, object] = {
        "state": incident,
        "proposal": replace(kind.proposal, state=state, step=step if ran else 0),
        "approval": None if state in unapproved else REJECTION if state is _S.REJECTED else APPROVAL,
        "execution": execution(kind, step) if ran else None,
        "verification": verification(kind, step, verdict) if judged else None,
    }
    return diagnosed(kind, **{**made, **fields})


def excerpt(*lines: tuple[int, str], of: int = 0) -> Excerpt:
    kept = tuple(Line(number=number, text=text) for number, text in lines)
    return Excerpt(lines=kept, total_lines=of or lines[-1][0], truncated=of > len(lines))


def facts(**said: str) -> tuple[Fact, ...]:
    return tuple(Fact(name=name, value=text) for name, text in said.items())


def sign(evidence: Evidence, line: int, **groups: str) -> Symptom:
    quote = evidence.excerpt.text_of(line)
    assert quote is not None
    cited = Citation(evidence_id=evidence.id, line_from=line, line_to=line, quote=quote)
    return Symptom(
        pattern_id="p",
        statement="",
        citation=cited,
        groups=tuple(Group(name=name, value=text) for name, text in groups.items()),
    )


PATTERN = Factor(name="pattern", weight=2.0, reason="the quoted line is a known sign of this cause (ci.some.pattern)")
AGREE = Factor(name="agreement", weight=0.6, reason="independent sources agree: log, run")
NEAR = Factor(name="place", weight=0.5, reason="it stands 2 lines before the failure was declared")
SAYS_SO = Factor(name="source", weight=0.8, reason="the platform itself says so in its app_status")
