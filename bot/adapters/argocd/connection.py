"""From a server's address and a token to a connection."""

from collections.abc import Callable
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from urllib.parse import urlsplit

from requests import Session
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from bot.adapters.argocd.deployments import ArgoDeployments
from bot.adapters.argocd.door import CONNECT_SECONDS, READ_SECONDS, Door
from bot.domain.errors import ConfigError
from bot.domain.values import value

POOL_SIZE = 8
"""Connections kept open: one for each worker thread that may ask at once. More are opened when needed, and closed."""

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@value
class ArgoAccess:
    """How to reach one Argo CD. `server` is its address as people see it, with its root path if it has one.

    `token` is called for each request, so that a token that changes is used at once; it may raise ConfigError. `ca_file`
    is trusted instead of what the environment or the system trusts. Times are in seconds.
    """

    server: str
    token: Callable[[], str]
    ca_file: Path | None = None
    connect_seconds: float = CONNECT_SECONDS
    read_seconds: float = READ_SECONDS


def connect(connection: str, access: ArgoAccess) -> ArgoDeployments:
    """Return the Argo CD at that address. Nothing is sent yet.

    The environment's proxies and CA bundle hold, but for loopback addresses. Raises ConfigError for an address that a
    token must not be sent to, or a CA file that is not there.
    """
    server = _checked(connection, access.server)
    if access.ca_file is not None and not access.ca_file.is_file():
        raise ConfigError(
            place=f"connection {connection}",
            problem=f"the CA file {access.ca_file} is not there",
            mend="name a file with PEM certificates",
        )
    session = Session()
    adapter = HTTPAdapter(pool_maxsize=POOL_SIZE, max_retries=Retry(0, read=False))  # reads are retried by the door
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # threads share it: nothing may stay in it
    session.trust_env = urlsplit(server).hostname not in LOOPBACK
    door = Door(
        connection,
        server,
        session,
        access.token,
        verify=str(access.ca_file) if access.ca_file else True,
        timeouts=(access.connect_seconds, access.read_seconds),
    )
    return ArgoDeployments(connection, server, door)


def _checked(connection: str, server: str) -> str:
    """Return the address without its last slash."""
    try:
        parts = urlsplit(server)
        loopback = parts.hostname in LOOPBACK and parts.port is not None
    except ValueError:
        parts, loopback = urlsplit(""), False
    safe = parts.scheme == "https" or (parts.scheme == "http" and loopback)
    if not safe or not parts.hostname or parts.username is not None or parts.query or parts.fragment:
        raise ConfigError(
            place=f"connection {connection}",
            problem="the server's address must be https (http on loopback only), without credentials and query",
            mend="write it as https://argocd.example.com",
        )
    return server.rstrip("/")
