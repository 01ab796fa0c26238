"""A job's log: from the redirect's address to lines, with every bound on the way.

The redirect goes to short-lived storage: it is asked without our credential, only over https at an allowed host (or on
loopback, where GitHub itself is), and does not redirect again. It is a text or a zip of texts, told by its first bytes.
"""

import time
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from tempfile import SpooledTemporaryFile
from typing import IO
from urllib.parse import urlsplit

from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from bot.adapters.github.faults import from_failure, from_status
from bot.adapters.github.transport import CHUNK, MAX_REFUSAL, Network, read_whole
from bot.domain.connections import matches
from bot.domain.errors import Forbidden, PlatformError, Unavailable

OPERATION = "read job log"
MAX_BYTES = 200 * 1024 * 1024
MAX_LINE = 8000
MAX_SECONDS = 120.0
IN_MEMORY = 8 * 1024 * 1024
ZIP_MAGIC = b"PK\x03\x04"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Log:
    """The lines of one log, to be iterated once. `cut` says, afterwards, that it did not come whole.

    `max_bytes` bounds what is read and what a zip unpacks to; `max_seconds` the whole reading.
    """

    def __init__(
        self, chunks: Iterator[bytes], *, max_bytes: int = MAX_BYTES, max_seconds: float = MAX_SECONDS
    ) -> None:
        self._chunks, self._max_bytes = chunks, max_bytes
        self._deadline = time.monotonic() + max_seconds
        self.cut = False
        self.failure: Exception | None = None

    def lines(self) -> Iterator[str]:
        """Yield the lines without their ends, each cut after 8,000 characters. Raises nothing once one was yielded."""
        bounded = self._bounded(self._chunks)
        first = b""
        while len(first) < len(ZIP_MAGIC) and (part := next(bounded, b"")):
            first += part
        if first.startswith(ZIP_MAGIC):
            yield from self._unzipped(first, bounded)
            return
        yield from lines_from(_chained(first, bounded))

    def _bounded(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """Yield what comes, until it ends, breaks, takes too long or is too much; `cut` says which."""
        size = 0
        try:
            for chunk in chunks:
                if size + len(chunk) > self._max_bytes or time.monotonic() > self._deadline:
                    self.cut = True
                    yield chunk[: self._max_bytes - size]
                    return
                size += len(chunk)
                yield chunk
        except (HTTPError, OSError) as error:
            self.cut, self.failure = True, error

    def _unzipped(self, first: bytes, rest: Iterator[bytes]) -> Iterator[str]:
        with SpooledTemporaryFile(max_size=IN_MEMORY) as file:
            file.write(first)
            for part in rest:
                file.write(part)
            try:
                with zipfile.ZipFile(file) as archive:
                    for member in members_of(archive):
                        with archive.open(member) as opened:
                            yield from lines_from(self._bounded(_parts(opened)))
            except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
                self.cut, self.failure = True, error  # cut in the middle, or a method of packing that we do not have


def lines_from(chunks: Iterable[bytes]) -> Iterator[str]:
    """Yield lines in memory of one line at most. Only a line feed ends one; bytes that are not UTF-8 are replaced."""
    held, dropping, first = bytearray(), False, True
    limit = MAX_LINE * 4
    for chunk in chunks:
        start = 0
        while start < len(chunk):
            end = chunk.find(b"\n", start)
            stop = len(chunk) if end < 0 else end
            if not dropping:
                held += chunk[start : min(stop, start + limit)]
                dropping = len(held) >= limit
            if end >= 0:
                yield _line(held, first)
                held, dropping, first = bytearray(), False, False
            start = stop + 1 if end >= 0 else stop
    if held:
        yield _line(held, first)


def _line(held: bytearray, first: bool) -> str:
    text = held.decode("utf-8", "replace").removesuffix("\r")
    return (text.removeprefix("\ufeff") if first else text)[:MAX_LINE]


def members_of(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return the texts in the order of their numbers. Top-level ones are whole jobs; folders repeat them step by step."""
    texts = [each for each in archive.infolist() if not each.is_dir() and each.filename.endswith((".txt", ".log"))]
    top = [each for each in texts if "/" not in each.filename] or texts
    return sorted(top, key=lambda each: _natural(each.filename))


def _natural(name: str) -> tuple[str, int, str]:
    folder, _, file = name.rpartition("/")
    digits = file.partition("_")[0]
    return folder, int(digits) if digits.isdecimal() and len(digits) < 10 else 0, file


def checked(location: str, hosts: tuple[str, ...], *, loopback: bool) -> str:
    """Return the address if it may be asked. Raises Forbidden that names the host."""
    parts = urlsplit(location)
    host = (parts.hostname or "").lower()
    near = loopback and host in LOOPBACK and parts.scheme in ("http", "https")
    far = parts.scheme == "https" and any(matches(host, glob) for glob in hosts)
    if not (near or far) or parts.username is not None or not location.isprintable() or " " in location:
        raise Forbidden(
            f"the log is at {parts.scheme}://{host[:100]}, which is no allowed host of logs", operation=OPERATION
        )
    return location


class Source:
    """An open log, its bytes as they come. Raises PlatformError when it cannot be opened; to be closed."""

    def __init__(self, network: Network, address: str, connection: str) -> None:
        headers = {"User-Agent": "codehealer", "Accept-Encoding": "identity"}
        self._pool = network.own_pool()
        try:
            self._response = network.send("GET", address, None, headers, pool=self._pool)
        except (HTTPError, OSError) as error:
            self._pool.clear()
            raise from_failure(error, connection=connection, operation=OPERATION, write=False) from error
        if self._response.status != 200:
            with closing(self):
                raise _refused(self._response, network, connection)

    def chunks(self) -> Iterator[bytes]:
        """Yield what has come, at most 64 KiB at once. Raises urllib3's errors."""
        while part := self._response.read1(CHUNK):
            yield part

    def close(self) -> None:
        self._response.close()
        self._pool.clear()


def lost(log: Log, connection: str) -> PlatformError:
    """Return the error for a log of which nothing came."""
    if isinstance(log.failure, (HTTPError, OSError)):
        return from_failure(log.failure, connection=connection, operation=OPERATION, write=False)
    return Unavailable("the log cannot be unpacked", connection=connection, operation=OPERATION)


def _refused(response: BaseHTTPResponse, network: Network, connection: str) -> PlatformError:
    """The storage answers 403 or 404 once the address or the log has expired; it says nothing about our permissions."""
    try:
        text = read_whole(response, MAX_REFUSAL, cut=True, seconds=network.timeouts[1]).decode("utf-8", "replace")
    except (HTTPError, OSError, PlatformError):
        text = ""
    status = 404 if response.status in (403, 404, 410) else response.status
    error = from_status(status, {}, text, connection=connection, operation=OPERATION, write=False)
    return Unavailable(error.detail, connection=connection, operation=OPERATION) if status < 400 else error


def _parts(opened_member: IO[bytes]) -> Iterator[bytes]:
    while part := opened_member.read(CHUNK):
        yield part


def _chained(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
