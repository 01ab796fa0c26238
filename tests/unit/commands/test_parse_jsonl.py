"""The contract of `parse --jsonl`: a line in, a line out, bad lines answered and told by the exit code."""

import json

import pytest

from bot.commands.parse import parse_jsonl

EVENT = {
    "type": "message",
    "channel": "C0ROOM",
    "ts": "1782900000.000100",
    "bot_id": "B1",
    "app_id": "A676ADMV5",
    "text": "Deploy to production failed",
}


def run(*lines: object, own: str = "A0OURS") -> tuple[int, list[dict[str, object]]]:
    written: list[str] = []
    code = parse_jsonl([each if isinstance(each, str) else json.dumps(each) for each in lines], written.append, own)
    assert all(each.endswith("\n") and each.count("\n") == 1 for each in written)
    return code, [json.loads(each) for each in written]


def test_an_alert_and_no_alert() -> None:
    code, answers = run({"id": "a", "event": EVENT}, "", {"id": 2, "event": {**EVENT, "text": "hello"}})
    assert code == 0
    assert answers == [
        {
            "id": "a",
            "kind": "failure",
            "platform": "gitlab-ci",
            "title": "Deploy to production failed",
            "resource": {"environment": "production"},
        },
        {"id": 2, "kind": "not_alert", "platform": None, "title": None, "resource": {}},
    ]


def test_own_posts_are_no_alerts() -> None:
    assert run({"id": "a", "event": EVENT}, own="A676ADMV5")[1][0]["kind"] == "not_alert"


@pytest.mark.parametrize(
    ("line", "id_", "error"),
    [
        ("{", None, "line 1: not JSON"),
        ("[" * 5000, None, "line 1: not JSON"),
        ("[]", None, 'line 1: line: expected an object with "id" and "event"'),
        ({"event": EVENT}, None, 'line 1: line: expected an object with "id" and "event"'),
        ({"id": True, "event": EVENT}, None, 'line 1: line: expected an object with "id" and "event"'),
        ({"id": "x"}, "x", "line 1: event: expected a Slack message event"),
        ({"id": "x", "event": {}}, "x", "line 1: message event.channel: expected a channel id"),
        ({"id": "x", "event": {**EVENT, "text": {}}}, "x", "line 1: message event.text: expected text, found dict"),
    ],
)
def test_a_bad_line_is_answered_and_the_others_too(line, id_, error) -> None:
    code, answers = run(line, {"id": "good", "event": EVENT})
    assert code == 2
    assert (answers[0]["id"], answers[0].keys()) == (id_, {"id", "error"})
    assert answers[0]["error"].startswith(error)
    assert answers[1]["kind"] == "failure"


def test_lone_surrogates_can_be_written() -> None:
    assert (
        run(
            '{"id": "a", "event": {"type": "message", "channel": "C0ROOM", "ts": "1.1", "bot_id": "B1", "text": "failed \\ud800"}}'
        )[0]
        == 0
    )
