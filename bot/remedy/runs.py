"""What the actions on workflow runs share: the run as a target, its jobs in words, and the verdict on one attempt."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.alert import Target, TargetKind
from bot.domain.errors import PlatformError
from bot.domain.execution import Execution, Verdict
from bot.domain.pipeline import PipelineJob, WorkflowRun
from bot.domain.proposal import ProposalStep
from bot.ports import Pipelines
from bot.remedy.contract import Ask
from bot.remedy.quoting import one_line, plain

DEADLINE = "deadline"
"""The parameter that holds for how many seconds after the send a verdict is waited for."""

HELPED_NOT = frozenset({"failure", "timed_out", "startup_failure"})
MAX_JOBS_SAID = 3


def run_target(ask: Ask, run: WorkflowRun) -> Target:
    """Return the run as a target: another run is another target."""
    return replace(
        ask.dossier.target,
        connection=run.connection,
        kind=TargetKind.WORKFLOW_RUN,
        name=run.workflow,
        repo=run.repo,
        run_id=run.id,
        branch=run.branch,
        url=run.url,
    )


def workflow_of(run: WorkflowRun) -> str:
    """Return what names the run's workflow for a query: its file, else its name."""
    return run.workflow_path or run.workflow


def failed_jobs(jobs: tuple[PipelineJob, ...]) -> str:
    """Return the failed jobs with their failed steps, in words: `build (step Test), lint`."""
    failed = [job for job in jobs if job.failed]
    said = [_job(job) for job in failed[:MAX_JOBS_SAID]]
    more = len(failed) - len(said)
    return ", ".join(said) + (f" and {more} more" if more > 0 else "")


def _job(job: PipelineJob) -> str:
    step = job.failed_step
    return f"{plain(job.name, 60)} (step {plain(step.name, 60)})" if step else plain(job.name, 60)


def deadline(step: ProposalStep, execution: Execution) -> datetime:
    """Return until when a verdict is waited for, counted from when the execution came to its present state."""
    seconds = step.param(DEADLINE)
    return execution.changed_at + timedelta(seconds=int(seconds) if seconds.isdigit() else 0)


def verdict_on(run: WorkflowRun, pipelines: Pipelines) -> tuple[Verdict | None, str]:
    """Return how the attempt that `run` stands for came out, and what was seen of it. None: it has not ended.

    Success passes; failure, timeout and a failed start fail, and the failed job is named. What was cancelled, skipped or
    waits for somebody's approval says nothing of whether the fix helps: inconclusive.
    """
    which = f"attempt {run.attempt} of run {run.number or run.id}"
    if not run.is_completed:
        return None, f"{which} is {plain(run.status or 'not begun', 30)}"
    if run.conclusion == "success":
        return Verdict.PASSED, f"{which} succeeded"
    if run.conclusion not in HELPED_NOT:
        return Verdict.INCONCLUSIVE, f"{which} ended with {plain(run.conclusion or 'no conclusion', 30)}"
    try:
        jobs = failed_jobs(pipelines.jobs(run.repo, run.id, run.attempt))
    except PlatformError as error:
        jobs = f"its jobs could not be read: {one_line(error.detail)}"
    return Verdict.FAILED, f"{which} failed{': ' if jobs else ''}{jobs}"
