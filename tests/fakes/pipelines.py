"""A GitHub in memory that keeps `ports.Pipelines`' promises; the contract suite runs against it too.

Repositories hold commits with snapshots of their files, branches, runs with attempts, jobs, logs and pull requests. A
re-run or dispatch begins an attempt that ends at once as `comes_to` says, or stays in progress until `finish`. Faults
are scripted: the next call of that operation meets them. `writes` counts what was done, by kind: rerun, dispatch, ref,
contents, pull; `calls` counts calls of the port, by method.

`open_pull` is three kinds of writes, so its faults name one: `open_pull.ref`, `open_pull.contents`, `open_pull.pull`.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bot.domain.errors import AnswerLost, Conflict, Forbidden, NotFound, PlatformError, Rejected
from bot.domain.evidence import Excerpt
from bot.domain.finding import Finding
from bot.domain.pipeline import (
    Annotation,
    Commit,
    Dispatch,
    FileEdit,
    JobStep,
    PipelineJob,
    PullRequest,
    PullRequestWanted,
    RepoFile,
    WorkflowRun,
)
from bot.ports import Keep, Pipelines
from tests.fakes.faults import Fault

START = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
SITE = "https://github.com"
RUN_NAME_INPUT = re.compile(r"\$\{\{ ?(?:github\.event\.)?inputs\.(\w{1,60}) ?\}\}")


def lines_of(text: str) -> tuple[str, ...]:
    """Lines as GitHub counts them: a line feed ends one, a carriage return before it is no part of it."""
    pieces = text.split("\n")
    return tuple([piece.removesuffix("\r") for piece in pieces[:-1]] + [piece for piece in pieces[-1:] if piece])


def blob_of(text: str) -> str:
    data = text.encode()
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


@dataclass(frozen=True)
class FakeJob:
    """What a job of an attempt comes to. The last of `steps` bears the job's conclusion, the others succeed."""

    name: str = "build"
    conclusion: str = "success"
    steps: tuple[str, ...] = ("Set up job", "Run")
    log: tuple[str, ...] = ("all is well",)
    annotations: tuple[Annotation, ...] = ()


@dataclass
class Repo:
    default: str
    branches: dict[str, str] = field(default_factory=dict)
    commits: dict[str, Commit] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    trees: dict[str, dict[str, str]] = field(default_factory=dict)
    runs: dict[str, list[WorkflowRun]] = field(default_factory=dict)
    jobs: dict[tuple[str, int], tuple[PipelineJob, ...]] = field(default_factory=dict)
    pulls: dict[int, PullRequest] = field(default_factory=dict)


@dataclass
class FakePipelines(Pipelines):
    """`run_details`: a dispatch tells the new run's id. `comes_to[repo, workflow path]`: how attempts that we begin end.

    "" leaves the attempt in progress. `cures[repo, workflow path]`: once a run of it succeeds, `comes_to` of the named
    (repo, workflow path) becomes "success". `clock` gives its time; without one each write is a second after START.
    `forbidden`: repositories that the credential cannot see or touch.
    """

    connection: str = "default"
    login: str = "codehealer[bot]"
    run_details: bool = True
    repos: dict[str, Repo] = field(default_factory=dict)
    comes_to: dict[tuple[str, str], str] = field(default_factory=dict)
    cures: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    forbidden: set[str] = field(default_factory=set)
    logs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    marked: dict[str, tuple[Annotation, ...]] = field(default_factory=dict)
    bodies: dict[tuple[str, int], str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    writes: Counter[str] = field(default_factory=Counter)
    clock: Callable[[], datetime] | None = None
    at: datetime = START
    serial: int = 1000

    # --- the world

    def add_repo(self, repo: str, files: Mapping[str, str] | None = None, *, branch: str = "main") -> str:
        """Make a repository with one commit of these files on its default branch; return the commit's sha."""
        self.repos[repo] = Repo(default=branch)
        return self.push(repo, files or {}, message="Begin", author="ana")

    def push(
        self, repo: str, files: Mapping[str, str | None], *, branch: str = "", message: str = "Change", author="ana"
    ) -> str:
        """Commit files (None: deleted) to a branch (empty: the default one, a new one begins there); return the sha."""
        home = self.repos[repo]
        branch = branch or home.default
        parent = home.branches.get(branch) or home.branches.get(home.default, "")
        tree = {**home.trees.get(parent, {}), **files}
        sha = hashlib.sha1(f"{repo} {self._next()}".encode()).hexdigest()
        home.trees[sha] = {path: text for path, text in tree.items() if text is not None}
        home.parents[sha] = parent
        url = f"{SITE}/{repo}/commit/{sha}"
        home.commits[sha] = Commit(
            sha=sha, author=author, message=message.partition("\n")[0], at=self.at, url=url, files=tuple(sorted(files))
        )
        home.branches[branch] = sha
        return sha

    def add_run(
        self,
        repo: str,
        jobs: Sequence[FakeJob] = (FakeJob(conclusion="failure"),),
        *,
        workflow: str = "CI",
        path: str = ".github/workflows/ci.yml",
        branch: str = "",
        sha: str = "",
        event: str = "push",
        actor: str = "ana",
        title: str = "",
    ) -> WorkflowRun:
        """Add a completed first attempt. It failed if a job failed; of the branch's newest commit unless `sha` is given."""
        home = self.repos[repo]
        branch = branch or home.default
        number, run_id = sum(r[0].workflow_path == path for r in home.runs.values()) + 1, str(self._next())
        run = WorkflowRun(
            connection=self.connection, repo=repo, id=run_id, number=number, workflow=workflow, workflow_path=path,
            event=event, branch=branch, head_sha=sha or home.branches[branch], title=title or workflow,
            url=f"{SITE}/{repo}/actions/runs/{run_id}", actor=actor, rerun_by=actor, status="in_progress",
            created_at=self.at, started_at=self.at, updated_at=self.at,
        )  # fmt: skip
        home.runs[run_id] = [run]
        return self.finish(repo, run_id, jobs)

    def finish(self, repo: str, run_id: str, jobs: Sequence[FakeJob] = (FakeJob(),)) -> WorkflowRun:
        """End the newest attempt with these jobs."""
        home = self.repos[repo]
        run = home.runs[run_id][-1]
        made = tuple(self._job(run, job) for job in jobs)
        home.jobs[run_id, run.attempt] = made
        conclusions = [job.conclusion for job in made]
        ended = next((c for c in ("failure", "timed_out", "cancelled") if c in conclusions), "success")
        home.runs[run_id][-1] = replace(run, status="completed", conclusion=ended, updated_at=self._later())
        cured = self.cures.get((repo, run.workflow_path))
        if cured and ended == "success":
            self.comes_to[cured] = "success"
        return home.runs[run_id][-1]

    def expire_log(self, job_id: str) -> None:
        self.logs.pop(job_id, None)

    def merge(self, repo: str, number: int) -> PullRequest:
        """A person merges the pull request: its branch's files are the base's."""
        home = self.repos[repo]
        pull = home.pulls[number]
        before, after = (home.trees[home.branches[name]] for name in (pull.base, pull.branch))
        changed = {path: text for path, text in after.items() if before.get(path) != text}
        sha = self.push(repo, changed, branch=pull.base, message=f"Merge pull request #{number}", author="ben")
        home.pulls[number] = replace(pull, state="closed", merged=True, merge_sha=sha)
        return home.pulls[number]

    def close(self, repo: str, number: int) -> None:
        self.repos[repo].pulls[number] = replace(self.repos[repo].pulls[number], state="closed")

    # --- faults

    def fail(self, operation: str, error: PlatformError, times: int = 1) -> None:
        """The next call of the operation raises this, nothing done."""
        self.faults.append(Fault(operation=operation, error=error, times=times))

    def lose_answer(self, operation: str, *, applied: bool) -> None:
        """The next such write gets no answer; `applied` says whether it was done all the same."""
        self.faults.append(Fault(operation=operation, error=self._lost("the connection broke", 0), before=not applied))

    def answer_500(self, operation: str, *, applied: bool = True) -> None:
        """The next such write is done (or not) and answered 500."""
        self.faults.append(Fault(operation=operation, error=self._lost("Server Error", 500), before=not applied))

    def refuse(self, operation: str, reason: str = "Resource not accessible by integration", status: int = 403) -> None:
        """The next such call is refused with GitHub's words; 422 is Rejected, 403 Forbidden, 404 NotFound, 409 Conflict."""
        kind = {403: Forbidden, 404: NotFound, 409: Conflict}.get(status, Rejected)
        self.fail(operation, kind(reason, connection=self.connection, operation=operation, status=status))

    # --- ports.Pipelines: reads

    def run(self, repo: str, run_id: str) -> WorkflowRun:
        home = self._home("run", repo)
        return self._found(home.runs.get(run_id), "no such run")[-1]

    def runs(self, repo: str, workflow: str, branch: str, limit: int) -> tuple[WorkflowRun, ...]:
        home = self._home("runs", repo)
        newest = [attempts[-1] for attempts in reversed(home.runs.values())]
        names = [(run, {"", run.workflow, run.workflow_path, run.workflow_path.rpartition("/")[2]}) for run in newest]
        return tuple(run for run, known in names if workflow in known and branch in ("", run.branch))[:limit]

    def attempts(self, run: WorkflowRun) -> tuple[WorkflowRun, ...]:
        home = self._home("attempts", run.repo)
        return tuple(each for each in home.runs.get(run.id, ()) if each.attempt < run.attempt)

    def last_good(self, run: WorkflowRun) -> WorkflowRun | None:
        home = self._home("last_good", run.repo)
        newest = [attempts[-1] for attempts in reversed(home.runs.values())]
        same = [each for each in newest if (each.workflow_path, each.branch) == (run.workflow_path, run.branch)]
        return next((each for each in same if each.number < run.number and each.conclusion == "success"), None)

    def jobs(self, repo: str, run_id: str, attempt: int) -> tuple[PipelineJob, ...]:
        home = self._home("jobs", repo)
        self._found(home.runs.get(run_id), "no such run")
        return home.jobs.get((run_id, attempt), ())

    def annotations(self, repo: str, job_id: str) -> tuple[Annotation, ...]:
        self._home("annotations", repo)
        found = self.marked.get(job_id, ())
        return tuple(sorted(found, key=lambda each: each.level != "failure"))[:50]

    def log(self, repo: str, job_id: str, keep: Keep) -> Excerpt:
        self._home("log", repo)
        return keep(iter(self._found(self.logs.get(job_id), "the log has expired, or there is none")))

    def file(self, repo: str, path: str, ref: str) -> RepoFile:
        home = self._home("file", repo)
        text = self._found(self._tree(home, ref).get(path), f"no file {path} at {ref}")
        if "\0" in text:
            raise Rejected(f"{path} is no text", connection=self.connection, operation="file")
        return RepoFile(
            connection=self.connection, repo=repo, path=path, ref=ref, blob_sha=blob_of(text), lines=lines_of(text)
        )

    def files(self, repo: str, path: str, ref: str) -> tuple[str, ...]:
        home = self._home("files", repo)
        prefix = f"{path.strip('/')}/" if path.strip("/") else ""
        below = sorted(each for each in self._tree(home, ref) if each.startswith(prefix))
        self._found(below or None, f"no folder {path} at {ref}")
        return tuple(each for each in below if "/" not in each[len(prefix) :])[:200]

    def commits(self, repo: str, ref: str, path: str, limit: int) -> tuple[Commit, ...]:
        home = self._home("commits", repo)
        ahead = self._history(home, self._sha(home, ref))
        touching = [
            sha
            for sha in ahead
            if not path or any(f == path or f.startswith(f"{path}/") for f in home.commits[sha].files)
        ]
        return tuple(replace(home.commits[sha], files=()) for sha in touching[:limit])

    def compare(self, repo: str, base: str, head: str) -> tuple[Commit, ...]:
        home = self._home("compare", repo)
        behind = set(self._history(home, self._sha(home, base)))
        ahead = [sha for sha in self._history(home, self._sha(home, head)) if sha not in behind]
        return tuple(replace(home.commits[sha], files=()) for sha in ahead[:50])

    def commit(self, repo: str, sha: str) -> Commit:
        home = self._home("commit", repo)
        return home.commits[self._sha(home, sha)]

    def default_branch(self, repo: str) -> str:
        return self._home("default_branch", repo).default

    def pull_of(self, repo: str, branch: str) -> PullRequest | None:
        home = self._home("pull_of", repo)
        return next((pull for pull in reversed(home.pulls.values()) if pull.branch == branch), None)

    def branch_exists(self, repo: str, branch: str) -> bool:
        return branch in self._home("branch_exists", repo).branches

    def viewer(self) -> str:
        self._call("viewer")
        return self.login

    def checkup(self, repositories: tuple[str, ...]) -> tuple[Finding, ...]:
        self._call("checkup")
        found = [Finding(subject=f"GitHub {self.connection}", ok=True, says=f"signed in as {self.login}")]
        for repo in repositories:
            ok = repo in self.repos and repo not in self.forbidden
            mend = "" if ok else "grant the token access to it"
            found.append(Finding(subject=repo, ok=ok, says="readable" if ok else "not found", mend=mend))
        return tuple(found)

    def dispatched(self, repo: str, workflow_file: str, mark: str, since: datetime) -> WorkflowRun | None:
        home = self._home("dispatched", repo)
        newest = [attempts[-1] for attempts in reversed(home.runs.values())]
        ours = [each for each in newest if each.workflow_path.rpartition("/")[2] == workflow_file.rpartition("/")[2]]
        floor = since - timedelta(minutes=5)
        return next((each for each in ours if mark in each.title and each.created_at >= floor), None)

    # --- ports.Pipelines: writes

    def rerun_failed_jobs(self, repo: str, run_id: str) -> None:
        home = self._home("", repo)
        fault = self._call("rerun_failed_jobs")
        run = self._found(home.runs.get(run_id), "no such run")[-1]
        if not run.is_completed:
            raise self._rejected("rerun_failed_jobs", "This workflow is already running", 403)
        if not run.failed:
            raise self._rejected("rerun_failed_jobs", "This workflow run has no failed jobs", 403)
        self.writes["rerun"] += 1
        later = self._later()
        home.runs[run_id].append(
            replace(
                run, attempt=run.attempt + 1, status="in_progress", conclusion="", rerun_by=self.login, started_at=later
            )
        )
        self._settle(repo, run_id)
        self._answer(fault)

    def dispatch(self, wanted: Dispatch) -> str:
        home = self._home("", wanted.repo)
        fault = self._call("dispatch")
        path = wanted.workflow_file
        path = path if path.startswith(".github/") else f".github/workflows/{path}"
        text = self._found(self._tree(home, wanted.ref).get(path), f"no workflow {path} at {wanted.ref}")
        if "workflow_dispatch" not in text:
            raise self._rejected("dispatch", "Workflow does not have 'workflow_dispatch' trigger", 422)
        unknown = [name for name, _ in wanted.inputs if not re.search(rf"^\s+{re.escape(name)}:", text, re.MULTILINE)]
        if unknown:
            raise self._rejected("dispatch", f"Unexpected inputs provided: {unknown}", 422)
        self.writes["dispatch"] += 1
        names = {key: line.partition(":")[2].strip() for line in text.splitlines() for key in [line.partition(":")[0]]}
        inputs = dict(wanted.inputs)
        title = RUN_NAME_INPUT.sub(lambda found: inputs.get(found[1], ""), names.get("run-name", "")).strip("'\"")
        workflow = names.get("name", path)
        run = self.add_run(
            wanted.repo, (), workflow=workflow, path=path, branch=wanted.ref, event="workflow_dispatch",
            actor=self.login, title=title or workflow,
        )  # fmt: skip
        home.runs[run.id][-1] = replace(run, status="in_progress", conclusion="")
        self._settle(wanted.repo, run.id)
        self._answer(fault)
        return run.id if self.run_details else ""

    def open_pull(self, wanted: PullRequestWanted) -> PullRequest:
        home = self._home("open_pull", wanted.repo)
        base = self._sha(home, home.branches.get(wanted.branch) or wanted.base)
        edited = self._edited(home, home.trees[base], wanted.edits)  # Conflict, before anything is made
        if wanted.branch not in home.branches:
            fault = self._call("open_pull.ref")
            home.branches[wanted.branch] = base
            self.writes["ref"] += 1
            self._answer(fault)
        for path, text in edited.items():
            if home.trees[home.branches[wanted.branch]][path] == text:
                continue
            fault = self._call("open_pull.contents")
            self.push(wanted.repo, {path: text}, branch=wanted.branch, message=wanted.commit_message, author=self.login)
            self.writes["contents"] += 1
            self._answer(fault)
        known = next((pull for pull in home.pulls.values() if pull.branch == wanted.branch), None)
        if known:
            return known
        fault = self._call("open_pull.pull")
        number = len(home.pulls) + 1
        home.pulls[number] = PullRequest(
            repo=wanted.repo, number=number, state="open", branch=wanted.branch, base=wanted.base, title=wanted.title,
            head_sha=home.branches[wanted.branch], url=f"{SITE}/{wanted.repo}/pull/{number}",
        )  # fmt: skip
        self.bodies[wanted.repo, number] = wanted.body
        self.writes["pull"] += 1
        self._answer(fault)
        return home.pulls[number]

    # --- inside

    def _edited(self, home: Repo, tree: Mapping[str, str], edits: Sequence[FileEdit]) -> dict[str, str]:
        """The files with their edits; one that already stands as the edits leave it stays as it is."""
        after: dict[str, str] = {}
        for path in dict.fromkeys(edit.path for edit in edits):
            mine = [edit for edit in edits if edit.path == path]
            now = self._found(tree.get(path), f"no file {path}")
            seen = (text for each in home.trees.values() for text in each.values())
            read = next((text for text in seen if blob_of(text) == mine[0].blob_sha), None)
            edited = _spliced(read, mine) if read is not None else None
            if edited is None or now not in (read, edited):
                raise Conflict(f"{path} is not what the edits were made for", operation="open_pull", status=409)
            after[path] = edited
        return after

    def _job(self, run: WorkflowRun, job: FakeJob) -> PipelineJob:
        number = str(self._next())
        self.logs[number], self.marked[number] = job.log, job.annotations
        steps = [JobStep(number=n, name=name, conclusion="success") for n, name in enumerate(job.steps, 1)]
        if steps:
            steps[-1] = replace(steps[-1], conclusion=job.conclusion)
        return PipelineJob(
            id=number, name=job.name, status="completed", conclusion=job.conclusion, url=f"{run.url}/job/{number}",
            attempt=run.attempt, runner="runner-1", steps=tuple(steps), started_at=run.started_at, completed_at=self.at,
        )  # fmt: skip

    def _settle(self, repo: str, run_id: str) -> None:
        """End the attempt that we began, if the world says how."""
        run = self.repos[repo].runs[run_id][-1]
        ends = self.comes_to.get((repo, run.workflow_path), "success")
        if ends:
            earlier = self.repos[repo].jobs.get((run_id, run.attempt - 1), ())
            jobs = [FakeJob(name=job.name, conclusion=ends if job.failed else job.conclusion) for job in earlier]
            self.finish(repo, run_id, jobs or [FakeJob(conclusion=ends)])

    def _home(self, operation: str, repo: str) -> Repo:
        if operation:
            self._call(operation)
        if repo in self.forbidden:
            raise Forbidden("Resource not accessible by integration", connection=self.connection, status=403)
        return self._found(self.repos.get(repo), f"no repository {repo}, or no access to it")

    def _call(self, operation: str) -> Fault | None:
        """Count the call; meet the faults that come before the work; return one that comes after it."""
        self.calls[operation] += 1
        for fault in self.faults:
            if fault.operation == operation:
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
                if fault.before:
                    raise fault.error
                return fault
        return None

    def _answer(self, fault: Fault | None) -> None:
        if fault is not None:
            raise fault.error

    def _lost(self, detail: str, status: int) -> AnswerLost:
        return AnswerLost(detail, connection=self.connection, status=status)

    def _rejected(self, operation: str, detail: str, status: int) -> Rejected:
        return Rejected(detail, connection=self.connection, operation=operation, status=status)

    def _found(self, thing, problem: str):
        if thing is None:
            raise NotFound(problem, connection=self.connection, status=404)
        return thing

    def _sha(self, home: Repo, ref: str) -> str:
        ref = ref.removeprefix("refs/heads/") or home.default
        return home.branches.get(ref) or self._found(ref if ref in home.commits else None, f"no commit {ref}")

    def _tree(self, home: Repo, ref: str) -> dict[str, str]:
        return home.trees[self._sha(home, ref)]

    def _history(self, home: Repo, sha: str) -> list[str]:
        found = []
        while sha:
            found.append(sha)
            sha = home.parents[sha]
        return found

    def _next(self) -> int:
        self.serial += 1
        self._later()
        return self.serial

    def _later(self) -> datetime:
        self.at = self.clock() if self.clock else self.at + timedelta(seconds=1)
        return self.at


def _spliced(text: str, edits: Sequence[FileEdit]) -> str | None:
    """The text with the edits made, its line ends kept; None when it does not read as they say."""
    lines = text.split("\n")
    end = "\r" if "\r\n" in text else ""
    for edit in sorted(edits, key=lambda each: each.first_line, reverse=True):
        at = edit.first_line - 1
        there = lines[at : at + len(edit.old)]
        if tuple(line.removesuffix("\r") for line in there) != edit.old:
            return None
        lines[at : at + len(edit.old)] = [line + end for line in edit.new]
    after = "\n".join(lines)
    return after if text.endswith("\n") else after.removesuffix(end)
