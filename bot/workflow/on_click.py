"""A button of a card was pressed. Every press gets an answer that the person sees."""

from collections.abc import Callable

from bot.domain.action import Check
from bot.domain.durable import Lease, Message, Step, Stored
from bot.domain.errors import PlatformError
from bot.domain.execution import Feedback
from bot.domain.happening import Click
from bot.domain.incident import Incident, IncidentState
from bot.domain.proposal import OPEN, Proposal, ProposalState, ProposalStep
from bot.remedy.authorize import Refused, authorize, may_touch
from bot.remedy.catalog import action
from bot.report.modal import compose_closed_review, compose_review, no_modal_words
from bot.report.notes import compose_answer, compose_escalated, compose_stale
from bot.workflow.channel import why_not_told
from bot.workflow.desk import Desk
from bot.workflow.tell import card, card_key, modal, note, story_of, whisper


def on_click(desk: Desk, lease: Lease, click: Click) -> None:
    """Find what the press is about, in the store and not in the button, and answer it."""
    handler = _HANDLERS.get(click.action)
    incident = _incident_of(desk, click)
    if handler is None or incident is None:
        _answer(desk, lease, click, "That button belongs to something I no longer know. Nothing was changed.")
        return
    handler(desk, lease, click, incident)


def _incident_of(desk: Desk, click: Click) -> Incident | None:
    """Return the incident whose card was pressed: the button's id must fit the message that it stood on."""
    proposal = desk.state.get(Proposal, click.value)
    incident = desk.state.get(Incident, proposal.incident_id if proposal else click.value)
    if incident is None or click.ref.channel != incident.thread.channel:
        return None
    where = desk.state.where(card_key(incident.id))
    return incident if where is None or where.ts == click.ref.ts else None


def _review(desk: Desk, lease: Lease, click: Click, incident: Incident) -> None:
    """Show the exact effect, read afresh and dry-run now, bound to the digest that an approval will carry."""
    now = desk.clock.now()
    proposal = desk.state.get(Proposal, click.value)
    if proposal is None:
        _answer(desk, lease, click, "That proposal is not known any more. Nothing was changed.")
        return
    untold = why_not_told(desk, click.user_id)
    if untold:
        _answer(desk, lease, click, f"{untold} Nothing was changed.")
        return
    story = story_of(desk, incident, proposal=proposal)
    if proposal.state is not ProposalState.OFFERED or now >= proposal.expires_at:
        report = compose_closed_review(story, expired=proposal.state is ProposalState.OFFERED)
    else:
        step = proposal.current
        problem, checks = _checked_now(desk, step)
        report = compose_review(story, ref=click.ref, checks=checks, problem=problem, warning=_warning(desk, click))
    shown = modal(click.view_key, click.ref, click.user_id, report, compose_answer(no_modal_words(report)))
    audit = desk.audit(click.user_id, "reviewed", incident.id, f"{proposal.id} digest {proposal.digest[:16]}")
    desk.state.apply(Step(name="review", at=now, finish=lease, messages=(shown,), audit=(audit,)))


def _checked_now(desk: Desk, step: ProposalStep) -> tuple[str, tuple[Check, ...]]:
    """Return why it cannot run now (empty: it can) and what was checked. A dry run changes nothing: it is tried twice."""
    for again in (True, False):
        try:
            preflight = action(step.action).preflight(step, desk.platforms, "", dry_run=True)
        except PlatformError as error:
            if not again:
                return f"The target could not be read just now ({error.detail}).", ()
        else:
            return ("" if preflight.ok else preflight.stale), preflight.checks
    raise AssertionError("not reached")


def _warning(desk: Desk, click: Click) -> str:
    """Say before the press on Approve what it would be answered with."""
    try:
        person = desk.directory.person(click.user_id)
    except PlatformError:
        return "Slack did not say who you are, so an approval would be refused just now."
    verdict = authorize(person, approvers=desk.house.approvers, team=desk.house.team)
    return verdict.reason if isinstance(verdict, Refused) else ""


def _dismiss(desk: Desk, lease: Lease, click: Click, incident: Incident) -> None:
    refusal = _stranger(desk, click)
    busy = _busy(desk, incident)
    if refusal or incident.is_closed or busy:
        _answer(desk, lease, click, refusal or busy or f"This incident is already {incident.state.value}.")
        return
    now = desk.clock.now()
    closed = incident.moved_to(IncidentState.DISMISSED, now, closed_by=click.user_id)
    puts: list[Stored] = [closed]
    messages: list[Message] = []
    proposal = desk.state.get(Proposal, incident.proposal_id) if incident.proposal_id else None
    if proposal is not None and proposal.state in OPEN:
        proposal = proposal.moved_to(ProposalState.STALE)
        puts.append(proposal)
        messages.append(note(closed, f"{proposal.id}:stale", compose_stale(proposal, "the incident was dismissed")))
    story = story_of(desk, closed, proposal=proposal)
    said = whisper(
        lease, click.ref, click.user_id, compose_answer("Dismissed. I stay quiet about it until it fires again.")
    )
    audit = desk.audit(click.user_id, "dismissed", incident.id)
    desk.state.apply(
        Step(
            name="dismiss",
            at=now,
            puts=tuple(puts),
            finish=lease,
            messages=(card(story), *messages, said),
            audit=(audit,),
        )
    )


def _escalate(desk: Desk, lease: Lease, click: Click, incident: Incident) -> None:
    refusal = _stranger(desk, click)
    if refusal or incident.is_closed or incident.state is IncidentState.OPEN:
        _answer(
            desk, lease, click, refusal or f"This incident is {incident.state.value}; there is nothing to escalate."
        )
        return
    now = desk.clock.now()
    proposal = desk.state.get(Proposal, incident.proposal_id) if incident.proposal_id else None
    puts: list[Stored] = []
    if incident.state is not IncidentState.NEEDS_HUMAN:
        incident = incident.moved_to(IncidentState.NEEDS_HUMAN, now)
        puts.append(incident)
    proposal, moves = _given_up(proposal)
    puts.extend(moves)
    story = story_of(desk, incident, proposal=proposal)
    said = note(
        incident, f"escalated:{click.user_id}:{now.date().isoformat()}", compose_escalated(story, by=click.user_id)
    )
    answer = whisper(
        lease, click.ref, click.user_id, compose_answer("Escalated: the thread says what is known and what was tried.")
    )
    audit = desk.audit(click.user_id, "escalated", incident.id)
    desk.state.apply(
        Step(
            name="escalate",
            at=now,
            puts=tuple(puts),
            finish=lease,
            messages=(card(story), said, answer),
            audit=(audit,),
        )
    )


def _given_up(proposal: Proposal | None) -> tuple[Proposal | None, tuple[Proposal, ...]]:
    """Move an unresolved proposal to where an escalation leaves it. An offer stays open: a person may still take it."""
    if proposal is None:
        return None, ()
    moves: list[Proposal] = []
    if proposal.state is ProposalState.UNKNOWN:
        proposal = proposal.moved_to(ProposalState.REFUSED)
        moves.append(proposal)
    if proposal.state in {ProposalState.REFUSED, ProposalState.INCONCLUSIVE, ProposalState.FAILED}:
        proposal = proposal.moved_to(ProposalState.ESCALATED)
        moves.append(proposal)
    return proposal, tuple(moves)


def _thumb(desk: Desk, lease: Lease, click: Click, incident: Incident) -> None:
    now = desk.clock.now()
    helpful = click.action == "heal_up"
    feedback = Feedback(id=desk.ids.new("fb"), incident_id=incident.id, user_id=click.user_id, helpful=helpful, at=now)
    words = "Thank you: noted that this helped." if helpful else "Thank you: noted that this did not help."
    said = whisper(lease, click.ref, click.user_id, compose_answer(words))
    audit = desk.audit(click.user_id, "rated", incident.id, "helpful" if helpful else "not helpful")
    desk.state.apply(Step(name="rate", at=now, puts=(feedback,), finish=lease, messages=(said,), audit=(audit,)))


def _busy(desk: Desk, incident: Incident) -> str:
    proposal = desk.state.get(Proposal, incident.proposal_id) if incident.proposal_id else None
    running = {ProposalState.APPROVED, ProposalState.EXECUTING, ProposalState.VERIFYING, ProposalState.UNKNOWN}
    if proposal is not None and proposal.state in running:
        return f"A fix is {proposal.state.value}; dismiss the incident when it has ended."
    return ""


def _stranger(desk: Desk, click: Click) -> str:
    """Return why this person may not change an incident, or the empty string."""
    try:
        person = desk.directory.person(click.user_id)
    except PlatformError:
        return "Slack did not say who you are just now, so nothing was changed. Press again in a moment."
    verdict = may_touch(person, team=desk.house.team)
    return verdict.reason if isinstance(verdict, Refused) else ""


def _answer(desk: Desk, lease: Lease, click: Click, words: str) -> None:
    report = compose_answer(words)
    shown = (
        modal(click.view_key, click.ref, click.user_id, report, report)
        if click.view_key
        else whisper(lease, click.ref, click.user_id, report)
    )
    desk.state.apply(Step(name="answer", at=desk.clock.now(), finish=lease, messages=(shown,)))


_HANDLERS: dict[str, Callable[[Desk, Lease, Click, Incident], None]] = {
    "heal_review": _review,
    "heal_dismiss": _dismiss,
    "heal_escalate": _escalate,
    "heal_up": _thumb,
    "heal_down": _thumb,
}
