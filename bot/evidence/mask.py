"""Strangers' words inside a platform's values, masked at the port: before anything is recorded, read or stored.

Identifiers (ids, shas, names of repositories, branches, objects, paths) are not touched: they are asked with again.
"""

from collections.abc import Callable
from dataclasses import replace

from bot.domain.cluster import ClusterEvent, Condition, ContainerState, Pod, Workload, WorkloadPatch
from bot.domain.evidence import Excerpt
from bot.evidence.mask_deployments import MaskedDeployments
from bot.evidence.mask_pipelines import MaskedPipelines
from bot.evidence.masking import Mask, Masking, masked
from bot.ports import Cluster, Deployments, Keep, Pipelines, Platforms
from knowledge.text.redact import Session


def masked_pod(pod: Pod, mask: Mask) -> Pod:
    """Return the pod with the messages of itself, its conditions and its containers masked."""
    return replace(
        pod,
        message=masked(pod.message, mask),
        conditions=_conditions(pod.conditions, mask),
        containers=tuple(_container(each, mask) for each in pod.containers),
    )


def masked_workload(workload: Workload, mask: Mask) -> Workload:
    """Return the workload with the messages of its conditions masked."""
    return replace(workload, conditions=_conditions(workload.conditions, mask))


def masked_events(events: tuple[ClusterEvent, ...], mask: Mask) -> tuple[ClusterEvent, ...]:
    """Return the events with their messages masked."""
    return tuple(replace(event, message=masked(event.message, mask)) for event in events)


def _conditions(conditions: tuple[Condition, ...], mask: Mask) -> tuple[Condition, ...]:
    return tuple(replace(each, message=masked(each.message, mask)) for each in conditions)


def _container(container: ContainerState, mask: Mask) -> ContainerState:
    return replace(
        container, message=masked(container.message, mask), last_message=masked(container.last_message, mask)
    )


class MaskedPlatforms:
    """Platforms whose answers and errors are masked. `session_of` names the session of the job that asks."""

    def __init__(self, target: Platforms, session_of: Callable[[], Session]) -> None:
        self._target, self._session_of = target, session_of

    def cluster(self, connection: str) -> Cluster:
        return MaskedCluster(self._target.cluster(connection), self._session_of)

    def pipelines(self, connection: str) -> Pipelines:
        return MaskedPipelines(self._target.pipelines(connection), self._session_of)

    def deployments(self, connection: str) -> Deployments:
        return MaskedDeployments(self._target.deployments(connection), self._session_of)


class MaskedCluster(Masking):
    """A Cluster whose messages are masked as they come in. Logs are masked by `keep`, which sees them line by line."""

    def __init__(self, target: Cluster, session_of: Callable[[], Session]) -> None:
        super().__init__(session_of)
        self._target = target

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

    def short_workloads(self, namespaces: tuple[str, ...], limit: int) -> tuple[Workload, ...]:
        found = self._asked(lambda: self._target.short_workloads(namespaces, limit))
        return tuple(masked_workload(workload, self._mask) for workload in found)
