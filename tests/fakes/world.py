"""The whole inside, driven in process: a made-up Slack and cluster that live on while the bot dies and starts again."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path

from bot.bootstrap import Engine, Knowledge, build_engine, load_knowledge
from bot.domain.alert import Link, Post, SlackRef
from bot.domain.connections import Connection, ConnectionKind, Connections
from bot.domain.durable import Delivery, Job, Lane, OutboxRow, Place
from bot.domain.happening import Click, Submission
from bot.domain.incident import Incident
from bot.domain.proposal import Proposal
from bot.ports import Person, Room
from bot.settings import load_settings
from bot.slack.deliveries import post_delivery
from bot.slack.outbox_writer import OutboxWriter
from bot.slack.pacing import Pacing
from tests.fakes.cluster import START, FakeCluster, FakePlatforms
from tests.fakes.deployments import FakeDeployments
from tests.fakes.pipelines import FakePipelines

TEAM, CHANNEL, ANA, BEN = "T1", "C1", "UANA", "UBEN"
CONNECTIONS = Connections(known=tuple(Connection(name="default", kind=kind) for kind in ConnectionKind))
LANES = (Lane.CLICKS, Lane.INVESTIGATIONS, Lane.INDEXING)


class Crash(BaseException):
    """The process dies here. Nothing in the product may catch it."""


@dataclass
class Clock:
    """Moves a millisecond at every look, so that times tell the order, and by hours when told to."""

    at: datetime = START + timedelta(hours=1)

    def now(self) -> datetime:
        self.at += timedelta(milliseconds=1)
        return self.at


@dataclass
class Ids:
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def new(self, prefix: str) -> str:
        return f"{prefix}_{next(self.numbers):06d}"


@dataclass
class Observer:
    """Hears everything; dies at the chosen moment and is deaf to all after it."""

    die_at: int = 0
    moments: list[str] = field(default_factory=list)
    dead: bool = False

    def tell(self, event: str, **facts: object) -> None:
        if self.dead:
            raise Crash
        if event in {"step.before", "step.after", "slack.sending", "slack.sent"}:
            self.moments.append(f"{event} {facts.get('name', facts.get('key', ''))}")
            if len(self.moments) == self.die_at:
                self.dead = True
                raise Crash


@dataclass
class Slack:
    """What is in Slack: each message by ts. As a Caller it sends and looks like the real one."""

    messages: dict[str, OutboxRow] = field(default_factory=dict)
    whispers: list[OutboxRow] = field(default_factory=list)
    views: dict[str, OutboxRow] = field(default_factory=dict)
    posted: list[str] = field(default_factory=list)
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    async def send(self, row: OutboxRow) -> SlackRef | None:
        message = row.message
        if message.place is Place.EPHEMERAL:
            self.whispers.append(row)
        elif message.place is Place.VIEW:
            self.views[message.key] = row
        elif message.place is Place.MESSAGE:
            ref = row.ref
            if ref is None:
                self.posted.append(message.key)
                ref = SlackRef(
                    team=TEAM, channel=message.channel, ts=f"200.{next(self.numbers):06d}", thread_ts=message.thread_ts
                )
            self.messages[ref.ts] = row
            return ref
        return None

    async def look(self, row: OutboxRow) -> SlackRef | None:
        for ts, known in self.messages.items():
            if known.message.key == row.message.key:
                return SlackRef(team=TEAM, channel=row.message.channel, ts=ts, thread_ts=row.message.thread_ts)
        return None

    def card(self) -> tuple[str, OutboxRow] | None:
        return next(((ts, row) for ts, row in self.messages.items() if row.message.key.startswith("card:")), None)

    def headlines(self) -> list[str]:
        return [row.message.report.headline for row in self.messages.values()]


class People:
    def person(self, user_id: str) -> Person:
        return Person(user_id=user_id, display_name=user_id, team=TEAM)

    def room(self, channel: str) -> Room:
        return Room(channel=channel, name="alerts", external=channel.startswith("CEXT"))

    def rooms(self) -> tuple[Room, ...]:
        return (Room(channel=CHANNEL, name="alerts", external=False, is_member=True),)

    def is_member(self, channel: str, user_id: str) -> bool:
        return True


@cache
def _known(texts: tuple[tuple[str, str], ...], folder: Path) -> Knowledge:
    return load_knowledge(folder)


_FOLDERS: dict[tuple[tuple[str, str], ...], Path] = {}


def _knowledge(folder: Path, texts: tuple[tuple[str, str], ...]) -> Knowledge:
    """Read the configuration once for the same texts: a bot that starts again and again reads the same."""
    return _known(texts, _FOLDERS.setdefault(texts, folder))


@dataclass
class World:
    """One bot over one folder, and the world around it."""

    folder: Path
    clock: Clock = field(default_factory=Clock)
    ids: Ids = field(default_factory=Ids)
    slack: Slack = field(default_factory=Slack)
    cluster: FakeCluster = field(default_factory=FakeCluster)
    github: FakePipelines = field(default_factory=FakePipelines)
    argocd: FakeDeployments = field(default_factory=FakeDeployments)
    config: dict[str, str] = field(default_factory=dict)
    people: People = field(default_factory=People)
    observer: Observer = field(default_factory=Observer)
    engine: Engine | None = None
    approvers: str = ANA

    def start(self, die_at: int = 0) -> None:
        """Start the bot, over whatever state the one before it left."""
        self.observer = Observer(die_at=die_at)
        team = self.folder / "config"
        team.mkdir(parents=True, exist_ok=True)
        for name, text in self.config.items():
            (team / name).parent.mkdir(exist_ok=True)
            (team / name).write_text(text, encoding="utf-8")
        settings = load_settings(
            {
                "CODEHEALER_DATA_DIR": str(self.folder),
                "CODEHEALER_APPROVERS": self.approvers,
                "CODEHEALER_AUDIT_KEY": "k",
                "CODEHEALER_VERIFY_WINDOW": "10s",
                "CODEHEALER_CONFIG_DIR": str(team),
            },
            dotenv=None,
        )
        self.engine = build_engine(
            settings,
            team=TEAM,
            directory=self.people,
            observer=self.observer,
            platforms=FakePlatforms({"default": self.cluster}, {"default": self.github}, {"default": self.argocd}),
            connections=CONNECTIONS,
            knowledge=_knowledge(team, tuple(sorted(self.config.items()))),
            clock=self.clock,
            ids=self.ids,
        )

    def stop(self) -> None:
        if self.engine is not None:
            self.observer.dead = False
            self.engine.close()
            self.engine = None

    @property
    def bot(self) -> Engine:
        assert self.engine is not None
        return self.engine

    # --- what Slack delivers

    def post(
        self, text: str, ts: str = "100.000001", thread_ts: str | None = None, author: str = "Robusta", link: str = ""
    ) -> Delivery:
        post = Post(
            ref=SlackRef(team=TEAM, channel=CHANNEL, ts=ts, thread_ts=thread_ts),
            author=author,
            is_bot=True,
            app_id="A1",
            title=text.splitlines()[0],
            text=text,
            links=(Link(url=link),) if link else (),
            posted_at=START,
        )
        return post_delivery(post, f"event/{ts}", now=self.clock.now(), ids=self.ids)

    def click(self, action: str, value: str, user: str = ANA, key: str = "") -> Delivery:
        card = self.slack.card()
        assert card is not None
        job_id = self.ids.new("jb")
        now = self.clock.now()
        click = Click(
            action=action,
            value=value,
            user_id=user,
            ref=SlackRef(team=TEAM, channel=CHANNEL, ts=card[0], thread_ts=card[1].message.thread_ts),
            view_key=job_id if action == "heal_review" else "",
            at=now,
        )
        job = Job(id=job_id, payload=click, lane=Lane.CLICKS, run_at=now, serial=f"click:{value}", priority=0)
        return Delivery(key=key or f"click/{job_id}", received_at=now, job=job)

    def submit(
        self, proposal: Proposal, *, approve: bool = True, user: str = ANA, digest: str = "", key: str = ""
    ) -> Delivery:
        card = self.slack.card()
        assert card is not None
        now = self.clock.now()
        submission = Submission(
            approve=approve,
            proposal_id=proposal.id,
            digest=digest or proposal.digest,
            user_id=user,
            ref=SlackRef(team=TEAM, channel=CHANNEL, ts=card[0], thread_ts=card[1].message.thread_ts),
            view_key="view1",
            at=now,
        )
        job = Job(id=self.ids.new("jb"), payload=submission, lane=Lane.CLICKS, run_at=now, priority=0)
        return Delivery(key=key or f"submit/{job.id}", received_at=now, job=job)

    # --- letting it work

    def deliver(self, delivery: Delivery) -> None:
        asyncio.run(self.bot.inbox.commit(delivery))

    def settle(self, *, timers: int = 40) -> None:
        """Run jobs and send messages until nothing is left, moving the clock to each timer; expiries stay untouched."""
        for _ in range(timers):
            self.work()
            due = self._next_timer()
            if due is None:
                return
            self.clock.at = max(self.clock.at, due)
        raise AssertionError("it does not come to rest")

    def settle_until(self, reached: Callable[[], bool], *, timers: int = 200) -> None:
        """Run jobs and send messages, moving the clock to each timer, until it is reached."""
        for _ in range(timers):
            self.work()
            if reached():
                return
            due = self._next_timer()
            assert due is not None, "it came to rest before"
            self.clock.at = max(self.clock.at, due)
        raise AssertionError("it is not reached")

    def work(self) -> None:
        """Run what is due now and send what is unsent."""
        self.github.at = max(self.github.at, self.clock.at)
        while True:
            busy = sum(self.bot.workers.run_one(lane) for lane in LANES) > 0
            asyncio.run(self._write())
            if not busy:
                return

    def _next_timer(self) -> datetime | None:
        row = (
            self.bot.store.reader()
            .execute("SELECT MIN(run_at) FROM jobs WHERE state = 'ready' AND payload NOT LIKE '%\"type\":\"Expire\"%'")
            .fetchone()
        )
        return None if row[0] is None else datetime.fromtimestamp(row[0], UTC) + timedelta(milliseconds=1)

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        writer = OutboxWriter(self.bot.outbox, self.slack, Pacing(0), observer=self.observer, monotonic=loop.time)
        running = asyncio.create_task(writer.run())
        drained = asyncio.create_task(self._drained(writer))
        died = asyncio.create_task(self._death())
        await asyncio.wait({running, drained, died}, return_when=asyncio.FIRST_COMPLETED)
        for task in (running, drained, died):
            task.cancel()
        await asyncio.gather(running, drained, died, return_exceptions=True)
        if self.observer.dead:
            raise Crash

    async def _drained(self, writer: OutboxWriter) -> None:
        while self.bot.outbox.unsent_now() or writer._busy:
            await asyncio.sleep(0.002)

    async def _death(self) -> None:
        while not self.observer.dead:
            await asyncio.sleep(0.005)

    # --- what became of it

    def incident(self) -> Incident:
        return (
            self.bot.desk.state.open_incidents(1)[0] if self.bot.desk.state.open_incidents(1) else self._any_incident()
        )

    def _any_incident(self) -> Incident:
        row = (
            self.bot.store.reader()
            .execute("SELECT id FROM records WHERE kind = 'incident' ORDER BY seq DESC")
            .fetchone()
        )
        found = self.bot.state.get(Incident, row[0])
        assert found is not None
        return found

    def proposal(self) -> Proposal:
        found = self.bot.state.get(Proposal, self.incident().proposal_id)
        assert found is not None
        return found
