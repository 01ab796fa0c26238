"""The sandbox's Argo CD on loopback: the REST API of 3.6.1 for one account's token, over the sandbox's cluster and git.

The account (role: applications get and sync, logs get) is what a careful team would give a bot. Behaviour and words
are compared with recorded answers of a real one.
"""

import asyncio
import contextlib
import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.sandbox.argocd_answers import Answer, Answers, Request, refused
from bot.sandbox.argocd_controller import Controller
from bot.sandbox.argocd_errors import refusal
from bot.sandbox.argocd_render import NoRepositories, Repositories
from bot.sandbox.argocd_world import load_applications
from bot.sandbox.cluster_simulation import Cluster
from bot.sandbox.platform_faults import PlatformFault, PlatformFaults
from bot.sandbox.troubles import Troubles, keep_ticking

TICK = 0.1
_MAX_BODY = 1024 * 1024


class ArgocdSandbox:
    """A running Argo CD. All methods belong on the event loop that serves it."""

    def __init__(
        self,
        cluster: Cluster,
        scenarios_dir: Path,
        repositories: Repositories | None = None,
        *,
        token: str = "",
    ) -> None:
        self.token = token or ".".join(secrets.token_urlsafe(length) for length in (27, 90, 32))
        self.url = ""
        self.calls: deque[dict[str, Any]] = deque(maxlen=20_000)
        self.faults = PlatformFaults()
        self.listeners: list[Callable[[], None]] = []
        self.troubles = Troubles("The sandbox's Argo CD")
        self.controller = Controller(cluster, repositories or NoRepositories(), self._changed, self.troubles)
        self._scenarios = scenarios_dir
        self._answers = Answers(self.controller, self.token, cluster.now())
        self._runner: web.ServerRunner | None = None
        self._ticker: asyncio.Task[None] | None = None

    def _changed(self) -> None:
        for listener in self.listeners:
            listener()

    # --- the world

    def load_scenario(self, name: str, marks: Mapping[str, str]) -> None:
        """Puts a scenario's applications in place of those of the same name; nothing without an argocd.yaml.

        The scenario's repositories (whose commits `marks` names) and cluster objects must be there before. ValueError
        for a file that cannot be read.
        """
        load_applications(self.controller, self._scenarios / name, marks)

    def marks(self) -> dict[str, str]:
        """What a recovery post may name: `revision:APP`, the commit that an application is compared with."""
        return {f"revision:{app.name}": app.revision for app in self.controller.apps.values()}

    def summary(self) -> list[dict[str, Any]]:
        return [app.summary() for app in sorted(self.controller.apps.values(), key=lambda app: app.name)]

    def reset(self) -> None:
        """No applications, no faults; the token and the record of calls stay."""
        self.controller.forget()
        self.faults.waiting.clear()

    def fault(self, order: Mapping[str, Any]) -> None:
        """Arms a fault (fields of PlatformFault) or clears all. ValueError for what is none."""
        self.faults.order(order)

    # --- the server

    async def start(self, port: int) -> None:
        """Listens on 127.0.0.1 (port 0: any free one) and lets the controller live."""
        server = web.Server(self._handle, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self._ticker = asyncio.create_task(keep_ticking(self.controller.tick, TICK, self.troubles))

    async def close(self) -> None:
        if self._ticker is not None:
            self._ticker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticker
            self._ticker = None
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _handle(self, message: web.BaseRequest) -> web.StreamResponse:
        began = time.monotonic()
        body = await message.read() if message.can_read_body else b""
        request = Request(
            method=message.method,
            path=message.path,
            query=message.query,
            headers={name.lower(): value for name, value in message.headers.items()},
            body=body[:_MAX_BODY],
        )
        fault = self.faults.take(message.method, message.path)
        if fault is not None and fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        ordered = _ordered(fault)
        if ordered is not None and not (fault is not None and fault.done):
            answer = ordered
        else:
            answer = self._answers.answer(request)
            answer = ordered or answer
        self._note(message, answer.status, began)
        return await _send(message, answer, fault)

    def _note(self, message: web.BaseRequest, status: int, began: float) -> None:
        row: dict[str, Any] = {"method": message.method, "path": message.path_qs, "status": status}
        took = round((time.monotonic() - began) * 1000, 1)
        self.calls.append(row | {"at": self.controller.cluster.now(), "ms": took})


def _ordered(fault: PlatformFault | None) -> Answer | None:
    """The answer that a fault gives in place of the work's."""
    if fault is None or fault.kind not in ("status", "rate_limited"):
        return None
    answer = refused(refusal(fault.status or (429 if fault.kind == "rate_limited" else 500)))
    retry = {"Retry-After": str(fault.retry_after)} if fault.retry_after else {}
    status = fault.status or answer.status
    return Answer(status=status, body=answer.body, headers=retry)


async def _send(message: web.BaseRequest, answer: Answer, fault: PlatformFault | None) -> web.StreamResponse:
    headers = {"Content-Type": answer.content_type, **answer.headers}
    if fault is not None and fault.kind == "drop_answer":
        if message.transport is not None:
            message.transport.abort()
        return web.Response(status=500)
    if fault is None or fault.kind != "cut":
        return web.Response(status=answer.status, body=answer.body, headers=headers)
    response = web.StreamResponse(status=answer.status, headers=headers)
    response.content_length = len(answer.body)
    await response.prepare(message)
    await response.write(answer.body[: len(answer.body) // 2])
    if message.transport is not None:
        message.transport.close()
    return response


async def serve_argocd(
    port: int, cluster: Cluster, scenarios_dir: Path, repositories: Repositories | None = None
) -> ArgocdSandbox:
    """Starts the API on 127.0.0.1:`port` (0: any free port). OSError when the port is taken."""
    sandbox = ArgocdSandbox(cluster, scenarios_dir, repositories)
    await sandbox.start(port)
    return sandbox
