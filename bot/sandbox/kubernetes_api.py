"""The sandbox's Kubernetes API on loopback: plain HTTP, one bearer token, a simulated cluster behind it.

The official kubernetes client runs unchanged against it. Only the bot's user is known; it may read pods, their logs,
events, workloads, namespaces, nodes, quotas and limit ranges, and patch Deployments, StatefulSets and DaemonSets.
"""

import asyncio
import contextlib
import re
import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web

from bot.sandbox.cluster_answers import Answer, Answers, Request, Route, failed, find_route, refusal
from bot.sandbox.cluster_simulation import Cluster
from bot.sandbox.cluster_state import Object
from bot.sandbox.cluster_world import list_scenarios, read_post, read_world, scenario_folder
from bot.sandbox.gate import client_may_go
from bot.sandbox.troubles import Troubles, keep_ticking

TICK = 0.1
_STEPS_PER_TICK = 200
_MAX_BODY = 3 * 1024 * 1024
_KINDS = ("status", "rate_limited", "slow", "drop_answer", "drop_request", "cut")


@dataclass(slots=True, kw_only=True)
class ApiFault:
    """What happens to the next `times` requests whose verb and path match, after `skip` such have passed.

    status: refused with `status` and no work done (with `done`: the work is done, and the answer is that status all
    the same) · rate_limited: 429, or `status`, with Retry-After, as API priority and fairness refuses · slow: the work
    is done after `seconds` · drop_answer: the work is done, the connection breaks before the answer · drop_request: it
    breaks before the work · cut: the work is done and half of the answer's body is sent. `verb` (get, list, patch,
    create) and `path` (with its query) are regular expressions, `method` is an HTTP method; empty ones match
    everything. times 0: until cleared.
    """

    kind: str
    verb: str = ""
    method: str = ""
    path: str = ""
    times: int = 1
    skip: int = 0
    status: int = 0
    seconds: float = 1.0
    retry_after: int = 1
    done: bool = False

    def __post_init__(self) -> None:
        if self.kind not in _KINDS:
            raise ValueError(f"kind must be one of {', '.join(_KINDS)}")

    def takes(self, method: str, verb: str, path: str) -> bool:
        named = not self.verb or re.fullmatch(self.verb, verb) is not None
        return named and self.method.upper() in {"", method} and re.search(self.path, path) is not None

    def refuses(self, route: Route) -> Answer | None:
        """Give the answer that stands in for the real one; none for the kinds that leave the answer alone."""
        if self.kind == "status":
            return failed(refusal(route, self.status or 500))
        if self.kind == "rate_limited":
            busy = refusal(route, self.status or 429)
            busy.retry_after = self.retry_after
            return failed(busy)
        return None


class KubernetesSandbox:
    """A running API server. All methods belong on the event loop that serves it."""

    def __init__(self, scenarios_dir: Path, *, now: Callable[[], float] = time.time) -> None:
        self.cluster = Cluster(now)
        self.token = secrets.token_urlsafe(24)
        self.url = ""
        self.calls: deque[dict[str, Any]] = deque(maxlen=20_000)
        self.faults: list[ApiFault] = []
        self.troubles = Troubles("The sandbox's Kubernetes")
        self._scenarios = scenarios_dir
        self._answers = Answers(self.cluster, self.token)
        self._runner: web.ServerRunner | None = None
        self._ticker: asyncio.Task[None] | None = None

    # --- the world

    def kubeconfig(self) -> str:
        """A kubeconfig (YAML text) for the bot's user."""
        name = "sandbox"
        return yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": name, "cluster": {"server": self.url}}],
                "users": [{"name": "codehealer", "user": {"token": self.token}}],
                "contexts": [{"name": name, "context": {"cluster": name, "user": "codehealer"}}],
                "current-context": name,
            },
            sort_keys=False,
        )

    def create(self, objects: list[Object]) -> None:
        """Puts objects (status included) into the cluster; see Cluster.create. ValueError for what it does not know."""
        self.cluster.create(objects)

    def reset(self) -> None:
        """An empty cluster, no faults; the token and the record of calls stay."""
        self.cluster.reset()
        self.faults.clear()

    def summary(self) -> list[dict[str, Any]]:
        return self.cluster.summary()

    def scenarios(self) -> list[dict[str, str]]:
        return list_scenarios(self._scenarios)

    def load_scenario(self, name: str) -> dict[str, Any]:
        """Puts a scenario's world into the cluster, in place of what its namespaces held; returns its post.

        WorldError (a ValueError) for an unknown name or files that cannot be read.
        """
        folder = scenario_folder(self._scenarios, name)
        post = read_post(folder)
        world = read_world(folder, self.cluster.now())
        for document in world.objects:
            if document.get("kind") == "Namespace":
                self.cluster.drop_namespace(str(document["metadata"]["name"]))
        self.cluster.create(world.objects, world.logs)
        self.cluster.kubelet.pull_errors.update(world.pull_errors)
        return post

    def fault(self, order: Mapping[str, Any]) -> None:
        """Arms a fault (the fields of ApiFault), or {clear: true}. ValueError for an unknown kind, field or pattern."""
        if order.get("clear"):
            self.faults.clear()
            return
        try:
            fault = ApiFault(**order)
            re.compile(fault.verb)
            re.compile(fault.path)
        except (TypeError, re.error) as error:
            raise ValueError(f"not a fault: {error}") from error
        self.faults.append(fault)

    # --- the server

    async def start(self, port: int) -> None:
        """Listens on 127.0.0.1 (port 0: any free one) and lets the cluster live."""
        server = web.Server(client_may_go(self._handle), access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        listening = self._runner.addresses[0]
        self.url = f"http://127.0.0.1:{listening[1]}"
        self._ticker = asyncio.create_task(
            keep_ticking(lambda: self.cluster.tick(_STEPS_PER_TICK), TICK, self.troubles)
        )

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
        body = await message.read() if message.can_read_body else b""
        request = Request(
            method=message.method,
            path=message.path,
            query=message.query,
            headers={name.lower(): value for name, value in message.headers.items()},
            body=body[:_MAX_BODY],
        )
        route = find_route(request)
        began = time.monotonic()
        fault = self._take(message.method, route.verb, message.path_qs)
        if fault is not None and fault.kind == "drop_request":
            return self._drop(message, route, 0, began)
        if fault is not None and fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        refused = fault.refuses(route) if fault is not None else None
        if refused is not None and fault is not None and fault.done:
            self._answers.answer(request, route)
        answer = refused or self._answers.answer(request, route)
        if fault is not None and fault.kind == "drop_answer":
            return self._drop(message, route, answer.status, began)
        self._note(message, route, answer.status, began)
        if fault is not None and fault.kind == "cut":
            return await self._cut(message, answer)
        return web.Response(
            status=answer.status,
            body=answer.body,
            headers={"Content-Type": answer.content_type, "Cache-Control": "no-cache, private", **answer.headers},
        )

    def _take(self, method: str, verb: str, path: str) -> ApiFault | None:
        for fault in self.faults:
            if not fault.takes(method, verb, path):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            if fault.times > 0:
                fault.times -= 1
                if fault.times == 0:
                    self.faults.remove(fault)
            return fault
        return None

    def _note(self, message: web.BaseRequest, route: Route, status: int, began: float) -> None:
        row = {"method": message.method, "verb": route.verb, "path": message.path_qs, "status": status}
        ms = round((time.monotonic() - began) * 1000, 1)
        self.calls.append({**row, "at": self.cluster.now(), "ms": ms})

    def _drop(self, message: web.BaseRequest, route: Route, status: int, began: float) -> web.StreamResponse:
        """Breaks the connection; the call is noted with the status that nobody got (0: no work was done)."""
        self._note(message, route, status, began)
        if message.transport is not None:
            message.transport.abort()
        return web.Response(status=500)

    @staticmethod
    async def _cut(message: web.BaseRequest, answer: Answer) -> web.StreamResponse:
        response = web.StreamResponse(status=answer.status)
        response.headers["Content-Type"] = answer.content_type
        response.content_length = len(answer.body)
        await response.prepare(message)
        await response.write(answer.body[: len(answer.body) // 2])
        if message.transport is not None:
            message.transport.close()
        return response


async def serve_kubernetes(port: int, scenarios_dir: Path) -> KubernetesSandbox:
    """Starts the API on 127.0.0.1:`port` (0: any free port). OSError when the port is taken."""
    sandbox = KubernetesSandbox(scenarios_dir)
    await sandbox.start(port)
    return sandbox
