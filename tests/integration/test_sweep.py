"""A look of our own: what fails in scope and nobody posted becomes an incident, once, and never doubles a post."""

from datetime import timedelta

import pytest

from bot.domain.durable import Delivery, Job, Lane
from bot.domain.errors import Unavailable
from bot.domain.happening import SweepDue
from bot.domain.incident import Incident, IncidentState
from tests.fakes.pipelines import FakeJob
from tests.fakes.world import World

RULES = (
    "channels:\n  - channel: C1\n    sweep: true\n    read:\n      repositories: [acme/shop]\n"
    "      namespaces: [shop]\n      applications: [payments]\n"
)


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    made.config["slack_channels.yaml"] = RULES
    made.start()
    yield made
    made.stop()


def sweep(world: World) -> None:
    now = world.clock.now()
    job = Job(id=world.ids.new("jb"), payload=SweepDue(at=now), lane=Lane.INDEXING, run_at=now)
    world.deliver(Delivery(key=job.id, received_at=now, job=job))
    world.settle()


def roots(world: World) -> list[str]:
    return [
        row.message.report.headline for row in world.slack.messages.values() if row.message.key.startswith("found:")
    ]


def incidents(world: World) -> list[Incident]:
    return list(world.bot.state.open_incidents(50))


def failed_run(world: World) -> None:
    world.github.at = world.clock.at - timedelta(minutes=20)
    world.github.add_repo("acme/shop", {".github/workflows/ci.yml": "name: CI\n"})
    world.github.add_run("acme/shop", (FakeJob("build", "failure"),))


def test_a_failing_run_application_and_workload_are_found_once(world):
    failed_run(world)
    world.argocd.deploy("payments")
    world.argocd.drift("payments", "Degraded", "Back-off pulling image")
    world.argocd.deploy("elsewhere")
    world.argocd.drift("elsewhere", "Degraded", "not in scope")
    world.cluster.deploy("shop", "checkout", limit="64Mi", needs="300Mi")
    world.cluster.deploy("other", "thing", limit="64Mi", needs="300Mi")
    sweep(world)
    assert len(roots(world)) == 3, roots(world)
    assert len(incidents(world)) == 3
    for incident in incidents(world):
        assert incident.thread.thread_ts is None
        assert incident.thread.ts in world.slack.messages
        assert incident.state in {IncidentState.DIAGNOSED, IncidentState.NEEDS_HUMAN}
    sweep(world)
    assert len(roots(world)) == 3
    assert len(incidents(world)) == 3


def test_what_an_app_has_posted_is_left_alone_and_the_other_way_round(world):
    world.cluster.deploy("shop", "checkout", limit="64Mi", needs="300Mi")
    pod = next(iter(world.cluster.pods_by_name.values()))
    post = f"Crashing pod {pod.name} in namespace shop"
    world.deliver(world.post(post))
    world.work()
    sweep(world)
    assert roots(world) == []
    world.stop()
    for path in world.folder.glob("state.*"):
        path.unlink()
    world.slack.messages.clear()
    world.start()
    sweep(world)
    assert len(roots(world)) == 1
    world.deliver(world.post(post, ts="300.000001"))
    world.work()
    assert len(incidents(world)) == 1


def test_a_fresh_failure_is_left_to_its_sender(world):
    failed_run(world)
    world.clock.at -= timedelta(minutes=19)
    sweep(world)
    assert roots(world) == []
    world.clock.at += timedelta(minutes=19)
    sweep(world)
    assert len(roots(world)) == 1


def test_an_outage_of_one_platform_hides_not_the_others(world):
    failed_run(world)
    world.cluster.deploy("shop", "checkout", limit="64Mi", needs="300Mi")
    world.github.fail("runs", Unavailable("502"), times=5)
    sweep(world)
    assert len(roots(world)) == 1
    assert "checkout" in roots(world)[0]


def test_a_dismissed_failure_is_not_found_again(world):
    failed_run(world)
    sweep(world)
    (incident,) = incidents(world)
    world.deliver(world.click("heal_dismiss", incident.id))
    world.work()
    assert incidents(world) == []
    sweep(world)
    assert len(roots(world)) == 1
