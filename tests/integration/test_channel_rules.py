"""What slack_channels.yaml decides: whose posts count, what is read and acted on, and how far the bot goes."""

from dataclasses import replace

import pytest

from bot.domain.evidence import Dossier, GapReason
from bot.domain.incident import IncidentState
from bot.domain.proposal import ProposalState
from tests.fakes.world import ANA, World

CRASHING = "Crashing pod {pod} in namespace shop"


def started(world: World, rules: str) -> World:
    world.config["slack_channels.yaml"] = f"channels:\n{rules}"
    world.start()
    world.cluster.deploy("shop", "checkout", limit="256Mi", request="128Mi", needs="300Mi")
    return world


def crash(world: World, author: str = "Robusta", ts: str = "100.000001") -> None:
    pod = next(iter(world.cluster.pods_by_name.values()))
    world.deliver(world.post(CRASHING.format(pod=pod.name), author=author, ts=ts))
    world.work()


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.stop()


def test_observe_looks_and_says_nothing(world):
    started(world, "  - channel: C1\n    mode: observe\n")
    crash(world)
    assert world.incident().state is IncidentState.DIAGNOSED
    assert world.incident().proposal_id == ""
    assert world.slack.posted == []
    assert world.cluster.calls["patch"] == 0


def test_suggest_shows_the_preview_and_takes_no_approval(world):
    started(world, '  - channel: "#alerts"\n    mode: suggest\n')
    crash(world)
    proposal = world.proposal()
    world.deliver(world.click("heal_review", proposal.id))
    world.work()
    (view,) = world.slack.views.values()
    assert view.message.report.submit == ""
    assert any("only suggested" in str(part) for part in view.message.report.parts)
    world.deliver(world.submit(proposal))
    world.work()
    assert world.proposal().state is ProposalState.OFFERED
    assert "only suggested" in world.slack.whispers[-1].message.report.headline
    assert world.cluster.calls["patch"] == 0


def test_only_the_senders_that_are_named_are_believed(world):
    started(world, '  - channel: C1\n    senders: ["Robusta"]\n')
    crash(world, author="Somebody's bot")
    assert world.slack.posted == []
    crash(world, ts="100.000002")
    assert world.incident().state is IncidentState.DIAGNOSED


def test_what_lies_outside_the_scope_is_not_asked_and_is_said(world):
    started(world, "  - channel: C1\n    read: {namespaces: [payments]}\n")
    crash(world)
    (dossier,) = world.bot.state.of_incident(Dossier, world.incident().id)
    assert {gap.reason for gap in dossier.gaps} == {GapReason.OUT_OF_SCOPE}
    assert not world.cluster.calls
    assert world.incident().proposal_id == ""


def test_what_may_be_read_but_not_acted_on_gets_a_diagnosis_and_no_fix(world):
    started(world, "  - channel: C1\n    act: {namespaces: [payments]}\n")
    crash(world)
    assert world.incident().diagnosis_id
    assert world.incident().proposal_id == ""
    assert "namespace shop is outside" in world.incident().not_proposed


def test_a_scope_that_became_narrower_stops_an_approval(world):
    started(world, "  - channel: C1\n")
    crash(world)
    proposal = world.proposal()
    world.stop()
    world.config["slack_channels.yaml"] = "channels:\n  - channel: C1\n    act: {namespaces: [payments]}\n"
    world.start()
    world.deliver(world.submit(proposal))
    world.settle()
    assert world.proposal().state is ProposalState.OFFERED
    assert "may not be acted on from here" in world.slack.whispers[-1].message.report.headline
    assert world.cluster.calls["patch"] == 0


def test_a_guest_sees_no_review_and_hears_no_why(world):
    started(world, "  - channel: C1\n")
    crash(world)
    person = world.people.person
    world.people.person = lambda user: replace(person(user), is_guest=user == "UGUEST")
    world.deliver(world.click("heal_review", world.proposal().id, user="UGUEST"))
    world.work()
    (view,) = world.slack.views.values()
    assert "Guests are shown no evidence" in view.message.report.headline
    assert view.message.report.parts == ()
    world.deliver(world.click("heal_review", world.proposal().id, user=ANA))
    world.work()
    assert len(world.slack.views) == 2
