"""An execution is unknown: look once more. What a look cannot settle stays with the people in the thread."""

from bot.domain.action import Looked
from bot.domain.durable import Lease, LookAgain, Step
from bot.domain.errors import PlatformError
from bot.domain.execution import Execution, ExecutionState
from bot.domain.incident import Incident
from bot.domain.proposal import Proposal, ProposalState
from bot.remedy.catalog import action
from bot.workflow.desk import Desk
from bot.workflow.outcome import IN_FLIGHT, LOOK_FOR, Run, applied, look_later, refused


def look_again(desk: Desk, lease: Lease, payload: LookAgain) -> None:
    """Resolve the execution by its marker, or look later, for ten minutes in all.

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
    else:
        jobs = (look_later(desk, execution, now),) if now < execution.changed_at + LOOK_FOR else ()
        desk.state.apply(Step(name="look", at=now, jobs=jobs, finish=lease))
