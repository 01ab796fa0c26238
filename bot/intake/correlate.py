"""Which incident an alert belongs to, and what it means for it. Pure: the workflow does what this decides."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.alert import Alert, AlertStatus, PostKind
from bot.domain.identity import Identity, identity_of
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


def incident_of(
    alert: Alert, open_incidents: Sequence[Incident], alerts_of: Callable[[str], Sequence[Alert]]
) -> Incident | None:
    """Return the open incident that the alert is about, or None.

    The one with its fingerprint; else the only one that is the same but for a place or a container that one of them
    does not name (see `fingerprint`), against every alert it holds: an incident that learned its cluster from one alert
    is not joined by one that names another. Two that fit are none: a guess would join unlike targets. A firing alert
    also joins what its sender's group opened with less detail (a shrinking Alertmanager group says more of the rest).
    `alerts_of` is called for incidents that come into question only.
    """
    exact = next((each for each in open_incidents if each.fingerprint == alert.fingerprint), None)
    if exact is not None:
        return exact
    mine = identity_of(alert.fingerprint)
    alike = [each for each in open_incidents if _fits(mine, each, alerts_of)]
    if len(alike) == 1:
        return alike[0]
    groups = [each for each in open_incidents if not alike and _is_less_of(alert, each, alerts_of)]
    return groups[0] if len(groups) == 1 else None


def ended_by(
    alert: Alert, open_incidents: Sequence[Incident], alerts_of: Callable[[str], Sequence[Alert]]
) -> tuple[Incident, ...]:
    """Return the open incidents that a recovery or a success ends: its own, and those of its other identities.

    An application that is deployed is synced and healthy, so both its phases end; an Alertmanager group that is
    resolved ends what its posts opened, whatever labels were common to its alerts then. Nothing for a firing alert.
    """
    if alert.status is AlertStatus.FIRING:
        return ()
    ended = []
    own = incident_of(alert, open_incidents, alerts_of)
    groups = {each for each in alert.also if each.startswith("group/")}
    others = [identity_of(each) for each in alert.also if each not in groups]
    for each in open_incidents:
        is_other = any(_fits(other, each, alerts_of) for other in others)
        is_group = bool(groups) and any(groups & set(known.also) for known in alerts_of(each.id))
        if each is own or is_other or is_group:
            ended.append(each)
    return tuple(ended)


def is_known(found: Alert, open_incidents: Sequence[Incident]) -> bool:
    """Whether what a look of our own found is on an open incident, which may name more: a cluster, a container, a host.

    For a run also: an incident with its run id, or of its repository where the post named neither workflow nor branch.
    """
    mine, target = identity_of(found.fingerprint), found.target
    for each in open_incidents:
        theirs = each.target
        if each.fingerprint == found.fingerprint or identity_of(each.fingerprint).base == mine.base:
            return True
        same_repo = bool(target.repo) and (theirs.connection, theirs.repo.lower()) == (
            target.connection,
            target.repo.lower(),
        )
        is_vague = not theirs.run_id and (not theirs.branch or not theirs.name)
        if same_repo and ((bool(target.run_id) and theirs.run_id == target.run_id) or is_vague):
            return True
    return False


def _fits(mine: Identity, incident: Incident, alerts_of: Callable[[str], Sequence[Alert]]) -> bool:
    if not mine.agrees(identity_of(incident.fingerprint)):
        return False
    known = (identity_of(each.fingerprint) for each in alerts_of(incident.id))
    return all(mine.agrees(each) for each in known if each.base == mine.base)


def _is_less_of(alert: Alert, incident: Incident, alerts_of: Callable[[str], Sequence[Alert]]) -> bool:
    """Whether the sender's group opened the incident with some of the values that it now says in full."""
    groups = {each for each in alert.also if each.startswith("group/")}
    if not groups or not incident.fingerprint.startswith("alert/"):
        return False
    said = _values(alert)
    return any(groups & set(known.also) and _values(known) < said for known in alerts_of(incident.id))


def _values(alert: Alert) -> frozenset[str]:
    _, _, common = alert.title.partition("(")
    return frozenset(common.rstrip(")").split())


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
