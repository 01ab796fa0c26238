"""Events: Bolt acknowledges them itself once a listener exists."""

from slack_bolt.app.async_app import AsyncApp

EVENTS = ("message", "app_mention", "app_home_opened", "app_context_changed", "agent_session_stopped")


async def received() -> None:
    """Do nothing more: the middleware has committed what there is to commit."""


def register(app: AsyncApp) -> None:
    """Give every subscribed event a listener; one without would be sent again by Slack."""
    for name in EVENTS:
        app.event(name)(received)
