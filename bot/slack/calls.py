"""One outbox row as one call of Slack's Web API, and what Slack's answer means."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.alert import SlackRef
from bot.domain.durable import Message, OutboxRow, Place
from bot.slack.blocks import fallback_text, render_home, render_message, render_modal

METHOD = {Place.EPHEMERAL: "chat.postEphemeral", Place.VIEW: "views.update", Place.HOME: "views.publish"}
VIEW_GONE = frozenset({"not_found", "view_not_found", "expired_trigger_id"})
NOT_HERE = frozenset({"not_in_channel", "channel_not_found", "user_not_in_channel", "messages_tab_disabled"})
BAD_BLOCKS = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "invalid_arguments"})
PAGES = 5


class Later(Exception):
    """Slack said 429: not before `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"rate limited for {seconds} s")
        self.seconds = seconds


class Lost(Exception):
    """No answer, or a 5xx: it may have been done."""


class Never(Exception):
    """Slack refuses this write for good."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


def method_of(row: OutboxRow) -> str:
    """Return the Web API method that the row needs now."""
    if row.message.place is Place.MESSAGE:
        return "chat.update" if row.ref else "chat.postMessage"
    return METHOD[row.message.place]


@dataclass(frozen=True)
class Caller:
    """Sends rows. Raises Later, Lost or Never, and nothing else of Slack's."""

    client: AsyncWebClient

    async def send(self, row: OutboxRow) -> SlackRef | None:
        """Send the row once and return where it stands (None for what has no place)."""
        message = row.message
        if message.place is Place.MESSAGE:
            return await self._update(row, row.ref) if row.ref else await self._post(message)
        if message.place is Place.EPHEMERAL:
            await self._whisper(message)
        elif message.place is Place.VIEW:
            await self._view(message)
        else:
            await asked(self.client.views_publish(user_id=message.user, view=render_home(message.report)))
        return None

    async def look(self, row: OutboxRow) -> SlackRef | None:
        """Find our message by its metadata, in its thread, or in the channel when it is a root of its own.

        None: it is not there. Raises Later, Lost or Never.
        """
        message = row.message
        cursor = ""
        for _ in range(PAGES):
            answer = await self._page(message, cursor)
            for found in answer.get("messages") or []:
                metadata = found.get("metadata") or {}
                if metadata.get("event_type") == message.event_type and _same(
                    metadata.get("event_payload") or {}, message
                ):
                    return SlackRef(
                        team=message.team, channel=message.channel, ts=found["ts"], thread_ts=message.thread_ts or None
                    )
            cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                break
        return None

    async def _page(self, message: Message, cursor: str) -> Any:
        if not message.thread_ts:
            return await asked(
                self.client.conversations_history(
                    channel=message.channel, include_all_metadata=True, limit=200, cursor=cursor or None
                )
            )
        return await asked(
            self.client.conversations_replies(
                channel=message.channel,
                ts=message.thread_ts,
                include_all_metadata=True,
                limit=200,
                cursor=cursor or None,
            )
        )

    async def _post(self, message: Message) -> SlackRef:
        answer = await self._with_blocks(
            message,
            lambda content: self.client.chat_postMessage(
                channel=message.channel,
                thread_ts=message.thread_ts or None,
                metadata=_metadata(message),
                unfurl_links=False,
                unfurl_media=False,
                **content,
            ),
        )
        return SlackRef(
            team=message.team, channel=answer["channel"], ts=answer["ts"], thread_ts=message.thread_ts or None
        )

    async def _update(self, row: OutboxRow, ref: SlackRef) -> SlackRef:
        await self._with_blocks(
            row.message,
            lambda content: self.client.chat_update(
                channel=ref.channel, ts=ref.ts, metadata=_metadata(row.message), parse="none", **content
            ),
        )
        return ref

    async def _whisper(self, message: Message) -> None:
        """Say it to the person alone; where we cannot (not in the channel), in a direct message."""
        try:
            await self._with_blocks(
                message,
                lambda content: self.client.chat_postEphemeral(
                    channel=message.channel, user=message.user, thread_ts=message.thread_ts or None, **content
                ),
            )
        except Never as refused:
            if refused.error not in NOT_HERE:
                raise
            await self._with_blocks(
                message, lambda content: self.client.chat_postMessage(channel=message.user, **content)
            )

    async def _view(self, message: Message) -> None:
        external_id = message.key.removeprefix("view:")
        view = render_modal(message.report, external_id=external_id)
        for patience in (0.1, 0.3, 0.8, None):
            try:
                await asked(self.client.views_update(external_id=external_id, view=view))
            except Never as refused:
                if refused.error not in VIEW_GONE:
                    raise
                if patience is not None:  # the edge may still be opening it
                    await asyncio.sleep(patience)
            else:
                return
        if message.instead is not None:
            await self._whisper(_instead(message))

    async def _with_blocks(self, message: Message, call: Any) -> Any:
        """Send with blocks; if Slack does not take them, the words alone, so that a card is never missing."""
        text, blocks = render_message(message.report)
        try:
            return await asked(call({"text": text, "blocks": blocks}))
        except Never as refused:
            if refused.error not in BAD_BLOCKS:
                raise
            return await asked(call({"text": fallback_text(message.report), "blocks": []}))


def _instead(message: Message) -> Message:
    assert message.instead is not None
    return Message(
        key=message.key,
        place=Place.EPHEMERAL,
        report=message.instead,
        team=message.team,
        channel=message.channel,
        thread_ts=message.thread_ts,
        user=message.user,
    )


def _metadata(message: Message) -> dict[str, Any]:
    return {"event_type": message.event_type, "event_payload": _payload(message)}


def _payload(message: Message) -> dict[str, str]:
    """Return the ids that the message carries: never content, since every app in the channel can read it."""
    if message.event_type == "codehealer_card":
        proposal = {"proposal": message.proposal_id} if message.proposal_id else {}
        return {"incident": message.incident_id, **proposal}
    incident = {"incident": message.incident_id} if message.incident_id else {}
    return {**incident, "key": message.key}


def _same(payload: dict[str, Any], message: Message) -> bool:
    """Whether that metadata is this message's: a card is one for its incident, anything else by its key."""
    if message.event_type == "codehealer_card":
        return payload.get("incident") == message.incident_id
    return payload.get("key") == message.key


async def asked(call: Any) -> Any:
    """Await a call of slack_sdk and translate its failures, once."""
    try:
        answer = await call
    except SlackApiError as error:
        response = error.response
        status = int(getattr(response, "status_code", 0) or 0)
        code = error_code(response)
        if status == 429 or code == "ratelimited":
            raise Later(retry_after(response)) from error
        if status >= 500 or code in {"internal_error", "fatal_error", "service_unavailable", "request_timeout"}:
            raise Lost(code or f"HTTP {status}") from error
        raise Never(code or f"HTTP {status}") from error
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise Lost(type(error).__name__) from error
    return answer


def error_code(response: Any) -> str:
    """Return Slack's name for the error; empty for an answer that is no JSON object: a proxy's page, a 5xx's text."""
    data = getattr(response, "data", response)
    return str(data.get("error") or "") if isinstance(data, Mapping) else ""


def retry_after(response: Any) -> float:
    """Return the seconds that a 429 asks for, between 0.1 and an hour; 1 where it does not say."""
    headers = getattr(response, "headers", None) or {}
    raw: Any = next((value for name, value in headers.items() if name.lower() == "retry-after"), "1")
    raw = raw[0] if isinstance(raw, list) and raw else raw
    try:
        return min(max(float(raw), 0.1), 3600.0)
    except (TypeError, ValueError):
        return 1.0
