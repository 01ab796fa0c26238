"""chat.* of the Web API: post, update, delete, ephemeral. Errors carry the names of Slack's method pages."""

import json
import re
from typing import Any

from bot.sandbox.block_kit import check_attachments, check_message
from bot.sandbox.slack_args import Args, SlackError, refuse_problems
from bot.sandbox.workspace import Channel, Message
from bot.sandbox.world import World

MAX_TEXT = 40_000
MAX_UPDATE_TEXT = 4_000
MAX_METADATA_BYTES = 16_000
_TS = re.compile(r"\d{10}\.\d{6}")


def find_conversation(world: World, args: Args, *, member: bool = True) -> Channel:
    """Find the channel (by id, name, or a person's id for a DM). Raises channel_not_found, not_in_channel."""
    wanted = args.required("channel", "channel_not_found" if "channel" in args else "invalid_arguments")
    workspace = world.workspace
    if wanted in workspace.people and wanted != workspace.app.user_id:
        return workspace.direct_message(wanted)
    channel = workspace.find_channel(wanted)
    inside = channel is not None and workspace.app.user_id in channel.members
    if channel is None or (not inside and channel.kind != "channel"):
        raise SlackError("channel_not_found")
    if member and not inside:
        raise SlackError("not_in_channel")
    return channel


def message_body(args: Args, *, limit: int) -> Message:
    """Check text, blocks and attachments. Raises no_text, msg_too_long, invalid_blocks and their kin."""
    text = args.text("text")
    blocks, attachments = args.structure("blocks"), args.structure("attachments")
    markdown = args.text("markdown_text")
    if markdown and (text or blocks):
        raise SlackError("markdown_text_conflict")
    text = text or markdown
    if not text and not blocks and not attachments:
        raise SlackError("no_text")
    if len(text) > limit:
        raise SlackError("msg_too_long")
    body: Message = {"text": text}
    if blocks:
        if not isinstance(blocks, list):
            raise SlackError("invalid_blocks_format")
        refuse_problems("invalid_blocks", check_message(blocks))
        body["blocks"] = blocks
    if attachments:
        refuse_problems("invalid_attachments", check_attachments(attachments))
        body["attachments"] = [{"id": n, **each} for n, each in enumerate(attachments, 1)]
    return body


def read_metadata(args: Args) -> dict[str, Any] | None:
    """Check message metadata; {} means: remove it. Raises invalid_metadata_format, _schema, metadata_too_large."""
    metadata = args.structure("metadata")
    if metadata is None or metadata == {}:
        return {} if metadata == {} else None
    if not isinstance(metadata, dict) or set(metadata) - {"event_type", "event_payload", "entities"}:
        raise SlackError("invalid_metadata_format")
    if not isinstance(metadata.get("event_type"), str) or not metadata["event_type"]:
        raise SlackError("invalid_metadata_schema")
    if not isinstance(metadata.get("event_payload", {}), dict):
        raise SlackError("invalid_metadata_schema")
    if len(json.dumps(metadata)) > MAX_METADATA_BYTES:
        raise SlackError("metadata_too_large")
    return metadata


def find_thread(channel: Channel, args: Args) -> str | None:
    """Check thread_ts. Raises invalid_thread_ts, thread_not_found. A reply's own ts points to its thread's parent."""
    thread_ts = args.text("thread_ts")
    if not thread_ts:
        return None
    if not _TS.fullmatch(thread_ts):
        raise SlackError(
            "invalid_thread_ts", response_metadata={"messages": [f"[ERROR] {thread_ts[:40]} is not a valid thread_ts"]}
        )
    parent = channel.messages.get(thread_ts)
    if parent is None:
        raise SlackError("thread_not_found")
    return str(parent.get("thread_ts") or thread_ts)


def own_author(world: World) -> Message:
    app = world.workspace.app
    return {
        "user": app.user_id,
        "bot_id": app.bot_id,
        "app_id": app.id,
        "bot_profile": world.workspace.bot_profile(app),
    }


def post_message(world: World, args: Args) -> dict[str, Any]:
    channel = find_conversation(world, args)
    if channel.is_archived:
        raise SlackError("is_archived")
    body = message_body(args, limit=MAX_TEXT)
    metadata = read_metadata(args)
    thread_ts = find_thread(channel, args)
    message = world.workspace.post(
        channel,
        {**own_author(world), **body},
        thread_ts=thread_ts,
        broadcast=thread_ts is not None and args.flag("reply_broadcast"),
        metadata=metadata,
    )
    world.events.posted(channel, message)
    shown = {**message, "metadata": metadata} if metadata else message
    return {"channel": channel.id, "ts": message["ts"], "message": shown}


def update_message(world: World, args: Args) -> dict[str, Any]:
    """Change an own message. Blocks go when text comes without them; attachments and metadata stay unless given."""
    channel = find_conversation(world, args)
    ts = args.required("ts")
    message = channel.messages.get(ts)
    if message is None:
        raise SlackError("message_not_found")
    if message.get("bot_id") != world.workspace.app.bot_id:
        raise SlackError("cant_update_message")
    metadata = read_metadata(args)
    changes: Message = {}
    if "text" in args or "blocks" in args or "attachments" in args or metadata is None:
        body = message_body(args, limit=MAX_UPDATE_TEXT)
        changes = {"text": body["text"], "blocks": body.get("blocks")}
        if "attachments" in args:
            changes["attachments"] = body.get("attachments")
    now, before = world.workspace.edit(channel, ts, changes, world.workspace.app.user_id)
    if metadata:
        channel.metadata[ts] = metadata
    elif metadata == {}:
        channel.metadata.pop(ts, None)
    world.events.changed(channel, now, before)
    return {"channel": channel.id, "ts": ts, "text": now.get("text", ""), "message": now}


def delete_message(world: World, args: Args) -> dict[str, Any]:
    channel = find_conversation(world, args)
    ts = args.required("ts")
    message = channel.messages.get(ts)
    if message is None:
        raise SlackError("message_not_found")
    if message.get("bot_id") != world.workspace.app.bot_id:
        raise SlackError("cant_delete_message")
    world.events.deleted(channel, world.workspace.delete(channel, ts))
    return {"channel": channel.id, "ts": ts}


def post_ephemeral(world: World, args: Args) -> dict[str, Any]:
    channel = find_conversation(world, args)
    user = args.required("user")
    if user not in channel.members or user not in world.workspace.people:
        raise SlackError("user_not_in_channel")
    body = message_body(args, limit=MAX_TEXT)
    thread_ts = find_thread(channel, args)
    if thread_ts:
        body["thread_ts"] = thread_ts
    message = world.workspace.post_ephemeral(channel, user, {**own_author(world), **body})
    return {"message_ts": message["ts"]}
