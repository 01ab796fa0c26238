"""An incident's capsule is run again: the same card, the same decisions, byte for byte, or the first difference named."""

import json

import pytest

from bot.cli import main
from bot.domain.proposal import ProposalState
from tests.fakes.ways import WAYS
from tests.fakes.world import World

SECRET = "postgres://shop:S3cretPassw0rd@db.shop:5432/orders"


@pytest.fixture
def capsule(tmp_path, monkeypatch, capsys):
    """The capsule of one incident that went the whole way, as the command exports it."""
    world = World(tmp_path / "state")
    world.start()
    world.cluster.deploy("shop", "checkout", limit="256Mi", request="128Mi", needs="300Mi")
    pod = next(iter(world.cluster.pods_by_name.values()))
    world.cluster.logs["shop", pod.name, "app", True] = ["starting", f"connecting to {SECRET}", "loading the cache"]
    world.deliver(world.post(f"Crashing pod {pod.name} in namespace shop"))
    world.work()
    world.deliver(world.click("heal_review", world.proposal().id))
    world.work()
    world.deliver(world.submit(world.proposal()))
    world.settle()
    incident = world.incident().id
    world.stop()
    monkeypatch.setenv("CODEHEALER_DATA_DIR", str(tmp_path / "state"))
    path = tmp_path / "capsule.json"
    assert main(["capsule", incident, "--out", str(path)]) == 0
    capsys.readouterr()
    return path


def test_it_comes_out_the_same_without_any_platform(capsule, capsys):
    assert main(["replay", str(capsule)]) == 0
    assert "the same card, the same decisions" in capsys.readouterr().out


def test_a_capsule_holds_no_secret(capsule):
    text = capsule.read_text()
    assert "S3cretPassw0rd" not in text
    assert "<secret:" in text


@pytest.mark.parametrize(
    ("found", "planted"),
    [
        ('"last_reason": "OOMKilled"', '"last_reason": "Error"'),
        ('"amount": "256Mi"', '"amount": "128Mi"'),
        ("was OOMKilled", "was fine"),
        ('"is_bot": false', '"is_bot": true'),
    ],
)
def test_another_world_or_another_word_is_told_apart(capsule, capsys, found, planted):
    text = capsule.read_text()
    assert found in text
    capsule.write_text(text.replace(found, planted, 1))
    code = main(["replay", str(capsule)])
    said = capsys.readouterr()
    assert code == 1, said.out
    assert said.err.count("\n") == 1
    assert "differs" in said.err or "the run" in said.err


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_every_way_comes_out_the_same(tmp_path, monkeypatch, capsys, way):
    world = World(tmp_path / "state")
    alert = way.prepare(world)
    world.start()
    world.deliver(alert)
    world.work()
    world.deliver(world.submit(world.proposal()))
    if way.between is not None:
        world.settle_until(lambda: world.proposal().state is ProposalState.WAITING_FOR_CHANGE)
        way.between(world)
    world.settle()
    assert world.proposal().state is ProposalState.PASSED
    incident = world.incident().id
    world.stop()
    monkeypatch.setenv("CODEHEALER_DATA_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("CODEHEALER_CONFIG_DIR", str(tmp_path / "state" / "config"))
    path = tmp_path / "capsule.json"
    assert main(["capsule", incident, "--out", str(path)]) == 0
    assert main(["replay", str(path)]) == 0, capsys.readouterr()


def test_a_file_that_is_no_capsule_is_named(tmp_path, capsys):
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"format": 99}))
    assert main(["replay", str(path)]) == 2
    assert "not a capsule" in capsys.readouterr().err
