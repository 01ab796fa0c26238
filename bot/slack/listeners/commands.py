"""The slash command: acknowledge; the answer comes as an ephemeral message."""

import re

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.async_app import AsyncAck


async def asked(ack: AsyncAck) -> None:
    """Acknowledge; the worker answers."""
    await ack()


def register(app: AsyncApp) -> None:
    """`/heal`, and under whatever name a workspace gave it."""
    app.command(re.compile(".*"))(asked)
