"""Live updates for the page: server-sent events, batches of changes as JSON arrays.

A page that cannot keep up is told to read the state again, so that a burst never holds the workspace back.
"""

import asyncio
import json
from typing import Any

from aiohttp import web

from bot.sandbox.world import World

BATCH_SECONDS = 0.05
KEEP_ALIVE_SECONDS = 15.0
CLUSTER_SECONDS = 1.0
MAX_WAITING = 5_000


class Stream:
    """Hands every change of the workspace, and of the cluster, to the open pages."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._pages: set[asyncio.Queue[dict[str, Any]]] = set()
        self._cluster_task: asyncio.Task[None] | None = None
        self._closed = asyncio.Event()
        world.workspace.listeners.append(self._change)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve one page until it goes or the sandbox stops."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._pages.add(queue)
        if self._cluster_task is None:
            self._cluster_task = asyncio.create_task(self._watch_cluster())
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
        if self._cluster_task is not None:
            self._cluster_task.cancel()
            await asyncio.gather(self._cluster_task, return_exceptions=True)

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

    async def _watch_cluster(self) -> None:
        """Tell open pages of the cluster's workloads when they changed."""
        before = ""
        while True:
            if self._pages:
                workloads = self._world.cluster.summary()[:200]
                now = json.dumps(workloads)
                if now != before:
                    before = now
                    self._change({"type": "cluster", "workloads": workloads})
            else:
                before = ""
            await asyncio.sleep(CLUSTER_SECONDS)
