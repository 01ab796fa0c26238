"""The Directory port on Slack: who a person is, what a channel is, who is in it."""

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.domain.errors import Forbidden, NotFound, OverBudget, PlatformError, Unavailable
from bot.ports import Person, Room
from bot.slack.calls import Later, error_code, retry_after
from bot.slack.pacing import ReadPacing

T = TypeVar("T")

ROOM_SECONDS = 600.0
MEMBERS_SECONDS = 60.0
PAGES = 20
ROOM_PAGES = 5
PATIENCE = 45.0
"""Seconds that one read waits for its turn in all: a lease (60 s) is not outlived."""


class SlackDirectory:
    """Directory as `bot.ports.Directory` promises it. Persons are asked afresh each time: an approval rests on it.

    It keeps within Slack's tiers by itself. `in_bulk` tells whether the asking thread does background work, which waits
    so that people need not; `monotonic` and `sleep` are in seconds.
    """

    def __init__(
        self,
        client: WebClient,
        *,
        team: str,
        pacing: ReadPacing,
        in_bulk: Callable[[], bool] = lambda: False,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client, self._team, self._pacing, self._in_bulk = client, team, pacing, in_bulk
        self._monotonic, self._sleep = monotonic, sleep
        self._kept: dict[Hashable, tuple[float, Any]] = {}
        self._lock = threading.Lock()

    def person(self, user_id: str) -> Person:
        user = self._asked("users.info", lambda: self._client.users_info(user=user_id)).get("user") or {}
        profile = user.get("profile") or {}
        return Person(
            user_id=str(user.get("id") or user_id),
            display_name=str(profile.get("display_name") or user.get("real_name") or user.get("name") or user_id),
            team=str(user.get("team_id") or ""),
            is_bot=bool(user.get("is_bot")) or user_id == "USLACKBOT",
            is_guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
            is_stranger=bool(user.get("is_stranger")) or str(user.get("team_id") or self._team) != self._team,
            deleted=bool(user.get("deleted")),
        )

    def room(self, channel: str) -> Room:
        return self._cached(("room", channel), ROOM_SECONDS, lambda: self._room(channel))

    def rooms(self) -> tuple[Room, ...]:
        return self._cached("rooms", ROOM_SECONDS, self._rooms)

    def is_member(self, channel: str, user_id: str) -> bool:
        if channel.startswith("D"):
            return True
        return user_id in self._cached(("members", channel), MEMBERS_SECONDS, lambda: self._members(channel))

    def _room(self, channel: str) -> Room:
        try:
            answer = self._asked("conversations.info", lambda: self._client.conversations_info(channel=channel))
        except OverBudget:
            raise  # our own turn did not come: to call the channel external for that would cost it its evidence
        except PlatformError:
            return Room(channel=channel, external=True)
        return _room(channel, answer.get("channel") or {})

    def _rooms(self) -> tuple[Room, ...]:
        found: list[Room] = []
        cursor = ""
        for _ in range(ROOM_PAGES):
            answer = self._rooms_page(cursor)
            found += [_room(str(each.get("id") or ""), each) for each in answer.get("channels") or []]
            cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                break
        return tuple(room for room in found if room.channel)

    def _rooms_page(self, cursor: str) -> Any:
        return self._asked(
            "users.conversations",
            lambda: self._client.users_conversations(
                types="public_channel,private_channel", exclude_archived=True, limit=200, cursor=cursor or None
            ),
        )

    def _members(self, channel: str) -> frozenset[str]:
        found: set[str] = set()
        cursor = ""
        for _ in range(PAGES):
            answer = self._members_page(channel, cursor)
            found.update(str(each) for each in answer.get("members") or [])
            cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                break
        return frozenset(found)

    def _members_page(self, channel: str, cursor: str) -> Any:
        return self._asked(
            "conversations.members",
            lambda: self._client.conversations_members(channel=channel, limit=1000, cursor=cursor or None),
        )

    def _asked(self, method: str, call: Callable[[], Any]) -> Any:
        """Ask Slack when it is our turn, again where it says Retry-After, and translate what it refuses.

        Raises OverBudget when the turn does not come within PATIENCE.
        """
        began = self._monotonic()
        while True:
            now = self._monotonic()
            pause = self._pacing.take(method, now, in_bulk=self._in_bulk())
            if pause <= 0:
                try:
                    return _once(method, call)
                except Later as later:
                    self._pacing.refused(method, later.seconds, self._monotonic())
            elif now + pause - began > PATIENCE:
                raise OverBudget("ratelimited", connection="slack", operation=method)
            else:
                self._sleep(pause)

    def _cached(self, key: Hashable, seconds: float, ask: Callable[[], T]) -> T:
        now = self._monotonic()
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and kept[0] > now:
            found: T = kept[1]
            return found
        answer = ask()
        keep = not (
            isinstance(answer, Room) and answer.external and not answer.name
        )  # what Slack did not answer is asked again
        if keep:
            with self._lock:
                self._kept[key] = (now + seconds, answer)
        return answer


def _room(channel: str, info: Any) -> Room:
    shared = any(info.get(flag) for flag in ("is_ext_shared", "is_pending_ext_shared", "is_shared"))
    return Room(
        channel=channel,
        name=str(info.get("name") or ""),
        external=bool(shared) and not info.get("is_org_shared"),
        is_member=bool(info.get("is_member")),
        is_im=bool(info.get("is_im")),
    )


def _once(operation: str, call: Callable[[], Any]) -> Any:
    try:
        return call()
    except SlackApiError as error:
        code = error_code(error.response) or f"HTTP {getattr(error.response, 'status_code', 'without a status')}"
        if code == "ratelimited" or getattr(error.response, "status_code", 0) == 429:
            raise Later(retry_after(error.response)) from error
        kind = {"missing_scope": Forbidden, "user_not_found": NotFound, "channel_not_found": NotFound}.get(
            code, Unavailable
        )
        raise kind(code, connection="slack", operation=operation) from error
    except (OSError, ValueError) as error:
        raise Unavailable(type(error).__name__, connection="slack", operation=operation) from error
