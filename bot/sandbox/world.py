"""The sandbox's one world: everything the HTTP edges (Web API, control API, page) work on."""

import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from bot.sandbox.argocd_api import ArgocdSandbox
from bot.sandbox.events import Events
from bot.sandbox.faults import Faults
from bot.sandbox.github_api import GithubSandbox
from bot.sandbox.identity import Tokens
from bot.sandbox.limits import RateLimits
from bot.sandbox.response_urls import ResponseUrls
from bot.sandbox.socket_mode import SocketMode
from bot.sandbox.troubles import Troubles
from bot.sandbox.views import Views
from bot.sandbox.workspace import Workspace

KEPT_CALLS = 100_000


class Cluster(Protocol):
    """What the Slack half needs of the Kubernetes half."""

    @property
    def url(self) -> str: ...
    @property
    def calls(self) -> deque[dict[str, Any]]: ...
    @property
    def faults(self) -> Sequence[Any]: ...
    @property
    def troubles(self) -> Troubles: ...
    def create(self, objects: list[dict[str, Any]]) -> Any: ...
    def reset(self) -> Any: ...
    def kubeconfig(self) -> str: ...
    def fault(self, order: Mapping[str, Any]) -> None: ...
    def summary(self) -> list[dict[str, Any]]: ...
    def load_scenario(self, name: str) -> dict[str, Any]: ...
    def scenarios(self) -> list[dict[str, Any]]: ...
    async def close(self) -> None: ...


@dataclass(slots=True)
class World:
    """State and machinery of one run; `base` is the HTTP address, known once it listens."""

    workspace: Workspace
    views: Views
    socket: SocketMode
    events: Events
    limits: RateLimits
    faults: Faults
    tokens: Tokens
    cluster: Cluster
    response_urls: ResponseUrls
    scenarios_dir: Path
    github: GithubSandbox | None = None
    argocd: ArgocdSandbox | None = None
    base: str = ""
    calls: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT_CALLS))
    notices: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=500))
    troubles: Troubles = field(default_factory=lambda: Troubles("The sandbox"))
    missing_scopes: set[str] = field(default_factory=set)
    commands: set[str] = field(default_factory=lambda: {"/heal"})

    def notice(self, kind: str, text: str, user: str = "") -> None:
        """Write down, and show on the page, something that a person or a developer should see."""
        row = {"kind": kind, "text": text, "user": user, "at": time.time()}
        self.notices.append(row)
        self.workspace.tell({"type": "notice", **row})


def new_world(cluster: Cluster, scenarios_dir: Path, *, limits_on: bool = True) -> World:
    """Build an empty workspace with the app in it; `seed.py` puts people and channels there."""
    workspace = Workspace()
    socket = SocketMode(workspace.app.id, workspace.tell)
    return World(
        workspace=workspace,
        views=Views(workspace, time.monotonic),
        socket=socket,
        events=Events(workspace, socket),
        limits=RateLimits(time.monotonic, on=limits_on),
        faults=Faults(),
        tokens=Tokens(),
        cluster=cluster,
        response_urls=ResponseUrls(time.monotonic),
        scenarios_dir=scenarios_dir,
    )
