"""Masking secrets before anything is stored, posted, embedded or prompted.

What is guaranteed:
- every secret that the rules know is replaced by `<secret:N>`; everything else of the text stays byte for byte;
- a value keeps its N through a session; where it stands again without its context it is masked too, if it has 8
  characters, is no plain word, and is among the first values of the session that a bounded memory holds;
- idempotent: `redact(redact(x).text).text == redact(x).text`. `<secret:N>` in the input, also a forged one, stays as it
  is, and its N is not given to another secret afterwards;
- time linear in the text for every input; any `str` is accepted, NUL and lone surrogates included;
- ANSI sequences, control, bidi and zero-width characters inside a secret do not hide it: rules read the text without
  them, and the mask covers them. The payload of OSC and other string sequences is read as well.
Not guaranteed: secrets without a known shape, a telling name or telling words beside them.
"""

import bisect
import hashlib
import html
import re
import threading
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Self

import re2

from knowledge.text import (
    personal_data,
    secret_assignments,
    secret_blocks,
    secret_formats,
    secret_talk,
    secret_transport,
)
from knowledge.text.clean import View, hides_text, matching_view
from knowledge.text.secret_assignments import MARKER
from knowledge.text.secret_formats import GATES, Span
from knowledge.text.secret_values import looks_like_password, looks_random

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_MAX_PASSES: Final = 6  # a text settles in two, seldom three; every pass takes characters away that are no mask
_MAX_LIVE: Final = 128
_MIN_LIVE: Final = 8


@dataclass(frozen=True, slots=True)
class Redacted:
    """Masked text; how many masks were set (repeats included); the kinds of what they hide, sorted."""

    text: str
    count: int
    kinds: tuple[str, ...]


class Session:
    """Numbers secrets for one incident, or one input. Safe to share between threads.

    `state()` holds keyed digests and their numbers, never a secret; the values themselves are kept in memory only, a
    bounded number of them, to find them again where their context is missing.
    """

    def __init__(self, key: bytes = b"", state: Mapping[str, int] | None = None) -> None:
        """`key`: at least 16 bytes if the state is to be stored (else a stored digest could be guessed); else empty."""
        self._key = hashlib.blake2b(key).digest() if len(key) > 64 else key
        self._storable = len(key) >= 16
        self._numbers: dict[str, int] = dict(state or {})
        self._taken: set[int] = set(self._numbers.values())
        self._live: dict[str, int] = {}
        self._lock = threading.Lock()
        self._next = 1

    def state(self) -> dict[str, int]:
        """Return {keyed digest: number}, JSON-ready, for `Session(key, state)`. ValueError without a key of 16 bytes."""
        if not self._storable:
            raise ValueError("a session needs a key of at least 16 bytes before its state may be stored")
        with self._lock:
            return dict(self._numbers)

    def number(self, secret: str) -> int:
        """Return the number of `secret`, a new one if it was not seen before."""
        digest = hashlib.blake2b(secret.encode("utf-8", "surrogatepass"), key=self._key, digest_size=16).hexdigest()
        with self._lock:
            number = self._numbers.get(digest)
            if number is None:
                while self._next in self._taken:
                    self._next += 1
                number = self._numbers[digest] = self._next
                self._taken.add(number)
            return number

    def reserve(self, text: str) -> None:
        """Never give a new secret a number that already stands in `text` as `<secret:N>`."""
        if "<secret:" in text:
            with self._lock:
                self._taken.update(int(marker[0][8:-1]) for marker in MARKER.finditer(text))

    def remember(self, secret: str, number: int) -> None:
        """Keep `secret` in memory, so that `again` finds it without context; plain words are not kept."""
        if len(secret) < _MIN_LIVE or len(self._live) >= _MAX_LIVE or not _is_telling(secret):
            return
        with self._lock:
            for form in {secret, html.escape(secret, quote=False), html.unescape(secret), urllib.parse.unquote(secret)}:
                if len(form) >= _MIN_LIVE and not MARKER.search(form):
                    self._live[form] = number

    def mentioned(self, text: str) -> bool:
        """Tell whether `again` would find anything in `text`."""
        return bool(self._live) and any(secret in text for secret in tuple(self._live))

    def again(self, text: str) -> Iterator[tuple[Span, int]]:
        """Yield where values of this session stand again in `text`, with their numbers."""
        for secret, number in tuple(self._live.items()):
            start = text.find(secret)
            while start >= 0:
                yield (start, start + len(secret), "repeated"), number
                start = text.find(secret, start + len(secret))

    def __getstate__(self) -> object:
        raise TypeError("a Session holds secrets in memory and is not serialised; store its state()")


def _is_telling(secret: str) -> bool:
    if looks_random(secret) or looks_like_password(secret):
        return True
    digits, letters = sum(c.isdigit() for c in secret), sum(c.isalpha() for c in secret)
    return (
        (len(secret) >= 12 and digits >= 1 and letters >= 1 and "/" not in secret)
        or (digits >= 3 and letters >= 3)
        or len(secret) >= 24
    )


_NAMES = r"(?:pass|pwd|secret|token|key|cred|auth|sig|cookie|session|sid|jwt|bearer|pw|psk|salt|pin|otp|hmac|seed|sas|nonce|kennwort|pat)"
_RULES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("assignment", (rf"(?i){_NAMES}[\w.\-]*[\\\"'`\]*]*[ \t\xa0]*(?::|=|%3d)",)),
    ("flag", (rf"(?i)-[\w\-]*{_NAMES}[\w\-]*[ \t]",)),
    ("element", (rf"(?i){_NAMES}[\w.:\-]*>",)),
    ("pair", (r"(?i)value[\\\"']*\s*[:=]",)),
    (
        "told",
        (
            r"(?i)\b(?:pass(?:word|wd|phrase|code)?|pwd|pw|secret|token|key|creds?|credentials?|login|user|account|pin|one|passwort|identified by)s?\b",
            r"`[^`\s]*[!$^~*%&#@?+][^`\s]*`",
        ),
    ),
    ("url", (r":(?:\\?/){2}[^\s/]*[^\s]*(?:@|%40)", r"(?i)%3a%2f%2f", r"[\w.\-]:[^\s:@/]+@[a-zA-Z]", r"thin:")),
    (
        "header",
        (
            r"(?i)(?:bearer|basic|token|apikey|api-key|digest|negotiate|splunk|genie-?key|discordbot|ssws|snyk)(?:[ \t\xa0]|%20|\+)",
        ),
    ),
    ("cookie", (r"(?i)cookies?[\\\"']*[ \t]*[:=]",)),
    (
        "login",
        (
            r"\s(?:-u|--user|--proxy-user|-U|--http-user)",
            r"\s-[paw]",
            r"(?i)(?:password|passwd|account)[ \t]",
            r"pass:",
        ),
    ),
    ("blocks", secret_blocks.OPENERS),
    ("email", (r"[\w.+%\-]@[A-Za-z0-9\-]+\.[\w.\-]*[A-Za-z]",)),
    ("noise", (r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]",)),  # ASCII lines only; others are looked at before
    ("number", (personal_data.NUMBERS, r"(?i)\b(?:card|visa|amex|iban|phone|tel|call)")),
)
_SPANS = {
    "assignment": secret_assignments.assignment_spans,
    "flag": secret_assignments.flag_spans,
    "element": secret_assignments.element_spans,
    "pair": secret_assignments.pair_spans,
    "told": secret_talk.told_spans,
    "url": secret_transport.url_spans,
    "header": secret_transport.header_spans,
    "cookie": secret_transport.cookie_spans,
    "login": secret_transport.login_spans,
    "email": personal_data.email_spans,
    "number": personal_data.number_spans,
}
_OPENING = frozenset({"blocks", "assignment"})
Hits = tuple[list[int], set[str]]
_NO_HITS: Hits = ([], set())
_PERSONAL = frozenset({"email", "number"})
_CONTEXTS = "private_key url_token url_password authorization cookie login flag element pair assignment secret_data block told repeated"
_CONTEXT_KINDS = {kind: rank for rank, kind in enumerate(_CONTEXTS.split())}
"""Kinds that say where a secret stands, the most telling first; a token format, which says what it is, goes before."""


def _automaton(patterns: Iterable[str]) -> re2.Set:
    """Compile shapes into one automaton that says in about half a microsecond a line which of them it holds."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.max_mem = 64 << 20
    shapes = re2.Set.SearchSet(options)
    for index, pattern in enumerate(patterns):
        if shapes.Add(pattern) != index:
            raise ValueError(f"not a pattern that RE2 reads: {pattern}")
    shapes.Compile()
    return shapes


# Two automata: in one, the states of tokens and of rules would multiply on hostile text.
_FORMAT_SHAPES = _automaton(GATES)
_RULE_SHAPES = _automaton(pattern for _, patterns in _RULES for pattern in patterns)
_RULE_OF = tuple(name for name, patterns in _RULES for _ in patterns)


def _hits(text: str) -> Hits:
    """List what stands in `text`: formats by their number, rules by their name."""
    # One byte a character ("?" for what Latin-1 lacks): a narrow automaton, and any str, lone surrogates too.
    encoded = text.encode("latin-1", "replace")
    formats, rules = _FORMAT_SHAPES.Match(encoded), _RULE_SHAPES.Match(encoded)
    if not formats and not rules:
        return _NO_HITS
    return formats or [], {_RULE_OF[rule] for rule in rules or ()}


Found = tuple[Span, str | int]
"""A span and what numbers it: the secret, or a number that is already known."""


class Stream:
    """Masks a raw stream line by line, with the state of secrets that run over several lines.

    Feed it every line, in order, before lines are dropped or cut. `personal=False` leaves e-mail addresses, card,
    account and phone numbers alone. Not for use by several threads at once; its session may be shared.
    """

    def __init__(self, session: Session | None = None, *, personal: bool = True) -> None:
        self._session = session if session is not None else Session()
        self._personal = personal
        self._blocks = secret_blocks.Blocks()
        self.count = 0
        self.kinds: set[str] = set()
        self._settle = True  # repeat until a line stays; `redact` repeats the whole text instead

    @classmethod
    def single_pass(cls, session: Session, *, personal: bool) -> Self:
        """Make a stream for a caller that feeds its output again until nothing changes."""
        stream = cls(session, personal=personal)
        stream._settle = False
        return stream

    def feed(self, line: str) -> str:
        """Return `line` (with or without its newline; several lines too) with its secrets masked."""
        if "\r" in line or line.find("\n", 0, -1) >= 0:
            return "".join(self._feed(part[0]) for part in _LINE.finditer(line) if part[0])
        return self._feed(line)

    def _feed(self, line: str) -> str:
        hits = _hits(line) if line.isascii() else None
        if hits is _NO_HITS and not self._blocks.open and not self._session.mentioned(line):
            return line  # nine of ten lines of an ordinary log end here
        self._session.reserve(line)
        masked = self._masked(line, hits, blocks=True)
        if masked is line or not self._settle:
            return masked
        for _ in range(_MAX_PASSES):
            before, masked = masked, self._masked(masked, None, blocks=False)
            if masked is before:
                break
        return masked

    def _masked(self, raw: str, hits: Hits | None, *, blocks: bool) -> str:
        view = View(raw) if hits is not None and "noise" not in hits[1] else matching_view(raw)
        text = view.text.rstrip("\r\n")
        hits = hits if hits is not None and not view.starts else _hits(text)
        spans = [
            (*view.raw_span(span[0], span[1]), span[2], identity)
            for span, identity in self._found(text, hits, blocks=blocks)
            if span[1] > span[0]
        ]
        if view.starts and hides_text(raw):
            hidden = raw.rstrip("\r\n")
            spans += [(*span, identity) for span, identity in self._found(hidden, _hits(hidden), blocks=False)]
        return self._replace(raw, spans) if spans else raw

    def _found(self, text: str, hits: Hits, *, blocks: bool) -> Iterator[Found]:
        yield from self._session.again(text)
        formats, rules = hits
        if formats:
            yield from ((span, text[span[0] : span[1]]) for span in secret_formats.token_spans(text, formats))
        if blocks and (self._blocks.open or not rules.isdisjoint(_OPENING)):
            yield from self._blocks.spans(text)
        for name in rules & _SPANS.keys():
            if self._personal or name not in _PERSONAL:
                yield from ((span, text[span[0] : span[1]]) for span in _SPANS[name](text))

    def _replace(self, raw: str, spans: Iterable[tuple[int, int, str, str | int]]) -> str:
        pieces, position = [], 0
        for start, end, kind, identity in _merged(raw, spans):
            number = identity if isinstance(identity, int) else self._number(identity, raw[start:end], kind)
            pieces += [raw[position:start], f"<secret:{number}>"]
            position = end
            self.count += 1
            self.kinds.add(kind)
        return "".join((*pieces, raw[position:])) if pieces else raw

    def _number(self, identity: str, content: str, kind: str) -> int:
        number = self._session.number(identity)
        if kind != "repeated":
            self._session.remember(matching_view(content).text, number)
        return number


def _merged(raw: str, spans: Iterable[tuple[int, int, str, str | int]]) -> Iterator[tuple[int, int, str, str | int]]:
    """Unite spans that overlap or touch, never cutting a marker in two; leave out what is a marker already.

    A union that equals one of its parts keeps that part's identity, else its own text numbers it.
    """
    edges = [edge for marker in MARKER.finditer(raw) for edge in marker.span()] if "<secret:" in raw else []
    union: list[tuple[int, int, str, str | int]] = []
    end = -1
    for span in sorted(_snapped(span, edges) for span in spans):
        if union and span[0] > end:
            yield from _united(raw, union, end)
            union = []
        end = max(end, span[1]) if union else span[1]
        union.append(span)
    if union:
        yield from _united(raw, union, end)


def _snapped(span: tuple[int, int, str, str | int], edges: list[int]) -> tuple[int, int, str, str | int]:
    """Widen a span that begins or ends inside a marker (odd places between the sorted edges) to the marker's edges."""
    start, end, kind, identity = span
    before, after = bisect.bisect_right(edges, start), bisect.bisect_left(edges, end)
    start = edges[before - 1] if before % 2 else start
    end = edges[after] if after % 2 else end
    return start, end, kind, identity


def _united(
    raw: str, union: list[tuple[int, int, str, str | int]], end: int
) -> Iterator[tuple[int, int, str, str | int]]:
    start = union[0][0]
    content = raw[start:end]
    if not (MARKER.sub("", content) if "<secret:" in content else content):
        return
    whole = [span for span in union if span[:2] == (start, end)]
    known = next((span[3] for span in whole if isinstance(span[3], int)), None)
    kind = min((span[2] for span in union), key=lambda kind: _CONTEXT_KINDS.get(kind, -1))
    yield start, end, kind, known or (whole[0][3] if whole else matching_view(content).text)


def redact(text: str, session: Session | None = None, *, personal: bool = True) -> Redacted:
    """Mask the secrets of a whole text; see the module for what is guaranteed.

    A value whose context stands only further down is masked above as well. Lines over several of which a secret runs
    are read from the start of `text`: redact raw text, or feed a raw stream to `Stream`, before cutting windows.
    """
    session = session if session is not None else Session()
    session.reserve(text)
    count, kinds = 0, set[str]()
    for _ in range(_MAX_PASSES):
        stream = Stream.single_pass(session, personal=personal)
        masked = stream.feed(text)
        count, kinds = count + stream.count, kinds | stream.kinds
        if masked == text:
            break
        text = masked
    return Redacted(text, count, tuple(sorted(kinds)))
