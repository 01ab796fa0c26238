"""A person decided on a proposal: approve or reject. One row, one winner, and an answer to everybody else."""

from bot.domain.durable import Job, Lane, Lease, Message, RunAction, Step, Stored
from bot.domain.errors import PlatformError
from bot.domain.execution import Actor, Approval, Decision
from bot.domain.happening import Submission
from bot.domain.incident import Incident
from bot.domain.proposal import Proposal, ProposalState
from bot.remedy.authorize import Refused, authorize, check_decision
from bot.report.notes import compose_answer, compose_expired, compose_rejected
from bot.workflow.channel import acting, may_act
from bot.workflow.desk import Desk
from bot.workflow.tell import card, card_key, modal, note, story_of, whisper


def decide(desk: Desk, lease: Lease, submission: Submission) -> None:
    """Check the person, the digest, the place and the proposal's state; then write the approval and its job together."""
    proposal = desk.state.get(Proposal, submission.proposal_id)
    incident = desk.state.get(Incident, proposal.incident_id) if proposal else None
    if proposal is None or incident is None:
        _say(desk, lease, submission, "That proposal is not known any more. Nothing was changed.")
        return
    refused = _refusal(desk, submission, proposal, incident)
    if refused is not None:
        _refuse(desk, lease, submission, proposal, incident, refused)
    elif submission.approve:
        _approve(desk, lease, submission, proposal, incident)
    else:
        _reject(desk, lease, submission, proposal, incident)


def _refusal(desk: Desk, submission: Submission, proposal: Proposal, incident: Incident) -> Refused | None:
    where = desk.state.where(card_key(incident.id))
    if submission.ref.channel != incident.thread.channel or (where is not None and submission.ref.ts != where.ts):
        return Refused(
            kind="mismatch", reason="This does not come from the card of that proposal. Nothing was changed."
        )
    try:
        person = desk.directory.person(submission.user_id)
        if not desk.directory.is_member(submission.ref.channel, submission.user_id):
            return Refused(kind="unauthorised", reason="Only members of the alert's channel can decide here.")
    except PlatformError:
        return Refused(
            kind="unauthorised", reason="Slack did not say who you are just now, so nothing was changed. Try again."
        )
    outside = _outside(desk, proposal, incident)
    if outside:
        return Refused(kind="unauthorised", reason=f"{outside} Nothing was changed.")
    allowed = authorize(person, approvers=desk.house.approvers, team=desk.house.team)
    if isinstance(allowed, Refused):
        return allowed
    decided = check_decision(
        proposal,
        digest=submission.digest,
        now=desk.clock.now(),
        approval=_approval(desk, proposal),
        user_id=submission.user_id,
    )
    return decided if isinstance(decided, Refused) else None


def _outside(desk: Desk, proposal: Proposal, incident: Incident) -> str:
    """Return why nothing can be approved from the incident's channel, or not this, as a sentence; else nothing.

    Asked again at every decision: scope and mode may have become narrower since the proposal was made.
    """
    if not may_act(desk, incident.thread.channel):
        return "In this channel fixes are only suggested."
    refuses = acting(desk, incident.thread.channel)
    outside = next(filter(None, (refuses(step.target) for step in proposal.steps)), "")
    return f"It may not be acted on from here: {outside}." if outside else ""


def _approval(desk: Desk, proposal: Proposal) -> Approval | None:
    known = desk.state.of_incident(Approval, proposal.incident_id)
    return next((each for each in reversed(known) if each.proposal_id == proposal.id), None)


def _refuse(
    desk: Desk, lease: Lease, submission: Submission, proposal: Proposal, incident: Incident, refused: Refused
) -> None:
    """Answer the person; when the proposal turned out to be expired, say so to the thread too."""
    now = desk.clock.now()
    puts: tuple[Stored, ...] = ()
    messages: tuple[Message, ...] = ()
    if refused.kind == "expired" and proposal.state is ProposalState.OFFERED:
        proposal = proposal.moved_to(ProposalState.EXPIRED)
        puts = (proposal,)
        messages = (
            card(story_of(desk, incident, proposal=proposal)),
            note(incident, f"{proposal.id}:expired", compose_expired(proposal)),
        )
    audit = desk.audit(submission.user_id, "refused", incident.id, f"{proposal.id}: {refused.kind}")
    answers = _answers(lease, submission, refused.reason)
    desk.state.apply(
        Step(name="refuse", at=now, puts=puts, finish=lease, messages=(*messages, *answers), audit=(audit,))
    )


def _approve(desk: Desk, lease: Lease, submission: Submission, proposal: Proposal, incident: Incident) -> None:
    now = desk.clock.now()
    approval = _decision(desk, submission, proposal, Decision.APPROVE)
    approved = proposal.moved_to(ProposalState.APPROVED)
    job = Job(
        id=desk.ids.new("jb"),
        payload=RunAction(incident_id=incident.id, proposal_id=proposal.id),
        lane=Lane.CLICKS,
        run_at=now,
        serial=incident.id,
        dedupe=f"run:{proposal.id}:{proposal.step}",
        incident_id=incident.id,
    )
    story = story_of(desk, incident, proposal=approved, approval=approval)
    audit = desk.audit(submission.user_id, "approved", incident.id, f"{proposal.id} digest {proposal.digest}")
    answers = _answers(lease, submission, "Approved. It runs now; the card and the thread say how it went.")
    desk.state.apply(
        Step(
            name="approve",
            at=now,
            puts=(approval, approved),
            jobs=(job,),
            finish=lease,
            messages=(card(story), *answers),
            audit=(audit,),
        )
    )


def _reject(desk: Desk, lease: Lease, submission: Submission, proposal: Proposal, incident: Incident) -> None:
    approval = _decision(desk, submission, proposal, Decision.REJECT)
    rejected = proposal.moved_to(ProposalState.REJECTED)
    story = story_of(desk, incident, proposal=rejected, approval=approval)
    said = note(incident, f"{proposal.id}:rejected", compose_rejected(rejected, by=submission.user_id))
    audit = desk.audit(submission.user_id, "rejected", incident.id, f"{proposal.id} digest {proposal.digest}")
    answers = _answers(lease, submission, "Rejected. Nothing was changed.")
    desk.state.apply(
        Step(
            name="reject",
            at=desk.clock.now(),
            puts=(approval, rejected),
            finish=lease,
            messages=(card(story), said, *answers),
            audit=(audit,),
        )
    )


def _decision(desk: Desk, submission: Submission, proposal: Proposal, decision: Decision) -> Approval:
    name = desk.directory.person(submission.user_id).display_name
    return Approval(
        id=desk.ids.new("ap"),
        incident_id=proposal.incident_id,
        proposal_id=proposal.id,
        proposal_digest=proposal.digest,
        actor=Actor(user_id=submission.user_id, display_name=name, roles=(proposal.required_role,)),
        decision=decision,
        at=desk.clock.now(),
    )


def _answers(lease: Lease, submission: Submission, words: str) -> tuple[Message, ...]:
    """Say it in the modal, while it is open, and to the person in the thread, where it stays."""
    report = compose_answer(words)
    said = whisper(lease, submission.ref, submission.user_id, report)
    if not submission.view_key:
        return (said,)
    return (modal(submission.view_key, submission.ref, submission.user_id, report, None), said)


def _say(desk: Desk, lease: Lease, submission: Submission, words: str) -> None:
    desk.state.apply(
        Step(name="answer", at=desk.clock.now(), finish=lease, messages=_answers(lease, submission, words))
    )
