"""argocd.sync against every Argo CD: in memory, in the sandbox and on a real one the same sync runs the same way."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from bot.domain.action import Looked
from bot.domain.errors import Rejected
from bot.domain.execution import Execution, Verdict
from bot.domain.proposal import ProposalStep
from bot.remedy.catalog import Preflight, Progress, action
from tests.contract.cluster_worlds import until
from tests.contract.deployment_worlds import TOKEN, URL, FakeWorld, World, real_world, sandbox_world
from tests.fakes.delivery_world import ask_about, drafted, sent

SYNC = "argocd.sync"
REAL = pytest.param(
    "real",
    marks=[
        pytest.mark.servers,
        pytest.mark.skipif(not (URL and TOKEN), reason="CODEHEALER_TEST_ARGOCD is not set"),
    ],
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
    """The sync of one application of the world, from its draft to its verdict."""

    world: World
    step: ProposalStep
    execution: Execution

    def deployments(self, connection: str) -> object:
        assert connection == "default"
        return self.world.deployments

    def preflight(self) -> Preflight:
        return action(SYNC).preflight(self.step, self, self.execution.id, dry_run=True)

    def send(self) -> str:
        found = self.preflight()
        assert found.ok, found
        self.execution = replace(self.execution, guard=found.guard)
        return action(SYNC).send(self.step, self.execution, self)

    def look(self) -> Looked:
        return action(SYNC).look(self.step, self.execution, self)

    def verify(self) -> Progress:
        return action(SYNC).verify(self.step, self.execution, self, datetime.now(UTC))

    def verdict(self) -> Progress:
        return until("a verdict", lambda: (p := self.verify()).verdict and p, 60)


def fix(world: World, name: str, commit: str) -> Fix:
    world.create(name)
    world.push(name, commit)
    app = until(
        "the commit is seen",
        lambda: (found := world.deployments.application(name, "normal")) and found.sync != "Synced" and found,
        60,
    )
    asked = replace(ask_about(SYNC, at=datetime.now(UTC), app=app), verify_window=1)
    return Fix(world=world, step=drafted(asked), execution=sent(f"ex_{name}", at=datetime.now(UTC)))


def test_a_sync_is_found_by_its_info_and_heals(world: World) -> None:
    fixed = fix(world, "remedy-heals", "good")
    fixed.execution = replace(fixed.execution, guard=fixed.preflight().guard)
    assert fixed.look() is Looked.NOT_APPLIED
    fixed.send()
    assert fixed.look() is Looked.APPLIED
    progress = fixed.verdict()
    assert progress.verdict is Verdict.PASSED, progress
    assert "well by now" in fixed.preflight().stale


def test_a_sync_that_the_api_server_refuses_fails_with_its_words(world: World) -> None:
    fixed = fix(world, "remedy-refused", "refused")
    fixed.send()
    progress = fixed.verdict()
    assert progress.verdict is Verdict.FAILED, progress
    assert "immutable" in progress.checks[0].observed


def test_an_image_that_does_not_exist_is_degraded_after_the_sync(world: World) -> None:
    fixed = fix(world, "remedy-missing", "missing")
    fixed.send()
    progress = fixed.verdict()
    assert progress.verdict is Verdict.FAILED, progress
    assert progress.checks[-1].observed.startswith("Degraded")


def test_manifests_that_cannot_be_rendered_are_read_anew_and_fail(world: World) -> None:
    fixed = fix(world, "remedy-broken", "broken")
    assert fixed.step.param("hard_refresh")
    fixed.send()
    progress = fixed.verdict()
    assert progress.verdict is Verdict.FAILED, progress


def test_a_second_sync_while_one_runs_is_refused_and_changes_nothing(world: World) -> None:
    fixed = fix(world, "remedy-twice", "missing")
    second = replace(fixed, execution=replace(fixed.execution, id="ex_second"))
    second.execution = replace(second.execution, guard=second.preflight().guard)
    fixed.send()
    if isinstance(world, FakeWorld):
        with pytest.raises(Rejected, match="already in progress"):
            action(SYNC).send(second.step, second.execution, second)
    until("the first is seen", lambda: fixed.look() is Looked.APPLIED)
    assert second.look() is Looked.CANNOT_TELL
