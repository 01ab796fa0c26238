"""What Slack's frames must look like before slack_sdk and Bolt touch them: both raise on shapes that Slack never sends."""

import json
from collections.abc import Mapping

from bot.domain.errors import Unreadable


def check_frame(text: str) -> None:
    """Check a WebSocket text frame: an object, and its payload, where there is one, too. Raises Unreadable.

    What is no JSON object at all (Slack's own pings are plain text) is left to slack_sdk, which ignores it.
    """
    if not text.startswith("{"):
        return
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(place="socket frame", problem=f"it is not JSON: {str(error)[:200]}") from error
    for name, kinds in (("type", str), ("envelope_id", str), ("payload", dict)):
        found = frame.get(name)
        if found is not None and not isinstance(found, kinds):
            raise Unreadable(
                place=f"socket frame: {name}", problem=f"expected {kinds.__name__}, found {type(found).__name__}"
            )
    if frame.get("envelope_id") and frame.get("payload") is None:
        raise Unreadable(place="socket frame: payload", problem="an envelope without a payload")


def check_payload(body: object) -> None:
    """Check what Bolt takes for granted before any middleware of ours runs. Raises Unreadable."""
    if not isinstance(body, Mapping):
        raise Unreadable(place="payload", problem="it is not an object")
    if body.get("type") == "event_callback" and not isinstance(body.get("event"), Mapping):
        raise Unreadable(place="event_callback: event", problem="it is missing or not an object")
    if body.get("type") == "block_actions":
        actions = body.get("actions")
        if not isinstance(actions, list) or not actions or not isinstance(actions[0], Mapping):
            raise Unreadable(place="block_actions: actions", problem="there is no action in it")
