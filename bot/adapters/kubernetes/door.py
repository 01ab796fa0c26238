"""One door to the API server: every request of ours goes through it, and every answer is bounded.

It uses the client's generic call, not its generated methods: those cost 1.4 s of import and deserialise into objects
that we would copy out again, and their log call decodes wrongly (a byte that is not UTF-8 raises, and up to 36.x JSON
came back as a Python repr). Reads are tried again here and nowhere else; writes never are.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import stamina
from kubernetes.client import ApiClient
from kubernetes.client.exceptions import ApiException
from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError

from bot.adapters.kubernetes.faults import from_failure, from_status
from bot.domain.errors import AnswerLost, OverBudget, PlatformError, TimedOut, Unavailable

T = TypeVar("T")

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
TRIES = 3
RETRY_SECONDS = 4.0
MAX_JSON = 16 * 1024 * 1024
MAX_REFUSAL = 64 * 1024
CHUNK = 64 * 1024

JSON_TYPE = "application/json"
MERGE_TYPE = "application/strategic-merge-patch+json"

Query = Sequence[tuple[str, str | int]]


class Door:
    """Sends requests of one connection. Safe for many threads at once."""

    def __init__(
        self,
        connection: str,
        client: ApiClient,
        *,
        timeouts: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS),
        tries: int = TRIES,
    ) -> None:
        self.connection = connection
        self._client = client
        self._timeouts = timeouts
        self._tries = tries

    def get(self, operation: str, path: str, names: Mapping[str, str], query: Query = ()) -> Any:
        """Return the JSON of a GET. `path` has `{placeholders}` that `names` fill, percent-encoded."""
        return self._again(lambda: self._json(operation, "GET", path, names, query, None))

    def ask(self, operation: str, path: str, body: object) -> Any:
        """Return the JSON of a POST that creates nothing (a review), so that it may be sent again."""
        return self._again(lambda: self._json(operation, "POST", path, {}, (), body))

    def text(self, operation: str, path: str, names: Mapping[str, str], query: Query, max_bytes: int) -> bytes:
        """Return the bytes of a GET, cut after `max_bytes`."""

        def once() -> bytes:
            return self._exchange(operation, "GET", path, names, query, None, (max_bytes, True))

        return self._again(once)

    def merge(self, operation: str, path: str, names: Mapping[str, str], query: Query, body: object) -> Any:
        """Send a strategic merge PATCH once and return the JSON of its answer. Raises AnswerLost; see `faults`."""
        return self._json(operation, "PATCH", path, names, query, body)

    def close(self) -> None:
        self._client.close()  # type: ignore[no-untyped-call] # the SDK has no types

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

    def _json(
        self, operation: str, method: str, path: str, names: Mapping[str, str], query: Query, body: object
    ) -> Any:
        raw = self._exchange(operation, method, path, names, query, body, (MAX_JSON, False))
        try:
            return json.loads(raw)
        except ValueError as error:
            kind = AnswerLost if _is_write(method, query) else Unavailable
            raise kind("the answer is not JSON", connection=self.connection, operation=operation) from error

    def _exchange(
        self,
        operation: str,
        method: str,
        path: str,
        names: Mapping[str, str],
        query: Query,
        body: object,
        bound: tuple[int, bool],
    ) -> bytes:
        """Send one request and return its 2xx answer's bytes; translate everything else."""
        write = _is_write(method, query)
        try:
            response = self._send(method, path, names, query, body)
            if 200 <= response.status <= 299:
                return self._read(response, *bound)
        except PlatformError as error:
            kind = AnswerLost if write else type(error)
            raise kind(error.detail, connection=self.connection, operation=operation) from error
        except (HTTPError, ApiException, OSError) as error:
            raise from_failure(error, connection=self.connection, operation=operation, write=write) from error
        refusal = self._refusal(response)
        raise from_status(response.status, refusal, connection=self.connection, operation=operation, write=write)

    def _refusal(self, response: HTTPResponse) -> bytes:
        """Return the body of a refusal, empty when it does not come: the status alone already says what happened."""
        try:
            return self._read(response, MAX_REFUSAL, True)
        except (HTTPError, OSError, PlatformError):
            return b""

    def _send(self, method: str, path: str, names: Mapping[str, str], query: Query, body: object) -> HTTPResponse:
        headers = {"Accept": f"{JSON_TYPE}, */*"}
        if body is not None:
            headers["Content-Type"] = MERGE_TYPE if method == "PATCH" else JSON_TYPE
        request = self._client.param_serialize(
            method, path, dict(names), list(query), headers, body, auth_settings=["BearerToken"]
        )
        response: HTTPResponse = self._client.call_api(*request, _request_timeout=self._timeouts).response
        return response

    def _read(self, response: HTTPResponse, max_bytes: int, cut: bool) -> bytes:
        """Return the body. One longer than `max_bytes` is cut, or raises OverBudget; one that drips raises TimedOut."""
        deadline = time.monotonic() + self._timeouts[1]
        parts, size = [], 0
        while part := response.read1(CHUNK):  # what has come, not a full chunk: a dripping answer must not hold us
            parts.append(part)
            size += len(part)
            if size > max_bytes or time.monotonic() > deadline:
                response.close()  # what is left of it must not be taken for the next answer on this connection
                if size <= max_bytes:
                    raise TimedOut(f"the answer was not whole after {self._timeouts[1]:g} s")
                if not cut:
                    raise OverBudget(f"the answer is larger than {max_bytes} bytes")
                break
        return b"".join(parts)[:max_bytes]


def _is_write(method: str, query: Query) -> bool:
    """Whether a request can change something: a dry run cannot, nor can the review that `ask` posts."""
    return method == "PATCH" and ("dryRun", "All") not in query
