"""How fast we may write to Slack: token buckets per method and per channel, and the pauses that Slack asks for.

Rates are Slack's published tiers, a little below them (docs.slack.dev/apis/web-api/rate-limits): Tier 3 is 50 a minute,
Tier 4 100; chat.postMessage is one a second for each channel and several hundred a minute for a workspace.
"""

from dataclasses import dataclass

PER_MINUTE = {
    "chat.postMessage": 240.0,
    "chat.update": 48.0,
    "chat.postEphemeral": 95.0,
    "views.update": 95.0,
    "views.publish": 95.0,
}
METHOD_BURST = 10.0
CHANNEL_BURST = 1.0


@dataclass
class Bucket:
    """A token bucket on the caller's clock (seconds). `rate` is tokens a second."""

    rate: float
    burst: float
    tokens: float
    at: float = 0.0
    blocked_until: float = 0.0

    def wait(self, now: float) -> float:
        """Return how many seconds until a token is there; 0.0 when one is."""
        if now < self.blocked_until:
            return self.blocked_until - now
        self.tokens = min(self.burst, self.tokens + max(0.0, now - self.at) * self.rate)
        self.at = now
        return 0.0 if self.tokens >= 1.0 else (1.0 - self.tokens) / self.rate

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
