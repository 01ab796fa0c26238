"""Smart-HTTP git server on loopback: `python3 git_http.py FOLDER PORT`. Clone and push without credentials.

FOLDER/x/y.git is http://127.0.0.1:PORT/x/y.git; the first push to a name that ends in .git creates it. It answers as a
forward proxy too: with `proxy: http://127.0.0.1:PORT` in a repository Secret, http://git.example/x/y.git is
FOLDER/x/y.git. Standard library only: the testbed runs it with the system's Python.
"""

import os
import re
import subprocess
import sys
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

GIT = {
    **os.environ,
    "GIT_HTTP_EXPORT_ALL": "1",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "http.receivepack",
    "GIT_CONFIG_VALUE_0": "true",
}
NEW = re.compile(r"/((?:[\w-][\w.-]*/)*[\w-][\w.-]*\.git)/info/refs")


class Handler(BaseHTTPRequestHandler):
    """Hands every request to `git http-backend` as CGI."""

    server: "Server"

    def body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def answer(self) -> None:
        url, body, root = urllib.parse.urlsplit(self.path), self.body(), self.server.root
        name = NEW.fullmatch(url.path)
        if name and url.query == "service=git-receive-pack" and not (root / name[1]).exists():
            subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(root / name[1])], check=True)
        request = {
            "GIT_PROJECT_ROOT": str(root),
            "PATH_INFO": url.path,
            "QUERY_STRING": url.query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        ran = subprocess.run(
            ["git", "http-backend"], input=body, stdout=subprocess.PIPE, env=GIT | request, check=False
        )
        head, _, content = ran.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
        self.send_response(int(headers.pop("Status", "200" if headers else "500").split()[0]))
        for key, text in headers.items():
            self.send_header(key, text)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = answer  # noqa: N815 - the names that http.server calls


class Server(ThreadingHTTPServer):
    """Serves the bare repositories below `root`."""

    def __init__(self, root: Path, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.root = root


if __name__ == "__main__":
    Server(Path(sys.argv[1]).resolve(), int(sys.argv[2])).serve_forever()
