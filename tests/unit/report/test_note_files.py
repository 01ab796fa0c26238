"""The notes about runs and applications, and the message that stands for what nobody posted, as people read them."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.proposal import ProposalState
from bot.domain.report import Report
from bot.report.answers import compose_found
from bot.report.notes import (
    compose_escalated,
    compose_expired,
    compose_not_merged,
    compose_refused,
    compose_rejected,
    compose_stale,
    compose_unknown,
    compose_verdict,
    compose_waiting,
)
from bot.sandbox.block_kit import check_message
from bot.slack.blocks import render_message
from tests.fakes.stories_apps import APP_CARDS, MANIFEST, SYNC
from tests.fakes.stories_kinds import LOST, at, execution
from tests.fakes.stories_runs import FLAKY, REFUSED_RERUN, RUN, RUN_CARDS, TOKEN

GOLDEN = Path(__file__).parents[2] / "golden" / "notes"
PULL = "https://github.example.com/acme/deploy/pull/7"
FOUND = replace(
    FLAKY.alert,
    title="CI run 1042 on main failed in step Run the tests",
    target=replace(FLAKY.alert.target, url=RUN.url),
)
NOTES: dict[str, Callable[[], Report]] = {
    "found": lambda: compose_found(FOUND),
    "verified_two_steps": lambda: compose_verdict(RUN_CARDS["token/passed"]()),
    "failed_two_steps": lambda: compose_verdict(RUN_CARDS["token/escalated"]()),
    "failed_at_step_1": lambda: compose_verdict(RUN_CARDS["token/failed_1"]()),
    "escalated_two_steps": lambda: compose_escalated(RUN_CARDS["token/escalated"](), by=""),
    "escalated_image": lambda: compose_escalated(APP_CARDS["image/handed_over"](), by="U0ANA"),
    "escalated_no_cause": lambda: compose_escalated(RUN_CARDS["run/no_cause"](), by="U0BEN"),
    "refused_at_step_2": lambda: compose_refused(RUN_CARDS["token/refused_2"](), REFUSED_RERUN["detail"]),
    "unknown_rotation": lambda: compose_unknown(RUN_CARDS["token/unknown_1"](), LOST["detail"]),
    "unknown_rerun": lambda: compose_unknown(RUN_CARDS["flaky/unknown"](), LOST["detail"]),
    "unknown_sync": lambda: compose_unknown(APP_CARDS["sync/unknown"](), LOST["detail"]),
    "unknown_pull_request": lambda: compose_unknown(
        at(MANIFEST, ProposalState.UNKNOWN, execution=execution(MANIFEST, 0, **LOST)), LOST["detail"]
    ),
    "waiting": lambda: compose_waiting(
        APP_CARDS["manifest/waiting"](), "A person has to review and merge pull request 7 of acme/deploy.", PULL
    ),
    "not_merged": lambda: compose_not_merged(APP_CARDS["manifest/not_merged"](), 7),
    "verified_merged": lambda: compose_verdict(APP_CARDS["manifest/passed"]()),
    "failed_merged": lambda: compose_verdict(APP_CARDS["manifest/escalated"]()),
    "inconclusive_sync": lambda: compose_verdict(APP_CARDS["sync/inconclusive"]()),
    "stale_two_steps": lambda: compose_stale(TOKEN.proposal, "There is a newer run of this workflow on this branch."),
    "expired_pull_request": lambda: compose_expired(MANIFEST.proposal),
    "rejected_sync": lambda: compose_rejected(SYNC.proposal, by="U0ANA"),
}


@pytest.mark.parametrize("name", NOTES)
def test_a_note_reads_as_its_golden_file(name: str) -> None:
    text, blocks = render_message(NOTES[name]())
    now = {"reads": text.split("\n"), "blocks": blocks}
    path = GOLDEN / f"{name}.json"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        GOLDEN.mkdir(exist_ok=True)
        path.write_text(json.dumps(now, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert json.loads(path.read_text(encoding="utf-8")) == now
    assert check_message(blocks) == []


def test_there_is_no_golden_file_without_a_note() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(NOTES)


@pytest.mark.parametrize("name", NOTES)
def test_what_a_headline_is_about_is_what_is_healed(name: str) -> None:
    """Never the file or the workflow that the fix goes through."""
    headline = NOTES[name]().headline
    assert any(what in headline for what in ("workflow CI of acme/shop on main", "application "))
