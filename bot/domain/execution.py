"""Approval, Execution, Verification: who said yes, what was sent, whether it helped."""

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from bot.domain.action import Check
from bot.domain.alert import Target
from bot.domain.errors import IllegalTransition
from bot.domain.values import value


@value
class Actor:
    """A person as Slack's Directory confirms them at the moment of the click."""

    user_id: str
    display_name: str = ""
    roles: tuple[str, ...] = ()


class Decision(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"


@value
class Approval:
    """A person's decision, bound to the digest of exactly what was shown."""

    id: str
    incident_id: str
    proposal_id: str
    proposal_digest: str
    actor: Actor
    decision: Decision
    at: datetime
    note: str = ""


class ExecutionState(StrEnum):
    INTENDED = "intended"
    SENT = "sent"
    APPLIED = "applied"
    REFUSED = "refused"
    UNKNOWN = "unknown"


_S = ExecutionState
NEXT: dict[ExecutionState, frozenset[ExecutionState]] = {
    _S.INTENDED: frozenset({_S.SENT, _S.REFUSED}),
    _S.SENT: frozenset({_S.SENT, _S.APPLIED, _S.REFUSED, _S.UNKNOWN}),
    _S.APPLIED: frozenset(),
    _S.REFUSED: frozenset(),
    _S.UNKNOWN: frozenset({_S.APPLIED, _S.REFUSED}),
}


@value
class Execution:
    """One step of a proposal being done. The intent is durable before anything is sent.

    `guard` is what the platform will check (a resourceVersion); `marker` is what finds the effect again (the execution's
    own id); `handle` is what the platform answered. `idempotency_key` is unique: one execution for a proposal's step.
    `guard_generation` is the target's generation when the guard was read (0: not known); `action` and `target` say what
    was done to what, for cooldowns and for "what was tried" (empty in records of before these fields).
    """

    id: str
    incident_id: str
    proposal_id: str
    step: int
    action: str = ""
    target: Target | None = None
    idempotency_key: str
    state: ExecutionState = ExecutionState.INTENDED
    guard: str = ""
    guard_generation: int = 0
    handle: str = ""
    detail: str = ""
    intended_at: datetime
    changed_at: datetime
    version: int = 1

    def moved_to(self, state: ExecutionState, at: datetime, **change: object) -> "Execution":
        """Return the execution in the new state, one version on. Raises IllegalTransition."""
        if state not in NEXT[self.state]:
            raise IllegalTransition(subject=f"execution {self.id}", now=self.state, wanted=state)
        return replace(self, state=state, changed_at=at, version=self.version + 1, **change)  # type: ignore[arg-type]


class Verdict(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"


@value
class Verification:
    """What was looked at after the fix, against what was written down before it."""

    id: str
    incident_id: str
    execution_id: str
    verdict: Verdict
    checks: tuple[Check, ...] = ()
    at: datetime


@value
class Feedback:
    """A person's thumb on a card; the newest one of a person counts."""

    id: str
    incident_id: str
    user_id: str
    helpful: bool
    at: datetime
