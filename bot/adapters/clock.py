"""The Clock and Ids ports on this machine: UTC wall time, and ids that sort by time and never repeat."""

import secrets
import threading
from datetime import UTC, datetime

_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"


class SystemClock:
    """Clock as `bot.ports.Clock` promises it."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class RandomIds:
    """Ids as `bot.ports.Ids` promises them: milliseconds in base 32, then 50 random bits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def new(self, prefix: str) -> str:
        with self._lock:
            self._last = max(int(datetime.now(UTC).timestamp() * 1000), self._last + 1)
            moment = self._last
        return f"{prefix}_{_base32(moment, 9)}{_base32(secrets.randbits(50), 10)}"


def _base32(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 32)
        digits.append(_LETTERS[digit])
    return "".join(reversed(digits))
