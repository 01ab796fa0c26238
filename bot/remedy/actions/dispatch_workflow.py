"""github.dispatch_workflow: run the team's own workflow that renews the credential which is no longer accepted."""

# ruff: noqa: ARG002 - the contract hands id and dry run to every action; GitHub tests no dispatch

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from bot.domain.action import ActionSpec, Check, Looked, Param, Permission, Preview, Risk
from bot.domain.alert import Target, TargetKind
from bot.domain.connections import ConnectionKind
from bot.domain.errors import PlatformError
from bot.domain.execution import Execution, Verdict
from bot.domain.pipeline import DISPATCH_INPUT, Dispatch, WorkflowRun
from bot.domain.proposal import ProposalStep
from bot.domain.values import canonical
from bot.ports import Pipelines, Platforms
from bot.remedy import rotation, runs
from bot.remedy.contract import Ask, NotOffered, Preflight, Progress
from bot.remedy.policy import Credential
from bot.remedy.preconditions import before_the_write, flight, met
from bot.remedy.quoting import one_line, plain
from bot.remedy.rolling import EXECUTION_PLACE
from bot.remedy.verify import Seen, ended

INPUT = "input."

FITS = Check(name="rotation workflow", expected=f"it declares {DISPATCH_INPUT} and uses it in its run-name")
BEGUN = Check(name="rotation run", expected="a run whose title holds the execution's id")
SUCCEEDS = Check(name="rotation", expected="the run ends with success")

_REASONS = {
    FITS.name: "The rotation workflow cannot be run in a way that its run is found again; the check says what is missing."
}


class DispatchWorkflow:
    """No guard: GitHub starts a run for every dispatch. So it is sent once, and looked for.

    Marker: the execution's id in the run's title, through the input `codehealer_id`. Parameters: workflow, ref, secret,
    deadline, and `input.NAME` for each input of the rule.
    """

    spec = ActionSpec(
        id="github.dispatch_workflow",
        title="Run the rotation workflow",
        risk=Risk.MEDIUM,
        target_kinds=(TargetKind.REPO,),
        marker=f"the execution's id in the title of the run, through the input {DISPATCH_INPUT}",
        permissions=(Permission(verb="write", resource="actions", platform=ConnectionKind.GITHUB),),
        cooldown=3600,
        within=2700,
    )

    def draft(self, ask: Ask) -> ProposalStep | NotOffered:
        """Return the step for the one credential of the rules that fits the failed run, else why there is none."""
        run = ask.dossier.run
        if run is None:
            return NotOffered(reason="There is no failed workflow run that a rotation would help.")
        fitting = rotation.fitting(ask.rules.credentials, run.repo, ask.hypothesis, ask.dossier)
        if not fitting:
            return NotOffered(
                reason=f"No rotation workflow is named for this in remediation_rules.yaml (credentials) for {plain(run.repo)}."
            )
        if len(fitting) > 1:
            names = ", ".join(each.id for each in fitting[:5])
            return NotOffered(
                reason=f"More than one credential of remediation_rules.yaml fits ({names}); make their matches more exact."
            )
        return self._step(ask, run, fitting[0])

    def _step(self, ask: Ask, run: WorkflowRun, credential: Credential) -> ProposalStep:
        repo = credential.repository or run.repo
        connection = run.connection
        if repo.partition("/")[0].lower() != run.repo.partition("/")[0].lower():
            connection = ask.connections.of(ConnectionKind.GITHUB, repo.partition("/")[0])
        path = rotation.path_of(credential)
        params = [("workflow", path), ("ref", credential.ref), ("secret", credential.secret)]
        params += [(runs.DEADLINE, str(ask.rules.within(self.spec)))]
        params += [(INPUT + name, text) for name, text in credential.inputs]
        at = f"at {credential.ref}" if credential.ref else "at the default branch"
        step = ProposalStep(
            action=self.spec.id,
            target=Target(connection=connection, kind=TargetKind.REPO, name=f"{repo}/{path}", repo=repo),
            params=tuple(Param(name=name, value=text) for name, text in params),
            preview=Preview(summary=f"Renew {credential.secret}: run {path} of {repo} {at}."),
            preconditions=(FITS,),
            verification=(BEGUN, SUCCEEDS),
            compensation="A rotation cannot be taken back; whether the old credential still works is up to the workflow.",
        )
        preview = replace(
            step.preview,
            request=_request_text(step),
            warnings=("Whatever else uses this credential has to take the new one.",),
        )
        return replace(step, preview=preview)

    def preflight(self, step: ProposalStep, platforms: Platforms, execution_id: str, dry_run: bool) -> Preflight:
        """Read the workflow's file at the ref: without our input in its run-name the run could not be found again."""
        pipelines = platforms.pipelines(step.target.connection)
        return flight(step, _examined(step, pipelines), _REASONS)

    def send(self, step: ProposalStep, execution: Execution, platforms: Platforms) -> str:
        """Return the new run's id when GitHub tells it."""
        pipelines = platforms.pipelines(step.target.connection)
        return pipelines.dispatch(
            Dispatch(
                repo=step.target.repo,
                workflow_file=step.param("workflow"),
                ref=before_the_write(lambda: _ref(step, pipelines)),
                inputs=_inputs(step, execution.id),
            )
        )

    def look(self, step: ProposalStep, execution: Execution, platforms: Platforms) -> Looked:
        """Return whether a run's title holds our id. GitHub lists a run seconds after its dispatch. Raises PlatformError."""
        found = _found(step, execution, platforms.pipelines(step.target.connection))
        return Looked.APPLIED if found else Looked.NOT_APPLIED

    def verify(self, step: ProposalStep, execution: Execution, platforms: Platforms, now: datetime) -> Progress:
        """Look at the run of our dispatch."""
        waiting = Verdict.INCONCLUSIVE if now > runs.deadline(step, execution) else None
        try:
            pipelines = platforms.pipelines(step.target.connection)
            if execution.handle.isascii() and execution.handle.isdigit():
                run: WorkflowRun | None = pipelines.run(step.target.repo, execution.handle)
            else:
                run = _found(step, execution, pipelines)
        except PlatformError as error:
            return ended(step, waiting, {BEGUN.name: (None, f"GitHub could not be asked: {one_line(error.detail)}")})
        if run is None:
            return ended(step, waiting, {BEGUN.name: (None, "no such run yet")})
        verdict, said = runs.verdict_on(run, pipelines)
        met_ = {Verdict.PASSED: True, Verdict.FAILED: False}.get(verdict) if verdict else None
        seen: Seen = {BEGUN.name: (True, f"run {run.number or run.id}"), SUCCEEDS.name: (met_, said)}
        return ended(step, verdict or waiting, seen)


def _examined(step: ProposalStep, pipelines: Pipelines) -> Iterator[Check]:
    ref = _ref(step, pipelines)
    file = pipelines.file(step.target.repo, step.param("workflow"), ref)
    problem = rotation.unfit(file, tuple(name for name, _ in _inputs(step, "") if name != DISPATCH_INPUT))
    yield met(FITS, not problem, problem or "it does")


def _ref(step: ProposalStep, pipelines: Pipelines) -> str:
    return step.param("ref") or pipelines.default_branch(step.target.repo)


def _inputs(step: ProposalStep, mark: str) -> tuple[tuple[str, str], ...]:
    given = tuple((p.name.removeprefix(INPUT), p.value) for p in step.params if p.name.startswith(INPUT))
    return (*given, (DISPATCH_INPUT, mark))


def _found(step: ProposalStep, execution: Execution, pipelines: Pipelines) -> WorkflowRun | None:
    return pipelines.dispatched(step.target.repo, step.param("workflow"), execution.id, execution.intended_at)


def _request_text(step: ProposalStep) -> str:
    file = step.param("workflow").rpartition("/")[2]
    body = {"ref": step.param("ref") or "<default branch>", "inputs": dict(_inputs(step, EXECUTION_PLACE))}
    return f"POST /repos/{step.target.repo}/actions/workflows/{file}/dispatches\n\n{canonical(body)}"
