"""views.open, push, update and publish."""

import json
from typing import Any

from bot.sandbox.block_kit import MAX_VIEW_BYTES, check_view
from bot.sandbox.slack_args import Args, SlackError, refuse_problems
from bot.sandbox.views import ViewRefusedError
from bot.sandbox.world import World


def read_view(args: Args, expected: str | None) -> dict[str, Any]:
    """Check the view. Raises invalid_arguments with JSON pointers, view_too_large."""
    view = args.structure("view")
    if len(json.dumps(view)) > MAX_VIEW_BYTES:
        raise SlackError("view_too_large")
    refuse_problems("invalid_arguments", check_view(view, expected))
    checked: dict[str, Any] = view
    return checked


def open_view(world: World, args: Args) -> dict[str, Any]:
    body = read_view(args, "modal")
    return _answer(world, lambda: world.views.open(args.required("trigger_id"), body))


def push_view(world: World, args: Args) -> dict[str, Any]:
    body = read_view(args, "modal")
    return _answer(world, lambda: world.views.push(args.required("trigger_id"), body))


def update_view(world: World, args: Args) -> dict[str, Any]:
    body = read_view(args, "modal")
    if "view_id" not in args and "external_id" not in args:
        raise SlackError("invalid_arguments", response_metadata={"messages": ["[ERROR] view_id or external_id needed"]})
    found = world.views.find(args.text("view_id"), args.text("external_id"))
    return _answer(world, lambda: world.views.update(found, body, args.text("hash") or None))


def publish_view(world: World, args: Args) -> dict[str, Any]:
    body = read_view(args, "home")
    user = args.required("user_id")
    if user not in world.workspace.people:
        raise SlackError("user_not_found")
    return _answer(world, lambda: world.views.publish(user, body, args.text("hash") or None))


def _answer(world: World, act: Any) -> dict[str, Any]:
    try:
        return {"view": world.views.describe(act())}
    except ViewRefusedError as refused:
        raise SlackError(refused.error) from refused
