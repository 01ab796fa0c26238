"""An approved step is run: look, intend, send once, and write down what came of it.

The order of the durable steps is the promise. `intend` is on disk before anything is sent; `sent` is on disk before the
request leaves, so that after a crash a step marked sent is looked for, and never blindly sent again.
"""

from dataclasses import replace

from bot.domain.action import Looked
from bot.domain.durable import Lease, RunAction, Step
from bot.domain.errors import AnswerLost, Conflict, Forbidden, NotFound, PlatformError, Rejected
from bot.domain.execution import Execution, ExecutionState
from bot.domain.incident import Incident
from bot.domain.proposal import Proposal, ProposalState
from bot.remedy.catalog import action
from bot.remedy.contract import Preflight
from bot.workflow.desk import Desk
from bot.workflow.outcome import Run, applied, refused, stale, unknown

MAX_TRIES = 3


def run_action(desk: Desk, lease: Lease, payload: RunAction) -> None:
    """Run the proposal's current step. Safe to run again after a crash at any point.

    Raises PlatformError when the platform cannot be asked before anything was sent: the job is tried again later.
    """
    incident = desk.state.get(Incident, payload.incident_id)
    proposal = desk.state.get(Proposal, payload.proposal_id)
    if incident is None or proposal is None or proposal.state not in {ProposalState.APPROVED, ProposalState.EXECUTING}:
        desk.state.apply(Step(name="nothing", at=desk.clock.now(), finish=lease))
        return
    execution = _known(desk, proposal)
    if execution is not None and execution.state is ExecutionState.SENT:
        _settle(desk, lease, Run(incident=incident, proposal=proposal, execution=execution), tries=1, lost=True)
        return
    run = _intend(desk, lease, incident, proposal, execution)
    if run is not None:
        _send(desk, lease, run, tries=1, lost=False)


def _known(desk: Desk, proposal: Proposal) -> Execution | None:
    made = desk.state.of_incident(Execution, proposal.incident_id)
    return next((each for each in made if each.idempotency_key == _key(proposal)), None)


def _guarded(execution: Execution, preflight: Preflight) -> Execution:
    return replace(execution, guard=preflight.guard or execution.guard, guard_generation=preflight.generation)


def _key(proposal: Proposal) -> str:
    return f"{proposal.id}:{proposal.step}"


def _intend(desk: Desk, lease: Lease, incident: Incident, proposal: Proposal, known: Execution | None) -> Run | None:
    """Check the preconditions afresh, dry run included, and make the intent durable. None: it ended here, unsent."""
    step = proposal.current
    execution_id = known.id if known else desk.ids.new("ex")
    preflight = action(step.action).preflight(step, desk.platforms, execution_id, dry_run=True)
    now = desk.clock.now()
    late = known is None and proposal.step == 0 and now >= proposal.expires_at
    if known is not None:
        run = Run(incident=incident, proposal=proposal, execution=_guarded(known, preflight))
        if preflight.ok:
            return run
        refused(desk, lease, run, preflight.stale)
        return None
    if proposal.step == 0 and (late or not preflight.ok):
        stale(desk, lease, incident, proposal, "it expired before it ran" if late else preflight.stale)
        return None
    execution = Execution(
        id=execution_id,
        incident_id=incident.id,
        proposal_id=proposal.id,
        step=proposal.step,
        action=step.action,
        target=step.target,
        idempotency_key=_key(proposal),
        guard=preflight.guard,
        guard_generation=preflight.generation,
        intended_at=now,
        changed_at=now,
    )
    executing = proposal.moved_to(ProposalState.EXECUTING) if proposal.step == 0 else proposal
    changed = (executing,) if executing is not proposal else ()
    audit = desk.audit("codehealer", "intended", incident.id, f"{execution.id} {step.action} guard {execution.guard}")
    desk.state.apply(Step(name="intend", at=now, puts=(execution, *changed), audit=(audit,)))
    run = Run(incident=incident, proposal=executing, execution=execution)
    if preflight.ok:
        return run
    refused(desk, lease, run, preflight.stale)  # a later step: what ran before it stays, and is named
    return None


def _send(desk: Desk, lease: Lease, run: Run, tries: int, lost: bool) -> None:
    """Mark it sent, on disk, and send it once. `lost`: an earlier request of this execution had no answer."""
    now = desk.clock.now()
    execution = run.execution.moved_to(ExecutionState.SENT, now)
    audit = desk.audit("codehealer", "sent", run.incident.id, f"{execution.id} guard {execution.guard}")
    desk.state.apply(Step(name="sent", at=now, puts=(execution,), audit=(audit,)))
    run = replace(run, execution=execution)
    step = run.proposal.current
    try:
        handle = action(step.action).send(step, execution, desk.platforms)
    except (Rejected, Forbidden, NotFound) as error:
        refused(desk, lease, run, str(error))
    except Conflict:
        _settle(desk, lease, run, tries, lost)
    except AnswerLost:
        _settle(desk, lease, run, tries, lost=True)
    except PlatformError as error:
        # the port's promise: nothing was changed. With a guard the job is tried again; without one nothing would tell a
        # second try from a late first one, so it ends here, and says so
        if action(step.action).spec.guard:
            raise
        refused(desk, lease, run, f"{error}; nothing was sent")
    else:
        applied(desk, lease, run, handle)


def _settle(desk: Desk, lease: Lease, run: Run, tries: int, lost: bool) -> None:
    """The request met a conflict, or may or may not have arrived: look. Only a guard makes it safe to send again.

    Where every request met a conflict nothing was applied, whatever else stands there. Where one was lost it may still
    be on its way: that it is not there yet is no proof, so it stays unknown until nothing can arrive any more.
    """
    step = run.proposal.current
    act = action(step.action)
    try:
        looked = act.look(step, run.execution, desk.platforms) if lost else Looked.NOT_APPLIED
        if looked is Looked.NOT_APPLIED and act.spec.guard and tries < MAX_TRIES:
            preflight = act.preflight(step, desk.platforms, run.execution.id, dry_run=True)
            if preflight.ok:
                again = replace(run, execution=_guarded(run.execution, preflight))
                _send(desk, lease, again, tries + 1, lost)
                return
            # a late arrival of the first request makes the target look changed: only the marker tells the two apart
            looked = act.look(step, run.execution, desk.platforms) if lost else Looked.NOT_APPLIED
            why = preflight.stale
        else:
            why = "the target keeps changing while the fix is sent"
    except PlatformError as error:
        unknown(desk, lease, run, f"the platform could not be asked ({error.detail})")
        return
    if looked is Looked.APPLIED:
        applied(desk, lease, run, run.execution.handle or "found by its marker")
    elif looked is Looked.NOT_APPLIED and not lost:
        refused(desk, lease, run, why)
    else:
        unknown(desk, lease, run, "the platform does not show whether it was applied")
