"""Who we are to GitHub: a token, or a GitHub App whose installation tokens live an hour and are renewed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any, Protocol

from github import Auth
from jwt.exceptions import PyJWTError

from bot.adapters.github.access import GithubAccess
from bot.domain.errors import Forbidden, NotConfigured, Unavailable
from bot.domain.values import value
from bot.ports import Clock

RENEW_BEFORE = timedelta(minutes=5)

Ask = Callable[[str, str, str, Auth.Auth], Any]
"""(operation, method, path, as whom) -> JSON; for the App's own requests, which change nothing that matters."""


class Credentials(Protocol):
    def auth(self, repo: str) -> Auth.Auth:
        """Return the credential for requests about a repository (empty: about none). Raises PlatformError."""
        ...

    def forget(self, repo: str) -> None:
        """GitHub did not accept it: do not use it again where another can be had."""
        ...

    def login(self) -> str:
        """Return the login under which we write. Raises PlatformError."""
        ...


def credentials_of(connection: str, access: GithubAccess, ask: Ask, clock: Clock) -> Credentials:
    """Return the App's credentials if there is an App, else the token's. Raises NotConfigured without either."""
    if access.app_id and access.private_key:
        return AppCredentials(access.app_id, access.private_key, access.installation, ask, clock)
    if access.token is None:
        raise NotConfigured("no token and no GitHub App is set", connection=connection)
    return TokenCredentials(access.token, ask)


class TokenCredentials:
    """A personal access token, or another that needs no renewal from us. Asked for anew at every request."""

    def __init__(self, token: Callable[[], str], ask: Ask) -> None:
        self._token, self._ask = token, ask
        self._login: tuple[str, str] = ("", "")

    def auth(self, repo: str) -> Auth.Auth:  # noqa: ARG002 - one token for all
        token = self._token().strip()
        if not token or not token.isprintable() or not token.isascii():
            raise Forbidden("the token is empty or not a token")
        return Auth.Token(token)

    def forget(self, repo: str) -> None:
        """It is read again anyway."""

    def login(self) -> str:
        auth = self.auth("")
        if self._login[0] != auth.token:
            self._login = (auth.token, _text(self._ask("read who we are", "GET", "/user", auth), "login"))
        return self._login[1]


@value
class Installed:
    token: str
    expires_at: datetime
    permissions: tuple[tuple[str, str], ...] = ()


class AppCredentials:
    """A GitHub App. One installation, or for each owner the one that the App has there."""

    def __init__(self, app_id: str, private_key: Callable[[], str], installation: int, ask: Ask, clock: Clock) -> None:
        self._app_id, self._private_key, self._ask, self._clock = app_id, private_key, ask, clock
        self._fixed = installation
        self._installations: dict[str, int] = {}
        self._tokens: dict[int, Installed] = {}
        self._login = ""
        self._lock = Lock()

    def auth(self, repo: str) -> Auth.Auth:
        """Return an installation's token that lives five minutes more at least; the App's own JWT for no repository."""
        if not repo:
            return self._app()
        with self._lock:
            return Auth.Token(self._installed(repo).token)

    def permissions(self, repo: str) -> tuple[tuple[str, str], ...]:
        """Return what the installation may do, as (permission, read or write)."""
        with self._lock:
            return self._installed(repo).permissions

    def forget(self, repo: str) -> None:
        with self._lock:
            self._tokens.pop(self._fixed or self._installations.pop(_owner(repo), 0), None)

    def login(self) -> str:
        if not self._login:
            slug = _text(self._ask("read the App", "GET", "/app", self._app()), "slug")
            self._login = f"{slug}[bot]"
        return self._login

    def _app(self) -> Auth.Auth:
        """Return a fresh JWT."""
        try:
            return Auth.AppAuthToken(Auth.AppAuth(self._app_id, self._private_key()).create_jwt())
        except (PyJWTError, ValueError, TypeError, AssertionError) as error:
            raise Forbidden("the GitHub App's private key cannot sign: it is no RSA key in PEM") from error

    def _installed(self, repo: str) -> Installed:
        owner = _owner(repo)
        number = self._fixed or self._installations.get(owner, 0)
        if not number:
            answer = self._ask("find the App's installation", "GET", f"/repos/{repo}/installation", self._app())
            number = self._installations[owner] = _number(answer, "id")
        known = self._tokens.get(number)
        if known is None or known.expires_at - RENEW_BEFORE <= self._clock.now():
            path = f"/app/installations/{number}/access_tokens"
            known = self._tokens[number] = _installed_from(self._ask("get a token", "POST", path, self._app()))
        return known


def _installed_from(answer: Any) -> Installed:
    token, until = _text(answer, "token"), _text(answer, "expires_at")
    allowed = answer.get("permissions") if isinstance(answer, dict) else None
    pairs = sorted((str(k), str(v)) for k, v in allowed.items()) if isinstance(allowed, dict) else []
    try:
        expires_at = datetime.fromisoformat(until).astimezone(UTC)
    except ValueError as error:
        raise Unavailable("the answer holds no token that expires") from error
    return Installed(token=token, expires_at=expires_at, permissions=tuple(pairs))


def _owner(repo: str) -> str:
    return repo.partition("/")[0].lower()


def _text(answer: Any, name: str) -> str:
    found = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(found, str) or not found:
        raise Unavailable(f"the answer holds no {name}")
    return found


def _number(answer: Any, name: str) -> int:
    found = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(found, int):
        raise Unavailable(f"the answer holds no {name}")
    return found
