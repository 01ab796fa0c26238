"""The sandbox's GitHub on loopback: REST below /api/v3 as GitHub Enterprise has it, pages, and the logs' own addresses.

PyGithub runs unchanged against it. A token, or an App's JWT where GitHub wants one, is needed for everything but the
signed addresses of logs. Every answer has rate-limit headers; GET answers have an ETag, and a 304 does not count.
"""

import asyncio
import hashlib
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from bot.sandbox.gate import client_may_go, is_local
from bot.sandbox.github_actions import Actions
from bot.sandbox.github_answers import Answer, Request
from bot.sandbox.github_app import Apps, check_jwt
from bot.sandbox.github_errors import GithubError, not_found
from bot.sandbox.github_pages import show_page
from bot.sandbox.github_pulls import Pulls
from bot.sandbox.github_reads import Repositories
from bot.sandbox.github_routes import Route, build_routes, find_route
from bot.sandbox.github_runner import Runner
from bot.sandbox.github_runs_api import Runs
from bot.sandbox.github_scenario import load_github
from bot.sandbox.github_simulation import Simulation
from bot.sandbox.github_state import Access, Hub, Repository
from bot.sandbox.platform_faults import PlatformFault, PlatformFaults

PREFIX = "/api/v3"
LIMIT = 5_000
WINDOW = 3_600.0
TELL_SECONDS = 0.1
_MAX_BODY = 2 * 1024 * 1024


class GithubSandbox:
    """A running GitHub. All methods belong on the event loop that serves it."""

    def __init__(
        self, scenarios_dir: Path, *, runner: Runner | None = None, now: Callable[[], float] = time.time
    ) -> None:
        self.hub = Hub(now=now)
        self.actions = Actions(self.hub, runner or Simulation())
        self.pulls = Pulls(self.hub, self.actions)
        self.faults = PlatformFaults()
        self.calls: deque[dict[str, Any]] = deque(maxlen=20_000)
        self.limit = LIMIT
        self._scenarios = scenarios_dir
        self._runs = Runs(self.hub, self.actions)
        self.routes = build_routes(Repositories(self.hub), self._runs, self.pulls, Apps(self.hub), self._rate_limit)
        self._used: dict[str, tuple[float, int]] = {}
        self._runner: web.ServerRunner | None = None
        self.listeners: list[Callable[[], None]] = []
        self._telling = False
        self.hub.changed = self._changed

    @property
    def url(self) -> str:
        """The API's base, for GITHUB_API_URL."""
        return self.hub.api

    @property
    def token(self) -> str:
        return self.hub.token

    def load_scenario(self, name: str) -> dict[str, str]:
        """Put a scenario's repositories in place, as they are at its start; gives the marks that its post may hold.

        Nothing for a scenario without github.yaml. ValueError for one that cannot be read.
        """
        return load_github(self.hub, self._scenarios / name)

    def _changed(self) -> None:
        """Tell the listeners soon, once for many changes."""
        if not self._telling and self.listeners:
            self._telling = True
            asyncio.get_running_loop().call_later(TELL_SECONDS, self._tell)

    def _tell(self) -> None:
        self._telling = False
        for listener in self.listeners:
            listener()

    # --- for the sandbox's Argo CD

    def resolve(self, repository: str, ref: str) -> str | None:
        """Find the commit that a ref names. `repository` is owner/name, or any url that ends in it."""
        repo = self._repository(repository)
        return repo.git.resolve(ref) if repo is not None else None

    def files(self, repository: str, sha: str) -> Mapping[str, str]:
        """Give all files of a commit: path to text. KeyError when there is none."""
        repo = self._repository(repository)
        if repo is None:
            raise KeyError(repository)
        return repo.git.commits[sha].files

    def on_push(self, callback: Callable[[str, str, str], None]) -> None:
        """Call with (owner/name, branch, sha) whenever a branch moves."""
        self.hub.pushed.append(callback)

    def _repository(self, name: str) -> Repository | None:
        parts = name.removesuffix("/").removesuffix(".git").replace(":", "/").split("/")
        return self.hub.find(parts[-2], parts[-1]) if len(parts) > 1 else None

    # --- the server

    async def start(self, port: int) -> None:
        """Listen on 127.0.0.1 (port 0: any free one)."""
        server = web.Server(client_may_go(self._handle), access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.hub.base = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def close(self) -> None:
        await self.actions.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _handle(self, message: web.BaseRequest) -> web.StreamResponse:
        began = time.monotonic()
        if not is_local(message):
            return web.Response(text="wrong Host", status=403)
        body = await message.read() if message.can_read_body else b""
        raw_path = message.raw_path.partition("?")[0]
        fault = self.faults.take(message.method, message.path)
        if fault is not None and fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        refused = self._refusal(fault)
        if refused is not None and not (fault is not None and fault.done):
            answer = refused
        else:
            answer = self._answer(message, raw_path, body[: _MAX_BODY + 1])
            answer = refused or answer
        self._note(message, answer.status, began)
        return await self._send(message, answer, fault)

    def _refusal(self, fault: PlatformFault | None) -> Answer | None:
        if fault is None or fault.kind not in {"status", "rate_limited"}:
            return None
        if fault.kind == "status":
            status = fault.status or 500
            return _failed(GithubError(status, fault.message or _WORDS.get(status, "Server Error")))
        now = self.hub.now()
        headers = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Used": str(self.limit),
            "X-RateLimit-Reset": str(int(now + (fault.retry_after or 60))),
            "X-RateLimit-Resource": "core",
        }
        message = fault.message or "API rate limit exceeded for user ID 10442."
        if fault.retry_after:
            headers |= {"Retry-After": str(fault.retry_after), "X-RateLimit-Remaining": "1"}
            message = (
                fault.message
                or "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
            )
        return _failed(GithubError(fault.status or 403, message, headers=headers))

    def _answer(self, message: web.BaseRequest, path: str, body: bytes) -> Answer:
        try:
            if path.startswith("/_logs/"):
                return self._runs.stored_log(unquote(path.removeprefix("/_logs/")), message.query)
            if not path.startswith(PREFIX + "/"):
                return show_page(self.hub, unquote(path))
            return self._call(message, path.removeprefix(PREFIX), body)
        except GithubError as refused:
            return _failed(refused)

    def _call(self, message: web.BaseRequest, path: str, body: bytes) -> Answer:
        if len(body) > _MAX_BODY:
            raise GithubError(413, "Payload Too Large")
        found = find_route(self.routes, message.method, path)
        given = message.headers.get("Authorization", "").partition(" ")[2].strip()
        access = self._access(given, found[0] if found else None)
        counts = message.method != "GET" or path != "/rate_limit"
        used = self._count(given, 1 if counts else 0)
        if used > self.limit:
            text = f"API rate limit exceeded for user ID {access.login}."
            raise GithubError(403, text, headers=self._rate_headers(given))
        if found is None:
            raise not_found()
        route, names = found
        names = {name: unquote(text) for name, text in names.items()}
        request = Request(method=message.method, path=path, query=message.query, body=body, access=access, names=names)
        try:
            answer = route.handler(request)
        except GithubError as refused:
            refused.headers = {**self._rate_headers(given), **refused.headers}
            raise
        return self._finish(message, answer, given)

    def _finish(self, message: web.BaseRequest, answer: Answer, token: str) -> Answer:
        """Put on the headers of a good answer; turn it into a 304 when the client has it already."""
        headers = dict(answer.headers)
        if message.method == "GET" and answer.status == 200:
            tag = f'W/"{hashlib.sha256(answer.data()).hexdigest()}"'
            headers |= {"ETag": tag, "Cache-Control": "private, max-age=60, s-maxage=60"}
            if message.headers.get("If-None-Match") in {tag, tag.removeprefix("W/")}:
                self._count(token, -1)
                return Answer(status=304, headers={"ETag": tag, **self._rate_headers(token)})
        headers = {**self._rate_headers(token), **headers}
        return Answer(status=answer.status, body=answer.body, headers=headers, content_type=answer.content_type)

    def _access(self, token: str, route: Route | None) -> Access:
        if not token:
            raise GithubError(401, "Requires authentication")
        is_jwt = check_jwt(self.hub, token)
        if route is not None and route.by_jwt and not is_jwt:
            raise GithubError(401, "A JSON web token could not be decoded")
        if is_jwt:
            if route is not None and not route.by_jwt:
                raise GithubError(403, "Resource not accessible by integration")
            return Access(login=f"{self.hub.app_slug}[bot]", is_app=True)
        access = self.hub.access(token)
        if access is None:
            raise GithubError(401, "Bad credentials")
        return access

    # --- the rate limit

    def _count(self, token: str, more: int) -> int:
        since, used = self._used.get(token, (self.hub.now(), 0))
        if self.hub.now() - since >= WINDOW:
            since, used = self.hub.now(), 0
        self._used[token] = (since, used + more)
        return used + more

    def _rate(self, token: str) -> dict[str, int]:
        used = min(self._count(token, 0), self.limit)
        reset = int(self._used[token][0] + WINDOW)
        return {"limit": self.limit, "used": used, "remaining": self.limit - used, "reset": reset}

    def _rate_headers(self, token: str) -> dict[str, str]:
        rate = {f"X-RateLimit-{name.capitalize()}": str(value) for name, value in self._rate(token).items()}
        return {**rate, "X-RateLimit-Resource": "core"}

    def _rate_limit(self, request: Request) -> Answer:
        token = next((t for t, access in self.hub.tokens.items() if access is request.access), self.hub.token)
        core = self._rate(token)
        search = {"limit": 30, "used": 0, "remaining": 30, "reset": core["reset"]}
        return Answer(body={"resources": {"core": core, "search": search}, "rate": core})

    # --- sending

    def _note(self, message: web.BaseRequest, status: int, began: float) -> None:
        row = {
            "method": message.method,
            "path": message.path_qs.removeprefix(PREFIX),
            "status": status,
            "at": self.hub.now(),
            "ms": round((time.monotonic() - began) * 1000, 1),
        }
        self.calls.append(row)

    async def _send(self, message: web.BaseRequest, answer: Answer, fault: PlatformFault | None) -> web.StreamResponse:
        headers = {
            "Content-Type": answer.content_type,
            "X-GitHub-Request-Id": hashlib.sha256(f"{time.monotonic_ns()}".encode()).hexdigest()[:20].upper(),
            "X-GitHub-Enterprise-Version": "3.19.0",
            "X-Content-Type-Options": "nosniff",
            **answer.headers,
        }
        data = answer.data()
        if fault is not None and fault.kind == "drop_answer":
            if message.transport is not None:
                message.transport.abort()
            return web.Response(status=500)
        if fault is not None and fault.kind == "cut":
            return await _cut(message, answer.status, headers, data)
        if answer.status in {204, 304}:
            del headers["Content-Type"]
            return web.Response(status=answer.status, headers=headers)
        return web.Response(status=answer.status, headers=headers, body=data)


async def _cut(message: web.BaseRequest, status: int, headers: dict[str, str], data: bytes) -> web.StreamResponse:
    response = web.StreamResponse(status=status, headers=headers)
    response.content_length = len(data) or 2
    await response.prepare(message)
    await response.write(data[: len(data) // 2])
    if message.transport is not None:
        message.transport.close()
    return response


_WORDS = {401: "Bad credentials", 403: "Forbidden", 404: "Not Found", 409: "Conflict", 422: "Validation Failed"}


def _failed(refused: GithubError) -> Answer:
    return Answer(status=refused.status, body=refused.body(), headers=refused.headers)


async def serve_github(port: int, scenarios_dir: Path, *, runner: Runner | None = None) -> GithubSandbox:
    """Start it on 127.0.0.1:`port` (0: any free port). OSError when the port is taken."""
    sandbox = GithubSandbox(scenarios_dir, runner=runner)
    await sandbox.start(port)
    return sandbox
