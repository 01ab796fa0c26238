"""What a runner is: it takes one attempt of a run and reports how its jobs go.

Two exist: github_simulation.py (by the scenario's rules, the default) and github_act.py (jobs really run by `act`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bot.sandbox.github_state import Attempt, Job, Repository, Run, Step
from bot.sandbox.github_workflow import JobSpec, Workflow

ENDED = "completed"


@dataclass(frozen=True, slots=True)
class Work:
    """One attempt to run: `jobs` pairs each queued job with its part of the workflow file."""

    repo: Repository
    run: Run
    attempt: Attempt
    workflow: Workflow
    jobs: tuple[tuple[Job, JobSpec], ...]


class Runner(Protocol):
    """Runs attempts. After `run` every job of the work is completed, and secrets that its jobs renewed are fresh."""

    async def run(self, work: Work, report: "Report") -> None: ...


class Report:
    """How a runner tells what happens; every word moves the state and wakes who watches."""

    def __init__(self, now: Callable[[], float], changed: Callable[[], None]) -> None:
        self.now = now
        self._changed = changed

    def job_started(self, job: Job, runner_name: str) -> None:
        job.status, job.started, job.runner_name = "in_progress", self.now(), runner_name
        self._changed()

    def step_started(self, step: Step) -> None:
        step.status, step.started = "in_progress", self.now()
        self._changed()

    def step_ended(self, step: Step, conclusion: str) -> None:
        step.status, step.conclusion, step.completed = ENDED, conclusion, self.now()
        if step.started is None:
            step.started = step.completed
        self._changed()

    def log(self, job: Job, step: Step, *lines: str) -> None:
        moment = self.now()
        job.lines.extend((moment, line, step.number) for line in lines)

    def annotate(self, job: Job, level: str, message: str, *, path: str = ".github", line: int = 1) -> None:
        job.annotations.append({"level": level, "message": message, "path": path, "line": line})

    def job_ended(self, job: Job, conclusion: str) -> None:
        job.status, job.conclusion, job.completed = ENDED, conclusion, self.now()
        self._changed()


def conclude(conclusions: list[str | None]) -> str:
    """Sum up an attempt's jobs as GitHub does."""
    for worst in ("failure", "timed_out", "cancelled"):
        if worst in conclusions:
            return "failure" if worst == "timed_out" else worst
    return "skipped" if conclusions and all(each == "skipped" for each in conclusions) else "success"
