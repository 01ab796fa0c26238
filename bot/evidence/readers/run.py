"""A workflow run as GitHub has it: jobs and steps with their ends, and how the same commit and branch fared else."""

from collections.abc import Iterator

from bot.domain.evidence import Evidence, EvidenceKind
from bot.domain.pipeline import PipelineJob, WorkflowRun
from bot.domain.values import value
from bot.evidence.source import Source, facts, masked_count, numbered

MAX_JOBS = 40


@value
class History:
    """What else is known of the workflow and branch; `newer` is a run that began after this one."""

    last_good: WorkflowRun | None = None
    passed_before: tuple[WorkflowRun, ...] = ()
    newer: WorkflowRun | None = None

    @property
    def passed(self) -> str:
        """The run or attempt of the same commit that passed, in words, or the empty string."""
        return run_in_words(self.passed_before[0]) if self.passed_before else ""


def run_in_words(run: WorkflowRun) -> str:
    """Return `run #41`, with its attempt when it is not the first."""
    name = f"run #{run.number}" if run.number else f"run {run.id}"
    return f"{name}, attempt {run.attempt}" if run.attempt > 1 else name


def read_run(run: WorkflowRun, jobs: tuple[PipelineJob, ...], history: History, source: Source) -> Evidence:
    """Return the run as evidence; names of jobs and steps are masked already.

    Facts: repo, workflow, run (its number), run_id, attempt, event, branch, commit, actor, run_status, conclusion, job and
    step (the first that failed), failed_jobs (how many), passed_before (true, false) and passed_run, last_good, and
    newer_run (passed, failed or running; not stated when this is the newest).
    """
    failed = [job for job in jobs if job.failed]
    step = failed[0].failed_step if failed else None
    newer = history.newer
    excerpt = numbered(_described(run, jobs, history))
    return Evidence(
        id=source.id,
        kind=EvidenceKind.RUN,
        target=source.target,
        summary=f"{run.workflow or 'Workflow'} {run_in_words(run)}: {run.conclusion or run.status}",
        excerpt=excerpt,
        facts=facts(
            repo=run.repo,
            workflow=run.workflow,
            run=run.number or None,
            run_id=run.id,
            attempt=run.attempt,
            event=run.event,
            branch=run.branch,
            commit=run.head_sha,
            actor=run.actor,
            run_status=run.status,
            conclusion=run.conclusion,
            job=failed[0].name if failed else "",
            step=step.name if step else "",
            failed_jobs=len(failed),
            passed_before=bool(history.passed_before),
            passed_run=history.passed,
            last_good=run_in_words(history.last_good) if history.last_good else "",
            newer_run=_state(newer) if newer else "",
        ),
        url=run.url,
        collected_at=source.at,
        redactions=masked_count(excerpt),
    )


def _state(run: WorkflowRun) -> str:
    if not run.is_completed:
        return "running"
    return "passed" if run.conclusion == "success" else "failed"


def _described(run: WorkflowRun, jobs: tuple[PipelineJob, ...], history: History) -> Iterator[str]:
    yield f"Workflow: {run.workflow} ({run.workflow_path})"
    yield f"Run: {run_in_words(run)}, {run.event} on {run.branch or 'no branch'} by {run.rerun_by or run.actor or 'nobody named'}"
    yield f"Commit: {run.head_sha}"
    yield f"Conclusion: {run.conclusion or run.status}"
    for job in sorted(jobs, key=lambda job: not job.failed)[:MAX_JOBS]:
        yield f"Job {job.name}: {job.conclusion or job.status}"
        step = job.failed_step if job.failed else None
        if step is not None:
            yield f"  Step {step.number} {step.name}: {step.conclusion}"
    if history.last_good:
        yield f"Last good run: {run_in_words(history.last_good)}, commit {history.last_good.head_sha}"
    for passed in history.passed_before[:3]:
        yield f"Same commit passed before: {run_in_words(passed)}"
    if history.newer:
        yield f"Newer run: {run_in_words(history.newer)}, {_state(history.newer)}"
