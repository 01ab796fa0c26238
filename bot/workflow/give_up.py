"""A job failed too often: say so where it matters, and leave it to people."""

from bot.domain.durable import Job, RunAction, Step
from bot.domain.execution import Execution, ExecutionState
from bot.domain.happening import Click, Question, Submission
from bot.domain.incident import Incident
from bot.domain.proposal import Proposal, ProposalState
from bot.report.notes import compose_answer, compose_stale, compose_unknown
from bot.workflow.desk import Desk
from bot.workflow.outcome import look_later, to_human
from bot.workflow.tell import card, note, story_of, whisper_for


def give_up(desk: Desk, job: Job, error: str) -> None:
    """Answer what a dead letter leaves unanswered: the card names the error, a person who clicked is told."""
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
        return
    now = desk.clock.now()
    incident, moved = to_human(incident, now)
    story = story_of(desk, incident, failed=error)
    audit = desk.audit("codehealer", "gave_up", incident.id, error)
    desk.state.apply(Step(name="give_up", at=now, puts=moved, messages=(card(story),), audit=(audit,)))


def _unfinished(desk: Desk, incident: Incident, payload: RunAction, error: str) -> None:
    """A run that never ended: stale when nothing can have been sent, else unknown."""
    now = desk.clock.now()
    proposal = desk.state.get(Proposal, payload.proposal_id)
    if proposal is None or proposal.state not in {ProposalState.APPROVED, ProposalState.EXECUTING}:
        return
    made = [e for e in desk.state.of_incident(Execution, incident.id) if e.proposal_id == proposal.id]
    sent = made[-1] if made and made[-1].state is ExecutionState.SENT else None
    incident, moved = to_human(incident, now)
    audit = desk.audit("codehealer", "gave_up", incident.id, error)
    if proposal.state is ProposalState.APPROVED:
        proposal = proposal.moved_to(ProposalState.STALE)
        story = story_of(desk, incident, proposal=proposal)
        said = note(incident, f"{proposal.id}:stale", compose_stale(proposal, error))
        step = Step(name="give_up", at=now, puts=(proposal, *moved), messages=(card(story), said), audit=(audit,))
    elif sent is not None:
        execution = sent.moved_to(ExecutionState.UNKNOWN, now, detail=error[:500])
        proposal = proposal.moved_to(ProposalState.UNKNOWN)
        story = story_of(desk, incident, proposal=proposal, execution=execution)
        said = note(incident, f"{proposal.id}:unknown", compose_unknown(story, error))
        step = Step(
            name="give_up",
            at=now,
            puts=(execution, proposal, *moved),
            jobs=(look_later(desk, execution, now),),
            messages=(card(story), said),
            audit=(audit,),
        )
    else:
        proposal = proposal.moved_to(ProposalState.REFUSED)
        story = story_of(desk, incident, proposal=proposal, failed=error)
        step = Step(name="give_up", at=now, puts=(proposal, *moved), messages=(card(story),), audit=(audit,))
    desk.state.apply(step)
