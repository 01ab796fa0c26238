"""A pod's status, in the words and the order of `kubectl describe pod`, so that people know what they read."""

from collections.abc import Iterable, Iterator

from bot.domain.cluster import ContainerState, Pod
from bot.domain.evidence import Evidence, EvidenceKind, Fact
from bot.evidence.failing import failing_container
from bot.evidence.source import Source, amounts, described, facts, masked_count, numbered, tag_of


def read_pod(pod: Pod, container: str, source: Source) -> Evidence:
    """Return the pod as evidence; the facts are about its failing container, which the alert may have named.

    Messages in it are masked already. Facts: container, init, image, tag, state, reason, message, waiting_reason, exit_code,
    restarts, last_reason, last_exit_code, last_message, memory_limit, memory_request, cpu_limit, cpu_request and
    container_ready; and of the pod: pod, phase, pod_reason, node, ready, unschedulable. Messages: their first line.
    """
    failing = failing_container(pod, container)
    excerpt = numbered(_described(pod))
    return Evidence(
        id=source.id,
        kind=EvidenceKind.POD,
        target=source.target,
        summary=_summary(pod, failing),
        excerpt=excerpt,
        facts=(*_container_facts(failing), *_pod_facts(pod)),
        collected_at=source.at,
        redactions=masked_count(excerpt),
    )


def _summary(pod: Pod, container: ContainerState | None) -> str:
    if container is None:
        return f"Pod {pod.name}: {pod.phase or 'no status'}"
    parts = [f"{container.state or 'not started'}{f' ({container.reason})' if container.reason else ''}"]
    if container.last_reason or container.last_exit_code is not None:
        code = "" if container.last_exit_code is None else f", exit code {container.last_exit_code}"
        parts.append(f"last {container.last_reason or 'ended'}{code}")
    parts.append(f"{container.restarts} restarts")
    return f"Pod {pod.name}, container {container.name}: {', '.join(parts)}"


def _container_facts(container: ContainerState | None) -> tuple[Fact, ...]:
    if container is None:
        return ()
    return facts(
        container=container.name,
        init=container.init or None,
        image=container.image,
        tag=tag_of(container.image),
        state=container.state,
        reason=container.reason,
        message=container.message.split("\n", 1)[0][:400],
        waiting_reason=container.reason if container.state == "waiting" else "",
        exit_code=container.exit_code,
        restarts=container.restarts,
        last_reason=container.last_reason,
        last_exit_code=container.last_exit_code,
        last_message=container.last_message.split("\n", 1)[0][:400],
        memory_limit=container.limit("memory"),
        memory_request=container.request("memory"),
        cpu_limit=container.limit("cpu"),
        cpu_request=container.request("cpu"),
        container_ready=container.ready,
    )


def _pod_facts(pod: Pod) -> tuple[Fact, ...]:
    scheduled = next((c for c in pod.conditions if c.type == "PodScheduled"), None)
    return facts(
        pod=pod.name,
        phase=pod.phase,
        pod_reason=pod.reason,
        node=pod.node,
        ready=pod.ready,
        unschedulable=scheduled.message[:400] if scheduled and scheduled.status == "False" else "",
    )


def _described(pod: Pod) -> Iterator[str]:
    yield f"Name: {pod.name}"
    yield f"Namespace: {pod.namespace}"
    yield from described("", "Node", pod.node)
    yield from described("", "Status", "Terminating" if pod.deleting else pod.phase)
    yield from described("", "Reason", pod.reason)
    yield from described("", "Message", pod.message)
    if pod.owner_name:
        yield f"Controlled By: {pod.owner_kind}/{pod.owner_name}"
    for container in pod.containers:
        yield from _container(container)
    if pod.conditions:
        yield "Conditions:"
        yield from (
            line
            for c in pod.conditions
            for line in described("  ", c.type, f"{c.status} {c.reason} {c.message}".strip())
        )


def _container(container: ContainerState) -> Iterable[str]:
    yield f"{'Init Container' if container.init else 'Container'}: {container.name}"
    yield from described("  ", "Image", container.image)
    if container.state:
        yield f"  State: {container.state.capitalize()}"
        yield from _ending(container.reason, container.message, container.exit_code)
    if container.last_reason or container.last_exit_code is not None:
        yield "  Last State: Terminated"
        yield from _ending(container.last_reason, container.last_message, container.last_exit_code)
        if container.last_finished_at:
            yield f"    Finished: {container.last_finished_at.isoformat()}"
    yield f"  Ready: {container.ready}"
    yield f"  Restart Count: {container.restarts}"
    yield from described("  ", "Limits", amounts(container.limits))
    yield from described("  ", "Requests", amounts(container.requests))


def _ending(reason: str, message: str, exit_code: int | None) -> Iterable[str]:
    yield from described("    ", "Reason", reason)
    yield from described("    ", "Message", message)
    if exit_code is not None:
        yield f"    Exit Code: {exit_code}"
