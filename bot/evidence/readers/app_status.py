"""An application as `argocd app get` tells it: sync, health, conditions, the last operation and what it did."""

from collections.abc import Iterator

from bot.domain.delivery import Application, AppResource
from bot.domain.evidence import Evidence, EvidenceKind
from bot.evidence.app_failure import failing_revision, ill_resources, last_good_revision, sync_failed
from bot.evidence.source import Source, facts, folded, masked_count, numbered

MAX_RESOURCES = 40


def read_app_status(app: Application, source: Source) -> Evidence:
    """Return the application as evidence; messages in it are masked already.

    Facts: app, project, namespace, sync, health, automated, self_heal, revision (the failing one), last_good, condition
    (type of the first error), operation_phase, operation_by, sync_failed, failed_resource (`Deployment/api`: the first
    that the API refused, else the first that is ill), image (its first), repo and path of the source.
    """
    failed = ill_resources(app, ())
    operation = app.operation
    first = app.sources[0] if app.sources else None
    error = next((each for each in app.conditions if each.type.endswith("Error")), None)
    excerpt = numbered(_described(app))
    return Evidence(
        id=source.id,
        kind=EvidenceKind.APP_STATUS,
        target=source.target,
        summary=_summary(app),
        excerpt=excerpt,
        facts=facts(
            app=app.name,
            project=app.project,
            namespace=app.destination_namespace,
            sync=app.sync,
            health=app.health,
            automated=app.automated,
            self_heal=app.self_heal,
            revision=failing_revision(app),
            last_good=last_good_revision(app),
            condition=error.type if error else "",
            operation_phase=operation.phase if operation else "",
            operation_by=_by(app) if operation else "",
            sync_failed=sync_failed(app),
            failed_resource=f"{failed[0].kind}/{failed[0].name}" if failed else "",
            image=next(iter(failed[0].images), "") if failed else "",
            repo=first.repo_url if first else "",
            path=first.path if first else "",
        ),
        url=app.url,
        collected_at=source.at,
        redactions=masked_count(excerpt),
    )


def _summary(app: Application) -> str:
    operation = f", last sync {app.operation.phase}" if app.operation else ""
    error = next((f", {each.type}" for each in app.conditions if each.type.endswith("Error")), "")
    return f"Application {app.name}: {app.sync or 'sync unknown'}, {app.health or 'health unknown'}{operation}{error}"


def _by(app: Application) -> str:
    if app.operation is None:
        return ""
    return "automated sync policy" if app.operation.automated else app.operation.by


def _described(app: Application) -> Iterator[str]:
    yield f"Name: {app.name}"
    yield f"Project: {app.project}"
    yield f"Namespace: {app.destination_namespace}"
    for each in app.sources:
        yield f"Source: {each.repo_url} {each.path or each.chart} {each.target_revision}".rstrip()
    policy = "Automated" + (" (self heal)" if app.self_heal else "") if app.automated else "Manual"
    yield f"Sync Policy: {policy}"
    yield f"Sync Status: {app.sync} ({app.revision[:40]})"
    yield f"Health Status: {app.health}"
    if app.health_message:
        yield from folded(f"Health Message: {app.health_message}")
    for condition in app.conditions:
        yield from folded(f"Condition {condition.type}: {condition.message}")
    if app.operation is not None:
        yield f"Operation: Sync to {app.operation.revision[:40]} by {_by(app) or 'nobody named'}"
        yield f"Phase: {app.operation.phase}" + (f", {app.operation.retries} retries" if app.operation.retries else "")
        yield from folded(f"Message: {app.operation.message}")
        told = [each for each in app.operation.results if each.result != "Synced"]
        yield from _resources(told[:MAX_RESOURCES], "result")
    ill = [each for each in app.resources if each.sync not in {"", "Synced"} or each.health not in {"", "Healthy"}]
    yield from _resources(ill[:MAX_RESOURCES], "state")


def _resources(resources: list[AppResource], what: str) -> Iterator[str]:
    for each in resources:
        place = f"{each.namespace}/{each.name}" if each.namespace else each.name
        state, said = (
            (each.result, each.message)
            if what == "result"
            else (
                ", ".join(filter(None, (each.sync, each.health))),
                each.health_message,
            )
        )
        yield from folded(f"Resource {each.kind} {place}: {state}{f': {said}' if said else ''}")
