"""What a port returned -> Evidence: one kind, one file, one row below.

Rule of the room: pure functions over values that are masked already. Each one's last argument is the Source that names
the evidence; what comes before is what the port returned.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from bot.domain.evidence import Evidence, EvidenceKind
from bot.evidence.readers.annotations import read_annotations
from bot.evidence.readers.app_status import read_app_status
from bot.evidence.readers.change import read_change
from bot.evidence.readers.ci_log import read_ci_log
from bot.evidence.readers.events import read_events
from bot.evidence.readers.log import read_log, read_previous_log
from bot.evidence.readers.manifests import read_manifests
from bot.evidence.readers.pod import read_pod
from bot.evidence.readers.post import read_post
from bot.evidence.readers.resources import read_resources
from bot.evidence.readers.run import read_run
from bot.evidence.readers.source_file import read_source
from bot.evidence.readers.workflow_file import read_workflow_file
from bot.evidence.readers.workload import read_workload

READERS: Mapping[EvidenceKind, Callable[..., Evidence]] = MappingProxyType(
    {
        EvidenceKind.POST: read_post,
        EvidenceKind.POD: read_pod,
        EvidenceKind.WORKLOAD: read_workload,
        EvidenceKind.EVENTS: read_events,
        EvidenceKind.PREVIOUS_LOG: read_previous_log,
        EvidenceKind.LOG: read_log,
        EvidenceKind.RUN: read_run,
        EvidenceKind.CI_LOG: read_ci_log,
        EvidenceKind.ANNOTATIONS: read_annotations,
        EvidenceKind.WORKFLOW_FILE: read_workflow_file,
        EvidenceKind.CHANGE: read_change,
        EvidenceKind.APP_STATUS: read_app_status,
        EvidenceKind.RESOURCES: read_resources,
        EvidenceKind.MANIFESTS: read_manifests,
        EvidenceKind.SOURCE: read_source,
    }
)

__all__ = ["READERS"]
