"""Kubernetes' JSON -> our values. Pure; knows no SDK.

What is read is listed here and nothing else is: never values of environment variables, never managedFields, never an
annotation but our own marks and the owners'. Fields are those of the API reference (core/v1 Pod and Event, apps/v1).
A field of another type than documented counts as absent; an answer that is not an object of that kind raises
Unavailable.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from bot.domain.cluster import (
    EXECUTION_MARK,
    ClusterEvent,
    Condition,
    Container,
    ContainerState,
    Mark,
    Pod,
    Quantity,
    Workload,
)
from bot.domain.errors import Unavailable

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
REVISION = "deployment.kubernetes.io/revision"
MARKS = (EXECUTION_MARK, RESTARTED_AT, REVISION)
TEMPLATE_HASH = "pod-template-hash"

Json = dict[str, Any]


def pod_from(connection: str, answer: object) -> Pod:
    """Return the Pod that this JSON is. Init containers come first, as they run first."""
    meta, spec, status = _parts(connection, answer, "Pod")
    owner = controller_of(meta)
    return Pod(
        connection=connection,
        namespace=_text(meta, "namespace"),
        name=_text(meta, "name"),
        uid=_text(meta, "uid"),
        phase=_text(status, "phase"),
        reason=_text(status, "reason"),
        message=_text(status, "message"),
        node=_text(spec, "nodeName"),
        ready=any(c.type == "Ready" and c.status == "True" for c in _conditions(status)),
        owner_kind=_text(owner, "kind"),
        owner_name=_text(owner, "name"),
        template_hash=_text(_object(meta, "labels"), TEMPLATE_HASH),
        created_at=_time(meta, "creationTimestamp"),
        deleting=bool(_text(meta, "deletionTimestamp")),
        marks=_marks(_object(meta, "annotations")),
        conditions=_conditions(status),
        containers=(
            *_states(spec, status, "initContainers", "initContainerStatuses", init=True),
            *_states(spec, status, "containers", "containerStatuses", init=False),
        ),
    )


def workload_from(connection: str, kind: str, answer: object) -> Workload:
    """Return the Deployment, StatefulSet or DaemonSet that this JSON is; `kind` decides which fields count replicas."""
    meta, spec, status = _parts(connection, answer, kind)
    template = _object(spec, "template")
    annotations = _object(meta, "annotations")
    managed_by, manager = owner_of(_object(meta, "labels"), annotations)
    replicas, ready, updated, available = _counts(kind, spec, status)
    return Workload(
        connection=connection,
        kind=kind,
        namespace=_text(meta, "namespace"),
        name=_text(meta, "name"),
        uid=_text(meta, "uid"),
        generation=_int(meta, "generation"),
        observed_generation=_int(status, "observedGeneration"),
        resource_version=_text(meta, "resourceVersion"),
        replicas=replicas,
        ready=ready,
        updated=updated,
        available=available,
        selector=_selector(_object(spec, "selector")),
        revision=_text(annotations, REVISION) or _text(status, "updateRevision"),
        managed_by=managed_by,
        manager=manager,
        marks=_marks(annotations, _object(_object(template, "metadata"), "annotations")),
        conditions=_conditions(status),
        containers=tuple(_container(c) for c in _objects(_object(template, "spec"), "containers")),
    )


def event_from(answer: Json) -> ClusterEvent:
    """Return the core/v1 Event; its moment is the first of lastTimestamp, series, eventTime and creation that is set."""
    series, about = _object(answer, "series"), _object(answer, "involvedObject")
    seen = (
        _time(answer, "lastTimestamp")
        or _time(series, "lastObservedTime")
        or _time(answer, "eventTime")
        or _time(answer, "firstTimestamp")
        or _time(_object(answer, "metadata"), "creationTimestamp")
    )
    return ClusterEvent(
        type=_text(answer, "type"),
        reason=_text(answer, "reason"),
        message=_text(answer, "message"),
        count=max(1, _int(answer, "count"), _int(series, "count")),
        last_seen=seen,
        object_kind=_text(about, "kind"),
        object_name=_text(about, "name"),
    )


def items_of(connection: str, answer: object) -> tuple[list[Json], str]:
    """Return the objects of a list answer and its `continue` token. Raises Unavailable when it is no list."""
    if not isinstance(answer, dict) or not isinstance(answer.get("items"), list):
        raise Unavailable("the answer is not a Kubernetes list", connection=connection)
    return _objects(answer, "items"), _text(_object(answer, "metadata"), "continue")


def controller_of(meta: Json) -> Json:
    """Return the ownerReference that controls the object, or an empty object."""
    return next((ref for ref in _objects(meta, "ownerReferences") if ref.get("controller") is True), {})


def owner_of(labels: Json, annotations: Json) -> tuple[str, str]:
    """Return who would revert a change made in the cluster (argocd, flux, helm, or empty) and which one of them.

    Flux's Helm releases carry Helm's labels too and Argo CD's applications may, so the reconciler is asked for first.
    `app.kubernetes.io/instance` alone proves nothing: Helm and kustomize write it as well.
    """
    tracking = _text(annotations, "argocd.argoproj.io/tracking-id")
    instance = _text(annotations, "argocd.argoproj.io/instance") or _text(labels, "argocd.argoproj.io/instance")
    if tracking or instance:
        return "argocd", tracking.partition(":")[0] or instance
    for prefix in ("kustomize.toolkit.fluxcd.io", "helm.toolkit.fluxcd.io"):
        if name := _text(labels, f"{prefix}/name"):
            return "flux", _joined(_text(labels, f"{prefix}/namespace"), name)
    release = _text(annotations, "meta.helm.sh/release-name")
    if release and _text(labels, "app.kubernetes.io/managed-by") == "Helm":
        return "helm", _joined(_text(annotations, "meta.helm.sh/release-namespace"), release)
    return "", ""


def _joined(namespace: str, name: str) -> str:
    return f"{namespace}/{name}" if namespace else name


def _parts(connection: str, answer: object, kind: str) -> tuple[Json, Json, Json]:
    if not isinstance(answer, dict) or not _text(_object(answer, "metadata"), "name"):
        raise Unavailable(f"the answer is not a {kind}", connection=connection)
    return _object(answer, "metadata"), _object(answer, "spec"), _object(answer, "status")


def _counts(kind: str, spec: Json, status: Json) -> tuple[int, int, int, int]:
    if kind == "DaemonSet":
        names = ("desiredNumberScheduled", "numberReady", "updatedNumberScheduled", "numberAvailable")
        wanted, ready, updated, available = (_int(status, name) for name in names)
        return wanted, ready, updated, available
    ready, updated, available = (_int(status, n) for n in ("readyReplicas", "updatedReplicas", "availableReplicas"))
    return _int(spec, "replicas"), ready, updated, available


def _states(spec: Json, status: Json, specs: str, statuses: str, *, init: bool) -> Iterable[ContainerState]:
    known = {_text(s, "name"): s for s in _objects(status, statuses)}
    for container in _objects(spec, specs):
        yield _state(container, known.get(_text(container, "name"), {}), init)


def _state(spec: Json, status: Json, init: bool) -> ContainerState:
    states = _object(status, "state")
    state = next((name for name in ("waiting", "running", "terminated") if isinstance(states.get(name), dict)), "")
    now, last = _object(states, state), _object(_object(status, "lastState"), "terminated")
    container = _container(spec)
    return ContainerState(
        name=container.name,
        image=container.image,
        ready=status.get("ready") is True,
        restarts=_int(status, "restartCount"),
        state=state,
        reason=_text(now, "reason"),
        message=_text(now, "message"),
        exit_code=_optional_int(now, "exitCode"),
        finished_at=_time(now, "finishedAt"),
        started_at=_time(now, "startedAt"),
        last_reason=_text(last, "reason"),
        last_message=_text(last, "message"),
        last_exit_code=_optional_int(last, "exitCode"),
        last_finished_at=_time(last, "finishedAt"),
        init=init,
        requests=container.requests,
        limits=container.limits,
    )


def _container(spec: Json) -> Container:
    resources = _object(spec, "resources")
    return Container(
        name=_text(spec, "name"),
        image=_text(spec, "image"),
        requests=_quantities(_object(resources, "requests")),
        limits=_quantities(_object(resources, "limits")),
    )


def _quantities(amounts: Json) -> tuple[Quantity, ...]:
    """Sorted by name: JSON's order means nothing, and digests must not see it."""
    return tuple(
        Quantity(name=k, amount=str(v)) for k, v in sorted(amounts.items()) if isinstance(v, (str, int, float))
    )


def _marks(*annotations: Json) -> tuple[Mark, ...]:
    """Return our marks, each from the first of the given annotations that has it."""
    found = ((name, next((text for a in annotations if (text := _text(a, name))), "")) for name in MARKS)
    return tuple(Mark(name=name, value=text) for name, text in found if text)


def _conditions(status: Json) -> tuple[Condition, ...]:
    return tuple(
        Condition(
            type=_text(c, "type"), status=_text(c, "status"), reason=_text(c, "reason"), message=_text(c, "message")
        )
        for c in _objects(status, "conditions")
    )


def _selector(selector: Json) -> str:
    """Return a LabelSelector in the form that the API's `labelSelector` parameter takes."""
    parts = [f"{k}={v}" for k, v in sorted(_object(selector, "matchLabels").items()) if isinstance(v, str)]
    for rule in _objects(selector, "matchExpressions"):
        found = rule.get("values")
        values = ",".join(v for v in found if isinstance(v, str)) if isinstance(found, list) else ""
        key = _text(rule, "key")
        forms = {
            "In": f"{key} in ({values})",
            "NotIn": f"{key} notin ({values})",
            "Exists": key,
            "DoesNotExist": f"!{key}",
        }
        parts.append(forms.get(_text(rule, "operator"), key))
    return ",".join(parts)


def _object(holder: Json, name: str) -> Json:
    found = holder.get(name)
    return found if isinstance(found, dict) else {}


def _objects(holder: Json, name: str) -> list[Json]:
    found = holder.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _text(holder: Json, name: str) -> str:
    """Return the text, its lone surrogates (which no UTF-8 can hold) replaced; empty for any other type."""
    found = holder.get(name)
    if not isinstance(found, str) or found.isascii():
        return found if isinstance(found, str) else ""
    return found.encode("utf-8", "replace").decode()


def _int(holder: Json, name: str) -> int:
    return _optional_int(holder, name) or 0


def _optional_int(holder: Json, name: str) -> int | None:
    found = holder.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def _time(holder: Json, name: str) -> datetime | None:
    """Return RFC 3339 (Time, MicroTime) as an aware moment in UTC; None for absent and for any other text."""
    try:
        moment = datetime.fromisoformat(_text(holder, name))
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None
