"""A fix waits for a person: nothing heals before somebody merges a pull request, say, or syncs what was merged."""

from datetime import timedelta

from bot.domain.durable import Job, Lane, Lease, Step, Verify
from bot.domain.proposal import ProposalState
from bot.domain.values import digest_of
from bot.remedy.contract import Progress
from bot.report.notes import compose_not_merged, compose_waiting
from bot.workflow.desk import Desk
from bot.workflow.outcome import Run, to_human
from bot.workflow.tell import card, note, note_key, story_of

WAIT = timedelta(days=7)
LONGEST_LOOK = timedelta(minutes=2)


def wait_for_change(desk: Desk, lease: Lease, run: Run, progress: Progress) -> None:
    """Say once what it waits for, look again and again, and say after a week that nobody made the change."""
    incident, proposal, execution = run.incident, run.proposal, run.execution
    now = desk.clock.now()
    if now - execution.changed_at >= WAIT and proposal.state is ProposalState.WAITING_FOR_CHANGE:
        _over(desk, lease, run)
        return
    again = _look(desk, run)
    mark = (
        f"{proposal.id}:waiting:{digest_of(progress.waits_for)[:8]}"  # after the merge it may wait for something else
    )
    is_waiting = proposal.state is ProposalState.WAITING_FOR_CHANGE
    if is_waiting and desk.state.where(note_key(incident.id, mark)) is not None:
        desk.state.apply(Step(name="waiting", at=now, jobs=(again,), finish=lease))
        return
    waiting = proposal if is_waiting else proposal.moved_to(ProposalState.WAITING_FOR_CHANGE)
    story = story_of(desk, incident, proposal=waiting)
    said = note(incident, mark, compose_waiting(story, progress.waits_for, progress.url))
    audit = desk.audit("codehealer", "waits", incident.id, f"{execution.id}: {progress.waits_for}")
    desk.state.apply(
        Step(
            name="wait",
            at=now,
            puts=() if is_waiting else (waiting,),
            jobs=(again,),
            finish=lease,
            messages=(card(story), said),
            audit=(audit,),
        )
    )


def _over(desk: Desk, lease: Lease, run: Run) -> None:
    now = desk.clock.now()
    expired = run.proposal.moved_to(ProposalState.EXPIRED)
    incident, moved = to_human(run.incident, now)
    story = story_of(desk, incident, proposal=expired)
    said = note(incident, f"{expired.id}:expired", compose_not_merged(story, WAIT.days))
    audit = desk.audit("codehealer", "expired", incident.id, f"{run.execution.id}: nobody made the change")
    desk.state.apply(
        Step(
            name="expire",
            at=now,
            puts=(expired, *moved),
            finish=lease,
            messages=(card(story), said),
            audit=(audit,),
        )
    )


def _look(desk: Desk, run: Run) -> Job:
    """Return the next look: soon at first, then ever more rarely, at least every two minutes."""
    now = desk.clock.now()
    waited = now - run.execution.changed_at
    every = min(max(waited / 20, desk.house.verify_window / 10, timedelta(seconds=1)), LONGEST_LOOK)
    return Job(
        id=desk.ids.new("jb"),
        payload=Verify(incident_id=run.incident.id, proposal_id=run.proposal.id, execution_id=run.execution.id),
        lane=Lane.CLICKS,
        run_at=now + every,
        serial=run.incident.id,
        incident_id=run.incident.id,
    )
