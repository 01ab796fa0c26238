"""Malformed and hostile events and payloads through the real Bolt app: each names its place, and changes nothing else."""

import asyncio
import json
import logging
import re
from dataclasses import dataclass, field

import pytest
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.app import build_app, dispatch
from bot.slack.blocks import render_message
from bot.slack.identity import Identity
from tests.fakes.plain_blocks import problems
from tests.fakes.processes import Bot, SandboxProcess, until
from tests.fakes.world import ANA, CHANNEL, TEAM, World

DEEP = 4_000
TABLES = ("inbox", "jobs", "records", "outbox", "audit", "recordings")


@dataclass
class Ear:
    """An observer that remembers."""

    heard: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def tell(self, event: str, **facts: object) -> None:
        self.heard.append((event, facts))

    def unreadable(self) -> list[str]:
        return [f"{facts['place']}: {facts['problem']}" for event, facts in self.heard if event == "slack.unreadable"]


@dataclass
class House:
    """The Bolt app over a real inbox; nothing listens where its client would call."""

    world: World
    ear: Ear

    def deliver(self, *bodies: object) -> list[int]:
        """Return the status of each answer; 200 is an ack."""

        async def through() -> list[int]:
            client = AsyncWebClient(token="xoxb-1", base_url="http://127.0.0.1:9/api/", retry_handlers=[])
            identity = Identity(team=TEAM, user_id="UBOT", bot_id="BBOT", app_id="ABOT")
            app = build_app(
                client, identity, self.world.bot.inbox, clock=self.world.clock, ids=self.world.ids, observer=self.ear
            )
            requests = [SocketModeRequest(type="any", envelope_id="e", payload=body) for body in bodies]
            answers = [await dispatch(app, request, self.ear) for request in requests]
            await asyncio.sleep(0)
            return [answer.status for answer in answers]

        return asyncio.run(through())

    def rows(self) -> dict[str, list[object]]:
        """Return everything that is stored."""
        reader = self.world.bot.store.reader()
        return {table: reader.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}


@pytest.fixture
def house(tmp_path):
    made = House(World(tmp_path), Ear())
    made.world.start()
    made.world.cluster.deploy("shop", "checkout", limit="256Mi", request="128Mi", needs="300Mi")
    yield made
    made.world.stop()


def event(more: object = None, /, **outer: object) -> dict[str, object]:
    """A message of another app in its envelope; `more` is laid over the event."""
    inner: object = {
        "type": "message",
        "channel": CHANNEL,
        "ts": "100.000001",
        "bot_id": "B1",
        "app_id": "A1",
        "text": "x failed",
    }
    if isinstance(more, dict):
        inner = {name: said for name, said in {**inner, **more}.items() if said is not ...}
    body = {"type": "event_callback", "team_id": TEAM, "api_app_id": "ABOT", "event_id": "Ev1", "event": inner, **outer}
    return {name: said for name, said in body.items() if said is not ...}


def click(**more: object) -> dict[str, object]:
    body = {"type": "block_actions", "team": {"id": TEAM}, "user": {"id": ANA, "team_id": TEAM}, "api_app_id": "ABOT", "trigger_id": "1.1",
            "channel": {"id": CHANNEL}, "container": {"type": "message", "message_ts": "100.1"}, "message": {"ts": "100.1"},
            "actions": [{"type": "button", "action_id": "heal_dismiss", "block_id": "b", "value": "in_1"}], **more}  # fmt: skip
    return {name: said for name, said in body.items() if said is not ...}


def view(**more: object) -> dict[str, object]:
    private = {"proposal": "pr_1", "digest": "d", "channel": CHANNEL, "ts": "100.1", "thread_ts": None}
    made = {"id": "V1", "type": "modal", "hash": "1.a", "callback_id": "heal_decide", "external_id": "x", "state": {"values": {}}, "blocks": [],
            "private_metadata": json.dumps(private), **more}  # fmt: skip
    return {name: said for name, said in made.items() if said is not ...}


def submission(more: dict[str, object] | None = None, /, **outer: object) -> dict[str, object]:
    body = {"type": "view_submission", "team": {"id": TEAM}, "user": {"id": ANA, "team_id": TEAM}, "api_app_id": "ABOT", "trigger_id": "1.2",
            "view": view(**(more or {})), **outer}  # fmt: skip
    return {name: said for name, said in body.items() if said is not ...}


def command(**more: object) -> dict[str, object]:
    body = {
        "command": "/heal",
        "text": "status",
        "team_id": TEAM,
        "channel_id": CHANNEL,
        "user_id": ANA,
        "trigger_id": "1.3",
        "api_app_id": "ABOT",
        **more,
    }
    return {name: said for name, said in body.items() if said is not ...}


def nested(levels: int) -> dict[str, object]:
    block: dict[str, object] = {"type": "text", "text": "deep"}
    for _ in range(levels):
        block = {"type": "rich_text_section", "elements": [block]}
    return {"type": "rich_text", "elements": [block]}


CHANGED = {"subtype": "message_changed", "ts": "101.1", "event_ts": "101.1"}
INNER = {"type": "message", "ts": "100.000001", "bot_id": "B1", "text": "x failed"}
MALFORMED = {
    # what: (payload, the place that is named)
    "an event callback without an event": (event(event=...), "event_callback: event"),
    "an event that is a list": (event(event=[1, 2]), "event_callback: event"),
    "an event that is a text": (event(event="message"), "event_callback: event"),
    "an event without an id": (event(event_id=...), "event_callback: event_id"),
    "an event id that is a number": (event(event_id=7), "event_callback: event_id"),
    "a message without a ts": (event({"ts": ...}), "message event.ts"),
    "a ts that is a day": (event({"ts": "yesterday"}), "message event.ts"),
    "a ts that is a number": (event({"ts": 100}), "message event.ts"),
    "a ts of other digits": (event({"ts": "١٠٠.٠٠٠٠٠١"}), "message event.ts"),
    "a ts that is cut off": (event({"ts": "100."}), "message event.ts"),
    "a message without a channel": (event({"channel": ...}), "message event.channel"),
    "a channel that is a path": (event({"channel": "../../etc"}), "message event.channel"),
    "a channel that is an object": (event({"channel": {"id": CHANNEL}}), "message event.channel"),
    "a text that is a list": (event({"text": ["x", "failed"]}), "message event.text"),
    "blocks that are an object": (event({"blocks": {"type": "section"}}), "message event.blocks"),
    "a block that is a text": (event({"blocks": ["section"]}), "message event.blocks[0]"),
    "a section whose text is a number": (event({"blocks": [{"type": "section", "text": 5}]}), "message event.blocks[0].text"),
    "attachments that are a text": (event({"attachments": "none"}), "message event.attachments"),
    "an attachment's fields that are a number": (event({"attachments": [{"fields": 5}]}), "message event.attachments[0].fields"),
    "a bot profile that is a text": (event({"bot_profile": "Robusta"}), "message event.bot_profile"),
    "a thread without sense": (event({"thread_ts": "-1"}), "message event.thread_ts"),
    "a change without the changed message": (event(CHANGED), "message event.message"),
    "a change of a text": (event({**CHANGED, "message": "x failed"}), "message event.message"),
    "a change whose message before is a list": (event({**CHANGED, "message": INNER, "previous_message": []}), "message event.previous_message"),
    "a change of something endless": (event({**CHANGED, "message": {**INNER, "blocks": [nested(DEEP)]},
        "previous_message": {**INNER, "blocks": [nested(DEEP)]}}), "message event.message"),
    "a deletion of nothing": (event({"subtype": "message_deleted", "ts": "102.1", "deleted_ts": "gone"}), "message event.ts"),
    "an edit mark that is a text": (event({"edited": "now"}), "message event.edited"),
    "a mention without a channel": (event({"type": "app_mention", "user": ANA, "bot_id": ..., "channel": ...}), "app_mention: channel"),
    "a mention without a ts": (event({"type": "app_mention", "user": ANA, "bot_id": ..., "ts": ...}), "app_mention: ts"),
    "a Home tab of nobody": (event({"type": "app_home_opened", "tab": "home", "user": ...}), "app_home_opened: user"),
    "a click without an action": (click(actions=...), "block_actions: actions"),
    "a click with no action in its list": (click(actions=[]), "block_actions: actions"),
    "a click whose action is a text": (click(actions=["heal_up"]), "block_actions: actions"),
    "an action without an id": (click(actions=[{"type": "button", "block_id": "b", "value": "in_1"}]), "button: action_id"),
    "an action id that is a number": (click(actions=[{"type": "button", "action_id": 5, "block_id": "b"}]), "button: action_id"),
    "a click without a trigger": (click(trigger_id=...), "block_actions: trigger_id"),
    "a click of nobody": (click(user=...), "block_actions: user"),
    "a click of a name": (click(user="ana"), "block_actions: user"),
    "a click of a person without an id": (click(user={"name": "ana"}), "payload: id"),
    "a click nowhere": (click(channel=...), "block_actions: channel"),
    "a click in a numbered channel": (click(channel={"id": 7}), "payload: id"),
    "a submission without a view": (submission(view=...), "view_submission: view"),
    "a view without an id": (submission({"id": ...}), "modal: id"),
    "a modal without its metadata": (submission({"private_metadata": ""}), "view: private_metadata"),
    "metadata that is cut off": (submission({"private_metadata": '{"proposal": "pr_1", "dig'}), "view: private_metadata"),
    "metadata that is a list": (submission({"private_metadata": '["pr_1"]'}), "view: private_metadata"),
    "metadata without an end": (submission({"private_metadata": "[" * 3_000}), "view: private_metadata"),
    "metadata without a proposal": (submission({"private_metadata": '{"digest": "d"}'}), "proposal"),
    "a digest that is a number": (submission({"private_metadata": '{"proposal": "pr_1", "digest": 5}'}), "digest"),
    "a rejection whose metadata is broken": (click(channel=..., message=..., view=view(private_metadata="no"),
        actions=[{"type": "button", "action_id": "heal_reject", "block_id": "b", "value": "pr_1"}]), "view: private_metadata"),
    "a command nowhere": (command(channel_id=...), "payload: channel_id"),
    "a command of nobody": (command(user_id=""), "payload: user_id"),
    "a command without a trigger": (command(trigger_id=5), "payload: trigger_id"),
}  # fmt: skip


@pytest.mark.parametrize("what", MALFORMED)
def test_what_cannot_be_read_is_named_and_changes_nothing(house, what):
    payload, place = MALFORMED[what]
    before = house.rows()
    assert house.deliver(payload) == [200]  # sent again it would be as unreadable
    assert house.rows() == before
    (said,) = house.ear.unreadable()
    assert place in said.split(": ", 2)[0] + ": " + said.split(": ", 2)[1], said
    assert len(said) < 300
    good = event({"text": "Crashing pod checkout-1 in namespace shop"}, event_id="EvGood")
    assert house.deliver(good) == [200]
    assert len(house.rows()["jobs"]) == 1


UNKNOWN = {
    "an action of an older version": click(actions=[{"type": "button", "action_id": "heal_restart_everything", "block_id": "b", "value": "in_1"}]),
    "an action of another app's making": click(actions=[{"type": "button", "action_id": "<!channel> \u202e\u0000", "block_id": "b", "value": "x" * 9_000}]),
    "an incident that never was": click(),
    "a digest of an older offer": submission(),
}  # fmt: skip


@pytest.mark.parametrize("what", UNKNOWN)
def test_what_is_not_known_is_answered_and_changes_nothing(house, what):
    assert house.deliver(UNKNOWN[what]) == [200]
    before = house.rows()["records"]
    house.world.settle()  # a submission waits a moment, so that its ack is there before its answer
    assert house.rows()["records"] == before == []
    assert house.world.slack.whispers or house.world.slack.views
    said = [row.message.report.headline for row in (*house.world.slack.whispers, *house.world.slack.views.values())]
    assert all("Nothing was changed" in each for each in said), said
    assert house.world.bot.state.job_counts().dead == 0


LINE = "x" * 190_000
BIDI = "\u202e\u2066\u200b\u200d\ufeff"
HOSTILE = {
    "a megabyte of text": {"text": "deploy failed\n" + "error " * 170_000},
    "a line of 190,000 characters": {"text": f"Crashing pod checkout-1 in namespace shop\n```\n{LINE}\n```"},
    "10,000 blocks": {"text": "deploy failed", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": f"line {n} failed"}} for n in range(10_000)]},
    "5,000 attachments of 50 fields": {"text": "deploy failed", "attachments": [{"fields": [{"title": "a", "value": "b"}] * 50}] * 5_000},
    "blocks without a bottom": {"text": "deploy failed", "blocks": [nested(DEEP)]},
    "lone surrogates and NUL": {"text": "deploy failed \ud83d \udc00 \x00\x01\x1b[31m red \ufffe"},
    "characters that reorder": {"text": f"deploy{BIDI} failed: {BIDI}gnp.exe", "attachments": [{"title": BIDI, "text": BIDI * 500}]},
    "a call to everybody in a log line": {"text": "deploy failed\n```ERROR <!channel> <!here> <!everyone> @channel <@U1> <!subteam^S1>```"},
    "the same, escaped": {"text": "deploy failed\n&lt;!channel&gt; &lt;@U1&gt; &amp;lt;!here&amp;gt;"},
    "a link that is a script": {"text": "deploy failed <javascript:alert(1)|click> <http://a.example/\u202e|b> <|> <>"},
    "stars, ticks and brackets": {"text": "deploy failed " + "*_~`<>&" * 20_000},
    "links without end": {"text": "deploy failed " + "<https://a.example/x|y> " * 20_000},
    "combining marks": {"text": "deploy failed " + "e" + "\u0301" * 50_000},
    "emoji beyond the first plane": {"text": "deploy failed " + "\U0001f4a9" * 50_000},
    "a table that is too wide": {"text": "deploy failed", "blocks": [{"type": "table", "rows": [[{"type": "raw_text", "text": "c"}] * 500] * 500}]},
    "other types in every field": {"text": "deploy failed", "username": 5, "icons": [], "files": [{"name": 7}], "attachments": [{"color": 9, "ts": [], "title": 3.5}]},
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_posts_become_harmless_cards(house, what):
    """Read within bounds, answered once, and nothing in the card is more than text."""
    post = event({"ts": "200.000001", **HOSTILE[what]})
    assert house.deliver(post, post) == [200, 200]  # the second is a repeat
    assert len(house.rows()["jobs"]) == 1
    assert house.ear.unreadable() == []
    assert len(str(house.rows()["jobs"])) < 120_000
    house.world.work()
    _ts, row = house.world.slack.card()
    text, blocks = render_message(row.message.report)
    assert problems(blocks, limit=50) == []
    assert len(text) <= 4_000
    shown = text + json.dumps(blocks, ensure_ascii=False)
    shown.encode("utf-8")  # no lone surrogate is left
    assert not re.search("[\u0000-\u0008\u001b\u200b\u202a-\u202e\u2066-\u2069\ufeff]", shown)
    assert not re.search(r"<[!@#]", text)
    assert "javascript:" not in json.dumps([b for b in blocks if "url" in json.dumps(b)])
    assert house.world.bot.state.job_counts().dead == 0


FRAMES = (
    {"text": "not JSON at all"},
    {"text": '{"envelope_id": "e1", "type": "events_api", "payl'},
    {"text": "[]"},
    {"text": "null"},
    {"text": '{"type": "hello", "connection_info": "none"}'},
    {"text": '{"type": "hello", "connection_info": {"app_id": 5}}'},
    {"text": '{"type": "goodbye"}'},
    {"text": '{"envelope_id": "e2", "type": "events_api"}'},
    {"text": '{"envelope_id": 5, "type": "events_api", "payload": {}}'},
    {"text": '{"envelope_id": "e3", "type": "surprise", "payload": {"type": "event_callback"}}'},
    {"text": '{"envelope_id": "e4", "type": "events_api", "payload": {"type": "event_callback", "event": ' + "[" * 3_000 + "]" * 3_000 + "}}"},
    {"kind": "events_api", "payload": []},
    {"kind": "events_api", "payload": "text"},
    {"kind": "events_api", "payload": 7},
    {"kind": "events_api", "payload": None},
    {"kind": "events_api", "payload": {}},
    {"kind": "events_api", "payload": {"type": "event_callback"}},
    {"kind": "events_api", "payload": {"type": "event_callback", "event": {"type": "surprise"}, "event_id": "EvS"}},
    {"kind": "interactive", "payload": {"type": "block_actions"}},
    {"kind": "interactive", "payload": {"type": "view_submission", "view": "no"}},
    {"kind": "interactive", "payload": {"type": "surprise"}},
    {"kind": "slash_commands", "payload": {"command": 5}},
    {"kind": "surprise", "payload": {"type": "event_callback"}},
)  # fmt: skip


def test_odd_frames_do_not_disturb_the_running_bot(tmp_path, capsys):
    """Over the real WebSocket, to the real process: it lives on, keeps its connection, stores nothing, answers the next."""
    sandbox = SandboxProcess("--limits", "off")
    bot = Bot(tmp_path, SLACK_CHANNEL_RATE="0", **sandbox.bot_settings())
    try:
        bot.start()
        for frame in FRAMES:
            sandbox.control("frame", **frame)
        stamp = sandbox.control("cause", scenario="oom-killed")["ts"]

        def answered():
            messages = sandbox.look("state", channel="platform-alerts")["channels"][0]["messages"]
            return [m for m in messages if m.get("thread_ts") == stamp and "OOMKilled" in m["text"]]

        until(answered, lambda: f"the card after the odd frames: {bot.said()[-3000:]}")
        assert bot.process.poll() is None
        assert bot.rows("SELECT COUNT(*) FROM inbox") == [(1,)]
        assert bot.rows("SELECT COUNT(*) FROM jobs WHERE state = 'dead'") == [(0,)]
        told = bot.events("slack.unreadable")
        assert len(told) >= 4
        assert all(each["place"] and each["problem"] for each in told)
        assert "Traceback" not in bot.said(), bot.said()[-3000:]
    finally:
        bot.close()
        sandbox.close()
    with capsys.disabled():
        print(
            f"\nmalformed: {len(MALFORMED)} payloads, {len(UNKNOWN)} unknown, {len(HOSTILE)} hostile posts, {len(FRAMES)} frames"
        )


@pytest.fixture(autouse=True)
def quiet():
    """Bolt tells of requests without a listener in its own log; that is not looked at here."""
    logger = logging.getLogger("slack_bolt")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    yield
    logger.setLevel(before)
