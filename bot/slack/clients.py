"""The two Web API clients: one on the event loop for writing, one for the worker threads' reads.

Neither sends anything again by itself (`retry_handlers=[]`): the outbox and the read budget obey Retry-After, and a
second retry under theirs would double it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from slack_sdk import WebClient
from slack_sdk.web.async_client import AsyncWebClient

WRITE_SECONDS = 20
READ_SECONDS = 5


@asynccontextmanager
async def writing_client(token: str, api_url: str) -> AsyncIterator[AsyncWebClient]:
    """Give a client on one session, so that connections are kept; close both at the end."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=WRITE_SECONDS)) as session:
        yield AsyncWebClient(token=token, base_url=api_url, timeout=WRITE_SECONDS, retry_handlers=[], session=session)


def reading_client(token: str, api_url: str) -> WebClient:
    """Return the client that the Directory asks with, from any thread."""
    return WebClient(token=token, base_url=api_url, timeout=READ_SECONDS, retry_handlers=[])
