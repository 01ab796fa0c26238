"""The simulated runner: a job's outcome is the first of the scenario's whose conditions hold, and plays in a second or two.

Conditions are read when the job starts, from the state of that moment, so a fix that took effect shows in the next attempt.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.github_log import COMPLETE, COMPLETE_LINES, SET_UP, begin_lines, post_lines, set_up_lines
from bot.sandbox.github_runner import Report, Work
from bot.sandbox.github_state import Job, Repository, Run, Step
from bot.sandbox.github_workflow import JobSpec, StepSpec

_QUEUED = 0.15
_SHARE = {SET_UP: 0.5, COMPLETE: 0.1}


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """All that is given must hold. `secret`: (name, whether its value is accepted); attempts count from 1.

    `lacks` and `holds` are (path, text): whether the file at the run's commit lacks, or holds, that text.
    """

    secret: tuple[str, bool] | None = None
    attempt_from: int = 1
    attempt_to: int = 1_000_000
    branch: str = ""
    lacks: tuple[str, str] | None = None
    holds: tuple[str, str] | None = None

    def met(self, repo: Repository, run: Run, attempt: int) -> bool:
        files = repo.git.commits[run.head_sha].files
        if self.secret is not None:
            secret = repo.secrets.get(self.secret[0])
            if (secret is not None and secret.accepted) is not self.secret[1]:
                return False
        if self.lacks is not None and self.lacks[1] in files.get(self.lacks[0], ""):
            return False
        if self.holds is not None and self.holds[1] not in files.get(self.holds[0], ""):
            return False
        return self.attempt_from <= attempt <= self.attempt_to and self.branch in {"", run.branch}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a job goes. `fails_at` names the step that fails ("": none does); `log` is what each step prints.

    `renews` are secrets whose values are accepted once the job succeeded; `touches` are written anew, but what they
    open still refuses them.
    """

    name: str = "ok"
    when: When = When()
    fails_at: str = ""
    exit_code: int = 1
    seconds: float = 1.2
    log: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    annotations: tuple[Mapping[str, Any], ...] = ()
    renews: tuple[str, ...] = ()
    touches: tuple[str, ...] = ()


@dataclass(slots=True)
class Rules:
    """Outcomes by (workflow file, job id), in the order in which they are tried."""

    outcomes: dict[tuple[str, str], list[Outcome]] = field(default_factory=dict)

    def choose(self, repo: Repository, run: Run, attempt: int, key: str) -> Outcome:
        for outcome in self.outcomes.get((run.workflow_path, key), []):
            if outcome.when.met(repo, run, attempt):
                return outcome
        return Outcome()

    def named(self, path: str, key: str, name: str) -> Outcome:
        for outcome in self.outcomes.get((path, key), []):
            if outcome.name == name:
                return outcome
        if name == "ok":
            return Outcome()
        raise ValueError(f"{path}: job {key} has no outcome {name!r}")


def play(job: Job, spec: JobSpec, outcome: Outcome, report: Report) -> Iterator[float]:
    """Play a job step by step; yields the seconds that pass. The job is in progress before and completed after."""
    failed = False
    own: dict[str, StepSpec] = {}
    for each in spec.steps:
        own.setdefault(each.name, each)
    pause = outcome.seconds / max(1, len(job.steps))
    for step in job.steps:
        file_step = own.get(step.name)
        if failed and file_step is not None:
            report.step_ended(step, "skipped")
            continue
        report.step_started(step)
        yield pause * _SHARE.get(step.name, 1.0)
        fails = file_step is not None and step.name == outcome.fails_at
        report.log(job, step, *_printed(job, spec, step, file_step, outcome, fails=fails))
        report.step_ended(step, "failure" if fails else "success")
        failed = failed or fails
    for each_note in outcome.annotations:
        job.annotations.append(dict(each_note))
    if failed and not job.annotations:
        report.annotate(job, "failure", f"Process completed with exit code {outcome.exit_code}.")
    report.job_ended(job, "failure" if failed else "success")


def _printed(
    job: Job, spec: JobSpec, step: Step, file_step: StepSpec | None, outcome: Outcome, *, fails: bool
) -> list[str]:
    said = list(outcome.log.get(step.name, ()))
    if step.name == SET_UP:
        return [*set_up_lines(job, spec), *said]
    if file_step is not None:
        by_code = fails and not file_step.uses
        end = [f"##[error]Process completed with exit code {outcome.exit_code}."] if by_code else []
        return [*begin_lines(file_step), *said, *end]
    return [*(COMPLETE_LINES if step.name == COMPLETE else post_lines(step.name)), *said]


class Simulation:
    """The runner by rules. `pace` stretches or shortens all durations (0: at once)."""

    def __init__(self, pace: float = 1.0, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self.pace = pace
        self._sleep = sleep

    async def run(self, work: Work, report: Report) -> None:
        await self._sleep(_QUEUED * self.pace)
        ended: dict[str, asyncio.Event] = {spec.key: asyncio.Event() for _, spec in work.jobs}
        left = {key: sum(spec.key == key for _, spec in work.jobs) for key in ended}

        async def one(job: Job, spec: JobSpec) -> None:
            for need in spec.needs:
                if need in ended:
                    await ended[need].wait()
            await self._job(work, job, spec, report)
            left[spec.key] -= 1
            if left[spec.key] == 0:
                ended[spec.key].set()

        await asyncio.gather(*(one(job, spec) for job, spec in work.jobs))

    async def _job(self, work: Work, job: Job, spec: JobSpec, report: Report) -> None:
        if needs_failed(work, spec):
            job.steps.clear()
            report.job_ended(job, "skipped")
            return
        outcome = work.repo.rules.choose(work.repo, work.run, work.attempt.number, spec.key)
        report.job_started(job, f"GitHub Actions {job.id % 1000}")
        for seconds in play(job, spec, outcome, report):
            await self._sleep(seconds * self.pace)
        if job.conclusion == "success":
            write_secrets(work.repo, outcome, report.now())


def needs_failed(work: Work, spec: JobSpec) -> bool:
    """Whether a job that this one needs did not succeed in this attempt."""
    return any(job.key in spec.needs and job.conclusion != "success" for job in work.attempt.jobs)


def write_secrets(repo: Repository, outcome: Outcome, now: float) -> None:
    """Do to the secret store what a rotation does."""
    for name in (*outcome.renews, *outcome.touches):
        secret = repo.secrets.get(name)
        if secret is not None:
            secret.updated = now
            secret.accepted = name in outcome.renews or secret.accepted
