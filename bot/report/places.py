"""Where it broke: the thing itself, the place inside it, since when; each leads to its page where the platform has one."""

from bot.domain.alert import TargetKind
from bot.domain.delivery import Application, AppResource
from bot.domain.evidence import Dossier, Evidence, EvidenceKind
from bot.domain.pipeline import PipelineJob, WorkflowRun
from bot.domain.report import Facts, Part, Text
from bot.report.steps import PULL_REQUEST
from bot.report.story import Story
from bot.report.words import capital, clock, counted

FROM_THE_POST = ("repo", "workflow", "job", "branch", "commit", "app", "service", "environment", "run_url")
"""Labels that the sender itself gave, shown where what the platform says does not say them already."""

GAP = Facts(pairs=())
"""Sets what follows off from what stands before: running texts that follow each other share a block."""

_NEWER = {
    "passed": "A newer run of this workflow on this branch has passed.",
    "failed": "A newer run of this workflow on this branch failed too.",
    "running": "A newer run of this workflow on this branch is running.",
}
_OWNERS = {"argocd": "Argo CD application {name}", "flux": "Flux, {name}", "helm": "Helm release {name}"}
_REVERTS = {
    "helm": "the next upgrade of the release would revert an edit in the cluster",
    "": "it would revert an edit in the cluster",
}


def broken_parts(story: Story) -> tuple[Part, ...]:
    """Return what failed, the job or resource in it, who owns it, since when, and what else the alert says."""
    dossier = story.dossier
    named, page = _thing(story)
    place = _place(dossier) if dossier else None
    newer = _NEWER.get(_newer(dossier)) if dossier else None
    return (
        Text(text="What failed:", quoted=named or "the alert does not say", url=page),
        *((place,) if place else ()),
        *((Text(text=newer),) if newer else ()),
        *_owner(story),
        Text(text="Since:", quoted=_since(story)),
        *_alert(story, named),
        _labels(story, named),
    )


def _alert(story: Story, named: str) -> tuple[Text, ...]:
    """Return the alert's own words while no cause, or no name of what failed, says more than they do."""
    known = story.diagnosis is not None and story.diagnosis.best is not None
    return () if known and named else (Text(text="Alert:", quoted=story.alert.title),)


def page_of(evidence: Evidence, line: int, dossier: Dossier | None) -> str:
    """Return the page that shows this line best: the very line of a log or file, else the resource that it is about."""
    app = dossier.app if dossier else None
    resource = _about(evidence, line, app) if app else None
    return app.link(resource) if app and resource else evidence.url_of(line)


def without_place(statement: str, dossier: Dossier | None) -> str:
    """Return the cause without `(job test, step Test)` at its end, where the card says that already."""
    failed = next((job for job in dossier.jobs if job.failed), None) if dossier else None
    placed = f" ({_job(failed)})." if failed else ""
    return f"{statement.removesuffix(placed)}." if placed and statement.endswith(placed) else statement


def run_in_words(run: WorkflowRun) -> str:
    """Return `workflow CI of acme/shop on main, run 1042, attempt 2`: a stranger's words."""
    on = f" on {run.branch}" if run.branch else ""
    again = f", attempt {run.attempt}" if run.attempt > 1 else ""
    return f"workflow {run.workflow or run.workflow_path} of {run.repo}{on}, run {run.number or run.id}{again}"


def _thing(story: Story) -> tuple[str, str]:
    """Return what failed in words, and its page if the platform itself gave one."""
    dossier, target = story.dossier, story.dossier.target if story.dossier else story.incident.target
    if dossier and dossier.run and target.kind is TargetKind.WORKFLOW_RUN:
        return run_in_words(dossier.run), dossier.run.url
    where = [target.title if target.name else ""]
    where += [f"container {target.container}"] if target.container else []
    where += [f"cluster {target.cluster}"] if target.cluster else []
    page = dossier.app.url if dossier and dossier.app and target.kind is TargetKind.ARGO_APP else ""
    return ", ".join(part for part in where if part), page


def _place(dossier: Dossier) -> Text | None:
    """Return the failed job and step, or the ill resource: the place to look at first."""
    failed = [job for job in dossier.jobs if job.failed]
    if dossier.run and failed:
        more = f", and {counted(len(failed) - 1, 'more job')}" if len(failed) > 1 else ""
        return Text(text="Where:", quoted=f"{_job(failed[0])}{more}", url=_log_page(dossier, failed[0]))
    if dossier.app and dossier.target.kind is TargetKind.ARGO_APP:
        resource = _illest(dossier, dossier.app)
        if resource:
            said = ", ".join(part for part in (resource.health, resource.reason, resource.result) if part)
            where = f"{resource.kind} {resource.name}{f' ({said})' if said else ''}"
            return Text(text="Where:", quoted=where, url=dossier.app.link(resource))
    return None


def _job(job: PipelineJob) -> str:
    step = job.failed_step
    return f"job {job.name}{f', step {step.name}' if step else ''}"


def _log_page(dossier: Dossier, job: PipelineJob) -> str:
    logs = (each for each in dossier.of_kind(EvidenceKind.CI_LOG) if each.fact("job") == job.name)
    return next((each.url for each in logs if each.url), job.url)


def _illest(dossier: Dossier, app: Application) -> AppResource | None:
    """Return the resource that failed: the one that the sync could not apply, else the illest pod, else the illest one."""
    results = app.operation.results if app.operation else ()
    refused = next((each for each in results if each.result == "SyncFailed"), None)
    if refused:
        return refused
    for tree in dossier.of_kind(EvidenceKind.RESOURCES):
        if tree.fact("pod"):
            return AppResource(kind="Pod", namespace=app.destination_namespace, name=tree.fact("pod"))
    return next((each for each in app.resources if each.health in {"Degraded", "Missing"}), None)


def _about(evidence: Evidence, line: int, app: Application) -> AppResource | None:
    """Return the application's resource that the evidence, or this line of it, is about."""
    target = evidence.target
    if target.kind in {TargetKind.POD, TargetKind.WORKLOAD} and not evidence.url:
        kind = "Pod" if target.kind is TargetKind.POD else target.workload_kind
        same = (each for each in app.resources if (each.kind, each.name) == (kind, target.name))
        return next(same, AppResource(kind=kind, namespace=target.namespace, name=target.name)) if kind else None
    if evidence.kind not in {EvidenceKind.APP_STATUS, EvidenceKind.RESOURCES}:
        return None
    said = evidence.excerpt.text_of(line) or ""
    pod = AppResource(kind="Pod", namespace=app.destination_namespace, name=evidence.fact("pod"))
    known = (*(app.operation.results if app.operation else ()), *app.resources, *((pod,) if pod.name else ()))
    return next((each for each in known if f"{each.kind} {_path(each)}:" in said), None)


def _path(resource: AppResource) -> str:
    return f"{resource.namespace}/{resource.name}" if resource.namespace else resource.name


def _newer(dossier: Dossier) -> str:
    return next((each.fact("newer_run") for each in dossier.of_kind(EvidenceKind.RUN)), "")


def _owner(story: Story) -> tuple[Text, ...]:
    """Return who owns the workload and would revert an edit of it; what says so already is not said twice."""
    dossier = story.dossier
    workload = dossier.workload if dossier else None
    if dossier is None or workload is None or not workload.managed_by or dossier.target.kind is TargetKind.ARGO_APP:
        return ()
    owner = _OWNERS.get(workload.managed_by, workload.managed_by + " {name}").format(name=workload.manager)
    reverts = "" if story.incident.not_proposed else f"; {_REVERTS.get(workload.managed_by, _REVERTS[''])}"
    if story.proposal and story.proposal.current.action == PULL_REQUEST:
        reverts += ", so the fix is a pull request to its source"
    mine = AppResource(group="apps", kind=workload.kind, namespace=workload.namespace, name=workload.name)
    return (Text(text="Managed by:", quoted=f"{owner}{reverts}", url=dossier.app.link(mine) if dossier.app else ""),)


def _since(story: Story) -> str:
    alert, many = story.alert, len(story.incident.alert_ids)
    severity = alert.label("severity")
    since = [clock(alert.raised_at, story.incident.updated_at)]
    since += [f"severity {severity.lower()}"] if severity else []
    since += [f"{many} alerts so far"] if many > 1 else []
    return ", ".join(since)


def _labels(story: Story, named: str) -> Facts:
    """Return the sender's own labels that nothing above says already; without any it is a GAP."""
    alert, dossier, target = story.alert, story.dossier, story.incident.target
    pairs: list[tuple[str, str]] = []
    read = dossier is not None and (dossier.run is not None or dossier.app is not None)
    said = (named, target.repo, target.branch, target.run_id, target.namespace, alert.title)
    for label in FROM_THE_POST:
        text = alert.label(label)
        if text and not read and not any(text in each for each in said):
            pairs.append(("Link" if label == "run_url" else capital(label), text))
    return Facts(pairs=tuple(pairs))
