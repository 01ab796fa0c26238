"""The workflow file at the run's commit: the part that tells the failed job what to do."""

import re

from bot.domain.evidence import Evidence, EvidenceKind
from bot.domain.pipeline import PipelineJob, RepoFile, WorkflowRun
from bot.evidence.readers.annotations import PAGES
from bot.evidence.source import Source, excerpt_of, facts, masked_count

MAX_LINES = 150
_JOB = re.compile(r"  (?:[\"']?)(?P<id>[\w-]{1,100})(?:[\"']?):\s{0,20}(?:#.*)?$")


def read_workflow_file(file: RepoFile, run: WorkflowRun, failed: tuple[PipelineJob, ...], source: Source) -> Evidence:
    """Return the lines of the first failed job, else the beginning of the file, with their numbers. Masked already.

    Facts: path, commit, lines. The address is the file at the commit.
    """
    first = _job_line(file.lines, failed[0].name) if failed else 1
    excerpt = excerpt_of(file.lines, first, first + MAX_LINES - 1)
    home = run.url.partition(PAGES)[0] if PAGES in run.url else ""
    return Evidence(
        id=source.id,
        kind=EvidenceKind.WORKFLOW_FILE,
        target=source.target,
        summary=f"{file.path}: {len(file.lines)} lines",
        excerpt=excerpt,
        facts=facts(path=file.path, commit=run.head_sha, lines=len(file.lines)),
        url=f"{home}/blob/{run.head_sha}/{file.path}#L{first}" if home else "",
        collected_at=source.at,
        redactions=masked_count(excerpt),
    )


def _job_line(lines: tuple[str, ...], name: str) -> int:
    """Return the line at which the job begins: its id, or the `name:` below one; 1 when it is not found.

    A job of a matrix is called `name (values)`, one of a called workflow `caller / name`.
    """
    wanted = name.partition(" / ")[0].partition(" (")[0].strip().lower()
    begin = 1
    for number, line in enumerate(lines, 1):
        found = _JOB.match(line[:300])
        if found:
            begin = number
            if found["id"].lower() == wanted:
                return number
        elif _is_name(line, wanted):
            return begin
    return 1


def _is_name(line: str, wanted: str) -> bool:
    """Whether the line gives the job of the id above it this name."""
    key, _, name = line.strip()[:300].partition(":")
    at_job = line.startswith("    ") and line[4:5] != " "
    return at_job and key == "name" and name.strip().strip("\"'").lower() == wanted
