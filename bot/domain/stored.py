"""How each stored value is filed: its kind's name, the incident it belongs to, its state, and what must be unique.

One visible table that every State adapter shares.
"""

from collections.abc import Callable

from bot.domain.alert import Alert
from bot.domain.diagnosis import Diagnosis
from bot.domain.durable import Stored
from bot.domain.evidence import Dossier
from bot.domain.execution import Approval, Execution, Feedback, Verification
from bot.domain.incident import Incident
from bot.domain.proposal import Proposal
from bot.domain.values import value


@value
class Filing:
    """One record as a store files it. `version` 1 is an insert; n replaces n-1. `unique` is unique within its kind.

    By `keys` the record's incident is found again (`State.open_about`).
    """

    kind: str
    id: str
    incident_id: str
    version: int
    state: str = ""
    unique: str = ""
    fingerprint: str = ""
    thread: str = ""
    keys: tuple[str, ...] = ()


KINDS: tuple[type[Stored], ...] = (
    Incident,
    Alert,
    Dossier,
    Diagnosis,
    Proposal,
    Approval,
    Execution,
    Verification,
    Feedback,
)


def kind_of(cls: type) -> str:
    """Return the name under which a kind is filed."""
    return cls.__name__.lower()


def filing(record: Stored) -> Filing:
    """Return how the record is filed. An incident holds its fingerprint only while it is not closed."""
    special = _SPECIAL.get(type(record))
    if special is not None:
        return special(record)
    return Filing(kind=kind_of(type(record)), id=record.id, incident_id=record.incident_id, version=1)  # type: ignore[union-attr]


def thread_key(channel: str, root: str) -> str:
    """Return the key of a thread: its channel and the ts of its root."""
    return f"{channel}/{root}"


def _incident(record: Stored) -> Filing:
    assert isinstance(record, Incident)
    return Filing(
        kind="incident",
        id=record.id,
        incident_id=record.id,
        version=record.version,
        state=record.state,
        unique="" if record.is_closed else record.fingerprint,
        fingerprint=record.fingerprint,
        thread=thread_key(record.thread.channel, record.thread.root),
    )


def _proposal(record: Stored) -> Filing:
    assert isinstance(record, Proposal)
    return Filing(
        kind="proposal", id=record.id, incident_id=record.incident_id, version=record.version, state=record.state
    )


def _execution(record: Stored) -> Filing:
    assert isinstance(record, Execution)
    return Filing(
        kind="execution",
        id=record.id,
        incident_id=record.incident_id,
        version=record.version,
        state=record.state,
        unique=record.idempotency_key,
    )


def _alert(record: Stored) -> Filing:
    assert isinstance(record, Alert)
    return Filing(kind="alert", id=record.id, incident_id=record.incident_id, version=1, keys=record.about)


_SPECIAL: dict[type, Callable[[Stored], Filing]] = {
    Incident: _incident,
    Alert: _alert,
    Proposal: _proposal,
    Execution: _execution,
}
