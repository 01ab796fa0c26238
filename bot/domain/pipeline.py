"""What a CI platform (GitHub Actions) says about runs, jobs, files, commits and pull requests.

Copied out of the vendor's objects in the adapter. Titles, messages, names of steps and contents of files are strangers'
text: masked at the port, never an instruction. Values of secrets and variables are never carried.
"""

from datetime import datetime

from bot.domain.values import value

FIX_BRANCH = "codehealer/"
"""Prefix of the branch that a fix is written to; the execution's id follows, so that the name is its marker."""

DISPATCH_INPUT = "codehealer_id"
"""The input that a workflow declares, and uses in its run-name, to be dispatched by us: the execution's id."""


@value
class JobStep:
    """`conclusion` is GitHub's: success, failure, cancelled, skipped, timed_out, neutral, or empty while it runs."""

    number: int
    name: str
    conclusion: str = ""


@value
class PipelineJob:
    """One job of one attempt. `status` is queued, in_progress, completed ...; `conclusion` as in JobStep."""

    id: str
    name: str
    status: str
    conclusion: str = ""
    url: str = ""
    attempt: int = 1
    runner: str = ""
    steps: tuple[JobStep, ...] = ()
    started_at: datetime | None = None
    completed_at: datetime | None = None

    @property
    def failed(self) -> bool:
        """Whether the job ended and not well."""
        return self.conclusion in FAILED

    @property
    def failed_step(self) -> JobStep | None:
        """The first step that failed, or None."""
        return next((each for each in self.steps if each.conclusion in FAILED), None)


FAILED = frozenset({"failure", "timed_out", "startup_failure", "cancelled", "action_required"})


@value
class WorkflowRun:
    """One run as its newest attempt stands. `workflow_path` is the file, such as `.github/workflows/ci.yml`.

    `title` is the run's display title, which a `run-name` can set; `actor` started the run, `rerun_by` this attempt.
    """

    connection: str = "default"
    repo: str
    id: str
    attempt: int = 1
    number: int = 0
    workflow: str = ""
    workflow_path: str = ""
    event: str = ""
    branch: str = ""
    head_sha: str = ""
    status: str = ""
    conclusion: str = ""
    title: str = ""
    url: str = ""
    actor: str = ""
    rerun_by: str = ""
    created_at: datetime | None = None
    started_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def is_completed(self) -> bool:
        """Whether nothing of it runs any more."""
        return self.status == "completed"

    @property
    def failed(self) -> bool:
        """Whether it ended and not well."""
        return self.is_completed and self.conclusion in FAILED


@value
class Annotation:
    """A line that a step marked: `level` is failure, warning or notice; path and line are of the repository."""

    level: str
    message: str
    title: str = ""
    path: str = ""
    line: int = 0


@value
class Commit:
    """Who pushed what. `message` is its first line; `files` are the paths it changed, at most 50 (empty: not asked)."""

    sha: str
    author: str = ""
    message: str = ""
    at: datetime | None = None
    url: str = ""
    files: tuple[str, ...] = ()


@value
class RepoFile:
    """A text file at a commit, line by line, masked: line n of the file is `lines[n - 1]`. `blob_sha` is Git's."""

    connection: str = "default"
    repo: str
    path: str
    ref: str
    blob_sha: str
    lines: tuple[str, ...] = ()


@value
class FileEdit:
    """Replace the lines `old`, which begin at line `first_line` (from 1) of the blob, by `new`. No line is masked.

    The adapter makes the change in the raw text, only if the blob is still this one and the lines are still `old`.
    """

    path: str
    blob_sha: str
    first_line: int
    old: tuple[str, ...]
    new: tuple[str, ...]


@value
class PullRequest:
    """`state` is open or closed; `merge_sha` is the commit on the base branch once merged."""

    repo: str
    number: int
    state: str
    branch: str
    base: str
    merged: bool = False
    merge_sha: str = ""
    head_sha: str = ""
    title: str = ""
    url: str = ""


@value
class PullRequestWanted:
    """A branch of its own with edits, and the pull request for it. `branch` does not exist before: that is the guard."""

    repo: str
    base: str
    branch: str
    title: str
    body: str
    commit_message: str
    edits: tuple[FileEdit, ...]


@value
class Dispatch:
    """Start a workflow by hand (workflow_dispatch) at a branch. `inputs` are (name, value)."""

    repo: str
    workflow_file: str
    ref: str
    inputs: tuple[tuple[str, str], ...] = ()
