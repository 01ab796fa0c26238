"""A known failure pattern: how a cause shows itself, what it means and what mends it. Data from YAML, frozen here."""

from bot.domain.diagnosis import Category
from bot.domain.evidence import EvidenceKind
from bot.domain.values import value

FACTS = frozenset({
    "annotations", "app", "attempt", "author", "automated", "available_replicas", "branch", "changed_from",
    "changes", "commit", "conclusion", "condition", "container", "container_ready", "cpu_limit", "cpu_request",
    "declares", "event", "exit_code", "failed_jobs", "failed_resource", "health", "image", "init", "job", "kind",
    "last_exit_code", "last_good", "last_message", "last_reason", "last_warning", "line", "managed_by", "manager",
    "memory_limit", "memory_request", "message", "namespace", "newer_run", "node", "operation_phase",
    "passed_before", "passed_run", "path", "phase", "pod", "pod_reason", "ready", "reason", "replica_failure",
    "replicas", "repo", "restarts", "revision", "run", "run_status", "runner", "self_heal", "state", "step", "sync",
    "sync_failed", "tag", "title", "unschedulable", "updated_replicas", "waiting_reason", "warnings", "workflow",
    "workload",
})  # fmt: skip
"""Names of facts that readers state and a pattern may test or speak of. A reader may state a name more than once."""

LOGS = (EvidenceKind.LOG, EvidenceKind.PREVIOUS_LOG, EvidenceKind.CI_LOG)
CI = (EvidenceKind.CI_LOG, EvidenceKind.ANNOTATIONS)
"""What a CI job itself says; the runner tells its own end in an annotation only."""

PLATFORM = (
    EvidenceKind.POD,
    EvidenceKind.WORKLOAD,
    EvidenceKind.EVENTS,
    EvidenceKind.DESCRIBE,
    EvidenceKind.APP_STATUS,
    EvidenceKind.RESOURCES,
)
STATED = (*PLATFORM, EvidenceKind.RUN)
"""Where a platform states facts of its own."""

ANYWHERE = (*PLATFORM, *LOGS, EvidenceKind.ANNOTATIONS, EvidenceKind.POST)
"""Where a failure speaks. Commit messages, names of steps and files tell of other things, often of failures past."""


@value
class FactIs:
    """Holds when some piece of evidence states the fact with one of these values."""

    name: str
    values: tuple[str, ...]


@value
class Unless:
    """What speaks against the pattern: another cause seen in the same dossier, or a fact. One of the two is set."""

    cause: str = ""
    fact: FactIs | None = None


@value
class Pattern:
    """One entry of a pattern file.

    It matches a line of evidence of a kind in `where` when the line holds one of `literals` (in any case), `regex` finds
    something in it (RE2 syntax, any case), `but_not` finds nothing in it and every fact of `facts` holds. `weight` is the log-odds that the cause is
    right when this is all we know. `statement` may hold `{group}` or `{group|else}`; a name is a group or a fact.
    Category UNKNOWN names a reason to abstain rather than a cause. `place` is file and line, for messages.
    """

    id: str
    cause: str
    category: Category
    statement: str
    action: str
    remedy: str
    where: tuple[EvidenceKind, ...]
    literals: tuple[str, ...]
    regex: str
    weight: float
    but_not: str = ""
    facts: tuple[FactIs, ...] = ()
    unless: tuple[Unless, ...] = ()
    examples: tuple[str, ...] = ()
    counters: tuple[str, ...] = ()
    place: str = ""
