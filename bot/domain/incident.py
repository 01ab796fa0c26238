"""Incident: the grouped problem, and the table of its states."""

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from bot.domain.alert import SlackRef, Target
from bot.domain.errors import IllegalTransition
from bot.domain.values import value


class IncidentState(StrEnum):
    OPEN = "open"
    INVESTIGATING = "investigating"
    DIAGNOSED = "diagnosed"
    NEEDS_HUMAN = "needs_human"
    RESOLVED = "resolved"
    DISMISSED = "dismissed"


_S = IncidentState
NEXT: dict[IncidentState, frozenset[IncidentState]] = {
    _S.OPEN: frozenset({_S.INVESTIGATING, _S.NEEDS_HUMAN, _S.RESOLVED, _S.DISMISSED}),
    _S.INVESTIGATING: frozenset({_S.DIAGNOSED, _S.NEEDS_HUMAN, _S.RESOLVED, _S.DISMISSED}),
    _S.DIAGNOSED: frozenset({_S.INVESTIGATING, _S.NEEDS_HUMAN, _S.RESOLVED, _S.DISMISSED}),
    _S.NEEDS_HUMAN: frozenset({_S.INVESTIGATING, _S.RESOLVED, _S.DISMISSED}),
    _S.RESOLVED: frozenset({_S.OPEN}),
    _S.DISMISSED: frozenset(),
}
CLOSED = frozenset({_S.RESOLVED, _S.DISMISSED})


@value
class Incident:
    """One problem of one target. `version` is the optimistic lock; at most one with this fingerprint is not closed.

    `not_proposed` says why no fix is offered, `closed_by` who or what closed it; both are sentences for the card.
    """

    id: str
    fingerprint: str
    state: IncidentState = IncidentState.OPEN
    title: str
    target: Target
    alert_ids: tuple[str, ...] = ()
    thread: SlackRef
    opened_at: datetime
    updated_at: datetime
    diagnosis_id: str = ""
    proposal_id: str = ""
    not_proposed: str = ""
    closed_by: str = ""
    version: int = 1

    @property
    def is_closed(self) -> bool:
        """Whether nothing more is expected; a closed incident frees its fingerprint."""
        return self.state in CLOSED

    def moved_to(self, state: IncidentState, at: datetime, **change: object) -> "Incident":
        """Return the incident in the new state, one version on. Raises IllegalTransition."""
        if state not in NEXT[self.state]:
            raise IllegalTransition(subject=f"incident {self.id}", now=self.state, wanted=state)
        return replace(self, state=state, updated_at=at, version=self.version + 1, **change)  # type: ignore[arg-type]

    def changed(self, at: datetime, **change: object) -> "Incident":
        """Return the incident with other fields, same state, one version on."""
        return replace(self, updated_at=at, version=self.version + 1, **change)  # type: ignore[arg-type]
