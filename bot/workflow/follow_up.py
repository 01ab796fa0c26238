"""A fix was applied: look whether it helps, by the checks that were written down before it ran."""

from bot.domain.action import Risk
from bot.domain.durable import Job, Lane, Lease, RunAction, Step, Stored, Verify
from bot.domain.errors import PlatformError
from bot.domain.execution import Execution, Verdict, Verification
from bot.domain.incident import Incident, IncidentState
from bot.domain.proposal import Proposal, ProposalState
from bot.remedy.catalog import action
from bot.remedy.contract import Progress
from bot.report.notes import compose_escalated, compose_verdict
from bot.workflow.desk import Desk
from bot.workflow.outcome import Run, to_human, watch
from bot.workflow.tell import card, note, story_of
from bot.workflow.wait import wait_for_change

_WATCHED = frozenset({ProposalState.VERIFYING, ProposalState.WAITING_FOR_CHANGE})


def follow_up(desk: Desk, lease: Lease, payload: Verify) -> None:
    """Write the verdict when there is one, else look again later. A passed step runs the next one."""
    incident = desk.state.get(Incident, payload.incident_id)
    proposal = desk.state.get(Proposal, payload.proposal_id)
    execution = desk.state.get(Execution, payload.execution_id)
    now = desk.clock.now()
    if incident is None or proposal is None or execution is None or proposal.state not in _WATCHED:
        desk.state.apply(Step(name="nothing", at=now, finish=lease))
        return
    step = proposal.current
    try:
        progress = action(step.action).verify(step, execution, desk.platforms, now)
    except PlatformError as error:
        desk.observer.tell("verify.unanswered", incident=incident.id, detail=error.detail)
        progress = Progress(verdict=None, checks=())
    if progress.verdict is None and progress.waits_for:
        wait_for_change(desk, lease, Run(incident=incident, proposal=proposal, execution=execution), progress)
        return
    puts: tuple[Stored, ...] = ()
    if proposal.state is ProposalState.WAITING_FOR_CHANGE and (progress.verdict or progress.checks):
        proposal = proposal.moved_to(ProposalState.VERIFYING)  # the change is there: from now on minutes, not days
        puts = (proposal,)
    if progress.verdict is None:
        messages = (card(story_of(desk, incident, proposal=proposal)),) if puts else ()
        again = watch(desk, execution, now)
        desk.state.apply(Step(name="watch", at=now, puts=puts, jobs=(again,), finish=lease, messages=messages))
        return
    if puts:
        desk.state.apply(Step(name="change_came", at=now, puts=puts))
    verification = Verification(
        id=desk.ids.new("vf"),
        incident_id=incident.id,
        execution_id=execution.id,
        verdict=progress.verdict,
        checks=progress.checks,
        at=now,
    )
    if progress.verdict is Verdict.PASSED and proposal.step + 1 < len(proposal.steps):
        _next(desk, lease, incident, proposal, verification)
    elif progress.verdict is Verdict.PASSED and action(step.action).spec.risk is Risk.READ_ONLY:
        _handed_over(desk, lease, incident, proposal, verification)
    elif progress.verdict is Verdict.PASSED:
        _passed(desk, lease, incident, proposal, verification)
    else:
        _not_passed(desk, lease, incident, proposal, verification)


def _next(desk: Desk, lease: Lease, incident: Incident, proposal: Proposal, verification: Verification) -> None:
    now = verification.at
    executing = proposal.moved_to(ProposalState.EXECUTING, step=proposal.step + 1)
    job = Job(
        id=desk.ids.new("jb"),
        payload=RunAction(incident_id=incident.id, proposal_id=proposal.id),
        lane=Lane.CLICKS,
        run_at=now,
        serial=incident.id,
        dedupe=f"run:{proposal.id}:{executing.step}",
        incident_id=incident.id,
    )
    audit = desk.audit("codehealer", "verified", incident.id, f"{verification.execution_id} step {proposal.step + 1}")
    story = story_of(desk, incident, proposal=executing, verification=verification)
    desk.state.apply(
        Step(
            name="next_step",
            at=now,
            puts=(verification, executing),
            jobs=(job,),
            finish=lease,
            messages=(card(story),),
            audit=(audit,),
        )
    )


def _passed(desk: Desk, lease: Lease, incident: Incident, proposal: Proposal, verification: Verification) -> None:
    now = verification.at
    passed = proposal.moved_to(ProposalState.PASSED)
    puts: list[Stored] = [verification, passed]
    if not incident.is_closed:
        incident = incident.moved_to(IncidentState.RESOLVED, now)
        puts.append(incident)
    story = story_of(desk, incident, proposal=passed, verification=verification)
    desk.state.apply(
        Step(
            name="verdict",
            at=now,
            puts=tuple(puts),
            finish=lease,
            messages=(card(story), note(incident, f"{proposal.id}:verdict", compose_verdict(story))),
            audit=(desk.audit("codehealer", "verified", incident.id, f"{verification.execution_id} passed"),),
        )
    )


def _handed_over(desk: Desk, lease: Lease, incident: Incident, proposal: Proposal, verification: Verification) -> None:
    """The approved step was to escalate: nothing is healed, people have the incident now."""
    now = verification.at
    passed = proposal.moved_to(ProposalState.PASSED)
    incident, moved = to_human(incident, now)
    story = story_of(desk, incident, proposal=passed, verification=verification)
    by = story.approval.actor.user_id if story.approval else ""
    desk.state.apply(
        Step(
            name="verdict",
            at=now,
            puts=(verification, passed, *moved),
            finish=lease,
            messages=(card(story), note(incident, f"{proposal.id}:escalated", compose_escalated(story, by=by))),
            audit=(desk.audit(by or "codehealer", "escalated", incident.id, proposal.id),),
        )
    )


def _not_passed(desk: Desk, lease: Lease, incident: Incident, proposal: Proposal, verification: Verification) -> None:
    """A failed fix is escalated with what was tried. Nothing is undone by the bot alone."""
    now = verification.at
    failed = verification.verdict is Verdict.FAILED
    ended = proposal.moved_to(ProposalState.FAILED if failed else ProposalState.INCONCLUSIVE)
    puts: list[Stored] = [verification, ended]
    if failed:
        ended = ended.moved_to(ProposalState.ESCALATED)
        puts.append(ended)
    incident, moved = to_human(incident, now)
    puts.extend(moved)
    story = story_of(desk, incident, proposal=ended, verification=verification)
    messages = [card(story), note(incident, f"{proposal.id}:verdict", compose_verdict(story))]
    audit = [desk.audit("codehealer", verification.verdict.value, incident.id, verification.execution_id)]
    if failed:
        messages.append(note(incident, f"{proposal.id}:escalated", compose_escalated(story, by="")))
        audit.append(desk.audit("codehealer", "escalated", incident.id, f"{proposal.id} did not help"))
    desk.state.apply(
        Step(name="verdict", at=now, puts=tuple(puts), finish=lease, messages=tuple(messages), audit=tuple(audit))
    )
