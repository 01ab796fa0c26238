"""Nothing that breaks inside the sandbox is silent, and nothing of it ends what it plays."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.argocd_api import serve_argocd
from bot.sandbox.github_api import serve_github
from bot.sandbox.github_runner import Report, Work
from bot.sandbox.github_scenario import load_github
from bot.sandbox.github_state import Hub
from bot.sandbox.kubernetes_api import serve_kubernetes
from bot.sandbox.server import start_sandbox
from bot.sandbox.troubles import Troubles, keep_ticking

SCENARIOS = Path(__file__).parents[3] / "config" / "scenarios"


WORKLOAD = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "w", "namespace": "shop"},
    "spec": {
        "selector": {"matchLabels": {"app": "w"}},
        "template": {
            "metadata": {"labels": {"app": "w"}},
            "spec": {"containers": [{"name": "c", "image": "w:1"}]},
        },
    },
}


async def until(test: Any) -> None:
    async with asyncio.timeout(20):
        while not test():
            await asyncio.sleep(0.01)


def test_the_same_trouble_is_told_once_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    troubles, heard = Troubles("The lake"), list[str]()
    troubles.listeners.append(heard.append)
    for text in ("dry", "dry", "frozen"):
        troubles.note("a boat", ValueError(text))
    assert heard == ["The lake stumbled: a boat: ValueError: dry", "The lake stumbled: a boat: ValueError: frozen"]
    assert troubles.counts[heard[0]] == 2
    assert capsys.readouterr().err.count("ValueError: dry") == 1


def test_troubles_that_are_always_other_ones_are_bounded(capsys: pytest.CaptureFixture[str]) -> None:
    troubles = Troubles("The lake")
    for number in range(1_000):
        troubles.note("a boat", ValueError(f"{number} " + "x" * 10_000))
    assert len(troubles.counts) == 200
    assert max(map(len, troubles.counts)) == 500
    capsys.readouterr()


def test_a_step_that_breaks_is_followed_by_the_next(capsys: pytest.CaptureFixture[str]) -> None:
    steps: list[int] = []

    def step() -> bool:
        steps.append(1)
        if len(steps) % 2:
            raise KeyError("deadbeef")
        return True

    async def story() -> None:
        troubles = Troubles("The lake")
        task = asyncio.create_task(keep_ticking(step, 0, troubles))
        await until(lambda: len(steps) > 5)
        task.cancel()
        assert list(troubles.counts) == ["The lake stumbled: a step of the simulation: KeyError: 'deadbeef'"]
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(story())
    assert "deadbeef" in capsys.readouterr().err


class Lost:
    """A runner that breaks when it has begun."""

    async def run(self, work: Work, report: Report) -> None:
        report.job_started(work.jobs[0][0], "lost")
        report.step_started(work.jobs[0][0].steps[0])
        raise RuntimeError("the runner is gone")


def test_what_breaks_on_any_platform_is_a_notice_and_the_world_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story() -> None:
        cluster = await serve_kubernetes(0, SCENARIOS)
        github = await serve_github(0, SCENARIOS, runner=Lost())
        argocd = await serve_argocd(0, cluster.cluster, SCENARIOS, github)
        sandbox = await start_sandbox(cluster, SCENARIOS, github=github, argocd=argocd)
        texts = [""]
        monkeypatch.setattr(cluster.cluster, "_sync", lambda *_: 1 / 0)
        monkeypatch.setattr(argocd.controller, "_show", lambda: 1 / 0)

        def told(*words: str) -> bool:
            texts[:] = [row["text"] for row in sandbox.world.notices if row["kind"] == "broken"]
            return any(all(word in text for word in words) for text in texts)

        try:
            github.load_scenario("expired-token")
            repo = github.hub.repositories["acme/payments-api"]
            github.hub.pushed.insert(0, lambda *_: 1 / 0)
            github.hub.push(repo, "main", repo.git.branches["main"])
            run = next(run for run in repo.runs.values() if run.created >= github.hub.now() - 60)
            await until(lambda: run.latest.status == "completed")
            assert run.latest.conclusion == "failure"
            assert run.latest.jobs[0].annotations[0]["message"].startswith("The hosted runner lost communication")
            assert told("GitHub", "a push", "ZeroDivisionError")
            assert told("GitHub", f"run {run.id}", "the runner is gone")
            cluster.load_scenario("oom-killed")
            await until(lambda: told("Kubernetes", "ZeroDivisionError"))
            await until(lambda: told("Argo CD", "ZeroDivisionError"))
            monkeypatch.undo()
            cluster.reset()
            cluster.create([WORKLOAD])
            await until(lambda: cluster.summary()[0]["ready"] == 1)
        finally:
            await sandbox.close()

    asyncio.run(story())
    assert "the runner is gone" in capsys.readouterr().err


def test_a_repository_s_files_keep_their_line_ends(tmp_path: Path) -> None:
    root = tmp_path / "repos" / "acme" / "dos"
    root.mkdir(parents=True)
    (root / "run.bat").write_bytes(b"@echo off\r\necho one\r\n")
    (tmp_path / "scenario.yaml").write_text("title: dos\n")
    (tmp_path / "github.yaml").write_text(
        "repositories:\n- name: acme/dos\n  commits:\n"
        "  - {id: one, author: ana, at: '{{now-1h}}', message: one, tree: true}\n"
    )
    hub = Hub(now=lambda: 1_795_000_000.0)
    load_github(hub, tmp_path)
    [commit] = hub.repositories["acme/dos"].git.commits.values()
    assert commit.files == {"run.bat": "@echo off\r\necho one\r\n"}
