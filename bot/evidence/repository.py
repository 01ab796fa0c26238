"""Which repository an application's source address names, and which GitHub connection serves it."""

import re

from bot.domain.connections import DEFAULT, ConnectionKind, Connections
from bot.domain.values import value

_URL = re.compile(
    r"(?:https?|ssh|git)://(?:[^/@\s]{1,500}@)?(?P<host>[\w.-]{1,253})(?::\d{1,5})?/(?P<path>[^\s?#]{1,500})"
)
_SCP = re.compile(r"(?:[\w.-]{1,100}@)(?P<host>[\w.-]{1,253}):(?P<path>[^\s?#]{1,500})")
_NAME = re.compile(r"[\w.-]{1,200}")


@value
class Repository:
    """`repo` is `owner/name`."""

    host: str
    repo: str

    @property
    def owner(self) -> str:
        """The organisation or user."""
        return self.repo.partition("/")[0]


def repository_of(url: str) -> Repository | None:
    """Return the repository of a Git address (https, ssh, or `git@host:owner/name`), or None when it names none."""
    found = _URL.fullmatch(url.strip()[:1_000]) or _SCP.fullmatch(url.strip()[:1_000])
    if found is None:
        return None
    parts = found["path"].strip("/").removesuffix(".git").split("/")[-2:]
    if len(parts) < 2 or not all(_NAME.fullmatch(part) and part not in {".", ".."} for part in parts):
        return None
    return Repository(host=found["host"].lower(), repo="/".join(parts))


def github_of(connections: Connections, place: Repository) -> str:
    """Return the GitHub connection that serves the host, or the empty string: a repository elsewhere is another one.

    A connection without an address may be anywhere; without any connection it is `default`, which then is asked and
    says itself that it is not configured.
    """
    github = [each for each in connections.known if each.kind is ConnectionKind.GITHUB]
    if not github:
        return DEFAULT
    hosts = {each.host for each in github}
    host = place.host.removeprefix("ssh.")
    if host not in hosts and "" not in hosts:
        return ""
    return connections.of(ConnectionKind.GITHUB, place.owner, host)
