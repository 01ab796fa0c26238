"""Argo CD's JSON -> our values. Pure; knows no HTTP.

What is read is listed here and nothing else is: never the values of Helm or plugin parameters, never managedFields, never
an annotation. Fields are those of the Application resource (pkg/apis/application/v1alpha1, 3.6) as the API was recorded to
answer them. A field of another type counts as absent; an answer that is no object of that kind raises Unavailable.
"""

from bot.adapters.argocd.fields import Json, int_in, object_in, objects_in, text_in, texts_in, time_in
from bot.domain.cluster import ClusterEvent
from bot.domain.delivery import (
    AppCondition,
    AppDeployed,
    Application,
    AppOperation,
    AppResource,
    AppSource,
    InfoItem,
)
from bot.domain.errors import Unavailable

MAX_RESOURCES = 500
MAX_NODES = 5000
MAX_FEW = 20
"""Conditions, sources, info items and images of one resource; entries of the history, which Argo CD itself keeps to 10."""

MAX_HISTORY = 20
WELL = {"", "Healthy", "Suspended"}
RUNNING = "Running"


def application_from(connection: str, server: str, answer: object) -> Application:
    """Return the Application that this JSON is, whole or as a list with selected fields has it."""
    if not isinstance(answer, dict) or not text_in(object_in(answer, "metadata"), "name"):
        raise Unavailable("the answer is not an Application", connection=connection, operation="read application")
    meta, spec, status = (object_in(answer, name) for name in ("metadata", "spec", "status"))
    sync, health = object_in(status, "sync"), object_in(status, "health")
    automated = object_in(spec, "syncPolicy").get("automated")
    policy = automated if isinstance(automated, dict) else {}
    destination = object_in(spec, "destination")
    namespace, name = text_in(meta, "namespace") or "argocd", text_in(meta, "name")
    home = text_in(status, "controllerNamespace")
    return Application(
        connection=connection,
        name=f"{namespace}/{name}" if home not in ("", namespace) else name,
        namespace=namespace,
        project=text_in(spec, "project") or "default",
        uid=text_in(meta, "uid"),
        resource_version=text_in(meta, "resourceVersion"),
        url=f"{server}/applications/{namespace}/{name}",
        sync=text_in(sync, "status"),
        revision=text_in(sync, "revision") or next(iter(texts_in(sync, "revisions", 1)), ""),
        health=text_in(health, "status"),
        health_message=text_in(health, "message"),
        automated=isinstance(automated, dict) and policy.get("enabled") is not False,
        self_heal=policy.get("selfHeal") is True,
        destination_namespace=text_in(destination, "namespace"),
        destination=text_in(destination, "server") or text_in(destination, "name"),
        sources=_sources(spec, status),
        conditions=tuple(
            AppCondition(type=text_in(c, "type"), message=text_in(c, "message"), at=time_in(c, "lastTransitionTime"))
            for c in objects_in(status, "conditions", MAX_FEW)
        ),
        operation=_operation(object_in(answer, "operation"), object_in(status, "operationState")),
        resources=tuple(_compared(each) for each in objects_in(status, "resources", MAX_RESOURCES) if _is_named(each)),
        history=_history(status),
        reconciled_at=time_in(status, "reconciledAt"),
    )


def tree_from(connection: str, answer: object) -> tuple[AppResource, ...]:
    """Return the nodes of a resource tree; when there are too many, the ill ones stay."""
    if not isinstance(answer, dict):
        raise Unavailable("the answer is no resource tree", connection=connection, operation="read resource tree")
    nodes = [_node(each) for each in objects_in(answer, "nodes", MAX_NODES) if _is_named(each)]
    if len(nodes) > MAX_RESOURCES:
        nodes.sort(key=lambda node: node.health in WELL)
    return tuple(nodes[:MAX_RESOURCES])


def event_from(answer: Json) -> ClusterEvent:
    """Return the core/v1 Event; its moment is the first of lastTimestamp, series, eventTime and creation that is set."""
    series, about = object_in(answer, "series"), object_in(answer, "involvedObject")
    seen = (
        time_in(answer, "lastTimestamp")
        or time_in(series, "lastObservedTime")
        or time_in(answer, "eventTime")
        or time_in(answer, "firstTimestamp")
        or time_in(object_in(answer, "metadata"), "creationTimestamp")
    )
    return ClusterEvent(
        type=text_in(answer, "type"),
        reason=text_in(answer, "reason"),
        message=text_in(answer, "message"),
        count=max(1, int_in(answer, "count"), int_in(series, "count")),
        last_seen=seen,
        object_kind=text_in(about, "kind"),
        object_name=text_in(about, "name"),
    )


def _operation(wanted: Json, state: Json) -> AppOperation | None:
    """Return the running or last operation.

    The API server writes `operation` and removes the old state; until the controller takes it up there is no other sign
    of it. The controller removes `operation` in the same write that ends the state.
    """
    if wanted and text_in(state, "phase") not in (RUNNING, "Terminating"):
        return _of(wanted, RUNNING, {})
    if not text_in(state, "phase"):
        return None
    return _of(object_in(state, "operation"), text_in(state, "phase"), state)


def _of(operation: Json, phase: str, state: Json) -> AppOperation:
    by, sync, result = object_in(operation, "initiatedBy"), object_in(operation, "sync"), object_in(state, "syncResult")
    revisions = texts_in(result, "revisions", 1) or texts_in(sync, "revisions", 1)
    return AppOperation(
        phase=phase,
        message=text_in(state, "message"),
        revision=text_in(result, "revision") or text_in(sync, "revision") or next(iter(revisions), ""),
        started_at=time_in(state, "startedAt"),
        finished_at=time_in(state, "finishedAt"),
        by=text_in(by, "username"),
        automated=by.get("automated") is True,
        retries=int_in(state, "retryCount"),
        info=tuple(
            InfoItem(name=text_in(each, "name"), value=text_in(each, "value"))
            for each in objects_in(operation, "info", MAX_FEW)
        ),
        results=tuple(_result(each) for each in objects_in(result, "resources", MAX_RESOURCES) if _is_named(each)),
    )


def _history(status: Json) -> tuple[AppDeployed, ...]:
    """The API's order is oldest first; should it ever differ, ids grow with time."""
    entries = [
        AppDeployed(
            id=int_in(each, "id"),
            revision=text_in(each, "revision") or next(iter(texts_in(each, "revisions", 1)), ""),
            deployed_at=time_in(each, "deployedAt"),
        )
        for each in objects_in(status, "history", MAX_RESOURCES)
    ]
    return tuple(sorted(entries, key=lambda entry: entry.id)[-MAX_HISTORY:])


def _sources(spec: Json, status: Json) -> tuple[AppSource, ...]:
    found = objects_in(spec, "sources", MAX_FEW)
    if found:
        kinds = texts_in(status, "sourceTypes", MAX_FEW)
        return tuple(_source(each, kinds[n] if n < len(kinds) else "") for n, each in enumerate(found))
    one = object_in(spec, "source")
    return (_source(one, text_in(status, "sourceType")),) if one else ()


def _source(source: Json, said: str) -> AppSource:
    """`said` is Argo CD's own sourceType; before the first comparison only the spec can tell."""
    kind = said.lower()
    if kind not in ("directory", "helm", "kustomize", "plugin"):
        named = [k for k in ("helm", "kustomize", "plugin") if isinstance(source.get(k), dict)]
        kind = "helm" if text_in(source, "chart") else next(iter(named), "directory")
    return AppSource(
        repo_url=text_in(source, "repoURL"),
        path=text_in(source, "path"),
        target_revision=text_in(source, "targetRevision"),
        chart=text_in(source, "chart"),
        kind=kind,
    )


def _is_named(resource: Json) -> bool:
    return bool(text_in(resource, "kind") and text_in(resource, "name"))


def _compared(resource: Json) -> AppResource:
    health = object_in(resource, "health")
    return AppResource(
        group=text_in(resource, "group"),
        kind=text_in(resource, "kind"),
        namespace=text_in(resource, "namespace"),
        name=text_in(resource, "name"),
        sync=text_in(resource, "status"),
        health=text_in(health, "status"),
        health_message=text_in(health, "message"),
    )


def _result(resource: Json) -> AppResource:
    return AppResource(
        group=text_in(resource, "group"),
        kind=text_in(resource, "kind"),
        namespace=text_in(resource, "namespace"),
        name=text_in(resource, "name"),
        result=text_in(resource, "status"),
        message=text_in(resource, "message"),
        images=texts_in(resource, "images", MAX_FEW),
    )


def _node(node: Json) -> AppResource:
    health = object_in(node, "health")
    reasons = (text_in(i, "value") for i in objects_in(node, "info", MAX_FEW) if i.get("name") == "Status Reason")
    return AppResource(
        group=text_in(node, "group"),
        kind=text_in(node, "kind"),
        namespace=text_in(node, "namespace"),
        name=text_in(node, "name"),
        uid=text_in(node, "uid"),
        health=text_in(health, "status"),
        health_message=text_in(health, "message"),
        reason=next(reasons, ""),
        images=texts_in(node, "images", MAX_FEW),
    )
