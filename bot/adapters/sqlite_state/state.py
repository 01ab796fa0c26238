"""The State port on SQLite: one step is one transaction."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from bot.adapters.sqlite_state.outbox import put_message
from bot.adapters.sqlite_state.store import Store
from bot.codec import decode, decode_payload, encode, encode_payload
from bot.domain.alert import SlackRef
from bot.domain.audit import GENESIS, AuditEntry, AuditRecord, chained
from bot.domain.durable import LEASE, MAX_ATTEMPTS, Job, JobCounts, Lane, Lease, Recording, Step, Stored
from bot.domain.errors import KeyTaken, LeaseLost, StaleVersion
from bot.domain.incident import Incident
from bot.domain.stored import filing, kind_of, thread_key
from bot.ports import Clock, Observer

S = TypeVar("S", bound=Stored)
T = TypeVar("T")

_FREE = """(j.serial = '' OR (
    NOT EXISTS (SELECT 1 FROM jobs k WHERE k.serial = j.serial AND k.state = 'leased' AND k.lease_until > :now AND k.seq != j.seq)
    AND NOT EXISTS (SELECT 1 FROM jobs k WHERE k.serial = j.serial AND k.state = 'ready' AND k.lane = j.lane
        AND (k.run_at, k.seq) < (j.run_at, j.seq))))"""
_LEVEL = "SELECT MIN(priority) FROM jobs WHERE lane = :lane AND state = 'ready' AND priority > :above AND priority <= :priority"
_READY = (
    "SELECT * FROM jobs j WHERE lane = :lane AND state = 'ready' AND priority = :level AND run_at <= :now"  # noqa: S608 - made of constants
    f" AND {_FREE} ORDER BY run_at, seq LIMIT 1"
)
_EXPIRED = (
    "SELECT * FROM jobs j WHERE lane = :lane AND state = 'leased' AND priority <= :priority AND run_at <= :now"  # noqa: S608 - likewise
    f" AND lease_until <= :now AND {_FREE} ORDER BY priority, run_at, seq LIMIT 1"
)


class SqliteState:
    """State as `bot.ports.State` promises it. Tells the observer `step.before` and `step.after` around each commit."""

    def __init__(self, store: Store, *, clock: Clock, observer: Observer, audit_key: bytes) -> None:
        self._store = store
        self._clock = clock
        self._observer = observer
        self._audit_key = audit_key

    def apply(self, step: Step) -> None:
        self._durably(step.name, lambda connection: self._write(connection, step))

    def claim(self, lane: Lane, worker: str, max_priority: int) -> Lease | None:
        now = self._clock.now()
        asked = {"lane": lane, "priority": max_priority, "now": now.timestamp()}
        if _next(self._reader(), asked) is None:
            return None
        return self._durably("claim", lambda connection: _claim(connection, asked, worker, now), tells=False)

    def release(self, lease: Lease, run_at: datetime, error: str) -> bool:
        dead = lease.attempt >= MAX_ATTEMPTS

        def give_back(connection: sqlite3.Connection) -> bool:
            changed = connection.execute(
                "UPDATE jobs SET state = ?, run_at = ?, error = ?, lease_until = 0, worker = '' WHERE id = ? AND attempts = ? AND state = 'leased'",
                ("dead" if dead else "ready", run_at.timestamp(), error[:2000], lease.job.id, lease.attempt),
            )
            return dead and changed.rowcount == 1

        return self._durably("release", give_back)

    def get(self, kind: type[S], id: str) -> S | None:  # noqa: A002 - the record's own field name
        row = (
            self._reader().execute("SELECT body FROM records WHERE kind = ? AND id = ?", (kind_of(kind), id)).fetchone()
        )
        return None if row is None else decode(kind, row[0])

    def of_incident(self, kind: type[S], incident_id: str) -> tuple[S, ...]:
        rows = self._reader().execute(
            "SELECT body FROM records WHERE kind = ? AND incident = ? ORDER BY seq", (kind_of(kind), incident_id)
        )
        return tuple(decode(kind, row[0]) for row in rows)

    def open_with(self, fingerprint: str) -> Incident | None:
        return self._incident("SELECT body FROM records WHERE kind = 'incident' AND uniq = ?", fingerprint)

    def open_about(self, keys: Sequence[str]) -> tuple[Incident, ...]:
        places = ", ".join("?" * len(keys))
        rows = self._reader().execute(
            "SELECT body FROM records WHERE kind = 'incident' AND uniq IS NOT NULL AND id IN"  # noqa: S608 - question marks
            f" (SELECT incident FROM about WHERE key IN ({places})) ORDER BY seq DESC LIMIT 100",
            tuple(keys),
        )
        return tuple(decode(Incident, row[0]) for row in rows)

    def latest_with(self, fingerprint: str) -> Incident | None:
        return self._incident("SELECT body FROM records WHERE fingerprint = ? ORDER BY seq DESC LIMIT 1", fingerprint)

    def of_thread(self, channel: str, root: str) -> Incident | None:
        key = thread_key(channel, root)
        return self._incident("SELECT body FROM records WHERE thread = ? ORDER BY seq DESC LIMIT 1", key)

    def open_incidents(self, limit: int) -> tuple[Incident, ...]:
        rows = self._reader().execute(
            "SELECT body FROM records WHERE kind = 'incident' AND uniq IS NOT NULL ORDER BY seq DESC LIMIT ?", (limit,)
        )
        return tuple(decode(Incident, row[0]) for row in rows)

    def where(self, key: str) -> SlackRef | None:
        row = (
            self._reader()
            .execute("SELECT team, channel, ts, thread FROM outbox WHERE key = ? AND ts IS NOT NULL", (key,))
            .fetchone()
        )
        return None if row is None else SlackRef(team=row[0] or "", channel=row[1], ts=row[2], thread_ts=row[3] or None)

    def audit(self, subject: str, limit: int) -> tuple[AuditRecord, ...]:
        rows = self._reader().execute(
            "SELECT seq, at, actor, verb, subject, detail, prev_hash, hash FROM (SELECT * FROM audit WHERE ? IN ('', subject)"
            " ORDER BY seq DESC LIMIT ?) ORDER BY seq",
            (subject, limit),
        )
        return tuple(
            AuditRecord(
                seq=r[0],
                at=datetime.fromisoformat(r[1]),
                actor=r[2],
                verb=r[3],
                subject=r[4],
                detail=r[5],
                prev_hash=r[6],
                hash=r[7],
            )
            for r in rows
        )

    def recordings(self, incident_id: str) -> tuple[Recording, ...]:
        rows = self._reader().execute(
            "SELECT job, incident, body FROM recordings WHERE incident = ? ORDER BY seq", (incident_id,)
        )
        return tuple(Recording(job_id=r[0], incident_id=r[1], body=r[2]) for r in rows)

    def job_counts(self) -> JobCounts:
        rows = dict(self._reader().execute("SELECT state, COUNT(*) FROM jobs GROUP BY state").fetchall())
        (refused,) = self._reader().execute("SELECT COUNT(*) FROM outbox WHERE error != ''").fetchone()
        return JobCounts(
            ready=rows.get("ready", 0),
            leased=rows.get("leased", 0),
            dead=rows.get("dead", 0),
            refused_messages=refused,
        )

    def _reader(self) -> sqlite3.Connection:
        return self._store.reader()

    def _incident(self, sql: str, key: str) -> Incident | None:
        row = self._reader().execute(sql, (key,)).fetchone()
        return None if row is None else decode(Incident, row[0])

    def _durably(self, name: str, work: Callable[[sqlite3.Connection], T], *, tells: bool = True) -> T:
        self._observer.tell("step.before", name=name)
        result = self._store.write(work, tells=tells)
        self._observer.tell("step.after", name=name)
        return result

    def _write(self, connection: sqlite3.Connection, step: Step) -> None:
        if step.finish is not None:
            _finish(connection, step.finish)
        for record in step.puts:
            _put(connection, record)
        for job in step.jobs:
            add_job(connection, job)
        for message in step.messages:
            put_message(connection, message)
        for entry in step.audit:
            _chain(connection, entry, self._audit_key)
        if step.recording is not None:
            _record(connection, step.recording)


def add_job(connection: sqlite3.Connection, job: Job) -> None:
    """Add a job, unless one with its dedupe key is still to be done."""
    connection.execute(
        "INSERT INTO jobs (id, lane, serial, dedupe, priority, run_at, state, attempts, lease_until, worker, incident, payload, error)"
        " VALUES (?, ?, ?, ?, ?, ?, 'ready', 0, 0, '', ?, ?, '') ON CONFLICT (dedupe) WHERE dedupe IS NOT NULL AND state != 'dead' DO NOTHING",
        (
            job.id,
            job.lane,
            job.serial,
            job.dedupe or None,
            job.priority,
            job.run_at.timestamp(),
            job.incident_id,
            encode_payload(job.payload),
        ),
    )


def _next(connection: sqlite3.Connection, asked: Mapping[str, object]) -> Mapping[str, Any] | None:
    """Return the due job to run next; None when there is none.

    Asked level by level, so that the index gives the first in order at once, however many wait or are not due yet.
    """
    found = [row for row in (_first(connection, _EXPIRED, asked), _next_ready(connection, asked)) if row is not None]
    return min(found, key=lambda row: (row["priority"], row["run_at"], row["seq"]), default=None)


def _next_ready(connection: sqlite3.Connection, asked: Mapping[str, object]) -> Mapping[str, Any] | None:
    level = -1
    while True:
        (level,) = connection.execute(_LEVEL, {**asked, "above": level}).fetchone()
        if level is None:
            return None
        row = _first(connection, _READY, {**asked, "level": level})
        if row is not None:
            return row


def _first(connection: sqlite3.Connection, sql: str, asked: Mapping[str, object]) -> Mapping[str, Any] | None:
    cursor = connection.execute(sql, asked)
    row = cursor.fetchone()
    return None if row is None else dict(zip((each[0] for each in cursor.description), row, strict=True))


def _claim(connection: sqlite3.Connection, asked: dict[str, object], worker: str, now: datetime) -> Lease | None:
    row = _next(connection, asked)
    if row is None:
        return None
    until = now + LEASE
    connection.execute(
        "UPDATE jobs SET state = 'leased', attempts = attempts + 1, lease_until = ?, worker = ? WHERE seq = ?",
        (until.timestamp(), worker, row["seq"]),
    )
    job = Job(
        id=row["id"],
        payload=decode_payload(row["payload"]),
        lane=Lane(row["lane"]),
        run_at=datetime.fromtimestamp(row["run_at"], UTC),
        serial=row["serial"],
        dedupe=row["dedupe"] or "",
        priority=row["priority"],
        incident_id=row["incident"],
    )
    return Lease(job=job, worker=worker, attempt=row["attempts"] + 1, until=until)


def _finish(connection: sqlite3.Connection, lease: Lease) -> None:
    gone = connection.execute(
        "DELETE FROM jobs WHERE id = ? AND state = 'leased' AND attempts = ?", (lease.job.id, lease.attempt)
    )
    if gone.rowcount != 1:
        raise LeaseLost(job_id=lease.job.id)


def _put(connection: sqlite3.Connection, record: Stored) -> None:
    filed = filing(record)
    body = encode(record)
    names = (filed.state, filed.unique or None, filed.fingerprint or None, filed.thread or None, body)
    try:
        if filed.version == 1:
            connection.execute(
                "INSERT INTO records (kind, id, incident, version, state, uniq, fingerprint, thread, body) VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?)",
                (filed.kind, filed.id, filed.incident_id, *names),
            )
            for key in filed.keys:
                connection.execute("INSERT OR IGNORE INTO about VALUES (?, ?)", (key, filed.incident_id))
            return
        changed = connection.execute(
            "UPDATE records SET version = ?, state = ?, uniq = ?, fingerprint = ?, thread = ?, body = ? WHERE kind = ? AND id = ? AND version = ?",
            (filed.version, *names, filed.kind, filed.id, filed.version - 1),
        )
    except sqlite3.IntegrityError as error:
        known = connection.execute("SELECT 1 FROM records WHERE kind = ? AND id = ?", (filed.kind, filed.id)).fetchone()
        if known is None or filed.version > 1:
            raise KeyTaken(kind=filed.kind, key=filed.unique) from error
        raise StaleVersion(kind=filed.kind, id=filed.id, version=filed.version) from error
    if changed.rowcount != 1:
        raise StaleVersion(kind=filed.kind, id=filed.id, version=filed.version)


def _chain(connection: sqlite3.Connection, entry: AuditEntry, key: bytes) -> None:
    last = connection.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone() or (0, GENESIS)
    record = chained(entry, last[0] + 1, last[1], key)
    connection.execute(
        "INSERT INTO audit (seq, at, actor, verb, subject, detail, prev_hash, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            record.seq,
            record.at.isoformat(),
            record.actor,
            record.verb,
            record.subject,
            record.detail,
            record.prev_hash,
            record.hash,
        ),
    )


def _record(connection: sqlite3.Connection, recording: Recording) -> None:
    connection.execute(
        "INSERT INTO recordings (job, incident, body) VALUES (?, ?, ?) ON CONFLICT (job) DO UPDATE SET body = excluded.body, incident = excluded.incident",
        (recording.job_id, recording.incident_id, recording.body),
    )
