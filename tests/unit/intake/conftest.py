"""Posts as real senders write them, made by hand: Slack events go through the real flattening, then the real parser."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from bot.domain.alert import Alert, Post
from bot.intake.parse import NotAlert, parse
from bot.slack.flatten import Own, flatten

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


def make_event(text: str = "", /, **more: object) -> dict[str, object]:
    """A bot's message event; `name` is the bot's name, everything else as Slack has it."""
    event: dict[str, object] = {
        "type": "message",
        "channel": "C0TESTROOM",
        "ts": "1782900000.000100",
        "bot_id": "B0TESTBOT1",
        "text": text,
    }
    name = more.pop("name", None)
    if name:
        event["bot_profile"] = {"id": "B0TESTBOT1", "name": name}
    return {**event, **more}


def make_post(text: str = "", /, **more: object) -> Post:
    return flatten(
        make_event(text, **more),
        team="T0TEST",
        own=Own(app_id="A0OURSELVES", bot_id="B0OURSELVES", user_id="U0OURSELVES"),
        received_at=NOW,
    )


@pytest.fixture
def read() -> Callable[..., Alert | NotAlert]:
    """Parse a message; keyword arguments are those of make_event."""
    return lambda text="", /, **more: parse(make_post(text, **more), id="alert_1")


@pytest.fixture
def post() -> Callable[..., Post]:
    return make_post
