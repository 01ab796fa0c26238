"""The ack of a submission puts a view into the modal; the decision's own answer must come after it."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.durable import Delivery
from bot.slack.deliveries import delivery_of
from bot.slack.identity import Identity
from tests.fakes.world import Ids

NOW = datetime(2026, 11, 24, 14, tzinfo=UTC)
PRIVATE = {"proposal": "pr_1", "digest": "d", "channel": "C1", "ts": "1.0", "thread_ts": "0.9"}
VIEW = {"id": "V1", "hash": "h", "callback_id": "heal_decide", "external_id": "jb_1"}
PRESSED = {"user": {"id": "U1"}, "team": {"id": "T1"}, "view": {**VIEW, "private_metadata": json.dumps(PRIVATE)}}


@pytest.fixture
def identity() -> Identity:
    return Identity(team="T1", user_id="UBOT", bot_id="BBOT")


def test_an_approval_is_decided_a_moment_after_it_arrived(identity: Identity) -> None:
    delivery = delivery_of({**PRESSED, "type": "view_submission"}, identity, now=NOW, ids=Ids())
    assert isinstance(delivery, Delivery)
    assert delivery.received_at == NOW
    assert timedelta(milliseconds=200) <= delivery.job.run_at - NOW <= timedelta(seconds=1)


def test_a_rejection_has_no_view_in_its_ack_and_does_not_wait(identity: Identity) -> None:
    reject = {
        "type": "block_actions",
        "trigger_id": "1.2.3",
        "actions": [{"action_id": "heal_reject", "value": "pr_1"}],
    }
    delivery = delivery_of({**PRESSED, **reject}, identity, now=NOW, ids=Ids())
    assert isinstance(delivery, Delivery)
    assert delivery.job.run_at == NOW
