"""The yardstick: a bare Bolt bot that answers every post of another app with one message in its thread.

AsyncApp and the aiohttp Socket Mode client, as the product has them, and nothing else: no state, no platform.
Reads SLACK_API_URL, SLACK_BOT_TOKEN and SLACK_APP_TOKEN; prints `ready` once it is connected; ends on SIGTERM.
"""

import asyncio
import os
import signal
import sys
from typing import Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient


async def serve() -> None:
    """Connect and echo until SIGTERM."""
    client = AsyncWebClient(token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"])
    own = (await client.auth_test())["bot_id"]
    app = AsyncApp(client=client)

    @app.event("message")
    async def echo(event: dict[str, Any]) -> None:
        if event.get("bot_id") and event["bot_id"] != own and event.get("subtype") in (None, "bot_message"):
            await client.chat_postMessage(channel=event["channel"], thread_ts=event["ts"], text="seen")

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    handler = AsyncSocketModeHandler(app, os.environ["SLACK_APP_TOKEN"])
    await handler.connect_async()  # type: ignore[no-untyped-call] # the SDK has no types
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await stop.wait()
    await handler.close_async()  # type: ignore[no-untyped-call] # likewise


if __name__ == "__main__":
    asyncio.run(serve())
