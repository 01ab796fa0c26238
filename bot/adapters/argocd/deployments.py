"""`ports.Deployments` on Argo CD's REST API. Reads applications and what grew of them; starts syncs.

The account needs applications get and sync, and logs get, of the projects that CodeHealer serves. Syncs are the only writes.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import yaml

from bot.adapters.argocd.checkup import look_over, may
from bot.adapters.argocd.door import Door
from bot.adapters.argocd.fields import objects_in
from bot.adapters.argocd.logs import lines_from
from bot.adapters.argocd.values import application_from, event_from, tree_from
from bot.domain.cluster import ClusterEvent
from bot.domain.delivery import Application, AppResource, SyncWanted
from bot.domain.errors import NotFound, Unavailable
from bot.domain.evidence import Excerpt
from bot.domain.finding import Finding
from bot.ports import Keep

APPLICATIONS = "/api/v1/applications"
MAX_APPLICATIONS = 500
MAX_EVENTS = 100
MAX_MANIFESTS = 200
MAX_MANIFEST = 256 * 1024
MAX_RENDERED = 2 * 1024 * 1024

LISTED = (
    "metadata.name metadata.namespace spec.project spec.source spec.sources spec.destination spec.syncPolicy"
    " status.sync.status status.sync.revision status.health operation.sync status.operationState.phase"
    " status.operationState.startedAt status.operationState.finishedAt"
)
"""What a list is asked for: a whole Application is 10 to 200 KB, most of it managedFields and resources. Argo CD knows a
fixed set of fields (forwarder_overwrite.go) and leaves out the others without a word; conditions are not among them."""

FIELDS = ",".join(f"items.{name}" for name in LISTED.split())

NAME = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9._]{0,251}[A-Za-z0-9])?")

EPOCH = datetime.fromtimestamp(0, UTC)


class ArgoDeployments:
    """Fulfils `ports.Deployments`. Every error that leaves it is a PlatformError with connection and operation.

    A name may be `namespace/name`: an application outside of Argo CD's own namespace.
    """

    def __init__(self, connection: str, server: str, door: Door) -> None:
        self.connection, self.server = connection, server
        self._door = door

    def close(self) -> None:
        self._door.close()

    def application(self, name: str, refresh: str = "") -> Application:
        path, query = self._place(name, "read application")
        query |= {"refresh": refresh} if refresh else {}
        answer = self._door.get("read application", path, query, slow=bool(refresh))
        return application_from(self.connection, self.server, answer)

    def applications(self) -> tuple[Application, ...]:
        """Return every application that we may see, at most 500; conditions, history and resources are not asked for."""
        answer = self._door.get("list applications", APPLICATIONS, {"fields": FIELDS})
        if not isinstance(answer, dict):
            raise Unavailable("the answer is not a list", connection=self.connection, operation="list applications")
        found = objects_in(answer, "items", MAX_APPLICATIONS)  # `items` is null when there is none
        return tuple(_listed(application_from(self.connection, self.server, each)) for each in found)

    def tree(self, name: str) -> tuple[AppResource, ...]:
        path, query = self._place(name, "read resource tree")
        return tree_from(self.connection, self._door.get("read resource tree", f"{path}/resource-tree", query))

    def manifests(self, name: str, revision: str = "") -> tuple[str, ...]:
        """Return the rendered manifests as YAML, at most 200 and 2 MiB; one of more than 256 KiB (a CRD) is left out.

        A Secret's data comes masked already.
        """
        path, query = self._place(name, "render manifests")
        query |= {"revision": revision} if revision else {}
        answer = self._door.rendered("render manifests", f"{path}/manifests", query)
        found = answer.get("manifests") if isinstance(answer, dict) else None
        texts: list[str] = []
        room = MAX_RENDERED
        for each in found if isinstance(found, list) else []:
            if isinstance(each, str) and len(each) <= min(MAX_MANIFEST, room) and len(texts) < MAX_MANIFESTS:
                texts.append(_as_yaml(each))
                room -= len(each)
        return tuple(texts)

    def events(self, name: str, resource: AppResource) -> tuple[ClusterEvent, ...]:
        """Return the events of one resource; a resource without a uid (the tree has them) is looked up first."""
        path, query = self._place(name, "list events")
        uid = resource.uid or self._uid(name, resource)
        query |= {"resourceName": resource.name, "resourceNamespace": resource.namespace, "resourceUID": uid}
        answer = self._door.get("list events", f"{path}/events", query)
        items = objects_in(answer, "items", 10 * MAX_EVENTS) if isinstance(answer, dict) else []
        found = sorted(map(event_from, items), key=lambda event: event.last_seen or EPOCH)
        return tuple(found[-MAX_EVENTS:])

    def log(
        self, name: str, namespace: str, pod: str, container: str, previous: bool, max_lines: int, keep: Keep
    ) -> Excerpt:
        """Return what `keep` keeps of the log's last lines, which are read whole, within bounds, before it sees any."""
        operation = "read previous log" if previous else "read log"
        path, query = self._place(name, operation)
        query |= {"podName": pod, "namespace": namespace, "tailLines": str(max(1, max_lines)), "follow": "false"}
        query |= {"container": container} if container else {}
        query |= {"previous": "true"} if previous else {}

        def take(pieces: Iterator[bytes]) -> tuple[str, ...]:
            return lines_from(self.connection, operation, pieces, max(1, max_lines))

        return keep(self._door.lines(operation, f"{path}/logs", query, take))

    def sync(self, wanted: SyncWanted) -> None:
        """Send one POST, never resent. That it is accepted says nothing about how it ends."""
        path, query = self._place(wanted.name, "sync")
        body: dict[str, object] = {"prune": wanted.prune}
        body |= {"revision": wanted.revision} if wanted.revision else {}
        body |= {"infos": [{"name": item.name, "value": item.value} for item in wanted.info]} if wanted.info else {}
        self._door.post("sync", f"{path}/sync", body | query)

    def allowed(self, action: str, project: str, name: str) -> bool:
        """Ask Argo CD; of an application outside of its own namespace the subresource is `project/namespace/name`."""
        return may(self._door, "applications", action, project, name)

    def checkup(self) -> tuple[Finding, ...]:
        return look_over(self.connection, self.server, self._door, self)

    def _place(self, name: str, operation: str) -> tuple[str, dict[str, str]]:
        """Return an application's path and what names its namespace. Raises NotFound for what no application is called."""
        namespace, _, last = name.rpartition("/")
        if not NAME.fullmatch(last) or (namespace and not NAME.fullmatch(namespace)):
            raise NotFound(f"{name[:100]!r} is no application's name", connection=self.connection, operation=operation)
        return f"{APPLICATIONS}/{last}", {"appNamespace": namespace} if namespace else {}

    def _uid(self, name: str, resource: AppResource) -> str:
        wanted = (resource.group, resource.kind, resource.namespace, resource.name)
        for each in self.tree(name):
            if (each.group, each.kind, each.namespace, each.name) == wanted:
                return each.uid
        raise NotFound(
            f"{resource.kind} {resource.name} is not in the application's tree",
            connection=self.connection,
            operation="list events",
        )


def _listed(app: Application) -> Application:
    """Servers that do not know `fields` answer whole applications: the port promises them without results."""
    return replace(app, operation=replace(app.operation, results=())) if app.operation else app


def _as_yaml(text: str) -> str:
    """Argo CD gives each manifest as JSON; people and their files have YAML. What is no JSON stays as it is."""
    try:
        return yaml.dump(json.loads(text), Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=1000)
    except (ValueError, RecursionError):
        return text
