"""A workflow run: which jobs and steps failed, what they say, and whether the same commit passed before."""

from dataclasses import replace

from bot.domain.connections import ConnectionKind
from bot.domain.errors import NotFound
from bot.domain.evidence import EvidenceKind, GapReason
from bot.domain.pipeline import Commit, PipelineJob, WorkflowRun
from bot.evidence.gathering import Asking, Gathering, Plan, about, of_kind
from bot.evidence.readers.run import History
from bot.ports import Pipelines

MAX_JOBS = 3
MAX_RUNS = 30


def gather_run(work: Gathering, plan: Plan) -> None:
    """Gather what GitHub knows of the run that the alert names, else of the newest failed one of workflow and branch."""
    target = work.target
    asking = work.reach(ConnectionKind.GITHUB, target, plan)
    if asking is None:
        return
    if target.repo.count("/") != 1:
        for request in plan:
            work.miss(request, GapReason.NOT_FOUND, "the alert names no repository")
        return
    pipelines = asking.open(plan, work.platforms.pipelines)
    if pipelines is not None:
        _Run(work, asking, pipelines, plan).gather()


class _Run:
    """One pass over a run: find it, judge it by its neighbours, then read what its failed jobs say."""

    def __init__(self, work: Gathering, asking: Asking, pipelines: Pipelines, plan: Plan) -> None:
        self._work, self._asking, self._pipelines, self._plan = work, asking, pipelines, plan
        self._repo = work.target.repo
        self._runs: tuple[WorkflowRun, ...] | None = ()

    def gather(self) -> None:
        run = self._find()
        if run is None:
            self._work.miss_after(of_kind(self._plan, EvidenceKind.RUN), self._plan[1:], "the run could not be read")
            return
        work = self._work
        work.run = run
        work.target = replace(
            work.target,
            name=run.workflow or work.target.name,
            run_id=run.id,
            branch=run.branch,
            revision=run.head_sha,
            url=run.url or work.target.url,
        )
        newer = self._newer(run)
        work.confirmed = run.failed and newer is None and self._runs is not None
        work.passed_before = self._passed_before(run)
        request = of_kind(self._plan, EvidenceKind.RUN)
        jobs = self._asking.fetch(request, lambda: self._pipelines.jobs(self._repo, run.id, run.attempt))
        work.jobs = jobs or ()
        good = self._asking.fetch(request, lambda: (self._pipelines.last_good(run),))
        work.last_good = good[0] if good else None
        history = History(last_good=work.last_good, passed_before=work.passed_before, newer=newer)
        work.add(EvidenceKind.RUN, run, work.jobs, history)
        failed = [job for job in work.jobs if job.failed]
        if jobs is None:
            inside = tuple(of_kind(self._plan, kind) for kind in (EvidenceKind.CI_LOG, EvidenceKind.ANNOTATIONS))
            work.miss_after(request, inside, "the run's jobs could not be read")
        else:
            self._read_jobs(run, failed, history)
        if run.failed or failed:
            self._read_workflow_file(run, failed)
            self._read_changes(run, known=good is not None)

    def _find(self) -> WorkflowRun | None:
        """Return the run, with its neighbours of the same workflow and branch in `_runs` (None: they are not known)."""
        request = of_kind(self._plan, EvidenceKind.RUN)
        target = self._work.target
        if target.run_id:
            run = self._asking.fetch(request, lambda: self._pipelines.run(self._repo, target.run_id))
            if run is not None:
                workflow = run.workflow_path or run.workflow
                self._runs = self._asking.fetch(
                    request, lambda: self._pipelines.runs(self._repo, workflow, run.branch, MAX_RUNS)
                )
            return run

        def newest_failed() -> WorkflowRun:
            self._runs = self._pipelines.runs(self._repo, target.name, target.branch, MAX_RUNS)
            found = next((run for run in self._runs if run.failed), None)
            if found is None:
                raise NotFound(f"no failed run of {target.name or 'any workflow'} in {self._repo}")
            return found

        return self._asking.fetch(request, newest_failed)

    def _alike(self, run: WorkflowRun) -> list[WorkflowRun]:
        """The other runs of the same workflow and branch, newest first."""
        same = (run.workflow_path, run.branch)
        return [each for each in self._runs or () if (each.workflow_path, each.branch) == same and each.id != run.id]

    def _newer(self, run: WorkflowRun) -> WorkflowRun | None:
        """The newest run after this one: then this one is not how the branch stands."""
        return next((each for each in self._alike(run) if _began_after(each, run)), None)

    def _passed_before(self, run: WorkflowRun) -> tuple[WorkflowRun, ...]:
        """Other runs and earlier attempts of the same commit and workflow that passed."""
        passed = [each for each in self._alike(run) if each.head_sha == run.head_sha and each.conclusion == "success"]
        if run.attempt > 1:
            request = of_kind(self._plan, EvidenceKind.RUN)
            attempts = self._asking.fetch(request, lambda: self._pipelines.attempts(run)) or ()
            passed += [each for each in attempts if each.conclusion == "success"]
        return tuple(passed)

    def _read_jobs(self, run: WorkflowRun, failed: list[PipelineJob], history: History) -> None:
        request = of_kind(self._plan, EvidenceKind.CI_LOG)
        if not failed:
            told = (
                "the run has no failed job" if run.is_completed else "the run goes on, and none of its jobs failed yet"
            )
            self._work.miss(request, GapReason.EMPTY, told)
            self._work.miss(of_kind(self._plan, EvidenceKind.ANNOTATIONS), GapReason.EMPTY, told)
        for job in failed[MAX_JOBS:]:
            self._work.miss(
                request, GapReason.OVER_BUDGET, f"job {job.name} failed too; the first {MAX_JOBS} were read"
            )
        for job in failed[:MAX_JOBS]:
            self._read_log(run, job, history)
            marked = self._asking.fetch(
                about(of_kind(self._plan, EvidenceKind.ANNOTATIONS), self._work.target),
                lambda job=job: self._pipelines.annotations(self._repo, job.id),  # type: ignore[misc]
            )
            if marked:
                self._work.add(EvidenceKind.ANNOTATIONS, marked, run, job)

    def _read_log(self, run: WorkflowRun, job: PipelineJob, history: History) -> None:
        request = about(of_kind(self._plan, EvidenceKind.CI_LOG), self._work.target)
        kept = self._asking.fetch(request, lambda: self._pipelines.log(self._repo, job.id, self._work.keep))
        if kept is None:
            return
        if kept.lines:
            self._work.add(EvidenceKind.CI_LOG, kept, run, job, history)
        else:
            self._work.miss(request, GapReason.EMPTY, f"job {job.name} wrote nothing")

    def _read_workflow_file(self, run: WorkflowRun, failed: list[PipelineJob]) -> None:
        request = about(of_kind(self._plan, EvidenceKind.WORKFLOW_FILE), self._work.target)
        if not run.workflow_path:
            self._work.miss(request, GapReason.EMPTY, "the run names no workflow file")
            return
        file = self._asking.fetch(
            request, lambda: self._pipelines.file(self._repo, run.workflow_path, run.head_sha or run.branch)
        )
        if file is not None:
            self._work.add(EvidenceKind.WORKFLOW_FILE, file, run, tuple(failed))
            if run.conclusion == "startup_failure":
                self._work.keeps(file, request)

    def _read_changes(self, run: WorkflowRun, *, known: bool) -> None:
        """Read what came since the last good run. `known`: GitHub said which one that is, or that there is none."""
        request = about(of_kind(self._plan, EvidenceKind.CHANGE), self._work.target)
        good = self._work.last_good
        if not known:
            before = of_kind(self._plan, EvidenceKind.RUN)
            self._work.miss_after(before, (request,), "the last good run could not be read")
            return
        if good is None:
            self._work.miss(request, GapReason.EMPTY, "no earlier run of this workflow and branch passed")
            return
        changes: tuple[Commit, ...] | None = ()
        if good.head_sha != run.head_sha:
            changes = self._asking.fetch(
                request, lambda: self._pipelines.compare(self._repo, good.head_sha, run.head_sha)
            )
        if changes is not None:
            self._work.changes = changes
            self._work.add(EvidenceKind.CHANGE, changes, f"run #{good.number}", good.head_sha, "")


def _began_after(each: WorkflowRun, run: WorkflowRun) -> bool:
    """Whether it is a later run: by number within a workflow, else by when it began."""
    if each.number and run.number:
        return each.number > run.number
    return bool(each.created_at and run.created_at and each.created_at > run.created_at)
