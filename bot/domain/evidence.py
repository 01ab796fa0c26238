"""Evidence: cited facts, and the facts that could not be had."""

from datetime import datetime
from enum import StrEnum

from bot.domain.alert import Target
from bot.domain.cluster import Pod, Workload
from bot.domain.delivery import Application
from bot.domain.pipeline import Commit, PipelineJob, RepoFile, WorkflowRun
from bot.domain.values import value


class EvidenceKind(StrEnum):
    POST = "post"
    POD = "pod"
    WORKLOAD = "workload"
    EVENTS = "events"
    LOG = "log"
    PREVIOUS_LOG = "previous_log"
    RUN = "run"
    ANNOTATIONS = "annotations"
    CI_LOG = "ci_log"
    WORKFLOW_FILE = "workflow_file"
    CHANGE = "change"
    DESCRIBE = "describe"
    APP_STATUS = "app_status"
    RESOURCES = "resources"
    MANIFESTS = "manifests"
    SOURCE = "source"


class GapReason(StrEnum):
    NOT_CONFIGURED = "not_configured"
    FORBIDDEN = "forbidden"
    OUT_OF_SCOPE = "out_of_scope"
    NOT_FOUND = "not_found"
    TIMEOUT = "timeout"
    UNAVAILABLE = "unavailable"
    OVER_BUDGET = "over_budget"
    EMPTY = "empty"


@value
class EvidenceRequest:
    """One thing to fetch. `window` is in seconds before the alert (0: no limit)."""

    kind: EvidenceKind
    target: Target
    window: int = 0
    max_lines: int = 2000
    why: str = ""


@value
class Line:
    """One line of an excerpt with its number in the source, counted from 1. The text is redacted and one line."""

    number: int
    text: str


@value
class Excerpt:
    """What the reducer kept of a text: verbatim but for redaction, in order, line numbers those of the source."""

    lines: tuple[Line, ...] = ()
    total_lines: int = 0
    truncated: bool = False

    @property
    def first_line(self) -> int:
        """The number of the first kept line, 0 for an empty excerpt."""
        return self.lines[0].number if self.lines else 0

    def text_of(self, number: int) -> str | None:
        """Return the kept line with that number, or None when it was not kept."""
        return next((line.text for line in self.lines if line.number == number), None)


@value
class Fact:
    name: str
    value: str


@value
class Evidence:
    """One cited source, redacted when built. `facts` are structured readings a pattern may test by name."""

    id: str
    kind: EvidenceKind
    target: Target
    summary: str
    excerpt: Excerpt = Excerpt()
    facts: tuple[Fact, ...] = ()
    url: str = ""
    collected_at: datetime
    redactions: int = 0

    def fact(self, name: str) -> str:
        """Return the fact's value, or the empty string."""
        return next((each.value for each in self.facts if each.name == name), "")

    def url_of(self, line: int) -> str:
        """Return the address of that very line where the platform has one, else the evidence's own address.

        A file's lines have one. GitHub counts a CI log's lines within their step: the facts `step_number` and
        `step_line` say which step failed and at which line of the log it begins.
        """
        page = self.url.partition("#")[0]
        if page and self.kind in {EvidenceKind.SOURCE, EvidenceKind.WORKFLOW_FILE}:
            return f"{page}#L{line}"
        begin = int(self.fact("step_line") or 0)
        if page and self.kind is EvidenceKind.CI_LOG and 0 < begin <= line:
            return f"{page}#step:{self.fact('step_number')}:{line - begin + 1}"
        return self.url


@value
class EvidenceGap:
    """Absence as a value: what was asked for and why it could not be had. Shown in Slack."""

    request: EvidenceRequest
    reason: GapReason
    detail: str = ""


@value
class Dossier:
    """Everything known about an incident at one moment. Order of the evidence carries no meaning.

    `target` is what the platform confirmed (an owning workload, say), else what the alert named; `confirmed` says which.
    `run`, `jobs` (of its newest attempt) and `last_good` are of a workflow run; `passed_before` are earlier attempts or
    runs of the same commit and workflow that passed (a flaky job shows there). `app` is the application that failed or that
    owns the workload. `files` are the manifests in the source that the failure names: as they are at the failing
    revision, and beside each, with the last good revision as `ref`, as they were. `changes` are who pushed what since
    the last good run or revision, newest first.
    """

    id: str
    incident_id: str
    target: Target
    evidence: tuple[Evidence, ...] = ()
    gaps: tuple[EvidenceGap, ...] = ()
    workload: Workload | None = None
    pods: tuple[Pod, ...] = ()
    run: WorkflowRun | None = None
    jobs: tuple[PipelineJob, ...] = ()
    last_good: WorkflowRun | None = None
    passed_before: tuple[WorkflowRun, ...] = ()
    app: Application | None = None
    files: tuple[RepoFile, ...] = ()
    changes: tuple[Commit, ...] = ()
    confirmed: bool = False
    collected_at: datetime

    def of_kind(self, kind: EvidenceKind) -> tuple[Evidence, ...]:
        """Return the evidence of that kind."""
        return tuple(each for each in self.evidence if each.kind is kind)
