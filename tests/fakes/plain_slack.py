"""A second Slack, written from Slack's documents and independent of the sandbox: HTTP and WebSocket, strict, stateful.

It runs on a loop of its own in a thread, so that a test talks to it while a real bot process is connected. It knows the
methods that CodeHealer may call and nothing else; whatever Slack would refuse is refused and kept in `refusals`, whatever
Slack would ignore but nobody should send (undocumented arguments) in `oddities`.
"""

import asyncio
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import count
from typing import Self, TypeVar

from aiohttp import WSMsgType, web

from tests.fakes.plain_blocks import problems, view_problems

T = TypeVar("T")
Json = dict[str, object]

BOT_TOKEN, APP_TOKEN = "xoxb-plain-1", "xapp-plain-1"
TEAM, APP, BOT, BOT_USER = "T0PLAIN001", "A0PLAIN001", "B0PLAIN001", "U0PLAINBOT"
ANA, BEN = "U0ANA00001", "U0BEN00001"
ACK_SECONDS = 3.0
RETRY_SECONDS = (0.0, 2.0, 5.0)

MESSAGE = {"channel", "text", "blocks", "attachments", "metadata", "thread_ts", "unfurl_links", "unfurl_media", "mrkdwn", "reply_broadcast", "parse", "link_names"}  # fmt: skip
PAGE = {"channel", "cursor", "limit", "latest", "oldest", "inclusive", "include_all_metadata"}
METHODS: dict[str, tuple[set[str], set[str], int]] = {
    # method: (documented arguments, required ones, calls a minute)
    "auth.test": (set(), set(), 600),
    "apps.connections.open": (set(), set(), 50),
    "chat.postMessage": (MESSAGE, {"channel"}, 600),
    "chat.update": (MESSAGE | {"ts", "as_user"}, {"channel", "ts"}, 50),
    "chat.postEphemeral": (MESSAGE | {"user"}, {"channel", "user"}, 100),
    "conversations.info": ({"channel", "include_locale", "include_num_members"}, {"channel"}, 50),
    "conversations.history": (PAGE, {"channel"}, 50),
    "conversations.replies": (PAGE | {"ts"}, {"channel", "ts"}, 50),
    "conversations.members": ({"channel", "cursor", "limit"}, {"channel"}, 100),
    "users.info": ({"user", "include_locale"}, {"user"}, 100),
    "views.open": ({"view", "trigger_id"}, {"view", "trigger_id"}, 100),
    "views.update": ({"view", "external_id", "view_id", "hash"}, {"view"}, 100),
    "views.publish": ({"view", "user_id", "hash"}, {"view", "user_id"}, 100),
}
WORKSPACE = {"team_id"}
"""Taken by every method (org tokens need it); Bolt's own clients send it along."""
BURST = 4
"""Posts to one channel that pass at once; then one a second. Slack says only that short bursts pass."""


class Refused(Exception):
    """Slack's `{"ok": false}`."""

    def __init__(self, error: str, *why: str, status: int = 200, retry_after: int = 0) -> None:
        super().__init__(error, *why)
        self.error, self.why, self.status, self.retry_after = error, why, status, retry_after


@dataclass
class Room:
    id: str
    name: str
    members: set[str]
    messages: dict[str, Json] = field(default_factory=dict)
    whispers: list[Json] = field(default_factory=list)


@dataclass
class Envelope:
    """One delivery; `acked` is how many seconds its ack took, None while there is none."""

    kind: str
    payload: Json
    tries: int = 0
    sent_at: float = 0.0
    acked: float | None = None
    answer: Json = field(default_factory=dict)


@dataclass(frozen=True)
class Order:
    """The next `times` calls of a method are answered so: an error of Slack's, 429 with Retry-After, or an HTTP status."""

    method: str
    error: str = ""
    status: int = 200
    retry_after: int = 0
    times: int = 1


class PlainSlack:
    """Start it with `with`; every public method may be called from the test's thread."""

    def __init__(self) -> None:
        self.rooms: dict[str, Room] = {}
        self.calls: list[tuple[str, str, Json]] = []
        self.refusals: list[tuple[str, str, tuple[str, ...]]] = []
        self.oddities: list[str] = []
        self.envelopes: list[Envelope] = []
        self.views: dict[str, Json] = {}
        self.homes: dict[str, Json] = {}
        self.hellos = 0
        self._orders: list[list[object]] = []
        self._numbers = count(1)
        self._spent: dict[tuple[str, str], list[float]] = {}
        self._open: dict[str, Envelope] = {}
        self._tickets: set[str] = set()
        self._triggers: dict[str, float] = {}
        self._socket: web.WebSocketResponse | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="plain-slack", daemon=True)
        self._runner: web.AppRunner | None = None
        self.base = ""

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._listen())
        for name in ("alerts", "ci", "deploys", "pages", "night", "extra"):
            self.add_room(name)
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _do(self, work) -> object:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def _now(self, work: Callable[[], T]) -> T:
        """Run work on the loop, where all state lives."""
        done: Future[T] = Future()

        def run() -> None:
            try:
                done.set_result(work())
            except Exception as error:  # it is the test's
                done.set_exception(error)

        self._loop.call_soon_threadsafe(run)
        return done.result(30)

    async def _listen(self) -> None:
        app = web.Application(client_max_size=8 * 1024 * 1024)
        app.add_routes([web.route("*", "/api/{method}", self._serve), web.get("/link", self._serve_socket)])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.base = f"127.0.0.1:{self._runner.addresses[0][1]}"

    async def _stop(self) -> None:
        if self._socket is not None:
            await self._socket.close()
        assert self._runner is not None
        await self._runner.cleanup()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def settings(self) -> dict[str, str]:
        """Return the environment that points a bot here."""
        return {
            "SLACK_API_URL": f"http://{self.base}/api/",
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
        }

    # --- what happens in the workspace

    def add_room(self, name: str) -> str:
        room = Room(id=f"C0{name.upper():0<8}", name=name, members={BOT_USER, ANA, BEN})
        self.rooms[room.id] = room
        return room.id

    def post(self, room: str, message: Json, *, silent: bool = False, thread_ts: str = "") -> str:
        """Let another app post, or a person (`user` and client_msg_id); `silent`: no event of it reaches us."""
        return self._now(lambda: self._post(room, message, silent=silent, thread_ts=thread_ts))

    def _post(self, room: str, message: Json, *, silent: bool, thread_ts: str) -> str:
        ts = self._new_ts()
        stored = {"type": "message", **message, "ts": ts, "team": TEAM}
        stored |= {"thread_ts": thread_ts} if thread_ts else {}
        self.rooms[room].messages[ts] = stored
        if not silent:
            self.event({**stored, "channel": room, "event_ts": ts, "channel_type": "channel"})
        return ts

    def change(self, room: str, message: Json, previous: Json) -> str:
        """Let another app post silently and then edit it in place."""

        def work() -> str:
            ts = self._post(room, previous, silent=True, thread_ts="")
            edited = self._new_ts()
            now = {"type": "message", **message, "ts": ts, "edited": {"user": "U0OTHERAPP", "ts": edited}}
            before, self.rooms[room].messages[ts] = self.rooms[room].messages[ts], now
            self.event({"type": "message", "subtype": "message_changed", "hidden": True, "channel": room, "ts": edited, "event_ts": edited,
                        "channel_type": "channel", "message": now, "previous_message": before})  # fmt: skip
            return ts

        return self._now(work)

    def event(self, event: Json) -> None:
        number = next(self._numbers)
        self._send("events_api", {"token": "legacy", "team_id": TEAM, "api_app_id": APP, "type": "event_callback", "event": event,
                   "event_id": f"Ev{number:010d}", "event_time": int(time.time()), "is_ext_shared_channel": False,
                   "authorizations": [{"team_id": TEAM, "user_id": BOT_USER, "is_bot": True, "is_enterprise_install": False}]})  # fmt: skip

    def raise_event(self, event: Json) -> None:
        self._now(lambda: self.event(event))

    def press(self, room: str, ts: str, action_id: str, value: str, user: str = ANA) -> Envelope:
        """Press a button of one of the bot's messages."""

        def work() -> Envelope:
            message = self.rooms[room].messages[ts]
            container = {"type": "message", "message_ts": ts, "channel_id": room, "thread_ts": message.get("thread_ts")}
            action = {
                "type": "button",
                "action_id": action_id,
                "block_id": "b",
                "value": value,
                "action_ts": self._new_ts(),
            }
            return self._send("interactive", {**self._person("block_actions", user), "container": container, "message": message,
                              "channel": {"id": room, "name": self.rooms[room].name}, "state": {"values": {}},
                              "response_url": f"http://{self.base}/response/1", "actions": [action]})  # fmt: skip

        return self._now(work)

    def command(self, room: str, text: str, user: str = ANA) -> Envelope:
        def work() -> Envelope:
            return self._send("slash_commands", {"command": "/heal", "text": text, "user_id": user, "user_name": "ana", "channel_id": room,
                              "channel_name": self.rooms[room].name, "team_id": TEAM, "team_domain": "plain", "api_app_id": APP,
                              "is_enterprise_install": "false", "trigger_id": self._trigger(),
                              "response_url": f"http://{self.base}/response/1"})  # fmt: skip

        return self._now(work)

    def order(self, **fields: object) -> None:
        """Let the next calls of a method fail."""
        made = Order(**fields)
        self._now(lambda: self._orders.append([made, made.times]))

    def disconnect(self, reason: str) -> None:
        """Tell the bot to go; Slack closes the socket a little later."""

        async def work() -> None:
            socket = self._socket
            assert socket is not None
            await socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "plain"}})

        self._do(work())

    def cut(self) -> None:
        """Break the connection without a word."""

        def work() -> None:
            socket, self._socket = self._socket, None
            if socket is not None and socket._req is not None and socket._req.transport is not None:
                socket._req.transport.abort()

        self._now(work)

    def thread(self, room: str, ts: str) -> list[Json]:
        """Return the bot's messages in a thread, oldest first."""
        return self._now(
            lambda: [
                m for m in self.rooms[room].messages.values() if m.get("thread_ts") == ts and m.get("bot_id") == BOT
            ]
        )

    def _person(self, kind: str, user: str) -> Json:
        return {"type": kind, "team": {"id": TEAM, "domain": "plain"}, "api_app_id": APP, "token": "legacy", "enterprise": None,
                "user": {"id": user, "username": user.lower(), "team_id": TEAM}, "trigger_id": self._trigger()}  # fmt: skip

    def _trigger(self) -> str:
        trigger = f"{next(self._numbers)}.{TEAM}"
        self._triggers[trigger] = time.monotonic()
        return trigger

    def _new_ts(self) -> str:
        return f"{int(time.time())}.{next(self._numbers):06d}"

    # --- Socket Mode

    async def _serve_socket(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=403)
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(heartbeat=20)
        await socket.prepare(request)
        self.hellos += 1
        await socket.send_json({"type": "hello", "num_connections": 1, "connection_info": {"app_id": APP},
                                "debug_info": {"host": "plain", "approximate_connection_time": 18060}})  # fmt: skip
        self._socket = socket
        async for frame in socket:
            if frame.type is WSMsgType.TEXT and frame.data.startswith("{"):
                self._heard(json.loads(frame.data))
        if self._socket is socket:
            self._socket = None
        return socket

    def _heard(self, frame: Json) -> None:
        envelope = self._open.pop(str(frame.get("envelope_id")), None)
        if envelope is None:
            self.oddities.append(f"an ack of no envelope: {str(frame)[:200]}")
            return
        if envelope.acked is None:
            envelope.acked = time.monotonic() - envelope.sent_at
            envelope.answer = frame.get("payload") or {}

    def _send(self, kind: str, payload: Json) -> Envelope:
        envelope = Envelope(kind, payload)
        self.envelopes.append(envelope)
        self._attempt(envelope)
        return envelope

    def _attempt(self, envelope: Envelope) -> None:
        if envelope.acked is not None:
            return
        tries, envelope.tries = envelope.tries, envelope.tries + 1
        if kind_retries(envelope.kind) > tries:
            wait = ACK_SECONDS + RETRY_SECONDS[tries] if self._socket is not None else RETRY_SECONDS[tries]
            self._loop.call_later(wait, self._attempt, envelope)
        if self._socket is None:
            return
        envelope_id = f"env-{next(self._numbers)}"
        self._open[envelope_id] = envelope
        envelope.sent_at = time.monotonic()
        frame = {"envelope_id": envelope_id, "type": envelope.kind, "payload": envelope.payload,
                 "accepts_response_payload": envelope.kind != "events_api"}  # fmt: skip
        if envelope.kind == "events_api":
            frame |= {"retry_attempt": tries, "retry_reason": "timeout" if tries else ""}
        sending = self._loop.create_task(self._socket.send_json(frame))
        sending.add_done_callback(lambda task: task.cancelled() or task.exception())

    # --- the Web API

    async def _serve(self, request: web.Request) -> web.Response:
        name = request.match_info["method"]
        given, token = await _read(request)
        self.calls.append((name, "", given))
        at = len(self.calls) - 1
        try:
            self._obey(name)
            answer = {"ok": True, **self._call(name, given, token)}
        except Refused as refused:
            self.calls[at] = (name, refused.error, given)
            if refused.why != ("ordered",):
                self.refusals.append((name, refused.error, refused.why))
            headers = {"Retry-After": str(refused.retry_after)} if refused.retry_after else {}
            if refused.status >= 500:
                return web.Response(status=refused.status, text="upstream error")
            body = {"ok": False, "error": refused.error, "response_metadata": {"messages": list(refused.why)}}
            return web.json_response(body, status=refused.status, headers=headers)
        return web.json_response(answer)

    def _obey(self, name: str) -> None:
        order = self._take(name)
        if order is not None:
            raise Refused(order.error or "ratelimited", "ordered", status=order.status, retry_after=order.retry_after)

    def _take(self, name: str) -> Order | None:
        for entry in self._orders:
            order = entry[0]
            assert isinstance(order, Order)
            if order.method == name and int(str(entry[1])) > 0:
                entry[1] = int(str(entry[1])) - 1
                return order
        return None

    def _call(self, name: str, given: Json, token: str) -> Json:
        if name not in METHODS:
            raise Refused("unknown_method")
        known, required, rate = METHODS[name]
        if token != (APP_TOKEN if name == "apps.connections.open" else BOT_TOKEN):
            raise Refused("not_authed" if not token else "not_allowed_token_type")
        missing = [each for each in sorted(required) if not given.get(each)]
        if missing:
            raise Refused("invalid_arguments", *missing)
        self.oddities += [f"{name}: undocumented argument {each}" for each in sorted(set(given) - known - WORKSPACE)]
        self._spend((name, ""), rate, 60.0)
        return _WORK[name](self, given)

    def _spend(self, bucket: tuple[str, str], most: int, seconds: float) -> None:
        """Count a call, or refuse it: at most `most` in any span of so many seconds."""
        now = time.monotonic()
        spent = self._spent[bucket] = [at for at in self._spent.get(bucket, []) if now - at < seconds]
        if len(spent) >= most:
            raise Refused("ratelimited", f"more than {most} in {seconds:g} s", status=429, retry_after=1)
        spent.append(now)

    def _room(self, given: Json) -> Room:
        room = self.rooms.get(str(given["channel"]))
        if room is None:
            raise Refused("channel_not_found", str(given["channel"]))
        return room

    def connection(self, given: Json) -> Json:
        ticket = f"ticket-{next(self._numbers)}"
        self._tickets.add(ticket)
        return {"url": f"ws://{self.base}/link?ticket={ticket}&app_id={APP}"}

    def who(self, given: Json) -> Json:
        return {"url": "https://plain.slack.com/", "team": "Plain", "user": "codehealer", "team_id": TEAM, "user_id": BOT_USER,
                "bot_id": BOT, "is_enterprise_install": False}  # fmt: skip

    def write(self, given: Json) -> Json:
        room = self._room(given)
        _judge_message(given, 40_000)
        thread = str(given.get("thread_ts") or "")
        if thread and thread not in room.messages:
            raise Refused("thread_not_found", thread)
        self._spend(("chat.postMessage", room.id), BURST, BURST - 1.0)
        ts = self._new_ts()
        self._store(room, ts, given, thread)
        self.event({**_seen(room.messages[ts]), "channel": room.id, "event_ts": ts, "channel_type": "channel"})
        return {"channel": room.id, "ts": ts, "message": _seen(room.messages[ts])}

    def _store(self, room: Room, ts: str, given: Json, thread: str) -> None:
        stored = {
            "type": "message",
            "user": BOT_USER,
            "bot_id": BOT,
            "app_id": APP,
            "team": TEAM,
            "ts": ts,
            "text": given.get("text") or "",
        }
        stored |= {name: given[name] for name in ("blocks", "metadata") if given.get(name)}
        room.messages[ts] = {**stored, **({"thread_ts": thread} if thread else {})}

    def update(self, given: Json) -> Json:
        room, ts = self._room(given), str(given["ts"])
        _judge_message(given, 4_000)
        before = room.messages.get(ts)
        if before is None:
            raise Refused("message_not_found", ts)
        if before.get("bot_id") != BOT:
            raise Refused("cant_update_message", ts)
        self._store(room, ts, {"metadata": before.get("metadata"), **given}, str(before.get("thread_ts") or ""))
        edited = self._new_ts()
        self.event({"type": "message", "subtype": "message_changed", "hidden": True, "channel": room.id, "ts": edited, "event_ts": edited,
                    "channel_type": "channel", "message": _seen(room.messages[ts]), "previous_message": _seen(before)})  # fmt: skip
        return {"channel": room.id, "ts": ts, "text": given.get("text") or "", "message": _seen(room.messages[ts])}

    def whisper(self, given: Json) -> Json:
        room = self._room(given)
        if given["user"] not in room.members:
            raise Refused("user_not_in_channel", str(given["user"]))
        _judge_message(given, 40_000)
        room.whispers.append(given)
        return {"message_ts": self._new_ts()}

    def info(self, given: Json) -> Json:
        room = self._room(given)
        return {"channel": {"id": room.id, "name": room.name, "is_channel": True, "is_member": True, "is_private": False, "is_im": False,
                            "is_shared": False, "is_ext_shared": False, "is_org_shared": False}}  # fmt: skip

    def history(self, given: Json) -> Json:
        room = self._room(given)
        oldest, limit = str(given.get("oldest") or "0"), int(str(given.get("limit") or 100))
        if not 1 <= limit <= 999:
            raise Refused("invalid_limit", str(limit))
        roots = [
            m
            for m in room.messages.values()
            if m.get("thread_ts") in {None, m["ts"]} or m.get("subtype") == "thread_broadcast"
        ]
        after = sorted((m for m in roots if _newer(str(m["ts"]), oldest)), key=lambda m: str(m["ts"]), reverse=True)
        return _page(after, given, limit)

    def replies(self, given: Json) -> Json:
        room, root = self._room(given), str(given["ts"])
        if root not in room.messages:
            raise Refused("thread_not_found", root)
        whole = [m for ts, m in sorted(room.messages.items()) if ts == root or m.get("thread_ts") == root]
        return _page(whole, given, int(str(given.get("limit") or 1000)))

    def members(self, given: Json) -> Json:
        return {"members": sorted(self._room(given).members), "response_metadata": {"next_cursor": ""}}

    def person(self, given: Json) -> Json:
        if given["user"] not in {ANA, BEN, BOT_USER}:
            raise Refused("user_not_found", str(given["user"]))
        return {"user": {"id": given["user"], "team_id": TEAM, "name": "somebody", "real_name": "Some Body", "deleted": False,
                         "is_bot": given["user"] == BOT_USER, "is_restricted": False, "is_ultra_restricted": False,
                         "profile": {"display_name": "some"}}}  # fmt: skip

    def open_view(self, given: Json) -> Json:
        born = self._triggers.pop(str(given["trigger_id"]), None)
        if born is None or time.monotonic() - born > ACK_SECONDS:
            raise Refused("invalid_trigger_id" if born is None else "expired_trigger_id")
        view = _judge_view(given, "modal")
        key = str(view.get("external_id") or f"V{next(self._numbers):08d}")
        if key in self.views:
            raise Refused("duplicate_external_id", key)
        self.views[key] = view
        return {"view": {**view, "id": f"V{next(self._numbers):08d}", "hash": "1.1"}}

    def update_view(self, given: Json) -> Json:
        view, key = _judge_view(given, "modal"), str(given.get("external_id") or given.get("view_id"))
        if key not in self.views:
            raise Refused("not_found", key)
        self.views[key] = view
        return {"view": view}

    def publish(self, given: Json) -> Json:
        self.homes[str(given["user_id"])] = _judge_view(given, "home")
        return {"view": given["view"]}


_WORK: dict[str, Callable[[PlainSlack, Json], Json]] = {
    "auth.test": PlainSlack.who,
    "apps.connections.open": PlainSlack.connection,
    "chat.postMessage": PlainSlack.write,
    "chat.update": PlainSlack.update,
    "chat.postEphemeral": PlainSlack.whisper,
    "conversations.info": PlainSlack.info,
    "conversations.history": PlainSlack.history,
    "conversations.replies": PlainSlack.replies,
    "conversations.members": PlainSlack.members,
    "users.info": PlainSlack.person,
    "views.open": PlainSlack.open_view,
    "views.update": PlainSlack.update_view,
    "views.publish": PlainSlack.publish,
}


def kind_retries(kind: str) -> int:
    """Events are sent again three times; clicks, submissions and commands never."""
    return len(RETRY_SECONDS) if kind == "events_api" else 0


async def _read(request: web.Request) -> tuple[Json, str]:
    """Return the arguments (JSON ones inside a form are parsed) and the token, as Slack takes them."""
    if request.content_type == "application/json":
        given = dict(await request.json())
    else:
        given = {**request.query, **(await request.post())}
        for name in ("blocks", "metadata", "view", "attachments"):
            if isinstance(given.get(name), str):
                given[name] = json.loads(str(given[name]))
    token = str(given.pop("token", "") or request.headers.get("Authorization", "").removeprefix("Bearer "))
    return given, token


def _judge_message(given: Json, longest: int) -> None:
    text, blocks, metadata = given.get("text"), given.get("blocks"), given.get("metadata")
    if not text and not blocks:
        raise Refused("no_text")
    if not isinstance(text, str) or not text:
        raise Refused("no_text", "blocks without text: nothing for the notification and the screen reader")
    if len(text) > longest:
        raise Refused("msg_too_long", str(len(text)))
    if blocks and (wrong := problems(blocks, limit=50)):
        raise Refused("invalid_blocks", *wrong)
    if metadata is not None:
        if not isinstance(metadata, dict) or set(metadata) - {"event_type", "event_payload", "entities"}:
            raise Refused("invalid_metadata_format", str(metadata))
        if not isinstance(metadata.get("event_type"), str) or not isinstance(metadata.get("event_payload"), dict):
            raise Refused("invalid_metadata_schema", str(metadata))


def _judge_view(given: Json, kind: str) -> Json:
    if wrong := view_problems(given["view"], kind=kind):
        raise Refused("invalid_arguments", *wrong)
    view = given["view"]
    assert isinstance(view, dict)
    return view


def _seen(message: Json) -> Json:
    return {name: value for name, value in message.items() if name != "metadata"}


def _newer(ts: str, oldest: str) -> bool:
    return tuple(map(int, f"{ts}.0".split(".")[:2])) > tuple(map(int, f"{oldest}.0".split(".")[:2]))


def _page(messages: list[Json], given: Json, limit: int) -> Json:
    start = int(str(given.get("cursor") or 0))
    shown = [m if given.get("include_all_metadata") else _seen(m) for m in messages[start : start + limit]]
    more = start + limit < len(messages)
    return {
        "messages": shown,
        "has_more": more,
        "response_metadata": {"next_cursor": str(start + limit) if more else ""},
    }
