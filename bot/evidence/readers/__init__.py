"""What a port returned -> Evidence: one kind, one file, one row below.

Rule of the room: pure functions over values that are masked already. Each one's last argument is the Source that names
the evidence; what comes before is what the port returned.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from bot.domain.evidence import Evidence, EvidenceKind
from bot.evidence.readers.events import read_events
from bot.evidence.readers.log import read_log, read_previous_log
from bot.evidence.readers.pod import read_pod
from bot.evidence.readers.post import read_post
from bot.evidence.readers.workload import read_workload

READERS: Mapping[EvidenceKind, Callable[..., Evidence]] = MappingProxyType(
    {
        EvidenceKind.POST: read_post,
        EvidenceKind.POD: read_pod,
        EvidenceKind.WORKLOAD: read_workload,
        EvidenceKind.EVENTS: read_events,
        EvidenceKind.PREVIOUS_LOG: read_previous_log,
        EvidenceKind.LOG: read_log,
    }
)

__all__ = ["READERS"]
