"""The process dies at every durable moment, one run each: nothing is lost, posted twice, or executed twice.

Where the platform gives no guard there is one moment for each step, between the note that it is sent and the sending,
after which nothing more is sent: the bot looks, waits until nothing can be on its way, and says that it was not applied.
"""

import itertools

import pytest

from bot.domain.audit import first_break
from bot.domain.execution import Execution
from bot.domain.incident import IncidentState
from bot.domain.proposal import ProposalState
from bot.remedy.catalog import action
from tests.fakes.ways import WAYS, Way
from tests.fakes.world import Crash, World

MAX_MOMENTS = 400


def one_life(world: World, way: Way, die_at: int) -> bool:
    """Go the whole way; where the bot dies, start it again and go on. Returns whether it died."""
    died = False

    def alive(action) -> None:
        """Do it; die at most once, then do it again as Slack and people would: events are sent again, clicks pressed again."""
        nonlocal died
        try:
            action()
        except Crash:
            died = True
            world.stop()
            world.start()
            action()

    alert = way.prepare(world)
    world.start(die_at)
    alive(lambda: world.deliver(alert))
    alive(world.work)
    review = world.click("heal_review", world.proposal().id, key="click/1")
    alive(lambda: world.deliver(review))
    alive(world.work)
    decision = world.submit(world.proposal(), key="submit/1")
    alive(lambda: world.deliver(decision))
    if way.between is not None:
        alive(lambda: world.settle_until(lambda: world.proposal().state is ProposalState.WAITING_FOR_CHANGE))
        way.between(world)
    alive(world.settle)
    return died


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.timeout(300)
def test_no_moment_of_death_loses_or_doubles_anything(tmp_path, capsys, way):
    moments = unsent = 0
    for die_at in itertools.count(1):
        assert die_at < MAX_MOMENTS
        world = World(tmp_path / str(die_at))
        died = one_life(world, way, die_at)
        where = f"died at moment {die_at}"
        if world.proposal().state is ProposalState.REFUSED:
            unsent += 1
            _ended_honestly(world, way, where)
        else:
            _ended_well(world, way, where)
        assert len(world.slack.posted) == len(set(world.slack.posted)), f"{where}: {world.slack.posted}"
        assert sum(key.startswith("card:") for key in world.slack.posted) == 1, where
        assert first_break(world.bot.state.audit("", 1000), b"k") is None, where
        assert world.bot.state.job_counts().dead == 0, where
        world.stop()
        if not died:
            break
        moments = die_at
    with capsys.disabled():
        print(f"\ncrash test: on the way {way} the bot died at each of {moments} durable moments")
    assert moments > 40
    assert unsent == sum(not action(each).spec.guard for each in way.actions)


def _ended_well(world: World, way: Way, where: str) -> None:
    assert world.incident().state is IncidentState.RESOLVED, where
    assert world.proposal().state is ProposalState.PASSED, where
    assert way.writes(world) == way.wanted, where
    executions = world.bot.state.of_incident(Execution, world.incident().id)
    assert len(executions) == len(world.proposal().steps), where
    assert sum(each.startswith("Verified") for each in world.slack.headlines()) == 1 + _card_says_verified(world), where


def _ended_honestly(world: World, way: Way, where: str) -> None:
    """The step that was to be sent was not; what ran before it is named, and people have the incident."""
    assert world.incident().state is IncidentState.NEEDS_HUMAN, where
    assert sum(way.writes(world).values()) == world.proposal().step, where
    headlines = world.slack.headlines()
    assert any(each.startswith("Unknown") for each in headlines), where
    assert any(each.startswith("Refused") for each in headlines), where


def _card_says_verified(world: World) -> bool:
    card = world.slack.card()
    return card is not None and card[1].message.report.headline.startswith("Verified")
