"""What the inside asks of the outside, named by need. Adapters fulfil these; tests fulfil them with fakes.

Every method may raise the PlatformError that its subject can have (see `domain/errors.py`), nothing else of a vendor's.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from bot.domain.alert import SlackRef
from bot.domain.audit import AuditRecord
from bot.domain.cluster import ClusterEvent, Pod, Workload, WorkloadPatch
from bot.domain.delivery import Application, AppResource, SyncWanted
from bot.domain.durable import Delivery, JobCounts, Lane, Lease, OutboxRow, Recording, Step, Stored
from bot.domain.evidence import Excerpt
from bot.domain.finding import Finding
from bot.domain.incident import Incident
from bot.domain.pipeline import (
    Annotation,
    Commit,
    Dispatch,
    PipelineJob,
    PullRequest,
    PullRequestWanted,
    RepoFile,
    WorkflowRun,
)
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
        """Return what is known of a channel; when Slack does not answer it counts as external. Raises OverBudget only."""
        ...

    def rooms(self) -> tuple[Room, ...]:
        """Return the channels that the bot is in, direct messages aside, at most 1,000. Raises PlatformError."""
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

    def short_workloads(self, namespaces: tuple[str, ...], limit: int) -> tuple[Workload, ...]:
        """Return workloads with fewer available pods than they want; of all namespaces when none is named."""
        ...


class Pipelines(Protocol):
    """One GitHub connection. `repo` is `owner/name`. Reads count against a budget an hour: OverBudget when it is spent.

    Writes are sent once and never resent; one whose answer is lost raises AnswerLost, one that GitHub refuses raises
    Rejected, Forbidden, NotFound or Conflict with GitHub's own words (PyGithub's False included).
    """

    def run(self, repo: str, run_id: str) -> WorkflowRun: ...

    def runs(self, repo: str, workflow: str, branch: str, limit: int) -> tuple[WorkflowRun, ...]:
        """Return the newest runs, newest first; of one workflow (file name, path or name) and branch unless empty."""
        ...

    def attempts(self, run: WorkflowRun) -> tuple[WorkflowRun, ...]:
        """Return the run's earlier attempts, oldest first; a run at its first attempt has none and costs no request."""
        ...

    def last_good(self, run: WorkflowRun) -> WorkflowRun | None:
        """Return the newest run before this one, of the same workflow and branch, that succeeded; None: none is known."""
        ...

    def jobs(self, repo: str, run_id: str, attempt: int) -> tuple[PipelineJob, ...]:
        """Return the jobs of one attempt with their steps, at most 100."""
        ...

    def annotations(self, repo: str, job_id: str) -> tuple[Annotation, ...]:
        """Return what the job's steps marked, failures first, at most 50."""
        ...

    def log(self, repo: str, job_id: str, keep: Keep) -> Excerpt:
        """Return what `keep` keeps of a job's log, streamed through GitHub's redirect. Raises NotFound once it expired."""
        ...

    def file(self, repo: str, path: str, ref: str) -> RepoFile:
        """Return a text file of at most 1 MB at a commit or branch. Raises NotFound; Rejected when it is no text."""
        ...

    def files(self, repo: str, path: str, ref: str) -> tuple[str, ...]:
        """Return the paths of the files in a folder, not deeper, sorted, at most 200."""
        ...

    def commits(self, repo: str, ref: str, path: str, limit: int) -> tuple[Commit, ...]:
        """Return the newest commits that lead to `ref` and touch `path` (empty: any), newest first."""
        ...

    def compare(self, repo: str, base: str, head: str) -> tuple[Commit, ...]:
        """Return the commits of head that are not in base, newest first, at most 50."""
        ...

    def commit(self, repo: str, sha: str) -> Commit:
        """Return one commit with the files that it changed."""
        ...

    def default_branch(self, repo: str) -> str: ...

    def pull_of(self, repo: str, branch: str) -> PullRequest | None:
        """Return the newest pull request from that branch of the repository, open or closed, else None."""
        ...

    def branch_exists(self, repo: str, branch: str) -> bool: ...

    def viewer(self) -> str:
        """Return the login under which we write: `triggering_actor` of our re-runs (`app[bot]` for a GitHub App)."""
        ...

    def rerun_failed_jobs(self, repo: str, run_id: str) -> None:
        """Re-run the failed jobs of a run, and what depends on them, as its next attempt."""
        ...

    def dispatch(self, wanted: Dispatch) -> str:
        """Start the workflow; return the new run's id when GitHub tells it, else the empty string."""
        ...

    def dispatched(self, repo: str, workflow_file: str, mark: str, since: datetime) -> WorkflowRun | None:
        """Return the run of that workflow, begun at or after `since`, whose title holds the mark."""
        ...

    def open_pull(self, wanted: PullRequestWanted) -> PullRequest:
        """Make branch, commit and pull request; goes on where an earlier try under the same branch name ended.

        Raises Conflict when a file is not what the edits were made for: then no branch, or an untouched one, is left.
        """
        ...

    def checkup(self, repositories: tuple[str, ...]) -> tuple[Finding, ...]:
        """Return what the credential can and cannot do, for `doctor`. Asks only; never raises PlatformError."""
        ...


class Deployments(Protocol):
    """One Argo CD connection. An application that does not exist is Forbidden here (Argo CD tells the two not apart)."""

    def application(self, name: str, refresh: str = "") -> Application:
        """Return the application; `refresh` is "", "normal" or "hard" (compare again first)."""
        ...

    def applications(self) -> tuple[Application, ...]:
        """Return every application that we may see, at most 500, without their operations' results."""
        ...

    def tree(self, name: str) -> tuple[AppResource, ...]:
        """Return the resource tree with health, at most 500: what the application declares and what grew of it."""
        ...

    def manifests(self, name: str, revision: str = "") -> tuple[str, ...]:
        """Return the rendered manifests, each as YAML text, at most 200. Raises Rejected with the error of rendering."""
        ...

    def events(self, name: str, resource: AppResource) -> tuple[ClusterEvent, ...]:
        """Return the events of one resource of the tree, oldest first, at most 100."""
        ...

    def log(
        self, name: str, namespace: str, pod: str, container: str, previous: bool, max_lines: int, keep: Keep
    ) -> Excerpt:
        """Return what `keep` keeps of a pod's log. An error that Argo CD sends as content raises as what it is."""
        ...

    def sync(self, wanted: SyncWanted) -> None:
        """Start a sync, once. A sync that must fail is accepted: look at the operation. Raises Conflict when one runs."""
        ...

    def allowed(self, action: str, project: str, name: str) -> bool:
        """Ask Argo CD whether we may (`get`, `sync`, ...) do that to the application."""
        ...

    def checkup(self) -> tuple[Finding, ...]:
        """Return what the credential can and cannot do, for `doctor`. Asks only; never raises PlatformError."""
        ...


class Platforms(Protocol):
    """The configured connections. What is not configured raises NotConfigured, which becomes a gap."""

    def cluster(self, connection: str) -> Cluster: ...

    def pipelines(self, connection: str) -> Pipelines: ...

    def deployments(self, connection: str) -> Deployments: ...


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

    def open_about(self, keys: Sequence[str]) -> tuple[Incident, ...]:
        """Return the incidents that are not closed and hold an alert with one of these keys (`Alert.about`), newest first.

        At most 100: a sender's group can be large.
        """
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
