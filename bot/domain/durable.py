"""The durable step: everything that one decision changes, written together or not at all."""

from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.alert import Alert, Post, SlackRef
from bot.domain.audit import AuditEntry
from bot.domain.diagnosis import Diagnosis
from bot.domain.evidence import Dossier
from bot.domain.execution import Approval, Execution, Feedback, Verification
from bot.domain.happening import Click, HomeOpened, Question, Submission, SweepDue
from bot.domain.incident import Incident
from bot.domain.proposal import Proposal
from bot.domain.report import Report
from bot.domain.values import value


class Lane(StrEnum):
    """Workers of one lane never run another's jobs, so that a click never queues behind a storm."""

    CLICKS = "clicks"
    INVESTIGATIONS = "investigations"
    INDEXING = "indexing"


@value
class Investigate:
    incident_id: str


@value
class RunAction:
    incident_id: str
    proposal_id: str


@value
class Verify:
    incident_id: str
    proposal_id: str
    execution_id: str


@value
class Expire:
    incident_id: str
    proposal_id: str


@value
class LookAgain:
    """An execution is unknown: look once more whether it was applied."""

    incident_id: str
    proposal_id: str
    execution_id: str


@value
class Found:
    """A sweep found a failure that nobody posted; the message `key` says so in the channel, and the card answers it."""

    alert: Alert
    key: str
    until: datetime


Payload = (
    Post
    | Click
    | Submission
    | Question
    | HomeOpened
    | SweepDue
    | Found
    | Investigate
    | RunAction
    | Verify
    | Expire
    | LookAgain
)


@value
class Job:
    """Work to be done at or after `run_at`, one at a time for each `serial` key, in order of run_at within it.

    `dedupe` is unique among jobs that are not done: a second one is dropped. Lower `priority` runs first in its lane.
    """

    id: str
    payload: Payload
    lane: Lane
    run_at: datetime
    serial: str = ""
    dedupe: str = ""
    priority: int = 1
    incident_id: str = ""


@value
class Lease:
    """The right to work on a job until `until`; `attempt` is the fencing token, counted from 1."""

    job: Job
    worker: str
    attempt: int
    until: datetime


class Place(StrEnum):
    """Which of Slack's surfaces a message is written to."""

    MESSAGE = "message"
    EPHEMERAL = "ephemeral"
    VIEW = "view"
    HOME = "home"


@value
class Message:
    """What one of our messages should say. Written again under the same key, the newest one wins.

    A `message` is posted once and updated after; an `ephemeral` is sent once; a `view` is updated by its external_id
    (`key` after `view:`), and if that modal is not there, `instead` is sent; a `home` is published for `user`.
    `event_type`, `incident_id` and `mark` are the message's metadata: by them a lost answer is found again.
    """

    key: str
    place: Place
    report: Report
    team: str = ""
    channel: str = ""
    thread_ts: str = ""
    user: str = ""
    event_type: str = ""
    incident_id: str = ""
    proposal_id: str = ""
    urgent: bool = False
    instead: Report | None = None


Stored = Incident | Alert | Dossier | Diagnosis | Proposal | Approval | Execution | Verification | Feedback


@value
class Recording:
    """What one job asked of the outside and wrote, as canonical JSON, so that `replay` can run it again."""

    job_id: str
    incident_id: str
    body: str


@value
class Step:
    """One durable step. `name` is for observers and tests: open, join, look, diagnose, offer, approve, intend, sent, ..."""

    name: str
    at: datetime
    puts: tuple[Stored, ...] = ()
    jobs: tuple[Job, ...] = ()
    finish: Lease | None = None
    messages: tuple[Message, ...] = ()
    audit: tuple[AuditEntry, ...] = ()
    recording: Recording | None = None


@value
class Delivery:
    """One thing Slack delivered. `key` is Slack's own id for it; `second_key` names the same post however it arrived."""

    key: str
    second_key: str = ""
    received_at: datetime
    job: Job


@value
class OutboxRow:
    """One unsent write. `seq` is its place in the queue, `change` grows with every new content of any row.

    `version` counts the wanted contents of this key, `ref` is where an earlier version stands.

    `doubtful`: an attempt was made and its answer is not known; look before sending again.
    """

    seq: int
    change: int
    message: Message
    version: int
    ref: SlackRef | None = None
    attempts: int = 0
    doubtful: bool = False


@value
class JobCounts:
    """How many jobs wait, are leased, and are dead letters; how many messages Slack has refused for good."""

    ready: int = 0
    leased: int = 0
    dead: int = 0
    refused_messages: int = 0


LEASE = timedelta(seconds=60)
MAX_ATTEMPTS = 5
