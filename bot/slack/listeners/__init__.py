"""Listeners only acknowledge: what was delivered is already in the inbox, and a worker answers it.

The one exception is a modal, which must be opened while its trigger lives (3 s).
"""

from slack_bolt.app.async_app import AsyncApp

from bot.slack.listeners import actions, commands, events, views


def register(app: AsyncApp) -> None:
    """Register a listener for every subscribed event, every action_id and every callback_id, old ones included."""
    events.register(app)
    actions.register(app)
    commands.register(app)
    views.register(app)
