"""The actions against every cluster: in memory, in the sandbox and on a real API server the same fix runs the same way."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from bot.domain.action import Looked
from bot.domain.alert import SlackRef, Target, TargetKind
from bot.domain.cluster import EXECUTION_MARK
from bot.domain.diagnosis import Category, Confidence, Hypothesis
from bot.domain.errors import Conflict
from bot.domain.evidence import Dossier
from bot.domain.execution import Execution, ExecutionState, Verdict
from bot.domain.incident import Incident
from bot.domain.proposal import ProposalStep
from bot.ports import Cluster
from bot.remedy.catalog import Ask, NotOffered, Preflight, Progress, action
from bot.remedy.policy import Rules
from tests.contract.cluster_worlds import KUBECONFIG, FakeWorld, World, real_world, sandbox_world, until

WINDOW = 2
SET, RESTART = "kubernetes.set_resources", "kubernetes.rollout_restart"
REAL = pytest.param(
    "real",
    marks=[pytest.mark.servers, pytest.mark.skipif(not KUBECONFIG, reason="CODEHEALER_TEST_KUBECONFIG is not set")],
)


@pytest.fixture(scope="module", params=["fake", "sandbox", REAL])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "fake":
        yield FakeWorld()
        return
    with sandbox_world() if request.param == "sandbox" else real_world() as found:
        yield found


@dataclass
class Fix:
    """One action on one workload of the world, from its draft to its verdict."""

    world: World
    step: ProposalStep
    execution: Execution

    def cluster(self, connection: str) -> Cluster:
        assert connection == "default"
        return self.world.cluster

    def preflight(self) -> Preflight:
        found = action(self.step.action).preflight(self.step, self, self.execution.id, dry_run=True)
        self.execution = replace(self.execution, guard=found.guard, guard_generation=found.generation)
        return found

    def send(self) -> str:
        """Send, with a new guard as often as a controller's status write comes between, as `run_action` does."""

        def once() -> str:
            flight = self.preflight()
            assert flight.ok, flight
            try:
                return action(self.step.action).send(self.step, self.execution, self)
            except Conflict:
                return ""

        return until("the write comes between two status writes", once)

    def look(self) -> Looked:
        return action(self.step.action).look(self.step, self.execution, self)

    def verify(self) -> Progress:
        return action(self.step.action).verify(self.step, self.execution, self, datetime.now(UTC))

    def verdict(self) -> Progress:
        return until("a verdict", lambda: (p := self.verify()).verdict and p)


def fix(world: World, name: str, remedy: str = SET) -> Fix:
    pod = world.sick_pod(name)
    workload = world.cluster.owner(pod)
    assert workload is not None
    now = datetime.now(UTC)
    target = Target(kind=TargetKind.WORKLOAD, namespace=world.namespace, name=name, workload_kind=workload.kind)
    ref = SlackRef(team="T1", channel="C1", ts="1.1")
    incident = Incident(id="in_1", fingerprint="f", title="t", target=target, thread=ref, opened_at=now, updated_at=now)
    dossier = Dossier(
        id="do_1", incident_id="in_1", target=target, workload=workload, pods=(pod,), confirmed=True, collected_at=now
    )
    hypothesis = Hypothesis(
        cause_id="oom_killed",
        category=Category.RESOURCE,
        statement="s",
        confidence=Confidence(score=0.9),
        remedy=remedy,
    )
    ask = Ask(incident=incident, dossier=dossier, hypothesis=hypothesis, rules=Rules(), verify_window=WINDOW)
    step = action(remedy).draft(ask)
    assert not isinstance(step, NotOffered), step.reason
    execution = Execution(
        id=f"ex_{name}",
        incident_id="in_1",
        proposal_id="pr_1",
        step=0,
        idempotency_key="pr_1:0",
        state=ExecutionState.APPLIED,
        intended_at=now,
        changed_at=now,
    )
    return Fix(world=world, step=step, execution=execution)


@pytest.mark.parametrize("kind", ["Deployment", "DaemonSet"])
def test_more_memory_heals_and_is_verified(world: World, kind: str) -> None:
    name = f"heals-{kind.lower()}"
    world.deploy(name, kind=kind, limit="64Mi", needs="100Mi")
    fixed = fix(world, name)
    assert fixed.preflight().ok
    assert fixed.look() is Looked.NOT_APPLIED
    assert fixed.send()
    assert fixed.look() is Looked.APPLIED
    progress = fixed.verdict()
    assert progress.verdict is Verdict.PASSED, progress
    after = world.cluster.workload(world.namespace, kind, name)
    assert after.containers[0].limit("memory") == "128Mi"
    assert after.mark(EXECUTION_MARK) == fixed.execution.id
    assert not fixed.preflight().ok


def test_a_stateful_set_waits_for_its_sick_pod_and_that_is_said(world: World) -> None:
    if isinstance(world, FakeWorld):
        pytest.skip("the fake replaces every pod at once")
    world.deploy("stuck", kind="StatefulSet", limit="64Mi", needs="100Mi")
    fixed = fix(world, "stuck")
    assert any("StatefulSet" in warning for warning in fixed.step.preview.warnings)
    fixed.send()
    assert fixed.look() is Looked.APPLIED
    progress = fixed.verify()
    assert progress.verdict is None
    assert any("delete it by hand" in check.observed for check in progress.checks)


def test_more_memory_that_does_not_help_fails_at_once(world: World) -> None:
    world.deploy("twin", limit="64Mi", needs="3Gi")
    fixed = fix(world, "twin")
    fixed.send()
    progress = fixed.verdict()
    assert progress.verdict is Verdict.FAILED, progress


def test_a_stale_guard_is_refused_and_nothing_was_applied(world: World) -> None:
    world.deploy("guarded", limit="64Mi", needs="100Mi")
    fixed = fix(world, "guarded")
    assert fixed.preflight().ok
    world.status_write("guarded")
    with pytest.raises(Conflict):
        action(SET).send(fixed.step, fixed.execution, fixed)
    assert fixed.look() is Looked.NOT_APPLIED
    assert fixed.send()
    assert fixed.look() is Looked.APPLIED


def test_a_restart_replaces_the_pods_and_no_more(world: World) -> None:
    world.deploy("restarted", limit="64Mi", needs="100Mi")
    fixed = fix(world, "restarted", RESTART)
    fixed.send()
    assert fixed.look() is Looked.APPLIED
    progress = fixed.verdict()
    assert progress.verdict is Verdict.FAILED, progress  # the new pod needs the same memory
    after = world.cluster.workload(world.namespace, "Deployment", "restarted")
    assert after.containers[0].limit("memory") == "64Mi"
    assert not fixed.preflight().ok
