"""Secrets over several lines: PEM private keys, wrapped base64, YAML block scalars, Secret data, name/value pairs.

A `Blocks` reads a stream line by line and remembers what the next line belongs to. It must see the raw stream, before
lines are cut into windows: a window may begin in the middle of a key.
"""

import base64
import binascii
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass, field

from knowledge.text.secret_assignments import MARKER, SITE, value_at
from knowledge.text.secret_formats import Span, with_limits
from knowledge.text.secret_values import Promise, is_placeholder, is_plain, promise_of

_BEGIN = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,4}PRIVATE KEY(?: BLOCK)?-----")
_END = re.compile(r"-----END (?:(?:[A-Z0-9]{1,12} ){0,4}PRIVATE KEY(?: BLOCK)?-----)?")
_BODY = re.compile(r"[A-Za-z0-9+/]{1,4096}={0,2}", re.ASCII)
_INLINE = re.compile(
    r"""(?:\\{1,4}[nr]|[\s"',+]){0,16}((?:[A-Za-z0-9+/=_-]|\\{1,4}[nr]|[ ,:](?=\S)|<secret:\d{1,9}>){16,60000}+)(?:\\{1,4}[nr]|[\s"',+]){0,16}""",
    re.ASCII,
)
_BASE64 = string.ascii_letters + string.digits + "+/"
_HEADER = re.compile(r"(?:Proc-Type|DEK-Info|Version|Comment|Hash|Charset|MessageID): ")
_OPENSSH_START = "b3BlbnNzaC1rZXktdjE"  # every OpenSSH key begins alike: the first line tells no key from another
_BASE64_PEM = "LS0tLS1CRUdJTi"
_DOUBLE_BASE64_PEM = "TFMwdExTMUNSVWRKVGl"
_BASE64_RUN = re.compile(r"[A-Za-z0-9+/_-]{20,60000}={0,2}", re.ASCII)
_SHAPE = re.compile(r"\d+")
_TIMESTAMP = re.compile(r"[ ]{0,40}\[?\d{4}-\d\d-\d\d[T ][\d:.,]{5,20}(?:Z|[+-]\d\d:?\d\d)?\]?[ ]{0,80}\Z", re.ASCII)
_OPENER = re.compile(r"[|>][+-]?\d?[+-]?\s*\Z")
_NAME_ENTRY = re.compile(
    r"""[ \t]{0,80}(?:-[ \t]{1,8})?["']?name["']?[ \t]{0,8}[:=][ \t]{0,8}["']?([\w.\-]{2,100})["']?[ \t]{0,8},?[ \t]{0,8}\Z""",
    re.ASCII | re.IGNORECASE,
)
_VALUE_ENTRY = re.compile(
    r"""[ \t]{0,80}(?:-[ \t]{1,8})?["']?value["']?[ \t]{0,8}[:=][ \t]{0,8}""", re.ASCII | re.IGNORECASE
)
_DATA = re.compile(r"""[ \t]{0,80}["']?(?:data|stringData)["']?[ \t]{0,8}:[ \t]{0,8}\{?[ \t]{0,8}\Z""", re.ASCII)
_MAX_LINES = 400
_MIN_FIRST = 24

OPENERS = (
    r"-----BEGIN ",
    _BASE64_PEM,
    _DOUBLE_BASE64_PEM,
    r"(?:data|stringData)[\"']?\s*:\s*\{?\s*$",
    r"[Nn]ame[\"']?\s*[:=]\s*[\"']?[\w.\-]+[\"']?,?\s*$",
)
"""Shapes (RE2 syntax) of which every line that opens a block, beyond an assignment, holds one."""


@dataclass(slots=True)
class Blocks:
    """The open block of one stream. `identity` of a yielded line is what numbers it: all lines of a key share one."""

    kind: str = ""
    identity: str = ""
    shape: str = ""
    width: int = 0
    indent: int = 0
    lines: int = 0
    ending: bool = False
    _known: dict[str, str] = field(default_factory=dict)

    @property
    def open(self) -> bool:
        return bool(self.kind)

    def spans(self, text: str) -> Iterator[tuple[Span, str]]:
        """Yield (span, identity) of the line's part in a block, and open or close blocks. Call once per line, in order."""
        if self.kind:
            self.lines += 1
            if self.lines > _MAX_LINES:
                self._close()
            else:
                yield from self._continued(text)
        if not self.kind:
            yield from self._opened(text)

    def _close(self) -> None:
        self.kind, self.identity, self.width, self.lines, self.ending = "", "", 0, 0, False

    def _start(self, kind: str, *, shape: str = "", indent: int = 0) -> None:
        self._close()
        self.kind, self.shape, self.indent = kind, _SHAPE.sub("0", shape), indent

    def _continued(self, text: str) -> Iterator[tuple[Span, str]]:
        if self.kind in {"pem", "base64"}:
            yield from self._key_line(text)
        elif self.kind == "scalar":
            yield from self._scalar_line(text)
        elif self.kind == "pair":
            yield from self._pair_line(text)
        elif self.kind == "data":
            yield from self._data_line(text)

    def _key_line(self, text: str) -> Iterator[tuple[Span, str]]:
        end = _END.search(text)
        if end:
            if self.kind == "pem":
                yield (end.start(), end.end(), "private_key"), self.identity or end[0]
            self._close()
            return
        header = _HEADER.search(text)
        if header:
            yield (header.start(), len(text.rstrip()), "private_key"), text[header.start() :].rstrip()
        bare = text.strip(" \t\r\"',+\\|>#*")
        if not bare or header or MARKER.search(text):
            return
        start, stop = _last_word(text)
        body = text[start:stop]
        check = text[start - 1 : start] == "="  # the check sum that ends an OpenPGP key
        if not body or (self.ending and not check) or not self._belongs(text[:start], body):
            self._close()
            return
        self.ending = bool(self.width) and len(body) < self.width
        self.width = max(self.width, len(body))
        if body.startswith(_OPENSSH_START) and not self.identity:
            yield (start, stop, "private_key"), body
            return
        self.identity = self.identity or body
        yield (start, stop, "private_key"), self.identity

    def _belongs(self, before: str, body: str) -> bool:
        """Tell whether a line goes on with the key: base64 alone, or after what also stood before the first line."""
        if not self.width and self.kind == "pem" and len(body) < _MIN_FIRST:
            return False
        if len(body) >= 40:
            return True
        return (
            not before.strip(" \t\"'+>|#*=")
            or _SHAPE.sub("0", before) == self.shape
            or _TIMESTAMP.match(before) is not None
        )

    def _scalar_line(self, text: str) -> Iterator[tuple[Span, str]]:
        content = text.strip()
        if not content:
            return
        indent = _indent(text)
        if indent <= self.indent and not (len(content) >= 24 and _BODY.fullmatch(content)):
            if self.width and len(content) < self.width and _BODY.fullmatch(content) and not self.ending:
                self.ending = True
            else:
                self._close()
                return
        self.width = max(self.width, len(content) if _BODY.fullmatch(content) else 0)
        if "-----BEGIN " in content and "PRIVATE" not in content:
            self._close()
            return
        if not content.startswith("-----") and MARKER.sub("", content) and not is_placeholder(content):
            self.identity = self.identity or content
            start = text.find(content)
            yield (start, start + len(content), "block"), self.identity

    def _pair_line(self, text: str) -> Iterator[tuple[Span, str]]:
        entry = _VALUE_ENTRY.match(text)
        self._close()
        value = value_at(text, entry.end()) if entry else None
        if entry and _OPENER.match(text, entry.end()):
            self._start("scalar", indent=_indent(text))
        elif value and MARKER.sub("", text[value.start : value.end]) and not is_plain(text[value.start : value.end]):
            yield (value.start, value.end, "pair"), text[value.start : value.end]

    def _data_line(self, text: str) -> Iterator[tuple[Span, str]]:
        if text.strip() and _indent(text) <= self.indent:
            self._close()
            return
        site = SITE.search(text)
        value = value_at(text, site.end()) if site else None
        if site and _OPENER.match(text, site.end()) and promise_of(site[1]) is Promise.STRONG:
            self._start("scalar", indent=_indent(text))
        elif value and _is_encoded(text[value.start : value.end]):
            yield (value.start, value.end, "secret_data"), text[value.start : value.end]

    def _opened(self, text: str) -> Iterator[tuple[Span, str]]:
        begin = None
        for begin, limit in with_limits(_BEGIN, text):
            yield from self._inline_key(text, begin, limit)
        if begin and not _END.search(text, begin.end()):
            self._start("pem", shape=text[: begin.start()])
            if not text[begin.end() :].strip():  # else it is spoken of, or its key follows on the same line
                yield (begin.start(), begin.end(), "private_key"), begin[0]
            return
        if _BASE64_PEM in text or _DOUBLE_BASE64_PEM in text:
            yield from self._encoded_key(text)
        if self.kind:
            return
        entry = _NAME_ENTRY.match(text)
        if entry and promise_of(entry[1]) is Promise.STRONG:
            self._start("pair")
        elif _DATA.match(text):
            self._start("data", indent=_indent(text))
        else:
            self._open_scalar(text)

    def _inline_key(self, text: str, begin: re.Match[str], limit: int) -> Iterator[tuple[Span, str]]:
        """Mask a key that stands on one line, its newlines escaped: from BEGIN to END, or to where its letters stop."""
        end = _END.search(text, begin.end(), limit)
        stop = end.start() if end else limit
        content = _INLINE.match(text, begin.end(), stop)
        if not content or is_placeholder(content[1]) or "..." in content[1] or not MARKER.sub("", content[1]):
            return
        finish = end.end() if end and content.end() == stop else content.end(1)
        yield (begin.start(), finish, "private_key"), text[begin.start() : finish]

    def _encoded_key(self, text: str) -> Iterator[tuple[Span, str]]:
        for run in _BASE64_RUN.finditer(text):
            if not _hides_private_key(run[0]):
                continue
            yield (run.start(), run.end(), "private_key"), run[0]
            if not run[0].endswith("=") and not text[run.end() :].strip("\\n\r "):
                self._start("base64", shape=text[: run.start()])
                self.identity, self.width = run[0], len(run[0])

    def _open_scalar(self, text: str) -> None:
        for site in SITE.finditer(text):
            if _OPENER.match(text, site.end()) and promise_of(site[1]) is Promise.STRONG:
                self._start("scalar", indent=_indent(text))


def _last_word(text: str) -> tuple[int, int]:
    """Find the base64 that ends a line, before quotes, escaped newlines and other punctuation; empty if there is none."""
    rest = text.rstrip()
    rest = rest[:-1] if rest.endswith(('" +', "' +")) else rest
    for _ in range(4):
        rest = rest.rstrip(" \t\"',;)|")
        if not rest.endswith(("\\n", "\\r")):
            break
        rest = rest[:-2]
    rest = rest.rstrip("\\")
    padding = len(rest) - len(rest.rstrip("="))
    return len(rest.rstrip("=").rstrip(_BASE64)), len(rest) if padding < 3 else len(rest) - padding


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(" \t"))


def _hides_private_key(run: str) -> bool:
    """Tell whether base64 text is, once or twice decoded, a PEM private key; certificates and public keys are none."""
    if run.startswith(_DOUBLE_BASE64_PEM):
        return _decoded(run).startswith(b"LS0tLS1CRUdJTi") and b"PRIVATE KEY" in _decoded(
            _decoded(run).decode("ascii", "ignore")
        )
    return run.startswith(_BASE64_PEM) and b"PRIVATE KEY" in _decoded(run)


def _decoded(run: str) -> bytes:
    head = run[:96]
    try:
        return base64.b64decode(head[: len(head) // 4 * 4])
    except (binascii.Error, ValueError):
        return b""


def _is_encoded(value: str) -> bool:
    """Tell base64 as the data of a Kubernetes Secret holds it: whole groups that decode to printable text or a key."""
    if len(value) < 8 or len(value) % 4 or not _BODY.fullmatch(value) or value.startswith("LS0tLS1CRUdJTiBDRVJU"):
        return False
    if value.lower() == value and not value.endswith("="):
        return False
    try:
        decoded = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return False
    return value.endswith("=") or all(byte in b"\t\n\r" or 31 < byte < 127 for byte in decoded)
