"""The tables, as an ordered list of migrations; `PRAGMA user_version` counts those applied."""

import sqlite3

from bot.domain.errors import ConfigError

MIGRATIONS: tuple[str, ...] = (
    # 1: everything of the first release
    """
    CREATE TABLE records (
        seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, incident TEXT NOT NULL, version INTEGER NOT NULL,
        state TEXT NOT NULL, uniq TEXT, fingerprint TEXT, thread TEXT, body TEXT NOT NULL
    );
    CREATE UNIQUE INDEX records_id ON records (kind, id);
    CREATE UNIQUE INDEX records_uniq ON records (kind, uniq) WHERE uniq IS NOT NULL;
    CREATE INDEX records_incident ON records (kind, incident, seq);
    CREATE INDEX records_fingerprint ON records (fingerprint, seq) WHERE fingerprint IS NOT NULL;
    CREATE INDEX records_thread ON records (thread, seq) WHERE thread IS NOT NULL;

    CREATE TABLE jobs (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, lane TEXT NOT NULL, serial TEXT NOT NULL,
        dedupe TEXT, priority INTEGER NOT NULL, run_at REAL NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL,
        lease_until REAL NOT NULL, worker TEXT NOT NULL, incident TEXT NOT NULL, payload TEXT NOT NULL, error TEXT NOT NULL
    );
    CREATE INDEX jobs_due ON jobs (lane, state, priority, run_at, seq);
    CREATE INDEX jobs_serial ON jobs (serial, state, run_at);
    CREATE UNIQUE INDEX jobs_dedupe ON jobs (dedupe) WHERE dedupe IS NOT NULL AND state != 'dead';

    CREATE TABLE inbox (
        key TEXT PRIMARY KEY, second_key TEXT, channel TEXT NOT NULL, ts TEXT NOT NULL, received_at REAL NOT NULL
    ) WITHOUT ROWID;
    CREATE UNIQUE INDEX inbox_second ON inbox (second_key) WHERE second_key IS NOT NULL;
    CREATE INDEX inbox_channel ON inbox (channel, ts);
    CREATE INDEX inbox_age ON inbox (received_at);

    CREATE TABLE outbox (
        key TEXT PRIMARY KEY, seq INTEGER NOT NULL, change INTEGER NOT NULL, version INTEGER NOT NULL, sent_version INTEGER NOT NULL,
        attempts INTEGER NOT NULL, channel TEXT, ts TEXT, thread TEXT, team TEXT, body TEXT NOT NULL, error TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX outbox_unsent ON outbox (change) WHERE version > sent_version;
    CREATE UNIQUE INDEX outbox_change ON outbox (change);

    -- never goes back, though sent rows are deleted: the writer reads on from the newest change that it has seen
    CREATE TABLE outbox_changes (last INTEGER NOT NULL);
    INSERT INTO outbox_changes VALUES (0);

    CREATE TABLE audit (
        seq INTEGER PRIMARY KEY, at TEXT NOT NULL, actor TEXT NOT NULL, verb TEXT NOT NULL, subject TEXT NOT NULL,
        detail TEXT NOT NULL, prev_hash TEXT NOT NULL, hash TEXT NOT NULL
    );
    CREATE INDEX audit_subject ON audit (subject, seq);

    CREATE TABLE recordings (
        seq INTEGER PRIMARY KEY, job TEXT NOT NULL UNIQUE, incident TEXT NOT NULL, body TEXT NOT NULL
    );
    CREATE INDEX recordings_incident ON recordings (incident, seq);
    """,
    # 2: incidents are found by what their alerts are about
    """
    CREATE TABLE about (key TEXT NOT NULL, incident TEXT NOT NULL, PRIMARY KEY (key, incident)) WITHOUT ROWID;
    """,
)


def migrate(connection: sqlite3.Connection, place: str) -> None:
    """Bring the file to this version, each migration in a transaction of its own. Raises ConfigError for a newer file."""
    have = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if have > len(MIGRATIONS):
        raise ConfigError(
            place=place,
            problem=f"the file has schema version {have}, this program knows up to {len(MIGRATIONS)}",
            mend="start the newer program that wrote it, or name another CODEHEALER_DATA_DIR",
        )
    for number in range(have, len(MIGRATIONS)):
        connection.executescript(f"BEGIN;\n{MIGRATIONS[number]}\nPRAGMA user_version = {number + 1};\nCOMMIT;")
