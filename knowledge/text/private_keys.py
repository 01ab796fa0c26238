"""Private keys as text: PEM and its neighbours (PuTTY, SSH2), on a line of their own, escaped into one, encoded.

Shapes and functions over one line; `secret_blocks` keeps what the next line belongs to.
"""

import base64
import binascii
import re
import string
from collections.abc import Iterator

from knowledge.text.margin import after_shape
from knowledge.text.secret_assignments import MARKER
from knowledge.text.secret_formats import Span
from knowledge.text.secret_values import is_placeholder, looks_random

_GAP = r"(?:[ +]|%20)"
_TITLE = rf"(?:[A-Z0-9]{{1,12}}{_GAP}){{0,4}}PRIVATE{_GAP}KEY(?:{_GAP}BLOCK)? ?-{{4,5}}"
BEGIN = re.compile(rf"-{{4,5}} ?BEGIN{_GAP}{_TITLE}")
END = re.compile(rf"-{{4,5}} ?END{_GAP}(?:{_TITLE})?")
PUTTY = re.compile(r"\bPrivate-Lines: {0,4}[0-9]{1,4}[\"']?\s*\Z", re.ASCII)
HEADER = re.compile(r"(?:Proc-Type|DEK-Info|Version|Comment|Hash|Charset|MessageID|Subject|X-[\w-]{1,40}): ")
_ESCAPE = (
    r"\\{1,4}(?:[nrt/]|u00(?:0[aAdD]|2[bBfF]|3[dD]))|%(?:0[aAdD]|2[bBfF]|3[dD]|20)|&#(?:1[03]|x0?[aAdD]);|<br ?/?>"
)
_INLINE = re.compile(
    rf"""(?:{_ESCAPE}|[\s"',+]){{0,16}}((?:[A-Za-z0-9+/=_-]|{_ESCAPE}|[ ,:](?=\S)|<secret:\d{{1,9}}>){{16,60000}}+)(?:{_ESCAPE}|[\s"',+]){{0,16}}""",
    re.ASCII,
)
_BASE64 = string.ascii_letters + string.digits + "+/"
_BODY = re.compile(r"[A-Za-z0-9+/]{1,4096}={0,2}", re.ASCII)
_LONG = re.compile(r"[A-Za-z0-9+/]{40,4096}={0,2}", re.ASCII)
BASE64_PEM = "LS0tLS1CRUdJTi"
DOUBLE_BASE64_PEM = "TFMwdExTMUNSVWRKVGl"
BASE64_RUN = re.compile(r"[A-Za-z0-9+/_-]{20,60000}={0,2}", re.ASCII)


def inline_key(text: str, begin: re.Match[str], limit: int) -> Iterator[Span]:
    """Yield a key that stands on one line, its newlines escaped: from BEGIN to END, or to where its letters stop."""
    end = END.search(text, begin.end(), limit)
    stop = end.start() if end else limit
    content = _INLINE.match(text, begin.end(), stop)
    if not content or is_placeholder(content[1]) or not MARKER.sub("", content[1]):
        return
    finish = end.end() if end and content.end() == stop else content.end(1)
    yield begin.start(), finish, "private_key"


def last_word(text: str) -> tuple[int, int]:
    """Find the base64 that ends a line, before quotes, escaped newlines and other punctuation; empty if there is none."""
    rest = text.rstrip()
    rest = rest[:-1] if rest.endswith(('" +', "' +")) else rest
    for _ in range(4):
        rest = rest.rstrip(" \t\"',;)|`$\\")
        if not rest.endswith(("\\n", "\\r")):
            break
        rest = rest[:-2]
    padding = len(rest) - len(rest.rstrip("="))
    return len(rest.rstrip("=").rstrip(_BASE64)), len(rest) if padding < 3 else len(rest) - padding


def inner_word(text: str, shape: str) -> tuple[int, int]:
    r"""Find base64 that does not end its line (`{"log":"MIIE\n","time":1}`): quoted behind the margin, or long and random.

    Empty if there is none. `shape`: the margin of the line that opened the key.
    """
    behind = after_shape(text, shape) if shape else -1
    quoted = _BODY.match(text, behind) if behind >= 0 else None
    if quoted and text[quoted.end() : quoted.end() + 1] in {'"', "'", "\\", "`"}:
        return quoted.span()
    found = next((run for run in _LONG.finditer(text) if is_key_text(run[0])), None)
    return found.span() if found else (0, 0)


def is_key_text(body: str) -> bool:
    """Tell base64 that is random in both cases from words and from hashes in hex, wherever it stands."""
    return body.lower() != body != body.upper() and looks_random(body)


def hides_private_key(run: str) -> bool:
    """Tell whether base64 text is, once or twice decoded, a PEM private key; certificates and public keys are none."""
    if run.startswith(DOUBLE_BASE64_PEM):
        return _decoded(run).startswith(b"LS0tLS1CRUdJTi") and b"PRIVATE KEY" in _decoded(
            _decoded(run).decode("ascii", "ignore")
        )
    return run.startswith(BASE64_PEM) and b"PRIVATE KEY" in _decoded(run)


def _decoded(run: str) -> bytes:
    head = run[:96]
    try:
        return base64.b64decode(head[: len(head) // 4 * 4])
    except (binascii.Error, ValueError):
        return b""
