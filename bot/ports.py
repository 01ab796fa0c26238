"""What the inside asks of the outside, named by need. Adapters fulfil these; tests fulfil them with fakes.

Every method may raise the PlatformError that its subject can have (see `domain/errors.py`), nothing else of a vendor's.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from bot.domain.alert import SlackRef
from bot.domain.audit import AuditRecord
from bot.domain.cluster import ClusterEvent, Pod, Workload, WorkloadPatch
from bot.domain.durable import Delivery, JobCounts, Lane, Lease, OutboxRow, Recording, Step, Stored
from bot.domain.evidence import Excerpt
from bot.domain.incident import Incident
from bot.domain.values import value

S = TypeVar("S", bound=Stored)

Keep = Callable[[Iterable[str]], Excerpt]
"""Reducer and redactor in one: takes a log's raw lines, returns the little that is kept, masked."""


class Clock(Protocol):
    def now(self) -> datetime:
        """Return the time, aware, UTC."""
        ...


class Ids(Protocol):
    def new(self, prefix: str) -> str:
        """Return a new id, `prefix_` and letters that sort by time. Never repeats."""
        ...


class Observer(Protocol):
    def tell(self, event: str, **facts: object) -> None:
        """Hear of something that happened. `step.before` and `step.after` frame each durable step (fact: name)."""
        ...


@value
class Person:
    """A Slack user as users.info has them. Guests, strangers (other teams), bots and the deleted can approve nothing."""

    user_id: str
    display_name: str = ""
    team: str = ""
    is_bot: bool = False
    is_guest: bool = False
    is_stranger: bool = False
    deleted: bool = False


@value
class Room:
    """A Slack channel as conversations.info has it. `external`: shared with another organisation, or not known."""

    channel: str
    name: str = ""
    external: bool = True
    is_member: bool = False
    is_im: bool = False


class Directory(Protocol):
    def person(self, user_id: str) -> Person:
        """Return who that is, freshly enough for an approval. Raises PlatformError when Slack does not answer."""
        ...

    def room(self, channel: str) -> Room:
        """Return what is known of a channel; when Slack does not answer it counts as external."""
        ...

    def is_member(self, channel: str, user_id: str) -> bool:
        """Return whether the person is in the channel. Raises PlatformError."""
        ...


class Cluster(Protocol):
    """One Kubernetes connection. Reads never retry writes; logs pass through `keep` before they are returned."""

    def pod(self, namespace: str, name: str) -> Pod: ...

    def pods(self, namespace: str, selector: str) -> tuple[Pod, ...]:
        """Return the pods that a label selector finds, newest first, at most 50."""
        ...

    def workload(self, namespace: str, kind: str, name: str) -> Workload:
        """Return the Deployment, StatefulSet or DaemonSet. Raises NotFound."""
        ...

    def owner(self, pod: Pod) -> Workload | None:
        """Return the workload that owns the pod, through its ReplicaSet; None for a bare pod or another kind."""
        ...

    def events(self, namespace: str, name: str) -> tuple[ClusterEvent, ...]:
        """Return the events about the object of that name, oldest first, at most 100."""
        ...

    def log(self, namespace: str, pod: str, container: str, previous: bool, max_lines: int, keep: Keep) -> Excerpt:
        """Return what `keep` keeps of the log's last `max_lines`. Raises NotFound when there is no such log."""
        ...

    def patch(self, patch: WorkloadPatch, dry_run: bool) -> Workload:
        """Send one PATCH, never resent. Raises Conflict, Rejected, Forbidden, NotFound: nothing changed; AnswerLost."""
        ...

    def allowed(self, verb: str, group: str, resource: str, namespace: str) -> bool:
        """Ask the API server whether we may (SelfSubjectAccessReview)."""
        ...


class Platforms(Protocol):
    """The configured connections. What is not configured raises NotConfigured, which becomes a gap."""

    def cluster(self, connection: str) -> Cluster: ...


class State(Protocol):
    """All durable state but inbox commits and outbox results. One step is one transaction."""

    def apply(self, step: Step) -> None:
        """Write the whole step, or nothing. Raises StaleVersion, KeyTaken, LeaseLost."""
        ...

    def claim(self, lane: Lane, worker: str, max_priority: int) -> Lease | None:
        """Lease the next job that is due, one attempt on; None when nothing is due."""
        ...

    def release(self, lease: Lease, run_at: datetime, error: str) -> bool:
        """Give a job back to be tried again, or make it a dead letter after the last attempt: then return True."""
        ...

    def get(self, kind: type[S], id: str) -> S | None:  # noqa: A002
        """Return the newest version of a record, or None."""
        ...

    def of_incident(self, kind: type[S], incident_id: str) -> tuple[S, ...]:
        """Return an incident's records of that kind, oldest first."""
        ...

    def open_with(self, fingerprint: str) -> Incident | None:
        """Return the one incident with this fingerprint that is not closed."""
        ...

    def latest_with(self, fingerprint: str) -> Incident | None:
        """Return the newest incident with this fingerprint, closed or not."""
        ...

    def of_thread(self, channel: str, root: str) -> Incident | None:
        """Return the newest incident whose card is in that thread."""
        ...

    def open_incidents(self, limit: int) -> tuple[Incident, ...]:
        """Return incidents that are not closed, newest first."""
        ...

    def where(self, key: str) -> SlackRef | None:
        """Return where the outbox message of that key stands in Slack, once sent."""
        ...

    def audit(self, subject: str, limit: int) -> tuple[AuditRecord, ...]:
        """Return audit records, oldest first; all subjects when `subject` is empty."""
        ...

    def recordings(self, incident_id: str) -> tuple[Recording, ...]:
        """Return an incident's recordings, one a job, in the order in which the jobs ended."""
        ...

    def job_counts(self) -> JobCounts: ...


class Inbox(Protocol):
    async def commit(self, delivery: Delivery) -> bool:
        """Make the delivery and its job durable; False when it was already there. When it returns, it is on disk."""
        ...

    async def channels(self) -> Sequence[tuple[str, str]]:
        """Return each channel that a post was committed from, with the ts of its newest one."""
        ...


class Outbox(Protocol):
    async def unsent(self, after_change: int, limit: int) -> Sequence[OutboxRow]:
        """Return rows whose newest content is not in Slack and changed after that, in order of change."""
        ...

    async def sent(self, row: OutboxRow, ref: SlackRef | None) -> None:
        """Note that this version of the row is in Slack, at `ref`."""
        ...

    async def gave_up(self, row: OutboxRow, error: str) -> None:
        """Note that Slack refuses this version for good. The error stays with it, and `doctor` counts it."""
        ...

    def on_change(self, wake: Callable[[], None]) -> None:
        """Call `wake`, from any thread, after a step that wrote messages is durable."""
        ...
