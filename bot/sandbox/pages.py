"""The page: index.html with the token of its URL put in, and its own files under /page/TOKEN/. Nothing from outside."""

import html
from pathlib import Path

from aiohttp import web

from bot.sandbox.gate import same
from bot.sandbox.stream import Stream
from bot.sandbox.world import World

_FOLDER = Path(__file__).parent / "page"
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


class Pages:
    """Serves the page's files and its stream to whoever has the token."""

    def __init__(self, world: World, stream: Stream) -> None:
        self._world = world
        self._token = world.tokens.page
        self._stream = stream

    async def index(self, request: web.Request) -> web.StreamResponse:
        if not same(request.query.get("token", ""), self._token):
            return web.Response(text="This page needs the token of the URL that was printed at the start.", status=403)
        text = (_FOLDER / "index.html").read_text(encoding="utf-8")
        for name, value in self._addresses().items():
            text = text.replace("{{" + name + "}}", html.escape(value))
        return web.Response(text=text, content_type="text/html")

    def _addresses(self) -> dict[str, str]:
        """Say where the platforms' own pages would be: links to them open the panels instead."""
        world = self._world
        return {
            "token": self._token,
            "kubernetes": world.cluster.url,
            "github": world.github.url if world.github else "",
            "argocd": world.argocd.url if world.argocd else "",
        }

    async def asset(self, request: web.Request) -> web.StreamResponse:
        if not same(request.match_info["token"], self._token):
            return web.Response(text="wrong token", status=403)
        path = _FOLDER / request.match_info["name"]
        kind = _TYPES.get(path.suffix)
        if kind is None or path.parent != _FOLDER or not path.is_file():
            return web.Response(text="no such file", status=404)
        return web.Response(text=path.read_text(encoding="utf-8"), content_type=kind)

    async def stream(self, request: web.Request) -> web.StreamResponse:
        if not same(request.match_info["token"], self._token):
            return web.Response(text="wrong token", status=403)
        return await self._stream.serve(request)
