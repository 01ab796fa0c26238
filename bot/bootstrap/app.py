"""The running product: Slack joined to the engine."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.adapters.workers import in_background
from bot.bootstrap.engine import Engine, build_engine, load_knowledge
from bot.bootstrap.platforms import ConfiguredPlatforms
from bot.domain.durable import Job, Lane, Step
from bot.domain.happening import SweepDue
from bot.ports import Observer
from bot.settings import Mode, Settings

if TYPE_CHECKING:
    from slack_sdk.web.async_client import AsyncWebClient

    from bot.adapters.scheduler import Timetable
    from bot.slack.identity import Identity

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


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
        from bot.slack.pacing import ReadPacing

        slack = self.settings.slack
        knowledge = load_knowledge(self.settings.house.config_dir)
        if self.settings.house.mode is Mode.SANDBOX:
            for name in PROXIES:  # slack_sdk ignores NO_PROXY, and the sandbox is on loopback
                os.environ.pop(name, None)
        platforms = ConfiguredPlatforms(self.settings)
        await asyncio.to_thread(platforms.connect_all)
        for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"):  # Bolt would read them by itself, and no child needs them
            os.environ.pop(name, None)
        async with writing_client(slack.bot_token, slack.api_url) as client:
            identity = await sign_in(client, self.observer)
            identity.learn(self.settings.house.own_app_id or None)
            reads = reading_client(slack.bot_token, slack.api_url)
            pacing = ReadPacing(on=slack.channel_rate > 0)
            directory = SlackDirectory(reads, team=identity.team, pacing=pacing, in_bulk=in_background)
            engine = build_engine(
                self.settings,
                team=identity.team,
                directory=directory,
                observer=self.observer,
                platforms=platforms,
                connections=platforms.connections,
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
        timetable = self._timetable(engine)
        engine.workers.start()
        timetable.start()
        try:
            await socket.connect()
            await greeted.wait()
            await asyncio.to_thread(engine.store.write, lambda connection: connection.execute("SELECT 1").fetchone())
            self.ready()
            await writing
        finally:
            timetable.stop()
            await socket.close()
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)

    def _timetable(self, engine: Engine) -> "Timetable":
        from bot.adapters.scheduler import Timetable

        def sweep_due() -> None:
            now = engine.clock.now()
            job = Job(id=engine.ids.new("jb"), payload=SweepDue(at=now), lane=Lane.INDEXING, run_at=now, dedupe="sweep")
            engine.state.apply(Step(name="sweep_due", at=now, jobs=(job,)))

        timetable = Timetable()
        if any(rule.sweep for rule in engine.desk.house.channels.rules):
            timetable.every(self.settings.house.sweep_every, "sweep", sweep_due)
        return timetable
