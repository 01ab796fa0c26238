"""The workspace's state: people, channels, messages, ephemerals. Mutable, in memory, changed on one event loop.

Messages are kept as the dicts that conversations.history gives back (metadata apart). Every change is told to the
listeners of `changes`: the page's stream and nothing else; the app hears through `events.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.identity import Timestamps, new_id

Message = dict[str, Any]
Change = dict[str, Any]

REPLY_USERS_SHOWN = 5


@dataclass(slots=True)
class Person:
    """A member of the workspace; the app's bot user is one too."""

    id: str
    name: str
    real_name: str
    is_bot: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_stranger: bool = False
    deleted: bool = False
    team_id: str = ""


@dataclass(slots=True)
class Channel:
    """A conversation: `messages` by ts in order of posting, `threads` the reply ts of each parent."""

    id: str
    name: str
    kind: str = "channel"
    members: set[str] = field(default_factory=set)
    messages: dict[str, Message] = field(default_factory=dict)
    metadata: dict[str, dict[str, Any]] = field(default_factory=dict)
    threads: dict[str, list[str]] = field(default_factory=dict)
    ephemerals: list[Message] = field(default_factory=list)
    is_ext_shared: bool = False
    is_archived: bool = False
    topic: str = ""
    created: int = 0


@dataclass(slots=True)
class App:
    """An app that posts: CodeHealer, or one of the foreign ones that raise alerts."""

    id: str
    bot_id: str
    user_id: str
    name: str


class Workspace:
    """One Slack team with one CodeHealer app in it."""

    def __init__(self) -> None:
        self.team_id = new_id("T")
        self.team_name = "Acme"
        self.team_domain = "acme"
        self.app = App(id=new_id("A"), bot_id=new_id("B"), user_id=new_id("U"), name="CodeHealer")
        self.timestamps = Timestamps()
        self.people: dict[str, Person] = {}
        self.channels: dict[str, Channel] = {}
        self.foreign_apps: dict[str, App] = {}
        self.listeners: list[Callable[[Change], None]] = []
        self.add_person("codehealer", "CodeHealer", person_id=self.app.user_id, is_bot=True)

    # --- people and channels -----------------------------------------------------------------------------------

    def add_person(self, name: str, real_name: str, *, person_id: str | None = None, **flags: bool) -> Person:
        person = Person(id=person_id or new_id("U"), name=name, real_name=real_name, team_id=self.team_id, **flags)
        self.people[person.id] = person
        return person

    def add_channel(self, name: str, members: set[str], kind: str = "channel", topic: str = "") -> Channel:
        prefix = {"channel": "C", "group": "C", "im": "D"}[kind]
        created = int(self.timestamps.next().split(".")[0])
        channel = Channel(id=new_id(prefix), name=name, kind=kind, members=set(members), topic=topic, created=created)
        self.channels[channel.id] = channel
        self.tell({"type": "channel", "channel": self.describe_channel(channel)})
        return channel

    def direct_message(self, user: str) -> Channel:
        """Find or open the DM between this person and the bot."""
        for channel in self.channels.values():
            if channel.kind == "im" and user in channel.members:
                return channel
        return self.add_channel(f"dm-{user}", {user, self.app.user_id}, kind="im")

    def find_channel(self, name_or_id: str) -> Channel | None:
        found = self.channels.get(name_or_id)
        if found is None:
            name = name_or_id.removeprefix("#")
            found = next((c for c in self.channels.values() if c.name == name and c.kind != "im"), None)
        return found

    def describe_channel(self, channel: Channel) -> dict[str, Any]:
        return {
            "id": channel.id,
            "name": channel.name,
            "kind": channel.kind,
            "topic": channel.topic,
            "members": sorted(channel.members),
            "bot_is_member": self.app.user_id in channel.members,
        }

    def foreign_app(self, name: str, app_id: str | None, bot_id: str | None) -> App:
        """Find or install the foreign app that posts under this name or bot id."""
        key = bot_id or f"{app_id or ''}/{name}"
        found = self.foreign_apps.get(key)
        if found is None:
            found = App(id=app_id or new_id("A"), bot_id=bot_id or new_id("B"), user_id=new_id("U"), name=name)
            self.foreign_apps[key] = found
            self.add_person(name.lower()[:80], name, person_id=found.user_id, is_bot=True)
        return found

    def bot_profile(self, app: App) -> dict[str, Any]:
        return {
            "id": app.bot_id,
            "app_id": app.id,
            "name": app.name,
            "icons": {},
            "deleted": False,
            "updated": 0,
            "team_id": self.team_id,
        }

    # --- messages ----------------------------------------------------------------------------------------------

    def post(
        self,
        channel: Channel,
        body: Message,
        *,
        thread_ts: str | None = None,
        broadcast: bool = False,
        metadata: dict[str, Any] | None = None,
    ) -> Message:
        """Store a message (or a reply, or a broadcast reply); the ts is given here. Returns the stored dict."""
        ts = self.timestamps.next()
        message: Message = {"type": "message", **body, "ts": ts, "team": self.team_id}
        self._name_blocks(message)
        if thread_ts is not None:
            message["thread_ts"] = thread_ts
            message["parent_user_id"] = channel.messages[thread_ts].get("user", "")
            if broadcast:
                message["subtype"] = "thread_broadcast"
                message["root"] = {**channel.messages[thread_ts], "thread_ts": thread_ts}
        channel.messages[ts] = message
        if metadata:
            channel.metadata[ts] = metadata
        self.tell({"type": "message", "channel": channel.id, "message": message})
        if thread_ts is not None:
            channel.threads.setdefault(thread_ts, []).append(ts)
            self._count_replies(channel, thread_ts)
        return message

    def edit(self, channel: Channel, ts: str, changes: Message, editor: str) -> tuple[Message, Message]:
        """Replace fields of a message (None removes one). Returns (now, before); `before` is a copy."""
        message = channel.messages[ts]
        before = dict(message)
        for name, value in changes.items():
            if value is None:
                message.pop(name, None)
            else:
                message[name] = value
        self._name_blocks(message)
        message["edited"] = {"user": editor, "ts": self.timestamps.next()}
        self.tell({"type": "message_changed", "channel": channel.id, "message": message})
        return message, before

    def delete(self, channel: Channel, ts: str) -> Message:
        """Remove a message; a parent's replies stay readable by nobody, as at Slack. Returns what it was."""
        message = channel.messages.pop(ts)
        channel.metadata.pop(ts, None)
        channel.threads.pop(ts, None)
        self.tell({"type": "message_deleted", "channel": channel.id, "ts": ts})
        parent = message.get("thread_ts")
        if parent and parent != ts and ts in channel.threads.get(parent, ()):
            channel.threads[parent].remove(ts)
            self._count_replies(channel, parent)
        return message

    def post_ephemeral(self, channel: Channel, user: str, body: Message) -> Message:
        """Show a message to one person only; it is kept for the page and the oracle, never in history."""
        ts = self.timestamps.next()
        message: Message = {"type": "message", **body, "ts": ts, "ephemeral_user": user, "is_ephemeral": True}
        self._name_blocks(message)
        channel.ephemerals.append(message)
        self.tell({"type": "ephemeral", "channel": channel.id, "user": user, "message": message})
        return message

    def find_ephemeral(self, channel: Channel, ts: str) -> Message | None:
        return next((m for m in channel.ephemerals if m["ts"] == ts), None)

    def replace_ephemeral(self, channel: Channel, ts: str, body: Message | None) -> None:
        """Change (body) or take away (None) an ephemeral message, as a response_url can."""
        found = self.find_ephemeral(channel, ts)
        if found is None:
            return
        channel.ephemerals.remove(found)
        self.tell({"type": "ephemeral_gone", "channel": channel.id, "user": found["ephemeral_user"], "ts": ts})
        if body is not None:
            self.post_ephemeral(channel, found["ephemeral_user"], body)

    def tell(self, change: Change) -> None:
        for listener in self.listeners:
            listener(change)

    def _count_replies(self, channel: Channel, parent_ts: str) -> None:
        parent = channel.messages.get(parent_ts)
        if parent is None:
            return
        replies = [channel.messages[ts] for ts in channel.threads.get(parent_ts, ()) if ts in channel.messages]
        if not replies:
            for name in ("thread_ts", "reply_count", "reply_users", "reply_users_count", "latest_reply"):
                parent.pop(name, None)
        else:
            users = list(dict.fromkeys(str(m.get("user") or m.get("bot_id", "")) for m in replies))
            parent["thread_ts"] = parent_ts
            parent["reply_count"] = len(replies)
            parent["reply_users"] = users[:REPLY_USERS_SHOWN]
            parent["reply_users_count"] = len(users)
            parent["latest_reply"] = replies[-1]["ts"]
        self.tell({"type": "message_changed", "channel": channel.id, "message": parent})

    @staticmethod
    def _name_blocks(message: Message) -> None:
        """Give blocks without a block_id one, and elements without an action_id one, as Slack does."""
        for holder in (message, *(message.get("attachments") or ())):
            blocks = holder.get("blocks") if isinstance(holder, dict) else None
            if isinstance(blocks, list):
                holder["blocks"] = [name_block(block) if isinstance(block, dict) else block for block in blocks]


def name_block(block: dict[str, Any]) -> dict[str, Any]:
    """Copy a block with every missing block_id and action_id filled in."""
    named = {**block, "block_id": block.get("block_id") or new_id("", 5)}
    kind = named.get("type")
    if kind in {"actions", "context_actions"} and isinstance(named.get("elements"), list):
        named["elements"] = [name_element(each) for each in named["elements"]]
    for slot in ("accessory", "element"):
        if isinstance(named.get(slot), dict):
            named[slot] = name_element(named[slot])
    return named


def name_element(element: Any) -> Any:
    if not isinstance(element, dict) or element.get("type") == "image" or element.get("action_id"):
        return element
    return {**element, "action_id": new_id("", 5)}
