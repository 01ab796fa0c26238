"""The API server's refusals and the network's failures -> our error tree, once.

A read that failed tells only that. A write that failed tells whether the platform can have applied it: what never left
us, and what the platform answered with a refusal, changed nothing; everything else is AnswerLost.
"""

import json
import re
import ssl

from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import (
    ConnectTimeoutError,
    NewConnectionError,
    ProxyError,
)
from urllib3.exceptions import (
    TimeoutError as Urllib3TimeoutError,
)

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

MAX_DETAIL = 500

PRINTED_OBJECT = re.compile(r"<[^<>]{0,200} at 0x[0-9a-f]{1,16}>:? ?|HTTPS?Connection(?:Pool)?\([^()]{0,200}\): ?")

NO_SUCH_LOG = re.compile(
    r"previous terminated container|no logs found|is waiting to start|is terminated|is not valid for pod|no logs yet"
    r"|no previous logs|is not available|no such file",
    re.IGNORECASE,
)
"""The 400s by which a kubelet says that there is no such log (kubelet_pods.go, GetContainerLogs and its callers)."""


def from_status(status: int, body: bytes, *, connection: str, operation: str, write: bool) -> PlatformError:
    """Return the error for an answer that is not 2xx. `body` is a Status object, or any text."""
    detail = _message(body) or f"HTTP status {status}"
    kind: type[PlatformError] = Rejected
    if status in (401, 403):
        kind = Forbidden
    elif status in (404, 410):
        kind = NotFound
    elif status == 409:
        kind = Conflict
    elif status == 400 and not write and NO_SUCH_LOG.search(detail):
        kind = NotFound
    elif status >= 500 or status == 408:
        kind = AnswerLost if write else TimedOut if status in (408, 504) else Unavailable
    elif status == 429 or status < 400:
        kind = Unavailable
    return kind(detail, connection=connection, operation=operation, status=status)


def from_failure(error: Exception, *, connection: str, operation: str, write: bool) -> PlatformError:
    """Return the error for a request whose answer did not come, or not whole (urllib3, the client, the socket)."""
    if isinstance(error, ApiException) and isinstance(error.__context__, Exception):
        error = error.__context__  # the client wraps urllib3's SSLError, and nothing else
    detail = f"{_kind_of(error)}: {_reason_of(error)}"[:MAX_DETAIL]
    kind: type[PlatformError] = AnswerLost
    if _never_sent(error) or not write:
        kind = TimedOut if _is_late(error) and not write else Unavailable
    return kind(detail, connection=connection, operation=operation)


def _never_sent(error: Exception) -> bool:
    """Whether it failed before a request could leave us: no connection, no proxy, no trust in the certificate."""
    if isinstance(error, (NewConnectionError, ConnectTimeoutError, ProxyError)):
        return True
    return any(isinstance(arg, ssl.SSLCertVerificationError) for arg in error.args)


def _is_late(error: Exception) -> bool:
    """Whether it took too long. To urllib3 a refused connection is a connect timeout too; to people it is not."""
    return isinstance(error, (Urllib3TimeoutError, TimeoutError)) and not isinstance(error, NewConnectionError)


def _kind_of(error: Exception) -> str:
    if isinstance(error, NewConnectionError):
        return "no connection"
    return "no answer in time" if _is_late(error) else "the connection broke"


def _reason_of(error: Exception) -> str:
    """Return the reason without the objects that urllib3 prints before it."""
    inner = error.args[-1] if error.args else error
    return PRINTED_OBJECT.sub("", " ".join(str(inner).split()))


def _message(body: bytes) -> str:
    """Return the `message` of a Status object, or the beginning of any other text: one line, bounded."""
    text = body.decode("utf-8", "replace")
    try:
        status = json.loads(text)
    except ValueError:
        status = None
    if isinstance(status, dict) and isinstance(status.get("message"), str):
        text = status["message"]
    return " ".join(text.split())[:MAX_DETAIL]
