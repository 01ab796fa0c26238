"""Live updates for the page: server-sent events, batches of changes as JSON arrays.

A page that cannot keep up is told to read the state again, so that a burst never holds the workspace back. What has no
event of its own (workloads, faults that wait, the records of calls) is looked at once a second while a page is open.
"""

import asyncio
import json
from dataclasses import asdict
from typing import Any

from aiohttp import web

from bot.sandbox.troubles import keep_ticking
from bot.sandbox.world import World

BATCH_SECONDS = 0.05
KEEP_ALIVE_SECONDS = 15.0
LOOK_SECONDS = 1.0
MAX_WAITING = 5_000


class Stream:
    """Hands every change of the workspace, and of the cluster, to the open pages."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._pages: set[asyncio.Queue[dict[str, Any]]] = set()
        self._look_task: asyncio.Task[None] | None = None
        self._seen: dict[str, str] = {}
        self._closed = asyncio.Event()
        world.workspace.listeners.append(self._change)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve one page until it goes or the sandbox stops."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        for change in look(self._world):
            queue.put_nowait(change)
        self._pages.add(queue)
        if self._look_task is None:
            self._look_task = asyncio.create_task(self._keep_looking())
        try:
            await response.write(b"retry: 1000\n\n")
            while not self._closed.is_set():
                await self._send_batch(response, queue)
        except ConnectionError:
            pass  # the page was closed; nothing is owed to it
        finally:
            self._pages.discard(queue)
        return response

    async def close(self) -> None:
        self._closed.set()
        for queue in self._pages:
            queue.put_nowait({"type": "bye"})
        if self._look_task is not None:
            self._look_task.cancel()
            await asyncio.gather(self._look_task, return_exceptions=True)

    async def _send_batch(self, response: web.StreamResponse, queue: asyncio.Queue[dict[str, Any]]) -> None:
        try:
            batch = [await asyncio.wait_for(queue.get(), KEEP_ALIVE_SECONDS)]
        except TimeoutError:
            await response.write(b": still here\n\n")
            return
        if batch[0]["type"] != "bye":
            await asyncio.sleep(BATCH_SECONDS)
        while not queue.empty():
            batch.append(queue.get_nowait())
        if len(batch) > MAX_WAITING // 2:
            batch = [{"type": "reload"}]
        await response.write(f"data: {json.dumps(batch, separators=(',', ':'))}\n\n".encode())

    def _change(self, change: dict[str, Any]) -> None:
        for queue in self._pages:
            if queue.qsize() < MAX_WAITING:
                queue.put_nowait(change)

    async def _keep_looking(self) -> None:
        """Tell open pages what looks different from the last time."""
        await keep_ticking(self._look, LOOK_SECONDS, self._world.troubles)

    def _look(self) -> bool:
        for change in look(self._world) if self._pages else ():
            now = json.dumps(change)
            if self._seen.get(change["type"]) != now:
                self._seen[change["type"]] = now
                self._change(change)
        return False


def look(world: World) -> list[dict[str, Any]]:
    """The workloads, what faults wait, and a mark of each record of calls that differs when there are new ones."""
    faults: dict[str, list[dict[str, Any]]] = {
        "slack": [asdict(fault) for fault in world.faults.waiting],
        "cluster": [asdict(fault) for fault in world.cluster.faults],
    }
    records = {"slack": world.calls, "cluster": world.cluster.calls}
    for name, platform in (("github", world.github), ("argocd", world.argocd)):
        if platform is not None:
            faults[name], records[name] = platform.faults.rows(), platform.calls
    return [
        {"type": "cluster", "workloads": world.cluster.summary()[:200]},
        {"type": "faults", "faults": faults},
        {
            "type": "calls",
            "marks": {name: [len(rows), rows[-1]["at"] if rows else 0] for name, rows in records.items()},
        },
    ]
