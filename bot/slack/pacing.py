"""How fast we may ask Slack: token buckets per method and per channel, and the pauses that Slack asks for.

Rates are Slack's published tiers, a little below them (docs.slack.dev/apis/web-api/rate-limits): Tier 3 is 50 a minute,
Tier 4 100; chat.postMessage is one a second for each channel and several hundred a minute for a workspace. What the
Directory reads has buckets of its own, and nothing else calls these methods: burst and rate together stay within a tier.
"""

import threading
from dataclasses import dataclass

PER_MINUTE = {
    "chat.postMessage": 240.0,
    "chat.update": 48.0,
    "chat.postEphemeral": 95.0,
    "views.update": 95.0,
    "views.publish": 95.0,
}
READS_PER_MINUTE = {
    "users.info": 70.0,
    "conversations.info": 20.0,
    "conversations.members": 70.0,
    "users.conversations": 20.0,
}
METHOD_BURST = 10.0
READ_BURST = 30.0
"""A storm reaches many channels at once, and each is asked about once in ten minutes: most of a minute's reads at once."""
CHANNEL_BURST = 1.0
NEARLY = 1e-6
"""Of a token: a wait shorter than that is lost in the clock's own steps, and would be waited for again and again."""
KEPT_FOR_PEOPLE = 4.0
"""Tokens of a reading method that only an answer to a person may take: background work leaves them there."""


@dataclass
class Bucket:
    """A token bucket on the caller's clock (seconds). `rate` is tokens a second."""

    rate: float
    burst: float
    tokens: float
    at: float = 0.0
    blocked_until: float = 0.0

    def wait(self, now: float, keep: float = 0.0) -> float:
        """Return how many seconds until a token is there beyond the `keep` that are left to others; 0.0 when one is."""
        if now < self.blocked_until:
            return self.blocked_until - now
        self.tokens = min(self.burst, self.tokens + max(0.0, now - self.at) * self.rate)
        self.at = now
        missing = 1.0 + keep - self.tokens
        return missing / self.rate if missing > NEARLY else 0.0

    def take(self) -> None:
        """Use one token."""
        self.tokens -= 1.0

    def block(self, until: float) -> None:
        """Give nothing before `until`: Slack said Retry-After."""
        self.blocked_until = max(self.blocked_until, until)


class Pacing:
    """The buckets of one workspace. `channel_rate` is posts a second for a channel; 0 switches all pacing off."""

    def __init__(self, channel_rate: float) -> None:
        self.channel_rate = channel_rate
        self._methods = {m: Bucket(per / 60, METHOD_BURST, METHOD_BURST) for m, per in PER_MINUTE.items()}
        self._channels: dict[str, Bucket] = {}

    def wait(self, method: str, channel: str, now: float) -> float:
        """Return how many seconds this write has to wait; 0.0 when it may go now."""
        if self.channel_rate <= 0:
            return max(0.0, self._methods[method].blocked_until - now)
        waits = [self._methods[method].wait(now)]
        if method == "chat.postMessage":
            waits.append(self._channel(channel).wait(now))
        return max(waits)

    def take(self, method: str, channel: str) -> None:
        """Count a write that goes now."""
        if self.channel_rate <= 0:
            return
        self._methods[method].take()
        if method == "chat.postMessage":
            self._channel(channel).take()

    def refused(self, method: str, channel: str, retry_after: float, now: float) -> None:
        """Slack answered 429: hold this method (and for posts this channel) for as long as it says."""
        if method == "chat.postMessage" and self.channel_rate > 0:
            self._channel(channel).block(now + retry_after)
        else:
            self._methods[method].block(now + retry_after)

    def _channel(self, channel: str) -> Bucket:
        bucket = self._channels.get(channel)
        if bucket is None:
            bucket = self._channels[channel] = Bucket(self.channel_rate, CHANNEL_BURST, CHANNEL_BURST)
        return bucket


class ReadPacing:
    """The buckets of the Directory's reads, safe to use from several threads. `on=False` obeys Slack's pauses only."""

    def __init__(self, *, on: bool = True) -> None:
        self._on = on
        self._lock = threading.Lock()
        self._methods = {m: Bucket(per / 60, READ_BURST, READ_BURST) for m, per in READS_PER_MINUTE.items()}

    def take(self, method: str, now: float, *, in_bulk: bool) -> float:
        """Take a token and return 0.0, or return how many seconds to wait before asking for one again.

        Background reads (`in_bulk`) leave the last tokens to people, so however many wait, a click is not behind them.
        """
        bucket = self._methods[method]
        with self._lock:
            if not self._on:
                return max(0.0, bucket.blocked_until - now)
            wait = bucket.wait(now, KEPT_FOR_PEOPLE if in_bulk else 0.0)
            if wait <= 0:
                bucket.take()
            return wait

    def refused(self, method: str, retry_after: float, now: float) -> None:
        """Slack answered 429: nobody asks this method before that time."""
        with self._lock:
            self._methods[method].block(now + retry_after)
