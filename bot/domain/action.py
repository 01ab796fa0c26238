"""Actions of the catalogue: what can be done, at what risk, and what guards it."""

from enum import StrEnum

from bot.domain.alert import TargetKind
from bot.domain.values import value


class Risk(StrEnum):
    READ_ONLY = "read_only"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Looked(StrEnum):
    """What a look at the platform says about an execution whose answer we do not have."""

    APPLIED = "applied"
    NOT_APPLIED = "not_applied"
    CANNOT_TELL = "cannot_tell"


@value
class Permission:
    """One verb on one resource that the action needs, as Kubernetes RBAC writes it; feeds `doctor` and the chart."""

    verb: str
    group: str
    resource: str


@value
class ActionSpec:
    """A catalogue entry. `guard` and `marker` say, for people, what the platform checks and what we leave there."""

    id: str
    title: str
    risk: Risk
    target_kinds: tuple[TargetKind, ...]
    required_role: str = "approver"
    guard: str = ""
    marker: str = ""
    reversible: bool = False
    permissions: tuple[Permission, ...] = ()
    cooldown: int = 0


@value
class Param:
    name: str
    value: str


@value
class DiffLine:
    """One line of a preview's diff; `sign` is `+`, `-` or a space."""

    sign: str
    text: str


@value
class Check:
    """One expectation. Before a fix it is a precondition, after it a verification; `observed` is empty until looked."""

    name: str
    expected: str
    observed: str = ""
    passed: bool | None = None


@value
class Preview:
    """The exact effect as shown to the approver: the diff, and the request that will be sent, both redacted."""

    summary: str
    diff: tuple[DiffLine, ...] = ()
    request: str = ""
    warnings: tuple[str, ...] = ()
