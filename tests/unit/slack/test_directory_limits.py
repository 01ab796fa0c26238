"""The Directory keeps within Slack's tiers, waits where Slack says Retry-After, and lets people go first."""

import threading
from types import SimpleNamespace

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from bot.adapters.workers import Workers, in_background
from bot.domain.durable import Lane
from bot.domain.errors import OverBudget
from bot.slack.directory import PATIENCE, SlackDirectory
from bot.slack.pacing import KEPT_FOR_PEOPLE, READ_BURST, READS_PER_MINUTE, ReadPacing


def response(status, data, headers=None):
    return SlackResponse(
        client=None, http_verb="POST", api_url="u", req_args={}, data=data, headers=headers or {}, status_code=status
    )


class Time:
    """Seconds that pass only while somebody sleeps."""

    def __init__(self):
        self.now, self.slept = 100.0, []

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(round(seconds, 3))
        self.now += seconds


class Client:
    """Answers 429 so many times, then as Slack would; notes when each call came."""

    def __init__(self, time, refusals=0):
        self.time, self.refusals, self.calls = time, refusals, []

    def conversations_info(self, channel):
        self._count("conversations.info")
        return response(200, {"ok": True, "channel": {"id": channel, "name": "alerts", "is_member": True}})

    def users_info(self, user):
        self._count("users.info")
        return response(200, {"ok": True, "user": {"id": user, "team_id": "T1", "name": "ana"}})

    def conversations_members(self, channel, limit, cursor):
        self._count("conversations.members")
        return response(200, {"ok": True, "members": ["U1"]})

    def _count(self, method):
        self.calls.append((method, self.time.now))
        if len(self.calls) <= self.refusals:
            raise SlackApiError("no", response(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "7"}))


@pytest.fixture
def time():
    return Time()


def directory(client, time, *, in_bulk=False, pacing=None, on=True):
    return SlackDirectory(
        client,
        team="T1",
        pacing=pacing or ReadPacing(on=on),
        in_bulk=lambda: in_bulk,
        monotonic=time.monotonic,
        sleep=time.sleep,
    )


@pytest.mark.parametrize("on", [True, False])
def test_a_refused_read_waits_as_long_as_slack_says_and_is_asked_again(time, on):
    room = directory(Client(time, refusals=2), time, on=on).room("C1")
    assert (room.name, room.external) == ("alerts", False)
    assert time.slept == [7.0, 7.0]


def test_a_person_who_cannot_be_read_is_an_error_before_the_lease_ends(time):
    with pytest.raises(OverBudget):
        directory(Client(time, refusals=99), time).person("U1")
    assert sum(time.slept) <= PATIENCE < sum(time.slept) + 7


def test_after_a_refusal_nobody_asks_that_method_too_early(time):
    client, pacing = Client(time, refusals=1), ReadPacing()
    pacing.refused("conversations.info", 30.0, time.now)
    directory(client, time, pacing=pacing).room("C1")
    assert client.calls[0][1] >= 130.0


def test_a_room_whose_turn_does_not_come_is_asked_again_and_not_called_external(time):
    client = Client(time, refusals=7)
    people = directory(client, time)
    with pytest.raises(OverBudget):
        people.room("C1")
    assert not people.room("C1").external


def test_a_room_that_slack_does_not_describe_counts_as_external_and_is_asked_again(time):
    client = Client(time)
    described, client.conversations_info = client.conversations_info, _no_answer
    people = directory(client, time)
    assert people.room("C1").external
    client.conversations_info = described
    assert not people.room("C1").external


def _no_answer(**_: object) -> None:
    raise OSError("connection reset")


@pytest.mark.parametrize(("method", "tier"), [("conversations.info", 50), ("users.info", 100), ("conversations.members", 100)])  # fmt: skip
def test_in_no_minute_more_is_asked_than_the_tier_allows(time, method, tier):
    client = Client(time)
    people = directory(client, time)
    for number in range(260):
        {
            "conversations.info": lambda n=number: people.room(f"C{n}"),
            "users.info": lambda n=number: people.person(f"U{n}"),
            "conversations.members": lambda n=number: people.is_member(f"C{n}", "U1"),
        }[method]()
    at = [when for _, when in client.calls]
    assert len(at) == 260
    assert max(sum(start <= when < start + 60 for when in at) for start in at) <= tier
    assert READ_BURST + READS_PER_MINUTE[method] <= tier


def test_methods_do_not_share_a_budget(time):
    client = Client(time)
    people = directory(client, time)
    for number in range(int(READ_BURST)):
        people.room(f"C{number}")
    people.person("U1")
    people.is_member("C1", "U1")
    assert time.slept == []


def test_a_click_does_not_wait_behind_bulk_reads(time):
    client, pacing = Client(time), ReadPacing()
    while pacing.take("conversations.info", time.now, in_bulk=True) == 0:
        pass  # many channels at the same moment
    assert pacing.take("conversations.info", time.now, in_bulk=True) > 0
    clicking = directory(client, time, pacing=pacing)
    for number in range(int(KEPT_FOR_PEOPLE)):
        clicking.room(f"D{number}")
    assert time.slept == []
    assert len(client.calls) == KEPT_FOR_PEOPLE


def test_background_work_gets_its_turn_when_people_are_quiet(time):
    client = Client(time)
    bulk = directory(client, time, in_bulk=True)
    for number in range(30):
        bulk.room(f"C{number}")
    assert len(client.calls) == 30
    assert max(time.slept) <= 60 / READS_PER_MINUTE["conversations.info"] + 0.001


class Jobs:
    """A store with one job in each lane. What is claimed is only handed through."""

    def __init__(self):
        self.left, self.lock = set(Lane), threading.Lock()

    def claim(self, lane, worker, priority):
        with self.lock:
            if lane not in self.left:
                return None
            self.left.remove(lane)
            return SimpleNamespace(lane=lane, job=None)


def test_only_the_lanes_where_nobody_waits_are_background_work():
    said, all_run = {}, threading.Event()

    def run(lease):
        said[lease.lane] = in_background()
        if len(said) == len(Lane):
            all_run.set()

    crew = Workers(Jobs(), run_job=run, give_up=None, clock=None, observer=None)
    crew.start()
    assert all_run.wait(20)
    crew.stop()
    assert said == {Lane.CLICKS: False, Lane.INVESTIGATIONS: True, Lane.INDEXING: True}
    assert not in_background()
