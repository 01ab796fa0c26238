"""Drives one subject through its phases by the sandbox's control API, and collects what the sandbox saw."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import aiohttp

from benchmarks.load import Target, alert_of, logs, objects_of
from benchmarks.processes import Stage
from benchmarks.results import Answers, Phase

CHANNELS = 30
WARM_UP = 5
CHUNK = 100
QUIET_SECONDS = 60.0
"""A phase ends when every alert has its full card, or when none got one for this long."""


class Driver:
    """One subject's control API. `echo` tells which answers count as whole."""

    def __init__(self, stage: Stage, http: aiohttp.ClientSession) -> None:
        self._stage, self._http = stage, http
        self._echo = stage.subject == "echo"
        self._channels: list[str] = []
        self._next_target = 0

    async def prepare(self, alerts: int) -> None:
        """Make the channels and the workloads of that many alerts, and wait until the simulated cluster is quiet."""
        if not self._channels:
            made = await self._post("channels", count=CHANNELS, prefix="load")
            self._channels = [each["id"] for each in made["channels"]]
            if not self._echo:
                await self._post("workloads", objects=logs())
        if self._echo:
            return
        for start in range(0, alerts, CHUNK):
            numbers = range(self._next_target + start, self._next_target + min(start + CHUNK, alerts))
            await self._post("workloads", objects=[each for n in numbers for each in objects_of(Target(n))])
        await self._settle()

    async def warm_up(self) -> float:
        """Let the first alerts, which pay for lazy imports, be answered; return the first one's full card in seconds."""
        await self.prepare(WARM_UP)
        phase = await self._phase("warm-up", self._take(WARM_UP), rate=4.0)
        return phase.full.max

    async def burst(self, alerts: int, name: str = "burst") -> Phase:
        """Post all at once."""
        await self.prepare(alerts)
        return await self._phase(name, self._take(alerts), rate=0.0)

    async def steady(self, per_second: float, seconds: float) -> Phase:
        """Post at an even rate, however fast they are answered."""
        alerts = int(per_second * seconds)
        await self.prepare(alerts)
        return await self._phase("steady", self._take(alerts), rate=per_second)

    def _take(self, alerts: int) -> list[dict[str, Any]]:
        numbers = range(self._next_target, self._next_target + alerts)
        self._next_target += alerts
        return [alert_of(Target(n), self._channels[n % len(self._channels)]) for n in numbers]

    async def _phase(self, name: str, posts: Sequence[dict[str, Any]], rate: float) -> Phase:
        calls_before = len((await self._get("calls"))["calls"])
        deliveries_before = len((await self._get("deliveries"))["deliveries"])
        meter, warned = self._stage.meter(), self._stage.bot.warnings()
        began = time.monotonic()  # one machine: the sandbox's monotonic clock is this one
        posted = await (self._at_rate(posts, rate) if rate else self._at_once(posts))
        answers = Answers(posted, echo=self._echo)
        await self._drain(answers, calls_before)
        cpu = meter.read()
        deliveries = await self._get("deliveries", start=deliveries_before)
        phase = answers.phase(name, self._stage.subject, deliveries, began)
        return replace(phase, cpu=cpu, warnings=self._stage.bot.warnings() - warned)

    async def _at_once(self, posts: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
        made = await self._post("post_bulk", posts=list(posts))
        return [(each["channel"], each["ts"]) for each in made["posts"]]

    async def _at_rate(self, posts: Sequence[dict[str, Any]], rate: float) -> list[tuple[str, str]]:
        start = time.monotonic()

        async def one(number: int, post: dict[str, Any]) -> tuple[str, str]:
            await asyncio.sleep(max(0.0, start + number / rate - time.monotonic()))
            made = await self._post("post", **post)
            return made["channel"], made["ts"]

        return list(await asyncio.gather(*(one(n, post) for n, post in enumerate(posts))))

    async def _drain(self, answers: Answers, calls_read: int) -> None:
        """Read the call log until every alert has its full card, or nothing moved for a minute."""
        moved, left = time.monotonic(), -1
        while True:
            rows = (await self._get("calls", start=calls_read))["calls"]
            calls_read += len(rows)
            answers.read(rows)
            if answers.open == 0:
                await asyncio.sleep(0.5)  # a second answer would come now
                answers.read((await self._get("calls", start=calls_read))["calls"])
                return
            if answers.open != left:
                moved, left = time.monotonic(), answers.open
            if time.monotonic() - moved > QUIET_SECONDS:
                return
            self._stage.check()
            await asyncio.sleep(0.5)

    async def _settle(self) -> None:
        """Wait until the sandbox has nothing to do (below a tenth of a core), for half a minute at most."""
        for _ in range(60):
            meter = self._stage.meter()
            await asyncio.sleep(0.5)
            if all(each.share < 0.1 for each in meter.read()):
                return

    async def _post(self, name: str, **body: Any) -> dict[str, Any]:
        async with self._http.post(self._stage.line["control_url"] + name, json=body, headers=self._key()) as answer:
            return await self._read(name, answer)

    async def _get(self, name: str, **query: Any) -> dict[str, Any]:
        url = self._stage.line["control_url"] + name
        async with self._http.get(url, params=query, headers=self._key()) as answer:
            return await self._read(name, answer)

    @staticmethod
    async def _read(name: str, answer: aiohttp.ClientResponse) -> dict[str, Any]:
        body: dict[str, Any] = await answer.json()
        if answer.status != 200:
            raise RuntimeError(f"control/{name}: {body.get('error')}")
        return body

    def _key(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._stage.line['control_token']}"}
