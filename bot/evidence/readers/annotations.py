"""What the runner and the steps of a job marked: the runner's own end is told only here."""

from bot.domain.evidence import Evidence, EvidenceKind
from bot.domain.pipeline import Annotation, PipelineJob, WorkflowRun
from bot.evidence.source import Source, facts, masked_count, numbered, short

PAGES = "/actions/runs/"


def read_annotations(
    annotations: tuple[Annotation, ...], run: WorkflowRun, job: PipelineJob, source: Source
) -> Evidence:
    """Return the annotations, one line each: `failure src/a.py:12 title: message`. Messages are masked already.

    Facts: job, step, annotations (how many), and path and line of the first failure that names a place in the repository.
    The address is that place at the run's commit, else the job.
    """
    placed = next((a for a in annotations if a.level == "failure" and a.path and a.path != ".github"), None)
    step = job.failed_step
    excerpt = numbered(_line(each) for each in annotations)
    home = run.url.partition(PAGES)[0] if PAGES in run.url else ""
    url = f"{home}/blob/{run.head_sha}/{placed.path}#L{placed.line or 1}" if placed and home else job.url
    return Evidence(
        id=source.id,
        kind=EvidenceKind.ANNOTATIONS,
        target=source.target,
        summary=f"{len(annotations)} annotations of job {short(job.name)}",
        excerpt=excerpt,
        facts=facts(
            job=job.name,
            step=step.name if step else "",
            annotations=len(annotations),
            path=placed.path if placed else "",
            line=placed.line or None if placed else None,
        ),
        url=url,
        collected_at=source.at,
        redactions=masked_count(excerpt),
    )


def _line(each: Annotation) -> str:
    place = f" {each.path}:{each.line}" if each.path and each.line else ""
    title = f" {each.title}:" if each.title else ""
    return f"{each.level}{place}{title} {' '.join(each.message.split())}"
