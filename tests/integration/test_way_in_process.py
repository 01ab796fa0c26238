"""The way through the house in process: alert, card, review, approval, fix, verdict; and its dead ends."""

from datetime import timedelta

import pytest

from bot.domain.errors import Unavailable
from bot.domain.execution import Execution
from bot.domain.incident import IncidentState
from bot.domain.proposal import ProposalState
from tests.fakes.cluster import FakeCluster
from tests.fakes.world import ANA, BEN, World

CRASHING = "Crashing pod {pod} in namespace shop"


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    made.start()
    made.cluster.deploy("shop", "checkout", limit="256Mi", request="128Mi", needs="300Mi")
    yield made
    made.stop()


def crash(world: World) -> None:
    pod = next(iter(world.cluster.pods_by_name.values()))
    world.deliver(world.post(CRASHING.format(pod=pod.name)))
    world.work()


def patches(world: World) -> int:
    return world.cluster.calls["patch"]


def test_from_the_alert_to_the_verified_fix(world):
    crash(world)
    assert world.incident().state is IncidentState.DIAGNOSED
    proposal = world.proposal()
    world.deliver(world.click("heal_review", proposal.id))
    world.work()
    (view,) = world.slack.views.values()
    assert view.message.report.submit == "Approve"
    world.deliver(world.submit(proposal))
    world.settle()
    assert world.proposal().state is ProposalState.PASSED
    assert world.incident().state is IncidentState.RESOLVED
    assert patches(world) == 1
    assert world.cluster.workload("shop", "Deployment", "checkout").containers[0].limit(
        "memory"
    ) == proposal.current.param("to")
    assert any(headline.startswith("Verified") for headline in world.slack.headlines())
    verbs = [record.verb for record in world.bot.state.audit(f"incident:{world.incident().id}", 100)]
    assert verbs == [
        "opened",
        "diagnosed",
        "offered",
        "reviewed",
        "approved",
        "intended",
        "sent",
        "applied",
        "verified",
    ]


def test_a_leak_ends_in_a_failed_verification_and_an_escalation(world):
    world.cluster.needs_memory["shop", "checkout"] = "64Gi"
    crash(world)
    world.deliver(world.submit(world.proposal()))
    world.settle()
    assert world.proposal().state is ProposalState.ESCALATED
    assert world.incident().state is IncidentState.NEEDS_HUMAN
    headlines = world.slack.headlines()
    assert any(each.startswith("Verification failed") for each in headlines)
    assert any(each.startswith("Escalated") for each in headlines)
    assert patches(world) == 1


@pytest.mark.parametrize(("user", "digest", "words"), [(BEN, "", "approver"), (ANA, "0" * 64, "Review fix again")])
def test_a_decision_that_does_not_count_is_answered_and_changes_nothing(world, user, digest, words):
    crash(world)
    world.deliver(world.submit(world.proposal(), user=user, digest=digest))
    world.work()
    assert world.proposal().state is ProposalState.OFFERED
    assert patches(world) == 0
    (whisper,) = world.slack.whispers
    assert whisper.message.user == user
    assert words in whisper.message.report.headline


def test_two_approvals_run_one_fix_and_both_people_are_answered(world):
    crash(world)
    proposal = world.proposal()
    world.deliver(world.submit(proposal))
    world.deliver(world.submit(proposal))
    world.settle()
    assert patches(world) == 1
    assert len(world.slack.whispers) == 2
    assert any("already approved" in row.message.report.headline for row in world.slack.whispers)


def test_a_late_approval_finds_the_proposal_expired_and_the_thread_is_told(world):
    crash(world)
    proposal = world.proposal()
    world.clock.at = proposal.expires_at
    world.deliver(world.submit(proposal))
    world.work()
    assert world.proposal().state is ProposalState.EXPIRED
    assert any(each.startswith("Expired") for each in world.slack.headlines())
    assert patches(world) == 0


def test_a_target_that_moved_makes_the_approved_proposal_stale(world):
    crash(world)
    proposal = world.proposal()
    world.cluster.deploy("shop", "checkout", limit="512Mi", request="128Mi", needs="300Mi")
    world.deliver(world.submit(proposal))
    world.settle()
    assert world.proposal().state is ProposalState.STALE
    assert any(each.startswith("Stale") for each in world.slack.headlines())
    assert patches(world) == 0


def test_a_recovery_closes_the_card_and_voids_the_offer(world):
    crash(world)
    pod = next(iter(world.cluster.pods_by_name.values()))
    world.deliver(world.post(f"[RESOLVED] {CRASHING.format(pod=pod.name)}", ts="100.000009"))
    world.work()
    assert world.incident().state is IncidentState.RESOLVED
    assert world.proposal().state is ProposalState.STALE


@pytest.mark.parametrize("applied", [True, False])
def test_a_lost_answer_is_looked_for_and_never_sent_twice_blindly(world, applied):
    crash(world)
    world.cluster.lose_answer(applied=applied)
    world.deliver(world.submit(world.proposal()))
    world.settle()
    assert world.proposal().state is ProposalState.PASSED
    assert patches(world) == (1 if applied else 2)
    (execution,) = world.bot.state.of_incident(Execution, world.incident().id)
    assert execution.state.value == "applied"


class Silenced(FakeCluster):
    """Applies the write, loses its answer, and cannot be asked for the next `silent` reads."""

    silent = 2

    def patch(self, patch, dry_run):
        if dry_run:
            return super().patch(patch, dry_run)
        self.lose_answer(applied=True)
        try:
            return super().patch(patch, dry_run)
        finally:
            self.fail("workload", Unavailable("no route to the API server"), times=self.silent)


def test_a_lost_answer_and_a_silent_platform_are_unknown_until_a_look_resolves_it(tmp_path):
    world = World(tmp_path, cluster=Silenced())
    world.start()
    world.cluster.deploy("shop", "checkout", limit="256Mi", request="128Mi", needs="300Mi")
    crash(world)
    world.deliver(world.submit(world.proposal()))
    world.work()
    assert world.proposal().state is ProposalState.UNKNOWN
    assert any(each.startswith("Unknown") for each in world.slack.headlines())
    world.settle()
    assert world.proposal().state is ProposalState.PASSED
    assert patches(world) == 1
    world.stop()


def test_dismiss_closes_and_escalate_says_what_is_known(world):
    crash(world)
    incident = world.incident()
    world.deliver(world.click("heal_escalate", incident.id))
    world.work()
    assert world.incident().state is IncidentState.NEEDS_HUMAN
    assert any(each.startswith("Escalated") for each in world.slack.headlines())
    world.deliver(world.click("heal_dismiss", incident.id, user=BEN))
    world.work()
    assert world.incident().state is IncidentState.DISMISSED
    assert len(world.slack.whispers) == 2


def test_thumbs_are_answered(world):
    crash(world)
    for action in ("heal_up", "heal_down"):
        world.deliver(world.click(action, world.incident().id, user=BEN))
    world.work()
    assert len(world.slack.whispers) == 2


def test_a_repeated_alert_joins_and_its_thread_points_to_the_card_but_not_at_once(world):
    crash(world)
    pod = next(iter(world.cluster.pods_by_name.values()))
    world.deliver(world.post(CRASHING.format(pod=pod.name), ts="100.000002"))
    world.work()
    assert len(world.slack.messages) == 1
    world.clock.at += timedelta(minutes=5)
    world.deliver(world.post(CRASHING.format(pod=pod.name), ts="400.000001"))
    world.work()
    pointer = world.slack.messages[max(world.slack.messages)].message
    assert pointer.thread_ts == "400.000001"
    assert pointer.report.headline.startswith("Same problem as before")
    assert sum(key.startswith("card:") for key in world.slack.posted) == 1
