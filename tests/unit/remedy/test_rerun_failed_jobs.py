"""github.rerun_failed_jobs: within its budget, only as shown, found again by its attempt, verified by its end."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.action import Looked
from bot.domain.errors import Unavailable
from bot.domain.execution import Verdict
from bot.domain.proposal import ProposalStep
from bot.remedy.catalog import NotOffered, action
from bot.remedy.policy import Rules
from tests.fakes.delivery_world import CI, SHOP, DeliveryWorld
from tests.fakes.pipelines import FakeJob

ACT = action("github.rerun_failed_jobs")
LONG = timedelta(minutes=46)


def drafted(world: DeliveryWorld) -> ProposalStep:
    return world.drafted(world.ask(ACT.spec.id, run=world.failed_run()))


def reason(world: DeliveryWorld, rules: Rules | None = None, **fields: object) -> str:
    ask = world.ask(ACT.spec.id, run=replace(world.failed_run(), **fields))
    found = ACT.draft(replace(ask, rules=rules or ask.rules))
    assert isinstance(found, NotOffered), found
    return found.reason


def test_the_preview_says_what_runs_again_and_how_often_it_may() -> None:
    step = drafted(DeliveryWorld())
    assert step.preview.summary.startswith("Run the failed jobs of CI run 1 again, as attempt 2; re-run 1 of 2")
    assert [line.text for line in step.preview.diff] == [
        "attempt 1: failure",
        "  build: failure in step Test",
        "attempt 2: these jobs, and those that depend on them",
    ]
    assert step.preview.request.startswith(f"POST /repos/{SHOP}/actions/runs/")
    assert (step.target.repo, step.target.branch, step.param("attempt"), step.param("deadline")) == (
        SHOP,
        "main",
        "1",
        "2700",
    )


def test_that_it_passed_on_the_same_commit_is_said() -> None:
    world = DeliveryWorld()
    run = world.failed_run()
    passed = replace(run, conclusion="success")
    step = world.drafted(world.ask(ACT.spec.id, run=run, passed_before=(passed, replace(passed, head_sha="other"))))
    assert "passed before on the same commit (1 of" in step.preview.warnings[0]


def test_the_budget_counts_everybodys_re_runs() -> None:
    assert "already run again 2 times; the rules allow 2 times" in reason(DeliveryWorld(), attempt=3)
    assert "allow 0 times" in reason(DeliveryWorld(), Rules(max_reruns=0))


def test_after_a_step_that_mends_the_cause_the_budget_does_not_count() -> None:
    world = DeliveryWorld()
    ask = world.ask(ACT.spec.id, run=replace(world.failed_run(), attempt=7))
    step = ACT.draft(replace(ask, before=(drafted(DeliveryWorld()),)))
    assert isinstance(step, ProposalStep)
    assert "re-run" not in step.preview.summary


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"conclusion": "success"}, "no failed workflow run"),
        ({"status": "in_progress", "conclusion": ""}, "no failed workflow run"),
        ({"attempt": 50}, "50 attempts"),
    ],
)
def test_what_github_would_not_run_again_is_not_offered(fields: dict, why: str) -> None:
    assert why in reason(DeliveryWorld(), Rules(max_reruns=60), **fields)


def test_an_old_run_is_not_offered() -> None:
    world = DeliveryWorld()
    run = world.failed_run()
    assert "30 days" in reason(world, created_at=run.created_at - timedelta(days=31))


def test_a_newer_run_makes_it_pointless() -> None:
    world = DeliveryWorld()
    step = drafted(world)
    assert ACT.preflight(step, world, "", dry_run=True).ok
    world.github.push(SHOP, {"a": "b"}, branch="feature")
    world.failed_run(branch="feature")
    assert ACT.preflight(step, world, "", dry_run=True).ok
    world.failed_run()
    flight = ACT.preflight(step, world, "", dry_run=True)
    assert "newer run" in flight.stale
    assert [check.passed for check in flight.checks] == [True, False]


def test_a_run_that_somebody_ran_again_is_not_as_shown() -> None:
    world = DeliveryWorld()
    step = drafted(world)
    world.github.rerun_failed_jobs(SHOP, step.target.run_id)
    assert "run again meanwhile" in ACT.preflight(step, world, "", dry_run=True).stale


def test_gone_or_forbidden_is_a_precondition_that_is_not_met() -> None:
    world = DeliveryWorld()
    step = drafted(world)
    world.github.forbidden.add(SHOP)
    assert "not permitted" in ACT.preflight(step, world, "", dry_run=True).stale
    world.github.forbidden.clear()
    del world.github.repos[SHOP].runs[step.target.run_id]
    assert "does not exist any more" in ACT.preflight(step, world, "", dry_run=True).stale


def test_a_test_that_fails_again_is_a_failure_and_names_the_job() -> None:
    world = DeliveryWorld()
    world.github.comes_to[SHOP, CI] = "failure"
    world.work(drafted(world))
    progress = world.verify()
    assert progress.verdict is Verdict.FAILED
    assert progress.checks[-1].observed == "attempt 2 of run 1 failed: build (step Run)"
    assert (progress.checks[0].passed, progress.checks[-1].passed) == (True, False)


def test_it_is_waited_for_until_the_deadline() -> None:
    world = DeliveryWorld()
    world.github.comes_to[SHOP, CI] = ""
    step = drafted(world)
    world.work(step)
    assert world.verify().verdict is None
    assert world.verify().checks[-1].observed == "attempt 2 of run 1 is in_progress"
    assert world.verify(LONG).verdict is Verdict.INCONCLUSIVE
    world.github.finish(SHOP, step.target.run_id)
    assert world.verify(LONG).verdict is Verdict.PASSED


def test_a_cancelled_attempt_says_nothing() -> None:
    world = DeliveryWorld()
    world.github.comes_to[SHOP, CI] = ""
    step = drafted(world)
    world.work(step)
    world.github.finish(SHOP, step.target.run_id, [FakeJob(conclusion="cancelled")])
    assert world.verify().verdict is Verdict.INCONCLUSIVE


def test_a_later_attempt_of_somebody_elses_is_not_ours() -> None:
    world = DeliveryWorld()
    world.github.comes_to[SHOP, CI] = "failure"
    step = drafted(world)
    world.work(step)
    world.github.login, world.github.comes_to[SHOP, CI] = "ana", "success"
    world.github.rerun_failed_jobs(SHOP, step.target.run_id)
    world.github.login = "codehealer[bot]"
    assert world.look() is Looked.APPLIED
    assert world.verify().verdict is Verdict.FAILED


def test_an_attempt_of_somebody_elses_is_not_taken_for_ours() -> None:
    world = DeliveryWorld()
    step = drafted(world)
    world.github.lose_answer("rerun_failed_jobs", applied=False)
    world.work(step)
    world.github.login, world.github.comes_to[SHOP, CI] = "ana", "failure"
    world.github.rerun_failed_jobs(SHOP, step.target.run_id)
    world.github.login = "codehealer[bot]"
    assert world.look() is Looked.NOT_APPLIED
    unsaid = [replace(run, rerun_by="") for run in world.github.repos[SHOP].runs[step.target.run_id]]
    world.github.repos[SHOP].runs[step.target.run_id] = unsaid
    assert world.look() is Looked.CANNOT_TELL


def test_an_outage_is_no_verdict_before_the_deadline() -> None:
    world = DeliveryWorld()
    world.work(drafted(world))
    world.github.fail("run", Unavailable("502"), times=2)
    assert world.verify().verdict is None
    assert world.verify(LONG).verdict is Verdict.INCONCLUSIVE
    assert world.verify(LONG).verdict is Verdict.PASSED
