"""Which messages say what: the keys, places and metadata of everything that is written to Slack about an incident."""

from dataclasses import replace
from typing import TypeVar, cast

from bot.domain.alert import Alert, AlertStatus, SlackRef
from bot.domain.diagnosis import Diagnosis
from bot.domain.durable import Job, Lease, Message, Place
from bot.domain.evidence import Dossier
from bot.domain.execution import Approval, Execution, Verification
from bot.domain.incident import Incident
from bot.domain.proposal import Proposal
from bot.domain.report import Report
from bot.report.compose import compose_card
from bot.report.story import Story
from bot.workflow.channel import may_act
from bot.workflow.desk import Desk

T = TypeVar("T")

CARD = "codehealer_card"
NOTE = "codehealer_note"


def card_key(incident_id: str) -> str:
    """Return the outbox key of an incident's one card."""
    return f"card:{incident_id}"


def story_of(desk: Desk, incident: Incident, **newer: object) -> Story:
    """Return the incident's story as stored, with values of the step that is being made laid over it."""
    state = desk.state
    proposal = cast("Proposal | None", newer.get("proposal")) or (
        state.get(Proposal, incident.proposal_id) if incident.proposal_id else None
    )
    executions = state.of_incident(Execution, incident.id) if proposal else ()
    stored = Story(
        incident=incident,
        alert=_alert(incident, state.of_incident(Alert, incident.id)),
        dossier=_last(state.of_incident(Dossier, incident.id)),
        diagnosis=state.get(Diagnosis, incident.diagnosis_id) if incident.diagnosis_id else None,
        proposal=proposal,
        approval=_last(state.of_incident(Approval, incident.id)) if proposal else None,
        execution=_last(executions),
        verification=_last(state.of_incident(Verification, incident.id)) if executions else None,
        anyone_approves=bool(desk.house.approvers),
        may_act=may_act(desk, incident.thread.channel),
        simulated=desk.house.simulated,
    )
    return replace(stored, **newer)  # type: ignore[arg-type]


def card(story: Story) -> Message:
    """Return the card of the incident, whatever state it is in."""
    incident = story.incident
    return Message(
        key=card_key(incident.id),
        place=Place.MESSAGE,
        report=compose_card(story),
        team=incident.thread.team,
        channel=incident.thread.channel,
        thread_ts=incident.thread.root,
        event_type=CARD,
        incident_id=incident.id,
        proposal_id=incident.proposal_id,
    )


def note_key(incident_id: str, mark: str) -> str:
    """Return the outbox key of one outcome of an incident."""
    return f"note:{incident_id}:{mark}"


def note(incident: Incident, mark: str, report: Report) -> Message:
    """Return an outcome as a new message in the thread. `mark` makes it one: the same mark is never posted twice."""
    return Message(
        key=note_key(incident.id, mark),
        place=Place.MESSAGE,
        report=report,
        team=incident.thread.team,
        channel=incident.thread.channel,
        thread_ts=incident.thread.root,
        event_type=NOTE,
        incident_id=incident.id,
        proposal_id=incident.proposal_id,
    )


def whisper(lease: Lease, ref: SlackRef, user_id: str, report: Report) -> Message:
    """Return an answer that only the asking person sees."""
    return whisper_for(lease.job, ref, user_id, report)


def whisper_for(job: Job, ref: SlackRef, user_id: str, report: Report) -> Message:
    """Return the one answer that a job owes the person who asked."""
    return Message(
        key=f"answer:{job.id}",
        place=Place.EPHEMERAL,
        report=report,
        team=ref.team,
        channel=ref.channel,
        thread_ts=ref.thread_ts or "",
        user=user_id,
        urgent=True,
    )


def modal(view_key: str, ref: SlackRef, user_id: str, report: Report, instead: Report | None) -> Message:
    """Return what the open modal should say; if it is not open, `instead` (if any) is said to the person alone."""
    return Message(
        key=f"view:{view_key}",
        place=Place.VIEW,
        report=report,
        team=ref.team,
        channel=ref.channel,
        thread_ts=ref.thread_ts or "",
        user=user_id,
        urgent=True,
        instead=instead,
    )


def _alert(incident: Incident, alerts: tuple[Alert, ...]) -> Alert:
    """Return the alert that the card answers: the newest firing one in the card's own thread."""
    here = [a for a in alerts if a.status is AlertStatus.FIRING and a.post.ref.root == incident.thread.root]
    return here[-1] if here else alerts[0]


def _last(rows: tuple[T, ...]) -> T | None:
    return rows[-1] if rows else None
