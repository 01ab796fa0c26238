"""Secrets over several lines: private keys, wrapped base64, YAML block scalars, Secret data, name/value pairs.

A `Blocks` reads a stream line by line and remembers what the next line belongs to. It must see the raw stream, before
lines are cut into windows: a window may begin in the middle of a key. Two things are open at most: the data of an
object, which may hold any other secret, and one secret that goes on.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from knowledge.text import private_keys
from knowledge.text.margin import Margin, shape_of
from knowledge.text.private_keys import BASE64_PEM, BEGIN, DOUBLE_BASE64_PEM, END
from knowledge.text.secret_assignments import MARKER, SITE, value_at
from knowledge.text.secret_formats import Span, with_limits
from knowledge.text.secret_values import Promise, is_placeholder, is_plain, looks_mixed, promise_of

_BODY = re.compile(r"[A-Za-z0-9+/]{1,4096}={0,2}", re.ASCII)
_OPENSSH_START = "b3BlbnNzaC1rZXktdjE"  # every OpenSSH key begins alike: the first line tells no key from another
_TIMESTAMP = re.compile(r"[ ]{0,40}\[?\d{4}-\d\d-\d\d[T ][\d:.,]{5,20}(?:Z|[+-]\d\d:?\d\d)?\]?[ ]{0,80}\Z", re.ASCII)
_OPENER = re.compile(r"[|>][+-]?\d?[+-]?\s*(?:#.*)?\Z")
_NAME_ENTRY = re.compile(
    r"""(?<![\w.-])name["']?[ \t]{0,8}[:=][ \t]{0,8}["']?([\w.\-]{2,100})["']?[ \t]{0,8},?[ \t]{0,8}\Z""",
    re.ASCII | re.IGNORECASE,
)
_VALUE_ENTRY = re.compile(r"""["']?value["']?[ \t]{0,8}[:=][ \t]{0,8}""", re.ASCII | re.IGNORECASE)
_DATA = re.compile(
    r"""(?<![\w.-])(data|stringData)["']?[ \t]{0,8}:[ \t]{0,8}\{?[ \t]{0,8}(?:[ \t]#.{0,120})?\Z""", re.ASCII
)
_FLOW = re.compile(r"""(?<![\w.-])(?:data|stringData)\\{0,3}["']?[ \t]{0,8}:[ \t]{0,8}\{([^{}]{1,60000})\}""", re.ASCII)
_FLOW_LINE = re.compile(r"\s{0,80}(?:data|stringData):")
_SECRET_OBJECT = re.compile(r"(?i)secret")
_MAX_LINES = 400
_MAX_DATA_LINES = 5_000
_MAX_STRANGERS = 8
_MAX_STRANGERS_FIRST = 2
_MIN_FIRST = 24

OPENERS = (
    r"----[- ]?BEGIN[ +%]",
    r"Private-Lines:",
    BASE64_PEM,
    DOUBLE_BASE64_PEM,
    r"(?:data|stringData)[\"']?\s*:\s*\{?\s*(?:#.*)?$",
    r"(?:data|stringData)\\*[\"']?\s*:\s*\{",
    r"[Nn]ame[\"']?\s*[:=]\s*[\"']?[\w.\-]+[\"']?,?\s*$",
)
"""Shapes (RE2 syntax) of which every line that opens a block, beyond an assignment, holds one."""

Part = tuple[Span, str]
"""A span, and what numbers it: all lines of a key share one."""


@dataclass(slots=True)
class Blocks:
    """The open blocks of one stream. `identity` of a yielded line is what numbers it: all lines of a key share one."""

    kind: str = ""
    identity: str = ""
    shape: str = ""
    width: int = 0
    margin: Margin = field(default_factory=Margin)
    lines: int = 0
    strangers: int = 0
    """How many lines between those of a key were somebody else's: other processes write into the same log."""
    ending: bool = False
    data: Margin | None = None
    plain: bool = False
    """Whether the open data is written as it is (stringData), not as base64."""
    data_lines: int = 0

    @property
    def open(self) -> bool:
        return bool(self.kind) or self.data is not None

    def spans(self, text: str) -> Iterator[Part]:
        """Yield (span, identity) of the line's part in a block, and open or close blocks. Call once per line, in order."""
        if self.data is not None:
            self.data_lines += 1
            outside = not self.data.blank(text) and self.data.inside(text, signs=True) < 0
            if self.data_lines > _MAX_DATA_LINES or (outside and not (self.kind == "pem" and self._is_of_key(text))):
                self.data = None
        if self.kind:
            self.lines += 1
            if self.lines > _MAX_LINES:
                self._close()
            else:
                yield from self._continued(text)
        if not self.kind or self.strangers:
            yield from self._opened(text)

    def _close(self) -> None:
        self.kind, self.identity, self.width, self.lines, self.strangers, self.ending = "", "", 0, 0, 0, False

    def _start(self, kind: str, *, shape: str = "", margin: Margin | None = None) -> None:
        self._close()
        self.kind, self.shape, self.margin = kind, shape_of(shape), margin or Margin()

    def _continued(self, text: str) -> Iterator[Part]:
        if self.kind in {"pem", "base64"}:
            yield from self._key_line(text)
        elif self.kind == "scalar":
            yield from self._scalar_line(text)
        elif self.kind == "pair":
            yield from self._pair_line(text)

    def _key_line(self, text: str) -> Iterator[Part]:
        end = END.search(text)
        if end:
            if self.kind == "pem":
                yield (end.start(), end.end(), "private_key"), self.identity or end[0]
            self._close()
            return
        header = private_keys.HEADER.search(text)
        if header:
            yield (header.start(), len(text.rstrip()), "private_key"), text[header.start() :].rstrip()
        bare = text.strip(" \t\r\"',+\\|>#*`$")
        if not bare or header or MARKER.search(text):
            return
        start, stop = self._key_part(text)
        if stop <= start:
            self._stranger()
            return
        body = text[start:stop]
        self.strangers = 0
        self.ending = bool(self.width) and len(body) < self.width
        self.width = max(self.width, len(body))
        if body.startswith(_OPENSSH_START) and not self.identity:
            yield (start, stop, "private_key"), body
            return
        self.identity = self.identity or body
        yield (start, stop, "private_key"), self.identity

    def _stranger(self) -> None:
        """Pass over a line that is none of the key's; close the key where it is complete, or too many came."""
        self.strangers += 1
        limit = _MAX_STRANGERS if self.width else _MAX_STRANGERS_FIRST
        if self.ending or self.kind != "pem" or self.strangers > limit:
            self._close()

    def _is_of_key(self, text: str) -> bool:
        start, stop = self._key_part(text)
        return stop > start or END.search(text) is not None

    def _key_part(self, text: str) -> tuple[int, int]:
        """Find the part of a line that goes on with the key; empty if the line is none of the key's."""
        start, stop = private_keys.last_word(text)
        body = text[start:stop]
        check = text[start - 1 : start] == "="  # the check sum that ends an OpenPGP key
        if body and (not self.ending or check) and self._belongs(text[:start], body):
            return start, stop
        start, stop = (0, 0) if self.ending or self.kind != "pem" else private_keys.inner_word(text, self.shape)
        return (start, stop) if self.width or stop - start >= _MIN_FIRST else (0, 0)

    def _belongs(self, before: str, body: str) -> bool:
        """Tell whether a line goes on with the key: base64 alone, or after what also stood before the first line."""
        if not self.width and self.kind == "pem" and len(body) < _MIN_FIRST:
            return False
        if self.strangers:
            return private_keys.is_key_text(body)
        if len(body) >= 40 or (self.width >= 40 and body.endswith("=")):
            return True
        return (
            not before.strip(" \t\"'+>|#*=`")
            or shape_of(before).rstrip(" \t") == self.shape.rstrip(" \t")
            or _TIMESTAMP.match(before) is not None
        )

    def _scalar_line(self, text: str) -> Iterator[Part]:
        if self.margin.blank(text):
            return
        start = self.margin.inside(text, signs=self.margin.signed)
        content = text[max(start, 0) :].strip()
        if start < 0 and not (len(content) >= 24 and _BODY.fullmatch(content)):
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
            start = text.find(content, max(start, 0))
            yield (start, start + len(content), "block"), self.identity

    def _pair_line(self, text: str) -> Iterator[Part]:
        entry = _VALUE_ENTRY.match(text, self.margin.behind(text))
        self._close()
        value = value_at(text, entry.end()) if entry else None
        if entry and _OPENER.match(text, entry.end()):
            self._start("scalar", margin=Margin.before(text, entry.start()))
        elif value and MARKER.sub("", text[value.start : value.end]) and not is_plain(text[value.start : value.end]):
            yield (value.start, value.end, "pair"), text[value.start : value.end]

    def _opened(self, text: str) -> Iterator[Part]:
        begin = None
        for begin, limit in with_limits(BEGIN, text):
            for span in private_keys.inline_key(text, begin, limit):
                yield span, text[span[0] : span[1]]
        if begin and not END.search(text, begin.end()):
            self._start("pem", shape=text[: begin.start()])
            if not text[begin.end() :].strip():  # else it is spoken of, or its key follows on the same line
                yield (begin.start(), begin.end(), "private_key"), begin[0]
            return
        if BASE64_PEM in text or DOUBLE_BASE64_PEM in text:
            yield from self._encoded_key(text)
        yield from self._data_parts(text)
        if not self.kind:
            self._open_named(text)

    def _data_parts(self, text: str) -> Iterator[Part]:
        """Yield the values of an object's data, on lines of its own or in braces; open the data that begins here."""
        opened = _DATA.search(text)
        if opened and self.data is None:
            self.data, self.data_lines = Margin.before(text, opened.start()), 0
            self.plain = opened[1] == "stringData"
            return
        start = self.data.inside(text, signs=True) if self.data is not None else -1
        if start >= 0 and (site := SITE.search(text, start)):
            yield from self._data_value(text, site.end(), plain=self.plain)
        if _SECRET_OBJECT.search(text) or _FLOW_LINE.match(text):
            for flow in _FLOW.finditer(text):
                for site in SITE.finditer(text, flow.start(1), flow.end(1)):
                    yield from self._data_value(text, site.end(), plain=False)

    @staticmethod
    def _data_value(text: str, position: int, *, plain: bool) -> Iterator[Part]:
        value = value_at(text, position)
        content = text[value.start : value.end] if value else ""
        if value and (_is_encoded(content) or (plain and looks_mixed(content) and not is_plain(content))):
            yield (value.start, value.end, "secret_data"), content

    def _open_named(self, text: str) -> None:
        """Open what a telling name promises for the next lines: the value beside it, or a block scalar."""
        putty = private_keys.PUTTY.search(text)
        entry = _NAME_ENTRY.search(text)
        if putty:
            self._start("pem", shape=text[: putty.start()])
        elif entry and promise_of(entry[1]) is Promise.STRONG:
            self._start("pair", margin=Margin.before(text, entry.start()))
        else:
            for site in SITE.finditer(text):
                if _OPENER.match(text, site.end()) and promise_of(site[1]) is Promise.STRONG:
                    self._start("scalar", margin=Margin.before(text, site.start()))

    def _encoded_key(self, text: str) -> Iterator[Part]:
        for run in private_keys.BASE64_RUN.finditer(text):
            if not private_keys.hides_private_key(run[0]):
                continue
            yield (run.start(), run.end(), "private_key"), run[0]
            if not run[0].endswith("=") and not text[run.end() :].strip("\\n\r "):
                self._start("base64", shape=text[: run.start()])
                self.identity, self.width = run[0], len(run[0])


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
