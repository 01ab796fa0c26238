"""From an address and a credential to a connection."""

from urllib.parse import urlsplit

from bot.adapters.github.access import GithubAccess
from bot.adapters.github.door import Door
from bot.adapters.github.pipelines import GithubPipelines
from bot.adapters.github.transport import Network
from bot.domain.errors import ConfigError
from bot.ports import Clock

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def connect(
    connection: str, access: GithubAccess, clock: Clock, *, timeouts: tuple[float, float] | None = None
) -> GithubPipelines:
    """Return the connection; nothing is sent yet. `timeouts` are seconds to connect and for an answer.

    Raises NotConfigured without a credential, ConfigError for an address that is not https (or loopback).
    """
    parts = urlsplit(access.api_url)
    host = parts.hostname or ""
    if not host or (parts.scheme != "https" and not (parts.scheme == "http" and host in LOOPBACK)) or parts.query:
        raise ConfigError(
            place="the address of the GitHub API",
            problem="it is no https address",
            mend="set GITHUB_API_URL to https://api.github.com, or to https://your-server/api/v3",
        )
    proxy = "" if host in LOOPBACK else access.proxy
    network = Network(f"{parts.scheme}://{parts.netloc}", proxy=proxy, ca_file=access.ca_file, timeouts=timeouts)
    log_hosts = (host, *access.log_hosts)
    return GithubPipelines(connection, Door(connection, access, network, clock), log_hosts, loopback=host in LOOPBACK)
