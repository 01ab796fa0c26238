"""Events that the app is subscribed to, in Slack's shapes, given to Socket Mode.

Shapes: docs.slack.dev/reference/events and .../apis/events-api. The app hears only of conversations that its bot is a
member of. Its own posts are told too, as Slack does.
"""

import secrets
import time
from typing import Any

from bot.sandbox.identity import new_id
from bot.sandbox.socket_mode import Delivery, SocketMode
from bot.sandbox.workspace import Channel, Message, Workspace

_VERIFICATION = secrets.token_hex(12)


class Events:
    """Turns what happens in the workspace into event deliveries."""

    def __init__(self, workspace: Workspace, socket: SocketMode) -> None:
        self._workspace = workspace
        self._socket = socket

    def posted(self, channel: Channel, message: Message) -> list[Delivery]:
        """Tell of a new message: `message`, and `app_mention` as a second event when it names the bot."""
        event = {
            **_public(message),
            "channel": channel.id,
            "event_ts": message["ts"],
            "channel_type": channel.kind,
        }
        sent = self._send(channel, event)
        mention = f"<@{self._workspace.app.user_id}>"
        own = message.get("bot_id") == self._workspace.app.bot_id
        if not own and channel.kind != "im" and mention in str(message.get("text", "")):
            mentioned = {k: v for k, v in event.items() if k not in {"channel_type", "subtype", "root"}}
            sent += self._send(channel, {**mentioned, "type": "app_mention"})
        return sent

    def changed(self, channel: Channel, now: Message, before: Message) -> list[Delivery]:
        event_ts = self._workspace.timestamps.next()
        event = {
            "type": "message",
            "subtype": "message_changed",
            "hidden": True,
            "message": _public(now),
            "previous_message": _public(before),
            "channel": channel.id,
            "ts": event_ts,
            "event_ts": event_ts,
            "channel_type": channel.kind,
        }
        return self._send(channel, event)

    def deleted(self, channel: Channel, before: Message) -> list[Delivery]:
        event_ts = self._workspace.timestamps.next()
        event = {
            "type": "message",
            "subtype": "message_deleted",
            "hidden": True,
            "deleted_ts": before["ts"],
            "previous_message": _public(before),
            "channel": channel.id,
            "ts": event_ts,
            "event_ts": event_ts,
            "channel_type": channel.kind,
        }
        return self._send(channel, event)

    def home_opened(self, user: str, channel: Channel, tab: str, view: dict[str, Any] | None) -> list[Delivery]:
        event: dict[str, Any] = {
            "type": "app_home_opened",
            "user": user,
            "channel": channel.id,
            "tab": tab,
            "event_ts": self._workspace.timestamps.next(),
        }
        if view is not None and tab == "home":
            event["view"] = view
        return self._send(channel, event)

    def other(self, name: str, channel: Channel, fields: dict[str, Any]) -> list[Delivery]:
        """Tell of an event that only the control API raises: app_context_changed, agent_session_stopped."""
        event = {"event_ts": self._workspace.timestamps.next(), "channel": channel.id, **fields, "type": name}
        return self._send(channel, event)

    def _send(self, channel: Channel, event: dict[str, Any]) -> list[Delivery]:
        if self._workspace.app.user_id not in channel.members:
            return []
        payload = {
            "token": _VERIFICATION,
            "team_id": self._workspace.team_id,
            "context_team_id": self._workspace.team_id,
            "context_enterprise_id": None,
            "api_app_id": self._workspace.app.id,
            "event": event,
            "type": "event_callback",
            "event_id": new_id("Ev"),
            "event_time": int(time.time()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": self._workspace.team_id,
                    "user_id": self._workspace.app.user_id,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": channel.is_ext_shared,
            "event_context": new_id("4-", 40),
        }
        about = event.get("message") or event
        ts = str(about.get("ts") or event.get("deleted_ts") or "")
        name = f"{event['type']}.{event['subtype']}" if "subtype" in event else str(event["type"])
        return [self._socket.send_event(payload, name=name, channel=channel.id, ts=ts)]


def _public(message: Message) -> Message:
    return {name: value for name, value in message.items() if not name.startswith("_")}
