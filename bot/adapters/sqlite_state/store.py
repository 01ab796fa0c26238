"""The file, its lock, its writer thread with group commit, and a connection for each reading thread."""

import fcntl
import os
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from bot.adapters.sqlite_state.schema import migrate
from bot.domain.errors import ConfigError, StateError

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], object]
Entry = tuple[Work, "Future[object]", bool]
"""Work, who waits for its result, and whether its commit may give somebody something to do."""

MAX_GROUP = 256


class StoreClosed(StateError):
    """The store was closed, or its disk failed, before the write was durable."""


class Store:
    """Open the file in `folder`, migrated and locked. Raises ConfigError when another process holds it.

    `write` runs work in the writer's transaction, in a savepoint of its own: work that raises undoes only itself.
    A result is given only after the group's commit, so whatever a caller learns of is on disk.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "state.sqlite3"
        self._lock = _lock(folder / "state.lock")
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        self._readers_lock = threading.Lock()
        self._queue: queue.SimpleQueue[Entry | None] = queue.SimpleQueue()
        self._listeners: list[Callable[[], None]] = []
        self._closed = False
        try:
            self.boot_seq = self._take_over()
        except sqlite3.DatabaseError as error:
            os.close(self._lock)
            raise _no_database(self.path, error) from error
        except BaseException:
            os.close(self._lock)
            raise
        self._thread = threading.Thread(target=self._run, name="sqlite-writer", daemon=True)
        self._thread.start()

    def on_commit(self, listener: Callable[[], None]) -> None:
        """Call `listener`, on the writer's thread, after each commit of work that `tells`. It must only wake somebody."""
        self._listeners.append(listener)

    def submit(self, work: Callable[[sqlite3.Connection], T], *, tells: bool = True) -> "Future[T]":
        """Queue work for the next group; the future resolves after its commit.

        `tells=False` is for work that adds no job, frees none and changes no message: nobody is woken for it.
        """
        future: Future[T] = Future()
        if self._closed:
            future.set_exception(StoreClosed("the store is closed"))
            return future
        self._queue.put((work, future, tells))  # type: ignore[arg-type]
        return future

    def write(self, work: Callable[[sqlite3.Connection], T], *, tells: bool = True) -> T:
        """Run work in a transaction and wait until it is on disk. Raises what the work raised, or StoreClosed."""
        return self.submit(work, tells=tells).result()

    def reader(self) -> sqlite3.Connection:
        """Return this thread's own connection for reading."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._connect()
            self._local.connection = connection
            with self._readers_lock:
                self._readers.append(connection)
        return connection

    def close(self) -> None:
        """Commit what is queued, end the writer and give the lock back. Idempotent."""
        if self._closed:
            return
        self._closed = True
        self._queue.put(None)
        self._thread.join()
        with self._readers_lock:
            for connection in self._readers:
                connection.close()
        os.close(self._lock)

    def _take_over(self) -> int:
        """Migrate, free the leases of the dead, and return the newest outbox change that they left."""
        connection = self._connect()
        try:
            migrate(connection, str(self.path))
            # this process holds the lock, so every lease is of a worker that is gone
            connection.execute("UPDATE jobs SET state = 'ready', lease_until = 0, worker = '' WHERE state = 'leased'")
            return int(connection.execute("SELECT last FROM outbox_changes").fetchone()[0])
        finally:
            connection.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, timeout=10, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def _run(self) -> None:
        connection = self._connect()
        try:
            while (first := self._queue.get()) is not None:
                group = [first]
                ended = False
                while len(group) < MAX_GROUP:
                    try:
                        more = self._queue.get_nowait()
                    except queue.Empty:
                        break
                    if more is None:
                        ended = True
                        break
                    group.append(more)
                _commit(connection, group)
                if any(tells for _, _, tells in group):
                    for listener in self._listeners:
                        listener()
                if ended:
                    break
        finally:
            connection.close()


class ReadOnlyStore:
    """The same file for reading only, beside the process that owns it. Raises ConfigError when there is none."""

    def __init__(self, folder: Path) -> None:
        path = folder / "state.sqlite3"
        if not path.is_file():
            raise ConfigError(
                place=str(path),
                problem="there is no state yet",
                mend="start the bot once, or name its folder in CODEHEALER_DATA_DIR",
            )
        self._connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=10)
        try:
            self._connection.execute("SELECT 1 FROM sqlite_schema").fetchone()
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise _no_database(path, error) from error

    def reader(self) -> sqlite3.Connection:
        """Return the connection."""
        return self._connection


def _commit(connection: sqlite3.Connection, group: list[Entry]) -> None:
    """Run a group in one transaction and resolve its futures after the commit."""
    done: list[tuple[Future[object], object, BaseException | None]] = []
    try:
        connection.execute("BEGIN IMMEDIATE")
        for work, future, _ in group:
            connection.execute("SAVEPOINT one")
            try:
                done.append((future, work(connection), None))
            except Exception as error:  # noqa: BLE001 - it is the caller's, and is raised there
                connection.execute("ROLLBACK TO one")
                done.append((future, None, error))
            connection.execute("RELEASE one")
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        lost = StoreClosed(f"the state file could not be written: {error}")
        lost.__cause__ = error
        done = [(future, None, lost) for _, future, _ in group]
    for future, result, problem in done:
        if not future.set_running_or_notify_cancel():
            continue  # who waited has been cancelled; the work is done all the same, and the writer must live on
        if problem is None:
            future.set_result(result)
        else:
            future.set_exception(problem)


def _no_database(path: Path, error: sqlite3.DatabaseError) -> ConfigError:
    return ConfigError(
        place=str(path),
        problem=f"it cannot be used: {error}",
        mend="put a copy of it back, or move it away to begin anew",
    )


def _lock(path: Path) -> int:
    """Take the folder's lock for this process. The kernel gives it back when the process ends, however it ends."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise ConfigError(
            place=str(path),
            problem="another CodeHealer is running on this data folder",
            mend="stop it, or name another folder in CODEHEALER_DATA_DIR",
        ) from error
    return handle
