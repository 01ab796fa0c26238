"""GitHub's refusals and the network's failures -> our error tree, once.

A read that failed tells only that. A write that failed tells whether GitHub can have done it: what never left us, and
what GitHub answered with a refusal, changed nothing; everything else (a 5xx too: GitHub may have done it) is AnswerLost.
"""

import json
import re
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime

from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProxyError
from urllib3.exceptions import TimeoutError as Urllib3TimeoutError

from bot.domain.errors import (
    AnswerLost,
    Conflict,
    Forbidden,
    NotFound,
    OverBudget,
    PlatformError,
    Rejected,
    TimedOut,
    Unavailable,
)

MAX_DETAIL = 500
MAX_ERRORS = 5

PRINTED_OBJECT = re.compile(r"<[^<>]{0,200} at 0x[0-9a-f]{1,16}>:? ?|HTTPS?Connection(?:Pool)?\([^()]{0,200}\): ?")

NO_RERUN = re.compile(
    r"already running|cannot be re(?:tried|run|-run)|unable to re(?:try|run|-run)|over a month ago|no failed jobs"
    r"|too many|attempts? limit",
    re.IGNORECASE,
)
"""The 403s by which GitHub says that a run cannot be re-run, not that we may not (this workflow is already running;
this workflow run cannot be retried; unable to retry this workflow run because it was created over a month ago)."""

KINDS: dict[int, type[PlatformError]] = {
    401: Forbidden, 403: Forbidden, 404: NotFound, 409: Conflict, 410: NotFound, 451: Forbidden,
    301: NotFound, 307: NotFound, 308: NotFound,
}  # fmt: skip

MOVED = (301, 307, 308)

SAYS = {
    401: "the credential is not accepted",
    404: "not found, or not visible to this credential",
    410: "it has expired",
    301: "the repository was renamed or moved",
    307: "the repository was renamed or moved",
    308: "the repository was renamed or moved",
}


class Paused(Unavailable):
    """GitHub wants a short pause of `seconds` before the next call. A read waits and asks again; nobody else sees it."""

    def __init__(self, detail: str, seconds: float, *, connection: str, operation: str, status: int) -> None:
        super().__init__(detail, connection=connection, operation=operation, status=status)
        self.seconds = seconds


def from_status(
    status: int, headers: Mapping[str, str], text: str, *, connection: str, operation: str, write: bool
) -> PlatformError:
    """Return the error for an answer that is not 2xx. `headers` have lower-case names; `text` is JSON or anything."""
    detail = _detail(status, headers, text)
    kind: type[PlatformError] = KINDS.get(status, Rejected)
    if is_limit(status, headers, text):
        kind = OverBudget
    elif status == 403 and write and NO_RERUN.search(detail):
        kind = Rejected
    elif status >= 500 or status == 408:
        kind = AnswerLost if write else TimedOut if status in (408, 504) else Unavailable
    elif status < 400 and status not in MOVED:
        kind = AnswerLost if write else Unavailable
    return kind(detail, connection=connection, operation=operation, status=status)


def is_limit(status: int, headers: Mapping[str, str], text: str) -> bool:
    """Whether the answer is a rate limit, primary or secondary, rather than a missing permission."""
    if status == 429:
        return True
    spent = headers.get("x-ratelimit-remaining") == "0" or "retry-after" in headers
    return status == 403 and (spent or "rate limit" in text[:2000].lower() or "abuse detection" in text[:2000].lower())


def pause_of(headers: Mapping[str, str], now: datetime) -> float:
    """Return for how many seconds GitHub wants no call: Retry-After, else until the reset, else a minute (its advice)."""
    after, reset = headers.get("retry-after", ""), headers.get("x-ratelimit-reset", "")
    if after.isdecimal() and len(after) < 7:
        return float(after)
    if headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal() and len(reset) < 12:
        return max(0.0, (datetime.fromtimestamp(int(reset), UTC) - now).total_seconds())
    return 60.0


def from_failure(error: Exception, *, connection: str, operation: str, write: bool) -> PlatformError:
    """Return the error for a request whose answer did not come, or not whole (urllib3, the socket)."""
    detail = f"{_kind_of(error)}: {_reason_of(error)}"[:MAX_DETAIL]
    kind: type[PlatformError] = AnswerLost
    if _never_sent(error) or not write:
        kind = TimedOut if _is_late(error) and not write else Unavailable
    return kind(detail, connection=connection, operation=operation)


def _detail(status: int, headers: Mapping[str, str], text: str) -> str:
    """Return what GitHub says, one line, with what it says is missing where it says so."""
    parts = [SAYS.get(status, ""), _message(text)]
    if status in (403, 404):
        if wanted := headers.get("x-accepted-github-permissions", ""):
            parts.append(f"needs the permission {wanted}")
        elif scopes := headers.get("x-accepted-oauth-scopes", ""):
            parts.append(f"needs one of the scopes {scopes}; the token has {headers.get('x-oauth-scopes') or 'none'}")
    return ": ".join(part for part in parts if part)[:MAX_DETAIL] or f"HTTP status {status}"


def _message(text: str) -> str:
    """Return `message` and the errors' own words of GitHub's answer, else the beginning of any other text."""
    try:
        answer = json.loads(text)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        return "" if text.lstrip().startswith("<") else " ".join(text.split())[:MAX_DETAIL]
    errors = answer.get("errors")
    told = errors[:MAX_ERRORS] if isinstance(errors, list) else [errors]
    words = [answer.get("message"), *(_words_of(each) if isinstance(each, dict) else each for each in told)]
    return "; ".join(" ".join(word.split()) for word in words if isinstance(word, str) and word)[:MAX_DETAIL]


def _words_of(error: dict[str, object]) -> str:
    told = error.get("message")
    return (
        told if isinstance(told, str) else " ".join(str(error[k]) for k in ("resource", "field", "code") if k in error)
    )


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
