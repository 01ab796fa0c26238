"""Figures on labelled posts of real senders (evaluation data, reached through CODEHEALER_EVAL_DIR)."""

import html
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.commands.parse import parse_jsonl
from bot.domain.alert import Alert
from bot.intake.parse import parse
from bot.slack.flatten import Own, flatten

FLOORS = {"precision": 0.97, "recall": 0.95, "kind": 0.95, "platform": 0.95, "fields": 0.93}


def same(one: object, other: object) -> bool:
    return html.unescape(str(one or "")).strip().lower() == html.unescape(str(other or "")).strip().lower()


def figures(cases: dict[str, dict], answers: dict[str, dict]) -> dict[str, float]:
    said = {name: (answers[name]["kind"], case["kind"]) for name, case in cases.items()}
    hits = sum(one == other == "failure" for one, other in said.values())
    alerts = {name: case for name, case in cases.items() if case["kind"] != "not_alert"}
    found = [
        same(answers[name].get("resource", {}).get(key), value)
        for name, case in alerts.items()
        for key, value in case["expect"]["resource"].items()
    ]
    return {
        "precision": hits / max(1, sum(one == "failure" for one, _ in said.values())),
        "recall": hits / max(1, sum(other == "failure" for _, other in said.values())),
        "kind": sum(one == other for one, other in said.values()) / len(cases),
        "platform": sum(same(answers[name]["platform"], case["expect"]["platform"]) for name, case in alerts.items())
        / len(alerts),
        "fields": sum(found) / len(found),
    }


def fixtures() -> dict[str, dict]:
    folder = Path(os.environ.get("CODEHEALER_EVAL_DIR", "")) / "alerts"
    if "CODEHEALER_EVAL_DIR" not in os.environ or not folder.is_dir():
        pytest.skip("CODEHEALER_EVAL_DIR has no alerts")
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}


@pytest.mark.eval
def test_alerts_are_found_and_read() -> None:
    cases = fixtures()
    written: list[str] = []
    code = parse_jsonl(
        (json.dumps({"id": name, "event": case["event"]}) for name, case in cases.items()),
        written.append,
        "A0CHATOPS01",
    )
    measured = figures(cases, {each["id"]: each for each in map(json.loads, written)})
    assert code == 0
    assert {name: value for name, value in measured.items() if value < FLOORS[name]} == {}


@pytest.mark.eval
def test_each_failure_opens_one_incident_and_unlike_ones_share_none() -> None:
    """What shares a fingerprint is the same thing in the labels' own words: no label that both name differs."""
    about: dict[str, list[tuple[str, dict[str, str]]]] = {}
    for name, case in fixtures().items():
        if case["kind"] != "failure":
            continue
        post = flatten(case["event"], team="T0", own=Own(app_id="A0CHATOPS01"), received_at=datetime.now(UTC))
        alert = parse(post, id=name)
        assert isinstance(alert, Alert)
        assert alert.fingerprint
        about.setdefault(alert.fingerprint, []).append((name, case["expect"]["resource"]))
    unlike = [
        (one, other, label)
        for together in about.values()
        for one, first in together
        for other, second in together
        for label in (
            "repo",
            "workflow",
            "branch",
            "app",
            "namespace",
            "cluster",
            "node",
            "service",
            "project",
            "job",
            "incident",
        )
        if first.get(label, "") != second.get(label, "") and first.get(label) and second.get(label)
    ]
    assert unlike == []
