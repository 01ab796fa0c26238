"""The connection object that PyGithub's requester sends through: one a request, over a shared pool.

PyGithub's own keeps the request on itself between `request` and `getresponse`, so that two threads get each other's
answers; it follows a 301 with the write in hand, sleeps and asks for ever on a 202, and reads without a bound. This one
does none of it. A write gets a TCP connection of its own: a kept one that the other side has just closed would lose its
answer for nothing.
"""

import ssl
import time
from collections.abc import ItemsView
from typing import Any

from urllib3 import BaseHTTPResponse, PoolManager, ProxyManager, Timeout

from bot.domain.errors import OverBudget, TimedOut, Unavailable

CONNECT_SECONDS = 4.0
READ_SECONDS = 20.0
MAX_JSON = 16 * 1024 * 1024
MAX_REFUSAL = 64 * 1024
CHUNK = 64 * 1024
POOL_SIZE = 8


class Network:
    """Sockets, certificates and time limits of one connection. `timeouts` are seconds to connect and for an answer."""

    def __init__(
        self, base: str, *, proxy: str = "", ca_file: str = "", timeouts: tuple[float, float] | None = None
    ) -> None:
        self.base = base
        self.timeouts = timeouts or (CONNECT_SECONDS, READ_SECONDS)
        self._proxy = proxy
        self._trust = ssl.create_default_context(cafile=ca_file or None)
        self.pool = self._new_pool(POOL_SIZE)

    def send(
        self, method: str, url: str, body: bytes | None, headers: dict[str, str], *, pool: PoolManager | None = None
    ) -> BaseHTTPResponse:
        """Send one request, never again, and return its answer unread. Raises urllib3's errors."""
        connect, read = self.timeouts
        return (pool or self.pool).request(
            method,
            url,
            body=body,
            headers=headers,
            retries=False,
            redirect=False,
            preload_content=False,
            timeout=Timeout(connect=connect, read=read),
        )

    def own_pool(self) -> PoolManager:
        return self._new_pool(1)

    def close(self) -> None:
        self.pool.clear()

    def _new_pool(self, size: int) -> PoolManager:
        if self._proxy:
            return ProxyManager(self._proxy, maxsize=size, ssl_context=self._trust)
        return PoolManager(maxsize=size, ssl_context=self._trust)


class Received:
    """An answer, read whole within its bounds, in the shape that PyGithub's requester takes."""

    def __init__(self, status: int, headers: dict[str, str], text: str) -> None:
        self.status = status
        self._headers, self._text = headers, text

    def getheaders(self) -> ItemsView[str, str]:
        return self._headers.items()

    def read(self) -> str:
        return self._text


class Wire:
    """One request of PyGithub's requester: `request` then `getresponse`, in one thread."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._asked: tuple[str, str, bytes | None, dict[str, str]] | None = None

    def request(self, verb: str, url: str, body: Any, headers: dict[str, str], stream: bool = False) -> None:  # noqa: ARG002 - PyGithub's
        self._asked = (verb, url, body.encode() if isinstance(body, str) else body, headers)

    def getresponse(self) -> Received:
        """Raises urllib3's errors; TimedOut for an answer that drips, OverBudget for one that is too large."""
        if self._asked is None:
            raise AssertionError("getresponse before request")
        (verb, url, body, headers), self._asked = self._asked, None
        url = self._network.base + url
        if verb == "GET":
            return self._received(verb, self._network.send(verb, url, body, headers))
        with self._network.own_pool() as pool:
            return self._received(verb, self._network.send(verb, url, body, headers, pool=pool))

    def close(self) -> None:
        """Nothing is its own."""

    def _received(self, verb: str, response: BaseHTTPResponse) -> Received:
        fine = 200 <= response.status <= 299
        body = read_whole(response, MAX_JSON if fine else MAX_REFUSAL, cut=not fine, seconds=self._network.timeouts[1])
        if verb == "GET" and response.status == 202:
            raise Unavailable("GitHub is still preparing the answer", status=202)
        headers = {name.lower(): value for name, value in response.headers.items()}
        if response.status == 301:
            headers.pop("location", None)  # the requester would follow it
        return Received(response.status, headers, body.decode("utf-8", "replace"))


def read_whole(response: BaseHTTPResponse, max_bytes: int, *, cut: bool, seconds: float) -> bytes:
    """Return the body. One longer than `max_bytes` is cut, or raises OverBudget; one that drips raises TimedOut."""
    try:
        body = _read(response, max_bytes, cut=cut, seconds=seconds)
    except BaseException:
        response.close()  # what is left of it must not be taken for the next answer on this connection
        raise
    response.release_conn()
    return body


def _read(response: BaseHTTPResponse, max_bytes: int, *, cut: bool, seconds: float) -> bytes:
    deadline = time.monotonic() + seconds
    parts, size = [], 0
    while part := response.read1(CHUNK):  # what has come, not a full chunk: a dripping answer must not hold us
        parts.append(part)
        size += len(part)
        if size > max_bytes and cut:
            response.close()
            break
        if size > max_bytes:
            raise OverBudget(f"the answer is larger than {max_bytes} bytes")
        if time.monotonic() > deadline:
            raise TimedOut(f"the answer was not whole after {seconds:g} s")
    return b"".join(parts)[:max_bytes]
