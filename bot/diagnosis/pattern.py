"""A known failure pattern: how a cause shows itself, what it means and what mends it. Data from YAML, frozen here."""

from bot.domain.diagnosis import Category
from bot.domain.evidence import EvidenceKind
from bot.domain.values import value

FACTS = frozenset(
    [
        "app",
        "author",
        "available_replicas",
        "container",
        "container_ready",
        "cpu_limit",
        "cpu_request",
        "exit_code",
        "health",
        "image",
        "init",
        "kind",
        "last_exit_code",
        "last_message",
        "last_reason",
        "last_warning",
        "managed_by",
        "manager",
        "memory_limit",
        "memory_request",
        "message",
        "namespace",
        "node",
        "phase",
        "pod",
        "pod_reason",
        "ready",
        "reason",
        "replica_failure",
        "replicas",
        "restarts",
        "state",
        "sync",
        "title",
        "unschedulable",
        "updated_replicas",
        "waiting_reason",
        "warnings",
        "workload",
    ]
)
"""Names of facts that readers state and a pattern may test or speak of. A reader may state a name more than once."""

LOGS = (EvidenceKind.LOG, EvidenceKind.PREVIOUS_LOG, EvidenceKind.CI_LOG)
PLATFORM = (
    EvidenceKind.POD,
    EvidenceKind.WORKLOAD,
    EvidenceKind.EVENTS,
    EvidenceKind.DESCRIBE,
    EvidenceKind.APP_STATUS,
)


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
