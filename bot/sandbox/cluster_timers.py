"""What is due when: one pending moment for each key, the earliest first."""

import heapq
from collections.abc import Hashable


class Timers:
    """Setting a key again replaces its moment. Nothing is stored for a key that was taken or cancelled."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Hashable]] = []
        self._due: dict[Hashable, tuple[float, int]] = {}
        self._count = 0

    def set(self, key: Hashable, due: float) -> None:
        self._count += 1
        self._due[key] = (due, self._count)
        heapq.heappush(self._heap, (due, self._count, key))

    def cancel(self, key: Hashable) -> None:
        self._due.pop(key, None)

    def take(self, now: float) -> Hashable | None:
        """The next key whose moment has come, forgotten by taking it; None when none has."""
        while self._heap and self._heap[0][0] <= now:
            due, count, key = heapq.heappop(self._heap)
            if self._due.get(key) == (due, count):
                del self._due[key]
                return key
        return None
