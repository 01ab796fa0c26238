"""What flatten takes out of a message: text, blocks, attachments, links, and what it says about the message."""

from datetime import UTC, datetime

import pytest

from bot.domain.alert import PostKind
from bot.slack.flatten import Own, flatten

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
OWN = Own(app_id="A0OURS", bot_id="B0OURS", user_id="U0OURS")
BASE = {"type": "message", "channel": "C0ROOM", "ts": "1782900000.000100", "bot_id": "B0BOT"}


def read(**event: object):
    return flatten({**BASE, **event}, team="T0TEAM", own=OWN, received_at=NOW)


def section(text: str, **more: object) -> dict[str, object]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def test_plain_text_with_links_and_escapes() -> None:
    post = read(
        text=":x: *Build* &lt;main&gt; &amp; more: <https://ci.example/1?a=1&amp;b=2|run &amp; log>, <https://ci.example/2> <@U0ANN> <!here>"
    )
    assert post.text == ":x: *Build* <main> & more: run & log, https://ci.example/2 @U0ANN @here"
    assert [(link.url, link.label) for link in post.links] == [
        ("https://ci.example/1?a=1&b=2", "run & log"),
        ("https://ci.example/2", ""),
    ]
    assert post.title == "Build <main> & more: run & log, https://ci.example/2 @U0ANN @here"
    assert (post.ref.team, post.ref.channel, post.ref.ts, post.ref.thread_ts) == (
        "T0TEAM",
        "C0ROOM",
        "1782900000.000100",
        None,
    )
    assert post.posted_at == datetime(2026, 7, 1, 10, 0, 0, 100, tzinfo=UTC)


def test_every_kind_of_block() -> None:
    post = read(
        text="This content can't be displayed.",
        blocks=[
            {"type": "header", "text": {"type": "plain_text", "text": ":fire: Job &amp; more failed"}},
            section("*Source:* `prod`", accessory={"type": "button", "url": "https://a.example/acc", "text": {"type": "plain_text", "text": "Acc"}}),
            {"type": "section", "fields": [{"type": "mrkdwn", "text": "*Branch*\n`main`"}, {"type": "mrkdwn", "text": "*Job:* unit"}, {"type": "plain_text", "text": "loose"}]},
            {"type": "context", "elements": [{"type": "image", "image_url": "x", "alt_text": "no"}, {"type": "mrkdwn", "text": "by <https://a.example/ann|ann>"}]},
            {"type": "actions", "elements": [{"type": "button", "url": "https://a.example/log", "text": {"type": "plain_text", "text": "Log"}}, {"type": "static_select"}]},
            {"type": "markdown", "text": "see [the docs](https://a.example/docs)"},
            {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}, {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "b"}]}]}]]},
            {"type": "divider"},
            {"type": "block_of_the_future", "text": {"type": "mrkdwn", "text": "new words"}},
        ],
    )  # fmt: skip
    assert post.title == "Job & more failed"
    assert post.text.split("\n") == [
        ":fire: Job & more failed", "*Source:* `prod`", "Branch: `main`", "Job: unit", "loose", "by ann", "see the docs", "a | b", "new words",
    ]  # fmt: skip
    assert [(field.title, field.text) for field in post.fields] == [("Branch", "`main`"), ("Job", "unit")]
    assert [link.url.rsplit("/", 1)[1] for link in post.links] == ["acc", "ann", "log", "docs"]


def test_rich_text_of_every_kind() -> None:
    leaf = {"type": "text", "text": "one"}
    post = read(blocks=[{"type": "rich_text", "elements": [
        {"type": "rich_text_section", "elements": [{"type": "emoji", "name": "x"}, {"type": "text", "text": " failed "}, {"type": "link", "url": "https://a.example/1", "text": "run"}, {"type": "user", "user_id": "U1"}]},
        {"type": "rich_text_list", "elements": [{"type": "rich_text_section", "elements": [leaf]}, {"type": "rich_text_section", "elements": [{"type": "text", "text": "two"}]}]},
        {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "a < b"}]},
        {"type": "rich_text_quote", "elements": [{"type": "text", "text": "quoted"}]},
    ]}])  # fmt: skip
    assert post.text.split("\n") == [":x: failed run@U1", "• one", "• two", "a < b", "quoted"]
    assert post.title == "failed run@U1"


def test_an_attachment_in_reading_order() -> None:
    post = read(text="", attachments=[{
        "id": 1, "color": "#A30200", "pretext": "New run", "author_name": "ann", "title": "CI #4", "title_link": "https://a.example/4",
        "text": "it <https://a.example/why|failed>", "fields": [{"title": "Status", "value": ":x: Failure"}, {"title": "", "value": "no title"}],
        "blocks": [section("inner")], "actions": [{"type": "button", "text": "Re-run", "url": "https://a.example/rerun"}],
        "footer": "<https://a.example|acme>", "fallback": "not read",
    }])  # fmt: skip
    assert post.text.split("\n") == [
        "New run",
        "ann",
        "CI #4",
        "it failed",
        "Status: :x: Failure",
        "no title",
        "inner",
        "acme",
    ]
    assert (post.title, post.colour) == ("New run", "a30200")
    assert [link.url for link in post.links] == [
        "https://a.example/4",
        "https://a.example/why",
        "https://a.example/rerun",
        "https://a.example",
    ]


def test_the_fallback_speaks_when_nothing_else_does() -> None:
    assert read(attachments=[{"id": 1, "fallback": "Build 7 failed", "color": "danger"}]).text == "Build 7 failed"
    assert read(attachments=[{"id": 1, "fallback": "[no preview available]"}]).text == ""


def test_what_text_and_blocks_both_say_is_said_once() -> None:
    assert (
        read(text="*failed* again\nagain", blocks=[section("failed again"), section("more")]).text
        == "*failed* again\nagain\nmore"
    )


def test_a_broadcast_reads_its_root_too() -> None:
    root = {
        "ts": "1782800000.000100",
        "text": "started",
        "attachments": [{"title": "CI #4", "title_link": "https://a.example/4"}],
    }
    post = read(subtype="thread_broadcast", text="failed", thread_ts=root["ts"], root=root)
    assert (post.kind, post.in_thread, post.text, post.ref.root) == (
        PostKind.BROADCAST,
        False,
        "failed\nstarted\nCI #4",
        root["ts"],
    )
    assert [link.url for link in post.links] == ["https://a.example/4"]


def test_a_reply_is_in_its_thread_and_a_root_is_not() -> None:
    assert read(thread_ts="1782800000.000100").in_thread
    assert not read(thread_ts=BASE["ts"]).in_thread


def changed(message: dict[str, object], previous: dict[str, object] | None, **more: object):
    base = {"ts": "1782800000.000100", "bot_id": "B0BOT"}
    event = {
        "type": "message",
        "subtype": "message_changed",
        "channel": "C0ROOM",
        "ts": "1782900009.000100",
        "event_ts": "1782900009.000200",
        "message": {**base, **message},
        **more,
    }
    if previous is not None:
        event["previous_message"] = {**base, **previous}
    return flatten(event, team="T", own=OWN, received_at=NOW)


def test_an_edit_is_about_the_message() -> None:
    post = changed({"text": "failed", "edited": {"ts": "1782900008.000000"}}, {"text": "running"})
    assert (post.kind, post.ref.ts, post.text, post.edited_ts, post.is_notice) == (
        PostKind.EDITED,
        "1782800000.000100",
        "failed",
        "1782900008.000000",
        False,
    )


def test_an_edit_without_a_note_of_it_is_dated_by_the_event() -> None:
    assert changed({"text": "failed"}, {"text": "running"}).edited_ts == "1782900009.000200"
    assert changed({"text": "failed"}, None).is_notice is False


@pytest.mark.parametrize("key", ["from_url", "is_msg_unfurl", "is_app_unfurl"])
def test_an_unfurl_is_no_edit(key) -> None:
    post = changed({"text": "see", "attachments": [{"title": "Run failed", key: "https://a.example"}]}, {"text": "see"})
    assert (post.kind, post.is_notice, post.edited_ts, post.text) == (PostKind.EDITED, True, "", "see")


def test_a_new_attachment_of_the_sender_is_an_edit() -> None:
    assert not changed({"text": "see", "attachments": [{"title": "Run failed"}]}, {"text": "see"}).is_notice


def test_deletions() -> None:
    post = read(
        subtype="message_deleted",
        ts="1782900009.000100",
        deleted_ts="1782800000.000100",
        event_ts="1782900009.000100",
        previous_message={"ts": "1782800000.000100", "bot_id": "B0BOT", "text": "failed"},
    )
    assert (post.kind, post.ref.ts, post.is_bot, post.text) == (PostKind.DELETED, "1782800000.000100", True, "failed")
    assert read(subtype="message_deleted", deleted_ts="1782800000.000100").ref.ts == "1782800000.000100"
    assert (
        changed({"subtype": "tombstone", "text": "This message was deleted."}, {"text": "failed"}).kind
        is PostKind.DELETED
    )


@pytest.mark.parametrize("subtype", ["channel_join", "channel_topic", "pinned_item", "bot_add", "something_new"])
def test_notices(subtype) -> None:
    assert read(subtype=subtype).is_notice


@pytest.mark.parametrize("subtype", [None, "bot_message", "file_share", "me_message", "thread_broadcast"])
def test_what_somebody_said_is_no_notice(subtype) -> None:
    assert not read(subtype=subtype).is_notice


def test_files_are_named() -> None:
    assert (
        read(subtype="file_share", text="logs", files=[{"title": "api.log"}, {"name": "b.txt"}]).text
        == "logs\nfile: api.log\nfile: b.txt"
    )


@pytest.mark.parametrize(
    ("event", "is_own"),
    [
        ({"app_id": "A0OURS"}, True),
        ({"bot_id": "B0OURS"}, True),
        ({"user": "U0OURS"}, True),
        ({"bot_profile": {"app_id": "A0OURS"}}, True),
        ({"subtype": "message_changed", "message": {"ts": BASE["ts"], "app_id": "A0OURS"}}, True),
        ({"subtype": "message_changed", "message": {"ts": BASE["ts"]}, "previous_message": {"ts": BASE["ts"], "bot_id": "B0OURS"}}, True),
        ({"subtype": "message_deleted", "previous_message": {"ts": BASE["ts"], "user": "U0OURS"}}, True),
        ({"app_id": "A0OTHER", "user": ""}, False),
        ({"text": "A0OURS B0OURS U0OURS"}, False),
        ({"root": {"bot_id": "B0OURS"}, "subtype": "thread_broadcast", "thread_ts": "1782800000.000100"}, False),
    ],
)  # fmt: skip
def test_own_posts(event, is_own) -> None:
    assert read(**event).is_own is is_own


def test_nobody_is_nobody() -> None:
    assert not flatten({**BASE, "app_id": "", "user": None}, team="T", own=Own(), received_at=NOW).is_own


def test_who_said_it() -> None:
    bot = read(username="Alertmanager", user="U1", app_id="A1")
    assert (bot.author, bot.author_id, bot.is_bot, bot.app_id) == ("Alertmanager", "U1", True, "A1")
    assert (
        read(bot_profile={"name": "Robusta", "app_id": "A2"}).author,
        read(bot_profile={"app_id": "A2"}).app_id,
    ) == ("Robusta", "A2")
    assert not read(client_msg_id="x", user="U1").is_bot
    assert not read(bot_id=None, username="Alertmanager").is_bot


SECRET = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" + "k1L2m3N4o5P6q7R8"


def test_secrets_are_masked_everywhere() -> None:
    post = read(
        text=f"failed with {SECRET}",
        attachments=[
            {
                "id": 1,
                "title": f"t {SECRET}",
                "title_link": f"https://a.example/?token={SECRET}",
                "fields": [{"title": "token", "value": SECRET}, {"title": "password", "value": "hunter2hunter2"}],
            }
        ],
        blocks=[{"type": "header", "text": {"type": "plain_text", "text": f"h {SECRET}"}}],
    )
    assert SECRET not in repr(post)
    assert "hunter2hunter2" not in repr(post)


def test_no_half_secret_stays_at_the_cut() -> None:
    post = read(text=("failed " * 2856 + "x" * 6 + " " + SECRET + " ") + "y " * 3000)
    assert len(post.text) <= 20_000
    assert SECRET[:8] not in post.text


def test_titles_lose_emoji_but_times_stay() -> None:
    assert (
        read(text=":rotating_light: :+1::skin-tone-3: at 12:30:45 `a_b` *__init__* \U0001f525 failed").title
        == "at 12:30:45 a_b init failed"
    )
