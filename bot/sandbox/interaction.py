"""What a person does: say, press, submit, close, type a command, open the Home tab. Slack's payloads for each.

Shapes: docs.slack.dev/reference/interaction-payloads and .../interactivity/implementing-slash-commands. Every act
returns what came of it; an interaction that got no ack within 3 seconds is written down as a notice, which the page
shows to the person, as Slack would.
"""

import re
from collections.abc import Mapping
from typing import Any

from bot.sandbox.block_kit import check_view, interactive_elements
from bot.sandbox.form_state import action_of, check_inputs, read_state
from bot.sandbox.response_urls import ResponseUrl
from bot.sandbox.slack_args import Args, SlackError
from bot.sandbox.socket_mode import Delivery, SocketMode
from bot.sandbox.views import View, ViewRefusedError
from bot.sandbox.web_api import respond
from bot.sandbox.workspace import Channel, Message
from bot.sandbox.world import World

_WORD = re.compile(r"@([a-z0-9._-]{1,40})", re.IGNORECASE)


class NotPossibleError(Exception):
    """A person could not do this in Slack either: the button, channel or view is not there."""


class People:
    """The hands of the people in the workspace."""

    def __init__(self, world: World) -> None:
        self._world = world

    # --- words -------------------------------------------------------------------------------------------------

    def say(self, user: str, channel: Channel, text: str, thread_ts: str | None = None) -> Message:
        """Post as a person; "@name" of a member becomes a mention, as Slack's composer does."""
        world = self._world
        self._member(user, channel)
        if thread_ts is not None and thread_ts not in channel.messages:
            raise NotPossibleError("no such thread")
        names = {person.name: person.id for person in world.workspace.people.values()}
        written = _WORD.sub(lambda m: f"<@{names[m[1].lower()]}>" if m[1].lower() in names else m[0], text)
        body = {"user": user, "text": written, "client_msg_id": world.workspace.timestamps.next()}
        message = world.workspace.post(channel, body, thread_ts=thread_ts)
        world.events.posted(channel, message)
        return message

    async def command(self, user: str, channel: Channel, command: str, text: str) -> dict[str, Any]:
        """Run a slash command. Returns {acked}; an unknown one is Slack's own error."""
        world = self._world
        person = self._member(user, channel)
        if command not in world.commands:
            raise NotPossibleError(f"{command} is not a valid command")
        path = world.response_urls.new_path(user, channel.id)
        payload = {
            "token": "sandbox",
            "team_id": world.workspace.team_id,
            "team_domain": world.workspace.team_domain,
            "channel_id": channel.id,
            "channel_name": "directmessage" if channel.kind == "im" else channel.name,
            "user_id": user,
            "user_name": person.name,
            "command": command,
            "text": text,
            "api_app_id": world.workspace.app.id,
            "is_enterprise_install": "false",
            "response_url": world.base + path,
            "trigger_id": world.views.new_trigger(user),
        }
        delivery = world.socket.send_interaction(
            "slash_commands", payload, name=command, channel=channel.id, accepts=True
        )
        acked = await self._answered(delivery, user, f"{command} failed: the app did not answer in time.")
        answer = delivery.answer or {}
        if acked and (answer.get("text") or answer.get("blocks")):
            self._reply(ResponseUrl(user, channel.id, "", 0.0), answer)
        return {"acked": acked, "trigger_id": payload["trigger_id"]}

    # --- clicks ------------------------------------------------------------------------------------------------

    async def click(self, user: str, channel: Channel, ts: str, action_id: str, **more: Any) -> dict[str, Any]:
        """Press a button (or pick an option) of a message. `more`: block_id, value, values."""
        world = self._world
        self._member(user, channel)
        message = channel.messages.get(ts) or world.workspace.find_ephemeral(channel, ts)
        if message is None or message.get("ephemeral_user", user) != user:
            raise NotPossibleError("no such message")
        if message.get("bot_id") != world.workspace.app.bot_id:
            raise NotPossibleError("the message belongs to another app")
        blocks = _blocks_of(message)
        block, element = _find_element(blocks, action_id, more.get("block_id"), more.get("value"))
        container: dict[str, Any] = {
            "type": "message",
            "message_ts": ts,
            "channel_id": channel.id,
            "is_ephemeral": bool(message.get("is_ephemeral")),
        }
        if message.get("thread_ts"):
            container["thread_ts"] = message["thread_ts"]
        payload: dict[str, Any] = {
            **self._interaction("block_actions", user),
            "container": container,
            "channel": {"id": channel.id, "name": channel.name},
            "state": {"values": read_state(blocks, more.get("values") or {})},
            "response_url": world.base + world.response_urls.new_path(user, channel.id, ts),
            "actions": [action_of(block, element, more.get("value"), world.workspace.timestamps.next())],
        }
        if not message.get("is_ephemeral"):
            payload["message"] = message
        return await self._send_click(payload, user, action_id, channel.id, ts)

    async def click_in_view(self, user: str, view: View, action_id: str, **more: Any) -> dict[str, Any]:
        """Press a button of a modal or of the Home tab. `more`: block_id, value, values."""
        self._owns(user, view)
        blocks = view.body["blocks"]
        block, element = _find_element(blocks, action_id, more.get("block_id"), more.get("value"))
        view.values = read_state(blocks, more.get("values") or {})
        described = self._world.views.describe(view)
        payload = {
            **self._interaction("block_actions", user, view.id),
            "container": {"type": "view", "view_id": view.id},
            "view": described,
            "actions": [action_of(block, element, more.get("value"), self._world.workspace.timestamps.next())],
        }
        return await self._send_click(payload, user, action_id, "", view.id)

    async def _send_click(self, payload: dict[str, Any], user: str, name: str, channel: str, ts: str) -> dict[str, Any]:
        delivery = self._world.socket.send_interaction("interactive", payload, name=name, channel=channel, ts=ts)
        acked = await self._answered(delivery, user, "The app did not answer in time. Please try again.")
        return {"acked": acked, "trigger_id": payload["trigger_id"]}

    async def shortcut(self, user: str, channel: Channel, ts: str, callback_id: str) -> dict[str, Any]:
        """Use a message shortcut on a message."""
        self._member(user, channel)
        if ts not in channel.messages:
            raise NotPossibleError("no such message")
        world = self._world
        payload = {
            **self._interaction("message_action", user),
            "callback_id": callback_id,
            "action_ts": world.workspace.timestamps.next(),
            "message_ts": ts,
            "message": channel.messages[ts],
            "channel": {"id": channel.id, "name": channel.name},
            "response_url": world.base + world.response_urls.new_path(user, channel.id, ts),
        }
        return await self._send_click(payload, user, callback_id, channel.id, ts)

    # --- modals and the Home tab -------------------------------------------------------------------------------

    async def submit(self, user: str, view: View, given: Mapping[str, Any]) -> dict[str, Any]:
        """Submit a modal. Returns {acked, response_action?, errors?}; errors are shown under their inputs."""
        self._owns(user, view)
        views = self._world.views
        if not view.body.get("submit"):
            raise NotPossibleError("the modal has no submit button")
        view.values = read_state(view.body["blocks"], given)
        complaints = check_inputs(view.body["blocks"], view.values)
        if complaints:
            views.show_errors(view, complaints)
            return {"acked": False, "errors": complaints}
        payload = {
            **self._interaction("view_submission", user, view.id),
            "view": views.describe(view),
            "response_urls": [],
        }
        delivery = self._world.socket.send_interaction(
            "interactive", payload, name=str(view.body.get("callback_id", "")), ts=view.id, accepts=True
        )
        acked = await self._answered(delivery, user, "We had some trouble connecting. Try again?")
        if not acked:
            return {"acked": False}
        return {"acked": True, **self._after_submission(view, delivery.answer or {})}

    def _after_submission(self, view: View, answer: dict[str, Any]) -> dict[str, Any]:
        """Do what the ack asked for; what Slack would refuse is a notice to the developer and to the person."""
        try:
            return self._carry_out(view, answer)
        except ViewRefusedError as refused:
            self._world.notice("refused", f"view_submission answer: {refused.error}")
            self._world.notice("unanswered", "We had some trouble connecting. Try again?", view.user)
            return {"response_action": answer.get("response_action"), "refused": refused.error}

    def _carry_out(self, view: View, answer: dict[str, Any]) -> dict[str, Any]:
        views, action = self._world.views, answer.get("response_action")
        if action is None:
            views.close(view)
            return {}
        if action == "clear":
            views.close_stack(view)
        elif action == "errors":
            known = {str(block["block_id"]) for block in view.body["blocks"] if block.get("type") == "input"}
            errors = {str(k): str(v) for k, v in (answer.get("errors") or {}).items()}
            if not errors or set(errors) - known:
                raise ViewRefusedError("errors must name input blocks of the view")
            views.show_errors(view, errors)
            return {"response_action": action, "errors": errors}
        elif action in ("update", "push"):
            body = answer.get("view")
            problems = check_view(body, "modal")
            if problems or not isinstance(body, dict):
                raise ViewRefusedError("; ".join(str(problem) for problem in problems[:3]))
            if action == "update":
                views.update(view, body, None)
            else:
                views.push_on(view, body)
        else:
            raise ViewRefusedError(f"unknown response_action {str(action)[:40]}")
        return {"response_action": action}

    def close_view(self, user: str, view: View, *, whole_stack: bool = False) -> None:
        """Close a modal (or its whole stack); the app is told when the view asked for it."""
        self._owns(user, view)
        closing = self._world.views.stack(view) if whole_stack else [view]
        for each in reversed(closing):
            self._world.views.close(each)
            if each.body.get("notify_on_close"):
                payload = {
                    **self._interaction("view_closed", user),
                    "view": self._world.views.describe(each),
                    "is_cleared": whole_stack,
                }
                del payload["trigger_id"]
                self._world.socket.send_interaction("interactive", payload, name="view_closed", ts=each.id)

    def open_home(self, user: str, tab: str = "home") -> None:
        home = self._world.views.homes.get(user)
        view = self._world.views.describe(home) if home else None
        self._world.events.home_opened(user, self._world.workspace.direct_message(user), tab, view)

    # --- common parts of payloads ------------------------------------------------------------------------------

    def _interaction(self, kind: str, user: str, view_id: str | None = None) -> dict[str, Any]:
        workspace = self._world.workspace
        person = workspace.people[user]
        return {
            "type": kind,
            "user": {"id": user, "username": person.name, "name": person.name, "team_id": person.team_id},
            "api_app_id": workspace.app.id,
            "token": "sandbox",
            "team": {"id": workspace.team_id, "domain": workspace.team_domain},
            "enterprise": None,
            "is_enterprise_install": False,
            "trigger_id": self._world.views.new_trigger(user, view_id),
        }

    async def _answered(self, delivery: Delivery, user: str, complaint: str) -> bool:
        acked = await SocketMode.answered(delivery)
        if not acked:
            self._world.notice("unanswered", complaint, user)
        return acked

    def _reply(self, to: ResponseUrl, answer: dict[str, Any]) -> None:
        try:
            respond(self._world, to, Args(answer))
        except SlackError as refused:
            self._world.notice("refused", f"command answer: {refused.error}", to.user)

    def _member(self, user: str, channel: Channel) -> Any:
        person = self._world.workspace.people.get(user)
        if person is None or person.is_bot:
            raise NotPossibleError("no such person")
        if user not in channel.members:
            raise NotPossibleError(f"{person.name} is not in #{channel.name}")
        return person

    @staticmethod
    def _owns(user: str, view: View) -> None:
        if view.user != user or not view.is_open:
            raise NotPossibleError("no such open view")


def _blocks_of(message: Message) -> list[dict[str, Any]]:
    """List a message's blocks, those inside of attachments too."""
    blocks = list(message.get("blocks") or [])
    for attachment in message.get("attachments") or []:
        blocks += attachment.get("blocks") or []
    return [block for block in blocks if isinstance(block, dict)]


def _find_element(
    blocks: list[dict[str, Any]], action_id: str, block_id: str | None, value: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Find the element by action_id; where several share it, by block_id or by the button's own value."""
    found = [
        (block, element)
        for block in blocks
        for element in interactive_elements(block)
        if element.get("action_id") == action_id and (block_id is None or block.get("block_id") == block_id)
    ]
    if not found:
        raise NotPossibleError(f"no element with action_id {action_id}")
    exact = [pair for pair in found if value is not None and pair[1].get("value") == value]
    return (exact or found)[0]
