"""`python -m bot redact`: the redactor over plain text, or over JSON lines, as plain functions of streams."""

import json
from collections.abc import Callable, Iterable
from typing import TextIO

from knowledge.text.redact import Session, Stream, redact

_DONE = 0
_UNREADABLE_LINE = 2


def redact_jsonl(lines: Iterable[str], write: Callable[[str], None]) -> int:
    """Answer each input line {"id", "text"} with a line {"id", "text"}, masked; `write` gets one line with its newline.

    Every line is an input of its own: numbering starts anew. Blank lines are skipped. A line that cannot be read (no
    JSON, no object, a text that is no string) is answered with {"id", "error"}, the id null if there is none; the
    exit code is then 2, after all lines were answered, else 0. Lone surrogates survive as JSON escapes.
    """
    status = _DONE
    for line in lines:
        if not line.strip():
            continue
        answer = _answer(line)
        if "error" in answer:
            status = _UNREADABLE_LINE
        write(json.dumps(answer) + "\n")
    return status


def _answer(line: str) -> dict[str, object]:
    try:
        given = json.loads(line)
    except (ValueError, RecursionError) as error:
        return {"id": None, "error": f"not JSON: {str(error)[:120]}"}
    if not isinstance(given, dict):
        return {"id": None, "error": f"expected an object with id and text, got {type(given).__name__}"}
    identity = given.get("id")
    if not isinstance(identity, str | int | None) or "id" not in given:
        return {"id": None, "error": "id is missing or neither text nor a whole number"}
    if not isinstance(given.get("text"), str):
        return {"id": identity, "error": "text is missing or not a string"}
    return {"id": identity, "text": redact(given["text"]).text}


def redact_text(stream_in: TextIO, stream_out: TextIO) -> int:
    """Copy plain text with its secrets masked, line by line as it arrives; one numbering for the whole input.

    Unlike `redact` it never looks back: a value that stood without context above its first recognisable place stays.
    Open `stream_in` with `errors="surrogateescape"` and `newline=""` (and `stream_out` too) to keep every byte.
    """
    stream = Stream(Session())
    stream_out.writelines(map(stream.feed, stream_in))
    stream_out.flush()
    return _DONE
