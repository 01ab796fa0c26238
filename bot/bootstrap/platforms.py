"""The platforms: which are configured, by connections.yaml and by the environment, and what stands behind each."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from bot.adapters.clock import SystemClock
from bot.adapters.connections_yaml import Configured, load_connections
from bot.domain.connections import DEFAULT, Connection, ConnectionKind, Connections
from bot.domain.errors import NotConfigured
from bot.ports import Cluster, Deployments, Pipelines, Platforms
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.adapters.argocd import ArgoAccess
    from bot.adapters.github import GithubAccess

T = TypeVar("T")


def configured(settings: Settings) -> tuple[Configured, ...]:
    """Return the connections of connections.yaml and, under the name `default`, those of the environment.

    An entry of the file that is called `default` stands before the environment's. Raises ConfigError.
    """
    folder = settings.house.config_dir
    found = load_connections(folder / "connections.yaml" if folder else None)
    taken = {(each.connection.kind, each.connection.name) for each in found}
    return (*found, *(each for each in _of_environment(settings) if (each.connection.kind, DEFAULT) not in taken))


def _of_environment(settings: Settings) -> tuple[Configured, ...]:
    made: list[Configured] = []
    github, argocd = settings.github, settings.argocd
    if github.configured:
        made.append(
            Configured(
                connection=Connection(name=DEFAULT, kind=ConnectionKind.GITHUB, url=github.api_url),
                token_env="GITHUB_TOKEN" if github.token else "",
                app_id=github.app_id,
                private_key_env="GITHUB_PRIVATE_KEY" if github.private_key else "",
            )
        )
    if argocd.configured:
        made.append(
            Configured(
                connection=Connection(name=DEFAULT, kind=ConnectionKind.ARGOCD, url=argocd.server),
                token_env="ARGOCD_AUTH_TOKEN",  # noqa: S106 - the variable's name
            )
        )
    kubernetes = Connection(name=DEFAULT, kind=ConnectionKind.KUBERNETES)  # a pod has its service account without any
    return (*made, Configured(connection=kubernetes, kubeconfig=settings.kubernetes.kubeconfig))


def _proxy_of(url: str) -> str:
    """Return the proxy that the environment (HTTPS_PROXY) names for an address, unless NO_PROXY leaves it out."""
    parts = urlsplit(url)
    return "" if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme, "")


class ConfiguredPlatforms:
    """Platforms as `bot.ports.Platforms` promises them: connected on first use, once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._configured = {(each.connection.kind, each.connection.name): each for each in configured(settings)}
        self._clusters: dict[str, Cluster] = {}
        self._pipelines: dict[str, Pipelines] = {}
        self._deployments: dict[str, Deployments] = {}

    @property
    def connections(self) -> Connections:
        """What is configured, as the inside knows it."""
        return Connections(known=tuple(each.connection for each in self._configured.values()))

    def cluster(self, connection: str) -> Cluster:
        return _kept(self._clusters, connection, self._connect_cluster)

    def pipelines(self, connection: str) -> Pipelines:
        return _kept(self._pipelines, connection, self._connect_pipelines)

    def deployments(self, connection: str) -> Deployments:
        return _kept(self._deployments, connection, self._connect_deployments)

    def connect_all(self) -> None:
        """Connect everything, before Slack is told that we are there. Raises ConfigError for a broken KUBECONFIG.

        It also imports the SDKs now, half a second each, rather than while the first alert waits.
        """
        for kind, name in self._configured:
            with suppress(NotConfigured):
                _CONNECT[kind](self, name)

    def _entry(self, kind: ConnectionKind, connection: str) -> Configured:
        entry = self._configured.get((kind, connection))
        if entry is None:
            mend = {ConnectionKind.GITHUB: "GITHUB_TOKEN", ConnectionKind.ARGOCD: "ARGOCD_SERVER and ARGOCD_AUTH_TOKEN"}
            how = f"; set {mend[kind]}" if connection == DEFAULT and kind in mend else ""
            raise NotConfigured(f"there is no {kind} connection {connection!r}{how}", connection=connection)
        return entry

    def _connect_cluster(self, connection: str) -> Cluster:
        entry = self._entry(ConnectionKind.KUBERNETES, connection)
        from bot.adapters.kubernetes import connect

        return connect(connection, entry.kubeconfig, entry.context or None)

    def _connect_pipelines(self, connection: str) -> Pipelines:
        entry = self._entry(ConnectionKind.GITHUB, connection)
        from bot.adapters.github import connect

        return connect(connection, self._github_access(entry), SystemClock())

    def _connect_deployments(self, connection: str) -> Deployments:
        entry = self._entry(ConnectionKind.ARGOCD, connection)
        from bot.adapters.argocd import connect

        return connect(connection, self._argo_access(entry))

    def _github_access(self, entry: Configured) -> "GithubAccess":
        from bot.adapters.github import GithubAccess

        return GithubAccess(
            api_url=entry.connection.url,
            token=self._secret(entry.token_env),
            app_id=entry.app_id,
            private_key=self._secret(entry.private_key_env),
            calls_per_hour=entry.calls_per_hour,
            proxy=_proxy_of(entry.connection.url),
        )

    def _argo_access(self, entry: Configured) -> "ArgoAccess":
        from bot.adapters.argocd import ArgoAccess

        return ArgoAccess(server=entry.connection.url, token=self._secret(entry.token_env), ca_file=entry.ca_file)

    def _secret(self, name: str) -> Callable[[], str]:
        return lambda: self._settings.secret(name) if name else ""


_CONNECT: dict[ConnectionKind, Callable[[ConfiguredPlatforms, str], object]] = {
    ConnectionKind.KUBERNETES: ConfiguredPlatforms.cluster,
    ConnectionKind.GITHUB: ConfiguredPlatforms.pipelines,
    ConnectionKind.ARGOCD: ConfiguredPlatforms.deployments,
}


def _kept(known: dict[str, T], connection: str, connect: Callable[[str], T]) -> T:
    found = known.get(connection)
    if found is None:
        found = known[connection] = connect(connection)
    return found


class _OnlyCluster:
    """Platforms with one cluster and nothing else."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def cluster(self, connection: str) -> Cluster:
        if connection != DEFAULT:
            raise NotConfigured(f"there is no connection {connection!r}", connection=connection)
        return self._cluster

    def pipelines(self, connection: str) -> Pipelines:
        raise NotConfigured("the simulation has no GitHub", connection=connection)

    def deployments(self, connection: str) -> Deployments:
        raise NotConfigured("the simulation has no Argo CD", connection=connection)


def world_platforms(folder: Path) -> Platforms:
    """Return platforms that answer from a scenario's world file. Raises ConfigError."""
    from bot.adapters.kubernetes.world import WorldCluster

    return _OnlyCluster(WorldCluster(DEFAULT, folder, SystemClock().now()))
