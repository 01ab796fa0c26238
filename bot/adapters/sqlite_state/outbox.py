"""The Outbox port on SQLite: what our messages should say, and what of it Slack already has."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence

from bot.adapters.sqlite_state.store import Store
from bot.codec import decode, encode
from bot.domain.alert import SlackRef
from bot.domain.durable import Message, OutboxRow, Place
from bot.ports import Observer


class SqliteOutbox:
    """Outbox as `bot.ports.Outbox` promises it.

    A post that was unsent when this process started may have been sent by the one before it: it is `doubtful`.
    """

    def __init__(self, store: Store, *, observer: Observer) -> None:
        self._store = store
        self._observer = observer

    async def unsent(self, after_change: int, limit: int) -> Sequence[OutboxRow]:
        return await asyncio.to_thread(self._unsent, after_change, limit)

    async def sent(self, row: OutboxRow, ref: SlackRef | None) -> None:
        await self._durably("delivered", lambda connection: _sent(connection, row, ref))

    async def gave_up(self, row: OutboxRow, error: str) -> None:
        await self._durably("undeliverable", lambda connection: _gave_up(connection, row, error))

    def on_change(self, wake: Callable[[], None]) -> None:
        self._store.on_commit(wake)

    def unsent_now(self, after_change: int = 0, limit: int = 1000) -> list[OutboxRow]:
        """Read on the caller's thread: for commands without an event loop."""
        return self._unsent(after_change, limit)

    def _unsent(self, after_change: int, limit: int) -> list[OutboxRow]:
        rows = self._store.reader().execute(
            "SELECT seq, change, version, attempts, channel, ts, thread, team, body, sent_version FROM outbox"
            " WHERE version > sent_version AND change > ? ORDER BY change LIMIT ?",
            (after_change, limit),
        )
        return [
            OutboxRow(
                seq=seq,
                change=change,
                message=decode(Message, body),
                version=version,
                ref=SlackRef(team=team or "", channel=channel, ts=ts, thread_ts=thread) if ts else None,
                attempts=attempts,
                doubtful=sent_version == 0 and seq <= self._store.boot_seq,
            )
            for seq, change, version, attempts, channel, ts, thread, team, body, sent_version in rows
        ]

    async def _durably(self, name: str, work: Callable[[sqlite3.Connection], None]) -> None:
        self._observer.tell("step.before", name=name)
        await asyncio.wrap_future(self._store.submit(work, tells=False))
        self._observer.tell("step.after", name=name)


def put_message(connection: sqlite3.Connection, message: Message) -> None:
    """Write what a message should say. The same words again change nothing; a post not yet sent keeps its place."""
    body = encode(message)
    row = connection.execute("SELECT body, seq, sent_version FROM outbox WHERE key = ?", (message.key,)).fetchone()
    if row is not None and row[0] == body:
        return
    connection.execute("UPDATE outbox_changes SET last = last + 1")
    (change,) = connection.execute("SELECT last FROM outbox_changes").fetchone()
    if row is None:
        connection.execute(
            "INSERT INTO outbox (key, seq, change, version, sent_version, attempts, body, error) VALUES (?, ?, ?, 1, 0, 0, ?, '')",
            (message.key, change, change, body),
        )
        return
    connection.execute(
        "UPDATE outbox SET body = ?, version = version + 1, seq = ?, change = ?, error = '' WHERE key = ?",
        (body, row[1] if row[2] == 0 else change, change, message.key),
    )


def _sent(connection: sqlite3.Connection, row: OutboxRow, ref: SlackRef | None) -> None:
    if row.message.place is not Place.MESSAGE:
        connection.execute("DELETE FROM outbox WHERE key = ? AND version = ?", (row.message.key, row.version))
        connection.execute("UPDATE outbox SET sent_version = ? WHERE key = ?", (row.version, row.message.key))
        return
    where = (ref.channel, ref.ts, ref.thread_ts, ref.team) if ref else (None, None, None, None)
    connection.execute(
        "UPDATE outbox SET sent_version = MAX(sent_version, ?), channel = COALESCE(?, channel), ts = COALESCE(?, ts),"
        " thread = COALESCE(?, thread), team = COALESCE(?, team) WHERE key = ?",
        (row.version, *where, row.message.key),
    )


def _gave_up(connection: sqlite3.Connection, row: OutboxRow, error: str) -> None:
    connection.execute(
        "UPDATE outbox SET sent_version = ?, error = ? WHERE key = ? AND version = ?",
        (row.version, error[:2000], row.message.key, row.version),
    )
