"""The Inbox port on SQLite: a delivery and its job, durable before Slack is answered."""

import asyncio
import sqlite3
from datetime import timedelta

from bot.adapters.sqlite_state.state import add_job
from bot.adapters.sqlite_state.store import Store
from bot.domain.alert import Post
from bot.domain.durable import Delivery
from bot.ports import Observer

KEEP = timedelta(days=14)
"""How long delivery keys are kept. Slack's own retries, delayed ones included, end after a day."""


class SqliteInbox:
    """Inbox as `bot.ports.Inbox` promises it. Nothing of SQLite runs on the caller's event loop."""

    def __init__(self, store: Store, *, observer: Observer) -> None:
        self._store = store
        self._observer = observer

    async def commit(self, delivery: Delivery) -> bool:
        self._observer.tell("step.before", name="receive")
        fresh = await asyncio.wrap_future(self._store.submit(lambda connection: _commit(connection, delivery)))
        self._observer.tell("step.after", name="receive")
        return fresh

    def commit_now(self, delivery: Delivery) -> bool:
        """Commit on the caller's thread and wait: for commands without an event loop."""
        return self._store.write(lambda connection: _commit(connection, delivery))

    async def channels(self) -> list[tuple[str, str]]:
        def newest() -> list[tuple[str, str]]:
            rows = self._store.reader().execute(
                "SELECT channel, MAX(ts) FROM inbox WHERE channel != '' GROUP BY channel"
            )
            return rows.fetchall()

        return await asyncio.to_thread(newest)


def _commit(connection: sqlite3.Connection, delivery: Delivery) -> bool:
    payload = delivery.job.payload
    channel, ts = (payload.ref.channel, payload.ref.ts) if isinstance(payload, Post) else ("", "")
    try:
        connection.execute(
            "INSERT INTO inbox (key, second_key, channel, ts, received_at) VALUES (?, ?, ?, ?, ?)",
            (delivery.key, delivery.second_key or None, channel, ts, delivery.received_at.timestamp()),
        )
    except sqlite3.IntegrityError:
        return False
    add_job(connection, delivery.job)
    connection.execute("DELETE FROM inbox WHERE received_at < ?", ((delivery.received_at - KEEP).timestamp(),))
    return True
