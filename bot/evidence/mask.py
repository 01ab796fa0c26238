"""Strangers' words inside a platform's values, masked before anything is read from them or stored."""

from collections.abc import Callable
from dataclasses import replace

from bot.domain.cluster import ClusterEvent, Condition, ContainerState, Pod, Workload

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
