"""GitHub's refusals: one exception that carries the status and the JSON body."""

from typing import Any

DOCS = "https://docs.github.com/rest"


class GithubError(Exception):
    """A refusal. `errors` are the details of a 422; `headers` go with the answer."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        errors: list[dict[str, Any]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        more = {"errors": self.errors} if self.errors is not None else {}
        return {"message": self.message, **more, "documentation_url": DOCS, "status": str(self.status)}


def not_found() -> GithubError:
    return GithubError(404, "Not Found")


def no_permission(*, is_app: bool) -> GithubError:
    """A write, or a read, that the token has no right to do on a repository that it may see."""
    return GithubError(403, f"Resource not accessible by {'integration' if is_app else 'personal access token'}")


def invalid(resource: str, field: str, code: str, message: str = "") -> GithubError:
    """A 422 that names the field."""
    detail = {"resource": resource, "field": field, "code": code}
    if message:
        detail["message"] = message
    return GithubError(422, "Validation Failed", errors=[detail])
