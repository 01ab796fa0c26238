"""The only writer to Slack: takes rows from the Outbox, in order within a thread, as fast as Slack allows.

One call in flight for a channel, up to eight in all; answers to people first. Newer content of an unsent row replaces
it. A call whose answer was lost is looked for before it is sent again.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from bot.domain.alert import SlackRef
from bot.domain.durable import OutboxRow, Place
from bot.domain.errors import StateError
from bot.ports import Observer, Outbox
from bot.slack.calls import Caller, Later, Lost, Never, method_of
from bot.slack.pacing import Pacing

IN_FLIGHT = 8
PAGE = 1000
BACKOFF = (0.2, 1.0, 5.0, 15.0, 30.0)


class OutboxWriter:
    """Runs on the event loop until cancelled. `monotonic` is the loop's own clock in seconds."""

    def __init__(
        self, outbox: Outbox, caller: Caller, pacing: Pacing, *, observer: Observer, monotonic: Callable[[], float]
    ) -> None:
        self._outbox, self._caller, self._pacing = outbox, caller, pacing
        self._observer, self._monotonic = observer, monotonic
        self._wake = asyncio.Event()
        self._seen = 0
        self._waiting: dict[str, dict[str, OutboxRow]] = {}
        self._busy: set[str] = set()
        self._refs: dict[str, SlackRef] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._not_before: dict[str, float] = {}

    async def run(self) -> None:
        """Send what is unsent, for ever."""
        loop = asyncio.get_running_loop()

        def wake() -> None:
            if self._wake.is_set():
                return  # it has not looked since it was woken last
            with suppress(RuntimeError):  # the loop has ended and the store's last commit still tells us
                loop.call_soon_threadsafe(self._wake.set)

        self._outbox.on_change(wake)
        try:
            while True:
                self._wake.clear()
                await self._take_in()
                pause = self._start_what_may_go()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), timeout=pause)
        finally:
            for task in tuple(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _take_in(self) -> None:
        while rows := await self._outbox.unsent(self._seen, PAGE):
            for row in rows:
                self._seen = max(self._seen, row.change)
                known = self._refs.get(row.message.key)
                self._put(replace(row, ref=row.ref or known, doubtful=row.doubtful and known is None))
            if len(rows) < PAGE:
                break

    def _put(self, row: OutboxRow) -> None:
        line = self._waiting.setdefault(_line_of(row), {})
        before = line.get(row.message.key)
        if before is not None and before.version > row.version:
            return
        line[row.message.key] = replace(row, doubtful=row.doubtful or (before is not None and before.doubtful))

    def _start_what_may_go(self) -> float | None:
        """Start a call for each free channel whose turn it is; return the seconds until another may go."""
        now = self._monotonic()
        pause: float | None = None
        heads = sorted(
            (min(rows.values(), key=_turn) for line, rows in self._waiting.items() if line not in self._busy), key=_turn
        )
        for row in heads:
            if len(self._busy) >= IN_FLIGHT:
                return None
            line, method = _line_of(row), method_of(row)
            wait = max(
                self._pacing.wait(method, row.message.channel, now), self._not_before.get(row.message.key, 0.0) - now
            )
            if wait > 0:
                pause = wait if pause is None else min(pause, wait)
                continue
            self._pacing.take(method, row.message.channel)
            self._pop(line, row)
            self._busy.add(line)
            task = asyncio.create_task(self._send(line, row))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return pause

    def _pop(self, line: str, row: OutboxRow) -> None:
        rows = self._waiting[line]
        del rows[row.message.key]
        if not rows:
            del self._waiting[line]

    async def _send(self, line: str, row: OutboxRow) -> None:
        try:
            await self._once(line, row)
        except StateError as error:
            # what Slack has is not written down: look before anything of this message is sent again
            self._again(row, str(error))
        finally:
            self._busy.discard(line)
            self._wake.set()

    async def _once(self, line: str, row: OutboxRow) -> None:
        """Make one attempt and note what came of it."""
        try:
            ref = await self._attempt(row)
        except Later as later:
            self._pacing.refused(method_of(row), row.message.channel, later.seconds, self._monotonic())
            self._observer.tell("slack.paced", method=method_of(row), seconds=later.seconds)
            self._put(row)
        except Lost as lost:
            self._again(row, str(lost))
        except Never as never:
            self._observer.tell("slack.refused", key=row.message.key, error=never.error)
            await self._outbox.gave_up(row, never.error)
        else:
            if ref is not None:
                self._refs[row.message.key] = ref
                self._point_at(line, row.message.key, ref)
            await self._outbox.sent(row, ref)

    async def _attempt(self, row: OutboxRow) -> SlackRef | None:
        if row.doubtful and row.ref is None and row.message.place is Place.MESSAGE:
            found = await self._look(row)
            if found is not None:
                self._observer.tell("slack.found", key=row.message.key)
                return await self._caller.send(replace(row, ref=found))
        self._observer.tell("slack.sending", key=row.message.key)
        ref = await self._caller.send(row)
        self._observer.tell("slack.sent", key=row.message.key)
        return ref

    async def _look(self, row: OutboxRow) -> SlackRef | None:
        try:
            return await self._caller.look(row)
        except Never as never:
            # a card must not be missing because a scope is: two cards are the lesser harm, and it is told
            self._observer.tell("slack.cannot_look", key=row.message.key, error=never.error)
            return None

    def _again(self, row: OutboxRow, why: str) -> None:
        attempts = row.attempts + 1
        delay = BACKOFF[min(attempts, len(BACKOFF)) - 1]
        self._observer.tell("slack.lost", key=row.message.key, error=why, delay=delay)
        self._not_before[row.message.key] = self._monotonic() + delay
        self._put(replace(row, attempts=attempts, doubtful=True))

    def _point_at(self, line: str, key: str, ref: SlackRef) -> None:
        """Newer content that came while the first was on its way is an update of it."""
        newer = self._waiting.get(line, {}).get(key)
        if newer is not None:
            self._waiting[line][key] = replace(newer, ref=ref, doubtful=False)


def _line_of(row: OutboxRow) -> str:
    """Return the queue that a row waits in: its channel, or for modals and Home its person."""
    return row.message.channel if row.message.place in {Place.MESSAGE, Place.EPHEMERAL} else f"user:{row.message.user}"


def _turn(row: OutboxRow) -> tuple[bool, int]:
    return (not row.message.urgent, row.seq)
