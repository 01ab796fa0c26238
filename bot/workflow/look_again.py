"""An execution is unknown: look once more. What a look cannot settle stays with the people in the thread."""

from bot.domain.action import Looked
from bot.domain.durable import Lease, LookAgain, Step
from bot.domain.errors import PlatformError
from bot.domain.execution import Execution, ExecutionState
from bot.domain.incident import Incident
from bot.domain.proposal import Proposal, ProposalState
from bot.remedy.catalog import action
from bot.report.notes import compose_still_unknown
from bot.workflow.desk import Desk
from bot.workflow.outcome import IN_FLIGHT, LOOK_FOR, Run, applied, look_later, refused
from bot.workflow.tell import note, story_of


def look_again(desk: Desk, lease: Lease, payload: LookAgain) -> None:
    """Resolve the execution by its marker, or look later, for ten minutes in all; then say that it stays unknown.

    That it is not there yet counts only when no request of ours can still be on its way.
    """
    incident = desk.state.get(Incident, payload.incident_id)
    proposal = desk.state.get(Proposal, payload.proposal_id)
    execution = desk.state.get(Execution, payload.execution_id)
    now = desk.clock.now()
    if (
        incident is None
        or proposal is None
        or execution is None
        or proposal.state is not ProposalState.UNKNOWN
        or execution.state is not ExecutionState.UNKNOWN
    ):
        desk.state.apply(Step(name="nothing", at=now, finish=lease))
        return
    step = proposal.current
    run = Run(incident=incident, proposal=proposal, execution=execution)
    try:
        looked = action(step.action).look(step, execution, desk.platforms)
    except PlatformError:
        looked = Looked.CANNOT_TELL
    if looked is Looked.APPLIED:
        applied(desk, lease, run, "found by its marker")
    elif looked is Looked.NOT_APPLIED and now >= execution.changed_at + IN_FLIGHT:
        refused(desk, lease, run, "a look at the platform shows that it was not applied; nothing was changed")
    elif now < execution.changed_at + LOOK_FOR:
        desk.state.apply(Step(name="look", at=now, jobs=(look_later(desk, execution, now),), finish=lease))
    else:
        _stays_unknown(desk, lease, run)


def _stays_unknown(desk: Desk, lease: Lease, run: Run) -> None:
    """End the looking aloud: people were told that it goes on."""
    story = story_of(desk, run.incident, proposal=run.proposal, execution=run.execution)
    report = compose_still_unknown(story, minutes=int(LOOK_FOR.total_seconds()) // 60)
    said = note(run.incident, f"{run.proposal.id}:{run.execution.id}:still_unknown", report)
    audit = desk.audit("codehealer", "stopped_looking", run.incident.id, f"{run.execution.id} stays unknown")
    desk.state.apply(Step(name="look", at=desk.clock.now(), finish=lease, messages=(said,), audit=(audit,)))
