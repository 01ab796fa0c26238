"""Malformed, huge and hostile events: a clear Unreadable or a bounded Post, never another error."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.alert import Post
from bot.domain.errors import Unreadable
from bot.intake.parse import parse
from bot.slack.flatten import Own, flatten

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
BASE = {"type": "message", "channel": "C0ROOM", "ts": "1782900000.000100", "bot_id": "B0BOT"}


def read(event: object) -> Post:
    return flatten(event, team="T", own=Own(app_id="A0OURS"), received_at=NOW)


MALFORMED = {
    "a string": ("x", "message event: expected an object, found str"),
    "a list": ([], "message event: expected an object, found list"),
    "another event": ({**BASE, "type": "reaction_added"}, "message event.type: not a message event"),
    "an odd type": ({**BASE, "type": []}, "message event.type: not a message event"),
    "no channel": ({"ts": BASE["ts"]}, "message event.channel: expected a channel id"),
    "channel is a number": ({**BASE, "channel": 5}, "message event.channel: expected a channel id"),
    "channel is an object": ({**BASE, "channel": {}}, "message event.channel: expected text, found dict"),
    "channel is markup": ({**BASE, "channel": "<!channel>"}, "message event.channel: expected a channel id"),
    "no ts": ({"channel": "C0ROOM"}, "message event.ts: expected a Slack ts like 1781150594.561395"),
    "ts is true": ({**BASE, "ts": True}, "message event.ts: expected text, found bool"),
    "ts is a word": ({**BASE, "ts": "now"}, "message event.ts: expected a Slack ts like 1781150594.561395"),
    "ts has other digits": ({**BASE, "ts": "١٢٣٤.٥٦"}, "message event.ts: expected a Slack ts like 1781150594.561395"),
    "ts is endless": ({**BASE, "ts": "9" * 90_000}, "message event.ts: expected a Slack ts like 1781150594.561395"),
    "thread_ts is a list": ({**BASE, "thread_ts": []}, "message event.thread_ts: expected text, found list"),
    "subtype is an object": ({**BASE, "subtype": {}}, "message event.subtype: expected text, found dict"),
    "changed without message": ({**BASE, "subtype": "message_changed"}, "message event.message: message_changed without the changed message"),
    "changed to a string": ({**BASE, "subtype": "message_changed", "message": "x"}, "message event.message: message_changed without the changed message"),
    "changed without its ts": ({**BASE, "subtype": "message_changed", "message": {}}, "message event.ts: expected a Slack ts like 1781150594.561395"),
    "previous is a list": ({**BASE, "subtype": "message_changed", "message": {"ts": BASE["ts"]}, "previous_message": [1]}, "message event.previous_message: expected an object, found list"),
    "deleted nothing": ({**BASE, "subtype": "message_deleted"}, "message event.ts: expected a Slack ts like 1781150594.561395"),
    "text is a list": ({**BASE, "text": ["x"]}, "message event.text: expected text, found list"),
    "blocks is a string": ({**BASE, "blocks": "x"}, "message event.blocks: expected an array, found str"),
    "a block is null text": ({**BASE, "blocks": [7]}, "message event.blocks[0]: expected an object, found int"),
    "a block's type is a list": ({**BASE, "blocks": [{"type": []}]}, "message event.blocks[0].type: expected text, found list"),
    "a section's text is a list": ({**BASE, "blocks": [{"type": "section", "text": []}]}, "message event.blocks[0].text: expected an object, found list"),
    "fields is an object": ({**BASE, "blocks": [{"type": "section", "fields": {}}]}, "message event.blocks[0].fields: expected an array, found dict"),
    "elements is a number": ({**BASE, "blocks": [{"type": "rich_text", "elements": 1}]}, "message event.blocks[0].elements: expected an array, found int"),
    "a cell is a string": ({**BASE, "blocks": [{"type": "table", "rows": [["x"]]}]}, "message event.blocks[0].rows[0][0]: expected an object, found str"),
    "a button's url is a list": ({**BASE, "blocks": [{"type": "actions", "elements": [{"url": []}]}]}, "message event.blocks[0].elements[0].url: expected text, found list"),
    "attachments is an object": ({**BASE, "attachments": {}}, "message event.attachments: expected an array, found dict"),
    "an attachment is null's sibling": ({**BASE, "attachments": [True]}, "message event.attachments[0]: expected an object, found bool"),
    "a colour is an object": ({**BASE, "attachments": [{"color": {}}]}, "message event.attachments[0].color: expected text, found dict"),
    "a value is an object": ({**BASE, "attachments": [{"fields": [{"value": {}}]}]}, "message event.attachments[0].fields[0].value: expected text, found dict"),
    "a profile is a string": ({**BASE, "bot_profile": "x"}, "message event.bot_profile: expected an object, found str"),
    "edited is a string": ({**BASE, "edited": "x"}, "message event.edited: expected an object, found str"),
    "a file is a string": ({**BASE, "files": ["x"]}, "message event.files[0]: expected an object, found str"),
    "a root is a string": ({**BASE, "subtype": "thread_broadcast", "root": "x"}, "message event.root: expected an object, found str"),
}  # fmt: skip


@pytest.mark.parametrize(("event", "message"), MALFORMED.values(), ids=MALFORMED)
def test_malformed_events_say_where(event, message) -> None:
    with pytest.raises(Unreadable) as caught:
        read(event)
    assert str(caught.value) == message


def deep(levels: int) -> dict[str, object]:
    part: dict[str, object] = {"type": "text", "text": "bottom"}
    for _ in range(levels):
        part = {"type": "rich_text_section", "elements": [part, {"type": "text", "text": "x"}]}
    return part


HOSTILE = {
    "a huge line": {"text": "failed " + "x" * 190_000},
    "many lines": {"text": "failed\n" * 50_000},
    "many links": {"text": "<https://a.example/1|x> " * 9_000},
    "open brackets": {"text": "<" * 100_000},
    "half links": {"text": "<http://a|" * 20_000},
    "stars": {"text": "*_~`" * 25_000},
    "colons": {"text": ":a" * 50_000},
    "spaces": {"text": " " * 100_000 + "x"},
    "brackets": {"text": "[FIRING:1] " + "(" * 50_000},
    "pairs": {"text": "a: b  " * 20_000},
    "dashes": {"text": "pod " + "a-" * 50_000},
    "hex": {"text": "abcdef0123456789" * 6_000},
    "slashes": {"text": "a/b@" * 20_000},
    "urls": {"text": "https://" * 20_000},
    "url of brackets": {"text": "https://a.example/" + ")]" * 40_000},
    "tags": {"text": "[Triggered on {" + "a:b," * 20_000 + "}] x"},
    "counts": {"text": "Passed: 1, " * 10_000},
    "alert closed": {"text": "alert was " * 10_000},
    "surrogates": {"text": "failed \ud800\udfff \x00 \u202e\u2066 \ufeff"},
    "mass mention": {"text": "failed <!channel> <!everyone> &lt;!channel&gt;"},
    "deep rich text": {"blocks": [{"type": "rich_text", "elements": [deep(400)]}]},
    "wide rich text": {"blocks": [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "ab "}] * 5_000}] * 100}]},
    "many attachments": {"attachments": [{"title": "failed", "text": "x" * 5_000, "fields": [{"title": "a", "value": "b"}] * 200}] * 200},
    "numbers as text": {"text": 5, "attachments": [{"title": 1.5, "fields": [{"title": 1, "value": 10**300}]}]},
    "nulls": {"text": None, "blocks": None, "attachments": None, "user": None, "subtype": None, "bot_profile": None},
    "a time beyond calendars": {"text": "failed", "ts": "999999999999.000100"},
    "an unhashable app": {"text": "failed", "app_id": "", "bot_profile": {}},
}  # fmt: skip


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE)
def test_hostile_events_stay_small(change) -> None:
    post = read({**BASE, **change})
    assert len(post.text) <= 20_000
    assert len(post.title) <= 320
    assert len(post.links) <= 60
    json.dumps(post.text, ensure_ascii=False).encode("utf-8")
    parse(post, id="alert_1")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["type", "text", "ts", "elements", "fields", "blocks", "attachments", "title", "value", "url", "message", "color", "rows", "name"]), inner, max_size=5),
    max_leaves=25,
)  # fmt: skip
SUBTYPES = st.sampled_from(
    [None, "bot_message", "message_changed", "message_deleted", "thread_broadcast", "file_share"]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    event=st.fixed_dictionaries(
        {
            "channel": st.just("C0ROOM"),
            "ts": st.just("1782900000.000100"),
            "bot_id": st.just("B0BOT"),
            "subtype": SUBTYPES,
        },
        optional=dict.fromkeys(
            (
                "text",
                "blocks",
                "attachments",
                "message",
                "previous_message",
                "root",
                "files",
                "bot_profile",
                "edited",
                "user",
                "app_id",
                "thread_ts",
            ),
            JSON,
        ),
    )
)
def test_any_json_is_read_or_refused(event) -> None:
    try:
        post = read(event)
    except Unreadable as error:
        place = error.place
    else:
        place = "message event"
        parse(post, id="alert_1")
    assert place.startswith("message event")
