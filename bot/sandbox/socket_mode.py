"""Socket Mode: connections, envelopes, acks within 3 seconds, and Slack's retries.

Facts: docs.slack.dev/apis/events-api/using-socket-mode and .../apis/events-api. An event that is not acked within
`ack_seconds` is sent again at once, after 1 minute and after 5 minutes, then it is lost. Interactions and slash commands
are sent once; the person sees an error when no ack came in time. Each payload goes to one of up to ten connections.
"""

import asyncio
import contextlib
import json
import secrets
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from aiohttp import WSMsgType, web

MAX_CONNECTIONS = 10
KEPT_DELIVERIES = 50_000
TICKET_SECONDS = 60.0


@dataclass(slots=True)
class Attempt:
    """One envelope that was, or was to be, written to a connection. Times are monotonic seconds."""

    envelope_id: str
    queued_at: float
    reason: str = ""
    sent_at: float | None = None
    acked_at: float | None = None
    late: bool = False
    failed: bool = False
    timer: asyncio.TimerHandle | None = None


@dataclass(slots=True)
class Delivery:
    """One payload on its way to the app. `answer` is the payload that came with the ack, if any."""

    kind: str
    name: str
    key: str
    channel: str
    ts: str
    text: str
    accepts_response: bool
    created_at: float
    state: str = "pending"
    attempts: list[Attempt] = field(default_factory=list)
    answer: dict[str, Any] | None = None
    done: asyncio.Future[bool] | None = None

    def row(self) -> dict[str, Any]:
        """Describe the delivery for the oracle: GET control/deliveries."""
        acked = next((a for a in self.attempts if a.acked_at is not None and not a.late), None)
        first = self.attempts[0] if self.attempts else None
        return {
            "kind": self.kind,
            "name": self.name,
            "key": self.key,
            "channel": self.channel,
            "ts": self.ts,
            "state": self.state,
            "created_at": self.created_at,
            "sent_at": first.sent_at if first else None,
            "acked_at": acked.acked_at if acked else None,
            "attempts": [
                {
                    "envelope_id": a.envelope_id,
                    "reason": a.reason,
                    "sent_at": a.sent_at,
                    "acked_at": a.acked_at,
                    "late": a.late,
                    "failed": a.failed,
                }
                for a in self.attempts
            ],
        }


@dataclass(slots=True)
class Connection:
    """One open WebSocket; a draining one gets no new payloads."""

    socket: web.WebSocketResponse
    request: web.Request
    queue: asyncio.Queue[tuple[Delivery, Attempt] | str]
    draining: bool = False
    pending: set[str] = field(default_factory=set)


class SocketMode:
    """All connections and deliveries of the app. Runs on one event loop."""

    def __init__(self, app_id: str, tell: Callable[[dict[str, Any]], None]) -> None:
        self._app_id = app_id
        self._tell = tell
        self._tickets: dict[str, float] = {}
        self._turn = 0
        self._by_envelope: dict[str, tuple[Delivery, Attempt]] = {}
        self._timers: set[asyncio.TimerHandle] = set()
        self._closing: set[asyncio.Future[bool]] = set()
        self.connections: list[Connection] = []
        self.deliveries: deque[Delivery] = deque()
        self.late_acks: deque[dict[str, Any]] = deque(maxlen=1000)
        self.bad_frames: deque[str] = deque(maxlen=100)
        self.ack_seconds = 3.0
        self.retry_seconds: tuple[float, ...] = (0.0, 60.0, 300.0)
        self.connections_opened = 0

    # --- connections -------------------------------------------------------------------------------------------

    def new_ticket(self) -> str:
        ticket = str(uuid.uuid4())
        self._tickets[ticket] = time.monotonic() + TICKET_SECONDS
        return ticket

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Handle one WebSocket until it closes. A ticket opens one connection, once."""
        expires = self._tickets.pop(request.query.get("ticket", ""), 0.0)
        if time.monotonic() > expires:
            return web.json_response({"ok": False, "error": "invalid_ticket"}, status=403)
        socket = web.WebSocketResponse(heartbeat=30.0, max_msg_size=4 * 1024 * 1024)
        await socket.prepare(request)
        if len(self.connections) >= MAX_CONNECTIONS:
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await socket.close()
            return socket
        connection = Connection(socket, request, asyncio.Queue())
        self.connections.append(connection)
        self.connections_opened += 1
        self._tell({"type": "connections", "count": len(self.connections)})
        await socket.send_json(self._hello())
        writer = asyncio.create_task(self._write(connection))
        try:
            await self._read(connection)
        finally:
            self._forget(connection)
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writer
        return socket

    async def disconnect(self, reason: str, close_after: float | None = None) -> int:
        """Tell every connection to go; the socket itself is closed `close_after` seconds later. Returns how many."""
        default = {"warning": 10.0, "refresh_requested": 1.0}.get(reason, 0.0)
        wait = default if close_after is None else close_after
        leaving = [c for c in self.connections if not c.draining]
        for connection in leaving:
            connection.draining = True
            connection.queue.put_nowait(json.dumps({"type": "disconnect", "reason": reason, "debug_info": {}}))
            self._later(wait, partial(self._close_soon, connection))
        return len(leaving)

    def _close_soon(self, connection: Connection) -> None:
        task = asyncio.ensure_future(connection.socket.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def cut(self) -> int:
        """Break every connection without a word, as a failing network does. Returns how many."""
        cut = list(self.connections)
        for connection in cut:
            transport = connection.request.transport
            if transport is not None:
                transport.abort()
        return len(cut)

    async def close(self) -> None:
        for timer in self._timers:
            timer.cancel()
        for delivery in self.deliveries:
            for attempt in delivery.attempts:
                if attempt.timer:
                    attempt.timer.cancel()
            if delivery.done and not delivery.done.done():
                delivery.done.set_result(False)
        await asyncio.gather(*(c.socket.close() for c in list(self.connections)))

    # --- deliveries --------------------------------------------------------------------------------------------

    def send_event(self, payload: dict[str, Any], *, name: str, channel: str = "", ts: str = "") -> Delivery:
        """Deliver an event, with retries. Returns at once."""
        delivery = self._new("events_api", name, payload["event_id"], channel, ts, payload, accepts_response=False)
        self._attempt(delivery, "")
        return delivery

    def send_interaction(
        self, kind: str, payload: dict[str, Any], *, name: str, channel: str = "", ts: str = "", accepts: bool = False
    ) -> Delivery:
        """Deliver a click, submission or command, once. `await answered(delivery)` waits for its ack."""
        key = str(payload.get("trigger_id") or payload.get("view", {}).get("id", ""))
        delivery = self._new(kind, name, key, channel, ts, payload, accepts_response=accepts)
        delivery.done = asyncio.get_running_loop().create_future()
        self._attempt(delivery, "")
        return delivery

    def send_odd(self, kind: str, payload: Any) -> Delivery:
        """Deliver a payload of any shape, once, with no event id: for tests of what the app does with it."""
        delivery = self._new(kind, "odd", "", "", "", payload, accepts_response=False)
        delivery.done = asyncio.get_running_loop().create_future()
        self._attempt(delivery, "")
        return delivery

    def send_raw(self, text: str) -> int:
        """Write a frame that is no envelope to every connection. Returns how many."""
        for connection in self.connections:
            connection.queue.put_nowait(text)
        return len(self.connections)

    @staticmethod
    async def answered(delivery: Delivery) -> bool:
        """Wait until the app acked in time (True) or Slack gave up on it (False)."""
        return delivery.done is not None and await delivery.done

    def _new(
        self, kind: str, name: str, key: str, channel: str, ts: str, payload: Any, *, accepts_response: bool
    ) -> Delivery:
        delivery = Delivery(
            kind=kind,
            name=name,
            key=key,
            channel=channel,
            ts=ts,
            text=json.dumps(payload, separators=(",", ":")),
            accepts_response=accepts_response,
            created_at=time.monotonic(),
        )
        self.deliveries.append(delivery)
        while len(self.deliveries) > KEPT_DELIVERIES:
            for attempt in self.deliveries.popleft().attempts:
                self._by_envelope.pop(attempt.envelope_id, None)
        return delivery

    def _attempt(self, delivery: Delivery, reason: str) -> None:
        attempt = Attempt(envelope_id=str(uuid.uuid4()), queued_at=time.monotonic(), reason=reason)
        delivery.attempts.append(attempt)
        self._by_envelope[attempt.envelope_id] = (delivery, attempt)
        ready = [c for c in self.connections if not c.draining]
        if not ready:
            asyncio.get_running_loop().call_soon(self._failed, delivery, attempt, "no_connection")
            return
        self._turn += 1
        connection = ready[self._turn % len(ready)]
        connection.pending.add(attempt.envelope_id)
        connection.queue.put_nowait((delivery, attempt))

    def _failed(self, delivery: Delivery, attempt: Attempt, reason: str) -> None:
        """Handle an attempt without an ack in time: again later, or lost."""
        if delivery.state != "pending" or attempt.failed:
            return
        attempt.failed = True
        retries = self.retry_seconds if delivery.kind == "events_api" and delivery.key else ()
        done = len(delivery.attempts) - 1
        if done < len(retries):
            self._later(retries[done], lambda: self._retry(delivery, reason))
            return
        delivery.state = "lost" if delivery.kind == "events_api" else "unanswered"
        delivery.text = ""
        if delivery.done and not delivery.done.done():
            delivery.done.set_result(False)

    def _retry(self, delivery: Delivery, reason: str) -> None:
        if delivery.state == "pending":
            self._attempt(delivery, reason)

    def _acked(self, envelope_id: str, answer: Any) -> None:
        found = self._by_envelope.get(envelope_id)
        if found is None:
            self.bad_frames.append(f"ack of an unknown envelope_id: {envelope_id[:60]}")
            return
        delivery, attempt = found
        now = time.monotonic()
        if attempt.acked_at is None:
            attempt.acked_at = now
        if attempt.timer:
            attempt.timer.cancel()
        if attempt.failed:
            attempt.late = True
            self.late_acks.append({**delivery.row(), "late_by": now - (attempt.sent_at or now) - self.ack_seconds})
            return
        if delivery.state != "pending":
            return
        delivery.state, delivery.text = "acked", ""
        if isinstance(answer, dict) and delivery.accepts_response:
            delivery.answer = answer
        if delivery.done and not delivery.done.done():
            delivery.done.set_result(True)

    # --- frames ------------------------------------------------------------------------------------------------

    async def _write(self, connection: Connection) -> None:
        """Write what is queued for the connection, one frame at a time, starting each 3 second clock when sent."""
        while True:
            item = await connection.queue.get()
            try:
                if isinstance(item, str):
                    await connection.socket.send_str(item)
                    continue
                delivery, attempt = item
                if delivery.state != "pending":
                    continue
                await connection.socket.send_str(_envelope(delivery, attempt))
            except (ConnectionError, RuntimeError):
                # The peer went away between two frames; `_forget` fails what was queued.
                return
            attempt.sent_at = time.monotonic()
            loop = asyncio.get_running_loop()
            attempt.timer = loop.call_later(self.ack_seconds, self._failed, delivery, attempt, "timeout")

    async def _read(self, connection: Connection) -> None:
        async for message in connection.socket:
            if message.type is not WSMsgType.TEXT:
                continue
            try:
                frame = json.loads(message.data)
            except ValueError:
                self.bad_frames.append(f"not JSON: {message.data[:80]}")
                continue
            envelope_id = frame.get("envelope_id") if isinstance(frame, dict) else None
            if not isinstance(envelope_id, str):
                self.bad_frames.append(f"no envelope_id: {message.data[:80]}")
                continue
            connection.pending.discard(envelope_id)
            self._acked(envelope_id, frame.get("payload"))

    def _forget(self, connection: Connection) -> None:
        """Drop a closed connection; what it had not even been sent yet has failed."""
        if connection in self.connections:
            self.connections.remove(connection)
        for envelope_id in connection.pending:
            delivery, attempt = self._by_envelope.get(envelope_id, (None, None))
            if delivery and attempt and attempt.sent_at is None:
                self._failed(delivery, attempt, "connection_closed")
        self._tell({"type": "connections", "count": len(self.connections)})

    def _hello(self) -> dict[str, Any]:
        return {
            "type": "hello",
            "num_connections": len(self.connections),
            "connection_info": {"app_id": self._app_id},
            "debug_info": {
                "host": f"sandbox-{secrets.token_hex(3)}",
                "build_number": 1,
                "approximate_connection_time": 18060,
            },
        }

    def _later(self, seconds: float, call: Callable[[], object]) -> None:
        def run() -> None:
            self._timers.discard(timer)
            call()

        timer = asyncio.get_running_loop().call_later(seconds, run)
        self._timers.add(timer)


def _envelope(delivery: Delivery, attempt: Attempt) -> str:
    """Serialise an envelope around the payload's JSON, which was made once for all attempts."""
    head = {
        "envelope_id": attempt.envelope_id,
        "type": delivery.kind,
        "accepts_response_payload": delivery.accepts_response,
    }
    if delivery.kind == "events_api":
        head["retry_attempt"] = len(delivery.attempts) - 1
        head["retry_reason"] = attempt.reason
    return f'{json.dumps(head)[:-1]}, "payload": {delivery.text}}}'
