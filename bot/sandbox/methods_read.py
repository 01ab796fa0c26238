"""auth.test, apps.connections.open, conversations.* and users.*: what the app may look at."""

import base64
import binascii
from typing import Any

from bot.sandbox.methods_chat import find_conversation
from bot.sandbox.slack_args import Args, SlackError
from bot.sandbox.workspace import Channel, Message, Person
from bot.sandbox.world import World

HISTORY_DEFAULT, HISTORY_MAX = 100, 999
REPLIES_DEFAULT, REPLIES_MAX = 1000, 1000


def auth_test(world: World, args: Args) -> dict[str, Any]:
    del args
    workspace = world.workspace
    return {
        "url": f"{world.base}/",
        "team": workspace.team_name,
        "user": "codehealer",
        "team_id": workspace.team_id,
        "user_id": workspace.app.user_id,
        "bot_id": workspace.app.bot_id,
        "is_enterprise_install": False,
    }


def open_connection(world: World, args: Args) -> dict[str, Any]:
    del args
    address = world.base.replace("http://", "ws://", 1)
    return {"url": f"{address}/socket?ticket={world.socket.new_ticket()}&app_id={world.workspace.app.id}"}


def describe_conversation(world: World, channel: Channel) -> dict[str, Any]:
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": channel.kind == "channel",
        "is_group": channel.kind == "group",
        "is_im": channel.kind == "im",
        "is_mpim": False,
        "is_private": channel.kind != "channel",
        "is_member": world.workspace.app.user_id in channel.members,
        "is_archived": channel.is_archived,
        "is_general": channel.name == "general",
        "is_shared": channel.is_ext_shared,
        "is_ext_shared": channel.is_ext_shared,
        "is_org_shared": False,
        "is_pending_ext_shared": False,
        "context_team_id": world.workspace.team_id,
        "created": channel.created,
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
        **({"user": _other_member(world, channel)} if channel.kind == "im" else {}),
    }


def _other_member(world: World, channel: Channel) -> str:
    return next((member for member in channel.members if member != world.workspace.app.user_id), "")


def conversation_info(world: World, args: Args) -> dict[str, Any]:
    channel = find_conversation(world, args, member=False)
    described = describe_conversation(world, channel)
    if args.flag("include_num_members"):
        described["num_members"] = len(channel.members)
    return {"channel": described}


def list_conversations(world: World, args: Args) -> dict[str, Any]:
    wanted = set((args.text("types") or "public_channel").split(","))
    kinds = {"public_channel": "channel", "private_channel": "group", "im": "im"}
    allowed = {kinds[name] for name in wanted if name in kinds}
    bot = world.workspace.app.user_id
    seen = [
        c for c in world.workspace.channels.values() if c.kind in allowed and (c.kind == "channel" or bot in c.members)
    ]
    return _list_page(world, seen, args)


def list_own_conversations(world: World, args: Args) -> dict[str, Any]:
    bot = world.workspace.app.user_id
    own = [c for c in world.workspace.channels.values() if bot in c.members and c.kind != "im"]
    return _list_page(world, own, args)


def _list_page(world: World, channels: list[Channel], args: Args) -> dict[str, Any]:
    limit = args.number("limit", 100, 1000)
    start = _read_cursor(args, "offset")
    first = int(start) if start else 0
    page = channels[first : first + limit]
    more = first + limit < len(channels)
    return {
        "channels": [describe_conversation(world, c) for c in page],
        "response_metadata": {"next_cursor": _cursor("offset", str(first + limit)) if more else ""},
    }


def conversation_members(world: World, args: Args) -> dict[str, Any]:
    channel = find_conversation(world, args, member=False)
    limit = args.number("limit", 100, 1000)
    start = _read_cursor(args, "offset")
    first = int(start) if start else 0
    members = sorted(channel.members)
    more = first + limit < len(members)
    return {
        "members": members[first : first + limit],
        "response_metadata": {"next_cursor": _cursor("offset", str(first + limit)) if more else ""},
    }


def open_conversation(world: World, args: Args) -> dict[str, Any]:
    users = args.text("users")
    if users not in world.workspace.people or users == world.workspace.app.user_id:
        raise SlackError("user_not_found")
    channel = world.workspace.direct_message(users)
    return {"channel": describe_conversation(world, channel) if args.flag("return_im") else {"id": channel.id}}


def history(world: World, args: Args) -> dict[str, Any]:
    """Newest first; no thread replies but broadcasts; `oldest` and `latest` are exclusive unless `inclusive`."""
    channel = find_conversation(world, args)
    limit = args.number("limit", HISTORY_DEFAULT, HISTORY_MAX)
    before = _read_cursor(args, "next_ts")
    oldest, latest = _window(args)
    found = [
        message
        for ts, message in reversed(channel.messages.items())
        if _in_channel(message) and oldest <= ts <= latest and (not before or ts <= before)
    ]
    page, rest = found[:limit], found[limit:]
    return {
        "messages": [_shown(channel, message, args) for message in page],
        "has_more": bool(rest),
        "pin_count": 0,
        "response_metadata": {"next_cursor": _cursor("next_ts", rest[0]["ts"]) if rest else ""},
    }


def replies(world: World, args: Args) -> dict[str, Any]:
    """Oldest first, the parent first on every page. Raises thread_not_found."""
    channel = find_conversation(world, args)
    limit = args.number("limit", REPLIES_DEFAULT, REPLIES_MAX)
    ts = args.required("ts")
    parent = channel.messages.get(ts)
    if parent is None:
        raise SlackError("thread_not_found")
    after = _read_cursor(args, "next_ts")
    oldest, latest = _window(args)
    found = [
        channel.messages[reply]
        for reply in channel.threads.get(ts, ())
        if reply in channel.messages and oldest <= reply <= latest and (not after or reply >= after)
    ]
    page, rest = found[:limit], found[limit:]
    return {
        "messages": [_shown(channel, message, args) for message in (parent, *page)],
        "has_more": bool(rest),
        "response_metadata": {"next_cursor": _cursor("next_ts", rest[0]["ts"]) if rest else ""},
    }


def _in_channel(message: Message) -> bool:
    thread_ts = message.get("thread_ts")
    return thread_ts in {None, message["ts"]} or message.get("subtype") == "thread_broadcast"


def _window(args: Args) -> tuple[str, str]:
    """Read oldest and latest as bounds that themselves count: the next or previous microsecond unless `inclusive`."""
    try:
        oldest, latest = _micros(args.text("oldest") or "0"), _micros(args.text("latest") or "9999999999")
    except ValueError:
        raise SlackError("invalid_ts_oldest") from None
    if not args.flag("inclusive"):
        oldest, latest = oldest + 1, latest - 1
    return _ts(oldest), _ts(latest)


def _micros(ts: str) -> int:
    """Read "1700000000", "1700000000.5" or a full ts as microseconds; ValueError if it is no time."""
    whole, _, part = ts.partition(".")
    return int(whole) * 1_000_000 + int((part + "000000")[:6])


def _ts(micros: int) -> str:
    return f"{max(micros, 0) // 1_000_000:010d}.{max(micros, 0) % 1_000_000:06d}"


def _shown(channel: Channel, message: Message, args: Args) -> Message:
    metadata = channel.metadata.get(message["ts"]) if args.flag("include_all_metadata") else None
    return {**message, "metadata": metadata} if metadata else message


def _cursor(name: str, value: str) -> str:
    return base64.b64encode(f"{name}:{value}".encode()).decode()


def _read_cursor(args: Args, name: str) -> str:
    """Read what `_cursor` wrote. Raises SlackError invalid_cursor."""
    given = args.text("cursor")
    if not given:
        return ""
    try:
        found, _, value = base64.b64decode(given, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise SlackError("invalid_cursor") from None
    if found != name or not value.replace(".", "").isdigit():
        raise SlackError("invalid_cursor")
    return value


def describe_person(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "team_id": person.team_id,
        "name": person.name,
        "deleted": person.deleted,
        "real_name": person.real_name,
        "tz": "Etc/UTC",
        "tz_offset": 0,
        "profile": {
            "real_name": person.real_name,
            "real_name_normalized": person.real_name,
            "display_name": person.name,
            "display_name_normalized": person.name,
            "team": person.team_id,
        },
        "is_admin": False,
        "is_owner": False,
        "is_restricted": person.is_restricted,
        "is_ultra_restricted": person.is_ultra_restricted,
        "is_stranger": person.is_stranger,
        "is_bot": person.is_bot,
        "is_app_user": False,
        "updated": 0,
    }


def user_info(world: World, args: Args) -> dict[str, Any]:
    person = world.workspace.people.get(args.required("user"))
    if person is None:
        raise SlackError("user_not_found")
    return {"user": describe_person(person)}
