"""A log as Argo CD streams it: one JSON object a line, `{"result": {content, timeStampStr, last}}`.

It answers 200 whatever happens. An error of the API server comes as content without a time (real lines have the time that
the container runtime gave them), one of Argo CD's own as `{"error": {grpc_code, message}}`, and of a pod that is not in the
application's tree nothing comes at all.
"""

import json
from collections import deque
from collections.abc import Iterator

from bot.adapters.argocd.faults import from_code, from_log_text
from bot.adapters.argocd.fields import int_in, object_in
from bot.domain.errors import NotFound

MAX_RAW_LINE = 256 * 1024
MAX_KEPT = 4 * 1024 * 1024
"""Characters of a log that are held at a time. What matters is at its end, so the beginning gives way."""

MAX_BYTES = 64 * 1024 * 1024
TOO_LONG = "(a line of more than 256 KiB is left out here)"
ZERO = ("", "0001-01-01T00:00:00Z")


def lines_from(connection: str, operation: str, pieces: Iterator[bytes], max_lines: int) -> tuple[str, ...]:
    """Return the log's last lines. Raises what Argo CD sent in the place of a log, NotFound when it sent nothing."""
    held: deque[str] = deque()
    size, said = 0, False
    for raw in _split(pieces):
        said = True
        text, untimed = _entry(connection, operation, raw)
        if text is None:
            continue
        if untimed:
            if not held:
                raise from_log_text(text, connection=connection, operation=operation)
            continue  # the stream broke behind what came of it
        held.append(text)
        size += len(text)
        while len(held) > max_lines or size > MAX_KEPT:
            size -= len(held.popleft())
    if not said:
        raise NotFound("the pod is not one of the application's", connection=connection, operation=operation)
    return tuple(held)


def _entry(connection: str, operation: str, raw: bytes | None) -> tuple[str | None, bool]:
    """Return an entry's text, None for the mark at the end, and whether it has no time, as an error has none."""
    if raw is None:
        return TOO_LONG, False
    try:
        entry = json.loads(raw)
    except (ValueError, RecursionError):
        return None, False  # cut in the middle: what came whole is the log
    if not isinstance(entry, dict):
        return None, False
    error = entry.get("error")
    if error:
        holder = error if isinstance(error, dict) else {"message": error}
        message = holder.get("message")
        code = int_in(holder, "grpc_code") or int_in(holder, "code")
        text = message if isinstance(message, str) else ""
        raise from_code(code, " ".join(text[:8000].split()), connection=connection, operation=operation)
    result = object_in(entry, "result")
    content, time = result.get("content"), result.get("timeStampStr")
    if not isinstance(content, str) or (result.get("last") is True and not content):
        return None, False
    text = content.encode("utf-8", "replace").decode().removesuffix("\n").removesuffix("\r")
    return text.replace("\n", " "), time in ZERO


def _split(pieces: Iterator[bytes]) -> Iterator[bytes | None]:
    """Yield the lines that are not empty; None in the place of one that is too long, of which nothing is held."""
    rest, skipping, total = b"", False, 0
    for piece in pieces:
        total += len(piece)
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            if skipping or len(line) > MAX_RAW_LINE:
                skipping = False
                yield None
            elif line.strip():
                yield line
        if len(rest) > MAX_RAW_LINE:
            rest, skipping = b"", True
        if total > MAX_BYTES:
            return
    if skipping:
        yield None
    elif rest.strip():
        yield rest
