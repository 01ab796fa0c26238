"""Strangers' words inside a platform's values, masked at the port: before anything is recorded, read or stored."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from bot.domain.cluster import ClusterEvent, Condition, ContainerState, Pod, Workload, WorkloadPatch
from bot.domain.errors import PlatformError
from bot.domain.evidence import Excerpt
from bot.ports import Cluster, Keep, Platforms
from knowledge.text.redact import Session, redact

T = TypeVar("T")

Mask = Callable[[str], str]

MAX_MESSAGE = 8_000
"""A termination message holds at most 4,096 bytes; everything else here is shorter (Kubernetes' own limits)."""


def masked_pod(pod: Pod, mask: Mask) -> Pod:
    """Return the pod with the messages of itself, its conditions and its containers masked."""
    return replace(
        pod,
        message=_masked(pod.message, mask),
        conditions=_conditions(pod.conditions, mask),
        containers=tuple(_container(each, mask) for each in pod.containers),
    )


def masked_workload(workload: Workload, mask: Mask) -> Workload:
    """Return the workload with the messages of its conditions masked."""
    return replace(workload, conditions=_conditions(workload.conditions, mask))


def masked_events(events: tuple[ClusterEvent, ...], mask: Mask) -> tuple[ClusterEvent, ...]:
    """Return the events with their messages masked."""
    return tuple(replace(event, message=_masked(event.message, mask)) for event in events)


def _conditions(conditions: tuple[Condition, ...], mask: Mask) -> tuple[Condition, ...]:
    return tuple(replace(each, message=_masked(each.message, mask)) for each in conditions)


def _container(container: ContainerState, mask: Mask) -> ContainerState:
    return replace(
        container,
        message=_masked(container.message, mask),
        last_message=_masked(container.last_message, mask),
    )


def _masked(text: str, mask: Mask) -> str:
    return mask(text[:MAX_MESSAGE]) if text else text


class MaskedPlatforms:
    """Platforms whose answers and errors are masked. `session_of` names the session of the job that asks."""

    def __init__(self, target: Platforms, session_of: Callable[[], Session]) -> None:
        self._target, self._session_of = target, session_of

    def cluster(self, connection: str) -> Cluster:
        return MaskedCluster(self._target.cluster(connection), self._session_of)


class MaskedCluster:
    """A Cluster whose messages are masked as they come in. Logs are masked by `keep`, which sees them line by line."""

    def __init__(self, target: Cluster, session_of: Callable[[], Session]) -> None:
        self._target, self._session_of = target, session_of

    def pod(self, namespace: str, name: str) -> Pod:
        return masked_pod(self._asked(lambda: self._target.pod(namespace, name)), self._mask)

    def pods(self, namespace: str, selector: str) -> tuple[Pod, ...]:
        found = self._asked(lambda: self._target.pods(namespace, selector))
        return tuple(masked_pod(pod, self._mask) for pod in found)

    def workload(self, namespace: str, kind: str, name: str) -> Workload:
        return masked_workload(self._asked(lambda: self._target.workload(namespace, kind, name)), self._mask)

    def owner(self, pod: Pod) -> Workload | None:
        found = self._asked(lambda: self._target.owner(pod))
        return masked_workload(found, self._mask) if found else None

    def events(self, namespace: str, name: str) -> tuple[ClusterEvent, ...]:
        return masked_events(self._asked(lambda: self._target.events(namespace, name)), self._mask)

    def log(self, namespace: str, pod: str, container: str, previous: bool, max_lines: int, keep: Keep) -> Excerpt:
        return self._asked(lambda: self._target.log(namespace, pod, container, previous, max_lines, keep))

    def patch(self, patch: WorkloadPatch, dry_run: bool) -> Workload:
        return masked_workload(self._asked(lambda: self._target.patch(patch, dry_run)), self._mask)

    def allowed(self, verb: str, group: str, resource: str, namespace: str) -> bool:
        return self._asked(lambda: self._target.allowed(verb, group, resource, namespace))

    def _mask(self, text: str) -> str:
        return redact(text, self._session_of()).text

    def _asked(self, call: Callable[[], T]) -> T:
        """Ask, and mask the platform's own words in its refusal: it quotes what was sent and what stands there."""
        try:
            return call()
        except PlatformError as error:
            words = _masked(error.detail, self._mask)
            raise type(error)(
                words, connection=error.connection, operation=error.operation, status=error.status
            ) from error
