"""What grew of an application, as far as it is ill: the resource tree's own words on each."""

from collections.abc import Iterator

from bot.domain.delivery import Application, AppResource
from bot.domain.evidence import Evidence, EvidenceKind
from bot.evidence.source import Source, facts, folded, masked_count, numbered, tag_of

MAX_RESOURCES = 60


def read_resources(ill: tuple[AppResource, ...], app: Application, source: Source) -> Evidence:
    """Return the ill resources, the illest first, one line each; messages are masked already.

    Facts: app, kind, workload (the first that is declared), pod (the first), message (of the illest), image and tag (of the
    illest that has one), ill (how many).
    """
    excerpt = numbered(_described(ill)) if ill else numbered(["no resource is ill"])
    worst = ill[0] if ill else None
    pod = next((each for each in ill if each.kind == "Pod"), None)
    declared = next((each for each in ill if each.kind not in {"Pod", "ReplicaSet"}), None)
    image = next((each.images[0] for each in ill if each.images), "")
    told = f"{worst.kind} {worst.name} is {worst.health}" if worst else "none is ill"
    return Evidence(
        id=source.id,
        kind=EvidenceKind.RESOURCES,
        target=source.target,
        summary=f"Resources of {app.name}: {told}",
        excerpt=excerpt,
        facts=facts(
            app=app.name,
            kind=declared.kind if declared else "",
            workload=declared.name if declared else "",
            pod=pod.name if pod else "",
            message=worst.health_message.split("\n", 1)[0][:400] if worst else "",
            image=image,
            tag=tag_of(image),
            ill=len(ill),
        ),
        url=app.url,
        collected_at=source.at,
        redactions=masked_count(excerpt),
    )


def _described(ill: tuple[AppResource, ...]) -> Iterator[str]:
    for each in ill[:MAX_RESOURCES]:
        place = f"{each.namespace}/{each.name}" if each.namespace else each.name
        said = each.health_message or each.message
        yield from folded(f"{each.kind} {place}: {each.health or each.result}{f': {said}' if said else ''}")
        if each.images:
            yield f"  Images: {', '.join(each.images[:5])}"
