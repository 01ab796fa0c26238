"""Submissions of the modal: acknowledge with a view that says that it is being checked."""

import re
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.async_app import AsyncAck

from bot.slack.views import checking_view


async def decided(ack: AsyncAck, body: dict[str, Any]) -> None:
    """Keep the modal open, under the same external_id, until the worker says what came of it."""
    await ack(response_action="update", view=checking_view(body["view"].get("external_id") or ""))


async def closed(ack: AsyncAck) -> None:
    """Acknowledge a view of an earlier version of ours."""
    await ack()


def register(app: AsyncApp) -> None:
    """`heal_decide` is decided by a job; anything else is only closed."""
    app.view("heal_decide")(decided)
    app.view(re.compile(".*"))(closed)
    app.view_closed(re.compile(".*"))(closed)
