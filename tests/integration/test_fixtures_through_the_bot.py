"""Labelled posts of every sender through the real bot process, live, on the sandbox's Slack, with no platform configured.

Every failure stands on exactly one card; a card holds several only where their fingerprints agree; what is no failure
gets none; and nothing was sent that Slack refuses.
"""

import itertools
import json
import os
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.domain.alert import Alert
from bot.domain.identity import identity_of
from bot.intake.parse import parse
from bot.intake.reading import CI
from bot.slack.flatten import Own, flatten
from tests.fakes.processes import Bot, SandboxProcess, until
from tests.unit.intake.conftest import NOW

POSTS = Path(__file__).parents[1] / "unit" / "intake" / "posts"
OURSELVES = "A0CHATOPS01"
ROOMS = 6
CARD = "codehealer_card"
UNLIKE = ("repo", "workflow", "branch", "app", "namespace", "alertname", "project", "service", "cluster", "node", "incident")  # fmt: skip
"""Labels that tell failures apart: two posts that both name one, and differ in it, are about different things."""


@dataclass
class Case:
    """A labelled post, and where it was put."""

    name: str
    kind: str
    labels: dict[str, str]
    event: dict[str, Any]
    channel: str = ""
    ts: str = ""


def labelled() -> list[Case]:
    folder = Path(os.environ.get("CODEHEALER_EVAL_DIR", "")) / "alerts"
    if "CODEHEALER_EVAL_DIR" not in os.environ or not folder.is_dir():
        pytest.skip("CODEHEALER_EVAL_DIR has no alerts")
    read = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}
    return [Case(name, each["kind"], each["expect"]["resource"], each["event"]) for name, each in read.items()]


def examples() -> list[Case]:
    read = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(POSTS.glob("*.json"))}
    return [Case(name, each["kind"], each["labels"], each["event"]) for name, each in read.items()]


class Board:
    """The sandbox, the bot on it, and what was put there."""

    def __init__(self, folder: Path) -> None:
        self.sandbox = SandboxProcess()
        line = self.sandbox.line
        self.bot = Bot(
            folder,
            CODEHEALER_MODE="live",
            CODEHEALER_OWN_APP_ID=OURSELVES,
            SLACK_API_URL=line["slack_api_url"],
            SLACK_BOT_TOKEN=line["slack_bot_token"],
            SLACK_APP_TOKEN=line["slack_app_token"],
        )
        made = self.sandbox.control("channels", count=ROOMS, prefix="alerts")
        self.rooms = [each["id"] for each in made["channels"]]

    def close(self) -> None:
        self.bot.close()
        self.sandbox.close()

    def put(self, case: Case, channel: str) -> None:
        """Let the labelled event happen, by the hands of whoever does it at Slack."""
        case.channel, event = channel, case.event
        if event.get("subtype") == "message_changed":
            case.ts = self._post(channel, event["previous_message"])
            self.sandbox.control("edit", channel=channel, ts=case.ts, message=bare(event["message"]))
        elif event.get("subtype") == "thread_broadcast":
            root = self._post(channel, event["root"])
            case.ts = self._post(channel, event, thread_ts=root, reply_broadcast=True)
        elif event.get("bot_id"):
            case.ts = self._post(channel, event)
        else:  # people and Slack itself: the event as it stands
            case.ts = event["ts"]
            payload = {
                "type": "event_callback",
                "team_id": self.sandbox.look("state", since="9")["team"]["id"],
                "event_id": f"Ev{case.name}",
                "event": {**event, "channel": channel},
            }
            self.sandbox.control("frame", kind="events_api", payload=payload)

    def _post(self, channel: str, message: dict[str, Any], **more: object) -> str:
        profile = message.get("bot_profile") or {}
        sender = {
            "name": profile.get("name") or message.get("username") or "Alerts",
            "app_id": message.get("app_id"),
            "bot_id": message.get("bot_id"),
        }
        return self.sandbox.control("post", channel=channel, sender=sender, message=bare(message), **more)["ts"]

    def quiet(self) -> bool:
        """Whether nothing is left to do: every event acked, no job due, nothing unsent."""
        waiting = "SELECT 1 FROM jobs WHERE state != 'dead' AND run_at < ?"
        unsent = "SELECT 1 FROM outbox WHERE version > sent_version"
        return (
            all(row["acked_at"] for row in self.sandbox.look("deliveries")["deliveries"])
            and not self.bot.rows(waiting, time.time() + 30)
            and not self.bot.rows(unsent)
        )

    def cards(self) -> dict[str, list[tuple[str, str]]]:
        """Return (channel, thread) of the cards of each incident, as Slack has them."""
        found: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for channel in self.sandbox.look("state")["channels"]:
            for message in channel["messages"]:
                said = message.get("metadata") or {}
                if said.get("event_type") == CARD:
                    found[said["event_payload"]["incident"]].append((channel["id"], message.get("thread_ts", "")))
        return found

    def incidents(self) -> dict[tuple[str, str], set[str]]:
        """Return the incidents in which each post (channel, ts) stands."""
        found: dict[tuple[str, str], set[str]] = defaultdict(set)
        for body, incident in self.bot.rows("SELECT body, incident FROM records WHERE kind = 'alert'"):
            ref = json.loads(str(body))["post"]["ref"]
            found[ref["channel"], ref["ts"]].add(str(incident))
        return found


def bare(message: dict[str, Any]) -> dict[str, Any]:
    """Return what an app says in a message: Slack adds the rest."""
    added = {"ts", "type", "channel", "event_ts", "channel_type", "thread_ts", "root", "edited", "team", "latest_reply"}
    kept = {
        name: value for name, value in message.items() if name not in added and not name.startswith(("reply_", "parent_"))
    }  # fmt: skip
    if kept.get("subtype") != "bot_message":
        kept.pop("subtype", None)
    return kept


def read(case: Case) -> Alert | None:
    """Return the post as the intake reads it by itself."""
    found = parse(flatten(case.event, team="T0TEST", own=Own(app_id=OURSELVES), received_at=NOW), id=f"al_{case.name}")
    return found if isinstance(found, Alert) else None


def agree(one: Case, other: Case) -> bool:
    """Whether both posts are about the same thing, by their labels and by their fingerprints."""
    unlike = [
        name for name in UNLIKE if {name} <= one.labels.keys() & other.labels.keys()
        and one.labels[name].lower() != other.labels[name].lower()
    ]  # fmt: skip
    first, second = read(one), read(other)
    return (
        not unlike
        and first is not None
        and second is not None
        and not ({first.platform, second.platform} <= CI and first.platform != second.platform)
        and identity_of(first.fingerprint).agrees(identity_of(second.fingerprint))
    )


@pytest.fixture
def board(tmp_path):
    made = Board(tmp_path)
    yield made
    made.close()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("cases", [examples, pytest.param(labelled, marks=pytest.mark.eval)], ids=["own", "labelled"])
def test_every_failure_stands_on_exactly_one_card(board, cases, capsys):
    put = cases()
    board.bot.start()
    for number, case in enumerate(put):
        board.put(case, board.rooms[number % ROOMS])
    until(board.quiet, lambda: f"quiet: {board.bot.said()[-1500:]}", patience=150, pause=0.5)
    cards, incidents = board.cards(), board.incidents()
    failures = [case for case in put if case.kind == "failure"]
    holds: dict[str, list[Case]] = defaultdict(list)
    for case in failures:
        found = incidents[case.channel, case.ts]
        assert len(found) == 1, f"{case.name} stands in {len(found)} incidents"
        holds[next(iter(found))].append(case)

    assert {name: len(cards[name]) for name in holds} == dict.fromkeys(holds, 1)
    assert cards.keys() == holds.keys(), "a card of what is no failure"
    strange = [(one.name, other.name) for held in holds.values() for one, other in itertools.combinations(held, 2) if not agree(one, other)]  # fmt: skip
    assert strange == [], "unlike failures on one card"
    assert list(torn(board, holds)) == [], "one failure on two open cards"
    threads = {thread for held in cards.values() for thread in held}
    chatty = [case.name for case in put if case.kind != "failure" and (case.channel, case.ts) in threads]
    assert chatty == []
    read_as_alerts = [case.name for case in put if case.kind == "not_alert" and incidents.get((case.channel, case.ts))]
    assert read_as_alerts == []
    check_manners(board)
    with capsys.disabled():
        shared = [[case.name for case in held] for held in holds.values() if len(held) > 1]
        print(f"\n{len(put)} posts, {len(failures)} failures on {len(holds)} cards; several on one: {shared}")


def torn(board: Board, holds: dict[str, list[Case]]) -> Iterator[tuple[str, str]]:
    """Yield failures of one fingerprint that stand on different cards, though no recovery came between them."""
    ended = {str(name) for (name,) in board.bot.rows("SELECT id FROM records WHERE kind = 'incident' AND state = 'resolved'")}  # fmt: skip
    first: dict[str, Case] = {}
    for incident, held in holds.items():
        for case in held if incident not in ended else ():
            alert = read(case)
            assert alert is not None
            known = first.setdefault(alert.fingerprint, case)
            if known not in held:
                yield known.name, case.name


def check_manners(board: Board) -> None:
    """Slack refused nothing, waited for no ack, and no job of the bot's ended in the dead letters."""
    refused = [(row["method"], row["error"]) for row in board.sandbox.look("calls")["calls"] if not row["ok"]]
    assert refused == []
    deliveries = board.sandbox.look("deliveries")
    assert (deliveries["late_acks"], deliveries["bad_frames"]) == ([], [])
    assert board.bot.rows("SELECT payload, error FROM jobs WHERE state = 'dead'") == []
    assert board.bot.rows("SELECT body, error FROM outbox WHERE error != ''") == []
