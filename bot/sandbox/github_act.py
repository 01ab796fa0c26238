"""The runner that really runs jobs: `act` on a checkout of the commit, on this machine, without containers.

For trusted workflows only: their scripts run as the user who started the sandbox. A repository has a store, a folder
that lives as long as the sandbox: secrets/NAME holds each secret's value, and what the scenario's `tools/` (they stand
on the PATH before everything else, in place of docker, gh, vault ...) write there is how one job's work meets the next.
"""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import tempfile
from pathlib import Path
from typing import Any

import yaml

from bot.sandbox.github_act_events import ActEvents
from bot.sandbox.github_act_shell import StepShell
from bot.sandbox.github_git import Commit, commit_text
from bot.sandbox.github_runner import ENDED, Report, Work
from bot.sandbox.github_simulation import needs_failed
from bot.sandbox.github_state import Repository

TIME_LIMIT = 120.0
_MAX_LINE = 1024 * 1024
_WRITTEN_AT = 1_000_000_000_000_000_000  # the modification time of a secret that no job wrote since we looked
_NAMED = "CODEHEALER_ACT"


def find_act() -> str:
    """Find the program: CODEHEALER_ACT, else `act` on the PATH. OSError when there is none."""
    found = os.environ.get(_NAMED) or shutil.which("act")
    if not found or not Path(found).is_file():
        raise OSError(f"the program act is not found; install it or name it in {_NAMED}")
    return str(Path(found).resolve())


class Act:
    """Runs attempts with the program at `act`; `scenarios` is where the tools of a repository's scenario lie."""

    def __init__(self, act: str, scenarios: Path) -> None:
        self._act = act
        self._scenarios = scenarios
        self._folder = tempfile.TemporaryDirectory(prefix="codehealer-act-", ignore_cleanup_errors=True)
        self._turn = asyncio.Semaphore(2)  # act at once; each starts a process a step

    async def run(self, work: Work, report: Report) -> None:
        try:
            async with self._turn:
                with tempfile.TemporaryDirectory(dir=self._folder.name, ignore_cleanup_errors=True) as place:
                    await self._run(work, report, Path(place))
        except (OSError, ValueError) as error:  # git or act could not be started, or the commit not be written
            for job, _ in work.jobs:
                report.annotate(job, "failure", f"The job was not started: {error}")
        self._read_secrets(work.repo, self._store(work.repo), report.now())
        for job, spec in work.jobs:
            if job.status != ENDED:  # act says nothing of jobs that it does not start
                job.steps.clear()
                report.job_ended(job, "skipped" if needs_failed(work, spec) else "failure")

    async def _run(self, work: Work, report: Report, place: Path) -> None:
        checkout, store = place / "checkout", self._store(work.repo)
        await _check_out(work, checkout, place)
        workflow = place / "workflow.yml"
        shell = StepShell(place / "shell")
        workflow.write_text(_only(work, shell), encoding="utf-8")
        tools = self._scenarios / work.repo.scenario / "tools"
        environment = {
            "PATH": f"{tools}:{os.environ.get('PATH', '')}",
            "HOME": str(place),
            "LANG": "C.UTF-8",
            "XDG_CACHE_HOME": str(place / "cache"),
        }
        process = await asyncio.create_subprocess_exec(
            *self._command(work, workflow, store),
            cwd=checkout,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=_MAX_LINE,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(TIME_LIMIT):
                await _follow(process, ActEvents(work, report, shell))
        except TimeoutError:
            for job, _ in work.jobs:
                if job.status != ENDED:
                    report.job_ended(job, "timed_out")
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()

    def _command(self, work: Work, workflow: Path, store: Path) -> list[str]:
        run, event = work.run, work.run.event
        words = [self._act, event, "-W", str(workflow), "--json", "--actor", work.attempt.actor]
        words += [f"-P{label}=-self-hosted" for label in {label for _, spec in work.jobs for label in spec.labels}]
        for name, value in run.inputs.items():
            words += ["--input", f"{name}={value}"]
        for name, value in self._secrets(work.repo, store).items():
            words += ["-s", f"{name}={value}"]
        given = {
            "GITHUB_RUN_ATTEMPT": work.attempt.number,
            "GITHUB_RUN_ID": run.id,
            "GITHUB_RUN_NUMBER": run.number,
            "SANDBOX_STORE": store,
        }
        for name, text in given.items():
            words += ["--env", f"{name}={text}"]
        return words

    # --- the store

    def _store(self, repo: Repository) -> Path:
        store = Path(self._folder.name) / f"store-{repo.id}"
        folder = store / "secrets"
        if not folder.is_dir():
            folder.mkdir(parents=True)
            for secret in repo.secrets.values():
                (folder / secret.name).write_text(secret.value, encoding="utf-8")
                os.utime(folder / secret.name, ns=(_WRITTEN_AT, _WRITTEN_AT))
        return store

    @staticmethod
    def _secrets(repo: Repository, store: Path) -> dict[str, str]:
        found = {name: (store / "secrets" / name).read_text(encoding="utf-8").strip() for name in repo.secrets}
        return {name: value for name, value in found.items() if value}

    @staticmethod
    def _read_secrets(repo: Repository, store: Path, now: float) -> None:
        """Take over what jobs wrote into the store; a value written anew counts, even the same one."""
        for secret in repo.secrets.values():
            path = store / "secrets" / secret.name
            if path.stat().st_mtime_ns != _WRITTEN_AT:
                secret.value, secret.updated = path.read_text(encoding="utf-8").strip(), now
                os.utime(path, ns=(_WRITTEN_AT, _WRITTEN_AT))


async def _follow(process: asyncio.subprocess.Process, events: ActEvents) -> None:
    if process.stdout is None:
        return
    async for line in process.stdout:
        try:
            row: Any = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict):
            events.take(row)


async def _check_out(work: Work, checkout: Path, place: Path) -> None:
    """Write the commit as a shallow clone would have it: the same files under the same id."""
    commit = work.repo.git.commits[work.run.head_sha]
    await asyncio.to_thread(_write_files, checkout, commit)
    branch = work.run.branch
    await _git(checkout, place, "init", "-q", "-b", branch)
    await _git(checkout, place, "remote", "add", "origin", f"https://github.com/{work.repo.full_name}")
    await _git(checkout, place, "-c", "core.autocrlf=false", "add", "-A", "-f")
    tree = await _git(checkout, place, "write-tree")
    raw = commit_text(tree, commit.parents, commit.author, commit.message, commit.at)
    sha = await _git(checkout, place, "hash-object", "-w", "-t", "commit", "--stdin", given=raw)
    if sha != commit.sha:
        raise ValueError(f"git calls the commit {sha}, we called it {commit.sha}")
    if commit.parents:
        await asyncio.to_thread((checkout / ".git" / "shallow").write_text, sha + "\n")
    await _git(checkout, place, "update-ref", f"refs/heads/{branch}", sha)


def _write_files(checkout: Path, commit: Commit) -> None:
    for path, text in commit.files.items():
        target = (checkout / path).resolve()
        if not target.is_relative_to(checkout.resolve()):
            raise ValueError(f"{path} lies outside of its repository")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode())


async def _git(checkout: Path, home: Path, *words: str, given: str = "") -> str:
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"}
    process = await asyncio.create_subprocess_exec(
        "git",
        *words,
        cwd=checkout,
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, error = await process.communicate(given.encode())
    if process.returncode:
        raise ValueError(f"git {words[0]}: {error.decode(errors='replace').strip()[:300]}")
    return out.decode().strip()


def _only(work: Work, shell: StepShell) -> str:
    """Cut the workflow down to the jobs of this attempt; what they need of others has happened already."""
    document = yaml.safe_load(work.workflow.text)
    document["on"] = document.pop(True, document.get("on"))
    wanted = {spec.key for _, spec in work.jobs}
    jobs = {key: spec for key, spec in document["jobs"].items() if key in wanted}
    for spec in jobs.values():
        needs = spec.pop("needs", [])
        left = [each for each in ([needs] if isinstance(needs, str) else needs) if each in wanted]
        if left:
            spec["needs"] = left
    shell.wrap(document, jobs)
    return yaml.safe_dump({**document, "jobs": jobs}, sort_keys=False)
