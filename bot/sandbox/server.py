"""Puts the sandbox together: world, HTTP server, kubeconfig file. `start_sandbox` is what __main__ and tests call."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.sandbox.argocd_api import ArgocdSandbox
from bot.sandbox.control import Control
from bot.sandbox.gate import check_origin, put_headers
from bot.sandbox.github_api import GithubSandbox
from bot.sandbox.pages import Pages
from bot.sandbox.seed import Seed, seed_workspace
from bot.sandbox.stream import Stream
from bot.sandbox.web_api import WebApi
from bot.sandbox.world import Cluster, World, new_world

MAX_BODY = 16 * 1024 * 1024
SHUTDOWN_SECONDS = 1.0


@dataclass(slots=True)
class Sandbox:
    """A running sandbox. `close` stops it and removes its kubeconfig."""

    world: World
    seed: Seed
    kubeconfig: Path
    _runner: web.AppRunner
    _stream: Stream
    _folder: tempfile.TemporaryDirectory[str]

    def line(self) -> dict[str, Any]:
        """Describe it in the one JSON line that `python -m bot.sandbox` prints."""
        world, tokens = self.world, self.world.tokens
        return {
            "url": f"{world.base}/?token={tokens.page}",
            "slack_api_url": f"{world.base}/api/",
            "slack_bot_token": tokens.bot,
            "slack_app_token": tokens.app,
            "control_url": f"{world.base}/control/",
            "control_token": tokens.control,
            "kubeconfig": str(self.kubeconfig),
            "kubernetes_url": world.cluster.url,
            **({"argocd_url": world.argocd.url, "argocd_token": world.argocd.token} if world.argocd else {}),
            **({"github_url": world.github.url, "github_token": world.github.token} if world.github else {}),
            "team_id": world.workspace.team_id,
            "app_id": world.workspace.app.id,
            "bot_user_id": world.workspace.app.user_id,
            "people": {"approver": self.seed.approver, "other": self.seed.other, "guest": self.seed.guest},
        }

    async def close(self) -> None:
        await self._stream.close()
        await self.world.socket.close()
        await self._runner.cleanup()
        if self.world.argocd is not None:
            await self.world.argocd.close()
        await self.world.cluster.close()
        if self.world.github is not None:
            await self.world.github.close()
        self._folder.cleanup()


async def start_sandbox(
    cluster: Cluster,
    scenarios_dir: Path,
    *,
    github: GithubSandbox | None = None,
    argocd: ArgocdSandbox | None = None,
    port: int = 0,
    limits_on: bool = True,
) -> Sandbox:
    """Start listening on 127.0.0.1 (port 0: any free one). Raises OSError when the port is taken.

    The platforms serve already; the sandbox closes them with itself.
    """
    world = new_world(cluster, scenarios_dir, limits_on=limits_on)
    for troubles in (world.troubles, cluster.troubles, github and github.hub.troubles, argocd and argocd.troubles):
        if troubles:
            troubles.listeners.append(lambda text: world.notice("broken", text))
    if github is not None:
        world.github = github
        github.listeners.append(lambda: world.workspace.tell({"type": "github"}))
    if argocd is not None:
        world.argocd = argocd
        argocd.listeners.append(lambda: world.workspace.tell({"type": "argocd"}))
    seed = seed_workspace(world.workspace)
    stream = Stream(world)
    runner = web.AppRunner(
        _application(world, stream), access_log=None, shutdown_timeout=SHUTDOWN_SECONDS, handle_signals=False
    )
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, backlog=1024)
    await site.start()
    world.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    folder = tempfile.TemporaryDirectory(prefix="codehealer-sandbox-")
    return Sandbox(
        world=world,
        seed=seed,
        kubeconfig=_write_kubeconfig(Path(folder.name), cluster),
        _runner=runner,
        _stream=stream,
        _folder=folder,
    )


def _application(world: World, stream: Stream) -> web.Application:
    api, control, pages = WebApi(world), Control(world), Pages(world, stream)
    app = web.Application(middlewares=[check_origin], client_max_size=MAX_BODY)
    app.on_response_prepare.append(put_headers)
    app.add_routes(
        [
            web.get("/", pages.index),
            web.get("/page/{token}/{name}", pages.asset),
            web.get("/stream/{token}", pages.stream),
            web.get("/socket", world.socket.serve),
            web.post("/response/{key}", api.handle_response_url),
            web.get("/control/{name}", control.handle_get),
            web.post("/control/{name}", control.handle_post),
            web.route("*", "/api/{method}", api.handle),
        ]
    )
    return app


def _write_kubeconfig(folder: Path, cluster: Cluster) -> Path:
    """Write the loopback cluster's kubeconfig, readable by this user only."""
    path = folder / "kubeconfig"
    path.touch(mode=0o600)
    path.write_text(cluster.kubeconfig(), encoding="utf-8")
    return path
