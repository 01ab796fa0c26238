"""Answers: help, status, why, and what a person sees on the Home tab."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.diagnosis import Factor
from bot.domain.incident import Incident, IncidentState
from bot.domain.report import Text
from bot.report.answers import (
    compose_help,
    compose_home,
    compose_status,
    compose_unclear,
    compose_why,
    weight_in_words,
)
from bot.report.words import clock, lasting, listed, name
from bot.sandbox.block_kit import check_view
from bot.slack.blocks import fallback_text, render_home
from tests.fakes.stories import DIAGNOSIS, INCIDENT, NOW, TARGET, looking, no_cause, offered


def incidents(many: int) -> tuple[Incident, ...]:
    return tuple(
        replace(
            INCIDENT,
            id=f"in_{at}",
            state=IncidentState.DIAGNOSED,
            target=replace(TARGET, name=f"checkout-{at}"),
            opened_at=NOW - timedelta(minutes=at),
        )
        for at in range(many)
    )


def test_help_names_every_command_and_button() -> None:
    text = fallback_text(compose_help())
    for word in ("/heal help", "/heal status", "status", "why", "Review fix", "Dismiss", "Escalate"):
        assert word in text


def test_status_says_where_what_and_how_long() -> None:
    text = fallback_text(compose_status(incidents(2), NOW))
    assert text.startswith("2 open incidents\n")
    assert "Deployment shop/checkout-1: diagnosed, open for 1 min, in <#C1>" in text


def test_status_of_one_and_of_none() -> None:
    assert compose_status((), NOW).headline == "No open incident here."
    resolved = replace(INCIDENT, state=IncidentState.RESOLVED, target=TARGET, updated_at=NOW - timedelta(hours=3))
    assert compose_status((resolved,), NOW).headline == "Deployment shop/checkout: resolved 3 h ago"


def test_a_long_list_says_how_many_are_left_out() -> None:
    assert "… and 5 more." in fallback_text(compose_status(incidents(25), NOW))


def test_what_was_not_understood_is_only_quoted() -> None:
    report = compose_unclear("please <!channel> " + "x" * 1000)
    assert [part.quoted[:17] for part in report.parts if isinstance(part, Text) and part.quoted] == [
        "please <!channel>"
    ]
    assert "channel" not in report.headline
    assert all("channel" not in part.text for part in report.parts if isinstance(part, Text))
    assert "I understand help, status and, in the thread of an alert, why." in fallback_text(report)


def test_why_weighs_each_reason_in_words_and_compares_the_other_causes() -> None:
    text = fallback_text(compose_why(offered(), DIAGNOSIS))
    for part in (
        "Why: container app was OOMKilled (94%, high)",
        "Strongly for: the platform's own status states it (+1.5)",
        "Slightly against: it stands after the failure was declared (-0.4)",
        "1203 │ cart cache: 251 MiB",
        "Liveness killed (0.12, low): The kubelet kills the container",
        "Lower because: oom_killed was seen too and explains it.",
        "Could not read events (forbidden)",
    ):
        assert part in text


def test_another_cause_without_anything_against_it_is_lower_by_its_weights() -> None:
    first, second = DIAGNOSIS.hypotheses
    weak = replace(second, confidence=replace(second.confidence, factors=second.confidence.factors[:1]))
    text = fallback_text(compose_why(offered(), replace(DIAGNOSIS, hypotheses=(first, weak))))
    assert "Lower because: its signs weigh +0.8, those of the first +2.9." in text


def test_why_without_a_story_a_diagnosis_or_a_cause() -> None:
    assert "in the thread of an alert" in compose_why(None, None).headline
    assert "no diagnosis" in compose_why(looking(), None).headline
    story = no_cause()
    assert compose_why(story, story.diagnosis).headline == "No cause was found for Deployment shop/checkout"


def test_home_lists_the_newest_first_and_says_when_nobody_can_approve() -> None:
    report = compose_home(incidents(3), NOW, anyone_approves=False)
    text = fallback_text(report)
    assert text.index("checkout-0") < text.index("checkout-2")
    assert "Nobody can approve a fix: CODEHEALER_APPROVERS is empty." in text
    assert check_view(render_home(report), "home") == []
    assert "CODEHEALER_APPROVERS" not in fallback_text(compose_home((), NOW, anyone_approves=True))


@pytest.mark.parametrize(
    ("weight", "words"),
    [
        (1.5, "Strongly for"),
        (0.5, "For"),
        (0.2, "Slightly for"),
        (0.0, "Neither way"),
        (-0.4, "Slightly against"),
        (-1.2, "Against"),
        (-2.5, "Strongly against"),
    ],
)
def test_weights_in_words(weight: float, words: str) -> None:
    assert weight_in_words(Factor(name="x", weight=weight, reason="")) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(-3, "0 s"), (59, "59 s"), (60, "1 min"), (7199, "119 min"), (7200, "2 h"), (172_800, "2 d")]
)
def test_how_long(seconds: int, words: str) -> None:
    assert lasting(timedelta(seconds=seconds)) == words


def test_a_time_of_another_day_carries_its_date() -> None:
    assert clock(NOW, NOW) == "16:04 UTC"
    assert clock(NOW, NOW + timedelta(days=1)) == "2026-11-24 16:04 UTC"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("checkout-api_v2", "checkout-api_v2"),
        ("org/repo #12 (main)", "org/repo #12 (main)"),
        ("<!channel> *now* `x`", "channel now x"),
        ("a\u202eb\x1b[31mc\nd", "ab31mcd"),
        ("https://evil.example/x", "https//evil.example/x"),
        ("", ""),
        ("x" * 200, "x" * 79 + "…"),
    ],
)
def test_names_lose_whatever_could_be_markup(given: str, kept: str) -> None:
    assert name(given) == kept


def test_lists_in_words() -> None:
    assert [listed(("a",)), listed(("a", "b")), listed(("a", "b", "c"))] == ["a", "a and b", "a, b and c"]
