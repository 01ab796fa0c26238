"""The sandbox's scenarios on GitHub and Argo CD, from the draft to the verdict, through the real adapters and a person's merge."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.adapters.argocd import ArgoAccess
from bot.adapters.argocd import connect as connect_argocd
from bot.adapters.github import GithubAccess
from bot.adapters.github import connect as connect_github
from bot.domain.execution import Execution, Verdict
from bot.domain.pipeline import FIX_BRANCH
from bot.domain.proposal import Proposal, ProposalStep
from bot.ports import Deployments, Pipelines
from bot.remedy.catalog import Progress, action
from bot.remedy.policy import Credential, Rules
from bot.remedy.propose import NoProposal, propose
from bot.sandbox.argocd_api import serve_argocd
from bot.sandbox.github_api import serve_github
from bot.sandbox.github_simulation import Simulation
from bot.sandbox.kubernetes_api import serve_kubernetes
from tests.contract.cluster_worlds import until
from tests.contract.pipeline_worlds import RealClock
from tests.fakes.delivery_world import ask_about, sent

SCENARIOS = Path(__file__).resolve().parents[2] / "config" / "scenarios"
REGISTRY = Credential(
    id="registry",
    secret="the registry token",
    matches=("registry.acme.example",),
    repositories=("acme/*",),
    workflow="rotate-registry-token.yml",
)
DENIED = 'Get "https://registry.acme.example/v2/": unauthorized: Token failed verification: expired'
WINDOW = 2


@dataclass
class Sandbox:
    """GitHub, Argo CD and a cluster in a loop of their own thread, asked through the real adapters."""

    loop: asyncio.AbstractEventLoop
    cluster: Any
    hub: Any
    argo: Any
    github: Pipelines
    argocd: Deployments

    def pipelines(self, connection: str) -> Pipelines:
        assert connection == "default"
        return self.github

    def deployments(self, connection: str) -> Deployments:
        assert connection == "default"
        return self.argocd

    def call(self, function: Callable[..., Any], *args: Any) -> Any:
        async def run() -> Any:
            return function(*args)

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(10)

    def load(self, name: str) -> dict[str, Any]:
        """Make the scenario's failure happen; return what it expects of the bot."""

        def load() -> None:
            self.cluster.load_scenario(name)
            marks = {"github": self.hub.hub.base, **self.hub.load_scenario(name)}
            self.argo.load_scenario(name, {**marks, "argocd": self.argo.url})

        self.call(load)
        return yaml.safe_load((SCENARIOS / name / "expected.yaml").read_text(encoding="utf-8"))

    def merge(self, repo: str, number: int) -> None:
        def merge() -> None:
            found = self.hub.hub.find(*repo.split("/"))
            self.hub.pulls.merge_pull(found, found.pulls[number], "ines-carvalho")

        self.call(merge)

    # --- one step

    def run(self, step: ProposalStep, id: str) -> Execution:
        act = action(step.action)
        flight = act.preflight(step, self, id, dry_run=True)
        assert flight.ok, flight
        execution = replace(sent(id, at=datetime.now(UTC)), guard=flight.guard)
        return replace(execution, handle=act.send(step, execution, self))

    def verify(self, step: ProposalStep, execution: Execution) -> Progress:
        return action(step.action).verify(step, execution, self, datetime.now(UTC))

    def verdict(self, step: ProposalStep, execution: Execution) -> Progress:
        return until("a verdict", lambda: (p := self.verify(step, execution)).verdict and p, 60)


@contextmanager
def serving() -> Iterator[Sandbox]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="sandbox", daemon=True)
    thread.start()

    def wait(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(10)

    cluster = wait(serve_kubernetes(0, SCENARIOS))
    hub = wait(serve_github(0, SCENARIOS, runner=Simulation(pace=0.05)))
    argo = wait(serve_argocd(0, cluster.cluster, SCENARIOS, hub))
    github = connect_github("default", GithubAccess(api_url=hub.url, token=lambda: hub.token), RealClock())
    argocd = connect_argocd("default", ArgoAccess(server=argo.url, token=lambda: argo.token))
    try:
        yield Sandbox(loop=loop, cluster=cluster, hub=hub, argo=argo, github=github, argocd=argocd)
    finally:
        argocd.close()
        github.close()
        for served in (argo, hub, cluster):
            wait(served.close())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with serving() as found:
        yield found


def proposed(remedy: str, quote: str, cause: str, **dossier: Any) -> Proposal:
    now = datetime.now(UTC)
    ask = ask_about(remedy, quote=quote, cause=cause, at=now, **dossier)
    ask = replace(ask, rules=Rules(credentials=(REGISTRY,)), verify_window=WINDOW)
    found = propose(ask, id="pr_1", now=now, ttl=now - now)
    assert not isinstance(found, NoProposal), found.reason
    return found


@pytest.mark.parametrize("name", ["expired-token", "stale-token", "flaky-test", "failing-test"])
def test_a_workflow_run(sandbox: Sandbox, name: str) -> None:
    expected = sandbox.load(name)
    repo = expected["target"]["repo"]
    run = sandbox.github.run(repo, expected["target"]["run"])
    jobs = sandbox.github.jobs(repo, run.id, run.attempt)
    remedy = "credential.refresh" if len(expected["actions"]) > 1 else expected["actions"][0]
    found = proposed(remedy, DENIED, expected["cause"], run=run, jobs=jobs)
    assert [step.action for step in found.steps] == expected["actions"]
    for number, step in enumerate(found.steps):
        progress = sandbox.verdict(step, sandbox.run(step, f"ex_{name}-{number}"))
        if number + 1 < len(found.steps):
            assert progress.verdict is Verdict.PASSED, progress
    assert progress.verdict.value == expected["verdict"], progress
    if expected["verdict"] == "failed":
        assert expected["target"]["job"] in progress.checks[-1].observed


@pytest.mark.parametrize("name", ["manifest-error", "manifest-two-errors"])
def test_a_manifest(sandbox: Sandbox, name: str) -> None:
    expected = sandbox.load(name)
    change = expected["change"]
    app = sandbox.argocd.application(expected["target"]["name"])
    assert app.operation is not None
    refs = (app.operation.revision, app.history[-1].revision)
    files = tuple(sandbox.github.file(change["repository"], change["path"], ref) for ref in refs)
    found = proposed("github.open_fix_pr", "unrecognized type: int32", expected["cause"], app=app, files=files)
    (step,) = found.steps
    execution = sandbox.run(step, f"ex_{name}")
    assert [line.text.lstrip("0123456789 ") for line in step.preview.diff if line.sign in "+-"] == [
        change["from"].strip(),
        change["to"].strip(),
    ]
    waiting = sandbox.verify(step, execution)
    assert waiting.verdict is None
    assert waiting.waits_for
    pull = sandbox.github.pull_of(change["repository"], f"{FIX_BRANCH}{execution.id}")
    assert pull is not None
    lines = sandbox.github.file(pull.repo, change["path"], pull.branch).lines
    assert change["to"] in lines
    assert change["from"] not in lines
    sandbox.merge(pull.repo, pull.number)
    progress = sandbox.verdict(step, execution)
    assert progress.verdict.value == expected["verdict"], progress
    assert expected.get("said", "") in progress.checks[1].observed
