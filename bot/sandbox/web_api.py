"""The Web API edge: token, faults, rate limits, the method, the call log. `handle` serves /api/{method}.

Order, as far as Slack documents it: an unknown method, then the token, then the scope, then the rate limit, then the
method's own checks.
"""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.sandbox import methods_chat as chat
from bot.sandbox import methods_read as read
from bot.sandbox import methods_views as views
from bot.sandbox.faults import Fault
from bot.sandbox.methods_chat import MAX_TEXT, find_conversation, find_thread, message_body, own_author
from bot.sandbox.response_urls import ResponseUrl
from bot.sandbox.slack_args import Args, SlackError, presented_token, read_args
from bot.sandbox.world import World


@dataclass(frozen=True, slots=True)
class Method:
    """One method: what does it, whose token it wants, and one of the scopes that allow it (empty: none needed)."""

    run: Callable[[World, Args], dict[str, Any]]
    scopes: tuple[str, ...] = ()
    caller: str = "bot"


_READ = ("channels:read", "groups:read", "im:read")
_HISTORY = ("channels:history", "groups:history", "im:history")
METHODS: dict[str, Method] = {
    "auth.test": Method(read.auth_test, caller="any"),
    "apps.connections.open": Method(read.open_connection, ("connections:write",), caller="app"),
    "chat.postMessage": Method(chat.post_message, ("chat:write",)),
    "chat.update": Method(chat.update_message, ("chat:write",)),
    "chat.delete": Method(chat.delete_message, ("chat:write",)),
    "chat.postEphemeral": Method(chat.post_ephemeral, ("chat:write",)),
    "conversations.history": Method(read.history, _HISTORY),
    "conversations.info": Method(read.conversation_info, _READ),
    "conversations.list": Method(read.list_conversations, _READ),
    "conversations.members": Method(read.conversation_members, _READ),
    "conversations.open": Method(read.open_conversation, ("im:write",)),
    "conversations.replies": Method(read.replies, _HISTORY),
    "users.conversations": Method(read.list_own_conversations, _READ),
    "users.info": Method(read.user_info, ("users:read",)),
    "views.open": Method(views.open_view),
    "views.publish": Method(views.publish_view),
    "views.push": Method(views.push_view),
    "views.update": Method(views.update_view),
}
GRANTED = sorted({scope for method in METHODS.values() for scope in method.scopes} - {"connections:write"})


class WebApi:
    """The Web API over one world."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one call and write its row into the call log."""
        world, name = self._world, request.match_info["method"]
        received = time.monotonic()
        status, args = 200, Args({})
        answer: dict[str, Any] = {}
        fault: Fault | None = None
        headers: dict[str, str] = {}
        try:
            args = await read_args(request)
            fault = world.faults.take(name, args.text("channel"))
            if fault is not None and fault.kind in {"slow", "drop_request"}:
                await asyncio.sleep(fault.seconds if fault.kind == "slow" else 0)
            if fault is not None and fault.kind in {"error", "http", "drop_request"}:
                status, headers, answer = _faulty(fault)
            else:
                status, headers, answer = self._call(name, request, args)
        except SlackError as refused:
            answer = refused.body()
        self._log(name, args, received, status, answer, fault)
        if fault is not None and fault.kind in {"drop_request", "drop_answer"} and request.transport is not None:
            request.transport.abort()
        text = "" if status >= 500 else json.dumps(answer, separators=(",", ":"))
        headers["X-OAuth-Scopes"] = ",".join(GRANTED)
        return web.Response(text=text, status=status, headers=headers, content_type="application/json")

    def _call(self, name: str, request: web.Request, args: Args) -> tuple[int, dict[str, str], dict[str, Any]]:
        world = self._world
        method = METHODS.get(name)
        if method is None:
            raise SlackError("unknown_method", req_method=name[:80])
        self._check_token(method, presented_token(request, args))
        if method.scopes and all(scope in world.missing_scopes for scope in method.scopes):
            provided = [scope for scope in GRANTED if scope not in world.missing_scopes]
            raise SlackError("missing_scope", needed=method.scopes[0], provided=",".join(provided))
        wait = world.limits.retry_after(name, args.text("channel"))
        if wait is not None:
            return 429, {"Retry-After": str(wait)}, {"ok": False, "error": "ratelimited"}
        return 200, {}, {"ok": True, **method.run(world, args)}

    def _check_token(self, method: Method, token: str) -> None:
        tokens = self._world.tokens
        if not token:
            raise SlackError("not_authed")
        wanted = {"bot": {tokens.bot}, "app": {tokens.app}, "any": {tokens.bot, tokens.app}}[method.caller]
        if token in wanted:
            return
        raise SlackError("not_allowed_token_type" if token in {tokens.bot, tokens.app} else "invalid_auth")

    def _log(
        self, name: str, args: Args, received: float, status: int, answer: dict[str, Any], fault: Fault | None
    ) -> None:
        error = "" if answer.get("ok") else str(answer.get("error", ""))
        blocks = args.get("blocks")
        now = time.monotonic()
        row = {
            "method": name,
            "status": status,
            "ok": bool(answer.get("ok")),
            "error": error,
            "received": received,
            "answered": now,
            "at": time.time() - (now - received),
            "channel": args.text("channel"),
            "thread_ts": args.text("thread_ts"),
            "ts": str(answer.get("ts") or answer.get("message_ts") or args.text("ts")),
            "user": args.text("user") or args.text("user_id"),
            "text": args.text("text")[:160],
            "blocks": len(blocks) if isinstance(blocks, list) else 0,
            "fault": fault.kind if fault else "",
            "messages": (answer.get("response_metadata") or {}).get("messages", []),
        }
        self._world.calls.append(row)
        if error and fault is None:
            why = "; ".join(str(each) for each in row["messages"][:3])
            self._world.notice("refused", f"{name}: {error}{' - ' + why if why else ''}")

    async def handle_response_url(self, request: web.Request) -> web.StreamResponse:
        """Serve POST /response/{key}: an answer to an interaction, at most five in 30 minutes."""
        used = self._world.response_urls.use(request.match_info["key"])
        if isinstance(used, str):
            return web.json_response({"ok": False, "error": used}, status=404)
        try:
            respond(self._world, used, await read_args(request))
        except SlackError as refused:
            self._world.notice("refused", f"response_url: {refused.error}")
            return web.json_response(refused.body(), status=400 if refused.error == "invalid_blocks" else 200)
        return web.Response(text="ok")


def _faulty(fault: Fault) -> tuple[int, dict[str, str], dict[str, Any]]:
    if fault.kind == "http":
        headers = {"Retry-After": str(fault.retry_after)} if fault.status == 429 else {}
        return fault.status, headers, {"ok": False, "error": "ratelimited" if fault.status == 429 else ""}
    return 200, {}, {"ok": False, "error": fault.error}


def respond(world: World, to: ResponseUrl, args: Args) -> None:
    """Carry out an answer through a response_url, or in a slash command's ack. Raises SlackError."""
    workspace = world.workspace
    channel = workspace.channels[to.channel]
    if args.flag("delete_original"):
        if to.ts in channel.messages:
            world.events.deleted(channel, workspace.delete(channel, to.ts))
        workspace.replace_ephemeral(channel, to.ts, None)
        return
    body = {**own_author(world), **message_body(args, limit=MAX_TEXT)}
    if args.flag("replace_original") and to.ts:
        if to.ts in channel.messages:
            now, before = workspace.edit(channel, to.ts, {"blocks": None, **body}, workspace.app.user_id)
            world.events.changed(channel, now, before)
        else:
            workspace.replace_ephemeral(channel, to.ts, body)
        return
    thread_ts = find_thread(channel, args)
    if args.text("response_type") == "in_channel":
        world.events.posted(channel, workspace.post(channel, body, thread_ts=thread_ts))
    else:
        workspace.post_ephemeral(channel, to.user, {**body, **({"thread_ts": thread_ts} if thread_ts else {})})


__all__ = ["METHODS", "WebApi", "find_conversation", "respond"]
