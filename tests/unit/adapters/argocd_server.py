"""A strict loopback HTTP server that plays scripts and counts, and the recorded answers of a real Argo CD."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

from bot.adapters.argocd import ArgoDeployments
from bot.adapters.argocd.connection import ArgoAccess, connect

RECORDED = Path(__file__).resolve().parents[2] / "contract" / "data" / "argocd-api"
TOKEN = "argo-token-1"

Script = Callable[["Handler"], None]


class Seen(NamedTuple):
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Handler(BaseHTTPRequestHandler):
    """Plays the server's scripts one request after another; the last one is played for ever."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def _play(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): text for name, text in self.headers.items()}
        self.server.seen.append(Seen(self.command, self.path, headers, body))
        scripts = self.server.scripts
        (scripts.pop(0) if len(scripts) > 1 else scripts[0])(self)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _play  # noqa: N815 - the names that http.server calls

    def log_message(self, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, scripts: list[Script]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.scripts, self.seen = scripts, []

    def handle_error(self, request, client_address) -> None:
        """A script that breaks the connection is no error of the test."""


def recorded(name: str) -> dict:
    """The recording: request, status, body."""
    return json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))


def answer(status: int, body: bytes | dict | list | str, **headers: str) -> Script:
    raw = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()

    def play(handler: Handler) -> None:
        handler.send_response(status)
        for name, text in ({"Content_Length": str(len(raw))} | headers).items():
            handler.send_header(name.replace("_", "-"), text)
        handler.end_headers()
        handler.wfile.write(raw)

    return play


def replay(name: str) -> Script:
    """Answer as the real Argo CD was recorded to."""
    found = recorded(name)
    return answer(found["status"], found["body"])


def refusal(status: int, message: str, code: int = 2) -> Script:
    return answer(status, {"error": message, "code": code, "message": message})


def cut(status: int, body: bytes, announced: int) -> Script:
    """Announce more than is sent, then close."""

    def play(handler: Handler) -> None:
        answer(status, body, Content_Length=str(announced))(handler)
        handler.close_connection = True

    return play


def cut_chunked(handler: Handler) -> None:
    """Break off in the middle of a chunk, as a proxy does whose backend died."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b'40\r\n{"metadata":')
    handler.close_connection = True


def reset(handler: Handler) -> None:
    """Break the connection without a word."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    handler.close_connection = True


def silent(handler: Handler) -> None:
    time.sleep(0.6)
    handler.close_connection = True


def dripping(handler: Handler) -> None:
    """One byte every 0.1 s: no single read is late, the whole is."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    for _ in range(20):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.1)
    handler.close_connection = True


@contextmanager
def served(*scripts: Script) -> Iterator[tuple[str, list[Seen]]]:
    """A server that plays the scripts; its address and what it saw."""
    server = Server(list(scripts))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", server.seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def argo_of(
    *scripts: Script, seconds: float = 5.0, token: Callable[[], str] = lambda: TOKEN
) -> Iterator[tuple[ArgoDeployments, list[Seen]]]:
    """The adapter on a server that plays the scripts, and what the server saw."""
    with served(*scripts) as (url, seen):
        found = connect("east", ArgoAccess(server=url, token=token, connect_seconds=1.0, read_seconds=seconds))
        try:
            yield found, seen
        finally:
            found.close()
