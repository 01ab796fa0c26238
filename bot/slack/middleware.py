"""Inbox before ack: nothing is acknowledged to Slack before it is on disk."""

from collections.abc import Awaitable, Callable

from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.domain.errors import Unreadable
from bot.ports import Clock, Ids, Inbox, Observer
from bot.slack.deliveries import delivery_of
from bot.slack.identity import Identity


def inbox_middleware(
    inbox: Inbox, identity: Identity, *, clock: Clock, ids: Ids, observer: Observer
) -> Callable[..., Awaitable[BoltResponse]]:
    """Return the global middleware of the Bolt app.

    A duplicate is answered at once and goes no further. What cannot be read is told to the observer and acknowledged:
    sent again it would be as unreadable. A failing store raises, so Slack gets no ack and sends again.
    """

    async def commit_first(req: AsyncBoltRequest, next: Callable[[], Awaitable[BoltResponse]]) -> BoltResponse:  # noqa: A002 - Bolt's name
        identity.learn(req.body.get("api_app_id"))
        try:
            delivery = delivery_of(req.body, identity, now=clock.now(), ids=ids)
        except Unreadable as error:
            observer.tell("slack.unreadable", place=error.place, problem=error.problem)
            return BoltResponse(status=200)
        if delivery is not None:
            if not await inbox.commit(delivery):
                observer.tell("slack.repeated", key=delivery.key)
                return BoltResponse(status=200)
            req.context["delivery"] = delivery
        return await next()

    return commit_first
