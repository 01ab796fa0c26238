"""connections.yaml -> the platforms that a team connects, beside those of the environment. Errors name file and line."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from bot.domain.connections import Connection, ConnectionKind
from bot.yaml_file import Entry, entries

_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9_]{0,80}")
_COMMON: Final = ("name", "kind", "owns")
_KEYS: Final = {
    ConnectionKind.GITHUB: ("url", "token_env", "app_id", "private_key_env", "calls_per_hour"),
    ConnectionKind.ARGOCD: ("url", "token_env", "ca_file"),
    ConnectionKind.KUBERNETES: ("kubeconfig", "context"),
}
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """One entry. Credentials are named (`token_env`), never written; `url` is an API's address."""

    connection: Connection
    token_env: str = ""
    app_id: str = ""
    private_key_env: str = ""
    calls_per_hour: int = 4000
    ca_file: Path | None = None
    kubeconfig: Path | None = None
    context: str = ""


def load_connections(path: Path | None) -> tuple[Configured, ...]:
    """Return the file's connections in its order, none when there is no file. Raises ConfigError.

    Names are unique within a kind. Addresses are https, or http on loopback: tokens travel there.
    """
    if path is None or not path.is_file():
        return ()
    found: dict[tuple[str, str], Configured] = {}
    for entry in entries(path, "connections", "a connection"):
        made = _configured(entry)
        key = (made.connection.kind, made.connection.name)
        if key in found:
            raise entry.wrong(f"there are two {key[0]} connections {key[1]!r}", "give one another name", "name")
        found[key] = made
    return tuple(found.values())


def _configured(entry: Entry) -> Configured:
    kind = ConnectionKind(entry.choice("kind", tuple(ConnectionKind), ""))
    entry.only((*_COMMON, *_KEYS[kind]))
    name = entry.text("name")
    if not _NAME.fullmatch(name):
        raise entry.wrong("a connection has a name of small letters, digits and dashes", "write `name: prod`", "name")
    url = entry.text("url", "https://api.github.com" if kind is ConnectionKind.GITHUB else "")
    if kind is not ConnectionKind.KUBERNETES:
        _check_url(entry, url)
        _check_credentials(entry)
    kubeconfig, ca_file = entry.text("kubeconfig"), entry.text("ca_file")
    return Configured(
        connection=Connection(name=name, kind=kind, url=url, owns=entry.texts("owns")),
        token_env=entry.text("token_env"),
        app_id=entry.text("app_id"),
        private_key_env=entry.text("private_key_env"),
        calls_per_hour=entry.whole("calls_per_hour", 4000, 1, 1_000_000),
        ca_file=Path(ca_file) if ca_file else None,
        kubeconfig=Path(kubeconfig) if kubeconfig else None,
        context=entry.text("context"),
    )


def _check_url(entry: Entry, url: str) -> None:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError as error:
        raise entry.wrong("is no address", "write https://host", "url") from error
    safe = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    if not safe or not host or parts.username or parts.password or parts.query or parts.fragment:
        raise entry.wrong("is not an https address without credentials", "write https://host", "url")


def _check_credentials(entry: Entry) -> None:
    for name in ("token_env", "private_key_env"):
        variable = entry.text(name)
        if variable and not _VARIABLE.fullmatch(variable):
            raise entry.wrong(
                "names an environment variable, never the secret itself", "write `token_env: GITHUB_TOKEN_ACME`", name
            )
    if not entry.text("token_env") and not (entry.text("app_id") and entry.text("private_key_env")):
        raise entry.wrong(
            "this connection names no credential", "add `token_env:`, or `app_id:` and `private_key_env:`"
        )
