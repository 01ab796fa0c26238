"""A CI platform's values with strangers' words masked: titles, messages, names of jobs and steps, lines of files.

A step without a name of its own is called after its command, so that its name can hold what the command holds.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bot.domain.evidence import Excerpt
from bot.domain.finding import Finding
from bot.domain.pipeline import (
    Annotation,
    Commit,
    Dispatch,
    PipelineJob,
    PullRequest,
    PullRequestWanted,
    RepoFile,
    WorkflowRun,
)
from bot.evidence.mask_files import masked_lines
from bot.evidence.masking import Mask, Masking, masked
from bot.ports import Keep, Pipelines
from knowledge.text.redact import Session


def masked_run(run: WorkflowRun, mask: Mask) -> WorkflowRun:
    """Return the run with its title masked."""
    return replace(run, title=masked(run.title, mask))


def masked_job(job: PipelineJob, mask: Mask) -> PipelineJob:
    """Return the job with its name and those of its steps masked."""
    steps = tuple(replace(step, name=masked(step.name, mask)) for step in job.steps)
    return replace(job, name=masked(job.name, mask), steps=steps)


def masked_commit(commit: Commit, mask: Mask) -> Commit:
    """Return the commit with its message masked."""
    return replace(commit, message=masked(commit.message, mask))


class MaskedPipelines(Masking):
    """Pipelines whose answers and refusals are masked. Logs are masked by `keep`, which sees them line by line."""

    def __init__(self, target: Pipelines, session_of: Callable[[], Session]) -> None:
        super().__init__(session_of)
        self._target = target

    def run(self, repo: str, run_id: str) -> WorkflowRun:
        return masked_run(self._asked(lambda: self._target.run(repo, run_id)), self._mask)

    def runs(self, repo: str, workflow: str, branch: str, limit: int) -> tuple[WorkflowRun, ...]:
        return self._runs(lambda: self._target.runs(repo, workflow, branch, limit))

    def attempts(self, run: WorkflowRun) -> tuple[WorkflowRun, ...]:
        return self._runs(lambda: self._target.attempts(run))

    def last_good(self, run: WorkflowRun) -> WorkflowRun | None:
        found = self._asked(lambda: self._target.last_good(run))
        return masked_run(found, self._mask) if found else None

    def jobs(self, repo: str, run_id: str, attempt: int) -> tuple[PipelineJob, ...]:
        found = self._asked(lambda: self._target.jobs(repo, run_id, attempt))
        return tuple(masked_job(job, self._mask) for job in found)

    def annotations(self, repo: str, job_id: str) -> tuple[Annotation, ...]:
        found = self._asked(lambda: self._target.annotations(repo, job_id))
        return tuple(
            replace(each, message=masked(each.message, self._mask), title=masked(each.title, self._mask))
            for each in found
        )

    def log(self, repo: str, job_id: str, keep: Keep) -> Excerpt:
        return self._asked(lambda: self._target.log(repo, job_id, keep))

    def file(self, repo: str, path: str, ref: str) -> RepoFile:
        found = self._asked(lambda: self._target.file(repo, path, ref))
        return replace(found, lines=masked_lines(found.lines, path, self._session_of()))

    def files(self, repo: str, path: str, ref: str) -> tuple[str, ...]:
        return self._asked(lambda: self._target.files(repo, path, ref))

    def commits(self, repo: str, ref: str, path: str, limit: int) -> tuple[Commit, ...]:
        return self._commits(lambda: self._target.commits(repo, ref, path, limit))

    def compare(self, repo: str, base: str, head: str) -> tuple[Commit, ...]:
        return self._commits(lambda: self._target.compare(repo, base, head))

    def commit(self, repo: str, sha: str) -> Commit:
        return masked_commit(self._asked(lambda: self._target.commit(repo, sha)), self._mask)

    def default_branch(self, repo: str) -> str:
        return self._asked(lambda: self._target.default_branch(repo))

    def pull_of(self, repo: str, branch: str) -> PullRequest | None:
        found = self._asked(lambda: self._target.pull_of(repo, branch))
        return self._pull(found) if found else None

    def branch_exists(self, repo: str, branch: str) -> bool:
        return self._asked(lambda: self._target.branch_exists(repo, branch))

    def viewer(self) -> str:
        return self._asked(self._target.viewer)

    def rerun_failed_jobs(self, repo: str, run_id: str) -> None:
        self._asked(lambda: self._target.rerun_failed_jobs(repo, run_id))

    def dispatch(self, wanted: Dispatch) -> str:
        return self._asked(lambda: self._target.dispatch(wanted))

    def dispatched(self, repo: str, workflow_file: str, mark: str, since: datetime) -> WorkflowRun | None:
        found = self._asked(lambda: self._target.dispatched(repo, workflow_file, mark, since))
        return masked_run(found, self._mask) if found else None

    def open_pull(self, wanted: PullRequestWanted) -> PullRequest:
        return self._pull(self._asked(lambda: self._target.open_pull(wanted)))

    def checkup(self, repositories: tuple[str, ...]) -> tuple[Finding, ...]:
        return tuple(replace(each, says=masked(each.says, self._mask)) for each in self._target.checkup(repositories))

    def _runs(self, call: Callable[[], tuple[WorkflowRun, ...]]) -> tuple[WorkflowRun, ...]:
        return tuple(masked_run(run, self._mask) for run in self._asked(call))

    def _commits(self, call: Callable[[], tuple[Commit, ...]]) -> tuple[Commit, ...]:
        return tuple(masked_commit(commit, self._mask) for commit in self._asked(call))

    def _pull(self, pull: PullRequest) -> PullRequest:
        return replace(pull, title=masked(pull.title, self._mask))
