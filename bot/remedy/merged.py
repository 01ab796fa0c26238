"""Whether a pull request of ours was merged, and whether that helped: by the application that follows it, or the next run."""

from datetime import datetime, timedelta

from bot.domain.action import Check
from bot.domain.delivery import Application
from bot.domain.errors import NotFound, PlatformError
from bot.domain.execution import Execution, Verdict
from bot.domain.pipeline import FIX_BRANCH, PullRequest
from bot.domain.proposal import ProposalStep
from bot.domain.values import value
from bot.ports import Deployments, Pipelines, Platforms
from bot.remedy import apps, runs
from bot.remedy.contract import Progress
from bot.remedy.quoting import one_line, plain
from bot.remedy.verify import Seen, ended

MERGED = "merged"
NEXT_RUN = "next run"
RUN_SECONDS = 2700
STALE_SECONDS = 30
"""Argo CD looks for new commits every few minutes; when its last comparison is older than this it is asked to look."""


def checks_of(has_app: bool, window: int) -> tuple[Check, ...]:
    """Return the checks of a pull request, to be written down before it is opened. `window` in seconds."""
    pull = Check(name=MERGED, expected="a person merges the pull request")
    if has_app:
        return (pull, *apps.app_checks(window))
    return (pull, Check(name=NEXT_RUN, expected="the next run of the workflow on that branch succeeds"))


def verify_merged(step: ProposalStep, execution: Execution, platforms: Platforms, now: datetime) -> Progress:
    """Look once at the pull request from the branch FIX_BRANCH + execution id, and at what its merge did.

    Open: no verdict, and it waits for a person. Closed without a merge: FAILED. Merged: as the application that follows
    the file does, or the next run on the branch; neither within the deadline after the merge: INCONCLUSIVE.
    """
    try:
        pipelines = platforms.pipelines(step.target.connection)
        pull = pipelines.pull_of(step.target.repo, f"{FIX_BRANCH}{execution.id}")
        if pull is None:
            late = now > runs.deadline(step, execution)
            return ended(step, Verdict.INCONCLUSIVE if late else None, {MERGED: (None, "no pull request is seen")})
        if not pull.merged:
            return _unmerged(step, pull)
        at = pipelines.commit(pull.repo, pull.merge_sha).at
    except PlatformError:
        return Progress(verdict=None)  # whether it is merged cannot be asked, and before that there is no deadline
    merged_at = max(at or execution.changed_at, execution.changed_at)
    look = _AfterMerge(step=step, pull=pull, merged_at=merged_at, now=now)
    try:
        if step.param("app"):
            return look.of_app(platforms.deployments(step.param("deployments")), pipelines)
        return look.of_run(pipelines)
    except PlatformError as error:
        return look.done(None, {NEXT_RUN: (None, _unasked(error)), apps.SYNCED: (None, _unasked(error))})


def _unasked(error: PlatformError) -> str:
    return f"the platform could not be asked: {one_line(error.detail)}"


def _unmerged(step: ProposalStep, pull: PullRequest) -> Progress:
    if pull.state == "open":
        waits = f"A person has to review and merge pull request {pull.number} of {plain(pull.repo)}."
        return Progress(verdict=None, waits_for=waits, url=pull.url)
    said = f"pull request {pull.number} was closed without a merge"
    return ended(step, Verdict.FAILED, {MERGED: (False, said)})


@value
class _AfterMerge:
    """One look after the merge."""

    step: ProposalStep
    pull: PullRequest
    merged_at: datetime
    now: datetime

    def done(self, verdict: Verdict | None, seen: Seen, seconds: int = 0) -> Progress:
        """Return what was seen; INCONCLUSIVE when there is no verdict by the deadline, counted from the merge."""
        kept = self.step.param(runs.DEADLINE)
        within = seconds or (int(kept) if kept.isdigit() else 0)
        late = self.now > self.merged_at + timedelta(seconds=within)
        merged: Seen = {MERGED: (True, f"pull request {self.pull.number} as {apps.short(self.pull.merge_sha)}")}
        return ended(self.step, verdict or (Verdict.INCONCLUSIVE if late else None), {**merged, **seen})

    def of_app(self, deployments: Deployments, pipelines: Pipelines) -> Progress:
        app = deployments.application(self.step.param("app"))
        if self._should_compare(app, pipelines):
            app = deployments.application(self.step.param("app"), refresh="normal")
        operation, settled = app.operation, self.merged_at + timedelta(seconds=self.step.verify_after)
        if operation and operation.phase in apps.BROKEN and self._holds(operation.revision, pipelines):
            return self.done(Verdict.FAILED, {apps.SYNCED: (False, apps.failure_of(operation))})
        error = apps.error_of(app)
        if error:
            lasting = app.reconciled_at is not None and app.reconciled_at > settled
            return self.done(Verdict.FAILED if lasting else None, {apps.SYNCED: (False if lasting else None, error)})
        if not self._holds(app.revision, pipelines):
            return self.done(None, {apps.SYNCED: (None, f"still at {apps.short(app.revision)}")})
        if app.sync != "Synced":
            return self._out_of_sync(app)
        verdict, seen = apps.judged(app, self._deployed_at(app), self.step.verify_after, self.now)
        return self.done(verdict, seen)

    def _should_compare(self, app: Application, pipelines: Pipelines) -> bool:
        fresh = app.reconciled_at is not None and self.now - app.reconciled_at < timedelta(seconds=STALE_SECONDS)
        after = app.reconciled_at is not None and app.reconciled_at > self.merged_at
        return not (fresh and after) and (bool(apps.error_of(app)) or not self._holds(app.revision, pipelines))

    def _out_of_sync(self, app: Application) -> Progress:
        running = app.operation is not None and app.operation.phase in apps.RUNNING
        seen: Seen = {apps.SYNCED: (None, f"{app.sync} at {apps.short(app.revision)}")}
        if app.automated or running:
            return self.done(None, seen)
        waits = f"Auto-sync is off: a person has to sync application {plain(app.name)}."
        return Progress(verdict=None, waits_for=waits, url=app.url)

    def _holds(self, revision: str, pipelines: Pipelines) -> bool:
        """Return whether a revision is the merge, or a commit that came after it."""
        if revision == self.pull.merge_sha:
            return True
        if len(revision) != 40:
            return False
        try:
            return not pipelines.compare(self.pull.repo, revision, self.pull.merge_sha)
        except NotFound:
            return False

    def _deployed_at(self, app: Application) -> datetime:
        at = [each.deployed_at for each in app.history if each.revision == app.revision and each.deployed_at]
        return max([*at, self.merged_at])

    def of_run(self, pipelines: Pipelines) -> Progress:
        newest = pipelines.runs(self.pull.repo, self.step.param("workflow"), self.pull.base, 10)
        since = [
            run
            for run in newest
            if run.head_sha == self.pull.merge_sha or (run.created_at is not None and run.created_at >= self.merged_at)
        ]
        if not since:
            return self.done(None, {NEXT_RUN: (None, "no run since the merge")})
        verdict, said = runs.verdict_on(since[0], pipelines)
        met = {Verdict.PASSED: True, Verdict.FAILED: False}.get(verdict) if verdict else None
        return self.done(verdict, {NEXT_RUN: (met, said)}, seconds=RUN_SECONDS)
