"""What the masks of all ports share: the job's session, one way to mask a text, and a platform's words in its refusal."""

from collections.abc import Callable
from typing import TypeVar

from bot.domain.errors import PlatformError
from knowledge.text.redact import Session, redact

T = TypeVar("T")

Mask = Callable[[str], str]

MAX_MESSAGE = 8_000
"""A termination message holds at most 4,096 bytes; most else is shorter. Of a longer text the rest is left out."""


def masked(text: str, mask: Mask) -> str:
    """Return the first MAX_MESSAGE characters of the text, masked."""
    return mask(text[:MAX_MESSAGE]) if text else text


class Masking:
    """Holds how to find the session of the job that asks, and translates refusals."""

    def __init__(self, session_of: Callable[[], Session]) -> None:
        self._session_of = session_of

    def _mask(self, text: str) -> str:
        return redact(text, self._session_of()).text

    def _asked(self, call: Callable[[], T]) -> T:
        """Ask, and mask the platform's own words in its refusal: it quotes what was sent and what stands there."""
        try:
            return call()
        except PlatformError as error:
            words = masked(error.detail, self._mask)
            raise type(error)(
                words, connection=error.connection, operation=error.operation, status=error.status
            ) from error
