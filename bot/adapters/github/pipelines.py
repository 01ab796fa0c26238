"""`ports.Pipelines` on GitHub's REST API: https://docs.github.com/en/rest (2022-11-28)."""

import re
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from bot.adapters.github.checkup import checkup
from bot.adapters.github.door import PAGE, Door, Query
from bot.adapters.github.edits import lines_of
from bot.adapters.github.logs import OPERATION as READ_LOG
from bot.adapters.github.logs import Log, Source, checked, lost
from bot.adapters.github.paths import name_path, number, repo_path
from bot.adapters.github.pulls import open_pull
from bot.adapters.github.values import (
    annotation_from,
    commit_from,
    file_text,
    head_repo,
    job_from,
    list_of,
    object_of,
    objects,
    pull_from,
    run_from,
    text,
)
from bot.domain.errors import NotFound, PlatformError, Rejected
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
from bot.ports import Keep

MAX_ATTEMPTS = 10
MAX_ANNOTATIONS = 50
MAX_FILES = 200
MAX_COMMITS = 50
LOOKED_AT = 30
CLOCK_SKEW = timedelta(minutes=5)

WORKFLOW_FILE = re.compile(r"[^/]{1,200}\.ya?ml", re.IGNORECASE)
WORKFLOWS = ".github/workflows/"
NO_RUN_DETAILS = "return_run_details"


P = ParamSpec("P")
T = TypeVar("T")

Method = Callable[Concatenate["GithubPipelines", P], T]


def placed(operation: str) -> Callable[[Method[P, T]], Method[P, T]]:
    """Wrap a method: an error that does not know its connection and operation yet is told them."""

    def wrap(method: Method[P, T]) -> Method[P, T]:
        @wraps(method)
        def call(self: "GithubPipelines", /, *args: P.args, **kwargs: P.kwargs) -> T:
            try:
                return method(self, *args, **kwargs)
            except PlatformError as error:
                if error.operation:
                    raise
                kind = type(error)
                raise kind(
                    error.detail, connection=self.connection, operation=operation, status=error.status
                ) from error

        return call

    return wrap


class GithubPipelines:
    """Fulfils `ports.Pipelines`. Every error that leaves it is a PlatformError with connection and operation."""

    def __init__(self, connection: str, door: Door, log_hosts: tuple[str, ...], *, loopback: bool) -> None:
        self.connection = connection
        self._door, self._log_hosts, self._loopback = door, log_hosts, loopback

    def close(self) -> None:
        self._door.close()

    # --- runs

    @placed("read run")
    def run(self, repo: str, run_id: str) -> WorkflowRun:
        answer = self._get("read run", repo, f"/actions/runs/{number(run_id)}")
        return run_from(self.connection, repo, answer)

    @placed("list runs")
    def runs(self, repo: str, workflow: str, branch: str, limit: int) -> tuple[WorkflowRun, ...]:
        """Return the newest runs; a workflow's display name costs one request more, and none of that name gives none."""
        query = [("branch", branch)] if branch else []
        if not workflow:
            return self._runs(repo, "/actions/runs", query, limit)
        file = workflow.rpartition("/")[2]
        if not WORKFLOW_FILE.fullmatch(file):
            answer = object_of(self._get("list workflows", repo, "/actions/workflows", [("per_page", PAGE)]), "list")
            named = [each for each in objects(answer, "workflows") if text(each, "name") == workflow]
            if not named:
                return ()
            file = str(named[0].get("id"))
        return self._runs(repo, f"/actions/workflows/{name_path(file)}/runs", query, limit)

    @placed("read attempt")
    def attempts(self, run: WorkflowRun) -> tuple[WorkflowRun, ...]:
        """Return the earlier attempts, oldest first, the newest ten of them; one whose record is gone is left out."""
        found = []
        for attempt in range(max(1, run.attempt - MAX_ATTEMPTS), run.attempt):
            try:
                answer = self._get("read attempt", run.repo, f"/actions/runs/{number(run.id)}/attempts/{attempt}")
            except NotFound:
                continue
            found.append(run_from(self.connection, run.repo, answer))
        return tuple(found)

    @placed("find last good run")
    def last_good(self, run: WorkflowRun) -> WorkflowRun | None:
        """Return the newest run before this one that succeeded, of the 30 newest successes before it."""
        query = [("status", "success")]
        query += [("branch", run.branch)] if run.branch else []
        query += [("created", f"<={run.created_at:%Y-%m-%dT%H:%M:%SZ}")] if run.created_at else []
        found = self._runs(run.repo, self._runs_path(run.workflow_path), query, LOOKED_AT)
        good = (each for each in found if each.conclusion == "success" and each.number < run.number)
        same = (each for each in good if (each.workflow_path, each.branch) == (run.workflow_path, run.branch))
        return next(same, None)

    @placed("list jobs")
    def jobs(self, repo: str, run_id: str, attempt: int) -> tuple[PipelineJob, ...]:
        where = f"/actions/runs/{number(run_id)}/attempts/{attempt}/jobs"
        answer = object_of(self._get("list jobs", repo, where, [("per_page", PAGE)]), "list")
        return tuple(job_from(each) for each in objects(answer, "jobs")[:PAGE])

    @placed("list annotations")
    def annotations(self, repo: str, job_id: str) -> tuple[Annotation, ...]:
        where = f"/check-runs/{number(job_id)}/annotations"
        answer = list_of(self._get("list annotations", repo, where, [("per_page", PAGE)]), "annotations")
        found = sorted(map(annotation_from, answer), key=lambda each: each.level != "failure")
        return tuple(found[:MAX_ANNOTATIONS])

    @placed("read job log")
    def log(self, repo: str, job_id: str, keep: Keep) -> Excerpt:
        """Return what `keep` keeps of a job's log. One that breaks off, or is beyond 200 MB, comes truncated.

        It is asked for again, from its redirect on, only while `keep` has seen nothing of it.
        """
        where = f"{repo_path(repo)}/actions/jobs/{number(job_id)}/logs"
        with closing(self._door.again(READ_LOG, lambda: self._opened(where, repo))) as source:
            log = Log(source.chunks())
            kept = keep(log.lines())
        if log.failure is not None and not kept.total_lines:
            raise lost(log, self.connection)
        return replace(kept, truncated=True) if log.cut else kept

    def _opened(self, where: str, repo: str) -> Source:
        location = self._door.location(READ_LOG, where, repo=repo)
        return Source(self._door.network, checked(location, self._log_hosts, loopback=self._loopback), self.connection)

    # --- files and commits

    @placed("read file")
    def file(self, repo: str, path: str, ref: str) -> RepoFile:
        answer = self._get("read file", repo, f"/contents/{name_path(path)}", [("ref", ref)] if ref else [])
        if isinstance(answer, list):
            raise Rejected(f"{path} is a folder")
        sha, found = file_text(answer, path)
        return RepoFile(connection=self.connection, repo=repo, path=path, ref=ref, blob_sha=sha, lines=lines_of(found))

    @placed("list files")
    def files(self, repo: str, path: str, ref: str) -> tuple[str, ...]:
        answer = self._get("list files", repo, f"/contents/{name_path(path)}", [("ref", ref)] if ref else [])
        if not isinstance(answer, list):
            raise NotFound(f"{path} is no folder")
        return tuple(sorted(text(each, "path") for each in list_of(answer, "files") if text(each, "type") == "file"))[
            :MAX_FILES
        ]

    @placed("list commits")
    def commits(self, repo: str, ref: str, path: str, limit: int) -> tuple[Commit, ...]:
        query: list[tuple[str, str | int]] = [("per_page", max(1, min(limit, PAGE)))]
        query += [("sha", ref)] if ref else []
        query += [("path", path)] if path else []
        return tuple(map(commit_from, list_of(self._get("list commits", repo, "/commits", query), "commits")[:limit]))

    @placed("compare")
    def compare(self, repo: str, base: str, head: str) -> tuple[Commit, ...]:
        """Return the commits of head that are not in base. GitHub lists the oldest first, so the last pages are asked."""
        where = f"/compare/{name_path(base)}...{name_path(head)}"
        answer = object_of(self._get("compare", repo, where, [("per_page", PAGE)]), "comparison")
        found = objects(answer, "commits")
        total = answer.get("total_commits")
        last = -(-total // PAGE) if isinstance(total, int) else 1
        for page in range(max(2, last - 1), last + 1):
            query = [("per_page", PAGE), ("page", page)]
            found += objects(object_of(self._get("compare", repo, where, query), "comparison"), "commits")
        return tuple(replace(commit_from(each), files=()) for each in reversed(found[-MAX_COMMITS:]))

    @placed("read commit")
    def commit(self, repo: str, sha: str) -> Commit:
        return commit_from(self._get("read commit", repo, f"/commits/{name_path(sha)}"))

    @placed("read repository")
    def default_branch(self, repo: str) -> str:
        return text(object_of(self._get("read repository", repo, ""), "repository"), "default_branch")

    # --- branches and pull requests

    @placed("list pull requests")
    def pull_of(self, repo: str, branch: str) -> PullRequest | None:
        owner = repo.partition("/")[0]
        query = [("head", f"{owner}:{branch}"), ("state", "all"), ("sort", "created"), ("direction", "desc")]
        answer = list_of(self._get("list pull requests", repo, "/pulls", query), "pull requests")
        ours = [each for each in answer if head_repo(each) in ("", repo.lower())]  # a head GitHub cannot read means all
        found = [pull for each in ours if (pull := pull_from(repo, each)).branch == branch]
        return max(found, key=lambda pull: pull.number, default=None)

    @placed("read branch")
    def branch_exists(self, repo: str, branch: str) -> bool:
        """Return whether the branch exists. Raises NotFound when the repository is not to be seen: then nobody knows."""
        try:
            self._get("read branch", repo, f"/git/ref/heads/{name_path(branch)}")
        except NotFound:
            self.default_branch(repo)
            return False
        return True

    @placed("open pull request")
    def open_pull(self, wanted: PullRequestWanted) -> PullRequest:
        """Make branch, commits and pull request, one request each. After any error it is safe to call again.

        A refusal in the middle (a permission that only one of them needs) leaves what was made before it.
        """
        return open_pull(self._door, wanted, self.pull_of)

    # --- actions

    @placed("read who we are")
    def viewer(self) -> str:
        return self._door.credentials.login()

    @placed("re-run failed jobs")
    def rerun_failed_jobs(self, repo: str, run_id: str) -> None:
        where = f"{repo_path(repo)}/actions/runs/{number(run_id)}/rerun-failed-jobs"
        self._door.write("re-run failed jobs", "POST", where, None, repo=repo)

    @placed("dispatch workflow")
    def dispatch(self, wanted: Dispatch) -> str:
        """Start the workflow and return the new run's id, which GitHub tells since 2026.

        A server that does not know how refuses the question (422) and starts nothing: then it is asked without.
        """
        file = name_path(wanted.workflow_file.rpartition("/")[2])
        where = f"{repo_path(wanted.repo)}/actions/workflows/{file}/dispatches"
        body: dict[str, object] = {"ref": wanted.ref, "inputs": dict(wanted.inputs), NO_RUN_DETAILS: True}
        try:
            answer = self._door.write("dispatch workflow", "POST", where, body, repo=wanted.repo)
        except Rejected as error:
            if NO_RUN_DETAILS not in error.detail:
                raise
            del body[NO_RUN_DETAILS]
            answer = self._door.write("dispatch workflow", "POST", where, body, repo=wanted.repo)
        run_id = answer.get("workflow_run_id") if isinstance(answer, dict) else None
        return str(run_id) if isinstance(run_id, int) else ""

    @placed("find dispatched run")
    def dispatched(self, repo: str, workflow_file: str, mark: str, since: datetime) -> WorkflowRun | None:
        """Return the run whose title holds the mark as a word of its own; the newest if several do.

        Five minutes before `since` are looked at too: GitHub's clock is not ours, and the mark is nobody else's.
        """
        floor = since.astimezone(UTC).replace(microsecond=0) - CLOCK_SKEW
        query = [("event", "workflow_dispatch"), ("created", f">={floor:%Y-%m-%dT%H:%M:%SZ}")]
        found = self._runs(repo, self._runs_path(workflow_file), query, PAGE)
        whole = re.compile(rf"(?<!\w){re.escape(mark)}(?!\w)")
        begun = (each for each in found if each.created_at and each.created_at >= floor)
        return next((each for each in begun if whole.search(each.title)), None)

    def checkup(self, repositories: tuple[str, ...]) -> tuple[Finding, ...]:
        return checkup(self._door, repositories)

    # --- inside

    def _get(self, operation: str, repo: str, path: str, query: Query = ()) -> Any:
        return self._door.get(operation, f"{repo_path(repo)}{path}", query, repo=repo)

    def _runs(self, repo: str, path: str, query: list[tuple[str, str]], limit: int) -> tuple[WorkflowRun, ...]:
        limit = max(1, min(limit, PAGE))
        asked: Query = [*query, ("per_page", limit), ("exclude_pull_requests", "true")]
        answer = object_of(self._get("list runs", repo, path, asked), "list")
        return tuple(run_from(self.connection, repo, each) for each in objects(answer, "workflow_runs")[:limit])

    def _runs_path(self, workflow: str) -> str:
        """Return where a workflow's runs are; those of one without a file (code scanning's) are among all the others."""
        file = workflow.rpartition("/")[2]
        known = WORKFLOW_FILE.fullmatch(file) and (workflow == file or workflow.startswith(WORKFLOWS))
        return f"/actions/workflows/{name_path(file)}/runs" if known else "/actions/runs"
