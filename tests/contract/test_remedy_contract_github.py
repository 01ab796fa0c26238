"""The actions on GitHub against every GitHub: in memory and in the sandbox the same fix runs, is found and ends the same way."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from bot.domain.action import Looked
from bot.domain.errors import AnswerLost, Forbidden
from bot.domain.execution import Execution, Verdict
from bot.domain.pipeline import FIX_BRANCH, WorkflowRun
from bot.domain.proposal import ProposalStep
from bot.remedy.catalog import Ask, Preflight, Progress, action
from bot.remedy.policy import Credential, Rules
from tests.contract.pipeline_worlds import ROTATE, FakeWorld, World, sandbox_world, until
from tests.fakes.delivery_world import GOOD, ask_about, drafted, sent

RERUN, DISPATCH, PULL = "github.rerun_failed_jobs", "github.dispatch_workflow", "github.open_fix_pr"
MANIFEST = "k8s/deploy.yaml"
BAD = GOOD.replace("replicas: 3", 'replicas: "3"')
TOKEN = Credential(id="token", secret="the token", matches=("FAILED",), workflow=ROTATE.rpartition("/")[2])
WRITE = {RERUN: "rerun", DISPATCH: "dispatch", PULL: "pull"}


@pytest.fixture(scope="module", params=["fake", "sandbox"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "fake":
        yield FakeWorld()
        return
    with sandbox_world() as found:
        yield found


@pytest.fixture
def repo(world: World, request: pytest.FixtureRequest) -> str:
    """A repository of the test's own: the world outlives it."""
    name = "".join(c if c.isalnum() else "-" for c in request.node.name.removeprefix("test_"))
    return world.repo(f"r-{name}"[:90].strip("-"))


@dataclass
class Fix:
    """One action on the world's GitHub, from its draft to its verdict."""

    world: World
    step: ProposalStep
    execution: Execution

    def pipelines(self, connection: str) -> object:
        assert connection == "default"
        return self.world.github

    def preflight(self) -> Preflight:
        return action(self.step.action).preflight(self.step, self, self.execution.id, dry_run=True)

    def send(self) -> str:
        self.execution = replace(self.execution, guard=self.preflight().guard)
        handle = action(self.step.action).send(self.step, self.execution, self)
        self.execution = replace(self.execution, handle=handle)
        return handle

    def look(self) -> Looked:
        return action(self.step.action).look(self.step, self.execution, self)

    def verify(self) -> Progress:
        return action(self.step.action).verify(self.step, self.execution, self, datetime.now(UTC))

    def verdict(self) -> Progress:
        return until("a verdict", lambda: (p := self.verify()).verdict and p)


def ask(world: World, run: WorkflowRun, remedy: str, **more: object) -> Ask:
    jobs = world.github.jobs(run.repo, run.id, run.attempt)
    asked = ask_about(
        remedy, quote="FAILED tests/test_cart.py::test_total", at=datetime.now(UTC), run=run, jobs=jobs, **more
    )
    return replace(asked, rules=Rules(credentials=(TOKEN,)))


def fix(world: World, repo: str, remedy: str) -> Fix:
    run = world.failed(repo)
    more = {}
    if remedy == PULL:
        seen = []
        for revision, text in (("good", GOOD), ("bad", BAD)):
            world.push(repo, MANIFEST, text)
            seen.insert(0, replace(world.github.file(repo, MANIFEST, "main"), ref=revision))
        more["files"] = tuple(seen)
    now = datetime.now(UTC) if not isinstance(world, FakeWorld) else run.created_at
    execution = sent(f"ex_{repo.rpartition('/')[2][:40]}", at=now)
    return Fix(world=world, step=drafted(ask(world, run, remedy, **more), remedy), execution=execution)


@pytest.mark.parametrize("remedy", WRITE)
def test_it_is_done_and_found(world: World, repo: str, remedy: str) -> None:
    fixed = fix(world, repo, remedy)
    assert fixed.preflight().ok, fixed.preflight()
    assert fixed.look() is Looked.NOT_APPLIED
    assert fixed.send()
    until("it is seen", lambda: fixed.look() is Looked.APPLIED)


@pytest.mark.parametrize("remedy", WRITE)
@pytest.mark.parametrize("how", ["lost", "500"])
def test_done_and_unanswered_is_found(world: World, repo: str, remedy: str, how: str) -> None:
    fixed = fix(world, repo, remedy)
    if how == "lost":
        world.lose_answer(WRITE[remedy], applied=True)
    else:
        world.answer_500(WRITE[remedy])
    with pytest.raises(AnswerLost):
        fixed.send()
    until("it is seen", lambda: fixed.look() is Looked.APPLIED)


@pytest.mark.parametrize("remedy", WRITE)
def test_not_done_and_unanswered_is_not_found(world: World, repo: str, remedy: str) -> None:
    fixed = fix(world, repo, remedy)
    world.lose_answer(WRITE[remedy], applied=False)
    with pytest.raises(AnswerLost):
        fixed.send()
    assert fixed.look() is Looked.NOT_APPLIED


@pytest.mark.parametrize("remedy", WRITE)
def test_a_refusal_is_raised_and_nothing_was_done(world: World, repo: str, remedy: str) -> None:
    fixed = fix(world, repo, remedy)
    world.refuse(WRITE[remedy])
    with pytest.raises(Forbidden):
        fixed.send()
    assert fixed.look() is Looked.NOT_APPLIED


def test_a_pull_request_is_sent_again_from_where_it_broke_and_is_one(world: World, repo: str) -> None:
    fixed = fix(world, repo, PULL)
    for write, applied in (("ref", True), ("contents", False), ("contents", True), ("pull", False), ("pull", True)):
        world.lose_answer(write, applied=applied)
        with pytest.raises(AnswerLost):
            fixed.send()
    assert fixed.look() is Looked.APPLIED
    assert "opened its pull request already" in fixed.preflight().stale
    pull = world.github.pull_of(repo, f"{FIX_BRANCH}{fixed.execution.id}")
    assert pull is not None
    assert world.github.file(repo, MANIFEST, pull.branch).lines == tuple(GOOD.splitlines())
    assert len(world.github.compare(repo, "main", pull.branch)) == 1


@pytest.mark.parametrize("remedy", [RERUN, DISPATCH])
def test_a_run_that_succeeds_is_verified(world: World, repo: str, remedy: str) -> None:
    fixed = fix(world, repo, remedy)
    fixed.send()
    progress = fixed.verdict()
    assert progress.verdict is Verdict.PASSED, progress
    assert not (remedy == RERUN and fixed.preflight().ok)


def test_a_pull_request_waits_for_a_person_and_then_for_a_run(world: World, repo: str) -> None:
    fixed = fix(world, repo, PULL)
    url = fixed.send()
    waiting = fixed.verify()
    assert waiting.verdict is None
    assert "merge pull request" in waiting.waits_for
    assert waiting.url == url
    pull = world.github.pull_of(repo, f"{FIX_BRANCH}{fixed.execution.id}")
    assert pull is not None
    world.merge(repo, pull.number)
    after = fixed.verify()
    assert not after.waits_for
    assert after.checks[0].passed
