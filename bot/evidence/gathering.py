"""What a gathering has found so far, and the one way in which it asks: within the scope, and no platform after its outage."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from bot.domain.alert import Target
from bot.domain.cluster import Pod, Workload
from bot.domain.connections import ConnectionKind, Connections
from bot.domain.delivery import Application
from bot.domain.errors import OverBudget, PlatformError, TimedOut, Unavailable
from bot.domain.evidence import Dossier, Evidence, EvidenceGap, EvidenceKind, EvidenceRequest, GapReason
from bot.domain.pipeline import Commit, PipelineJob, RepoFile, WorkflowRun
from bot.evidence.readers import READERS
from bot.evidence.source import Source
from bot.ports import Ids, Keep, Platforms

T = TypeVar("T")

MAX_DETAIL = 300
MAX_FILES = 6
MAX_FILE_LINES = 3_000

Plan = tuple[EvidenceRequest, ...]


class Gathering:
    """What was found so far; becomes a Dossier. `target` is the alert's until the platform names its owner."""

    def __init__(
        self,
        target: Target,
        platforms: Platforms,
        connections: Connections,
        refuses: Callable[[Target], str],
        ids: Ids,
        at: datetime,
        keep: Keep,
    ) -> None:
        self.target, self.platforms, self.connections, self.at, self.keep = target, platforms, connections, at, keep
        self.evidence: list[Evidence] = []
        self.gaps: list[EvidenceGap] = []
        self.workload: Workload | None = None
        self.pods: tuple[Pod, ...] = ()
        self.run: WorkflowRun | None = None
        self.jobs: tuple[PipelineJob, ...] = ()
        self.last_good: WorkflowRun | None = None
        self.passed_before: tuple[WorkflowRun, ...] = ()
        self.app: Application | None = None
        self.files: tuple[RepoFile, ...] = ()
        self.changes: tuple[Commit, ...] = ()
        self.confirmed = False
        self._refuses = refuses
        self._ids = ids
        self._outages: dict[tuple[ConnectionKind, str], PlatformError] = {}

    def add(self, kind: EvidenceKind, *raw: object, target: Target | None = None) -> None:
        """Read what a port returned into evidence."""
        source = Source(id=self._ids.new("ev"), target=target or self.target, at=self.at)
        self.evidence.append(READERS[kind](*raw, source))

    def miss(self, request: EvidenceRequest, reason: str, detail: str) -> None:
        """Note what could not be had, once."""
        gap = EvidenceGap(request=request, reason=GapReason(reason), detail=detail[:MAX_DETAIL])
        if gap not in self.gaps:
            self.gaps.append(gap)

    def miss_after(self, missed: EvidenceRequest, rest: Plan, why: str) -> None:
        """Note what is not asked for because `missed` could not be had: for the same reason, and never as if not there."""
        reason = next((gap.reason for gap in reversed(self.gaps) if gap.request == missed), GapReason.NOT_FOUND)
        for request in rest:
            self.miss(request, reason, f"not asked: {why}")

    def keeps(self, file: RepoFile, request: EvidenceRequest) -> bool:
        """Keep a file of the source for whoever drafts a change; False, and a gap, when it is too much to keep."""
        if len(self.files) >= MAX_FILES or len(file.lines) > MAX_FILE_LINES:
            self.miss(request, GapReason.OVER_BUDGET, f"{file.path} has {len(file.lines)} lines")
            return False
        self.files += (file,)
        return True

    def reach(self, kind: ConnectionKind, target: Target, plan: Plan) -> "Asking | None":
        """Return the way to ask about the target, or None after noting why nothing of the plan is fetched."""
        why = self._refuses(target)
        if not why:
            return Asking(self, kind, target.connection)
        for request in plan:
            self.miss(request, GapReason.OUT_OF_SCOPE, why)
        return None

    def failed(self, kind: ConnectionKind, connection: str, error: PlatformError) -> None:
        """Remember an outage, and a spent budget: more questions would only wait for the same answer."""
        if isinstance(error, (Unavailable, TimedOut, OverBudget)):
            self._outages[kind, connection] = error

    def outage(self, kind: ConnectionKind, connection: str) -> PlatformError | None:
        """Return why a platform is not asked any more, or None."""
        return self._outages.get((kind, connection))

    def dossier(self, id: str, incident_id: str) -> Dossier:  # noqa: A002 - the dossier's own field name
        """Return everything as a value."""
        return Dossier(
            id=id,
            incident_id=incident_id,
            target=self.target,
            evidence=tuple(self.evidence),
            gaps=tuple(self.gaps),
            workload=self.workload,
            pods=self.pods,
            run=self.run,
            jobs=self.jobs,
            last_good=self.last_good,
            passed_before=self.passed_before,
            app=self.app,
            files=self.files,
            changes=self.changes,
            confirmed=self.confirmed,
            collected_at=self.at,
        )


class Asking:
    """Questions to one connection. Each answer that does not come is one gap, and an outage is the last question."""

    def __init__(self, work: Gathering, kind: ConnectionKind, connection: str) -> None:
        self._work, self.kind, self.connection = work, kind, connection

    @property
    def is_down(self) -> bool:
        """Whether nothing more is asked of it."""
        return self._work.outage(self.kind, self.connection) is not None

    def fetch(self, request: EvidenceRequest, call: Callable[[], T]) -> T | None:
        """Return what the platform answered, or None after noting the gap."""
        known = self._work.outage(self.kind, self.connection)
        if known is not None:
            self._work.miss(request, known.reason, f"not asked: {known.detail}")
            return None
        try:
            return call()
        except PlatformError as error:
            self._work.failed(self.kind, self.connection, error)
            self._work.miss(request, error.reason, error.detail)
            return None

    def open(self, plan: Plan, call: Callable[[str], T]) -> T | None:
        """Return the port of this connection, or None after noting that nothing of the plan can be fetched."""
        try:
            return call(self.connection)
        except PlatformError as error:
            for request in plan:
                self._work.miss(request, error.reason, error.detail)
            return None


def of_kind(plan: Plan, kind: EvidenceKind) -> EvidenceRequest:
    """Return the plan's request for that kind of evidence."""
    return next(each for each in plan if each.kind is kind)


def about(request: EvidenceRequest, target: Target) -> EvidenceRequest:
    """Return the request, asked about another target."""
    return replace(request, target=target)
