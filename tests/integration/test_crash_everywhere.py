"""The process dies at every durable moment, one run each: nothing is lost, posted twice, or executed twice."""

import itertools

from bot.domain.audit import first_break
from bot.domain.incident import IncidentState
from bot.domain.proposal import ProposalState
from tests.fakes.world import Crash, World

MAX_MOMENTS = 400


def one_life(world: World, die_at: int) -> bool:
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

    world.start(die_at)
    pod = next(iter(world.cluster.pods_by_name.values()))
    alert = world.post(f"Crashing pod {pod.name} in namespace shop")
    alive(lambda: world.deliver(alert))
    alive(world.work)
    review = world.click("heal_review", world.proposal().id, key="click/1")
    alive(lambda: world.deliver(review))
    alive(world.work)
    decision = world.submit(world.proposal(), key="submit/1")
    alive(lambda: world.deliver(decision))
    alive(world.settle)
    return died


def test_no_moment_of_death_loses_or_doubles_anything(tmp_path, capsys):
    moments = 0
    for die_at in itertools.count(1):
        assert die_at < MAX_MOMENTS
        world = World(tmp_path / str(die_at))
        world.cluster.deploy("shop", "checkout", limit="256Mi", request="128Mi", needs="300Mi")
        died = one_life(world, die_at)
        where = f"died at moment {die_at}"
        assert world.incident().state is IncidentState.RESOLVED, where
        assert world.proposal().state is ProposalState.PASSED, where
        assert world.cluster.workload("shop", "Deployment", "checkout").generation == 2, where
        assert len(world.slack.posted) == len(set(world.slack.posted)), f"{where}: {world.slack.posted}"
        assert sum(key.startswith("card:") for key in world.slack.posted) == 1, where
        assert sum(each.startswith("Verified") for each in world.slack.headlines()) == 1 + 1 * _card_says_verified(
            world
        ), where
        assert first_break(world.bot.state.audit("", 1000), b"k") is None, where
        assert world.bot.state.job_counts().dead == 0, where
        world.stop()
        if not died:
            break
        moments = die_at
    with capsys.disabled():
        print(f"\ncrash test: the bot died at each of {moments} durable moments")
    assert moments > 40


def _card_says_verified(world: World) -> bool:
    card = world.slack.card()
    return card is not None and card[1].message.report.headline.startswith("Verified")
