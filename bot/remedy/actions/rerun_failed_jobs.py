"""github.rerun_failed_jobs: run the failed jobs of a workflow run again, as its next attempt."""

# ruff: noqa: ARG002 - the contract hands a dry run to every action; GitHub has none

from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.domain.action import ActionSpec, Check, DiffLine, Looked, Param, Permission, Preview, Risk
from bot.domain.alert import TargetKind
from bot.domain.connections import ConnectionKind
from bot.domain.errors import PlatformError
from bot.domain.execution import Execution, Verdict
from bot.domain.pipeline import WorkflowRun
from bot.domain.proposal import ProposalStep
from bot.ports import Pipelines, Platforms
from bot.remedy import runs
from bot.remedy.contract import Ask, NotOffered, Preflight, Progress
from bot.remedy.preconditions import flight, met
from bot.remedy.quoting import one_line, plain
from bot.remedy.verify import Seen, ended

MAX_ATTEMPTS = 50
MAX_AGE = timedelta(days=30)
"""GitHub runs a run again for 30 days, at most 50 times (its documentation: "Re-running workflows and jobs")."""

MAX_JOBS_SHOWN = 10

STILL_FAILED = Check(name="still failed", expected="the run is still failed at the attempt that is shown")
NEWEST = Check(name="newest run", expected="no newer run of this workflow on this branch")
BEGUN = Check(name="new attempt", expected="a new attempt that CodeHealer began")
SUCCEEDS = Check(name="outcome", expected="the new attempt ends with success")

_REASONS = {
    STILL_FAILED.name: "The run is not as it was shown: it was run again meanwhile, or it runs now.",
    NEWEST.name: "There is a newer run of this workflow on this branch, so running the old one again tells nothing.",
}


class RerunFailedJobs:
    """No guard: GitHub re-runs whatever it is asked to. So it is sent once, and looked for.

    Marker: an attempt above the one that was shown (`run_attempt`), begun by us (`triggering_actor`). A token that a person
    uses too makes their re-run look like ours. Parameters: attempt, deadline.
    """

    spec = ActionSpec(
        id="github.rerun_failed_jobs",
        title="Re-run the failed jobs",
        risk=Risk.LOW,
        target_kinds=(TargetKind.WORKFLOW_RUN,),
        marker="a new attempt of the run whose triggering actor is CodeHealer",
        permissions=(Permission(verb="write", resource="actions", platform=ConnectionKind.GITHUB),),
        within=2700,
    )

    def draft(self, ask: Ask) -> ProposalStep | NotOffered:
        """Return the step for the failed run that was read, within the budget of re-runs, else why there is none.

        The budget is for re-runs that hope for another outcome; after a step that mends the cause it does not count.
        """
        run = ask.dossier.run
        if run is None or not run.failed:
            return NotOffered(reason="There is no failed workflow run, so there is nothing to run again.")
        spent, budget = run.attempt - 1, ask.rules.max_reruns
        if spent >= budget and not ask.before:
            return NotOffered(
                reason=f"The run was already run again {_times(spent)}; the rules allow {_times(budget)} (max_reruns)."
            )
        if run.attempt >= MAX_ATTEMPTS:
            return NotOffered(reason=f"The run has had {run.attempt} attempts; GitHub allows no more.")
        if run.created_at is not None and ask.dossier.collected_at - run.created_at > MAX_AGE:
            return NotOffered(reason="The run is older than 30 days, and GitHub does not run it again.")
        return self._step(ask, run)

    def _step(self, ask: Ask, run: WorkflowRun) -> ProposalStep:
        count = "" if ask.before else f"; re-run {run.attempt} of {ask.rules.max_reruns} that the rules allow"
        name = f"{plain(run.workflow or run.workflow_path)} run {run.number or run.id}"
        within = ask.rules.within(self.spec)
        return ProposalStep(
            action=self.spec.id,
            target=runs.run_target(ask, run),
            params=(
                Param(name="attempt", value=str(run.attempt)),
                Param(name=runs.DEADLINE, value=str(within)),
            ),
            preview=Preview(
                summary=f"Run the failed jobs of {name} again, as attempt {run.attempt + 1}{count}.",
                diff=_diff(ask, run),
                request=f"POST /repos/{run.repo}/actions/runs/{run.id}/rerun-failed-jobs",
                warnings=_warnings(ask, run),
            ),
            preconditions=(STILL_FAILED, NEWEST),
            verification=(BEGUN, SUCCEEDS),
            compensation="A re-run cannot be taken back; it can be cancelled while it runs.",
        )

    def preflight(self, step: ProposalStep, platforms: Platforms, execution_id: str, dry_run: bool) -> Preflight:
        """Check that the run still stands as shown, and that no newer one makes it pointless."""
        pipelines = platforms.pipelines(step.target.connection)
        return flight(step, _examined(step, pipelines), _REASONS)

    def send(self, step: ProposalStep, execution: Execution, platforms: Platforms) -> str:
        platforms.pipelines(step.target.connection).rerun_failed_jobs(step.target.repo, step.target.run_id)
        return f"attempt {int(step.param('attempt')) + 1} of run {step.target.run_id}"

    def look(self, step: ProposalStep, execution: Execution, platforms: Platforms) -> Looked:
        """Return whether an attempt after the shown one is ours.

        Every attempt is read, so that one of somebody else's hides nothing. An attempt that does not say who began it
        leaves it open. Raises PlatformError.
        """
        pipelines = platforms.pipelines(step.target.connection)
        later = _later(step, pipelines)
        if not later:
            return Looked.NOT_APPLIED
        us = pipelines.viewer()
        if any(each.rerun_by == us for each in later):
            return Looked.APPLIED
        return Looked.NOT_APPLIED if all(each.rerun_by for each in later) else Looked.CANNOT_TELL

    def verify(self, step: ProposalStep, execution: Execution, platforms: Platforms, now: datetime) -> Progress:
        """Look at our attempt: the first after the shown one that we began. A later one of somebody else's is not judged."""
        late = now > runs.deadline(step, execution)
        waiting = Verdict.INCONCLUSIVE if late else None
        try:
            pipelines = platforms.pipelines(step.target.connection)
            later, us = _later(step, pipelines), pipelines.viewer()
        except PlatformError as error:
            return ended(step, waiting, {BEGUN.name: (None, f"GitHub could not be asked: {one_line(error.detail)}")})
        ours = next((each for each in later if each.rerun_by == us), None)
        if ours is None:
            return ended(step, waiting, {BEGUN.name: (None, "no attempt of ours yet")})
        verdict, said = runs.verdict_on(ours, pipelines)
        met_ = {Verdict.PASSED: True, Verdict.FAILED: False}.get(verdict) if verdict else None
        seen: Seen = {BEGUN.name: (True, f"attempt {ours.attempt}"), SUCCEEDS.name: (met_, said)}
        return ended(step, verdict or waiting, seen)


def _examined(step: ProposalStep, pipelines: Pipelines) -> Iterator[Check]:
    run = pipelines.run(step.target.repo, step.target.run_id)
    as_shown = run.failed and str(run.attempt) == step.param("attempt")
    observed = f"attempt {run.attempt}, {plain(run.conclusion or run.status, 30)}"
    yield met(STILL_FAILED, as_shown, observed)
    newest = pipelines.runs(run.repo, runs.workflow_of(run), run.branch, 1)
    is_newest = not newest or newest[0].id == run.id or newest[0].number < run.number
    yield met(
        NEWEST, is_newest, "it is the newest" if is_newest else f"run {newest[0].number or newest[0].id} is newer"
    )


def _later(step: ProposalStep, pipelines: Pipelines) -> tuple[WorkflowRun, ...]:
    """Return the attempts after the shown one, oldest first, each as it stands. Raises PlatformError."""
    run = pipelines.run(step.target.repo, step.target.run_id)
    shown = int(step.param("attempt"))
    if run.attempt <= shown:
        return ()
    between = (each for each in pipelines.attempts(run) if shown < each.attempt < run.attempt)
    return (*between, run)


def _diff(ask: Ask, run: WorkflowRun) -> tuple[DiffLine, ...]:
    failed = [job for job in ask.dossier.jobs if job.failed][:MAX_JOBS_SHOWN]
    lines = [DiffLine(sign=" ", text=f"attempt {run.attempt}: {run.conclusion}")]
    for job in failed:
        step = job.failed_step
        where = f" in step {one_line(step.name, 80)}" if step else ""
        lines.append(DiffLine(sign=" ", text=f"  {one_line(job.name, 80)}: {job.conclusion}{where}"))
    return (*lines, DiffLine(sign="+", text=f"attempt {run.attempt + 1}: these jobs, and those that depend on them"))


def _warnings(ask: Ask, run: WorkflowRun) -> tuple[str, ...]:
    said: list[str] = []
    passed = [each for each in ask.dossier.passed_before if each.head_sha == run.head_sha]
    if passed and not ask.before:
        said.append(
            f"It passed before on the same commit ({len(passed)} of the attempts and runs read): a re-run may turn it green "
            "without mending what is flaky."
        )
    said.append("What the jobs do besides testing, such as publishing or deploying, they do again.")
    return tuple(said)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
