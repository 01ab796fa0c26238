"""Proposal: actions bound to exact parameters, under one digest, and the table of its states."""

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from bot.domain.action import Check, Param, Preview, Risk
from bot.domain.alert import Target
from bot.domain.errors import IllegalTransition
from bot.domain.values import digest_of, value


class ProposalState(StrEnum):
    OFFERED = "offered"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    STALE = "stale"
    EXECUTING = "executing"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    VERIFYING = "verifying"
    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    WAITING_FOR_CHANGE = "waiting_for_change"
    ESCALATED = "escalated"


_S = ProposalState
NEXT: dict[ProposalState, frozenset[ProposalState]] = {
    _S.OFFERED: frozenset({_S.APPROVED, _S.REJECTED, _S.EXPIRED, _S.STALE}),
    _S.APPROVED: frozenset({_S.EXECUTING, _S.STALE}),
    _S.REJECTED: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.STALE: frozenset(),
    _S.EXECUTING: frozenset({_S.VERIFYING, _S.REFUSED, _S.UNKNOWN}),
    _S.REFUSED: frozenset({_S.ESCALATED}),
    _S.UNKNOWN: frozenset({_S.VERIFYING, _S.REFUSED}),
    _S.VERIFYING: frozenset({_S.EXECUTING, _S.PASSED, _S.FAILED, _S.INCONCLUSIVE, _S.WAITING_FOR_CHANGE}),
    _S.PASSED: frozenset(),
    _S.FAILED: frozenset({_S.ESCALATED}),
    _S.INCONCLUSIVE: frozenset({_S.VERIFYING, _S.ESCALATED}),
    _S.WAITING_FOR_CHANGE: frozenset({_S.VERIFYING, _S.EXPIRED}),
    _S.ESCALATED: frozenset(),
}
OPEN = frozenset({_S.OFFERED, _S.APPROVED})
BUSY = frozenset({_S.APPROVED, _S.EXECUTING, _S.VERIFYING, _S.UNKNOWN, _S.WAITING_FOR_CHANGE})


@value
class ProposalStep:
    """One action with its parameters, bound to what was read of the target when the preview was made."""

    action: str
    target: Target
    params: tuple[Param, ...] = ()
    preview: Preview
    preconditions: tuple[Check, ...] = ()
    verification: tuple[Check, ...] = ()
    verify_after: int = 0
    bound_uid: str = ""
    bound_generation: int = 0
    bound_fields: str = ""
    compensation: str = ""

    def param(self, name: str) -> str:
        """Return the parameter's value, or the empty string."""
        return next((p.value for p in self.params if p.name == name), "")


@value
class Proposal:
    """Steps 1..n offered for one approval. `digest` covers everything a person is shown and everything that will run."""

    id: str
    incident_id: str
    diagnosis_id: str
    steps: tuple[ProposalStep, ...]
    reason: str
    risk: Risk
    required_role: str = "approver"
    offered_at: datetime
    expires_at: datetime
    state: ProposalState = ProposalState.OFFERED
    step: int = 0
    version: int = 1

    @property
    def digest(self) -> str:
        """What an approval binds to: incident, actions, parameters, targets, previews, checks, approver rule."""
        return digest_of(self.id, self.incident_id, self.steps, self.reason, self.risk, self.required_role)

    @property
    def current(self) -> ProposalStep:
        """The step that runs, or ran last."""
        return self.steps[self.step]

    def moved_to(self, state: ProposalState, **change: object) -> "Proposal":
        """Return the proposal in the new state, one version on. Raises IllegalTransition."""
        if state not in NEXT[self.state]:
            raise IllegalTransition(subject=f"proposal {self.id}", now=self.state, wanted=state)
        return replace(self, state=state, version=self.version + 1, **change)  # type: ignore[arg-type]
