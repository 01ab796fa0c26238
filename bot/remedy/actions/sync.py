"""argocd.sync: sync an application again, to what its source says now."""

# ruff: noqa: ARG002 - the contract hands a dry run to every action; Argo CD's passes what the real sync refuses

from collections.abc import Iterator
from datetime import datetime

from bot.domain.action import ActionSpec, Check, DiffLine, Looked, Param, Permission, Preview, Risk
from bot.domain.alert import TargetKind
from bot.domain.connections import ConnectionKind
from bot.domain.delivery import EXECUTION_INFO, Application, AppOperation, InfoItem, SyncWanted
from bot.domain.errors import Conflict, Forbidden, NotFound, PlatformError, Rejected
from bot.domain.execution import Execution, Verdict
from bot.domain.proposal import ProposalStep
from bot.domain.values import canonical
from bot.ports import Deployments, Platforms
from bot.remedy import apps, runs
from bot.remedy.contract import Ask, NotOffered, Preflight, Progress
from bot.remedy.preconditions import PERMITTED, before_the_write, flight, met
from bot.remedy.quoting import one_line, plain
from bot.remedy.rolling import EXECUTION_PLACE
from bot.remedy.verify import Seen, ended

HARD = "hard_refresh"
MAX_RESOURCES_SHOWN = 15

SAME_APP = Check(
    name="same application", expected="it was not made anew, and its source and destination are those shown"
)
SAME_REVISION = Check(name="same revision", expected="what would be synced is the revision shown")
IDLE = Check(name="nothing runs", expected="no operation runs on it")
NEEDED = Check(name="still failing", expected="the application fails, or is OutOfSync")
OURS = Check(name="operation", expected="the operation that CodeHealer began succeeds")

_REASONS = {
    SAME_APP.name: "The application was made anew, or its source or destination changed, since this was proposed.",
    SAME_REVISION.name: "There is another revision now than the one that was shown.",
    IDLE.name: "An operation runs on the application already; Argo CD allows one at a time.",
    NEEDED.name: "The application is Synced and well by now.",
}


class SyncApplication:
    """No guard: Argo CD refuses a second operation while one runs, and takes it after. So it is sent once, and looked for.

    Marker: the operation's info item EXECUTION_INFO. Argo CD keeps the last operation only; which one that was before the
    send is kept as `Execution.guard` (when it was started), so that one of somebody else's since then is known as such.
    Parameters: revision (empty: the application's target revision), hard_refresh, deadline.
    """

    spec = ActionSpec(
        id="argocd.sync",
        title="Sync the application",
        risk=Risk.MEDIUM,
        target_kinds=(TargetKind.ARGO_APP,),
        marker=f"the sync operation's info item {EXECUTION_INFO}",
        permissions=(Permission(verb="sync", resource="applications", platform=ConnectionKind.ARGOCD),),
        cooldown=600,
        within=600,
    )

    def draft(self, ask: Ask) -> ProposalStep | NotOffered:
        """Return the step for the application that was read, else why there is none.

        An application that cannot be compared gets a hard refresh first: Argo CD keeps an error of rendering in its cache.
        """
        app = ask.dossier.app
        if app is None:
            return NotOffered(reason="No Argo CD application was found that could be synced.")
        if not (app.failing or app.sync == "OutOfSync"):
            return NotOffered(
                reason=f"Application {plain(app.name)} is {plain(app.sync)} and well; there is nothing to sync."
            )
        if app.operation is not None and app.operation.phase in apps.RUNNING:
            return NotOffered(reason=f"An operation runs on application {plain(app.name)} already.")
        hard = bool(apps.error_of(app))
        params = (("revision", ""), (HARD, "true" if hard else ""), (runs.DEADLINE, str(ask.rules.within(self.spec))))
        at = f" at {apps.short(app.revision)}" if app.revision else ""
        first = "Read its source anew (hard refresh), then sync" if hard else "Sync"
        return ProposalStep(
            action=self.spec.id,
            target=apps.app_target(ask, app),
            params=tuple(Param(name=name, value=text) for name, text in params),
            preview=Preview(
                summary=f"{first} application {plain(app.name)}{at}: Argo CD applies what the source says to the cluster.",
                diff=_diff(app),
                request=_request_text(app, hard),
                warnings=_warnings(app),
            ),
            preconditions=(SAME_APP, SAME_REVISION, IDLE, NEEDED, PERMITTED),
            verification=(OURS, *apps.app_checks(ask.verify_window)),
            verify_after=ask.verify_window,
            bound_uid=app.uid,
            bound_fields=apps.sources_digest(app),
            compensation="Sync the application back to the revision it had before, or revert the change in its source.",
        )

    def preflight(self, step: ProposalStep, platforms: Platforms, execution_id: str, dry_run: bool) -> Preflight:
        """Read the application. A dry run proves nothing here: it passes what the real sync refuses."""
        deployments = platforms.deployments(step.target.connection)
        try:
            app = deployments.application(step.target.name)
        except (Forbidden, NotFound) as error:
            return flight(step, iter((met(PERMITTED, False, error.detail),)), _REASONS)
        return flight(step, _examined(step, app, deployments), _REASONS, guard=_begun(app.operation))

    def send(self, step: ProposalStep, execution: Execution, platforms: Platforms) -> str:
        """Start the sync. Argo CD's "another operation runs" changed nothing, and is raised as Rejected."""
        deployments = platforms.deployments(step.target.connection)
        if step.param(HARD):
            before_the_write(lambda: deployments.application(step.target.name, refresh="hard"))
        info = (InfoItem(name=EXECUTION_INFO, value=execution.id),)
        try:
            deployments.sync(SyncWanted(name=step.target.name, revision=step.param("revision"), info=info))
        except Conflict as error:
            raise Rejected(error.detail, connection=error.connection, operation="sync", status=error.status) from error
        return f"operation with {EXECUTION_INFO} {execution.id}"

    def look(self, step: ProposalStep, execution: Execution, platforms: Platforms) -> Looked:
        """Return whether the last operation is ours.

        The same one as before the send, or none: NOT_APPLIED so far (Argo CD shows an operation a moment after it took it).
        Another one that began since: CANNOT_TELL, it may have followed ours. Raises PlatformError.
        """
        operation = platforms.deployments(step.target.connection).application(step.target.name).operation
        if operation is not None and operation.info_of(EXECUTION_INFO) == execution.id:
            return Looked.APPLIED
        return Looked.NOT_APPLIED if _begun(operation) == execution.guard else Looked.CANNOT_TELL

    def verify(self, step: ProposalStep, execution: Execution, platforms: Platforms, now: datetime) -> Progress:
        """Look at our operation, and at sync and health after it. Another operation that followed it hides it."""
        late = now > runs.deadline(step, execution)
        waiting = Verdict.INCONCLUSIVE if late else None
        try:
            app = platforms.deployments(step.target.connection).application(step.target.name)
        except PlatformError as error:
            return ended(step, waiting, {OURS.name: (None, f"Argo CD could not be asked: {one_line(error.detail)}")})
        operation = app.operation
        if operation is None or operation.info_of(EXECUTION_INFO) != execution.id:
            hidden = _begun(operation) != execution.guard
            seen: Seen = {OURS.name: (None, "another operation followed it" if hidden else "it is not seen yet")}
            return ended(step, Verdict.INCONCLUSIVE if hidden else waiting, seen)
        if operation.phase in apps.BROKEN:
            return ended(step, Verdict.FAILED, {OURS.name: (False, apps.failure_of(operation))})
        if operation.phase != "Succeeded" or operation.finished_at is None:
            return ended(step, waiting, {OURS.name: (None, plain(operation.phase, 20))})
        verdict, found = apps.judged(app, operation.finished_at, step.verify_after, now)
        done: Seen = {OURS.name: (True, one_line(operation.message) or "Succeeded"), **found}
        return ended(step, verdict or waiting, done)


def _examined(step: ProposalStep, app: Application, deployments: Deployments) -> Iterator[Check]:
    same = app.uid == step.bound_uid and apps.sources_digest(app) == step.bound_fields
    yield met(SAME_APP, same, "it is the same" if same else "another object has its name, or its source changed")
    shown, compared = step.target.revision, app.revision
    known = len(compared) == 40 and len(shown) == 40
    yield met(SAME_REVISION, not known or compared == shown, apps.short(compared) if compared else "none is compared")
    running = app.operation is not None and app.operation.phase in apps.RUNNING
    yield met(IDLE, not running, "one runs" if running else "nothing")
    said = apps.error_of(app) or f"{app.sync}, {app.health}"
    yield met(NEEDED, app.failing or app.sync == "OutOfSync", said)
    allowed = deployments.allowed("sync", app.project, app.name)
    yield met(PERMITTED, allowed, "allowed" if allowed else "Argo CD says no")


def _begun(operation: AppOperation | None) -> str:
    """Return what tells one operation of an application from another: when it was started; empty for none."""
    if operation is None:
        return ""
    return operation.started_at.isoformat() if operation.started_at else "not started yet"


def _diff(app: Application) -> tuple[DiffLine, ...]:
    moving = [each for each in app.resources if each.sync == "OutOfSync"]
    lines = [
        DiffLine(sign="+", text=f"{one_line(each.kind, 60)} {one_line(each.namespace, 63)}/{one_line(each.name, 80)}")
        for each in moving[:MAX_RESOURCES_SHOWN]
    ]
    more = len(moving) - len(lines)
    return (*lines, *((DiffLine(sign=" ", text=f"and {more} more that are OutOfSync"),) if more > 0 else ()))


def _warnings(app: Application) -> tuple[str, ...]:
    auto = (
        "Auto-sync is on: Argo CD does not try the same revision again by itself after it failed."
        if app.automated
        else "Auto-sync is off: nothing syncs this application by itself."
    )
    return (auto, "What the source does not have any more stays in the cluster (no prune).")


def _request_text(app: Application, hard: bool) -> str:
    refresh = f"GET /api/v1/applications/{app.name}?refresh=hard\n" if hard else ""
    info = [{"name": EXECUTION_INFO, "value": EXECUTION_PLACE}]
    return f"{refresh}POST /api/v1/applications/{app.name}/sync\n\n{canonical({'infos': info, 'prune': False})}"
