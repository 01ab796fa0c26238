"""One Slack message event as a Post: flattened, bounded, redacted. Nothing of Slack's JSON goes further than this.

Facts: docs.slack.dev/reference/events/message and its subtypes. Slack sets `bot_id`, the sender does not; a message
that a person typed has `client_msg_id`. Apps with bot tokens post without a subtype.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from bot.domain.alert import Field, Link, Post, PostKind, SlackRef
from bot.domain.errors import Unreadable
from bot.domain.values import value
from bot.slack.readable import MAX_LINKS, MAX_TEXT, Reader, is_unfurl
from bot.slack.shapes import read_list, read_object, read_text
from knowledge.text.redact import Session, redact

_TS = re.compile(r"\d{1,12}\.\d{1,6}", re.ASCII)
_CHANNEL = re.compile(r"[A-Z0-9]{2,32}", re.ASCII)
_COLOUR = re.compile(r"[0-9a-f]{6}", re.ASCII)
_NAMED_COLOURS = {"danger": "a30200", "warning": "daa038", "good": "2eb886"}
_SAID_BY_SOMEBODY = frozenset({"", "bot_message", "thread_broadcast", "file_share", "me_message"})
_CHANGES = {"message_changed": PostKind.EDITED, "message_deleted": PostKind.DELETED}
_PLACE = "message event"


@value
class Own:
    """What Slack calls us; an empty field matches nothing."""

    app_id: str = ""
    bot_id: str = ""
    user_id: str = ""


def flatten(event: Mapping[str, object], *, team: str, own: Own, received_at: datetime) -> Post:
    """Return the message event as a Post.

    `ref.ts` is the message's own ts also for edits and deletions. `posted_at` is that ts as a time (UTC), or
    `received_at` where a calendar has no such time. `edited_ts` is the ts of the change, empty for a new message and
    for a change of nothing that can be read. `is_notice` marks what is no news: joins and other notices of Slack, and
    edits that leave text, blocks and attachments as they were (unfurls, reply counts). A broadcast's root, when Slack
    sends it along, is read after the reply itself. Text, title, fields and links are redacted.
    Raises Unreadable with the place for anything that is not a message event; never another error.
    """
    event = read_object(event, _PLACE)
    subtype = read_text(event.get("subtype"), f"{_PLACE}.subtype", 60)
    kind = _CHANGES.get(subtype, PostKind.NEW)
    message, previous = _messages(event, kind)
    inner = read_text(message.get("subtype"), f"{_PLACE}.message.subtype", 60) if message is not event else subtype
    if inner == "tombstone":
        kind = PostKind.DELETED
    elif kind is PostKind.NEW and inner == "thread_broadcast":
        kind = PostKind.BROADCAST
    is_same = kind is PostKind.EDITED and previous is not None and _looks_same(message, previous)
    ref = _ref(event, message, team)
    reader = Reader()
    reader.read_message(message, _PLACE)
    if kind is PostKind.BROADCAST:
        reader.read_message(read_object(event.get("root"), f"{_PLACE}.root"), f"{_PLACE}.root")
    bot_id = read_text(message.get("bot_id"), f"{_PLACE}.bot_id", 60)
    return _masked(
        reader,
        Post(
            ref=ref,
            kind=kind,
            author=_author(message),
            author_id=read_text(message.get("user"), f"{_PLACE}.user", 60) or bot_id,
            is_bot=bool(bot_id) and not message.get("client_msg_id"),
            app_id=_app_id(message),
            colour=_colour(message),
            posted_at=_time(ref.ts, received_at),
            edited_ts="" if is_same else _edited(event, message, kind),
            in_thread=ref.thread_ts not in {None, ref.ts} and inner != "thread_broadcast",
            is_own=_is_own(own, event, message, previous),
            is_notice=is_same or inner not in _SAID_BY_SOMEBODY | {"tombstone", "message_deleted"},
        ),
    )


def _messages(event: Mapping[str, object], kind: PostKind) -> tuple[Mapping[str, object], Mapping[str, object] | None]:
    """Return the message that the event is about, and the one before the change."""
    if event.get("type") not in (None, "message"):
        raise Unreadable(place=f"{_PLACE}.type", problem="not a message event")
    previous = event.get("previous_message")
    before = None if previous is None else read_object(previous, f"{_PLACE}.previous_message")
    if kind is PostKind.EDITED:
        if not isinstance(event.get("message"), Mapping):
            raise Unreadable(place=f"{_PLACE}.message", problem="message_changed without the changed message")
        return read_object(event["message"], f"{_PLACE}.message"), before
    if kind is PostKind.DELETED:
        return before if before is not None else {"ts": event.get("deleted_ts")}, before
    return event, None


def _ts(thing: object, place: str) -> str:
    ts = read_text(thing, place, 40)
    if not _TS.fullmatch(ts):
        raise Unreadable(place=place, problem="expected a Slack ts like 1781150594.561395")
    return ts


def _ref(event: Mapping[str, object], message: Mapping[str, object], team: str) -> SlackRef:
    channel = read_text(event.get("channel"), f"{_PLACE}.channel", 60)
    if not _CHANNEL.fullmatch(channel):
        raise Unreadable(place=f"{_PLACE}.channel", problem="expected a channel id")
    thread = message.get("thread_ts")
    return SlackRef(
        team=team,
        channel=channel,
        ts=_ts(message.get("ts") or event.get("deleted_ts"), f"{_PLACE}.ts"),
        thread_ts=None if thread is None else _ts(thread, f"{_PLACE}.thread_ts"),
    )


def _time(ts: str, received_at: datetime) -> datetime:
    try:
        return datetime.fromtimestamp(float(ts), UTC)
    except (ValueError, OverflowError, OSError):
        return received_at


def _edited(event: Mapping[str, object], message: Mapping[str, object], kind: PostKind) -> str:
    edited = read_object(message.get("edited"), f"{_PLACE}.edited").get("ts")
    if edited is not None:
        return _ts(edited, f"{_PLACE}.edited.ts")
    if kind in {PostKind.EDITED, PostKind.DELETED}:
        return _ts(event.get("event_ts") or event.get("ts"), f"{_PLACE}.event_ts")
    return ""


def _author(message: Mapping[str, object]) -> str:
    profile = read_object(message.get("bot_profile"), f"{_PLACE}.bot_profile")
    name = message.get("username") or profile.get("name") or message.get("user") or message.get("bot_id")
    return read_text(name, f"{_PLACE}.username", 200)


def _app_id(message: Mapping[str, object]) -> str:
    profile = read_object(message.get("bot_profile"), f"{_PLACE}.bot_profile")
    return read_text(message.get("app_id") or profile.get("app_id"), f"{_PLACE}.app_id", 60)


def _colour(message: Mapping[str, object]) -> str:
    for at, each in enumerate(read_list(message.get("attachments"), f"{_PLACE}.attachments", 20)):
        part = read_object(each, f"{_PLACE}.attachments[{at}]")
        colour = read_text(part.get("color"), f"{_PLACE}.attachments[{at}].color", 20).lower().removeprefix("#")
        colour = _NAMED_COLOURS.get(colour, colour)
        if _COLOUR.fullmatch(colour) and not is_unfurl(part):
            return colour
    return ""


def _is_own(own: Own, *messages: Mapping[str, object] | None) -> bool:
    ours = {("app_id", own.app_id), ("bot_id", own.bot_id), ("user", own.user_id)}
    return any(
        (message is not None and any(mine and message.get(key) == mine for key, mine in ours))
        or (message is not None and bool(own.app_id) and _app_id(message) == own.app_id)
        for message in messages
    )


def _looks_same(message: Mapping[str, object], previous: Mapping[str, object]) -> bool:
    try:
        return _visible(message) == _visible(previous)
    except RecursionError as error:
        raise Unreadable(place=f"{_PLACE}.message", problem="nested too deep") from error


def _visible(message: Mapping[str, object]) -> tuple[object, ...]:
    """Return what a reader sees of a message, unfurls aside."""
    attachments = read_list(message.get("attachments"), f"{_PLACE}.attachments", 100)
    own_words = [each for each in attachments if not (isinstance(each, Mapping) and is_unfurl(each))]
    return message.get("text") or "", message.get("blocks") or [], own_words, message.get("files") or []


def _masked(reader: Reader, post: Post) -> Post:
    """Return the post with what the reader found, redacted: masked first and cut after, so that no half secret stays."""
    session = Session()

    def mask(text: str) -> str:
        return redact(text, session).text if text else ""

    def mask_field(field: Field) -> Field:
        """Mask the value beside its title: `password` makes a secret of what follows it."""
        said = mask(f"{field.title}: {field.text}")
        kept = said.startswith(f"{field.title}: ")
        return Field(title=field.title, text=said[len(field.title) + 2 :]) if kept else Field(title="", text=said)

    seen: dict[str, Link] = {}
    for link in reader.links:
        if len(seen) >= MAX_LINKS:
            break
        if link.url not in seen or (link.label and not seen[link.url].label):
            seen[link.url] = link
    links = tuple(Link(url=mask(each.url), label=mask(each.label)) for each in seen.values())
    return replace(
        post,
        title=mask(reader.title),
        text=mask("\n".join(reader.lines))[:MAX_TEXT],
        fields=tuple(map(mask_field, reader.fields)),
        links=links,
    )
