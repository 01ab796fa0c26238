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

TICK = 0.1
_STEPS_PER_TICK = 200
_MAX_BODY = 3 * 1024 * 1024
_KINDS = ("status", "slow", "drop_answer", "drop_request", "cut_body")


@dataclass(slots=True, kw_only=True)
class ApiFault:
    """What happens to the next `times` requests whose verb and path match, after `skip` such have passed.

    status: refused with `status` and no work done · slow: the work is done after `seconds` · drop_answer: the work is
    done, the connection breaks before the answer · drop_request: it breaks before the work · cut_body: the work is done
    and half of the answer's body is sent. `verb` (get, list, patch, create) and `path` (with its query) are regular
    expressions; both empty match everything.
    """

    kind: str
    verb: str = ""
    path: str = ""
    times: int = 1
    skip: int = 0
    status: int = 500
    seconds: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in _KINDS:
            raise ValueError(f"kind must be one of {', '.join(_KINDS)}")

    def takes(self, verb: str, path: str) -> bool:
        named = not self.verb or re.fullmatch(self.verb, verb) is not None
        return named and re.search(self.path, path) is not None


class KubernetesSandbox:
    """A running API server. All methods belong on the event loop that serves it."""

    def __init__(self, scenarios_dir: Path, *, now: Callable[[], float] = time.time) -> None:
        self.cluster = Cluster(now)
        self.token = secrets.token_urlsafe(24)
        self.url = ""
        self.calls: deque[dict[str, Any]] = deque(maxlen=20_000)
        self.faults: list[ApiFault] = []
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
        return post

    def fault(self, order: Mapping[str, Any]) -> None:
        """Arms a fault (the fields of ApiFault). ValueError for an unknown kind, field or pattern."""
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
        server = web.Server(self._handle, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        listening = self._runner.addresses[0]
        self.url = f"http://127.0.0.1:{listening[1]}"
        self._ticker = asyncio.create_task(self._tick())

    async def close(self) -> None:
        if self._ticker is not None:
            self._ticker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticker
            self._ticker = None
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _tick(self) -> None:
        while True:
            more = self.cluster.tick(_STEPS_PER_TICK)
            await asyncio.sleep(0 if more else TICK)

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
        fault = self._take(route.verb, message.path_qs)
        if fault is not None and fault.kind == "drop_request":
            return self._drop(message, route, 0)
        if fault is not None and fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        if fault is not None and fault.kind == "status":
            answer = failed(refusal(route, fault.status))
        else:
            answer = self._answers.answer(request, route)
        if fault is not None and fault.kind == "drop_answer":
            return self._drop(message, route, answer.status)
        self._note(message, route, answer.status)
        if fault is not None and fault.kind == "cut_body":
            return await self._cut(message, answer)
        return web.Response(
            status=answer.status,
            body=answer.body,
            headers={"Content-Type": answer.content_type, "Cache-Control": "no-cache, private", **answer.headers},
        )

    def _take(self, verb: str, path: str) -> ApiFault | None:
        for fault in self.faults:
            if not fault.takes(verb, path):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            fault.times -= 1
            if fault.times <= 0:
                self.faults.remove(fault)
            return fault
        return None

    def _note(self, message: web.BaseRequest, route: Route, status: int) -> None:
        self.calls.append({"verb": route.verb, "path": message.path_qs, "status": status, "at": self.cluster.now()})

    def _drop(self, message: web.BaseRequest, route: Route, status: int) -> web.StreamResponse:
        """Breaks the connection; the call is noted with the status that nobody got (0: no work was done)."""
        self._note(message, route, status)
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
