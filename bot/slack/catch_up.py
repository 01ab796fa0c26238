"""After a gap, read what was posted meanwhile: Slack queues nothing for an app that is not connected."""

import asyncio
from collections.abc import Callable
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.errors import Unreadable
from bot.ports import Clock, Ids, Inbox, Observer
from bot.slack.calls import Later, Lost, Never, asked
from bot.slack.deliveries import is_stored, post_delivery
from bot.slack.flatten import flatten
from bot.slack.identity import Identity

PAGE = 200
PAGES = 10
GAP = 1.3
"""Seconds between two reads: below Tier 3's 50 a minute, so that a person's click is never starved."""


class CatchUp:
    """Reads each known channel from its last committed post on. One reading at a time; a second request joins it."""

    def __init__(
        self,
        client: AsyncWebClient,
        inbox: Inbox,
        identity: Identity,
        *,
        clock: Clock,
        ids: Ids,
        observer: Observer,
        gap: float = GAP,
    ) -> None:
        self._client, self._inbox, self._identity = client, inbox, identity
        self._clock, self._ids, self._observer, self._gap = clock, ids, observer, gap
        self._reading = asyncio.Lock()

    async def run(self) -> int:
        """Return how many posts were found that had not arrived. What Slack refuses is told and skipped."""
        async with self._reading:
            found = 0
            for number, (channel, since) in enumerate(await self._inbox.channels()):
                if number:
                    await asyncio.sleep(self._gap)
                found += await self._channel(channel, since)
            self._observer.tell("slack.caught_up", found=found)
            return found

    async def _channel(self, channel: str, since: str) -> int:
        messages: list[dict[str, object]] = []
        cursor = ""
        for page in range(PAGES):
            if page:
                await asyncio.sleep(self._gap)
            try:
                answer = await self._page(channel, since, cursor)
            except (Lost, Never, Later) as error:
                self._observer.tell("slack.catch_up_failed", channel=channel, error=str(error))
                break
            messages.extend(each for each in answer.get("messages") or [] if isinstance(each, dict))
            cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                break
        fresh = 0
        for message in sorted(messages, key=lambda each: str(each.get("ts") or "")):
            fresh += await self._commit(channel, message)
        return fresh

    async def _page(self, channel: str, since: str, cursor: str) -> Any:
        return await _patiently(
            lambda: self._client.conversations_history(channel=channel, oldest=since, limit=PAGE, cursor=cursor or None)
        )

    async def _commit(self, channel: str, message: dict[str, object]) -> int:
        now = self._clock.now()
        event = {"type": "message", **message, "channel": channel}
        try:
            post = flatten(event, team=self._identity.team, own=self._identity.own(), received_at=now)
        except Unreadable as error:
            self._observer.tell("slack.unreadable", place=error.place, problem=error.problem)
            return 0
        if not is_stored(post):
            return 0
        key = f"history/{channel}/{post.ref.ts}/{post.edited_ts}"
        return int(await self._inbox.commit(post_delivery(post, key, now=now, ids=self._ids)))


async def _patiently(call: Callable[[], Any]) -> Any:
    """Ask again after the pause that Slack asks for, three times."""
    for _ in range(3):
        try:
            return await asked(call())
        except Later as later:
            await asyncio.sleep(later.seconds)
    return await asked(call())
