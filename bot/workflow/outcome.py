"""What came of a run, written down in one step: applied, refused, unknown, or stale before it began."""

from datetime import datetime, timedelta

from bot.domain.durable import Job, Lane, Lease, LookAgain, Step, Verify
from bot.domain.execution import Execution, ExecutionState
from bot.domain.incident import Incident, IncidentState
from bot.domain.proposal import Proposal, ProposalState
from bot.domain.values import value
from bot.report.notes import compose_refused, compose_stale, compose_unknown
from bot.workflow.desk import Desk
from bot.workflow.tell import card, note, story_of

LOOK_EVERY = timedelta(seconds=10)
LOOK_FOR = timedelta(minutes=10)
IN_FLIGHT = timedelta(seconds=70)
"""How long a request that was sent can still arrive: an API server ends one after 60 s (--request-timeout)."""


@value
class Run:
    """One step being done: the newest versions of what it moves."""

    incident: Incident
    proposal: Proposal
    execution: Execution


def applied(desk: Desk, lease: Lease, run: Run, handle: str) -> None:
    """It is done: from now on it is watched whether it helps."""
    now = desk.clock.now()
    execution = run.execution.moved_to(ExecutionState.APPLIED, now, handle=handle)
    proposal = run.proposal.moved_to(ProposalState.VERIFYING)
    story = story_of(desk, run.incident, proposal=proposal, execution=execution)
    desk.state.apply(
        Step(
            name="outcome",
            at=now,
            puts=(execution, proposal),
            jobs=(watch(desk, execution, now),),
            finish=lease,
            messages=(card(story),),
            audit=(desk.audit("codehealer", "applied", run.incident.id, f"{execution.id} {handle}"),),
        )
    )


def refused(desk: Desk, lease: Lease, run: Run, why: str) -> None:
    """It was not done and will not be: the platform said no, or the target is not what was approved any more."""
    now = desk.clock.now()
    execution = run.execution.moved_to(ExecutionState.REFUSED, now, detail=why[:500])
    proposal = run.proposal.moved_to(ProposalState.REFUSED)
    incident, moved = to_human(run.incident, now)
    story = story_of(desk, incident, proposal=proposal, execution=execution)
    desk.state.apply(
        Step(
            name="outcome",
            at=now,
            puts=(execution, proposal, *moved),
            finish=lease,
            messages=(card(story), note(incident, f"{proposal.id}:refused", compose_refused(story, why))),
            audit=(desk.audit("codehealer", "refused", incident.id, f"{execution.id}: {why}"),),
        )
    )


def unknown(desk: Desk, lease: Lease, run: Run, why: str) -> None:
    """It cannot be told whether it was done. That is said, and looked for again; a person may resolve it too."""
    now = desk.clock.now()
    execution = run.execution.moved_to(ExecutionState.UNKNOWN, now, detail=why[:500])
    proposal = run.proposal.moved_to(ProposalState.UNKNOWN)
    incident, moved = to_human(run.incident, now)
    story = story_of(desk, incident, proposal=proposal, execution=execution)
    desk.state.apply(
        Step(
            name="outcome",
            at=now,
            puts=(execution, proposal, *moved),
            jobs=(look_later(desk, execution, now),),
            finish=lease,
            messages=(card(story), note(incident, f"{proposal.id}:unknown", compose_unknown(story, why))),
            audit=(desk.audit("codehealer", "unknown", incident.id, f"{execution.id}: {why}"),),
        )
    )


def stale(desk: Desk, lease: Lease, incident: Incident, proposal: Proposal, why: str) -> None:
    """The approved proposal does not fit the world any more: nothing was sent."""
    now = desk.clock.now()
    proposal = proposal.moved_to(ProposalState.STALE)
    incident, moved = to_human(incident, now)
    story = story_of(desk, incident, proposal=proposal)
    desk.state.apply(
        Step(
            name="stale",
            at=now,
            puts=(proposal, *moved),
            finish=lease,
            messages=(card(story), note(incident, f"{proposal.id}:stale", compose_stale(proposal, why))),
            audit=(desk.audit("codehealer", "stale", incident.id, f"{proposal.id}: {why}"),),
        )
    )


def to_human(incident: Incident, now: datetime) -> tuple[Incident, tuple[Incident, ...]]:
    """Return the incident as one that needs a person, and what of it has to be written (nothing if it was, or is closed)."""
    if incident.state not in {IncidentState.INVESTIGATING, IncidentState.DIAGNOSED}:
        return incident, ()
    moved = incident.moved_to(IncidentState.NEEDS_HUMAN, now)
    return moved, (moved,)


def watch(desk: Desk, execution: Execution, now: datetime) -> Job:
    """Return the timer job that looks next whether the fix helps: ten looks a window, never more often than a second."""
    every = max(desk.house.verify_window / 10, timedelta(seconds=1))
    return Job(
        id=desk.ids.new("jb"),
        payload=Verify(incident_id=execution.incident_id, proposal_id=execution.proposal_id, execution_id=execution.id),
        lane=Lane.CLICKS,
        run_at=now + min(every, timedelta(seconds=15)),
        serial=execution.incident_id,
        incident_id=execution.incident_id,
    )


def look_later(desk: Desk, execution: Execution, now: datetime) -> Job:
    """Return the timer job that looks again whether an execution was applied."""
    return Job(
        id=desk.ids.new("jb"),
        payload=LookAgain(
            incident_id=execution.incident_id, proposal_id=execution.proposal_id, execution_id=execution.id
        ),
        lane=Lane.CLICKS,
        run_at=now + LOOK_EVERY,
        serial=execution.incident_id,
        incident_id=execution.incident_id,
    )
