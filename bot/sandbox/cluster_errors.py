"""The API server's refusals: one exception that carries a `Status` object.

The texts are those of kube-apiserver v1.37.2 and its kubelet, compared with a real one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

PAGE_NOT_FOUND = "404 page not found\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One field that validation refuses; `reason` is the machine word, `detail` the text after the field."""

    field: str
    detail: str
    reason: str = "FieldValueInvalid"


class ApiError(Exception):
    """A refusal: HTTP status, Kubernetes reason, message and details; `body()` is the Status object.

    `text` replaces the Status object where the real server answers in plain text (unknown groups).
    """

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        details: dict[str, Any] | None = None,
        *,
        text: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.text = text
        self.retry_after = retry_after

    def body(self) -> dict[str, Any]:
        status: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            status["reason"] = self.reason
        if self.details is not None:
            status["details"] = self.details
        status["code"] = self.code
        return status


def resource_details(plural: str, group: str, name: str | None = None) -> dict[str, Any]:
    """The `details` of a refusal about a resource; empty parts are left out, as the real server does."""
    details: dict[str, Any] = {}
    if name:
        details["name"] = name
    if group:
        details["group"] = group
    details["kind"] = plural
    return details


def qualified(plural: str, group: str) -> str:
    return f"{plural}.{group}" if group else plural


def not_found(plural: str, group: str, name: str) -> ApiError:
    message = f'{qualified(plural, group)} "{name}" not found'
    return ApiError(404, "NotFound", message, resource_details(plural, group, name))


def no_such_resource() -> ApiError:
    """A resource that the known group does not have."""
    return ApiError(404, "NotFound", "the server could not find the requested resource", {})


def no_such_page() -> ApiError:
    """A path or group that the server does not serve: plain text, not a Status."""
    return ApiError(404, "NotFound", PAGE_NOT_FOUND.strip(), text=PAGE_NOT_FOUND)


def bad_request(message: str) -> ApiError:
    return ApiError(400, "BadRequest", message)


def unauthorized() -> ApiError:
    return ApiError(401, "Unauthorized", "Unauthorized")


def method_not_allowed() -> ApiError:
    return ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {})


def unsupported_media_type() -> ApiError:
    return ApiError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})


def unprocessable() -> ApiError:
    """A JSON patch whose operation cannot be done, a failed `test` included."""
    return ApiError(422, "Invalid", "the server rejected our request due to an error in our request", {})


def conflict(plural: str, group: str, name: str) -> ApiError:
    message = (
        f'Operation cannot be fulfilled on {qualified(plural, group)} "{name}": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )
    return ApiError(409, "Conflict", message, resource_details(plural, group, name))


def forbidden(
    user: str, verb: str, plural: str, group: str, *, namespace: str | None, name: str | None = None, sub: str = ""
) -> ApiError:
    """RBAC's refusal of a verb."""
    subject = f'{qualified(plural, group)} "{name}"' if name else qualified(plural, group)
    resource = f"{plural}/{sub}" if sub else plural
    where = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
    message = (
        f'{subject} is forbidden: User "{user}" cannot {verb} resource "{resource}" in API group "{group}" {where}'
    )
    return ApiError(403, "Forbidden", message, resource_details(plural, group, name))


def invalid(kind: str, group: str, name: str, causes: Sequence[Cause]) -> ApiError:
    """A 422 that names every refused field."""
    listed = ", ".join(f"{cause.field}: {cause.detail}" for cause in causes)
    if len(causes) > 1:
        listed = f"[{listed}]"
    details: dict[str, Any] = {}
    if name:
        details["name"] = name
    if group:
        details["group"] = group
    if kind:
        details["kind"] = kind
    details["causes"] = [{"reason": cause.reason, "message": cause.detail, "field": cause.field} for cause in causes]
    subject = f"{kind}.{group}" if group else kind
    return ApiError(422, "Invalid", f'{subject} "{name}" is invalid: {listed}', details)


def undecodable(patch_text: str, why: str) -> ApiError:
    """A patch whose result is not an object of the kind (a wrong type, a bad quantity)."""
    return invalid("", "", "", [Cause(field="patch", detail=f'Invalid value: "{patch_text}": {why}')])
