"""Cards of runs and applications: links to the very place, who pushed what, each step's state, who owns a workload."""

import json
from dataclasses import replace

import pytest

from bot.domain.alert import Label
from bot.domain.delivery import AppResource
from bot.domain.diagnosis import Category
from bot.domain.evidence import Fact
from bot.domain.report import Button, Buttons, Quote, Report, Text
from bot.remedy.catalog import ACTIONS
from bot.report.changes import change_parts
from bot.report.cited import telling
from bot.report.compose import compose_card
from bot.report.steps import done, marker_of
from bot.report.story import Story
from bot.slack.blocks import fallback_text, render_message
from tests.fakes.stories import CARDS, EXECUTION, STEP
from tests.fakes.stories_apps import APP_CARDS, IMAGE, MANIFEST, SYNC
from tests.fakes.stories_kinds import diagnosed, execution, looking, sign
from tests.fakes.stories_runs import FLAKY, RUN, RUN_CARDS, RUN_STATUS, TEST_LOG, TOKEN

ALL = {**RUN_CARDS, **APP_CARDS}


def card(state: str) -> Report:
    return compose_card(ALL[state]())


def text(state: str) -> str:
    return fallback_text(card(state))


def links(report: Report) -> dict[str, str]:
    """Where each label or source of the card leads."""
    said = {part.text: part.url for part in report.parts if isinstance(part, Text) and part.url}
    return said | {part.source: part.url for part in report.parts if isinstance(part, Quote) and part.url}


def test_a_run_leads_to_its_page_and_to_the_line_that_failed() -> None:
    assert links(card("flaky/offered")) == {
        "What failed:": "https://github.example.com/acme/shop/actions/runs/9001",
        "Where:": "https://github.example.com/acme/shop/actions/runs/9001/job/77#step:4:287",
        "Log of job test, step Run the tests: 4 of 410 lines": "https://github.example.com/acme/shop/actions/runs/9001/job/77"
        "#step:4:285",
        "CI run #1042: failure": "https://github.example.com/acme/shop/actions/runs/9001",
    }


def test_an_application_leads_to_the_resource_the_line_names_and_to_the_line_of_the_manifest() -> None:
    found = links(card("manifest/offered"))
    resource = "https://argocd.example.com/applications/argocd/payments?resource=&node=apps%2FDeployment%2Fpayments%2Fpayments%2F0"
    assert found["What failed:"] == "https://argocd.example.com/applications/argocd/payments"
    assert found["Where:"] == resource
    assert found["Application payments: OutOfSync, Healthy, last sync Failed"] == resource
    assert found["payments/deploy.yaml at 893a2b6, line 6 (changed)"].endswith("/payments/deploy.yaml#L6")


def test_a_pod_of_an_application_leads_to_the_pod() -> None:
    pod = "?resource=&node=%2FPod%2Fcatalog%2Fcatalog-5c99ff78bb-dmcj9%2F0"
    found = links(card("image/offered"))
    assert found["Where:"].endswith(pod)
    assert found["Resources of catalog: Pod catalog-5c99ff78bb-dmcj9 is Degraded"].endswith(pod)


def test_events_of_a_pod_have_no_page_of_their_own_and_lead_to_it_too() -> None:
    story = APP_CARDS["image/offered"]()
    best = replace(story.diagnosis.best, supports=story.diagnosis.best.supports[1:])
    report = compose_card(replace(story, diagnosis=replace(story.diagnosis, hypotheses=(best,))))
    assert links(report)["5 events of catalog-5c99ff78bb-dmcj9, warnings: Failed"].endswith("dmcj9%2F0")


def test_links_are_rich_text_and_what_is_no_address_is_text() -> None:
    _, blocks = render_message(card("flaky/offered"))
    assert json.dumps(blocks).count('"type": "link"') == 4
    story = RUN_CARDS["flaky/offered"]()
    bad = replace(story.dossier, run=replace(RUN, url="javascript:alert(1)"))
    _, blocks = render_message(compose_card(replace(story, dossier=bad)))
    assert "javascript" not in json.dumps(blocks)


def test_what_only_the_post_says_is_no_link() -> None:
    labels = (*FLAKY.labels, Label(name="run_url", value="https://evil.example/runs/1"))
    story = replace(looking(FLAKY), alert=replace(FLAKY.alert, labels=labels))
    _, blocks = render_message(compose_card(story))
    assert '"type": "link"' not in json.dumps(blocks)
    assert "Link: https://evil.example/runs/1" in fallback_text(compose_card(story))


def test_the_missing_tag_is_named_first_and_who_pushed_it() -> None:
    report = card("image/offered")
    assert report.headline == "Application catalog: tag 4.18.0 of image catalog does not exist (92%, high)"
    pushed = [part for part in report.parts if isinstance(part, Text) and "pushed" in part.quoted]
    assert pushed[0].quoted == "Samira Haddad pushed 5f2c1ab: catalog 4.18.0 (#206)"
    assert pushed[0].url.endswith("/commit/5f2c1abd4e3f")


@pytest.mark.parametrize(
    ("category", "cause", "shown"),
    [
        (Category.CONFIG, "manifest_invalid", True),
        (Category.RESOURCE, "oom_killed", True),
        (Category.AUTH, "credential_expired", False),
        (Category.NETWORK, "dns_failure", False),
        (Category.TEST, "test_failure", True),
        (Category.TEST, "flaky_test", False),
    ],
)
def test_commits_are_shown_where_one_can_be_the_cause(category: Category, cause: str, shown: bool) -> None:
    story = diagnosed(MANIFEST)
    best = replace(story.diagnosis.best, category=category, cause_id=cause)
    assert bool(change_parts(replace(story, diagnosis=replace(story.diagnosis, hypotheses=(best,))))) is shown


def test_many_commits_are_counted() -> None:
    story = diagnosed(MANIFEST)
    changes = tuple(replace(story.dossier.changes[0], sha=f"{n:040x}") for n in range(9))
    said = fallback_text(compose_card(replace(story, dossier=replace(story.dossier, changes=changes))))
    assert "Changed since it last worked (9 commits):" in said
    assert "… and 6 more commits." in said


@pytest.mark.parametrize(
    ("state", "first", "second"),
    [
        ("token/approved", "→ Step 1 of 2, runs next: Renew REGISTRY_TOKEN", "○ Step 2 of 2, next: Run the failed"),
        ("token/executing_1", "→ Step 1 of 2, running now: Renew", "○ Step 2 of 2, next:"),
        ("token/verifying_1", "→ Step 1 of 2, done, being verified: rotate-registry", "○ Step 2 of 2, next:"),
        ("token/failed_1", "✗ Step 1 of 2, done, and it did not help:", "○ Step 2 of 2, not run:"),
        ("token/between", "✓ Step 1 of 2, done and verified:", "→ Step 2 of 2, running now: Run the failed jobs"),
        ("token/executing_2", "✓ Step 1 of 2, done and verified:", "→ Step 2 of 2, running now:"),
        ("token/verifying_2", "✓ Step 1 of 2, done and verified:", "→ Step 2 of 2, done, being verified: Failed jobs"),
        ("token/refused_2", "✓ Step 1 of 2, done and verified:", "✗ Step 2 of 2, not applied: Run the failed jobs"),
        ("token/unknown_1", "? Step 1 of 2, sent, and whether it was applied is not known:", "○ Step 2 of 2, not run:"),
        ("token/passed", "✓ Step 1 of 2, done and verified:", "✓ Step 2 of 2, done and verified: Failed jobs"),
        ("token/escalated", "✓ Step 1 of 2, done and verified:", "✗ Step 2 of 2, done, and it did not help:"),
        ("token/rejected", "✗ Step 1 of 2, not run:", "○ Step 2 of 2, not run:"),
    ],
)
def test_each_step_says_how_it_stands(state: str, first: str, second: str) -> None:
    assert first in text(state)
    assert second in text(state)


def test_a_verdict_on_the_first_step_is_none_on_the_second() -> None:
    between = replace(RUN_CARDS["token/between"](), verification=RUN_CARDS["token/passed"]().verification)
    said = fallback_text(compose_card(between))
    assert "New attempt (met)" not in said
    assert "Undo" not in said


@pytest.mark.parametrize("act", ACTIONS, ids=lambda act: act.spec.id)
def test_every_action_of_the_catalogue_is_told_as_done(act: object) -> None:
    step = replace(STEP, action=act.spec.id)  # type: ignore[attr-defined]
    assert done(step) != step.preview.summary
    assert (marker_of(step, EXECUTION) is None) is (step.action == "escalate")


@pytest.mark.parametrize(
    ("kind", "step", "words", "mark"),
    [
        (TOKEN, 0, "rotate-registry-token.yml of acme/shop has a run whose title holds:", "ex_1"),
        (TOKEN, 1, "the run has a newer attempt that CodeHealer's account started:", "attempt 2 of run 9001"),
        (MANIFEST, 0, "acme/deploy has a pull request from this branch:", "codehealer/ex_1"),
        (SYNC, 0, "the application's last operation has this info item:", "codehealer.io/execution: ex_1"),
    ],
)
def test_a_person_can_tell_by_the_mark_whether_it_was_applied(kind: object, step: int, words: str, mark: str) -> None:
    told = marker_of(kind.steps[step], execution(kind, step))  # type: ignore[attr-defined,arg-type]
    assert told is not None
    assert words in told.text
    assert told.quoted == mark


def test_waiting_leads_to_the_pull_request() -> None:
    rows = [part for part in card("manifest/waiting").parts if isinstance(part, Buttons)]
    assert rows[0].buttons == (
        Button(
            action="heal_open",
            label="Open pull request",
            value="",
            url="https://github.example.com/acme/deploy/pull/7",
        ),
    )
    assert "Auto-sync is off" not in text("manifest/waiting")
    assert "Auto-sync is off: after the merge somebody has to sync the application." in text("manifest/waiting_manual")


def test_a_change_that_nobody_accepted_was_made_all_the_same() -> None:
    said = text("manifest/not_merged")
    assert "Nobody accepted the change in time." in said
    assert "Nobody decided" not in said
    assert "not run" not in said


def test_the_owner_would_revert_an_edit_so_its_source_is_changed() -> None:
    said = text("owned/offered")
    owner = "Argo CD application payments; it would revert an edit in the cluster, so the fix is a pull request to its source"
    assert f"Managed by: {owner}" in said


def test_handing_over_is_no_fix() -> None:
    offered, over = text("image/offered"), text("image/handed_over")
    assert "I know no fix that I could make." in offered
    assert "Proposed fix" not in offered
    assert over.startswith("Escalated: application catalog needs a person")
    assert "Verified" not in over
    assert text("image/handing_over").startswith("Handing over to people: application catalog")
    assert "fix" not in text("image/handing_over")


def test_the_line_of_the_manifest_is_linked_where_it_is_not_quoted() -> None:
    story = APP_CARDS["manifest/offered"]()
    best = replace(story.diagnosis.best, supports=story.diagnosis.best.supports[:1])
    found = links(compose_card(replace(story, diagnosis=replace(story.diagnosis, hypotheses=(best,)))))
    assert found["In the source:"].endswith("/payments/deploy.yaml#L6")
    assert "In the source:" not in links(card("manifest/offered"))


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("image/not_configured", "(not configured): set ARGOCD_SERVER and ARGOCD_AUTH_TOKEN"),
        ("image/out_of_scope", "(outside this channel's scope)"),
        ("run/no_cause", "Could not read CI log (more than may be read now): job package failed too"),
        ("flaky/budget_spent", "No fix is proposed: The run was already run again twice; the rules allow twice"),
        ("flaky/offered", "re-run 1 of 2 that the rules allow"),
    ],
)
def test_what_is_missing_is_said_shortly(state: str, words: str) -> None:
    assert words in text(state)


def test_a_newer_run_is_said() -> None:
    story = diagnosed(FLAKY)
    seen = replace(RUN_STATUS, facts=(*RUN_STATUS.facts, Fact(name="newer_run", value="passed")))
    said = fallback_text(compose_card(replace(story, dossier=replace(story.dossier, evidence=(TEST_LOG, seen)))))
    assert "A newer run of this workflow on this branch has passed." in said


def test_a_line_that_only_repeats_another_is_left_out() -> None:
    tree, events = IMAGE.hypotheses[0].supports
    assert telling((tree, events)) == (tree,)
    other = sign(TEST_LOG, 402)
    assert telling((tree, other, events)) == (tree, other)


def test_a_resource_is_known_by_its_whole_name() -> None:
    """A resource whose name begins like another's is not taken for it."""
    story = APP_CARDS["manifest/offered"]()
    wrong = AppResource(group="apps", kind="Deployment", namespace="payments", name="pay")
    app = replace(story.dossier.app, operation=None, resources=(wrong, *story.dossier.app.resources))
    report = compose_card(replace(story, dossier=replace(story.dossier, app=app)))
    assert links(report)["Application payments: OutOfSync, Healthy, last sync Failed"].endswith(
        "payments%2Fpayments%2F0"
    )


def test_a_card_in_hand_is_short() -> None:
    def lines(made: Story) -> int:
        return len(fallback_text(compose_card(made)).split("\n"))

    assert lines(CARDS["verifying"]()) < lines(CARDS["offered"]())
    assert not [part for part in card("token/executing_1").parts if isinstance(part, Quote)]
