"""GitHub Actions of the sandbox: starts runs, re-runs them, cancels them, and lets a Runner do the jobs."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from bot.sandbox.github_errors import GithubError, not_found
from bot.sandbox.github_log import new_steps
from bot.sandbox.github_runner import ENDED, Report, Runner, Work, conclude
from bot.sandbox.github_state import Attempt, Hub, Job, Repository, Run
from bot.sandbox.github_workflow import JobSpec, Workflow, WorkflowError, expand, is_workflow, read_workflow

RERUN_SECONDS = 30 * 86_400
_MAX_ATTEMPTS = 50


def workflows_at(repo: Repository, sha: str) -> list[Workflow]:
    """Read the workflow files of a commit; those that are none are left out, as in GitHub's list."""
    found = []
    for path, text in sorted(repo.git.commits[sha].files.items()):
        if is_workflow(path):
            try:
                found.append(read_workflow(path, text))
            except WorkflowError:
                continue
    return found


def known_workflows(hub: Hub, repo: Repository) -> list[Workflow]:
    """List the workflows of the default branch, each with an id that stays."""
    found = workflows_at(repo, repo.git.branches[repo.git.default_branch])
    for workflow in found:
        number_workflow(hub, repo, workflow.path)
    return found


def number_workflow(hub: Hub, repo: Repository, path: str) -> int:
    if path not in repo.workflow_ids:
        repo.workflow_ids[path] = hub.new_id() % 1_000_000_000
    return repo.workflow_ids[path]


def new_jobs(hub: Hub, workflow: Workflow, now: float) -> list[tuple[Job, JobSpec]]:
    return [(new_job(hub, spec, now), spec) for spec in workflow.jobs]


def new_job(hub: Hub, spec: JobSpec, now: float) -> Job:
    return Job(
        id=hub.new_id(), key=spec.key, name=spec.name, created=now, labels=list(spec.labels), steps=new_steps(spec)
    )


def run_title(workflow: Workflow, event: str, branch: str, sha: str, actor: str, inputs: Mapping[str, str]) -> str:
    """Fill in the workflow's run-name; "" when it has none."""
    values = {f"inputs.{name}": value for name, value in inputs.items()}
    values |= {"github.ref_name": branch, "github.sha": sha, "github.actor": actor, "github.event_name": event}
    return expand(workflow.run_name, values).strip()


class Actions:
    """All runs of one GitHub. Belongs on the event loop that serves it."""

    def __init__(self, hub: Hub, runner: Runner) -> None:
        self._hub = hub
        self._runner = runner
        self._tasks: dict[int, asyncio.Task[None]] = {}
        hub.pushed.append(self._pushed)

    async def close(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    # --- starting

    def start(
        self,
        repo: Repository,
        workflow: Workflow,
        *,
        event: str,
        branch: str,
        sha: str,
        actor: str,
        title: str = "",
        inputs: Mapping[str, str] | None = None,
    ) -> Run:
        """Begin a run of the workflow as it stands at that commit."""
        now, given = self._hub.now(), dict(inputs or {})
        number_workflow(self._hub, repo, workflow.path)
        by_name = event in {"workflow_dispatch", "schedule"}
        otherwise = title or (workflow.name if by_name else repo.git.commits[sha].title)
        run = Run(
            id=self._hub.new_id(),
            number=1 + max((r.number for r in repo.runs.values() if r.workflow_path == workflow.path), default=0),
            workflow_path=workflow.path,
            name=workflow.name,
            title=run_title(workflow, event, branch, sha, actor, given) or otherwise,
            event=event,
            branch=branch,
            head_sha=sha,
            actor=actor,
            created=now,
            attempts=[],
            inputs=given,
        )
        repo.runs[run.id] = run
        jobs = new_jobs(self._hub, workflow, now)
        self._begin(repo, run, workflow, actor, [job for job, _ in jobs], jobs)
        return run

    def dispatch(self, repo: Repository, workflow: Workflow, ref: str, inputs: Mapping[str, str], actor: str) -> Run:
        """Start by hand. GithubError 422, in GitHub's words, for a ref, trigger or input that is not right."""
        branch = ref.removeprefix("refs/heads/")
        sha = repo.git.branches.get(branch)
        if sha is None:
            raise GithubError(422, f"No ref found for: {ref}")
        if workflow.path in repo.disabled_workflows:
            raise GithubError(422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow")
        text = repo.git.commits[sha].files.get(workflow.path)
        at_ref = read_workflow(workflow.path, text) if text is not None else workflow
        if "workflow_dispatch" not in at_ref.triggers:
            raise GithubError(422, "Workflow does not have 'workflow_dispatch' trigger")
        declared = at_ref.inputs()
        unknown = [name for name in inputs if name not in declared]
        if unknown:
            raise GithubError(422, f"Unexpected inputs provided: {unknown!r}".replace("'", '"'))
        for name, spec in declared.items():
            if spec.get("required") and "default" not in spec and not inputs.get(name):
                raise GithubError(422, f"Required input '{name}' not provided")
        whole = {name: str(spec.get("default", "")) for name, spec in declared.items()} | dict(inputs)
        return self.start(repo, at_ref, event="workflow_dispatch", branch=branch, sha=sha, actor=actor, inputs=whole)

    def _pushed(self, full_name: str, branch: str, sha: str) -> None:
        repo = self._hub.repositories[full_name.lower()]
        author = repo.git.commits[sha].author
        for workflow in workflows_at(repo, sha):
            if workflow.takes("push", branch) and workflow.path not in repo.disabled_workflows:
                self.start(repo, workflow, event="push", branch=branch, sha=sha, actor=author.login or self._hub.viewer)

    def pull_opened(self, repo: Repository, number: int) -> None:
        """Start what `pull_request` triggers."""
        pull = repo.pulls[number]
        for workflow in workflows_at(repo, pull.head_sha):
            if workflow.takes("pull_request", pull.base) and workflow.path not in repo.disabled_workflows:
                self.start(
                    repo,
                    workflow,
                    event="pull_request",
                    branch=pull.branch,
                    sha=pull.head_sha,
                    actor=pull.author,
                    title=pull.title,
                )

    # --- again, and no more

    def rerun(self, repo: Repository, run: Run, actor: str, *, only_failed: bool, job_id: int = 0) -> None:
        """Begin the run's next attempt: the same id, run_attempt one higher; earlier attempts stay readable."""
        before = run.latest
        self._check_rerun(run, only_failed=only_failed)
        workflow = read_workflow(run.workflow_path, repo.git.commits[run.head_sha].files[run.workflow_path])
        if job_id:
            chosen = [job for job in before.jobs if job.id == job_id]
        else:
            chosen = [job for job in before.jobs if not only_failed or job.conclusion not in {"success", "skipped"}]
        names = {job.name for job in chosen}
        after = _dependents(workflow, {job.key for job in chosen})
        specs = {spec.name: spec for spec in workflow.jobs}
        jobs: list[Job] = []
        fresh: list[tuple[Job, JobSpec]] = []
        for job in before.jobs:
            if job.name in names or job.key in after:
                fresh.append((new_job(self._hub, specs[job.name], self._hub.now()), specs[job.name]))
                jobs.append(fresh[-1][0])
            else:
                jobs.append(self._carried(job))
        self._begin(repo, run, workflow, actor, jobs, fresh)

    def _check_rerun(self, run: Run, *, only_failed: bool) -> None:
        before = run.latest
        if before.status != ENDED:
            raise GithubError(403, "This workflow run is already running")
        if self._hub.now() - run.created > RERUN_SECONDS:
            raise GithubError(403, "Unable to retry this workflow run because it was created over a month ago")
        if before.number >= _MAX_ATTEMPTS:
            raise GithubError(403, "This workflow run cannot be retried: it has reached its limit of attempts")
        if only_failed and before.conclusion == "success":
            raise GithubError(403, "This workflow run has no failed jobs to retry")

    def _carried(self, job: Job) -> Job:
        """Take a job that is not run again into the next attempt: a new id, all else as it was."""
        return replace(job, id=self._hub.new_id())

    def cancel(self, run: Run) -> None:
        if run.latest.status == ENDED:
            raise GithubError(409, "Cannot cancel a workflow run that is completed.")
        task = self._tasks.get(run.id)
        run.latest.cancelled = True
        if task is not None:
            task.cancel()

    # --- running

    def _begin(
        self,
        repo: Repository,
        run: Run,
        workflow: Workflow,
        actor: str,
        jobs: list[Job],
        fresh: list[tuple[Job, JobSpec]],
    ) -> None:
        now = self._hub.now()
        attempt = Attempt(number=len(run.attempts) + 1, actor=actor, started=now, updated=now, jobs=jobs)
        run.attempts.append(attempt)
        work = Work(repo, run, attempt, workflow, tuple(fresh))
        task = asyncio.get_running_loop().create_task(self._run(work))
        self._tasks[run.id] = task
        task.add_done_callback(lambda done: self._forget(run.id, done))
        self._hub.changed()

    def _forget(self, run_id: int, task: "asyncio.Task[None]") -> None:
        if self._tasks.get(run_id) is task:
            del self._tasks[run_id]

    async def _run(self, work: Work) -> None:
        attempt = work.attempt

        def changed() -> None:
            attempt.updated = self._hub.now()
            if attempt.status == "queued" and any(job.status != "queued" for job, _ in work.jobs):
                attempt.status = "in_progress"
            self._hub.changed()

        try:
            await self._runner.run(work, Report(self._hub.now, changed))
        except asyncio.CancelledError:
            if not attempt.cancelled:
                raise  # the sandbox ends
        except Exception as error:  # noqa: BLE001 - the boundary: a runner that breaks fails its jobs and is told of
            self._hub.troubles.note(f"run {work.run.id} of {work.repo.full_name}", error)
            _fail(attempt, self._hub.now())
        finally:
            self._end(attempt)

    def _end(self, attempt: Attempt) -> None:
        now = self._hub.now()
        for job in attempt.jobs:
            if job.status != ENDED:
                job.status, job.conclusion, job.completed = ENDED, "cancelled", now
                for step in job.steps:
                    if step.status != ENDED:
                        step.status, step.conclusion = ENDED, "cancelled"
        attempt.status, attempt.updated = ENDED, now
        attempt.conclusion = "cancelled" if attempt.cancelled else conclude([job.conclusion for job in attempt.jobs])
        self._hub.changed()


def _fail(attempt: Attempt, now: float) -> None:
    """End the jobs of a runner that is lost, as GitHub does."""
    report = Report(lambda: now, lambda: None)
    for job in attempt.jobs:
        if job.status != ENDED:
            report.annotate(job, "failure", "The hosted runner lost communication with the server.")
            for step in job.steps:
                if step.status != ENDED:
                    report.step_ended(step, "cancelled")
            report.job_ended(job, "failure")


def find_run(repo: Repository, number: str) -> Run:
    run = repo.runs.get(int(number)) if number.isdecimal() else None
    if run is None:
        raise not_found()
    return run


def find_attempt(run: Run, number: str) -> Attempt:
    if not number.isdecimal() or not 1 <= int(number) <= len(run.attempts):
        raise not_found()
    return run.attempts[int(number) - 1]


def find_job(repo: Repository, number: str) -> tuple[Run, Attempt, Job]:
    wanted = int(number) if number.isdecimal() else -1
    for run in repo.runs.values():
        for attempt in run.attempts:
            for job in attempt.jobs:
                if job.id == wanted:
                    return run, attempt, job
    raise not_found()


def _dependents(workflow: Workflow, keys: set[str]) -> set[str]:
    found: set[str] = set()
    grew = True
    while grew:
        more = {spec.key for spec in workflow.jobs if (keys | found) & set(spec.needs)} - found
        grew = bool(more)
        found |= more
    return found
