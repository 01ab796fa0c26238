"""The log of a failed job, as the reducer kept it, and where in it the failed step begins."""

from bot.domain.evidence import Evidence, EvidenceKind, Excerpt
from bot.domain.pipeline import PipelineJob, WorkflowRun
from bot.evidence.readers.run import History
from bot.evidence.source import Source, facts, masked_count, short

_STEP = "##[group]Run "
_ERROR = "##[error]"
_CLEANUP = "Post job cleanup."


def read_ci_log(kept: Excerpt, run: WorkflowRun, job: PipelineJob, history: History, source: Source) -> Evidence:
    """Return the job's log as evidence; its address is the failing line of the failed step.

    Facts: workflow, job, step, step_number and step_line (the line at which the failed step's own log begins; both only
    where they are known), lines, conclusion (the job's), runner, commit, passed_before and passed_run as of the run.
    """
    step = job.failed_step
    begin, error = step_span(kept) if step else (0, 0)
    shown = f"{kept.total_lines} lines" if not kept.truncated else f"{len(kept.lines)} of {kept.total_lines} lines"
    url = job.url
    if url and step:
        line = error - begin + 1 if begin else 1
        url = f"{url.partition('#')[0]}#step:{step.number}:{line}"
    return Evidence(
        id=source.id,
        kind=EvidenceKind.CI_LOG,
        target=source.target,
        summary=f"Log of job {short(job.name)}{f', step {short(step.name)}' if step else ''}: {shown}",
        excerpt=kept,
        facts=facts(
            workflow=run.workflow,
            job=job.name,
            step=step.name if step else "",
            step_number=step.number if step else None,
            step_line=begin or None,
            lines=kept.total_lines,
            conclusion=job.conclusion,
            runner=job.runner,
            commit=run.head_sha,
            passed_before=bool(history.passed_before),
            passed_run=history.passed,
        ),
        url=url,
        collected_at=source.at,
        redactions=masked_count(kept),
    )


def step_span(kept: Excerpt) -> tuple[int, int]:
    """Return the lines at which the failed step begins and at which it says that it failed; zeros when not to be seen.

    A job's log is its steps' logs one after another. Each step begins with the group that shows what it runs, and the
    last error before the cleanup of the job is the failed step's own. Of a long log the reducer keeps the headers of the
    last verdicts, so that both are in what is kept.
    """
    begin = error = header = 0
    for line in kept.lines:
        text = line.text[:200]
        if _CLEANUP in text and error:
            break
        if _STEP in text:
            header = line.number
        elif _ERROR in text and header:
            begin, error = header, line.number
    return begin, error
