"""What a job that failed too often leaves: an outcome that people can read, and nothing on its way for ever."""

from datetime import timedelta

import pytest

from bot.domain.durable import MAX_ATTEMPTS
from bot.domain.errors import Unavailable
from bot.domain.execution import Execution, ExecutionState, Verdict, Verification
from bot.domain.incident import IncidentState
from bot.domain.proposal import ProposalState
from bot.slack.blocks import fallback_text
from bot.workflow.outcome import LOOK_FOR
from tests.fakes.cluster import FakeCluster
from tests.fakes.world import ANA, CHANNEL, TEAM, World

CRASHING = "Crashing pod {pod} in namespace shop"
OUTAGE = "no route to the API server"


class Breaking(FakeCluster):
    """Loses the answer of the write that it does or does not do; and may break in a way that nobody has foreseen."""

    applies = True
    """Whether the lost write was done."""
    loses = False
    broken: frozenset[str] = frozenset()
    """Operations that raise what no port allows: a bug."""

    def patch(self, patch, dry_run):
        if self.loses and not dry_run:
            self.lose_answer(applied=self.applies)
        return super().patch(patch, dry_run)

    def _call(self, operation, namespace):
        if operation in self.broken:
            self.calls[operation] += 1
            raise RuntimeError(f"a bug in {operation}")
        return super()._call(operation, namespace)


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path, cluster=Breaking())
    made.start()
    made.cluster.deploy("shop", "checkout", limit="256Mi", request="128Mi", needs="300Mi")
    yield made
    made.stop()


def crash(world):
    pod = next(iter(world.cluster.pods_by_name.values()))
    world.deliver(world.post(CRASHING.format(pod=pod.name)))
    world.work()


def approve(world):
    crash(world)
    world.deliver(world.submit(world.proposal()))


def died(world):
    """Whether a job ended in the dead letters."""
    return world.bot.store.reader().execute("SELECT COUNT(*) FROM jobs WHERE state = 'dead'").fetchone()[0]


def notes(world, first):
    said = [row for row in world.slack.messages.values() if row.message.key.startswith("note:")]
    return [row for row in said if row.message.report.headline.startswith(first)]


def text_of(row):
    return fallback_text(row.message.report)


def card(world):
    found = world.slack.card()
    assert found is not None
    return text_of(found[1])


def executions(world):
    return world.bot.state.of_incident(Execution, world.incident().id)


def nothing_on_its_way(world):
    """No job is left that would move the incident further; what expires by itself aside."""
    return world._next_timer() is None


def verbs(world):
    return [record.verb for record in world.bot.state.audit(f"incident:{world.incident().id}", 100)]


def test_an_investigation_that_breaks_leaves_a_card_that_says_so(world, monkeypatch):
    monkeypatch.setattr("bot.workflow.investigate.diagnose", lambda *_, **__: 1 / 0)
    crash(world)
    world.settle_until(lambda: died(world))
    world.settle()
    assert world.incident().state is IncidentState.NEEDS_HUMAN
    assert "I could not finish" in card(world)
    assert "ZeroDivisionError" in card(world)
    assert world.slack.posted == [f"card:{world.incident().id}"]
    assert verbs(world)[-1] == "gave_up"


def test_an_investigation_that_breaks_where_it_only_observes_says_nothing(tmp_path, monkeypatch):
    world = World(tmp_path, config={"slack_channels.yaml": f"channels:\n  - channel: {CHANNEL}\n    mode: observe\n"})
    world.start()
    world.cluster.deploy("shop", "checkout", limit="256Mi", request="128Mi", needs="300Mi")
    monkeypatch.setattr("bot.workflow.investigate.diagnose", lambda *_, **__: 1 / 0)
    crash(world)
    world.settle_until(lambda: died(world))
    world.settle()
    assert world.incident().state is IncidentState.NEEDS_HUMAN
    assert world.slack.posted == []
    world.stop()


def test_an_investigation_ends_even_where_slack_does_not_tell_the_channel(tmp_path):
    world = World(tmp_path, config={"slack_channels.yaml": 'channels:\n  - channel: "#alerts"\n'})
    world.start()
    world.cluster.deploy("shop", "checkout", limit="256Mi", request="128Mi", needs="300Mi")
    pod = next(iter(world.cluster.pods_by_name.values()))
    world.deliver(world.post(CRASHING.format(pod=pod.name)))
    room = world.people.room
    asked = iter(range(100))

    def silent(channel):  # it tells the name until the first card is said
        if next(asked) < 4 and not world.slack.posted:
            return room(channel)
        raise Unavailable("Slack does not answer", connection="slack")

    world.people.room = silent
    world.settle_until(lambda: died(world))
    assert world.incident().state is IncidentState.NEEDS_HUMAN
    world.stop()


def test_a_run_that_never_reached_its_intent_is_stale(world):
    approve(world)
    world.cluster.fail("dry_run", Unavailable(OUTAGE), times=99)
    world.settle_until(lambda: died(world))
    world.settle()
    assert world.proposal().state is ProposalState.STALE
    assert world.incident().state is IncidentState.NEEDS_HUMAN
    assert executions(world) == ()
    assert world.cluster.calls["patch"] == 0
    (said,) = notes(world, "Stale")
    assert OUTAGE in text_of(said)
    assert "Nothing was changed." in text_of(said)


def test_a_run_that_was_intended_and_never_sent_is_refused(world):
    approve(world)

    def broken(*_, **__):
        raise RuntimeError("a bug before the send")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("bot.workflow.run_action._send", broken)
        world.settle_until(lambda: died(world))
    world.settle()
    assert world.proposal().state is ProposalState.REFUSED
    (execution,) = executions(world)
    assert execution.state is ExecutionState.REFUSED
    assert world.cluster.calls["patch"] == 0
    (said,) = notes(world, "Refused")
    assert "a bug before the send" in text_of(said)
    assert "could not finish" in card(world)
    assert nothing_on_its_way(world)


@pytest.mark.parametrize("applied", [True, False])
def test_a_run_that_dies_after_it_was_sent_is_unknown_and_looked_for(world, applied):
    world.cluster.loses, world.cluster.applies = True, applied
    approve(world)

    def broken(*_, **__):
        raise RuntimeError("a bug after the send")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("bot.workflow.run_action._settle", broken)
        world.settle_until(lambda: died(world))
    world.work()
    assert world.proposal().state is ProposalState.UNKNOWN
    (said,) = notes(world, "Unknown")
    assert "a bug after the send" in text_of(said)
    sent = world.cluster.calls["patch"]
    world.settle(timers=100)
    assert world.cluster.calls["patch"] == sent == 1, "it is not sent again"
    assert world.proposal().state is (ProposalState.PASSED if applied else ProposalState.REFUSED)


def test_a_verification_that_breaks_is_inconclusive(world, monkeypatch):
    approve(world)
    monkeypatch.setattr("bot.workflow.follow_up.action", lambda _: 1 / 0)
    world.settle_until(lambda: died(world))
    world.settle()
    assert world.proposal().state is ProposalState.INCONCLUSIVE
    assert world.incident().state is IncidentState.NEEDS_HUMAN
    (verification,) = world.bot.state.of_incident(Verification, world.incident().id)
    assert (verification.verdict, verification.checks) == (Verdict.INCONCLUSIVE, ())
    (said,) = notes(world, "Inconclusive")
    assert "ZeroDivisionError" in text_of(said)
    assert world.cluster.calls["patch"] == 1
    assert nothing_on_its_way(world)


def test_a_verification_that_was_decided_meanwhile_is_left_alone(world):
    approve(world)
    world.settle()
    assert world.proposal().state is ProposalState.PASSED
    from bot.domain.durable import Job, Lane, Verify
    from bot.workflow.give_up import give_up

    (execution,) = executions(world)
    payload = Verify(incident_id=execution.incident_id, proposal_id=execution.proposal_id, execution_id=execution.id)
    job = Job(id="jb_late", payload=payload, lane=Lane.CLICKS, run_at=world.clock.now(), incident_id=execution.incident_id)  # fmt: skip
    before = len(world.slack.posted)
    give_up(world.bot.desk, job, "too late")
    world.work()
    assert world.proposal().state is ProposalState.PASSED
    assert len(world.slack.posted) == before


@pytest.mark.parametrize("act", ["click", "submit"])
def test_a_person_whose_click_breaks_is_told(world, monkeypatch, act):
    crash(world)
    monkeypatch.setattr("bot.workflow.on_click.story_of", lambda *_, **__: 1 / 0)
    monkeypatch.setattr("bot.workflow.decide.story_of", lambda *_, **__: 1 / 0)
    delivery = world.click("heal_escalate", world.incident().id) if act == "click" else world.submit(world.proposal())
    world.deliver(delivery)
    world.settle_until(lambda: died(world))
    world.settle()
    (whisper,) = world.slack.whispers
    assert whisper.message.user == ANA
    assert whisper.message.team == TEAM
    assert "I could not do that" in text_of(whisper)
    assert world.proposal().state is ProposalState.OFFERED
    assert world.cluster.calls["patch"] == 0


def unknown(world):
    """Send a fix whose answer is lost to a platform that then falls silent for good."""
    world.cluster.loses = True
    approve(world)

    original = world.cluster.patch

    def patch(patch, dry_run):
        try:
            return original(patch, dry_run)
        finally:
            if not dry_run:
                world.cluster.fail("workload", Unavailable(OUTAGE), times=10_000)

    world.cluster.patch = patch
    world.work()
    assert world.proposal().state is ProposalState.UNKNOWN


def test_after_ten_minutes_the_looking_ends_aloud_and_once(world):
    unknown(world)
    began = world.clock.at
    world.settle(timers=200)
    assert world.clock.at - began >= LOOK_FOR - timedelta(seconds=30)
    assert world.proposal().state is ProposalState.UNKNOWN
    assert executions(world)[0].state is ExecutionState.UNKNOWN
    first, last = notes(world, "Unknown")
    assert "I go on looking" in text_of(first)
    assert "10 minutes" in text_of(last), text_of(last)
    assert "stays unknown" in text_of(last)
    assert executions(world)[0].id in text_of(last), "by what a person can tell"
    assert verbs(world).count("stopped_looking") == 1
    assert nothing_on_its_way(world)
    world.settle()
    assert len(notes(world, "Unknown")) == 2


def test_a_look_that_breaks_ends_the_looking_aloud_too(world, monkeypatch):
    unknown(world)
    monkeypatch.setattr("bot.workflow.look_again.action", lambda _: 1 / 0)
    world.settle_until(lambda: died(world))
    world.settle()
    assert world.proposal().state is ProposalState.UNKNOWN
    _, last = notes(world, "Unknown")
    assert "ZeroDivisionError" in text_of(last)
    assert executions(world)[0].id in text_of(last)
    assert nothing_on_its_way(world)


def test_a_job_is_tried_again_before_it_is_given_up(world, monkeypatch):
    tries = []

    def broken(*_, **__):
        tries.append(1)
        raise RuntimeError("again and again")

    monkeypatch.setattr("bot.workflow.investigate.diagnose", broken)
    crash(world)
    world.settle_until(lambda: died(world))
    assert len(tries) == MAX_ATTEMPTS
