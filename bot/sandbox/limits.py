"""Slack's rate limits: a token bucket per method and workspace, and one per channel for chat.postMessage.

Source: docs.slack.dev/apis/web-api/rate-limits and the method pages. A tier of N a minute is a bucket of N tokens that
refills at N/60 a second: the most generous reading of "N per minute"; a client that keeps to it is never refused here.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

TIER: dict[str, int] = {
    "apps.connections.open": 50,
    "chat.update": 50,
    "chat.delete": 50,
    "chat.postEphemeral": 100,
    "chat.postMessage": 300,
    "conversations.history": 50,
    "conversations.info": 50,
    "conversations.list": 20,
    "conversations.members": 100,
    "conversations.open": 50,
    "conversations.replies": 50,
    "users.conversations": 50,
    "users.info": 100,
    "views.open": 100,
    "views.publish": 100,
    "views.push": 100,
    "views.update": 100,
}
"""Calls a minute, by method. auth.test is "special" at Slack (hundreds a minute) and is not limited here."""

CHANNEL_RATE = 1.0
"""chat.postMessage: tokens a second in each channel."""
CHANNEL_BURST = 4.0
"""chat.postMessage: "short bursts pass"; how short is not documented, four is this sandbox's choice."""


@dataclass(slots=True)
class Bucket:
    """A token bucket; `take` answers 0 when the call may pass, else the seconds until it may."""

    capacity: float
    rate: float
    now: float
    tokens: float = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = self.capacity

    def wait(self, now: float) -> float:
        """Refill up to `now`, then say how long until one token is there (0: now)."""
        self.tokens = min(self.capacity, self.tokens + (now - self.now) * self.rate)
        self.now = now
        return 0.0 if self.tokens >= 1.0 else (1.0 - self.tokens) / self.rate

    def spend(self) -> None:
        self.tokens -= 1.0


class RateLimits:
    """All buckets of the workspace. `clock` gives monotonic seconds. Off means: every call passes."""

    def __init__(self, clock: Callable[[], float], *, on: bool = True) -> None:
        self._clock = clock
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self.on = on

    def retry_after(self, method: str, channel: str = "") -> int | None:
        """Whole seconds for the Retry-After header, or None when the call passes (and its tokens are spent)."""
        if not self.on:
            return None
        now = self._clock()
        buckets = [self._bucket((method, ""), TIER[method], TIER[method] / 60, now)] if method in TIER else []
        if method == "chat.postMessage" and channel:
            buckets.append(self._bucket((method, channel), CHANNEL_BURST, CHANNEL_RATE, now))
        wait = max((bucket.wait(now) for bucket in buckets), default=0.0)
        if wait > 0:
            return max(1, math.ceil(wait))
        for bucket in buckets:
            bucket.spend()
        return None

    def reset(self) -> None:
        self._buckets.clear()

    def _bucket(self, key: tuple[str, str], capacity: float, rate: float, now: float) -> Bucket:
        found = self._buckets.get(key)
        if found is None:
            found = self._buckets[key] = Bucket(capacity, rate, now)
        return found
