"""The fake's own promises beyond the port: scripted faults, so that tests of what follows a lost answer can trust it."""

import json

import pytest

from bot.domain.cluster import EXECUTION_MARK, Workload, WorkloadPatch
from bot.domain.errors import AnswerLost, Unavailable
from tests.fakes.cluster import FakeCluster


def raised(workload: Workload) -> WorkloadPatch:
    notes = {"annotations": {EXECUTION_MARK: "ex_1"}}
    container = {"name": "app", "resources": {"limits": {"memory": "256Mi"}}}
    return WorkloadPatch(
        kind=workload.kind,
        namespace=workload.namespace,
        name=workload.name,
        resource_version=workload.resource_version,
        body=json.dumps({"metadata": notes, "spec": {"template": {"spec": {"containers": [container]}}}}),
    )


@pytest.mark.parametrize("applied", [True, False])
def test_a_lost_answer_hides_whether_the_patch_was_applied(applied: bool) -> None:
    cluster = FakeCluster()
    before = cluster.deploy("shop", "api", needs="200Mi")
    cluster.lose_answer(applied=applied)
    with pytest.raises(AnswerLost):
        cluster.patch(raised(before), False)
    after = cluster.workload("shop", "Deployment", "api")
    assert (after.mark(EXECUTION_MARK) == "ex_1") is applied
    assert (after.available == 1) is applied


def test_a_lost_answer_is_for_the_patch_not_for_its_dry_run() -> None:
    cluster = FakeCluster()
    before = cluster.deploy("shop", "api")
    cluster.lose_answer(applied=False)
    assert cluster.patch(raised(before), True).container("app").limit("memory") == "256Mi"
    assert cluster.calls == {"dry_run": 1}


def test_a_scripted_error_is_met_as_often_as_it_was_asked_for() -> None:
    cluster = FakeCluster()
    cluster.deploy("shop", "api")
    cluster.fail("workload", Unavailable("down"), times=2)
    for _ in range(2):
        with pytest.raises(Unavailable):
            cluster.workload("shop", "Deployment", "api")
    assert cluster.workload("shop", "Deployment", "api").name == "api"
