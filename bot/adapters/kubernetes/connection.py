"""From a kubeconfig, or the pod's own service account, to a connection."""

from pathlib import Path

from kubernetes.client import ApiClient, Configuration
from kubernetes.config import ConfigException, load_incluster_config, load_kube_config
from kubernetes.config.incluster_config import SERVICE_TOKEN_FILENAME

from bot.adapters.kubernetes.cluster import KubernetesCluster
from bot.adapters.kubernetes.door import Door
from bot.domain.errors import ConfigError, NotConfigured

POOL_SIZE = 8
"""Connections kept open: one for each worker thread that may ask at once. More are opened when needed, and closed."""

LOOPBACK = ("://127.", "://localhost", "://[::1]")


def connect(connection: str, kubeconfig: Path | None, context: str | None) -> KubernetesCluster:
    """Return the cluster of a kubeconfig's context (None: its current one), or the one that this pod runs in.

    Nothing is sent yet. Without a kubeconfig the pod's service account is used; its token is read again as it rotates.
    Raises NotConfigured when there is neither, ConfigError for a kubeconfig that cannot be used.
    """
    settings = Configuration()
    if kubeconfig is not None:
        _load(settings, kubeconfig, context)
    elif Path(SERVICE_TOKEN_FILENAME).is_file():
        _load_own_pod(settings)
    else:
        raise NotConfigured("no kubeconfig is set and this is no pod with a service account", connection=connection)
    settings.retries = False  # urllib3 would send PUT and DELETE again by itself
    settings.connection_pool_maxsize = POOL_SIZE
    if any(mark in settings.host.lower() for mark in LOOPBACK):
        settings.proxy = None
    client = ApiClient(settings)
    client.user_agent = "codehealer"
    return KubernetesCluster(connection, Door(connection, client))


def _load(settings: Configuration, kubeconfig: Path, context: str | None) -> None:
    try:
        load_kube_config(  # type: ignore[no-untyped-call] # the SDK has no types
            str(kubeconfig), context, client_configuration=settings, persist_config=False
        )
    except Exception as error:  # the loader lets YAML, OS, type and key errors out as they come
        raise ConfigError(
            place=f"kubeconfig {kubeconfig}" + (f", context {context}" if context else ""),
            problem=f"cannot be used: {_one_line(error)}",
            mend="check it with kubectl --kubeconfig, then set KUBECONFIG to it",
        ) from error


def _load_own_pod(settings: Configuration) -> None:
    try:
        load_incluster_config(client_configuration=settings)  # type: ignore[no-untyped-call] # likewise
    except ConfigException as error:
        raise ConfigError(
            place="the pod's service account",
            problem=f"cannot be used: {_one_line(error)}",
            mend="mount its token (automountServiceAccountToken) or set KUBECONFIG",
        ) from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
