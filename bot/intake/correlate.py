"""What an alert means for the newest incident with its fingerprint. Pure: the workflow does what this decides."""

from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.alert import Alert, AlertStatus, PostKind
from bot.domain.incident import Incident, IncidentState
from bot.domain.values import value

REOPEN_WITHIN = timedelta(days=1)


class Decision(StrEnum):
    OPEN = "open"
    JOIN = "join"
    REOPEN = "reopen"
    CLOSE = "close"
    IGNORE = "ignore"


@value
class Correlation:
    """The decision, why, and the incident it is about (empty when a new one opens or nothing happens)."""

    decision: Decision
    reason: str
    incident_id: str = ""


def correlate(alert: Alert, current: Incident | None, *, now: datetime) -> Correlation:
    """Decide what becomes of an alert. `current` is the newest incident with its fingerprint, closed or not.

    A firing alert opens an incident, joins the open one, or reopens one that was resolved within REOPEN_WITHIN; a
    dismissed one stays dismissed and the next firing opens a new one. A recovery or a success closes what is open,
    unless the incident began after it. Raises Misuse never: incidents of another fingerprint are not asked about.
    """
    if alert.status is AlertStatus.FIRING:
        return _firing(alert, current, now)
    said = "recovery" if alert.status is AlertStatus.RESOLVED else "success"
    if current is None:
        return Correlation(decision=Decision.IGNORE, reason=f"{said} without an incident")
    if current.is_closed:
        return Correlation(
            decision=Decision.IGNORE, reason=f"{said} of an incident that is {current.state}", incident_id=current.id
        )
    if _moment(alert) < float(current.thread.root):
        return Correlation(decision=Decision.IGNORE, reason=f"{said} older than the incident", incident_id=current.id)
    return Correlation(decision=Decision.CLOSE, reason=said, incident_id=current.id)


def _firing(alert: Alert, current: Incident | None, now: datetime) -> Correlation:
    if current is None:
        return Correlation(decision=Decision.OPEN, reason="first alert with this fingerprint")
    if not current.is_closed:
        return Correlation(decision=Decision.JOIN, reason=_again(alert, current), incident_id=current.id)
    if current.state is IncidentState.DISMISSED:
        return Correlation(decision=Decision.OPEN, reason="fired again after the last incident was dismissed")
    if now - current.updated_at > REOPEN_WITHIN:
        return Correlation(decision=Decision.OPEN, reason="fired again long after the last incident was resolved")
    return Correlation(decision=Decision.REOPEN, reason="fired again", incident_id=current.id)


def _again(alert: Alert, current: Incident) -> str:
    """Say in which way the alert is about the incident that is open."""
    ref, thread = alert.post.ref, current.thread
    if ref.channel == thread.channel and ref.root == thread.root:
        if alert.post.kind is PostKind.EDITED:
            return "edit of the same message"
        if alert.post.kind is PostKind.BROADCAST:
            return "broadcast from the same thread"
    return "repeat"


def _moment(alert: Alert) -> float:
    """Return when the alert was said, in Slack's seconds: an edit counts from the edit."""
    return float(alert.post.edited_ts or alert.post.ref.ts)
