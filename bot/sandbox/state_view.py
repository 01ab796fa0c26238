"""The whole state as JSON: for the page's first drawing and for tests (GET control/state)."""

from typing import Any

from bot.sandbox.methods_read import describe_person
from bot.sandbox.workspace import Channel, Message
from bot.sandbox.world import World


def describe_state(world: World, *, channel_id: str = "", since: str = "") -> dict[str, Any]:
    """Describe everything; `channel_id` and `since` (a ts) keep it small."""
    workspace, views = world.workspace, world.views
    channels = [c for c in workspace.channels.values() if channel_id in {"", c.id, c.name}]
    return {
        "team": {"id": workspace.team_id, "name": workspace.team_name},
        "app": {
            "id": workspace.app.id,
            "bot_id": workspace.app.bot_id,
            "user_id": workspace.app.user_id,
            "name": workspace.app.name,
        },
        "people": [describe_person(person) for person in workspace.people.values()],
        "channels": [
            {
                **workspace.describe_channel(channel),
                "messages": [_with_metadata(channel, m) for ts, m in channel.messages.items() if ts > since],
                "ephemerals": [m for m in channel.ephemerals if m["ts"] > since],
            }
            for channel in channels
        ],
        "views": {
            person: [views.show(view) for view in shown]
            for person in workspace.people
            if (shown := views.open_views(person))
        },
        "homes": {person: views.describe(view) for person, view in views.homes.items()},
        "notices": list(world.notices),
        "connections": len(world.socket.connections),
        "connections_opened": world.socket.connections_opened,
        "limits_on": world.limits.on,
        "faults_waiting": len(world.faults.waiting),
        "commands": sorted(world.commands),
    }


def describe_deliveries(world: World, start: int) -> dict[str, Any]:
    rows = [delivery.row() for delivery in list(world.socket.deliveries)[start:]]
    return {"deliveries": rows, "late_acks": list(world.socket.late_acks), "bad_frames": list(world.socket.bad_frames)}


def _with_metadata(channel: Channel, message: Message) -> Message:
    metadata = channel.metadata.get(message["ts"])
    return {**message, "metadata": metadata} if metadata else message
