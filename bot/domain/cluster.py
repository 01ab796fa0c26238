"""What Kubernetes says about a workload and its pods, copied out of the vendor's objects in the adapter.

Values of environment variables, Secret data and annotations other than our own and the owner marks are never carried.
"""

from datetime import datetime

from bot.domain.values import digest_of, value

EXECUTION_MARK = "codehealer.io/execution"
"""The annotation that an execution leaves on the workload and on its pod template, so that its pods carry it too."""


@value
class Quantity:
    """A resource amount as Kubernetes writes it: name `memory` or `cpu`, amount such as `256Mi` or `500m`."""

    name: str
    amount: str


@value
class Container:
    name: str
    image: str = ""
    requests: tuple[Quantity, ...] = ()
    limits: tuple[Quantity, ...] = ()

    def limit(self, name: str) -> str:
        """Return the limit's amount, or the empty string when none is set."""
        return next((q.amount for q in self.limits if q.name == name), "")

    def request(self, name: str) -> str:
        """Return the request's amount, or the empty string when none is set."""
        return next((q.amount for q in self.requests if q.name == name), "")


@value
class Mark:
    """One annotation or label that CodeHealer itself reads: its own execution marks and who owns the object."""

    name: str
    value: str


@value
class Condition:
    type: str
    status: str
    reason: str = ""
    message: str = ""


@value
class Workload:
    """A Deployment, StatefulSet or DaemonSet. `managed_by` is argocd, flux, helm or empty; `manager` names which one."""

    connection: str = "default"
    kind: str
    namespace: str
    name: str
    uid: str
    generation: int
    observed_generation: int = 0
    resource_version: str
    replicas: int = 0
    ready: int = 0
    updated: int = 0
    available: int = 0
    selector: str = ""
    revision: str = ""
    managed_by: str = ""
    manager: str = ""
    marks: tuple[Mark, ...] = ()
    conditions: tuple[Condition, ...] = ()
    containers: tuple[Container, ...] = ()

    def container(self, name: str) -> Container | None:
        """Return the container of that name, or None."""
        return next((c for c in self.containers if c.name == name), None)

    def mark(self, name: str) -> str:
        """Return the mark's value, or the empty string."""
        return next((m.value for m in self.marks if m.name == name), "")

    @property
    def fields_digest(self) -> str:
        """Hash of the fields that a person is shown and a change depends on: identity and containers, not status."""
        return digest_of(self.connection, self.kind, self.namespace, self.name, self.uid, self.containers)


@value
class ContainerState:
    """`state` is running, waiting or terminated; `last_*` tell of the termination before this start.

    `requests` and `limits` are those of this very pod, which the workload may have moved on from.
    """

    name: str
    image: str = ""
    ready: bool = False
    restarts: int = 0
    state: str = ""
    reason: str = ""
    message: str = ""
    exit_code: int | None = None
    finished_at: datetime | None = None
    started_at: datetime | None = None
    last_reason: str = ""
    last_message: str = ""
    last_exit_code: int | None = None
    last_finished_at: datetime | None = None
    init: bool = False
    requests: tuple[Quantity, ...] = ()
    limits: tuple[Quantity, ...] = ()

    def limit(self, name: str) -> str:
        """Return the limit's amount, or the empty string when none is set."""
        return next((q.amount for q in self.limits if q.name == name), "")

    def request(self, name: str) -> str:
        """Return the request's amount, or the empty string when none is set."""
        return next((q.amount for q in self.requests if q.name == name), "")


@value
class Pod:
    """A pod as its status has it. `owner_kind`/`owner_name` is the direct controller (a ReplicaSet, say)."""

    connection: str = "default"
    namespace: str
    name: str
    uid: str
    phase: str = ""
    reason: str = ""
    message: str = ""
    node: str = ""
    ready: bool = False
    owner_kind: str = ""
    owner_name: str = ""
    template_hash: str = ""
    created_at: datetime | None = None
    deleting: bool = False
    marks: tuple[Mark, ...] = ()
    conditions: tuple[Condition, ...] = ()
    containers: tuple[ContainerState, ...] = ()

    def mark(self, name: str) -> str:
        """Return the mark's value, or the empty string."""
        return next((m.value for m in self.marks if m.name == name), "")


@value
class ClusterEvent:
    type: str
    reason: str
    message: str
    count: int = 1
    last_seen: datetime | None = None
    object_kind: str = ""
    object_name: str = ""


@value
class WorkloadPatch:
    """One PATCH: change and marker together, refused by the platform unless `resource_version` still holds.

    `body` is the strategic merge patch as canonical JSON text, without the resourceVersion, which the adapter puts in.
    """

    kind: str
    namespace: str
    name: str
    resource_version: str
    body: str
