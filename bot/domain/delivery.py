"""What a deployment platform (Argo CD) says about an application, copied out of its JSON in the adapter.

Messages are strangers' text, masked at the port. Values of Helm and Argo CD parameters are never carried.
"""

from datetime import datetime
from urllib.parse import quote

from bot.domain.values import value

EXECUTION_INFO = "codehealer.io/execution"
"""The name of the sync operation's info item that holds the execution's id: `operationState.operation.info`."""


@value
class AppCondition:
    """Such as ComparisonError, SyncError, InvalidSpecError."""

    type: str
    message: str
    at: datetime | None = None


@value
class AppResource:
    """One resource of an application: as the sync left it, as it is compared, as its health is judged. Empty: not said.

    `result` is Argo CD's Synced, SyncFailed, Pruned, PruneSkipped; `sync` is Synced or OutOfSync; `health` Healthy, Degraded,
    Progressing, Missing, Suspended, Unknown. `message` belongs to `result`, `health_message` to `health`. `reason` is the
    tree's Status Reason of a pod, such as ImagePullBackOff.
    """

    group: str = ""
    kind: str
    namespace: str = ""
    name: str
    uid: str = ""
    result: str = ""
    message: str = ""
    sync: str = ""
    health: str = ""
    health_message: str = ""
    reason: str = ""
    images: tuple[str, ...] = ()


@value
class InfoItem:
    name: str
    value: str


@value
class AppOperation:
    """The running or last operation. `phase` is Running, Succeeded, Failed, Error or Terminating.

    `results` are the resources of its sync result. `by` is who started it; `automated` says that Argo CD did.
    """

    phase: str
    message: str = ""
    revision: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    by: str = ""
    automated: bool = False
    retries: int = 0
    info: tuple[InfoItem, ...] = ()
    results: tuple[AppResource, ...] = ()

    def info_of(self, name: str) -> str:
        """Return the info item's value, or the empty string."""
        return next((each.value for each in self.info if each.name == name), "")


@value
class AppSource:
    """Where the manifests come from. `kind` is directory, helm, kustomize or plugin."""

    repo_url: str
    path: str = ""
    target_revision: str = ""
    chart: str = ""
    kind: str = "directory"


@value
class AppDeployed:
    """One entry of the application's history: a revision that was synced."""

    id: int
    revision: str
    deployed_at: datetime | None = None


@value
class Application:
    """One application. `sync` is Synced, OutOfSync or Unknown; `health` as in AppResource. `history` is oldest first.

    `name` is what the port takes: one in another namespace than Argo CD's own is `namespace/name`.
    `automated` and `self_heal` are its sync policy. `revision` is the one it was compared with. `sources` has one entry
    unless it is a multi-source application. `resources` are compared and judged (from status.resources).
    """

    connection: str = "default"
    name: str
    namespace: str = "argocd"
    project: str = "default"
    uid: str = ""
    resource_version: str = ""
    url: str = ""
    sync: str = ""
    revision: str = ""
    health: str = ""
    health_message: str = ""
    automated: bool = False
    self_heal: bool = False
    destination_namespace: str = ""
    destination: str = ""
    sources: tuple[AppSource, ...] = ()
    conditions: tuple[AppCondition, ...] = ()
    operation: AppOperation | None = None
    resources: tuple[AppResource, ...] = ()
    history: tuple[AppDeployed, ...] = ()
    reconciled_at: datetime | None = None

    @property
    def failing(self) -> bool:
        """Whether Argo CD itself says that something is wrong: an error condition, a failed operation, ill health.

        `Unknown` sync is how an application that cannot be compared looks in a list, which carries no conditions.
        """
        broken = self.operation is not None and self.operation.phase in {"Failed", "Error"}
        ill = self.sync == "Unknown" or self.health in {"Degraded", "Missing"}
        return broken or ill or any(c.type.endswith("Error") for c in self.conditions)

    def link(self, resource: AppResource) -> str:
        """Return Argo CD's page of one of its resources, or the empty string without a page of its own."""
        node = f"{resource.group}/{resource.kind}/{resource.namespace}/{resource.name}/0"
        return f"{self.url}?resource=&node={quote(node, safe='', errors='replace')}" if self.url else ""


@value
class SyncWanted:
    """Sync the application to the revision of its target ("" : its own target revision), marked by `info`."""

    name: str
    revision: str = ""
    prune: bool = False
    info: tuple[InfoItem, ...] = ()
