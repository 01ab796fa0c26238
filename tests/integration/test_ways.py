"""Every remedy's way in process: alert, card, approval, fix, verdict; and that nothing is ever done twice."""

import pytest

from bot.domain.execution import Execution
from bot.domain.incident import IncidentState
from bot.domain.proposal import ProposalState
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
