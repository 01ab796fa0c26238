"""A workload: how many of its pods are there, what its containers may use, and who owns it."""

from collections.abc import Iterator

from bot.domain.cluster import Workload
from bot.domain.evidence import Evidence, EvidenceKind
from bot.evidence.source import Source, amounts, described, facts, masked_count, numbered

OWNERS = {"argocd": "Argo CD application", "flux": "Flux", "helm": "Helm release"}


def read_workload(workload: Workload, source: Source) -> Evidence:
    """Return the workload as evidence; messages of its conditions are masked already.

    Facts: workload, kind, replicas, ready_replicas, available_replicas, updated_replicas, revision, generation,
    managed_by, manager, and `replica_failure` with the platform's words when it cannot make pods.
    """
    excerpt = numbered(_described(workload))
    refused = next((c.message for c in workload.conditions if c.type == "ReplicaFailure" and c.status == "True"), "")
    return Evidence(
        id=source.id,
        kind=EvidenceKind.WORKLOAD,
        target=source.target,
        summary=f"{workload.kind} {workload.name}: {workload.available} of {workload.replicas} pods available",
        excerpt=excerpt,
        facts=facts(
            workload=workload.name,
            kind=workload.kind,
            replicas=workload.replicas,
            ready_replicas=workload.ready,
            available_replicas=workload.available,
            updated_replicas=workload.updated,
            revision=workload.revision,
            generation=workload.generation,
            managed_by=workload.managed_by,
            manager=workload.manager,
            replica_failure=refused[:400],
        ),
        collected_at=source.at,
        redactions=masked_count(excerpt),
    )


def _described(workload: Workload) -> Iterator[str]:
    yield f"Name: {workload.name}"
    yield f"Namespace: {workload.namespace}"
    yield f"Kind: {workload.kind}"
    yield from described("", "Revision", workload.revision)
    counts = f"{workload.replicas} desired, {workload.updated} updated, {workload.ready} ready, {workload.available} available"
    yield f"Replicas: {counts}"
    if workload.managed_by:
        yield f"Managed By: {OWNERS.get(workload.managed_by, workload.managed_by)} {workload.manager}".rstrip()
    for container in workload.containers:
        yield f"Container: {container.name}"
        yield from described("  ", "Image", container.image)
        yield from described("  ", "Limits", amounts(container.limits))
        yield from described("  ", "Requests", amounts(container.requests))
    for c in workload.conditions:
        yield from described("", f"Condition {c.type}", f"{c.status} {c.reason} {c.message}".strip())
