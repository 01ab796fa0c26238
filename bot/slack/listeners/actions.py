"""Presses on buttons: acknowledge, and open the modal while the trigger lives."""

import re
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.async_app import AsyncAck, AsyncBoltContext
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.durable import Delivery
from bot.domain.happening import Click
from bot.slack.calls import error_code
from bot.slack.views import loading_view


async def pressed(ack: AsyncAck) -> None:
    """Acknowledge; the worker answers."""
    await ack()


async def review(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, context: AsyncBoltContext) -> None:
    """Open the modal that the worker fills, found again by its external_id."""
    await ack()
    delivery: Delivery | None = context.get("delivery")
    if delivery is None or not isinstance(delivery.job.payload, Click):
        return
    try:
        await client.views_open(trigger_id=body["trigger_id"], view=loading_view(delivery.job.payload.view_key))
    except SlackApiError as error:
        # the worker's update will not find the modal and answers by an ephemeral message instead
        context.logger.warning("views.open was refused: %s", error_code(error.response))


def register(app: AsyncApp) -> None:
    """`heal_review` opens a modal; every other action, of old messages too, is acknowledged."""
    app.action("heal_review")(review)
    app.action(re.compile(".*"))(pressed)
