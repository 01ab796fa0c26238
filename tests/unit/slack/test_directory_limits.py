"""The Directory waits where Slack says Retry-After, and what Slack does not answer counts as external."""

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from bot.domain.errors import OverBudget
from bot.slack import directory
from bot.slack.directory import RATE_WAITS, SlackDirectory


def response(status, data, headers=None):
    return SlackResponse(
        client=None, http_verb="POST", api_url="u", req_args={}, data=data, headers=headers or {}, status_code=status
    )


class Client:
    """Answers 429 so many times, then as Slack would."""

    def __init__(self, refusals):
        self.refusals, self.asked = refusals, 0

    def conversations_info(self, channel):
        self._count()
        return response(200, {"ok": True, "channel": {"id": channel, "name": "alerts", "is_member": True}})

    def users_info(self, user):
        self._count()
        return response(200, {"ok": True, "user": {"id": user, "team_id": "T1", "name": "ana"}})

    def _count(self):
        self.asked += 1
        if self.asked <= self.refusals:
            raise SlackApiError("no", response(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "7"}))


@pytest.fixture
def slept(monkeypatch):
    pauses = []
    monkeypatch.setattr(directory.time, "sleep", pauses.append)
    return pauses


def test_a_refused_read_waits_as_long_as_slack_says_and_is_asked_again(slept):
    room = SlackDirectory(Client(refusals=2), team="T1").room("C1")
    assert (room.name, room.external) == ("alerts", False)
    assert slept == [7.0, 7.0]


def test_a_person_who_cannot_be_read_is_an_error_after_the_last_wait(slept):
    with pytest.raises(OverBudget):
        SlackDirectory(Client(refusals=99), team="T1").person("U1")
    assert len(slept) == RATE_WAITS


def test_a_room_that_slack_does_not_describe_counts_as_external_and_is_asked_again(slept):
    client = Client(refusals=RATE_WAITS + 1)
    people = SlackDirectory(client, team="T1")
    assert people.room("C1").external
    assert not people.room("C1").external
