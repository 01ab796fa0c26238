"""What `act --json` prints, line by line, becomes the steps, logs, annotations and ends of our jobs."""

import re
from typing import Any

from bot.sandbox.github_act_shell import StepShell
from bot.sandbox.github_log import COMPLETE, COMPLETE_LINES, begin_lines, post_lines, set_up_lines
from bot.sandbox.github_runner import ENDED, Report, Work
from bot.sandbox.github_state import Job, Step
from bot.sandbox.github_workflow import JobSpec

Row = dict[str, Any]

_MARKS = {
    "error": "##[error]",
    "warning": "##[warning]",
    "notice": "##[notice]",
    "debug": "##[debug]",
    "group": "##[group]",
}
_EXIT = re.compile(r"exit status (\d{1,3})")
_LEVELS = {"error": "failure", "warning": "warning", "notice": "notice"}


class ActEvents:
    """Takes act's rows in their order. Rows of jobs that this work does not hold are passed over."""

    def __init__(self, work: Work, report: Report, shell: StepShell) -> None:
        self._work = work
        self._report = report
        self._shell = shell
        self._current: dict[int, Step] = {}

    def take(self, row: Row) -> None:
        found = self._find(row)
        if found is None:
            return
        job, spec = found
        if job.status == "queued":
            self._start(job, spec)
        message = str(row.get("msg", ""))
        if row.get("stage") == "Main" and message.startswith("⭐"):
            self._begin_step(job, spec, str(row.get("step", "")))
        elif row.get("raw_output"):
            printed = self._shell.take(message)
            if printed is not None:
                self._say(job, printed.rstrip("\n"))
        elif row.get("command") in {*_MARKS, "endgroup"}:
            self._command(job, row)
        elif row.get("stage") == "Main" and row.get("stepResult"):
            self._end_step(job, str(row["stepResult"]))
        elif row.get("jobResult"):
            self._end(job, spec, str(row["jobResult"]))
        elif row.get("level") == "error" and row.get("stage") == "Main":
            self._fail(job, message)

    def _find(self, row: Row) -> tuple[Job, JobSpec] | None:
        matrix = {str(name): str(value) for name, value in (row.get("matrix") or {}).items()}
        for job, spec in self._work.jobs:
            if spec.key == row.get("jobID") and dict(spec.matrix) == matrix and job.status != ENDED:
                return job, spec
        return None

    def _start(self, job: Job, spec: JobSpec) -> None:
        self._report.job_started(job, "act")
        first = job.steps[0]
        self._report.step_started(first)
        self._report.log(job, first, *set_up_lines(job, spec))
        self._report.step_ended(first, "success")

    def _begin_step(self, job: Job, spec: JobSpec, name: str) -> None:
        """Begin the step of that name; one without a name is the next that has not begun."""
        waiting = [step for step in job.steps[1 : 1 + len(spec.steps)] if step.status == "queued"]
        step = next((each for each in waiting if each.name == name), waiting[0] if waiting else None)
        if step is not None:
            self._current[job.id] = step
            self._report.step_started(step)
            self._report.log(job, step, *begin_lines(spec.steps[step.number - 2]))

    def _say(self, job: Job, *lines: str) -> None:
        step = self._current.get(job.id, job.steps[0])
        self._report.log(job, step, *(part for line in lines for part in line.split("\n")))

    def _command(self, job: Job, row: Row) -> None:
        command, text = str(row["command"]), str(row.get("arg", ""))
        self._say(job, "##[endgroup]" if command == "endgroup" else _MARKS[command] + text)
        if command in _LEVELS:
            at = row.get("kvPairs") or {}
            line = str(at.get("line", "1"))
            number = int(line) if line.isdecimal() else 1
            self._report.annotate(job, _LEVELS[command], text, path=str(at.get("file", ".github")), line=number)

    def _end_step(self, job: Job, result: str) -> None:
        step = self._current.get(job.id)
        if step is None or step.status == ENDED:
            return
        self._report.step_ended(step, result if result in {"success", "failure", "skipped"} else "failure")

    def _fail(self, job: Job, said: str) -> None:
        """Write why a step failed; act says `exit status N` of a script, which GitHub words otherwise."""
        found = _EXIT.fullmatch(said.strip())
        text = f"Process completed with exit code {found[1]}." if found else said.strip()
        self._say(job, f"##[error]{text}")
        self._report.annotate(job, "failure", text)

    def _end(self, job: Job, spec: JobSpec, result: str) -> None:
        for step in job.steps[1:]:
            if step.status == ENDED:
                continue
            if step.number <= 1 + len(spec.steps):
                self._report.step_ended(step, "skipped")
                continue
            self._report.step_started(step)
            self._report.log(job, step, *(COMPLETE_LINES if step.name == COMPLETE else post_lines(step.name)))
            self._report.step_ended(step, "success")
        self._report.job_ended(job, "success" if result == "success" else "failure")
