"""What the scheduler, the kubelet and the controllers tried."""

from bot.domain.cluster import ClusterEvent
from bot.domain.evidence import Evidence, EvidenceKind
from bot.evidence.source import Source, facts, masked_count, numbered


def read_events(events: tuple[ClusterEvent, ...], source: Source) -> Evidence:
    """Return the events, oldest first, one line each: `Warning BackOff x7 Back-off restarting failed container ...`.

    Messages are masked already; their line ends become spaces, so that one event is one line. Facts: `warnings`, how
    many kinds of warning there are, and `last_warning`, the reason of the newest one.
    """
    excerpt = numbered(_line(event) for event in events)
    warnings = [event for event in events if event.type == "Warning"]
    told = ", ".join(dict.fromkeys(event.reason for event in reversed(warnings)))[:200]
    return Evidence(
        id=source.id,
        kind=EvidenceKind.EVENTS,
        target=source.target,
        summary=f"{len(events)} events of {source.target.name}" + (f", warnings: {told}" if told else ", no warning"),
        excerpt=excerpt,
        facts=facts(
            warnings=len({event.reason for event in warnings}), last_warning=warnings[-1].reason if warnings else ""
        ),
        collected_at=source.at,
        redactions=masked_count(excerpt),
    )


def _line(event: ClusterEvent) -> str:
    times = f" x{event.count}" if event.count > 1 else ""
    return f"{event.type} {event.reason}{times} {' '.join(event.message.split())}".strip()
