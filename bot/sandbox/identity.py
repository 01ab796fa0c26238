"""Ids, tokens and timestamps of one sandbox run. All random per start, so that no old state can meet a new world."""

import secrets
import string
import time
from dataclasses import dataclass, field

_LETTERS = string.ascii_uppercase + string.digits


def new_id(prefix: str, length: int = 10) -> str:
    """Make a Slack-like id: the prefix and `length` capitals and digits."""
    return prefix + "".join(secrets.choice(_LETTERS) for _ in range(length))


@dataclass(frozen=True, slots=True)
class Tokens:
    """The secrets of one run. `page` opens the page, `control` the control API, the others are the app's."""

    bot: str = field(default_factory=lambda: "xoxb-" + secrets.token_hex(20))
    app: str = field(default_factory=lambda: "xapp-1-" + secrets.token_hex(24))
    control: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    page: str = field(default_factory=lambda: secrets.token_urlsafe(24))


class Timestamps:
    """Message timestamps: `seconds.microseconds` of the wall clock, strictly increasing, so unique in the workspace."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> str:
        self._last = max(self._last + 1, time.time_ns() // 1000)
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"
