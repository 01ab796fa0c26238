"""Answers kept with their ETag, so that what has not changed costs GitHub's budget nothing."""

from collections import OrderedDict
from threading import Lock

from bot.domain.values import value

MAX_BYTES = 32 * 1024 * 1024
MAX_ENTRY = 2 * 1024 * 1024


@value
class Kept:
    etag: str
    text: str


class Cache:
    """The most recently used answers, at most 32 MB of text in all. Safe for many threads."""

    def __init__(self, max_bytes: int = MAX_BYTES, max_entry: int = MAX_ENTRY) -> None:
        self._max_bytes, self._max_entry = max_bytes, max_entry
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    def find(self, key: str) -> Kept | None:
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
            return kept

    def keep(self, key: str, etag: str, text: str) -> None:
        """Keep an answer unless it is too large; forget the least recently used ones for it."""
        with self._lock:
            before = self._kept.pop(key, None)
            self._size -= len(before.text) if before else 0
            if not etag or len(text) > self._max_entry:
                return
            self._kept[key] = Kept(etag=etag, text=text)
            self._size += len(text)
            while self._size > self._max_bytes:
                _, oldest = self._kept.popitem(last=False)
                self._size -= len(oldest.text)
