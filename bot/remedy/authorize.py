"""Who may decide, and whether there is still anything to decide. Pure; every refusal is a sentence for who pressed."""

from datetime import datetime

from bot.domain.execution import Approval, Decision
from bot.domain.proposal import Proposal, ProposalState
from bot.domain.values import value
from bot.ports import Person


@value
class Allowed:
    """The person may."""


@value
class Decidable:
    """The proposal is still offered, unexpired, and is what was shown."""


@value
class Refused:
    """No. `kind`: unauthorised, mismatch, expired, stale, repeated or late. The reason is a sentence for the person."""

    kind: str
    reason: str


NOTHING = "Nothing was changed by this."


def may_touch(person: Person, *, team: str) -> Allowed | Refused:
    """Return whether the person may change an incident at all: a full member of our own workspace, and no bot."""
    for wrong, words in (
        (person.deleted, "This account is deactivated."),
        (person.is_bot, "Bots cannot decide here; a person has to."),
        (person.is_guest, "Guests cannot decide here; ask a full member of the workspace."),
        (person.is_stranger or person.team != team, "People of other workspaces cannot decide here."),
    ):
        if wrong:
            return Refused(kind="unauthorised", reason=f"{words} {NOTHING}")
    return Allowed()


def authorize(person: Person, *, approvers: frozenset[str], team: str) -> Allowed | Refused:
    """Return whether the person may approve or reject a fix."""
    touching = may_touch(person, team=team)
    if isinstance(touching, Refused):
        return touching
    if not approvers:
        return Refused(kind="unauthorised", reason=f"Nobody can approve: CODEHEALER_APPROVERS is empty. {NOTHING}")
    if person.user_id not in approvers:
        return Refused(
            kind="unauthorised",
            reason=f"You are not among the approvers (CODEHEALER_APPROVERS); ask one of them. {NOTHING}",
        )
    return Allowed()


def check_decision(
    proposal: Proposal, *, digest: str, now: datetime, approval: Approval | None = None, user_id: str = ""
) -> Decidable | Refused:
    """Return whether a decision made now on what was shown (`digest`) counts. First the state, then the time, then the digest.

    `approval` is the decision that was taken on this proposal, if any; with `user_id` a person's own second press is told
    apart from one that came after somebody else's.
    """
    if proposal.state is not ProposalState.OFFERED:
        return _too_late(proposal, approval, user_id)
    if now >= proposal.expires_at:
        words = f"This proposal expired at {proposal.expires_at:%H:%M} UTC; what it was based on may have changed."
        return Refused(kind="expired", reason=f"{words} {NOTHING}")
    if digest != proposal.digest:
        words = "What you were shown is not what is proposed now. Press Review fix again."
        return Refused(kind="mismatch", reason=f"{words} {NOTHING}")
    return Decidable()


_AFTERWARDS: dict[ProposalState, str] = {
    ProposalState.APPROVED: "it is about to run",
    ProposalState.EXECUTING: "it is running now",
    ProposalState.VERIFYING: "it was applied and is being verified",
    ProposalState.UNKNOWN: "it was sent, and whether it was applied is not known yet",
    ProposalState.WAITING_FOR_CHANGE: "it waits for a change to be merged",
    ProposalState.PASSED: "it ran and was verified",
    ProposalState.FAILED: "it ran and did not help",
    ProposalState.INCONCLUSIVE: "it ran, and whether it helped could not be verified",
    ProposalState.REFUSED: "the platform refused it",
    ProposalState.ESCALATED: "it ended without helping and was escalated",
}


def _too_late(proposal: Proposal, approval: Approval | None, user_id: str) -> Refused:
    """Say in words what happened to the proposal instead."""
    if proposal.state is ProposalState.EXPIRED:
        words = f"This proposal expired at {proposal.expires_at:%H:%M} UTC before anybody decided."
        return Refused(kind="expired", reason=f"{words} {NOTHING}")
    if proposal.state is ProposalState.STALE:
        words = "This proposal is void: its target changed, or the alert recovered, before it ran."
        return Refused(kind="stale", reason=f"{words} {NOTHING}")
    own = approval is not None and bool(user_id) and approval.actor.user_id == user_id
    who = "You" if own else "Somebody"
    at = f" at {approval.at:%H:%M} UTC" if approval else ""
    if proposal.state is ProposalState.REJECTED or (approval and approval.decision is Decision.REJECT):
        words = f"{who} already rejected this{at}."
    else:
        words = f"{who} already approved this{at}; {_AFTERWARDS[proposal.state]}."
    return Refused(kind="repeated" if own else "late", reason=f"{words} {NOTHING}")
