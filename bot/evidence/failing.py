"""Which container of which pod is the trouble, by what the platform itself says of them."""

from bot.domain.cluster import ContainerState, Pod, Workload

STARTING = frozenset({"", "ContainerCreating", "PodInitializing"})
"""Reasons for waiting that every healthy start goes through."""


def severity(container: ContainerState) -> int:
    """Return how ill a container is: 4 cannot run, 3 has died, 2 died before, 1 is up but not ready, 0 nothing shown."""
    if container.state == "waiting" and container.reason not in STARTING:
        return 4
    if container.state == "terminated" and (container.exit_code or 0) != 0:
        return 3
    if container.restarts and (container.last_exit_code or container.last_reason not in ("", "Completed")):
        return 2
    if container.state == "running" and not container.ready and not container.init:
        return 1
    return 0


def failing_container(pod: Pod, wanted: str = "") -> ContainerState | None:
    """Return the container that the alert named, if the pod has it, else the illest; of equals the first to run."""
    named = next((c for c in pod.containers if c.name == wanted), None)
    if named is not None or not pod.containers:
        return named
    regular = tuple(c for c in pod.containers if not c.init)
    worst = max(pod.containers, key=severity)
    return worst if severity(worst) or not regular else regular[0]


def worst_first(pods: tuple[Pod, ...]) -> tuple[Pod, ...]:
    """Return the pods with the illest first, of equals the one with more restarts, then in the order given."""

    def rank(pod: Pod) -> tuple[bool, int, int]:
        ill = max((severity(c) for c in pod.containers), default=0)
        return pod.deleting, -(ill or is_failing(pod)), -max((c.restarts for c in pod.containers), default=0)

    return tuple(sorted(pods, key=rank))


def is_failing(pod: Pod) -> bool:
    """Whether the pod's status shows a failure: a container's, the pod's own, or that no node takes it."""
    if pod.phase == "Failed" or any(severity(c) for c in pod.containers):
        return True
    return any(c.type == "PodScheduled" and c.status == "False" for c in pod.conditions)


def is_short(workload: Workload) -> bool:
    """Whether the workload has fewer available pods than it wants, or says that it cannot make them."""
    refused = any(c.type == "ReplicaFailure" and c.status == "True" for c in workload.conditions)
    return refused or workload.available < workload.replicas
