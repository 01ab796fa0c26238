"""Example posts of each sender, written from what its templates look like, and their mutations.

A post file holds `kind` (failure, recovery, success, not_alert), `platform`, the `labels` that must be found and the
Slack `event`. Under every mutation the kind stays right or the post is left alone, and a platform is right or open.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.commands.parse import KINDS
from bot.domain.alert import Alert
from bot.intake.parse import parse
from bot.intake.parsers.senders import SENDERS
from bot.slack.flatten import Own, flatten
from tests.unit.intake.conftest import NOW
from tests.unit.intake.mutations import MUTATIONS

FOLDER = Path(__file__).parent / "posts"
POSTS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}
OWN = Own(app_id="A0CHATOPS01")


def said_of(event: dict[str, Any]) -> tuple[str, str, Alert | None]:
    """Return kind, platform and the alert."""
    read = parse(flatten(event, team="T0TEST", own=OWN, received_at=NOW), id="al_1")
    if not isinstance(read, Alert):
        return "not_alert", "", None
    return KINDS[read.status], read.platform, read


def fixtures() -> dict[str, Any]:
    folder = Path(os.environ.get("CODEHEALER_EVAL_DIR", "")) / "alerts"
    if "CODEHEALER_EVAL_DIR" not in os.environ or not folder.is_dir():
        pytest.skip("CODEHEALER_EVAL_DIR has no alerts")
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}


def wrong(name: str, event: dict[str, Any], kind: str, platform: str) -> Iterator[str]:
    """Yield what a mutation broke."""
    for mutation, change in MUTATIONS.items():
        said, whose, _ = said_of(change(event))
        if said not in {kind, "not_alert"}:
            yield f"{name}, {mutation}: {said} for {kind}"
        if whose and whose != platform:
            yield f"{name}, {mutation}: {whose} for {platform or 'no platform'}"


@pytest.mark.parametrize("name", POSTS)
def test_a_post_is_read(name) -> None:
    case = POSTS[name]
    kind, platform, alert = said_of(case["event"])
    assert (kind, platform) == (case["kind"], case["platform"])
    assert alert is None or {label: alert.label(label) for label in case["labels"]} == case["labels"]


@pytest.mark.parametrize("name", POSTS)
def test_its_mutations_are_read_right_or_left_alone(name) -> None:
    case = POSTS[name]
    assert list(wrong(name, case["event"], case["kind"], case["platform"])) == []


@pytest.mark.eval
def test_mutations_of_real_posts_are_read_right_or_left_alone() -> None:
    found = []
    for name, case in fixtures().items():
        found += wrong(name, case["event"], case["kind"], case["expect"]["platform"] or "")
    assert found == []


def test_few_mutations_are_left_alone() -> None:
    """Leaving everything alone would be right, too, and of no use."""
    alerts = {name: case for name, case in POSTS.items() if case["kind"] != "not_alert"}
    alone = [
        (name, mutation)
        for name, case in alerts.items()
        for mutation, change in MUTATIONS.items()
        if said_of(change(case["event"]))[0] == "not_alert"
    ]
    assert len(alone) / (len(alerts) * len(MUTATIONS)) < 0.02


def test_each_mutation_changes_something() -> None:
    for mutation, change in MUTATIONS.items():
        changed = [name for name, case in POSTS.items() if change(case["event"]) != case["event"]]
        assert len(changed) > 10, mutation


def test_every_listed_platform_has_a_sender_and_an_example() -> None:
    listed = {each.platform for each in SENDERS if each.platform}
    assert listed == {case["platform"] for case in POSTS.values() if case["platform"]}
