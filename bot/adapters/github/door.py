"""One door to GitHub: every request goes through it; reads are tried again here and nowhere else, writes never are."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeVar, cast

import stamina
from github import Auth, Github
from github.Requester import HTTPSRequestsConnectionClass, Requester
from urllib3.exceptions import HTTPError

from bot.adapters.github.access import GithubAccess
from bot.adapters.github.budget import Budget
from bot.adapters.github.cache import Cache, Kept
from bot.adapters.github.credentials import Credentials, credentials_of
from bot.adapters.github.faults import Paused, from_failure, from_status, is_limit, pause_of
from bot.adapters.github.transport import Network, Wire
from bot.domain.errors import AnswerLost, OverBudget, PlatformError, TimedOut, Unavailable
from bot.domain.values import value
from bot.ports import Clock

T = TypeVar("T")

TRIES = 3
RETRY_SECONDS = 6.0
SHORT_PAUSE = 3.0
"""A pause of GitHub's that a read waits for, in seconds; a longer one is a gap."""

API_VERSION = "2022-11-28"
PAGE = 100

Query = Sequence[tuple[str, str | int]]


@value
class Answer:
    """A 2xx or 304 answer, or the 302 that a log's address comes in. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    text: str


class Door:
    """Sends the requests of one connection. Safe for many threads at once."""

    def __init__(
        self, connection: str, access: GithubAccess, network: Network, clock: Clock, *, tries: int = TRIES
    ) -> None:
        self.connection = connection
        self.network = network
        self._clock, self._tries = clock, tries
        self._requester = _requester(access)
        self._cache = Cache()
        self.budget = Budget(connection, access.calls_per_hour, clock)
        self.credentials: Credentials = credentials_of(connection, access, self._ask, clock)

    def get(self, operation: str, path: str, query: Query = (), *, repo: str) -> Any:
        """Return the JSON of a GET. One that has not changed since is answered from memory, at GitHub's word (304)."""
        return self.again(operation, lambda: self._conditional(operation, path, query, repo))

    def headers(self, operation: str, path: str, *, repo: str) -> Mapping[str, str]:
        """Return the headers of a GET."""
        return self.again(operation, lambda: self._once(operation, "GET", path, repo=repo)).headers

    def location(self, operation: str, path: str, *, repo: str) -> str:
        """Return where a GET, sent once, redirects to. Raises Unavailable when it does not redirect."""
        answer = self._once(operation, "GET", path, repo=repo)
        if answer.status != 302 or not answer.headers.get("location"):
            raise Unavailable("the answer is no redirect", connection=self.connection, operation=operation)
        return answer.headers["location"]

    def write(self, operation: str, method: str, path: str, body: object, *, repo: str) -> Any:
        """Send once and return the JSON of the answer, None for none. Raises AnswerLost; see `faults`."""
        answer = self._once(operation, method, path, body=body, repo=repo)
        return self._json(operation, answer.text, write=True) if answer.text.strip() else None

    def close(self) -> None:
        self.network.close()

    def _ask(self, operation: str, method: str, path: str, auth: Auth.Auth) -> Any:
        """The App's own questions (who am I, a token please): they change nothing, so they may be asked again."""
        body: object = {} if method == "POST" else None
        answer = self.again(operation, lambda: self._exchange(operation, method, path, (), body, {}, auth, write=False))
        return self._json(operation, answer.text, write=False)

    def _conditional(self, operation: str, path: str, query: Query, repo: str) -> Any:
        key = f"{path}?{sorted(query)}"
        kept: Kept | None = self._cache.find(key)
        extra = {"If-None-Match": kept.etag} if kept else {}
        answer = self._once(operation, "GET", path, query=query, extra=extra, repo=repo)
        if answer.status == 304 and kept:
            self.budget.give_back()
            return self._json(operation, kept.text, write=False)
        if answer.status != 200:
            problem = f"the answer has the status {answer.status}"
            raise Unavailable(problem, connection=self.connection, operation=operation, status=answer.status)
        found = self._json(operation, answer.text, write=False)  # before it is kept: it may have been cut short
        self._cache.keep(key, answer.headers.get("etag", ""), answer.text)
        return found

    def _once(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        query: Query = (),
        body: object = None,
        extra: Mapping[str, str] | None = None,
        repo: str,
    ) -> Answer:
        """Send one request as the one who may speak of that repository; it counts against the budget."""
        write = method != "GET"
        auth = self._placed(operation, lambda: self.credentials.auth(repo))
        self.budget.take(operation, write=write)
        try:
            return self._exchange(operation, method, path, query, body, extra or {}, auth, write=write)
        except PlatformError as error:
            if error.status == 401:
                self.credentials.forget(repo)
            raise

    def _exchange(
        self,
        operation: str,
        method: str,
        path: str,
        query: Query,
        body: object,
        extra: Mapping[str, str],
        auth: Auth.Auth,
        *,
        write: bool,
    ) -> Answer:
        """Send once through PyGithub's requester; return a 2xx, 302 or 304, translate everything else.

        A requester of its own for every request: the shared one keeps books that are not safe between threads.
        """
        wire = cast("HTTPSRequestsConnectionClass", Wire(self.network))
        headers = {"Accept": "application/vnd.github+json", "Accept-Encoding": "gzip", **extra}
        try:
            status, answered, text = self._requester.withAuth(auth).requestJson(
                method, path, dict(query), headers, body, cnx=wire
            )
        except PlatformError as error:
            kind = AnswerLost if write else type(error)
            raise kind(error.detail, connection=self.connection, operation=operation, status=error.status) from error
        except (HTTPError, OSError) as error:
            raise from_failure(error, connection=self.connection, operation=operation, write=write) from error
        if 200 <= status <= 299 or (status in (302, 304) and not write):
            return Answer(status=status, headers=answered, text=text)
        raise self._refused(operation, status, answered, text, write=write)

    def _refused(
        self, operation: str, status: int, headers: Mapping[str, str], text: str, *, write: bool
    ) -> PlatformError:
        """Return the error; a rate limit closes the door for all until it ends, unless a read can wait for it."""
        error = from_status(status, headers, text, connection=self.connection, operation=operation, write=write)
        if not is_limit(status, headers, text):
            return error
        seconds = pause_of(headers, self._clock.now())
        if seconds <= SHORT_PAUSE and not write:
            return Paused(error.detail, seconds, connection=self.connection, operation=operation, status=status)
        until = self._clock.now() + timedelta(seconds=seconds)
        self.budget.close_until(until)
        detail = f"{error.detail}; calls are free again at {until:%H:%M:%S} UTC"
        return type(error)(detail, connection=self.connection, operation=operation, status=status)

    def again(self, operation: str, once: Callable[[], T]) -> T:
        """Call, and on an outage at most twice more; none begins later than 6 s after the first.

        Paused never leaves here: a pause that did not help is a limit like any other.
        """
        began = time.monotonic()

        def wanted(error: Exception) -> bool | float:
            if time.monotonic() - began > RETRY_SECONDS:
                return False
            return max(0.1, error.seconds) if isinstance(error, Paused) else isinstance(error, (Unavailable, TimedOut))

        try:
            for attempt in stamina.retry_context(
                on=wanted, attempts=self._tries, timeout=RETRY_SECONDS, wait_initial=0.3, wait_max=1.0, wait_jitter=0.2
            ):
                with attempt:
                    return self._placed(operation, once)
        except Paused as error:
            raise OverBudget(
                error.detail, connection=self.connection, operation=error.operation, status=error.status
            ) from error
        raise AssertionError("unreachable: the last attempt raises")

    def _placed(self, operation: str, once: Callable[[], T]) -> T:
        """Call; an error that does not know its place yet is told it."""
        try:
            return once()
        except PlatformError as error:
            if error.operation:
                raise
            raise type(error)(
                error.detail, connection=self.connection, operation=operation, status=error.status
            ) from error

    def _json(self, operation: str, text: str, *, write: bool) -> Any:
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            kind = AnswerLost if write else Unavailable
            raise kind("the answer is not JSON", connection=self.connection, operation=operation) from error


def _requester(access: GithubAccess) -> Requester:
    """Return PyGithub's requester without its retries and without its sleeps between requests."""
    return Github(
        base_url=access.api_url,
        user_agent="codehealer",
        retry=None,
        seconds_between_requests=None,
        seconds_between_writes=None,
        lazy=True,
        api_version=API_VERSION,
    ).requester
