"""The Bolt app and its Socket Mode connection, built from a client and the ports."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.errors import Unreadable
from bot.ports import Clock, Ids, Inbox, Observer
from bot.slack import listeners
from bot.slack.calls import Later, Lost, asked
from bot.slack.frames import check_frame, check_payload
from bot.slack.identity import Identity
from bot.slack.middleware import inbox_middleware

PING_SECONDS = 5.0
RETRY_SECONDS = 2.0


async def sign_in(client: AsyncWebClient, observer: Observer) -> Identity:
    """Ask Slack who we are, and wait until it answers. Raises Never for a token that Slack does not take."""
    while True:
        try:
            answer = await asked(client.auth_test())
        except (Lost, Later) as error:
            observer.tell("slack.no_answer", error=str(error))
            await asyncio.sleep(getattr(error, "seconds", RETRY_SECONDS))
        else:
            return Identity(
                team=str(answer["team_id"]), user_id=str(answer["user_id"]), bot_id=str(answer.get("bot_id") or "")
            )


def build_app(
    client: AsyncWebClient, identity: Identity, inbox: Inbox, *, clock: Clock, ids: Ids, observer: Observer
) -> AsyncApp:
    """Return the app: every request passes the inbox before it is acknowledged.

    `authorize` answers from the one auth.test of the start: Bolt's own would ask Slack before our middleware, and
    acknowledge what it refuses.
    """
    known = AuthorizeResult(
        enterprise_id=None,
        team_id=identity.team,
        bot_user_id=identity.user_id,
        bot_id=identity.bot_id,
        bot_token=client.token,
    )

    async def authorize() -> AuthorizeResult:
        return known

    bare = AsyncWebClient(base_url=client.base_url, timeout=client.timeout, retry_handlers=[], session=client.session)
    app = AsyncApp(client=bare, authorize=authorize, request_verification_enabled=False, ssl_check_enabled=False)
    app.use(inbox_middleware(inbox, identity, clock=clock, ids=ids, observer=observer))
    listeners.register(app)
    return app


async def dispatch(app: AsyncApp, request: SocketModeRequest, observer: Observer) -> BoltResponse:
    """Give a request to Bolt. What Bolt itself cannot read is told and acknowledged: sent again it would be as unreadable."""
    try:
        check_payload(request.payload)
    except Unreadable as error:
        observer.tell("slack.unreadable", place=error.place, problem=error.problem)
        return BoltResponse(status=200)
    answer: BoltResponse = await run_async_bolt_app(app, request)
    return answer


class _Client(SocketModeClient):
    """slack_sdk's client, which raises on frames that are no envelope: those are told here and go no further."""

    observer: Observer

    async def enqueue_message(self, message: str) -> None:
        """Queue a frame that can be read."""
        try:
            check_frame(message)
        except Unreadable as error:
            self.observer.tell("slack.unreadable", place=error.place, problem=error.problem)
        else:
            await super().enqueue_message(message)


class Socket:
    """The Socket Mode connection. `on_hello` runs on every hello frame: at start and after each reconnect."""

    def __init__(
        self,
        app: AsyncApp,
        app_token: str,
        identity: Identity,
        on_hello: Callable[[], Awaitable[None]],
        observer: Observer,
    ) -> None:
        self._app, self._identity, self._on_hello, self._observer = app, identity, on_hello, observer
        self._client = _Client(app_token, logger=app.logger, web_client=app.client, ping_interval=PING_SECONDS)
        self._client.observer = observer
        self._client.socket_mode_request_listeners.append(self._asked)
        self._client.on_message_listeners.append(self._heard)
        self._tasks: set[asyncio.Task[Any]] = set()

    async def connect(self) -> None:
        """Open the connection; slack_sdk opens it again whenever Slack closes it. Raises Never for a refused app token.

        The first address is asked for here: slack_sdk would try a refused token again for ever.
        """
        socket = self._client
        while socket.wss_uri is None:
            try:
                answer = await asked(socket.web_client.apps_connections_open(app_token=socket.app_token))
                socket.wss_uri = str(answer["url"])
            except (Lost, Later) as error:
                await asyncio.sleep(getattr(error, "seconds", RETRY_SECONDS))
        await socket.connect()  # type: ignore[no-untyped-call] # the SDK has no types

    async def close(self) -> None:
        """Close it for good."""
        for task in tuple(self._tasks):
            task.cancel()
        await self._client.close()  # type: ignore[no-untyped-call] # likewise

    async def _asked(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        began = time.time()
        answer = await dispatch(self._app, request, self._observer)
        await send_async_response(client, request, answer, began)

    async def _heard(self, message: aiohttp.WSMessage) -> None:
        if not isinstance(message.data, str) or '"hello"' not in message.data[:200]:
            return
        try:
            frame = json.loads(message.data)
        except ValueError:
            return
        if isinstance(frame, dict) and frame.get("type") == "hello":
            info = frame.get("connection_info")
            self._identity.learn(info.get("app_id") if isinstance(info, dict) else None)
            task = asyncio.create_task(_awaited(self._on_hello))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


async def _awaited(call: Callable[[], Awaitable[None]]) -> None:
    await call()
