"""The composition root: settings become the application. The only file that imports adapters.

The list reads as what stands behind each port. Vendor SDKs are imported where they are needed, so that `--help` and the
commands without a vendor stay quick.
"""

import asyncio
import json
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from bot.adapters.clock import RandomIds, SystemClock
from bot.adapters.patterns_yaml import load_calibration, load_patterns
from bot.adapters.recorder import (
    Recorded,
    RecordedPlatforms,
    RecordedState,
    Replayed,
    ReplayedPlatforms,
    ReplayedState,
    Tape,
    recording,
    secrets_of_job,
)
from bot.adapters.rules_yaml import load_rules
from bot.adapters.sqlite_state import SqliteInbox, SqliteOutbox, SqliteState, Store
from bot.adapters.workers import Workers
from bot.diagnosis.match import Matcher
from bot.domain.durable import Job, Lease
from bot.domain.errors import ConfigError, NotConfigured
from bot.evidence.mask import MaskedPlatforms
from bot.ports import Clock, Cluster, Directory, Ids, Observer, Platforms, State
from bot.remedy.catalog import ACTIONS
from bot.settings import Mode, Settings
from bot.workflow.desk import Desk, House
from bot.workflow.give_up import give_up
from bot.workflow.table import run_job
from knowledge.text.redact import Session

if TYPE_CHECKING:
    from slack_sdk.web.async_client import AsyncWebClient

    from bot.slack.identity import Identity

CONFIG = Path(__file__).resolve().parent.parent / "config"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


class Connections:
    """Platforms as `bot.ports.Platforms` promises them: connected on first use, once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._clusters: dict[str, Cluster] = {}

    def cluster(self, connection: str) -> Cluster:
        if connection != "default":
            raise NotConfigured(f"there is no connection {connection!r}", connection=connection)
        known = self._clusters.get(connection)
        if known is None:
            from bot.adapters.kubernetes import connect

            known = self._clusters[connection] = connect(connection, self._settings.kubernetes.kubeconfig, None)
        return known


class OnlyCluster:
    """Platforms with one cluster and nothing else."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def cluster(self, connection: str) -> Cluster:
        if connection != "default":
            raise NotConfigured(f"there is no connection {connection!r}", connection=connection)
        return self._cluster


def world_platforms(folder: Path) -> Platforms:
    """Return platforms that answer from a scenario's world file. Raises ConfigError."""
    from bot.adapters.kubernetes.world import WorldCluster

    return OnlyCluster(WorldCluster("default", folder, SystemClock().now()))


def log_observer(*, verbose: bool) -> Observer:
    """Return the observer of the running product: one JSON line an event, on stderr."""
    from bot.adapters.telemetry import LogObserver, configure

    configure(verbose=verbose)
    return LogObserver()


@dataclass
class Engine:
    """The inside, wired: what takes jobs and writes messages. Slack is joined to it by `bot.slack`."""

    store: Store
    state: SqliteState
    inbox: SqliteInbox
    outbox: SqliteOutbox
    workers: Workers
    desk: Desk
    clock: Clock
    ids: Ids
    observer: Observer

    def close(self) -> None:
        """End the workers, then the store."""
        self.workers.stop()
        self.store.close()


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """What is read from the configuration folders, once, at start. Raises ConfigError with file and line."""

    matcher: Matcher
    calibration: Any
    rules: Any


def load_knowledge(config_dir: Path | None) -> Knowledge:
    """Read patterns, calibration and rules: the shipped ones, a team's own laid over them by id."""
    if config_dir is not None and not config_dir.is_dir():
        raise ConfigError(
            place="CODEHEALER_CONFIG_DIR",
            problem=f"{config_dir} is not a folder",
            mend="name a folder, or leave it empty",
        )
    own = (config_dir / "failure_patterns",) if config_dir and (config_dir / "failure_patterns").is_dir() else ()
    return Knowledge(
        matcher=Matcher(load_patterns(CONFIG / "failure_patterns", *own)),
        calibration=load_calibration(CONFIG / "calibration.json"),
        rules=load_rules(
            CONFIG / "remediation_rules.yaml",
            config_dir / "remediation_rules.yaml" if config_dir else None,
            tuple(each.spec.id for each in ACTIONS),
        ),
    )


def audit_key(settings: Settings) -> bytes:
    """Return the key of the audit chain: CODEHEALER_AUDIT_KEY, else one made once and kept beside the state."""
    if settings.house.audit_key:
        return settings.house.audit_key.encode()
    path = settings.house.data_dir / "audit.key"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as made:
            made.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    return path.read_text(encoding="ascii").strip().encode()


def build_engine(
    settings: Settings,
    *,
    team: str,
    directory: Directory,
    observer: Observer,
    platforms: Platforms | None = None,
    knowledge: Knowledge | None = None,
    clock: Clock | None = None,
    ids: Ids | None = None,
    simulated: bool = False,
) -> Engine:
    """Wire the inside. Ports given as arguments stand in for the real ones: tests, replays and simulations use that."""
    clock, ids = clock or SystemClock(), ids or RandomIds()
    knowledge = knowledge or load_knowledge(settings.house.config_dir)
    store = Store(settings.house.data_dir)
    state = SqliteState(store, clock=clock, observer=observer, audit_key=audit_key(settings))
    house = House(
        approvers=settings.house.approvers,
        team=team,
        proposal_ttl=settings.house.proposal_ttl,
        verify_window=settings.house.watched_for,
        simulated=simulated,
    )
    desk = Desk(
        state=cast("State", RecordedState(state)),
        clock=cast("Clock", Recorded(Clock, "clock", clock)),
        ids=cast("Ids", Recorded(Ids, "ids", ids)),
        directory=cast("Directory", Recorded(Directory, "directory", directory)),
        platforms=RecordedPlatforms(MaskedPlatforms(platforms or Connections(settings), secrets_of_job)),
        observer=observer,
        secrets=secrets_of_job,
        matcher=knowledge.matcher,
        calibration=knowledge.calibration,
        rules=knowledge.rules,
        house=house,
    )
    workers = Workers(state, run_job=_recorded_run(desk), give_up=_give_up(desk), clock=clock, observer=observer)
    store.on_commit(workers.wake)
    return Engine(
        store=store,
        state=state,
        inbox=SqliteInbox(store, observer=observer),
        outbox=SqliteOutbox(store, observer=observer),
        workers=workers,
        desk=desk,
        clock=clock,
        ids=ids,
        observer=observer,
    )


def _recorded_run(desk: Desk) -> Callable[[Lease], None]:
    house = _house_text(desk.house)

    def run(lease: Lease) -> None:
        with recording(lease, house):
            run_job(desk, lease)

    return run


def _give_up(desk: Desk) -> Callable[[Job, str], None]:
    return lambda job, error: give_up(desk, job, error)


def peek(settings: Settings) -> State:
    """Return the state for reading beside a bot that may be running. Raises ConfigError when there is none yet."""
    from bot.adapters.sqlite_state.store import ReadOnlyStore

    store = ReadOnlyStore(settings.house.data_dir)
    return SqliteState(cast("Store", store), clock=SystemClock(), observer=_Deaf(), audit_key=b"")


class _Deaf:
    def tell(self, event: str, **facts: object) -> None:
        """Hear nothing: a command answers on stdout."""


def replay_desk(
    settings: Settings, scratch: Path
) -> tuple[Callable[[dict[str, Any]], tuple[Desk, Tape]], Callable[[], None]]:
    """Return what makes the desk of each recording, answering from its tape, and what closes the state under them."""
    knowledge = load_knowledge(settings.house.config_dir)
    store = Store(scratch)
    state = SqliteState(store, clock=SystemClock(), observer=_Deaf(), audit_key=b"replay")

    def load(recording: dict[str, Any]) -> tuple[Desk, Tape]:
        tape = Tape(recording["exchanges"], recording["steps"])
        desk = Desk(
            state=cast("State", ReplayedState(state, tape)),
            clock=cast("Clock", Replayed(Clock, "clock", tape)),
            ids=cast("Ids", Replayed(Ids, "ids", tape)),
            directory=cast("Directory", Replayed(Directory, "directory", tape)),
            platforms=ReplayedPlatforms(tape),
            observer=_Deaf(),
            secrets=Session,
            matcher=knowledge.matcher,
            calibration=knowledge.calibration,
            rules=knowledge.rules,
            house=_house_from(recording["house"]),
        )
        return desk, tape

    return load, store.close


def _house_text(house: House) -> str:
    """Return what the people who run CodeHealer had decided, as it is kept with a recording."""
    return json.dumps(
        {
            "approvers": sorted(house.approvers),
            "team": house.team,
            "proposal_ttl": house.proposal_ttl.total_seconds(),
            "verify_window": house.verify_window.total_seconds(),
            "simulated": house.simulated,
        }
    )


def _house_from(kept: dict[str, Any]) -> House:
    return House(
        approvers=frozenset(kept["approvers"]),
        team=kept["team"],
        proposal_ttl=timedelta(seconds=kept["proposal_ttl"]),
        verify_window=timedelta(seconds=kept["verify_window"]),
        simulated=kept["simulated"],
    )


@dataclass
class App:
    """The running product: Slack joined to the engine."""

    settings: Settings
    observer: Observer
    ready: Callable[[], None]

    async def run(self) -> None:
        """Connect, say `ready`, and work until cancelled. Raises ConfigError and `bot.slack.calls.Never` at start."""
        from bot.slack.app import sign_in
        from bot.slack.clients import reading_client, writing_client
        from bot.slack.directory import SlackDirectory

        slack = self.settings.slack
        knowledge = load_knowledge(self.settings.house.config_dir)
        platforms = Connections(self.settings)
        await asyncio.to_thread(_check_platforms, platforms)
        if self.settings.house.mode is Mode.SANDBOX:
            for name in PROXIES:  # slack_sdk ignores NO_PROXY, and the sandbox is on loopback
                os.environ.pop(name, None)
        for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"):  # Bolt would read them by itself, and no child needs them
            os.environ.pop(name, None)
        async with writing_client(slack.bot_token, slack.api_url) as client:
            identity = await sign_in(client, self.observer)
            identity.learn(self.settings.house.own_app_id or None)
            reads = reading_client(slack.bot_token, slack.api_url)
            directory = SlackDirectory(reads, team=identity.team)
            engine = build_engine(
                self.settings,
                team=identity.team,
                directory=directory,
                observer=self.observer,
                platforms=platforms,
                knowledge=knowledge,
            )
            try:
                await self._serve(engine, client, identity)
            finally:
                await asyncio.to_thread(engine.close)

    async def _serve(self, engine: Engine, client: "AsyncWebClient", identity: "Identity") -> None:
        from bot.slack.app import Socket, build_app
        from bot.slack.calls import Caller
        from bot.slack.catch_up import GAP, CatchUp
        from bot.slack.outbox_writer import OutboxWriter
        from bot.slack.pacing import Pacing

        inbox, clock, ids, observer = engine.inbox, engine.clock, engine.ids, self.observer
        rate = self.settings.slack.channel_rate
        loop = asyncio.get_running_loop()
        writer = OutboxWriter(engine.outbox, Caller(client), Pacing(rate), observer=observer, monotonic=loop.time)
        gap = GAP if rate > 0 else 0.0
        catch_up = CatchUp(client, inbox, identity, clock=clock, ids=ids, observer=observer, gap=gap)
        app = build_app(client, identity, inbox, clock=clock, ids=ids, observer=observer)
        greeted = asyncio.Event()

        async def on_hello() -> None:
            greeted.set()
            await catch_up.run()

        socket = Socket(app, self.settings.slack.app_token, identity, on_hello, observer)
        writing = asyncio.create_task(writer.run())
        engine.workers.start()
        try:
            await socket.connect()
            await greeted.wait()
            await asyncio.to_thread(engine.store.write, lambda connection: connection.execute("SELECT 1").fetchone())
            self.ready()
            await writing
        finally:
            await socket.close()
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)


def _check_platforms(platforms: Platforms) -> None:
    """Connect what is configured, before Slack is told that we are there. Raises ConfigError for a broken KUBECONFIG.

    It also imports the SDK now, half a second, rather than while the first alert waits.
    """
    with suppress(NotConfigured):
        platforms.cluster("default")
