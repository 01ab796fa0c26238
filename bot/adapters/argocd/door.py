"""One door to Argo CD: every request of ours goes through it, and every answer is bounded.

Reads are tried again here and nowhere else; writes never are. No redirect is followed: the token goes to the configured
address only. A netrc file has no say.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

import stamina
from requests import PreparedRequest, Response, Session
from requests.auth import AuthBase
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from bot.adapters.argocd.faults import from_failure, from_status
from bot.domain.errors import AnswerLost, ConfigError, NotConfigured, OverBudget, PlatformError, TimedOut, Unavailable

T = TypeVar("T")

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
SLOW = 3
"""How many times longer an answer may take for which Argo CD renders or compares first."""

TRIES = 3
RETRY_SECONDS = 4.0
MAX_JSON = 32 * 1024 * 1024
MAX_REFUSAL = 64 * 1024
CHUNK = 64 * 1024
JSON_TYPE = "application/json"

HEADERS = {"Content-Type": JSON_TYPE, "Accept": JSON_TYPE, "User-Agent": "codehealer"}
"""Content-Type always: without it Argo CD refuses every method but GET with 415."""

Query = Mapping[str, str]


class Call(NamedTuple):
    """One request. `seconds`: how long its answer may take. `renders`: a failed rendering may come as a 500."""

    operation: str
    method: str
    path: str
    query: Query | None = None
    body: str | None = None
    seconds: float = READ_SECONDS
    renders: bool = False

    @property
    def write(self) -> bool:
        return self.method != "GET"


class _Bearer(AuthBase):
    """Puts the token in by requests' own hook: a plain header would give way to a netrc entry of the host."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Door:
    """Sends requests of one connection. Safe for many threads at once: the session is not changed once it is here."""

    def __init__(
        self,
        connection: str,
        server: str,
        session: Session,
        token: Callable[[], str],
        *,
        verify: str | bool = True,
        timeouts: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS),
        tries: int = TRIES,
    ) -> None:
        self.connection, self.server = connection, server
        self._session, self._token, self._verify = session, token, verify
        self._timeouts, self._tries = timeouts, tries

    def get(self, operation: str, path: str, query: Query | None = None, *, slow: bool = False) -> Any:
        """Return the JSON of a GET. `slow`: Argo CD may have to fetch and compare before it answers."""
        return self._json(Call(operation, "GET", path, query, seconds=self._seconds(slow=slow)))

    def rendered(self, operation: str, path: str, query: Query) -> Any:
        """Return the JSON of a GET for which Argo CD renders manifests. Raises Rejected with the error of rendering."""
        return self._json(Call(operation, "GET", path, query, seconds=self._seconds(slow=True), renders=True))

    def post(self, operation: str, path: str, body: object) -> Any:
        """Send a POST once and return the JSON of its answer. Raises AnswerLost; see `faults`."""
        return self._json(Call(operation, "POST", path, body=json.dumps(body), seconds=self._seconds(slow=False)))

    def lines(self, operation: str, path: str, query: Query, take: Callable[[Iterator[bytes]], T]) -> T:
        """Return what `take` makes of a GET's body, given in pieces as they come; a second try calls it anew.

        `take` bounds what it holds. The pieces end without an error when the time is up: a log that drips is one too.
        """
        call = Call(operation, "GET", path, query, seconds=self._seconds(slow=False))

        def once() -> T:
            response = self._opened(call)
            try:
                return take(_pieces(response, time.monotonic() + call.seconds))
            except (RequestException, HTTPError, OSError) as error:
                raise from_failure(error, connection=self.connection, operation=operation, write=False) from error
            finally:
                response.close()

        return self._again(once)

    def close(self) -> None:
        self._session.close()

    def _again(self, once: Callable[[], T]) -> T:
        """Call, and on an outage at most twice more; none begins later than 4 s after the first."""
        for attempt in stamina.retry_context(
            on=(Unavailable, TimedOut),
            attempts=self._tries,
            timeout=RETRY_SECONDS,
            wait_initial=0.3,
            wait_max=1.0,
            wait_jitter=0.2,
        ):
            with attempt:
                return once()
        raise AssertionError("unreachable: the last attempt raises")

    def _json(self, call: Call) -> Any:
        raw = self._whole(call) if call.write else self._again(lambda: self._whole(call))
        try:
            return json.loads(raw)
        except (ValueError, RecursionError) as error:
            kind = AnswerLost if call.write else Unavailable
            raise kind("the answer is not JSON", connection=self.connection, operation=call.operation) from error

    def _whole(self, call: Call) -> bytes:
        """Send one request and return its 2xx answer's bytes; translate everything else."""
        response = self._opened(call)
        try:
            return _read(response, MAX_JSON, call.seconds)
        except PlatformError as error:
            kind = AnswerLost if call.write else type(error)
            raise kind(error.detail, connection=self.connection, operation=call.operation) from error
        except (RequestException, HTTPError, OSError) as error:
            raise self._failed(call, error) from error
        finally:
            response.close()

    def _opened(self, call: Call) -> Response:
        """Send one request and return its 2xx answer, not read yet; translate everything else."""
        auth = _Bearer(self._credential(call.operation))
        try:
            response = self._session.request(
                call.method,
                self.server + call.path,
                params=call.query,
                data=call.body,
                headers=HEADERS,
                auth=auth,
                timeout=(self._timeouts[0], call.seconds),
                verify=self._verify,
                allow_redirects=False,
                stream=True,
            )
        except (RequestException, HTTPError, OSError) as error:
            raise self._failed(call, error) from error
        if 200 <= response.status_code <= 299:
            return response
        raise self._refused(call, response)

    def _refused(self, call: Call, response: Response) -> PlatformError:
        """Return the error of an answer that is not 2xx; the status says what happened even if its body does not come."""
        refusal = b""
        try:
            refusal = _read(response, MAX_REFUSAL, call.seconds, cut=True)
        except (RequestException, HTTPError, OSError, PlatformError):
            refusal = b""
        finally:
            response.close()
        return from_status(
            response.status_code,
            refusal,
            connection=self.connection,
            operation=call.operation,
            write=call.write,
            renders=call.renders,
        )

    def _failed(self, call: Call, error: Exception) -> PlatformError:
        return from_failure(error, connection=self.connection, operation=call.operation, write=call.write)

    def _seconds(self, *, slow: bool) -> float:
        return self._timeouts[1] * (SLOW if slow else 1)

    def _credential(self, operation: str) -> str:
        try:
            token = self._token().strip()
        except ConfigError as error:
            raise NotConfigured(str(error), connection=self.connection, operation=operation) from error
        problem = "there is no token" if not token else ""
        if not (token.isascii() and token.isprintable()) or " " in token:  # http.client would print it in its error
            problem = "the token holds what no header may"
        if problem:
            raise NotConfigured(problem, connection=self.connection, operation=operation)
        return token


def _read(response: Response, max_bytes: int, seconds: float, *, cut: bool = False) -> bytes:
    """Return the body. One longer than `max_bytes` is cut, or raises OverBudget; one that drips raises TimedOut."""
    deadline = time.monotonic() + seconds
    parts, size = [], 0
    for part in _pieces(response, float("inf")):
        parts.append(part)
        size += len(part)
        if size > max_bytes and cut:
            break
        if size > max_bytes:
            raise OverBudget(f"the answer is larger than {max_bytes} bytes")
        if time.monotonic() > deadline:
            raise TimedOut(f"the answer was not whole after {seconds:g} s")
    return b"".join(parts)[:max_bytes]


def _pieces(response: Response, deadline: float) -> Iterator[bytes]:
    """Yield what has come, not full chunks: a dripping answer must not hold us. Ends at the deadline."""
    while time.monotonic() <= deadline and (part := response.raw.read1(CHUNK, decode_content=True)):
        yield part
