"""A look of our own: senders can be down, and some lose alerts for good, so what fails in scope is looked for too.

Off by default. It costs one list a repository, application server and cluster for each channel that wants it. What it
finds becomes an alert with the fingerprint that a sender's post would have, so that it never doubles one.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from bot.domain.alert import Alert, Post, SlackRef, Target
from bot.domain.cluster import Workload
from bot.domain.connections import ConnectionKind, matches
from bot.domain.delivery import Application
from bot.domain.durable import Found, Job, Lease, Message, Place, Step
from bot.domain.errors import PlatformError
from bot.domain.happening import SweepDue
from bot.domain.pipeline import WorkflowRun
from bot.domain.scope import ChannelMode, ChannelRule, Reach
from bot.domain.values import digest_of, value
from bot.evidence.failing import is_failing
from bot.intake.correlate import is_known
from bot.intake.found import alert_of_app, alert_of_run, alert_of_workload, failing_phases
from bot.ports import Room
from bot.report.answers import compose_found
from bot.workflow.desk import Desk
from bot.workflow.open_found import found_job

GRACE = timedelta(minutes=3)
"""How long a sender has to post it itself."""
RECENT = timedelta(days=1)
MOST = 5
"""So many new incidents a sweep opens in one channel; the next sweep finds the rest."""
MAX_RUNS = 30
MAX_OPEN = 500
MAX_SHORT = 40
SAY_FOR = timedelta(minutes=10)
EVENT = "codehealer_found"


@value
class _Failure:
    """One failing thing: when it began (None: not said), and how it becomes an alert with a post and an id."""

    began: datetime | None
    alert: Callable[[str, Post], Alert]


def sweep(desk: Desk, lease: Lease, due: SweepDue) -> None:  # noqa: ARG001 - every use case takes its payload
    """Look through the scope of every channel that wants it, and say what nobody posted."""
    messages: list[Message] = []
    jobs: list[Job] = []
    for room in desk.directory.rooms():
        rule = desk.house.channels.of(room.channel, room.name)
        if rule.sweep and rule.mode is not ChannelMode.OBSERVE and not room.external:
            for found in _unposted(desk, room, rule):
                messages.append(_message(found))
                jobs.append(found_job(desk, found))
    now = desk.clock.now()
    desk.state.apply(Step(name="sweep", at=now, jobs=tuple(jobs), finish=lease, messages=tuple(messages)))


def _unposted(desk: Desk, room: Room, rule: ChannelRule) -> list[Found]:
    """Return what fails in the channel's scope and has no incident, at most MOST of it."""
    now = desk.clock.now()
    post = Post(
        ref=SlackRef(team=desk.house.team, channel=room.channel, ts="0"),
        author="CodeHealer",
        is_bot=True,
        is_own=True,
        posted_at=now,
    )
    found: list[Found] = []
    for failure in _failures(desk, rule.read):
        if failure.began is not None and not GRACE <= now - failure.began <= RECENT:
            continue
        alert = failure.alert(desk.ids.new("al"), post)
        if rule.read.refuses(alert.target) or _is_known(desk, alert, failure.began, now):
            continue
        key = f"found:{room.channel}:{digest_of(alert.fingerprint, str(failure.began))[:20]}"
        found.append(Found(alert=alert, key=key, until=now + SAY_FOR))
        if len(found) == MOST:
            break
    return found


def _is_known(desk: Desk, alert: Alert, began: datetime | None, now: datetime) -> bool:
    """Whether the failure has an incident, open or closed: only one that began after the last was closed is new."""
    open_ones = desk.state.open_incidents(MAX_OPEN)
    if is_known(alert, open_ones) or any(_same_thing(alert.target, each.target) for each in open_ones):
        return True
    last = desk.state.latest_with(alert.fingerprint)
    if last is None:
        return False
    return not last.is_closed or (now - last.updated_at < RECENT if began is None else began <= last.updated_at)


def _same_thing(found: Target, known: Target) -> bool:
    """Whether the platform's own word on an incident's target names what was found, whatever its post called it."""
    return bool(found.name) and (found.connection, found.kind, found.namespace, found.name, found.repo) == (
        known.connection,
        known.kind,
        known.namespace,
        known.name,
        known.repo,
    )


def _failures(desk: Desk, reach: Reach) -> Iterator[_Failure]:
    looks = (
        (ConnectionKind.GITHUB, _runs),
        (ConnectionKind.ARGOCD, _apps),
        (ConnectionKind.KUBERNETES, _workloads),
    )
    for kind, look in looks:
        for connection in desk.house.connections.known:
            wanted = not reach.connections or any(matches(connection.name, glob) for glob in reach.connections)
            if connection.kind is kind and wanted:
                try:
                    yield from look(desk, connection.name, reach)
                except PlatformError as error:
                    desk.observer.tell("sweep.unanswered", connection=connection.name, detail=error.detail)


def _runs(desk: Desk, connection: str, reach: Reach) -> Iterator[_Failure]:
    """Yield the failed newest run of each workflow on the default branch of each repository that the scope names whole."""
    github = desk.platforms.pipelines(connection)
    for repo in (name for name in reach.repositories if not {"*", "?"} & set(name)):
        if desk.house.connections.of(ConnectionKind.GITHUB, repo.partition("/")[0]) != connection:
            continue
        newest: dict[str, WorkflowRun] = {}
        for run in github.runs(repo, "", github.default_branch(repo), MAX_RUNS):
            newest.setdefault(run.workflow, run)
        for run in newest.values():
            if run.failed and run.conclusion != "cancelled":
                yield _of_run(run, connection)


def _of_run(run: WorkflowRun, connection: str) -> _Failure:
    return _Failure(
        began=run.updated_at, alert=lambda id_, post: alert_of_run(run, id=id_, post=post, connection=connection)
    )


def _apps(desk: Desk, connection: str, _: Reach) -> Iterator[_Failure]:
    for app in desk.platforms.deployments(connection).applications():
        over = app.sync == "Synced" and app.health == "Healthy"  # an old operation failed, and all is well since
        for phase in () if over else failing_phases(app):
            yield _of_app(app, phase, connection)


def _of_app(app: Application, phase: str, connection: str) -> _Failure:
    ended = app.operation is not None and app.operation.phase in {"Failed", "Error"}
    began = app.operation.finished_at if app.operation and ended and phase == "sync" else None
    return _Failure(
        began=began, alert=lambda id_, post: alert_of_app(app, id=id_, post=post, connection=connection, phase=phase)
    )


def _workloads(desk: Desk, connection: str, reach: Reach) -> Iterator[_Failure]:
    """Yield workloads that are short of pods because a pod fails; one that merely rolls out is short too, and well."""
    cluster = desk.platforms.cluster(connection)
    exact = tuple(name for name in reach.namespaces if not {"*", "?"} & set(name))
    namespaces = exact if len(exact) == len(reach.namespaces) else ()
    for workload in cluster.short_workloads(namespaces, MAX_SHORT):
        in_reach = not reach.namespaces or any(matches(workload.namespace, glob) for glob in reach.namespaces)
        if in_reach and any(map(is_failing, cluster.pods(workload.namespace, workload.selector))):
            yield _of_workload(workload, connection)


def _of_workload(workload: Workload, connection: str) -> _Failure:
    return _Failure(
        began=None, alert=lambda id_, post: alert_of_workload(workload, id=id_, post=post, connection=connection)
    )


def _message(found: Found) -> Message:
    ref = found.alert.post.ref
    return Message(
        key=found.key,
        place=Place.MESSAGE,
        report=compose_found(found.alert),
        team=ref.team,
        channel=ref.channel,
        event_type=EVENT,
    )
