"""What a look of our own found, as alerts: a failing run, application or workload that perhaps nobody posted.

The fingerprint is the one that a sender's post about the same failure has (see `fingerprint`), so that a sweep never
doubles an incident; `correlate.is_known` also covers posts that name a cluster, a host or a container beside it.
"""

from bot.domain.alert import Alert, AlertStatus, Post
from bot.domain.cluster import Workload
from bot.domain.delivery import Application
from bot.domain.pipeline import WorkflowRun
from bot.intake.fingerprint import Where
from bot.intake.parse import alert_from
from bot.intake.reading import Reading

SOURCE = "sweep"
SYNC, HEALTH = "sync", "health"
_ILL = frozenset({"Degraded", "Missing"})
_BROKE = frozenset({"failure", "timed_out", "startup_failure"})


def alert_of_run(run: WorkflowRun, *, id: str, post: Post, connection: str) -> Alert:  # noqa: A002 - the record's own field name
    """Return the alert that a workflow run is: firing if it broke, else a success. A cancelled run broke nothing."""
    is_broken = run.is_completed and run.conclusion in _BROKE
    name = run.workflow or run.workflow_path
    return alert_from(
        Reading(
            source=SOURCE,
            platform="github-actions",
            status=AlertStatus.FIRING if is_broken else AlertStatus.SUCCESS,
            title=f"{name} {'failed' if is_broken else run.conclusion or run.status} in {run.repo}"
            + (f" on {run.branch}" if run.branch else ""),
            labels={
                "repo": run.repo,
                "workflow": name,
                "branch": run.branch,
                "commit": run.head_sha,
                "run_id": run.id,
                "run_url": run.url,
            },
        ),
        Where(connection=connection),
        id=id,
        post=post,
    )


def failing_phases(app: Application) -> tuple[str, ...]:
    """Return which of sync and health fail: what Argo CD's own notifications would tell of, one each.

    A list of applications has no conditions; that the comparison itself failed shows in it as sync Unknown.
    """
    operation = app.operation is not None and app.operation.phase in {"Failed", "Error"}
    condition = app.sync == "Unknown" or any(each.type.endswith("Error") for each in app.conditions)
    return (*((SYNC,) if operation or condition else ()), *((HEALTH,) if app.health in _ILL else ()))


def alert_of_app(app: Application, *, id: str, post: Post, connection: str, phase: str = "") -> Alert:  # noqa: A002 - the record's own field name
    """Return the alert of one phase of an application (default: the first that fails, else sync).

    Firing if that phase fails, else a success; one that is healthy and whose last operation succeeded ends both phases.
    """
    failing = failing_phases(app)
    phase = phase or (failing[0] if failing else SYNC)
    is_failing = phase in failing
    if is_failing:
        said = "failed to sync" if phase == SYNC else f"is {app.health}"
    else:
        said = f"is {app.sync} and {app.health}"
    labels = {
        "app": app.name,
        "phase": phase,
        "namespace": app.destination_namespace,
        "revision": app.revision,
        "run_url": app.url,
    }
    if not failing and app.health == "Healthy":
        labels["ends"] = SYNC if phase == HEALTH else HEALTH
    return alert_from(
        Reading(
            source=SOURCE,
            platform="argocd",
            status=AlertStatus.FIRING if is_failing else AlertStatus.SUCCESS,
            title=f"Application {app.name} {said}",
            labels=labels,
        ),
        Where(connection=connection),
        id=id,
        post=post,
    )


def alert_of_workload(
    workload: Workload,
    *,
    id: str,  # noqa: A002 - the record's own field name
    post: Post,
    connection: str,
    container: str = "",
    reason: str = "",
) -> Alert:
    """Return the alert that a workload is: firing while pods are missing, else resolved.

    `container` is the one that fails, where the pods tell, and `reason` is Kubernetes' own, such as CrashLoopBackOff.
    """
    is_short = workload.ready < workload.replicas
    tail = f": {reason}" if reason and is_short else ""
    return alert_from(
        Reading(
            source=SOURCE,
            platform="kubernetes",
            status=AlertStatus.FIRING if is_short or reason else AlertStatus.RESOLVED,
            title=f"{workload.kind} {workload.namespace}/{workload.name} has {workload.ready} of {workload.replicas} pods ready{tail}",
            labels={
                "namespace": workload.namespace,
                "workload": workload.name,
                "workload_kind": workload.kind,
                "suspect": container,
            },
        ),
        Where(connection=connection),
        id=id,
        post=post,
    )
