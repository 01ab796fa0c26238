"""A strict little HTTP server on loopback that answers as it is told and counts every request that reaches it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass(frozen=True)
class Reply:
    """`cut`: the connection ends after that many bytes of the answer, header included; `hold`: it never comes."""

    status: int = 200
    body: object = None
    headers: tuple[tuple[str, str], ...] = ()
    cut: int | None = None
    hold: bool = False

    def data(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: object


@dataclass
class GithubWire:
    """Replies of a (method, path) are used in order, the last one again and again. An unknown path is a 404."""

    url: str = ""
    replies: dict[tuple[str, str], list[Reply]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def on(self, method: str, path: str, *replies: Reply | object) -> None:
        """Answer so; what is no Reply is the body of a 200."""
        self.replies[method, path] = [each if isinstance(each, Reply) else Reply(body=each) for each in replies]

    def count(self, method: str = "", path: str = "") -> int:
        return len(self.seen(method, path))

    def seen(self, method: str = "", path: str = "") -> list[Request]:
        return [each for each in self.requests if method in ("", each.method) and path in ("", each.path)]

    def answer(self, request: Request) -> Reply:
        with self.lock:
            self.requests.append(request)
            known = self.replies.get((request.method, request.path))
            if known is None:
                return Reply(status=404, body={"message": "Not Found"})
            return known.pop(0) if len(known) > 1 else known[0]


@contextmanager
def github_wire() -> Iterator[GithubWire]:
    wire = GithubWire()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            raw = self.rfile.read(length)
            parts = urlsplit(self.path)
            reply = wire.answer(
                Request(
                    method=self.command,
                    path=unquote(parts.path),
                    query={key: each[0] for key, each in parse_qs(parts.query).items()},
                    headers={key.lower(): each for key, each in self.headers.items()},
                    body=json.loads(raw) if raw else None,
                )
            )
            if reply.hold:
                wire.released.wait(20)
                self.close_connection = True
                return
            data = reply.data()
            lines = [f"HTTP/1.1 {reply.status} Said", f"Content-Length: {len(data)}"]
            lines += [f"{name}: {each}" for name, each in reply.headers]
            if reply.status in (204, 304):
                lines = [each for each in lines if not each.startswith("Content-Length")]
            whole = ("\r\n".join(lines) + "\r\n\r\n").encode() + data
            self.wfile.write(whole if reply.cut is None else whole[: reply.cut])
            self.close_connection = reply.cut is not None

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - http.server's own names

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *args: object) -> None:
            """A client that hung up is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    wire.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield wire
    finally:
        wire.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
