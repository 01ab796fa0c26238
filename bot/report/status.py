"""What a card says first: how it stands with the incident and its fix. One function a state, in one visible table."""

from collections.abc import Callable
from dataclasses import replace

from bot.domain.execution import Approval, Decision
from bot.domain.incident import IncidentState
from bot.domain.proposal import Proposal, ProposalState
from bot.domain.report import Part, Text
from bot.domain.values import value
from bot.report.causes import cause
from bot.report.fix import fix_parts, hands_over, observed, opened, refused_parts, tried_parts, undo_parts, watch_parts
from bot.report.steps import execution_of, refused_headline, step_parts, verdict_of
from bot.report.story import Story
from bot.report.words import INCIDENTS, capital, chance, clock, target_name


@value
class Status:
    """The headline, what stands right under it, and what stands last, by the buttons."""

    headline: str
    parts: tuple[Part, ...] = ()
    last: tuple[Part, ...] = ()


def status_of(story: Story) -> Status:
    """Return how it stands. What closed the incident comes first, then what went wrong with us, then the proposal."""
    state, proposal = story.incident.state, story.proposal
    if state is IncidentState.DISMISSED:
        return _dismissed(story)
    if state is IncidentState.RESOLVED and (proposal is None or proposal.state not in _RUNS_ON):
        return _recovered(story)
    if story.failed:
        return _gave_up(story)
    if proposal is not None:
        handing = hands_over(proposal) and proposal.state in _IN_FLIGHT
        said = _handing_over(story) if handing else _OF_PROPOSAL[proposal.state](story, proposal)
        recovered = state is IncidentState.RESOLVED and proposal.state is not ProposalState.PASSED
        return (
            replace(said, parts=(Text(text="The alert has recovered meanwhile."), *said.parts)) if recovered else said
        )
    return _without_proposal(story)


def diagnosed(story: Story) -> str:
    """Return the headline of a known cause: `Deployment shop/checkout: container app was OOMKilled (94%, high)`."""
    where, best = capital(_where(story)), story.diagnosis.best if story.diagnosis else None
    if best is None:
        return f"{where}: no cause found"
    return f"{where}: {cause(best, story.target)} ({chance(best.confidence)})"


def approval_of(story: Story) -> Approval | None:
    """Return the decision on this proposal; None when the stored one is about an earlier proposal."""
    made, proposal = story.approval, story.proposal
    return made if made and proposal and made.proposal_id == proposal.id else None


def decided_parts(story: Story) -> tuple[Part, ...]:
    """Return who decided, and when."""
    made = approval_of(story)
    if made is None:
        return ()
    what = "Approved" if made.decision is Decision.APPROVE else "Rejected"
    return (Text(text=f"{what} at {clock(made.at)} by", user=made.actor.user_id),)


def _dismissed(story: Story) -> Status:
    by = (Text(text="Dismissed by", user=story.incident.closed_by),) if story.incident.closed_by else ()
    rest = Text(text="I stay quiet about it until it fires again. Nothing was changed by dismissing it.")
    return Status(headline=f"Dismissed: {target_name(story.target)}", parts=(*by, rest))


def _recovered(story: Story) -> Status:
    said = (
        (Text(text="The alert recovered, says:", quoted=story.incident.closed_by),) if story.incident.closed_by else ()
    )
    proposal = story.proposal
    void = proposal is not None and proposal.state is ProposalState.STALE
    rest = (Text(text="The fix that was offered is void; it was not run."),) if void else ()
    plain = () if said else (Text(text="The alert recovered."),)
    return Status(headline=f"Resolved: {target_name(story.target)} recovered", parts=(*said, *plain, *rest))


def _gave_up(story: Story) -> Status:
    where = target_name(story.target)
    said = Text(text="I tried several times and stopped. The last error:", quoted=story.failed)
    proposal = story.proposal
    stands: tuple[Part, ...] = () if proposal is None else tried_parts(story)
    return Status(headline=f"I could not finish: {where} needs a person", parts=(said, *stands))


def _without_proposal(story: Story) -> Status:
    if story.diagnosis is None:
        return _looking(story)
    if story.diagnosis.best is None:
        said = Text(text="Without a cause no fix is proposed. A person has to look.")
        return Status(headline=diagnosed(story), parts=(said,))
    why = story.incident.not_proposed
    lead = (Text(text="No fix is proposed:", quoted=why) if why else Text(text="No fix is proposed."),)
    if story.incident.state is IncidentState.NEEDS_HUMAN:
        return Status(headline=f"{diagnosed(story)}: needs a person", last=lead)
    return Status(headline=diagnosed(story), last=lead)


def _looking(story: Story) -> Status:
    where = target_name(story.incident.target)
    if story.incident.state in {IncidentState.OPEN, IncidentState.INVESTIGATING}:
        said = "I am reading what the platform says about it; this card is updated when I know more."
        return Status(headline=f"Looking into {where}", parts=(Text(text=said),))
    return Status(headline=f"{capital(where)}: {INCIDENTS[story.incident.state]}")


def _offered(story: Story, proposal: Proposal) -> Status:
    until = clock(proposal.expires_at, proposal.offered_at)
    if not story.may_act:
        who = "In this channel fixes are only suggested; nothing can be approved here."
    elif story.anyone_approves:
        who = f"An approver can approve it until {until}."
    else:
        who = f"Nobody can approve: CODEHEALER_APPROVERS is empty. The offer expires at {until}."
    needs = story.incident.state is IncidentState.NEEDS_HUMAN
    escalated = (Text(text="This incident was escalated; the fix is still on offer."),) if needs else ()
    return Status(headline=diagnosed(story), parts=escalated, last=(*fix_parts(proposal), Text(text=who)))


def _handing_over(story: Story) -> Status:
    return Status(headline=f"Handing over to people: {_where(story)}", parts=decided_parts(story))


def _approved(story: Story, _: Proposal) -> Status:
    return Status(headline=f"Fix approved: {_where(story)}", parts=(*step_parts(story), *decided_parts(story)))


def _executing(story: Story, _: Proposal) -> Status:
    return Status(headline=f"Applying the fix: {_where(story)}", parts=(*step_parts(story), *decided_parts(story)))


def _verifying(story: Story, proposal: Proposal) -> Status:
    parts = (*step_parts(story), *decided_parts(story), *watch_parts(story, proposal.current))
    return Status(headline=f"Verifying the fix: {_where(story)}", parts=parts)


def _passed(story: Story, proposal: Proposal) -> Status:
    if hands_over(proposal):
        return Status(headline=f"Escalated: {_where(story)} needs a person", parts=decided_parts(story))
    parts = (*step_parts(story), *decided_parts(story), *_checks(story))
    return Status(headline=f"Verified: the fix for {_where(story)} holds", parts=parts)


def _failed(story: Story, _: Proposal) -> Status:
    parts = (*step_parts(story), *decided_parts(story), *_checks(story), *undo_parts(story))
    return Status(headline=f"Verification failed: the fix for {_where(story)} did not help", parts=parts)


def _inconclusive(story: Story, _: Proposal) -> Status:
    parts = (*step_parts(story), *decided_parts(story), *_checks(story), *undo_parts(story))
    return Status(headline=f"Inconclusive: the fix for {_where(story)} could not be verified", parts=parts)


def _unknown(story: Story, _: Proposal) -> Status:
    execution = execution_of(story)
    why = execution.detail if execution else ""
    doubt = (Text(text="Why it is not known:", quoted=why),) if why else ()
    rest = Text(text="It is not sent again. I look for it; Escalate hands it to people now.")
    parts = (*step_parts(story), *decided_parts(story), *doubt, rest)
    return Status(headline=f"Unknown: was the fix for {_where(story)} applied?", parts=parts)


def _refused(story: Story, proposal: Proposal) -> Status:
    execution = execution_of(story)
    why = execution.detail if execution else ""
    parts = (*step_parts(story), *decided_parts(story), *refused_parts(story, why))
    return Status(headline=refused_headline(_where(story), proposal), parts=parts)


def _rejected(story: Story, _: Proposal) -> Status:
    return Status(headline=f"{diagnosed(story)}: fix rejected", parts=(*step_parts(story), *decided_parts(story)))


def _expired(story: Story, proposal: Proposal) -> Status:
    if execution_of(story) is not None:
        kept = Text(text="Nobody accepted the change in time. I do not look for it any more; it stays open.")
        parts = (*step_parts(story), *decided_parts(story), kept, *_opened(story))
        return Status(headline=f"{diagnosed(story)}: change not made", parts=parts)
    nobody = Text(text=f"Nobody decided by {clock(proposal.expires_at, proposal.offered_at)}.")
    return Status(headline=f"{diagnosed(story)}: fix expired", parts=(nobody, *step_parts(story)))


def _stale(story: Story, _: Proposal) -> Status:
    parts = (*step_parts(story), *decided_parts(story), Text(text="Why it is void is said in the thread."))
    return Status(headline=f"{diagnosed(story)}: fix void", parts=parts)


def _waiting(story: Story, _: Proposal) -> Status:
    app = story.dossier.app if story.dossier else None
    manual = app is not None and not app.automated
    rest = "A person has to review and merge it. I look again, and then check whether it helped."
    sync = (Text(text="Auto-sync is off: after the merge somebody has to sync the application."),) if manual else ()
    parts = (*step_parts(story), *decided_parts(story), Text(text=rest), *sync, *_opened(story))
    return Status(headline=f"Waiting for change: {_where(story)}", parts=parts)


def _opened(story: Story) -> tuple[Part, ...]:
    execution = execution_of(story)
    return opened(execution.handle) if execution else ()


def _escalated(story: Story, _: Proposal) -> Status:
    parts = (*tried_parts(story), *decided_parts(story), *undo_parts(story))
    return Status(headline=f"Escalated: {_where(story)} needs a person", parts=parts)


def _where(story: Story) -> str:
    return target_name(story.target)


def _checks(story: Story) -> tuple[Part, ...]:
    checked = story.verification
    return (observed(checked.checks, short=True),) if checked and checked.checks and verdict_of(story) else ()


_IN_FLIGHT = frozenset({ProposalState.APPROVED, ProposalState.EXECUTING, ProposalState.VERIFYING})
_RUNS_ON = frozenset(
    {
        ProposalState.EXECUTING,
        ProposalState.VERIFYING,
        ProposalState.UNKNOWN,
        ProposalState.PASSED,
        ProposalState.FAILED,
        ProposalState.INCONCLUSIVE,
        ProposalState.REFUSED,
        ProposalState.WAITING_FOR_CHANGE,
        ProposalState.ESCALATED,
    }
)
"""A recovery does not hide how a fix that was sent ended."""

_OF_PROPOSAL: dict[ProposalState, Callable[[Story, Proposal], Status]] = {
    ProposalState.OFFERED: _offered,
    ProposalState.APPROVED: _approved,
    ProposalState.REJECTED: _rejected,
    ProposalState.EXPIRED: _expired,
    ProposalState.STALE: _stale,
    ProposalState.EXECUTING: _executing,
    ProposalState.REFUSED: _refused,
    ProposalState.UNKNOWN: _unknown,
    ProposalState.VERIFYING: _verifying,
    ProposalState.PASSED: _passed,
    ProposalState.FAILED: _failed,
    ProposalState.INCONCLUSIVE: _inconclusive,
    ProposalState.WAITING_FOR_CHANGE: _waiting,
    ProposalState.ESCALATED: _escalated,
}
