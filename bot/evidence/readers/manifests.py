"""What Argo CD rendered: the manifest of the resource that fails."""

from bot.domain.delivery import AppResource
from bot.domain.evidence import Evidence, EvidenceKind
from bot.evidence.manifest_text import declares
from bot.evidence.source import MAX_LINES, Source, excerpt_of, facts, masked_count


def read_manifests(rendered: tuple[str, ...], failed: AppResource, last_good: str, source: Source) -> Evidence:
    """Return the rendered manifest of the failed resource, else the first one, with its lines. Masked already.

    Facts: manifests (how many there are), kind, workload, last_good.
    """
    lines = next(
        (found for text in rendered if declares(found := tuple(text.split("\n")), failed)),
        tuple(rendered[0].split("\n")),
    )
    excerpt = excerpt_of(lines, 1, MAX_LINES)
    return Evidence(
        id=source.id,
        kind=EvidenceKind.MANIFESTS,
        target=source.target,
        summary=f"{len(rendered)} manifests are rendered, {failed.kind} {failed.name} among them",
        excerpt=excerpt,
        facts=facts(manifests=len(rendered), kind=failed.kind, workload=failed.name, last_good=last_good),
        collected_at=source.at,
        redactions=masked_count(excerpt),
    )
