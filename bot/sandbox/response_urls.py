"""response_url: five uses in 30 minutes for each interaction (docs.slack.dev/interactivity/handling-user-interaction)."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

USES = 5
SECONDS = 30 * 60.0


@dataclass(slots=True)
class ResponseUrl:
    """Where an answer through this URL goes: to whom, in which channel, about which message."""

    user: str
    channel: str
    ts: str
    expires: float
    uses_left: int = USES


class ResponseUrls:
    """All response URLs handed out; `path` is appended to the sandbox's address."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._urls: dict[str, ResponseUrl] = {}

    def new_path(self, user: str, channel: str, ts: str = "") -> str:
        key = secrets.token_urlsafe(24)
        self._urls[key] = ResponseUrl(user, channel, ts, self._clock() + SECONDS)
        return f"/response/{key}"

    def use(self, key: str) -> ResponseUrl | str:
        """Use a URL once; a string is Slack's name for why not: used_url, expired_url."""
        found = self._urls.get(key)
        if found is None or found.uses_left <= 0:
            return "used_url"
        if self._clock() > found.expires:
            return "expired_url"
        found.uses_left -= 1
        return found
