"""Actions of the catalogue: what can be done, at what risk, and what guards it."""

from enum import StrEnum

from bot.domain.alert import TargetKind
from bot.domain.connections import ConnectionKind
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
    """One right that the action needs, in the platform's own words; feeds `doctor` and docs/actions.md.

    Kubernetes (and the chart's RBAC): verb, API group, resource. GitHub: `write` on a permission of a fine-grained token or
    App, such as `actions`. Argo CD: an action on an RBAC resource, such as `sync` on `applications`. Both have no group.
    """

    verb: str
    group: str = ""
    resource: str
    platform: ConnectionKind = ConnectionKind.KUBERNETES


@value
class ActionSpec:
    """A catalogue entry. `guard` and `marker` say, for people, what the platform checks and what we leave there.

    Without a `guard` the write is sent once and never again: what became of it is looked for by its marker. `cooldown` and
    `within` are in seconds: how long a target rests, and for how long a verdict is waited for (0: the action says itself).
    """

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
    within: int = 0


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
