"""Every remedy's way in process: alert, card, approval, fix, verdict; and that nothing is ever done twice."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.errors import OverBudget, Unavailable
from bot.domain.execution import Execution
from bot.domain.incident import IncidentState
from bot.domain.proposal import ProposalState
from bot.remedy.catalog import action
from tests.fakes.ways import WAYS, Way
from tests.fakes.world import World


def walked(world: World, way: Way) -> None:
    alert = way.prepare(world)
    world.start()
    world.deliver(alert)
    world.work()
    assert world.incident().state is IncidentState.DIAGNOSED, world.slack.headlines()
    assert world.proposal().current.action == way.action
    world.deliver(world.submit(world.proposal()))
    go_on(world, way)


def go_on(world: World, way: Way) -> None:
    """Let it work; where it waits for a person, do what a person does, and let it go on."""
    if way.between is not None:
        world.settle_until(lambda: world.proposal().state is ProposalState.WAITING_FOR_CHANGE)
        way.between(world)
    world.settle()


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.stop()


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_from_the_alert_to_the_verified_fix(world, way):
    walked(world, way)
    assert world.proposal().state is ProposalState.PASSED, world.slack.headlines()
    assert world.incident().state is IncidentState.RESOLVED
    assert way.writes(world) == way.wanted
    executions = world.bot.state.of_incident(Execution, world.incident().id)
    assert len(executions) == len(world.proposal().steps)
    assert any(each.startswith("Verified") for each in world.slack.headlines())
    assert len(world.slack.posted) == len(set(world.slack.posted))


def _lose(name: str, operation: str = ""):
    """Return what makes the next write of that kind end without an answer; `applied` says whether it was done."""

    def lose(world: World, applied: bool) -> None:
        platform = getattr(world, name)
        if operation:
            platform.lose_answer(operation, applied=applied)
        else:
            platform.lose_answer(applied=applied)

    return lose


LOST = {
    "oom": {"patch": _lose("cluster")},
    "restart": {"patch": _lose("cluster")},
    "expired-token": {
        "dispatch": _lose("github", "dispatch"),
        "rerun": _lose("github", "rerun_failed_jobs"),
    },
    "flaky-test": {"rerun": _lose("github", "rerun_failed_jobs")},
    "bad-manifest": {kind: _lose("github", f"open_pull.{kind}") for kind in ("ref", "contents", "pull")},
    "sync": {"sync": _lose("argocd")},
}
CASES = [(way, kind) for way in WAYS for kind in LOST[way.name]]


@pytest.mark.parametrize("applied", [True, False], ids=["done", "not-done"])
@pytest.mark.parametrize(("way", "kind"), CASES, ids=[f"{way}-{kind}" for way, kind in CASES])
def test_an_answer_that_is_lost_never_makes_a_second_write(world, way, kind, applied):
    alert = way.prepare(world)
    world.start()
    world.deliver(alert)
    world.work()
    LOST[way.name][kind](world, applied)
    world.deliver(world.submit(world.proposal()))
    at = (
        way.actions.index(f"github.{'dispatch_workflow' if kind == 'dispatch' else 'rerun_failed_jobs'}")
        if way.then
        else 0
    )
    guarded = bool(action(way.actions[at]).spec.guard)
    if applied or guarded:
        go_on(world, way)
        assert world.proposal().state is ProposalState.PASSED, world.slack.headlines()
        assert way.writes(world) == way.wanted
        return
    world.settle(timers=200)
    assert world.proposal().state is ProposalState.REFUSED, world.slack.headlines()
    assert world.incident().state is IncidentState.NEEDS_HUMAN
    assert sum(way.writes(world).values()) == at
    headlines = world.slack.headlines()
    assert any(each.startswith("Unknown") for each in headlines)
    assert any(each.startswith("Refused") for each in headlines)


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("expired-token", lambda world: world.github.answer_500("dispatch")),
        ("expired-token", lambda world: world.github.answer_500("rerun_failed_jobs")),
        ("flaky-test", lambda world: world.github.answer_500("rerun_failed_jobs")),
        ("bad-manifest", lambda world: world.github.answer_500("open_pull.ref")),
        ("bad-manifest", lambda world: world.github.answer_500("open_pull.pull")),
        ("sync", lambda world: world.argocd.answer_500(applied=True)),
    ],
)
def test_a_500_after_it_did_the_thing_is_found_out(world, name, fault):
    way = next(each for each in WAYS if each.name == name)
    alert = way.prepare(world)
    world.start()
    world.deliver(alert)
    world.work()
    fault(world)
    world.deliver(world.submit(world.proposal()))
    go_on(world, way)
    assert world.proposal().state is ProposalState.PASSED, world.slack.headlines()
    assert way.writes(world) == way.wanted


@pytest.mark.parametrize("name", ["flaky-test", "sync"])
def test_what_was_never_sent_is_refused_at_once_where_there_is_no_guard(world, name):
    way = next(each for each in WAYS if each.name == name)
    alert = way.prepare(world)
    world.start()
    world.deliver(alert)
    world.work()
    platform, operation = (world.argocd, "sync") if name == "sync" else (world.github, "rerun_failed_jobs")
    platform.fail(operation, OverBudget("rate limit until 15:40"))
    world.deliver(world.submit(world.proposal()))
    world.work()
    assert world.proposal().state is ProposalState.REFUSED
    assert sum(way.writes(world).values()) == 0
    assert any(
        "rate limit until 15:40; nothing was sent" in str(m.message.report) for m in world.slack.messages.values()
    )


def test_with_a_guard_it_is_tried_again_until_it_can_be_sent(world):
    way = next(each for each in WAYS if each.name == "oom")
    alert = way.prepare(world)
    world.start()
    world.deliver(alert)
    world.work()
    world.cluster.fail("patch", Unavailable("429"))
    world.deliver(world.submit(world.proposal()))
    world.settle()
    assert world.proposal().state is ProposalState.PASSED
    assert way.writes(world) == way.wanted


def test_a_pull_request_that_is_refused_half_way_claims_no_more_than_it_knows(world):
    way = next(each for each in WAYS if each.name == "bad-manifest")
    alert = way.prepare(world)
    world.start()
    world.deliver(alert)
    world.work()
    world.github.refuse("open_pull.pull", "Resource not accessible by integration")
    world.deliver(world.submit(world.proposal()))
    world.settle()
    assert world.proposal().state is ProposalState.REFUSED
    assert way.writes(world) == {"ref": 1, "contents": 1, "pull": 0}
    said = str([row.message.report for row in world.slack.messages.values()])
    assert "Nothing was merged. If a branch of this fix was made, it can be deleted." in said
    assert "Nothing was changed" not in said


def test_what_it_waits_for_after_the_merge_is_said_too(world):
    way = next(each for each in WAYS if each.name == "bad-manifest")
    alert = way.prepare(world)
    world.start()
    world.deliver(alert)
    world.work()
    world.deliver(world.submit(world.proposal()))
    world.settle_until(lambda: world.proposal().state is ProposalState.WAITING_FOR_CHANGE)
    way.between(world)
    app = world.argocd.apps["payments"]
    world.argocd.apps["payments"] = replace(app, automated=False, sync="OutOfSync")
    waits = lambda: [row for row in world.slack.messages.values() if ":waiting:" in row.message.key]  # noqa: E731
    world.settle_until(lambda: len(waits()) == 2)
    assert "a person has to sync application payments" in str(waits()[1].message.report)
    world.settle_until(lambda: world.clock.at > app.history[-1].deployed_at + timedelta(minutes=30))
    assert len(waits()) == 2
    world.argocd.apps["payments"] = replace(world.argocd.apps["payments"], sync="Synced")
    world.settle()
    assert world.proposal().state is ProposalState.PASSED


def test_what_the_platform_refuses_is_said_with_its_words_and_names_the_step_before(world):
    way = next(each for each in WAYS if each.name == "expired-token")
    alert = way.prepare(world)
    world.start()
    world.deliver(alert)
    world.work()
    world.github.refuse("rerun_failed_jobs", "This workflow run cannot be retried")
    world.deliver(world.submit(world.proposal()))
    world.settle()
    assert world.proposal().state is ProposalState.REFUSED
    (note,) = [row.message for row in world.slack.messages.values() if ":refused" in row.message.key]
    said = str(note.report.parts)
    assert "This workflow run cannot be retried" in said
    assert "Step 1 of 2, done and verified" in said
    assert way.writes(world) == {"dispatch": 1, "rerun": 0}


def test_a_pull_request_that_is_closed_unmerged_is_a_failed_fix(world):
    way = next(each for each in WAYS if each.name == "bad-manifest")
    alert = way.prepare(world)
    world.start()
    world.deliver(alert)
    world.work()
    world.deliver(world.submit(world.proposal()))
    world.settle_until(lambda: world.proposal().state is ProposalState.WAITING_FOR_CHANGE)
    assert any(each.startswith("Waiting for change") for each in world.slack.headlines())
    world.github.close("acme/deploy", next(iter(world.github.repos["acme/deploy"].pulls)))
    world.settle()
    assert world.proposal().state is ProposalState.ESCALATED
    assert any(each.startswith("Verification failed") for each in world.slack.headlines())


def test_a_pull_request_that_nobody_merges_expires_after_a_week(world):
    way = next(each for each in WAYS if each.name == "bad-manifest")
    alert = way.prepare(world)
    world.start()
    world.deliver(alert)
    world.work()
    world.deliver(world.submit(world.proposal()))
    world.settle_until(lambda: world.proposal().state is ProposalState.WAITING_FOR_CHANGE)
    before = len(world.slack.posted)
    world.clock.at += timedelta(days=8)
    world.settle()
    assert world.proposal().state is ProposalState.EXPIRED
    assert world.incident().state is IncidentState.NEEDS_HUMAN
    assert len(world.slack.posted) == before + 1
    assert any(each.startswith("Expired") for each in world.slack.headlines())
