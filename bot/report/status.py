"""What a card says first: how it stands with the incident and its fix. One function a state, in one visible table."""

from collections.abc import Callable
from dataclasses import replace

from bot.domain.execution import Approval, Decision
from bot.domain.incident import IncidentState
from bot.domain.proposal import Proposal, ProposalState
from bot.domain.report import Button, Buttons, Part, Text
from bot.domain.values import value
from bot.report.fix import fix_parts, observed, target_of, tried_parts, undo_parts, verdict_of, watch_parts
from bot.report.story import Story
from bot.report.words import INCIDENTS, cause, chance, clock, target_name


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
        said = _OF_PROPOSAL[proposal.state](story, proposal)
        recovered = state is IncidentState.RESOLVED and proposal.state is not ProposalState.PASSED
        return (
            replace(said, parts=(Text(text="The alert has recovered meanwhile."), *said.parts)) if recovered else said
        )
    return _without_proposal(story)


def diagnosed(story: Story) -> str:
    """Return the headline of a known cause: `Deployment shop/checkout: container app was OOMKilled (94 %, high)`."""
    where, best = target_name(target_of(story)), story.diagnosis.best if story.diagnosis else None
    if best is None:
        return f"{where}: no cause found"
    return f"{where}: {cause(best, target_of(story))} ({chance(best.confidence)})"


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
    return Status(headline=f"Dismissed: {target_name(target_of(story))}", parts=(*by, rest))


def _recovered(story: Story) -> Status:
    said = (
        (Text(text="The alert recovered, says:", quoted=story.incident.closed_by),) if story.incident.closed_by else ()
    )
    proposal = story.proposal
    void = proposal is not None and proposal.state is ProposalState.STALE
    rest = (Text(text="The fix that was offered is void; it was not run."),) if void else ()
    plain = () if said else (Text(text="The alert recovered."),)
    return Status(headline=f"Resolved: {target_name(target_of(story))} recovered", parts=(*said, *plain, *rest))


def _gave_up(story: Story) -> Status:
    where = target_name(target_of(story))
    said = Text(text="I tried several times and stopped. The last error:", quoted=story.failed)
    proposal = story.proposal
    stands: tuple[Part, ...] = () if proposal is None else tried_parts(story)
    return Status(headline=f"I could not finish: {where} needs a person", parts=(said, *stands))


def _without_proposal(story: Story) -> Status:
    if story.diagnosis is None:
        return _looking(story)
    if story.diagnosis.best is None:
        said = Text(text="I do not know the cause, so no fix is proposed. A person has to look.")
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
    return Status(headline=f"{where}: {INCIDENTS[story.incident.state]}")


def _offered(story: Story, proposal: Proposal) -> Status:
    until = clock(proposal.expires_at, proposal.offered_at)
    if not story.may_act:
        who = "In this channel fixes are only suggested; nothing can be approved here."
    elif story.anyone_approves:
        who = f"The people in CODEHEALER_APPROVERS can approve it until {until}."
    else:
        who = f"Nobody can approve: CODEHEALER_APPROVERS is empty. The offer expires at {until}."
    needs = story.incident.state is IncidentState.NEEDS_HUMAN
    escalated = (Text(text="This incident was escalated; the fix is still on offer."),) if needs else ()
    return Status(headline=diagnosed(story), parts=escalated, last=(*fix_parts(proposal), Text(text=who)))


def _approved(story: Story, proposal: Proposal) -> Status:
    said = Text(text="It runs next:", quoted=proposal.current.preview.summary)
    return Status(headline=f"Fix approved: {_where(story)}", parts=(*decided_parts(story), said))


def _executing(story: Story, proposal: Proposal) -> Status:
    return Status(
        headline=f"Applying the fix: {_where(story)}",
        parts=(*decided_parts(story), _step(proposal, "Running")),
    )


def _verifying(story: Story, proposal: Proposal) -> Status:
    parts = (_step(proposal, "Applied"), *decided_parts(story), *watch_parts(story, proposal.current))
    return Status(headline=f"Verifying the fix: {_where(story)}", parts=parts)


def _passed(story: Story, proposal: Proposal) -> Status:
    parts = (_step(proposal, "Applied"), *decided_parts(story), *_checks(story))
    return Status(headline=f"Verified: the fix for {_where(story)} holds", parts=parts)


def _failed(story: Story, proposal: Proposal) -> Status:
    parts = (_step(proposal, "Applied"), *decided_parts(story), *_checks(story), *undo_parts(story))
    return Status(headline=f"Verification failed: the fix for {_where(story)} did not help", parts=parts)


def _inconclusive(story: Story, proposal: Proposal) -> Status:
    parts = (_step(proposal, "Applied"), *decided_parts(story), *_checks(story), *undo_parts(story))
    return Status(headline=f"Inconclusive: the fix for {_where(story)} could not be verified", parts=parts)


def _unknown(story: Story, proposal: Proposal) -> Status:
    why = story.execution.detail if story.execution else ""
    doubt = (Text(text="Why it is not known:", quoted=why),) if why else ()
    rest = Text(text="It is not sent again. I look for it; Escalate hands it to people now.")
    parts = (_step(proposal, "Sent"), *decided_parts(story), *doubt, rest)
    return Status(headline=f"Unknown: was the fix for {_where(story)} applied?", parts=parts)


def _refused(story: Story, proposal: Proposal) -> Status:
    why = story.execution.detail if story.execution else ""
    said = (Text(text="Why:", quoted=why),) if why else ()
    parts = (_step(proposal, "Not applied"), *decided_parts(story), *said, *_before(proposal))
    return Status(headline=f"Refused: the fix for {_where(story)} was not applied", parts=parts)


def _rejected(story: Story, proposal: Proposal) -> Status:
    parts = (_step(proposal, "Not run"), *decided_parts(story))
    return Status(headline=f"{diagnosed(story)}: fix rejected", parts=parts)


def _expired(story: Story, proposal: Proposal) -> Status:
    at = clock(proposal.expires_at, proposal.offered_at)
    parts = (_step(proposal, f"Nobody decided by {at}, so not run"),)
    return Status(headline=f"{diagnosed(story)}: fix expired", parts=parts)


def _stale(story: Story, proposal: Proposal) -> Status:
    parts = (_step(proposal, "Not run, for the reason given in the thread"), *decided_parts(story))
    return Status(headline=f"{diagnosed(story)}: fix void", parts=parts)


def _waiting(story: Story, proposal: Proposal) -> Status:
    url = story.execution.handle if story.execution else ""
    opened = (Buttons(buttons=(Button(action="heal_open", label="Open pull request", value="", url=url),)),)
    rest = Text(text="A person has to review and merge it. I look again, and then check whether it helped.")
    parts = (_step(proposal, "Opened"), *decided_parts(story), rest, *(opened if url.startswith("http") else ()))
    return Status(headline=f"Waiting for change: {_where(story)}", parts=parts)


def _escalated(story: Story, _: Proposal) -> Status:
    parts = (*tried_parts(story), *decided_parts(story), *undo_parts(story))
    return Status(headline=f"Escalated: {_where(story)} needs a person", parts=parts)


def _where(story: Story) -> str:
    return target_name(target_of(story))


def _step(proposal: Proposal, label: str) -> Text:
    many = f" (step {proposal.step + 1} of {len(proposal.steps)})" if len(proposal.steps) > 1 else ""
    return Text(text=f"{label}{many}:", quoted=proposal.current.preview.summary)


def _checks(story: Story) -> tuple[Part, ...]:
    checked = story.verification
    return (observed(checked.checks),) if checked and checked.checks and verdict_of(story) else ()


def _before(proposal: Proposal) -> tuple[Part, ...]:
    if not proposal.step:
        return (Text(text="Nothing was changed."),)
    applied = " ".join(step.preview.summary for step in proposal.steps[: proposal.step])
    return (Text(text="Steps already applied, and left so:", quoted=applied),)


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
