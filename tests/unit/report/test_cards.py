"""The card in each state: as people read it (golden files), with the buttons that do something, taken by Slack."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.alert import Target
from bot.domain.diagnosis import Confidence
from bot.domain.report import Button, Buttons, Quote, Report, Text
from bot.report.compose import compose_card
from bot.sandbox.block_kit import check_message
from bot.slack.blocks import fallback_text, render_message
from tests.fakes.stories import CARDS, diagnosed, fixing, looking, no_cause, offered
from tests.fakes.stories_apps import APP_CARDS
from tests.fakes.stories_runs import RUN_CARDS

ALL = {**CARDS, **RUN_CARDS, **APP_CARDS}
GOLDEN = Path(__file__).parents[2] / "golden" / "cards"
RATED = ("heal_up", "heal_down")


def pressed(report: Report) -> dict[str, Button]:
    return {each.action: each for part in report.parts if isinstance(part, Buttons) for each in part.buttons}


def said(report: Report) -> str:
    return fallback_text(report)


@pytest.mark.parametrize("state", ALL)
def test_a_card_reads_as_its_golden_file(state: str) -> None:
    text, blocks = render_message(compose_card(ALL[state]()))
    now = {"reads": text.split("\n"), "blocks": blocks}
    path = GOLDEN / f"{state}.json"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(now, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert json.loads(path.read_text(encoding="utf-8")) == now


def test_there_is_no_golden_file_without_a_state() -> None:
    assert {path.relative_to(GOLDEN).with_suffix("").as_posix() for path in GOLDEN.rglob("*.json")} == set(ALL)


@pytest.mark.parametrize("state", ALL)
def test_slack_takes_every_card(state: str) -> None:
    text, blocks = render_message(compose_card(ALL[state]()))
    assert check_message(blocks) == []
    assert 0 < len(text) <= 4000


@pytest.mark.parametrize("state", ALL)
def test_a_card_is_read_on_a_phone(state: str) -> None:
    """The headline is whole in a header block, and all of it is little more than a phone's screen."""
    report = compose_card(ALL[state]())
    assert len(report.headline) <= 150
    assert len(fallback_text(report)) < 1_500


@pytest.mark.parametrize(
    ("state", "actions"),
    [
        ("looking", ("heal_dismiss",)),
        ("offered", ("heal_review", "heal_dismiss", "heal_escalate", *RATED)),
        ("offered_nobody_approves", ("heal_review", "heal_dismiss", "heal_escalate", *RATED)),
        ("offered_suggest_only", ("heal_review", "heal_dismiss", "heal_escalate", *RATED)),
        ("not_proposed", ("heal_dismiss", "heal_escalate", *RATED)),
        ("no_cause", ("heal_dismiss", "heal_escalate", *RATED)),
        ("approved", ("heal_escalate", *RATED)),
        ("executing", ("heal_escalate", *RATED)),
        ("verifying", ("heal_escalate", *RATED)),
        ("unknown", ("heal_escalate", *RATED)),
        ("expired", ("heal_dismiss", "heal_escalate", *RATED)),
        ("gave_up_investigating", ("heal_dismiss", "heal_escalate", *RATED)),
        ("passed", RATED),
        ("resolved_by_recovery", RATED),
        ("dismissed", RATED),
    ],
)
def test_a_card_has_the_buttons_that_do_something(state: str, actions: tuple[str, ...]) -> None:
    assert tuple(pressed(compose_card(CARDS[state]()))) == actions


def test_buttons_carry_only_ids() -> None:
    found = pressed(compose_card(offered()))
    assert {action: each.value for action, each in found.items()} == {
        "heal_review": "pr_1",
        "heal_dismiss": "in_1",
        "heal_escalate": "in_1",
        "heal_up": "in_1",
        "heal_down": "in_1",
    }
    assert found["heal_review"].style.value == "primary"


@pytest.mark.parametrize(
    ("state", "headline"),
    [
        ("looking", "Looking into pod shop/checkout-7d9c5b8f4d-x2lqp"),
        ("offered", "Deployment shop/checkout: container app was OOMKilled (94%, high)"),
        ("offered_simulated", "SIMULATED: Deployment shop/checkout: container app was OOMKilled (94%, high)"),
        ("no_cause", "Deployment shop/checkout: no cause found"),
        ("verifying", "Verifying the fix: Deployment shop/checkout"),
        ("passed", "Verified: the fix for Deployment shop/checkout holds"),
        ("escalated_after_failure", "Escalated: Deployment shop/checkout needs a person"),
        ("resolved_by_recovery", "Resolved: Deployment shop/checkout recovered"),
    ],
)
def test_the_headline_alone_says_what_matters(state: str, headline: str) -> None:
    assert compose_card(CARDS[state]()).headline == headline


def test_a_diagnosed_card_says_what_why_how_sure_and_what_would_be_done() -> None:
    text = said(compose_card(offered()))
    for part in (
        "What failed: Deployment shop/checkout, container app, cluster prod-eu-1",
        "Since: 16:01 UTC",
        "Cause: app used more memory than its limit (256Mi) and was OOMKilled.",
        "Confidence: 0.94, high: the platform's own status states it (+)",
        "it stands after the failure was declared (-)",
        "1203 │ cart cache: 251 MiB",
        "Could not read events (forbidden): events is forbidden",
        "Proposed fix: Raise the memory limit of container app in Deployment shop/checkout from 256Mi to 384Mi.",
        "Risk: medium",
        "Undo: Set the memory limit of container app back to 256Mi.",
        "can approve it until 17:04 UTC",
    ):
        assert part in text


def test_quotes_are_verbatim_and_lead_to_their_source() -> None:
    report = compose_card(offered())
    quotes = [part for part in report.parts if isinstance(part, Quote)]
    assert [line.text for quote in quotes for line in quote.lines] == ["    Reason: OOMKilled", "cart cache: 251 MiB"]
    assert quotes[1].url == "https://grafana.example.com/explore?pod=checkout-7d9c5b8f4d-x2lqp"


def test_nobody_can_approve_is_said() -> None:
    assert "Nobody can approve: CODEHEALER_APPROVERS is empty." in said(compose_card(offered(anyone_approves=False)))


def test_no_cause_says_what_is_missing_and_names_no_cause() -> None:
    text = said(compose_card(no_cause()))
    assert "Could not read events (forbidden)" in text
    assert "Cause:" not in text
    assert "Confidence" not in text


def test_why_no_fix_is_proposed_is_said() -> None:
    text = said(compose_card(diagnosed(not_proposed="The catalogue has no safe fix for this cause.")))
    assert "No fix is proposed: The catalogue has no safe fix for this cause." in text


def test_verifying_says_what_is_checked_and_until_when() -> None:
    text = said(compose_card(CARDS["verifying"]()))
    assert "Watched since 16:06 UTC, until 16:08 UTC at least" in text
    assert "Restarts: no restart of container app in a new pod for 120 s" in text


def test_a_verdict_about_an_earlier_execution_is_not_shown_for_this_one() -> None:
    old = CARDS["failed"]().verification
    story = fixing(CARDS["verifying"]().proposal.state, verification=old)
    newer = replace(story.execution, id="ex_2")
    text = said(compose_card(fixing(story.proposal.state, verification=old, execution=newer)))
    assert "OOMKilled (exit 137)" not in text


def test_an_alert_without_a_target_is_named_by_its_own_words() -> None:
    story = looking()
    report = compose_card(looking(incident=replace(story.incident, target=Target())))
    assert report.headline == "Looking into an alert that names no target"
    said = [part for part in report.parts if isinstance(part, Text) and part.text == "Alert:"]
    assert [part.quoted for part in said] == [story.alert.title]


def test_nothing_is_certain() -> None:
    story = offered()
    best = replace(story.diagnosis.best, confidence=Confidence(score=1.0))
    report = compose_card(offered(diagnosis=replace(story.diagnosis, hypotheses=(best,))))
    assert "(99%, high)" in report.headline
    assert any(isinstance(part, Text) and part.quoted == "0.99, high" for part in report.parts)
