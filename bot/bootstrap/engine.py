"""The engine: state, workers and desk, wired. The use cases meet their ports here."""

import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from bot.adapters.channels_yaml import load_channels
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
from bot.bootstrap.platforms import ConfiguredPlatforms
from bot.codec import decode, encode
from bot.diagnosis.match import Matcher
from bot.domain.connections import Connections
from bot.domain.durable import Job, Lease
from bot.domain.errors import ConfigError
from bot.domain.scope import ChannelRules
from bot.evidence.mask import MaskedPlatforms
from bot.ports import Clock, Directory, Ids, Observer, Platforms, State
from bot.remedy.catalog import ACTIONS
from bot.settings import Settings
from bot.workflow.desk import Desk, House
from bot.workflow.give_up import give_up
from bot.workflow.table import run_job
from knowledge.text.redact import Session

CONFIG = Path(__file__).resolve().parents[2] / "config"


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
    channels: ChannelRules


def load_knowledge(config_dir: Path | None) -> Knowledge:
    """Read patterns, calibration, rules and channels: the shipped ones, a team's own laid over them by id."""
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
        channels=load_channels(
            CONFIG / "slack_channels.yaml", config_dir / "slack_channels.yaml" if config_dir else None
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
    connections: Connections | None = None,
    knowledge: Knowledge | None = None,
    clock: Clock | None = None,
    ids: Ids | None = None,
    simulated: bool = False,
) -> Engine:
    """Wire the inside. Ports given as arguments stand in for the real ones: tests, replays and simulations use that."""
    clock, ids = clock or SystemClock(), ids or RandomIds()
    knowledge = knowledge or load_knowledge(settings.house.config_dir)
    if platforms is None:
        real = ConfiguredPlatforms(settings)
        platforms, connections = real, real.connections
    store = Store(settings.house.data_dir)
    state = SqliteState(store, clock=clock, observer=observer, audit_key=audit_key(settings))
    house = House(
        approvers=settings.house.approvers,
        team=team,
        proposal_ttl=settings.house.proposal_ttl,
        verify_window=settings.house.watched_for,
        simulated=simulated,
        connections=connections or Connections(),
        channels=knowledge.channels,
    )
    desk = Desk(
        state=cast("State", RecordedState(state)),
        clock=cast("Clock", Recorded(Clock, "clock", clock)),
        ids=cast("Ids", Recorded(Ids, "ids", ids)),
        directory=cast("Directory", Recorded(Directory, "directory", directory)),
        platforms=RecordedPlatforms(MaskedPlatforms(platforms, secrets_of_job)),
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
    house = encode(desk.house)

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
            house=decode(House, json.dumps(recording["house"])),
        )
        return desk, tape

    return load, store.close
