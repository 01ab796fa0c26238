"""A container's log, as the reducer kept it."""

from bot.domain.evidence import Evidence, EvidenceKind, Excerpt
from bot.evidence.source import Source, facts, masked_count


def read_log(kept: Excerpt, container: str, source: Source) -> Evidence:
    """Return the current log of a container as evidence."""
    return _read(EvidenceKind.LOG, f"Log of container {container}", kept, container, source)


def read_previous_log(kept: Excerpt, container: str, source: Source) -> Evidence:
    """Return the log of the container's instance before this one as evidence."""
    return _read(EvidenceKind.PREVIOUS_LOG, f"Log of container {container} before it ended", kept, container, source)


def _read(kind: EvidenceKind, title: str, kept: Excerpt, container: str, source: Source) -> Evidence:
    shown = len(kept.lines)
    lines = f"{kept.total_lines} lines" if shown == kept.total_lines else f"{shown} of {kept.total_lines} lines"
    return Evidence(
        id=source.id,
        kind=kind,
        target=source.target,
        summary=f"{title}: {lines}",
        excerpt=kept,
        facts=facts(container=container, lines=kept.total_lines),
        collected_at=source.at,
        redactions=masked_count(kept),
    )
