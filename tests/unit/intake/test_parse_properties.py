"""Any post whatever: parse answers, within bounds that grow with the text and no faster."""

import json
import sys
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.alert import Alert, Field, Link, Post, SlackRef
from bot.intake.parse import NotAlert, parse
from tests.unit.intake.test_sender_posts import POSTS, said_of

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
PIECES = (
    "failed", "error", "[FIRING:1]", "(", ")", "[", "]", "{", "}", "a" * 60, "-" * 40, " #1", " / ", " » ", ": ", "=", "pod ", "@",
    "https://github.com/a/b/actions/runs/1", "/job/x/1/", "\n", "• ", "Workflow ", "deploy", " to ", "refs/heads/main", "失敗", "：",
    "application ", "0 failed", "Changes:", "<", ">", "|", "*", "`", "_", ":x:", ".", "not ", "alert ", "was ", "resolved",
)  # fmt: skip
texts = st.one_of(st.text(max_size=400), st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
posts = st.builds(
    Post,
    ref=st.just(SlackRef(team="T", channel="C", ts="1782900000.000100")),
    author=texts,
    is_bot=st.just(True),
    app_id=st.sampled_from(["", "A01BP7R4KNY", "A0F7VRFKN", "A6L22LZNH"]),
    title=texts,
    text=texts,
    colour=st.sampled_from(["", "a30200", "2eb886"]),
    links=st.lists(st.builds(Link, url=texts, label=texts), max_size=4).map(tuple),
    fields=st.lists(st.builds(Field, title=texts, text=texts), max_size=4).map(tuple),
    posted_at=st.just(NOW),
)


@settings(max_examples=150, deadline=None)
@given(posts)
def test_every_post_has_an_answer(post) -> None:
    read = parse(post, id="al_1")
    assert isinstance(read, (Alert, NotAlert))
    if isinstance(read, Alert):
        assert read == parse(post, id="al_1")
        assert 0 < len(read.fingerprint) <= 500
        assert read.fingerprint.isprintable()


def steps(post: Post) -> int:
    """Count what the interpreter does for a post: calls and lines, not seconds."""
    count = 0

    def trace(*_: object):
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        parse(post, id="al_1")
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize(
    "line", ["key: value failed\n", "job 'x #1' and more\n", "• pod a-1 in b\n", "- a\n", "x" * 200 + "\n"]
)
def test_the_work_is_bounded(line) -> None:
    def of(count: int) -> Post:
        text = line * count
        return Post(
            ref=SlackRef(team="T", channel="C", ts="1"), is_bot=True, title=text[:300], text=text, posted_at=NOW
        )

    assert steps(of(4000)) <= steps(of(1000)) * 1.2 + 200


@settings(max_examples=100, deadline=None)
@given(name=st.sampled_from([name for name in POSTS if POSTS[name]["kind"] == "failure"]), cut=st.integers(0, 400))
def test_a_failure_cut_short_is_never_good_news(name, cut) -> None:
    event = json.loads(json.dumps(POSTS[name]["event"]))
    event["text"] = event["text"][:cut]
    for part in event.get("attachments", []):
        part.update({key: part[key][:cut] for key in ("title", "text", "pretext") if part.get(key)})
    assert said_of(event)[0] in {"failure", "not_alert"}
