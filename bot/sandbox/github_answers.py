"""A request to the sandbox's GitHub, and an answer; how lists are paged and bodies checked."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlencode

from bot.sandbox.github_errors import GithubError, no_permission, not_found
from bot.sandbox.github_state import Access, Hub, Repository

T = TypeVar("T")
_MAX_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call. `path` comes without the API's prefix; `names` are its parts as the route names them."""

    method: str
    path: str
    query: Mapping[str, str]
    body: bytes
    access: Access
    names: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        if not self.body:
            return {}
        try:
            found = json.loads(self.body)
        except ValueError:
            raise GithubError(400, "Problems parsing JSON") from None
        if not isinstance(found, dict):
            raise GithubError(422, "Invalid request.\n\nFor 'links/0/schema', input is not an object.")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`body` is JSON (None: no content), or text or bytes with a content type of its own."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json; charset=utf-8"

    def data(self) -> bytes:
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        if isinstance(self.body, str):
            return self.body.encode()
        return json.dumps(self.body, separators=(",", ":"), ensure_ascii=False).encode()


Handler = Callable[[Request], Answer]


def find_repo(hub: Hub, request: Request, *, write: str = "") -> Repository:
    """Find the repository that the token may see; `write` names the permission that a change needs."""
    repo = hub.find(request.names["owner"], request.names["repo"])
    if repo is None or not repo.permissions.get("pull", True):
        raise not_found()
    if write and not repo.permissions.get(write, False):
        raise no_permission(is_app=request.access.is_app)
    if write and repo.archived:
        raise GithubError(403, "Repository was archived so is read-only.")
    return repo


def page_of(hub: Hub, request: Request, rows: Sequence[T], *, default: int = 30) -> tuple[list[T], dict[str, str]]:
    """Cut the asked page out of the rows; gives the Link header too."""
    size = _number(request.query.get("per_page"), default)
    size = min(size, _MAX_PAGE) if size > 0 else default
    page = max(1, _number(request.query.get("page"), 1))
    last = max(1, -(-len(rows) // size))
    around = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
    wanted = ["prev", "first"] * (page > 1) + ["next", "last"] * (page < last)
    url = f"{hub.api}{request.path}"
    links = [f'<{url}?{urlencode({**request.query, "page": around[rel]})}>; rel="{rel}"' for rel in wanted]
    return list(rows[(page - 1) * size : page * size]), {"Link": ", ".join(links)} if links else {}


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text is not None and text.isdecimal() else otherwise


def text_of(body: Mapping[str, Any], name: str, *, required: bool = False) -> str:
    """Take a string of a JSON body. GithubError 422 in GitHub's words."""
    value = body.get(name)
    if value is None:
        if required:
            raise GithubError(422, f'Invalid request.\n\n"{name}" wasn\'t supplied.')
        return ""
    if not isinstance(value, str):
        raise GithubError(
            422, f"Invalid request.\n\nFor 'properties/{name}', {json.dumps(value)[:60]} is not a string."
        )
    return value
