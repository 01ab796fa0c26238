"""A job failed too often: say so where it matters, and leave it to people."""

from datetime import datetime

from bot.domain.durable import Job, LookAgain, Message, RunAction, Step, Stored, Verify
from bot.domain.errors import PlatformError
from bot.domain.execution import Execution, ExecutionState, Verdict, Verification
from bot.domain.happening import Click, Question, Submission
from bot.domain.incident import Incident
from bot.domain.proposal import Proposal, ProposalState
from bot.report.notes import (
    compose_answer,
    compose_refused,
    compose_stale,
    compose_still_unknown,
    compose_unknown,
    compose_verdict,
)
from bot.workflow.channel import said_in
from bot.workflow.desk import Desk
from bot.workflow.outcome import look_later, to_human
from bot.workflow.tell import card, note, story_of, whisper_for


def give_up(desk: Desk, job: Job, error: str) -> None:
    """Answer what a dead letter leaves unanswered: the card names the error, a person who clicked is told.

    A fix that was approved ends in an outcome like any other: nothing that no job will look at again stays on its way.
    """
    payload = job.payload
    if isinstance(payload, (Click, Submission, Question)):
        said = whisper_for(job, payload.ref, payload.user_id, compose_answer(f"I could not do that: {error}"))
        desk.state.apply(Step(name="give_up", at=desk.clock.now(), messages=(said,)))
        return
    incident = desk.state.get(Incident, job.incident_id) if job.incident_id else None
    if incident is None:
        return
    if isinstance(payload, RunAction):
        _unfinished(desk, incident, payload, error)
    elif isinstance(payload, Verify):
        _unverified(desk, incident, payload, error)
    elif isinstance(payload, LookAgain):
        _not_found(desk, incident, payload, error)
    else:
        _unread(desk, incident, error)


def _unread(desk: Desk, incident: Incident, error: str) -> None:
    now = desk.clock.now()
    incident, moved = to_human(incident, now)
    try:
        messages = said_in(desk, incident.thread.channel, card(story_of(desk, incident, failed=error)))
    except PlatformError:
        messages = ()  # Slack does not tell which channel it is, and with that whether anything may be said in it
    _end(desk, incident, now, moved, messages, error)


def _unfinished(desk: Desk, incident: Incident, payload: RunAction, error: str) -> None:
    """A run that never ended: stale or refused when nothing can have been sent, else unknown."""
    now = desk.clock.now()
    proposal = desk.state.get(Proposal, payload.proposal_id)
    if proposal is None or proposal.state not in {ProposalState.APPROVED, ProposalState.EXECUTING}:
        return
    made = [each for each in desk.state.of_incident(Execution, incident.id) if each.proposal_id == proposal.id]
    last = made[-1] if made else None
    incident, moved = to_human(incident, now)
    if proposal.state is ProposalState.APPROVED:
        proposal = proposal.moved_to(ProposalState.STALE)
        said = note(incident, f"{proposal.id}:stale", compose_stale(proposal, error))
        _end(desk, incident, now, (proposal, *moved), (card(story_of(desk, incident, proposal=proposal)), said), error)
    elif last is not None and last.state is ExecutionState.SENT:
        execution = last.moved_to(ExecutionState.UNKNOWN, now, detail=error[:500])
        proposal = proposal.moved_to(ProposalState.UNKNOWN)
        story = story_of(desk, incident, proposal=proposal, execution=execution)
        said = note(incident, f"{proposal.id}:unknown", compose_unknown(story, error))
        looking = (look_later(desk, execution, now),)
        _end(desk, incident, now, (execution, proposal, *moved), (card(story), said), error, looking)
    else:
        proposal = proposal.moved_to(ProposalState.REFUSED)
        refused: tuple[Stored, ...] = ()
        if last is not None and last.state is ExecutionState.INTENDED:
            last = last.moved_to(ExecutionState.REFUSED, now, detail=error[:500])
            refused = (last,)
        story = story_of(desk, incident, proposal=proposal, failed=error, **({"execution": last} if last else {}))
        said = note(incident, f"{proposal.id}:refused", compose_refused(story, error))
        _end(desk, incident, now, (*refused, proposal, *moved), (card(story), said), error)


def _unverified(desk: Desk, incident: Incident, payload: Verify, error: str) -> None:
    """A fix that nobody looks at any more: what it did is not known to have helped."""
    now = desk.clock.now()
    proposal = desk.state.get(Proposal, payload.proposal_id)
    if proposal is None or proposal.state not in {ProposalState.VERIFYING, ProposalState.WAITING_FOR_CHANGE}:
        return
    puts: list[Stored] = []
    if proposal.state is ProposalState.WAITING_FOR_CHANGE:
        proposal = proposal.moved_to(ProposalState.VERIFYING)
        puts.append(proposal)
    proposal = proposal.moved_to(ProposalState.INCONCLUSIVE)
    verification = Verification(
        id=desk.ids.new("vf"),
        incident_id=incident.id,
        execution_id=payload.execution_id,
        verdict=Verdict.INCONCLUSIVE,
        checks=(),
        at=now,
    )
    incident, moved = to_human(incident, now)
    puts += [proposal, verification, *moved]
    story = story_of(desk, incident, proposal=proposal, verification=verification, failed=error)
    said = note(incident, f"{proposal.id}:verdict", compose_verdict(story, error))
    _end(desk, incident, now, tuple(puts), (card(story), said), error)


def _not_found(desk: Desk, incident: Incident, payload: LookAgain, error: str) -> None:
    """An unknown fix that cannot be looked for any more stays unknown, and people are told by what to tell."""
    now = desk.clock.now()
    proposal = desk.state.get(Proposal, payload.proposal_id)
    execution = desk.state.get(Execution, payload.execution_id)
    if proposal is None or execution is None or proposal.state is not ProposalState.UNKNOWN:
        return
    story = story_of(desk, incident, proposal=proposal, execution=execution)
    said = note(incident, f"{proposal.id}:{execution.id}:still_unknown", compose_still_unknown(story, error=error))
    _end(desk, incident, now, (), (said,), error)


def _end(
    desk: Desk,
    incident: Incident,
    now: datetime,
    puts: tuple[Stored, ...],
    messages: tuple[Message, ...],
    error: str,
    jobs: tuple[Job, ...] = (),
) -> None:
    audit = desk.audit("codehealer", "gave_up", incident.id, error)
    desk.state.apply(Step(name="give_up", at=now, puts=puts, jobs=jobs, messages=messages, audit=(audit,)))
