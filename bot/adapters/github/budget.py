"""How many calls an hour may be made, and until when GitHub wants none."""

from collections import deque
from datetime import datetime, timedelta
from threading import Lock

from bot.domain.errors import OverBudget
from bot.ports import Clock

HOUR = timedelta(hours=1)
RESERVE = 0.05
"""The part of the budget that only writes may use: a fix must not fail because evidence was gathered."""


class Budget:
    """A sliding window of one hour. Safe for many threads. An answer 304 gives its call back: GitHub does not count it."""

    def __init__(self, connection: str, calls_per_hour: int, clock: Clock) -> None:
        self._connection, self._calls, self._clock = connection, calls_per_hour, clock
        self._reads = calls_per_hour - max(1, int(calls_per_hour * RESERVE)) if calls_per_hour > 1 else calls_per_hour
        self._spent: deque[datetime] = deque()
        self._closed_until: datetime | None = None
        self._lock = Lock()

    def take(self, operation: str, *, write: bool) -> None:
        """Count one call. Raises OverBudget, nothing counted, when the hour's calls are spent or GitHub wants a pause."""
        with self._lock:
            now = self._clock.now()
            while self._spent and self._spent[0] <= now - HOUR:
                self._spent.popleft()
            if self._closed_until is not None and now < self._closed_until:
                raise self._over(operation, "GitHub's rate limit is spent", self._closed_until)
            limit = self._calls if write else self._reads
            if len(self._spent) >= limit:
                free = self._spent[len(self._spent) - limit] + HOUR if limit else now + HOUR
                raise self._over(operation, f"the budget of {self._calls} calls an hour is spent", free)
            self._spent.append(now)

    def give_back(self) -> None:
        """Take back the newest call: it cost nothing."""
        with self._lock:
            if self._spent:
                self._spent.pop()

    def close_until(self, moment: datetime) -> None:
        """Make no call before that moment: GitHub said so. At most an hour from now is believed."""
        with self._lock:
            self._closed_until = min(moment, self._clock.now() + HOUR)

    def _over(self, operation: str, why: str, until: datetime) -> OverBudget:
        text = f"{why}; calls are free again at {until:%H:%M:%S} UTC"
        return OverBudget(text, connection=self._connection, operation=operation)
