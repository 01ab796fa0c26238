"""Argo CD's refusals: a gRPC code, the HTTP status that its gateway makes of it, and a message, all in one body."""

from typing import Any

UNKNOWN, INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED = 2, 3, 5, 7
FAILED_PRECONDITION, INTERNAL, UNAVAILABLE, UNAUTHENTICATED = 9, 13, 14, 16
_STATUS = {2: 500, 3: 400, 4: 504, 5: 404, 6: 409, 7: 403, 8: 429, 9: 400, 12: 501, 13: 500, 14: 503, 16: 401}
_CODE = {400: 3, 401: 16, 403: 7, 404: 5, 409: 6, 429: 8, 500: 13, 503: 14, 504: 4}


class ArgoError(Exception):
    """A refusal with its gRPC code; `body()` is what the gateway answers."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def status(self) -> int:
        return _STATUS.get(self.code, 500)

    def body(self) -> dict[str, Any]:
        return {"error": self.message, "code": self.code, "message": self.message}


def refusal(status: int) -> ArgoError:
    """A refusal of our choice, in words that Argo CD has for the status."""
    words = {
        401: "invalid session: token has invalid claims: token is expired",
        403: "permission denied",
        404: 'applications.argoproj.io "unknown" not found',
        429: "too many requests",
        503: 'connection error: desc = "transport: Error while dialing: dial tcp 127.0.0.1:8081: connect: connection refused"',
        504: "context deadline exceeded",
    }
    return ArgoError(_CODE.get(status, INTERNAL), words.get(status, "rpc error: code = Unknown desc = EOF"))
