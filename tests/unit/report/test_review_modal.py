"""The review modal: everything that an approval is bound to, and no Approve where it cannot run."""

import json

import pytest

from bot.domain.action import Check
from bot.domain.proposal import ProposalState
from bot.domain.report import Buttons, Code, Diff, Report
from bot.report.modal import compose_closed_review, compose_review, no_modal_words
from bot.sandbox.block_kit import check_view
from bot.slack.blocks import fallback_text, render_modal
from tests.fakes.stories import CARD_REF, PROPOSAL, STEP, fixing, offered

CHECKS = (Check(name="current limit", expected="still 256Mi", observed="256Mi", passed=True),)


def review(**fields: object) -> Report:
    return compose_review(offered(), **{"ref": CARD_REF, "checks": CHECKS, "problem": "", "warning": "", **fields})


def test_the_modal_carries_what_its_submission_is_checked_against() -> None:
    report = review()
    assert report.callback == "heal_decide"
    assert json.loads(report.private) == {
        "proposal": "pr_1",
        "digest": PROPOSAL.digest,
        "channel": "C1",
        "ts": "1700000001.000200",
        "thread_ts": "1700000000.000100",
    }


def test_the_exact_effect_is_shown_whole() -> None:
    report = review()
    assert [part.lines for part in report.parts if isinstance(part, Diff)] == [STEP.preview.diff]
    assert [part.text for part in report.parts if isinstance(part, Code)] == [STEP.preview.request]
    view = json.dumps(render_modal(report, external_id="jb_1"))
    assert "limits.memory: 384Mi" in view
    assert "PATCH /apis/apps/v1/namespaces/shop/deployments/checkout" in view


def test_it_says_what_is_checked_before_and_after_and_how_it_is_undone() -> None:
    text = fallback_text(review())
    for part in (
        "Current limit (met): 256Mi · expected: still 256Mi",
        "Checked afterwards, for 120 s",
        "Restarts: no restart of container app in a new pod for 120 s",
        "Risk: medium",
        "Undo: Set the memory limit of container app back to 256Mi.",
        "This offer expires at 17:04 UTC.",
        "Mind: This edits the cluster only.",
    ):
        assert part in text


def test_approve_is_the_submit_and_reject_a_button_in_it() -> None:
    view = render_modal(review(), external_id="jb_1")
    assert view["title"]["text"] == "Review fix"
    assert view["submit"]["text"] == "Approve"
    assert view["close"]["text"] == "Cancel"
    assert view["external_id"] == "jb_1"
    rejects = [each for block in view["blocks"] if block["type"] == "actions" for each in block["elements"]]
    assert [(each["action_id"], each["value"], each["style"]) for each in rejects] == [
        ("heal_reject", "pr_1", "danger")
    ]
    assert check_view(view, "modal") == []


def test_what_cannot_run_cannot_be_approved() -> None:
    report = review(problem="The memory limit of app is now 512Mi.")
    assert "submit" not in render_modal(report, external_id="jb_1")
    assert "It cannot be approved now: The memory limit of app is now 512Mi." in fallback_text(report)
    assert any(isinstance(part, Buttons) for part in report.parts)


def test_a_person_is_told_before_the_press_that_it_would_be_refused() -> None:
    report = review(warning="You are not among the approvers.")
    assert "Before you press: You are not among the approvers." in fallback_text(report)
    assert report.submit == "Approve"


def test_preconditions_that_could_not_be_read_are_shown_as_written_down() -> None:
    text = fallback_text(review(checks=(), problem="The target could not be read just now (timed out)."))
    assert "Preconditions, read again before it runs" in text
    assert "Current limit: the memory limit of app is still 256Mi" in text


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (ProposalState.APPROVED, "it was approved and runs next"),
        (ProposalState.REJECTED, "it was rejected"),
        (ProposalState.EXPIRED, "expired at 17:04 UTC before anybody decided"),
        (ProposalState.STALE, "it became void before it ran"),
        (ProposalState.UNKNOWN, "whether it was applied is not known"),
        (ProposalState.ESCALATED, "it ended without helping and was escalated"),
    ],
)
def test_a_decided_proposal_says_in_words_what_became_of_it(state: ProposalState, words: str) -> None:
    report = compose_closed_review(fixing(state), expired=False)
    assert words in report.headline
    assert report.submit == ""
    view = render_modal(report, external_id="jb_1")
    assert check_view(view, "modal") == []
    assert words in json.dumps(view["blocks"][0])


def test_every_state_has_words_for_it() -> None:
    heads = {compose_closed_review(fixing(state), expired=False).headline for state in ProposalState}
    assert len(heads) == len(ProposalState)
    assert not any("_" in head for head in heads)


def test_an_offer_whose_time_is_over_is_expired_though_not_marked() -> None:
    report = compose_closed_review(offered(), expired=True)
    assert report.headline == "This fix expired at 17:04 UTC before anybody decided. Nothing was changed."


def test_where_no_modal_is_open_the_words_still_help() -> None:
    assert no_modal_words(review()) == "The review could not be opened here. Press Review fix on the card again."
    closed = compose_closed_review(fixing(ProposalState.PASSED), expired=False)
    assert no_modal_words(closed) == "There is nothing left to decide on this fix: it was applied and verified."
