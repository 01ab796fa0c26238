"""Connections: the platforms that are configured, by name, and which of them a target belongs to."""

from enum import StrEnum
from urllib.parse import urlsplit

from bot.domain.values import value

DEFAULT = "default"


class ConnectionKind(StrEnum):
    GITHUB = "github"
    ARGOCD = "argocd"
    KUBERNETES = "kubernetes"


@value
class Connection:
    """One configured platform. `url` is its address as people see it (host and path), without credentials.

    `owns` are the organisations or users of a GitHub connection, the names that alerts give a cluster (Kubernetes), or
    the application names (Argo CD), as globs; an empty one owns everything that no other connection of its kind names.
    """

    name: str
    kind: ConnectionKind
    url: str = ""
    owns: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        """The host that people's links to it have, lower case, or the empty string: GitHub's own API is beside it."""
        host = (urlsplit(self.url).hostname or "").lower()
        return host.removeprefix("api.") if self.kind is ConnectionKind.GITHUB else host


@value
class Connections:
    """All of them. Without any, everything belongs to the connection `default`."""

    known: tuple[Connection, ...] = ()

    def of(self, kind: ConnectionKind, name: str = "", host: str = "") -> str:
        """Return the connection that a repository's owner, a cluster's or an application's name belongs to.

        `host` (of a link in the post) picks among several: one whose host it is comes first, and a host that no
        connection has says nothing. Returns `default` when no connection of the kind names it and none is open to all;
        names are compared without case.
        """
        mine = [each for each in self.known if each.kind is kind]
        here = [each for each in mine if host and each.host == host.lower()] or mine
        named = [each for each in here if any(matches(name, glob) for glob in each.owns)] if name else []
        open_ones = [each for each in here if not each.owns]
        chosen = named or open_ones
        return chosen[0].name if chosen else DEFAULT


def matches(text: str, glob: str) -> bool:
    """Return whether a text matches a glob (`*` any run of characters, `?` one), without case; linear in both."""
    text, glob = text.lower(), glob.lower()
    at = star = 0
    here, resume = 0, -1
    while at < len(text):
        if here < len(glob) and (glob[here] == "?" or glob[here] == text[at]) and glob[here] != "*":
            at, here = at + 1, here + 1
        elif here < len(glob) and glob[here] == "*":
            resume, star, here = here, at, here + 1
        elif resume >= 0:
            here, star = resume + 1, star + 1
            at = star
        else:
            return False
    return all(c == "*" for c in glob[here:])
