"""All durable state in one SQLite file (WAL, synchronous=FULL).

One thread writes; what arrives while it commits is committed together, so that a burst shares the disk's flush.
Readers have a connection each. The file belongs to one process at a time: a lock beside it holds the others off.
"""

from bot.adapters.sqlite_state.inbox import SqliteInbox
from bot.adapters.sqlite_state.outbox import SqliteOutbox
from bot.adapters.sqlite_state.state import SqliteState
from bot.adapters.sqlite_state.store import Store

__all__ = ["SqliteInbox", "SqliteOutbox", "SqliteState", "Store"]
