"""A post arrived: find out whether it is an alert, and of which incident."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

from bot.domain.alert import Alert, AlertStatus, Post
from bot.domain.durable import Investigate, Job, Lane, Lease, Message, Place, Step, Stored
from bot.domain.incident import Incident, IncidentState
from bot.domain.proposal import OPEN, Proposal, ProposalState
from bot.intake.correlate import Decision, correlate, ended_by, incident_of
from bot.intake.parse import NotAlert, parse
from bot.report.answers import compose_joined
from bot.report.notes import compose_stale
from bot.report.story import Story
from bot.workflow.channel import rule_of, said_in
from bot.workflow.desk import Desk
from bot.workflow.tell import card, note, story_of

QUIET = timedelta(seconds=20)
"""Alerts of one problem often come in twos and threes, from several senders; only a later one is worth an answer."""


def handle_post(desk: Desk, lease: Lease, post: Post) -> None:
    """Open, join, reopen or close an incident, or do nothing. The first card is said here, before anything is fetched."""
    now = desk.clock.now()
    alert = parse(post, id=desk.ids.new("al"), connections=desk.house.connections)
    if isinstance(alert, NotAlert) or not rule_of(desk, post.ref.channel).hears(post.app_id, post.author):
        desk.state.apply(Step(name="not_alert", at=now, finish=lease))
        return
    handle_alert(desk, lease, alert)


def handle_alert(desk: Desk, lease: Lease, alert: Alert) -> None:
    """Do what an alert means for the newest incident with its fingerprint. It stands where its post does."""
    if alert.status is not AlertStatus.FIRING:
        _recovered(desk, lease, alert)
        return
    now, post = desk.clock.now(), alert.post
    current = incident_of(alert, _related(desk, alert), partial(_alerts, desk)) or desk.state.latest_with(
        alert.fingerprint
    )
    if current is not None and any(
        known.post.ref == post.ref and known.post.text == post.text for known in _alerts(desk, current.id)
    ):
        desk.state.apply(Step(name="known", at=now, finish=lease))
        return
    decision = correlate(alert, current, now=now).decision
    if decision is Decision.REOPEN and current is not None and not _same_thread(alert, current):
        decision = Decision.OPEN  # the answer belongs under the alert that people look at now
    if decision is Decision.IGNORE:
        desk.state.apply(Step(name="ignored", at=now, finish=lease))
    elif decision is Decision.OPEN or current is None:
        _open(desk, lease, alert)
    elif decision is Decision.JOIN:
        _join(desk, lease, alert, current)
    else:
        _reopen(desk, lease, alert, current)


def _recovered(desk: Desk, lease: Lease, alert: Alert) -> None:
    """Close every incident that the recovery ends, a step each; the last one finishes the job."""
    now = desk.clock.now()
    ended = ended_by(alert, _related(desk, alert), partial(_alerts, desk))
    closing = [each for each in ended if correlate(alert, each, now=now).decision is Decision.CLOSE]
    if not closing:
        desk.state.apply(Step(name="ignored", at=now, finish=lease))
    for at, incident in enumerate(closing, 1):
        own = alert if at == 1 else replace(alert, id=desk.ids.new("al"))
        _close(desk, lease if at == len(closing) else None, own, incident)


def _related(desk: Desk, alert: Alert) -> tuple[Incident, ...]:
    """Return the open incidents that the alert may be about; its own too, if it was filed before there were such keys."""
    own = desk.state.open_with(alert.fingerprint)
    found = desk.state.open_about(alert.about)
    return found if own is None or any(each.id == own.id for each in found) else (own, *found)


def _alerts(desk: Desk, incident_id: str) -> tuple[Alert, ...]:
    return desk.state.of_incident(Alert, incident_id)


def _same_thread(alert: Alert, incident: Incident) -> bool:
    ref, thread = alert.post.ref, incident.thread
    return (ref.channel, ref.root) == (thread.channel, thread.root)


def _open(desk: Desk, lease: Lease, alert: Alert) -> None:
    now = desk.clock.now()
    opened = Incident(
        id=desk.ids.new("in"),
        fingerprint=alert.fingerprint,
        title=alert.title,
        target=alert.target,
        alert_ids=(alert.id,),
        thread=alert.post.ref,
        opened_at=now,
        updated_at=now,
    )
    incident = opened.moved_to(IncidentState.INVESTIGATING, now)
    alert = replace(alert, incident_id=incident.id)
    story = Story(incident=incident, alert=alert, simulated=desk.house.simulated)
    desk.state.apply(
        Step(
            name="open",
            at=now,
            puts=(opened, incident, alert),
            jobs=(investigation(desk, incident),),
            finish=lease,
            messages=said_in(desk, alert.post.ref.channel, card(story)),
            audit=(
                desk.audit("codehealer", "opened", incident.id, f"{alert.source} alert in {alert.post.ref.channel}"),
            ),
        )
    )


def _join(desk: Desk, lease: Lease, alert: Alert, incident: Incident) -> None:
    now = desk.clock.now()
    alert = replace(alert, incident_id=incident.id)
    joined = incident.changed(now, alert_ids=(*incident.alert_ids, alert.id))
    repeated = not _same_thread(alert, incident) and now - incident.updated_at > QUIET
    messages = (_pointer(desk, alert, joined),) if repeated else ()
    desk.state.apply(
        Step(
            name="join",
            at=now,
            puts=(joined, alert),
            finish=lease,
            messages=said_in(desk, alert.post.ref.channel, *messages),
            audit=(
                desk.audit("codehealer", "joined", incident.id, f"{alert.source} alert in {alert.post.ref.channel}"),
            ),
        )
    )


def _pointer(desk: Desk, alert: Alert, incident: Incident) -> Message:
    """Return the one line that leads from a repeated alert's thread to the card. Several at once get none."""
    ref = alert.post.ref
    return Message(
        key=f"joined:{incident.id}:{ref.channel}:{ref.ts}",
        place=Place.MESSAGE,
        report=compose_joined(incident, desk.clock.now()),
        team=ref.team,
        channel=ref.channel,
        thread_ts=ref.root,
        event_type="codehealer_joined",
        incident_id=incident.id,
    )


def _reopen(desk: Desk, lease: Lease, alert: Alert, incident: Incident) -> None:
    now = desk.clock.now()
    alert = replace(alert, incident_id=incident.id)
    opened = incident.moved_to(
        IncidentState.OPEN,
        now,
        alert_ids=(*incident.alert_ids, alert.id),
        proposal_id="",
        diagnosis_id="",
        not_proposed="",
        closed_by="",
    )
    again = opened.moved_to(IncidentState.INVESTIGATING, now)
    desk.state.apply(
        Step(
            name="reopen",
            at=now,
            puts=(opened, again, alert),
            jobs=(investigation(desk, again),),
            finish=lease,
            messages=said_in(
                desk,
                again.thread.channel,
                card(Story(incident=again, alert=alert, simulated=desk.house.simulated)),
            ),
            audit=(desk.audit("codehealer", "reopened", incident.id, "it fired again"),),
        )
    )


def _close(desk: Desk, lease: Lease | None, alert: Alert, incident: Incident) -> None:
    """A recovery closes the card and voids the open proposal; a fix that already runs is watched to its end."""
    now = desk.clock.now()
    alert = replace(alert, incident_id=incident.id)
    closed = incident.moved_to(IncidentState.RESOLVED, now, closed_by=alert.title)
    puts: list[Stored] = [closed, alert]
    messages: list[Message] = []
    audit = [desk.audit("codehealer", "resolved", incident.id, f"{alert.source} says that it recovered")]
    proposal = desk.state.get(Proposal, incident.proposal_id) if incident.proposal_id else None
    if proposal is not None and proposal.state in OPEN:
        proposal = proposal.moved_to(ProposalState.STALE)
        puts.append(proposal)
        messages.append(
            note(closed, f"{proposal.id}:stale", compose_stale(proposal, "the alert recovered before it ran"))
        )
        audit.append(desk.audit("codehealer", "stale", incident.id, f"{proposal.id}: recovered before it ran"))
    story = story_of(desk, closed, proposal=proposal)
    desk.state.apply(
        Step(
            name="close",
            at=now,
            puts=tuple(puts),
            finish=lease,
            messages=said_in(desk, closed.thread.channel, card(story), *messages),
            audit=tuple(audit),
        )
    )


def investigation(desk: Desk, incident: Incident) -> Job:
    """Return the job that investigates an incident: one at a time, and never twice in the queue."""
    return Job(
        id=desk.ids.new("jb"),
        payload=Investigate(incident_id=incident.id),
        lane=Lane.INVESTIGATIONS,
        run_at=desk.clock.now(),
        serial=incident.id,
        dedupe=f"investigate:{incident.id}",
        incident_id=incident.id,
    )
