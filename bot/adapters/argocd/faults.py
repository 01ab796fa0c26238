"""Argo CD's refusals and the network's failures -> our error tree, once.

Argo CD answers errors as {error, code, message}, where code is gRPC's. A read that failed tells only that. A write that
failed tells whether it can have been done: what never left us, and what was answered by a refusal, changed nothing;
everything else is AnswerLost.
"""

import json
import re
import ssl

from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.exceptions import ConnectTimeout, InvalidProxyURL, InvalidURL, ProxyError, SSLError
from requests.exceptions import Timeout as RequestsTimeout
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.exceptions import TimeoutError as Urllib3TimeoutError

from bot.domain.errors import (
    AnswerLost,
    Conflict,
    Forbidden,
    NotFound,
    PlatformError,
    Rejected,
    TimedOut,
    Unavailable,
)

MAX_DETAIL = 1000

PRINTED_OBJECT = re.compile(r"<[^<>]{0,200} at 0x[0-9a-f]{1,16}>:? ?|HTTPS?Connection(?:Pool)?\([^()]{0,200}\): ?")

BUSY = re.compile(r"operation is already in progress", re.IGNORECASE)
"""Code 9 has many reasons; only this one means that another operation was first (util/argo, ErrAnotherOperation...)."""

NOT_PART_OF_IT = re.compile(r"not found as part of application", re.IGNORECASE)

NO_SUCH_LOG = re.compile(
    r"previous terminated container|no logs found|is waiting to start|is terminated|is not valid for pod|no logs yet"
    r"|no previous logs|is not available|no such file|not found",
    re.IGNORECASE,
)
"""How an API server or kubelet says that there is no such log; Argo CD hands it on as if it were the log."""

NO_RIGHT = re.compile(r"permission denied|is forbidden|unauthorized", re.IGNORECASE)

UNKNOWN, INVALID, GRPC_NOT_FOUND, DENIED, PRECONDITION, ABORTED, UNAUTHENTICATED = 2, 3, 5, 7, 9, 10, 16
RENDERING = {UNKNOWN, INVALID, PRECONDITION}


def from_status(
    status: int, body: bytes, *, connection: str, operation: str, write: bool, renders: bool = False
) -> PlatformError:
    """Return the error for an answer that is not 2xx. `body` is Argo CD's JSON, or any text.

    Argo CD answers a rendering that fails with 400, and with 500 while it remembers it.
    """
    said, code = said_in(body)
    detail = said or f"HTTP status {status}"
    kind = _kind(status, code, detail, write)
    if renders and status == 500 and code in RENDERING:
        kind = Rejected
    if 300 <= status <= 399:
        detail = "it redirects, and the token is not sent elsewhere: configure the address that it leads to"
    if status == 401:
        detail = f"the token is not accepted ({detail})"
    return kind(detail, connection=connection, operation=operation, status=status)


def _kind(status: int, code: int, detail: str, write: bool) -> type[PlatformError]:
    if not write and NOT_PART_OF_IT.search(detail):
        return NotFound
    if status in (401, 403):
        return Forbidden
    if status in (404, 410):
        return NotFound
    if status == 409 or code == ABORTED or (code == PRECONDITION and BUSY.search(detail)):
        return Conflict if write else Unavailable
    if status >= 500 or status == 408:
        return AnswerLost if write else TimedOut if status in (408, 504) else Unavailable
    return Unavailable if status == 429 else Rejected


def from_code(code: int, message: str, *, connection: str, operation: str) -> PlatformError:
    """Return the error of a line `{"error": {grpc_code, message}}` in a stream that began with 200."""
    kinds = {INVALID: Rejected, GRPC_NOT_FOUND: NotFound, DENIED: Forbidden, UNAUTHENTICATED: Forbidden}
    kind: type[PlatformError] = kinds.get(code, Unavailable)
    return kind(message[:MAX_DETAIL] or "an error without a message", connection=connection, operation=operation)


def from_log_text(text: str, *, connection: str, operation: str) -> PlatformError:
    """Return the error that Argo CD sent in the place of a log."""
    kind: type[PlatformError] = Unavailable
    if NO_RIGHT.search(text):
        kind = Forbidden
    elif NO_SUCH_LOG.search(text):
        kind = NotFound
    return kind(" ".join(text.split())[:MAX_DETAIL], connection=connection, operation=operation)


def from_failure(error: Exception, *, connection: str, operation: str, write: bool) -> PlatformError:
    """Return the error for a request whose answer did not come, or not whole (requests, urllib3, the socket)."""
    late = _is_late(error)
    what = "no connection" if _never_sent(error) else "no answer in time" if late else "the connection broke"
    detail = f"{what}: {_reason_of(error)}"[:MAX_DETAIL]
    kind: type[PlatformError] = AnswerLost
    if _never_sent(error) or not write:
        kind = TimedOut if late and not write else Unavailable
    return kind(detail, connection=connection, operation=operation)


def said_in(body: bytes) -> tuple[str, int]:
    """Return the message of an error answer (one line, bounded) and its gRPC code, -1 when it has none."""
    text = body.decode("utf-8", "replace")
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        answer = None
    code = -1
    if isinstance(answer, dict):
        inner = answer.get("error")
        holder = inner if isinstance(inner, dict) else answer
        found = holder.get("message") or (inner if isinstance(inner, str) else "")
        text = found if isinstance(found, str) else ""
        number = holder.get("code", holder.get("grpc_code"))
        code = number if isinstance(number, int) and not isinstance(number, bool) else -1
    return " ".join(text[: 4 * MAX_DETAIL].split())[:MAX_DETAIL], code


def _never_sent(error: Exception) -> bool:
    """Whether it failed before a request could leave us: no connection, no proxy, no trust in the certificate."""
    if isinstance(error, (ConnectTimeout, ProxyError, InvalidURL, InvalidProxyURL)):
        return True
    inner = _inner(error)
    if isinstance(error, SSLError):
        return any(isinstance(arg, ssl.SSLCertVerificationError) for arg in (*error.args, inner, *_args(inner)))
    return isinstance(inner, (NewConnectionError, ConnectTimeoutError))


def _is_late(error: Exception) -> bool:
    """Whether it took too long. To urllib3 a refused connection is a connect timeout too; to people it is not."""
    inner = _inner(error)
    late = isinstance(error, (RequestsTimeout, TimeoutError)) or isinstance(inner, (Urllib3TimeoutError, TimeoutError))
    return late and not isinstance(inner, NewConnectionError)


def _inner(error: Exception) -> object:
    """Return urllib3's own error: requests wraps it, and urllib3's MaxRetryError wraps it once more."""
    inner = error.args[0] if isinstance(error, RequestsConnectionError) and error.args else error
    return getattr(inner, "reason", None) or inner


def _args(error: object) -> tuple[object, ...]:
    return error.args if isinstance(error, Exception) else ()


def _reason_of(error: Exception) -> str:
    """Return the reason without the objects that urllib3 prints before it."""
    inner = _inner(error)
    args = _args(inner)
    reason = str(args[-1] if args else inner)[: 4 * MAX_DETAIL]
    return PRINTED_OBJECT.sub("", " ".join(reason.split()))
