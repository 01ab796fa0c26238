"""github.open_fix_pr: put a small change to the source before people as a pull request, and see what comes of its merge."""

# ruff: noqa: ARG002 - the contract hands a dry run to every action; GitHub tests no pull request

from collections.abc import Iterator
from datetime import datetime

from bot.domain.action import ActionSpec, Check, Looked, Param, Permission, Preview, Risk
from bot.domain.alert import Target, TargetKind
from bot.domain.connections import ConnectionKind
from bot.domain.execution import Execution
from bot.domain.pipeline import FIX_BRANCH, PullRequestWanted
from bot.domain.proposal import ProposalStep
from bot.ports import Pipelines, Platforms
from bot.remedy import apps, runs, source
from bot.remedy.actions.set_resources import SetResources, wanted_limit
from bot.remedy.contract import Ask, NotOffered, Preflight, Progress
from bot.remedy.merged import checks_of, verify_merged
from bot.remedy.preconditions import before_the_write, flight, met
from bot.remedy.pull_text import BRANCH_PLACE, body_of, message_of, title_of
from bot.remedy.quantity import same
from bot.remedy.quoting import plain
from bot.remedy.rolling import EXECUTION_PLACE
from bot.remedy.source import Change, NoChange

BASE = Check(name="base branch", expected="the branch that the change is for exists")
UNCHANGED = Check(name="file unchanged", expected="the file stands on that branch as it was shown")
FAILING = Check(name="still failing", expected="what the change is for still fails")
NEW = Check(name="not opened yet", expected="no pull request from this run's branch")

_REASONS = {
    BASE.name: "There is no branch of that name to change; the source may be pinned to a tag.",
    UNCHANGED.name: "The file was changed since this was proposed, so what was shown is not what would be changed.",
    FAILING.name: "What the change was for does not fail any more.",
    NEW.name: "This very run has opened its pull request already.",
}


class OpenFixPr:
    """Guard and marker: a branch of the execution's own name, which GitHub makes only once; one pull request for it.

    Parameters: base (empty: the default branch), title, message, body, edits, deadline; app and deployments (the
    application that follows the file, and its connection) or workflow (the one whose next run tells); needs_failing.
    """

    spec = ActionSpec(
        id="github.open_fix_pr",
        title="Open a pull request with the fix",
        risk=Risk.MEDIUM,
        target_kinds=(TargetKind.REPO,),
        guard="a branch named after the execution: GitHub refuses a name that exists, and a second pull request from it",
        marker=f"the branch {FIX_BRANCH} with the execution's id",
        reversible=True,
        permissions=(
            Permission(verb="write", resource="contents", platform=ConnectionKind.GITHUB),
            Permission(verb="write", resource="pull requests", platform=ConnectionKind.GITHUB),
        ),
        cooldown=0,
        within=600,
    )

    def draft(self, ask: Ask) -> ProposalStep | NotOffered:
        """Return the step with the one small change that is certain, else why there is none."""
        dossier = ask.dossier
        if dossier.app is None and dossier.run is None:
            return NotOffered(reason="Neither an application nor a workflow run would tell whether a change helped.")
        raising = ask.hypothesis.remedy == SetResources.spec.id
        change = _raise(ask) if raising else source.mended(dossier)
        if isinstance(change, (NoChange, NotOffered)):
            return NotOffered(reason=change.reason)
        base = source.base_of(dossier.app, change.file, dossier.run.branch if dossier.run else "")
        if len(base) == 40 and base.isalnum():
            return NotOffered(
                reason=f"The source is pinned to commit {base[:8]}, so a pull request would change nothing."
            )
        return self._step(ask, change, base, raising)

    def _step(self, ask: Ask, change: Change, base: str, raising: bool) -> ProposalStep:
        file, app, run = change.file, ask.dossier.app, ask.dossier.run
        checked = _checked(ask)
        params = [
            ("base", base),
            ("title", title_of(change)),
            ("message", message_of(change, ask)),
            ("body", body_of(change, ask, checked)),
            ("edits", source.edits_text(change.edits)),
            (runs.DEADLINE, str(ask.rules.within(self.spec))),
            ("needs_failing", "" if raising else "true"),
        ]
        if app is not None:
            params += [("app", app.name), ("deployments", app.connection)]
        elif run is not None:
            params += [("workflow", runs.workflow_of(run))]
        into = plain(base) if base else "the default branch"
        lines = ", ".join(str(edit.first_line) for edit in change.edits)
        target = Target(
            connection=file.connection,
            kind=TargetKind.REPO,
            name=f"{file.repo}/{file.path}",
            repo=file.repo,
            revision=file.ref,
        )
        request = (
            f"New branch {BRANCH_PLACE} of {file.repo} from {into}, one commit, and a pull request into {into}:\n\n"
            f"{title_of(change)}\n\n{body_of(change, ask, checked)}"
        )
        return ProposalStep(
            action=self.spec.id,
            target=target,
            params=tuple(Param(name=name, value=text) for name, text in params),
            preview=Preview(
                summary=f"{title_of(change)} (line {lines}) by a pull request into {into} of {plain(file.repo)}. "
                f"{' '.join(change.why)}",
                diff=source.diff_of(change),
                request=request,
                warnings=_warnings(ask),
            ),
            preconditions=(BASE, UNCHANGED, *(() if raising else (FAILING,))),
            verification=checks_of(app is not None, ask.verify_window),
            verify_after=ask.verify_window if app is not None else 0,
            compensation="Close the pull request and delete its branch; once merged, revert the merge.",
        )

    def preflight(self, step: ProposalStep, platforms: Platforms, execution_id: str, dry_run: bool) -> Preflight:
        """Read the branch and the file as they are now, and whether what the change is for still fails."""
        branch = f"{FIX_BRANCH}{execution_id or EXECUTION_PLACE}"
        return flight(step, _examined(step, platforms, execution_id), _REASONS, guard=branch)

    def send(self, step: ProposalStep, execution: Execution, platforms: Platforms) -> str:
        """Make branch, commit and pull request, and return its page. A second send goes on where the first one ended."""
        pipelines = platforms.pipelines(step.target.connection)
        pull = pipelines.open_pull(
            PullRequestWanted(
                repo=step.target.repo,
                base=before_the_write(lambda: _base(step, pipelines)),
                branch=f"{FIX_BRANCH}{execution.id}",
                title=step.param("title"),
                body=step.param("body").replace(EXECUTION_PLACE, execution.id),
                commit_message=step.param("message"),
                edits=source.edits_from(step.param("edits")),
            )
        )
        return pull.url

    def look(self, step: ProposalStep, execution: Execution, platforms: Platforms) -> Looked:
        """Return whether there is a pull request from the execution's branch, open or not.

        A branch without one is half of the way: NOT_APPLIED, and safe to send again. Raises PlatformError.
        """
        pipelines = platforms.pipelines(step.target.connection)
        found = pipelines.pull_of(step.target.repo, f"{FIX_BRANCH}{execution.id}")
        return Looked.APPLIED if found else Looked.NOT_APPLIED

    def verify(self, step: ProposalStep, execution: Execution, platforms: Platforms, now: datetime) -> Progress:
        """Look at the pull request, and after its merge at what follows it. An unreachable GitHub is no verdict, ever."""
        return verify_merged(step, execution, platforms, now)


def _raise(ask: Ask) -> Change | NoChange | NotOffered:
    """Return the change that raises the limit where it is written: for a workload that Argo CD would set back."""
    workload = ask.dossier.workload
    if workload is None or workload.managed_by != "argocd" or ask.dossier.app is None:
        return NotOffered(reason="The workload is not owned by an Argo CD application whose source is known.")
    found = wanted_limit(ask, workload)
    if isinstance(found, NotOffered):
        return found
    container, limit = found
    old = container.limit("memory")
    return source.raised(
        ask.dossier,
        kind=workload.kind,
        name=workload.name,
        container=container.name,
        old=old,
        new=limit,
        also_request=bool(container.request("memory")) and same(container.request("memory"), old),
    )


def _checked(ask: Ask) -> str:
    app, run = ask.dossier.app, ask.dossier.run
    if app is not None:
        return f"CodeHealer then checks that application {plain(app.name)} is Synced to it and Healthy."
    name = plain(run.workflow or run.workflow_path) if run else "the workflow"
    return f"CodeHealer then checks that the next run of {name} succeeds."


def _warnings(ask: Ask) -> tuple[str, ...]:
    app = ask.dossier.app
    said = ["Nothing changes before a person has reviewed and merged it."]
    if app is not None and not app.automated:
        said.append("Auto-sync is off: after the merge a person has to sync the application.")
    return tuple(said)


def _base(step: ProposalStep, pipelines: Pipelines) -> str:
    return step.param("base") or pipelines.default_branch(step.target.repo)


def _examined(step: ProposalStep, platforms: Platforms, execution_id: str) -> Iterator[Check]:
    pipelines, repo = platforms.pipelines(step.target.connection), step.target.repo
    if execution_id:
        pull = pipelines.pull_of(repo, f"{FIX_BRANCH}{execution_id}")
        if pull is not None:
            yield met(NEW, False, f"pull request {pull.number}")
    base = _base(step, pipelines)
    there = pipelines.branch_exists(repo, base)
    yield met(BASE, there, plain(base))
    edits = {edit.path: edit for edit in source.edits_from(step.param("edits"))}
    for path, edit in edits.items():
        blob = pipelines.file(repo, path, base).blob_sha
        yield met(UNCHANGED, blob == edit.blob_sha, f"{plain(path)} is blob {blob[:8]}, shown at {edit.blob_sha[:8]}")
    if step.param("needs_failing"):
        yield _still_failing(step, platforms, pipelines, base)


def _still_failing(step: ProposalStep, platforms: Platforms, pipelines: Pipelines, base: str) -> Check:
    if step.param("app"):
        app = platforms.deployments(step.param("deployments")).application(step.param("app"))
        said = apps.error_of(app) or f"{app.sync}, {app.health}"
        return met(FAILING, app.failing or app.sync != "Synced", said)
    newest = pipelines.runs(step.target.repo, step.param("workflow"), base, 1)
    good = bool(newest) and newest[0].conclusion == "success"
    return met(
        FAILING, not good, f"newest run: {plain(newest[0].conclusion or newest[0].status)}" if newest else "no run"
    )
