"""What the fake Argo CD does on purpose: the crash tests and the actions' tests rest on it."""

import pytest

from bot.domain.delivery import EXECUTION_INFO, InfoItem, SyncWanted
from bot.domain.errors import AnswerLost, Conflict, Forbidden, Rejected, Unavailable
from tests.fakes.deployments import FakeDeployments

SYNC = SyncWanted(name="shop", info=(InfoItem(name=EXECUTION_INFO, value="ex_1"),))


@pytest.fixture
def argo() -> FakeDeployments:
    made = FakeDeployments()
    made.deploy("shop")
    made.push("shop")
    made.compare("shop")
    return made


def mark(argo: FakeDeployments) -> str:
    operation = argo.application("shop").operation
    return operation.info_of(EXECUTION_INFO) if operation else ""


@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize("way", ["lost", "500"])
def test_an_answer_is_lost_before_or_after_it_was_done(argo: FakeDeployments, way: str, applied: bool) -> None:
    (argo.lose_answer if way == "lost" else argo.answer_500)(applied=applied)
    with pytest.raises(AnswerLost) as caught:
        argo.sync(SYNC)
    assert caught.value.status == (0 if way == "lost" else 500)
    assert mark(argo) == ("ex_1" if applied else "")
    assert len(argo.syncs) == applied
    assert argo.calls["sync"] == 1


def test_a_refusal_and_an_outage_begin_nothing(argo: FakeDeployments) -> None:
    argo.refuse()
    argo.fail("sync", Unavailable("down"), times=2)
    with pytest.raises(Rejected):
        argo.sync(SYNC)
    for _ in range(2):
        with pytest.raises(Unavailable):
            argo.sync(SYNC)
    assert argo.syncs == []
    argo.sync(SYNC)
    assert argo.syncs == [SYNC]
    assert argo.calls["sync"] == 4


def test_somebody_elses_operation_is_in_the_way_until_it_ends(argo: FakeDeployments) -> None:
    argo.busy("shop", by="jane")
    with pytest.raises(Conflict):
        argo.sync(SYNC)
    assert mark(argo) == ""
    argo.advance("shop")
    argo.sync(SYNC)
    assert mark(argo) == "ex_1"


def test_a_right_that_is_missing_is_refused_and_known(argo: FakeDeployments) -> None:
    argo.denied.add(("sync", "shop"))
    assert not argo.allowed("sync", "default", "shop")
    with pytest.raises(Forbidden):
        argo.sync(SYNC)
    assert argo.application("shop").name == "shop"
    argo.denied.add(("get", "shop"))
    with pytest.raises(Forbidden):
        argo.application("shop")
    assert argo.applications() == ()


def test_time_passes_only_when_asked_to(argo: FakeDeployments) -> None:
    argo.sync(SYNC)
    phases = []
    for _ in range(4):
        app = argo.application("shop")
        assert app.operation is not None
        phases.append((app.operation.phase, app.health, app.sync))
        argo.advance("shop")
    assert phases == [
        ("Running", "Healthy", "OutOfSync"),
        ("Succeeded", "Progressing", "Synced"),
        ("Succeeded", "Healthy", "Synced"),
        ("Succeeded", "Healthy", "Synced"),
    ]


def test_health_may_change_by_itself(argo: FakeDeployments) -> None:
    argo.drift("shop", "Degraded", "exceeded its progress deadline")
    app = argo.application("shop")
    assert (app.health, app.resources[0].health_message) == ("Degraded", "exceeded its progress deadline")
    assert app.failing
