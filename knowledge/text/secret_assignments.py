"""Secrets that their name gives away: `password=x`, `"token": "x"`, `--api-key x`, `<secret>x</secret>`.

Every function takes one line (no newline inside) and yields spans; time is linear in the line.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from knowledge.text.secret_formats import Span
from knowledge.text.secret_values import (
    Promise,
    is_measure,
    is_plain,
    looks_like_password,
    looks_mixed,
    looks_random,
    promise_of,
)

MARKER = re.compile(r"<secret:[0-9]{1,9}>")
"""What a masked secret reads as."""

SITE = re.compile(
    r"""(?<![\w.\-])([\w.\-]++)(\\{0,3}["'`]?\]?\*{0,2}[ \t\xa0]{0,40}(:=|=>|=(?![=~])|:(?!:)|%3[Dd])(?:\*{1,2}(?!\*))?[ \t\xa0]{0,40})""",
    re.ASCII,
)
_OPEN = re.compile(r"""[bBrRfFuU]{0,2}(\\{0,3}["'`])""")
RUN = re.compile(
    r"""(?=[^\s"'`<>\x00-\x1f]|<secret:[0-9])[^\s"'`<>\x00-\x1f]{0,256}+(?:<secret:[0-9]{1,9}>[^\s"'`<>\x00-\x1f]{0,256}+){0,8}+"""
)
_ONLY_SIGNS = re.compile(r"""[\s"'`,;)}\]*]{0,64}+\Z""")
_CUT = re.compile(
    r"""\\[nrt]|\\u0026|&(?=[\w.\-]{1,60}=)|&amp;(?=[\w.\-]{1,60}=)|&[lg]t;|&quot;|;(?=[\w .\-]{1,60}=|\Z)|,(?=\\?["']?[\w.\-]{1,60}\\?["']?[=:]|\Z)|\|(?=\S)|[)\]}](?=[)\]},;.]*\Z)""",
    re.ASCII,
)
_QUALIFIER = re.compile(
    r"(api|access|private|secret|signing|encryption|master|account|shared|storage|auth|deploy|webhook|client|license|subscription|ssh|bearer|refresh|personal access)[ _-]\Z",
    re.ASCII | re.IGNORECASE,
)
_REST = re.compile(r"""(?:[^\s"'`<>\x00-\x1f]++|<secret:[0-9]{1,9}>)*+""")
_LONG_VALUE = re.compile(r"""[bBrRfFuU]{0,2}[\\"'`]{0,4}[^\s"'`,;<>]{6}""")  # what a weak name needs at least
_VALUE_LIMIT = 8192
_RUN_LIMIT = 250


@dataclass(frozen=True, slots=True)
class Value:
    """A value as it stands in a line: the half-open span inside its quotes, and how it stands there."""

    start: int
    end: int
    quoted: bool
    last: bool  # nothing but punctuation follows on the line


def value_at(text: str, position: int) -> Value | None:
    """Read the value that begins at `position`: inside quotes of any escape depth, else up to blank or delimiter."""
    opened = _OPEN.match(text, position)
    if opened:
        start, quote = opened.end(), opened[1]
        end = _closing(text, quote, start)
        if end >= 0:
            last = _ONLY_SIGNS.match(text, end + len(quote)) is not None
            return Value(start, end, quoted=True, last=last) if end > start else None
        position = start
    run = RUN.match(text, position)
    if not run:
        return None
    end = trimmed(text, run.start(), run.end())
    last = _ONLY_SIGNS.match(text, run.end()) is not None
    return Value(position, end, quoted=False, last=last) if end > position else None


def whole(text: str, start: int, end: int) -> int:
    """Return where a secret really ends of which `RUN` read only the first part, because it is very long."""
    if end - start < _RUN_LIMIT:
        return end
    rest = _REST.match(text, end)
    return trimmed(text, end, rest.end()) if rest and rest.end() > end else end


def _closing(text: str, quote: str, start: int) -> int:
    limit, position = start + _VALUE_LIMIT, start
    while True:
        end = text.find(quote, position, limit)
        if end < 0 or len(quote) > 1 or quote == "`":
            return end
        before = end
        while before > start and text[before - 1] == "\\":
            before -= 1
        if (end - before) % 2 == 0:
            return end
        position = end + 1


def trimmed(text: str, start: int, end: int) -> int:
    """Return where the unquoted value text[start:end] ends: before a delimiter that begins something else."""
    cut = _CUT.search(text, start, end)
    while cut and cut.start() == start and start < end:  # a value may begin with such a sign
        start += 1
        cut = _CUT.search(text, start, end)
    if cut:
        end = cut.start()
    return start + len(text[start:end].rstrip(",;*|\\"))


def assignment_spans(text: str) -> Iterator[Span]:
    """Yield the values of names that promise a secret: `name=value`, `name: value`, JSON, YAML, TOML, `:=`, `=>`."""
    site = SITE.search(text)
    while site:
        following = site.end()
        promise = _promise(text, site)
        if promise is not Promise.NONE:
            value = value_at(text, site.end())
            if value and _is_secret(text, site, value, promise):
                following = value.end if value.quoted else whole(text, value.start, value.end)
                yield value.start, following, "assignment"
        site = SITE.search(text, following)


def _promise(text: str, site: re.Match[str]) -> Promise:
    name = site[1]
    promise = promise_of(name if len(name) <= 96 else name[-96:])
    if promise is not Promise.WEAK:
        return promise
    before = text[max(0, site.start() - 20) : site.start()]
    if before.endswith((" ", "_", "-")) and _QUALIFIER.search(before):
        return Promise.STRONG
    return Promise.WEAK if _LONG_VALUE.match(text, site.end()) else Promise.NONE


def _is_secret(text: str, site: re.Match[str], value: Value, promise: Promise) -> bool:
    content = text[value.start : value.end]
    bare = MARKER.sub("", content)
    if not bare.strip("\"'`,;.*\\ "):
        return False
    if is_plain(content) or text.rfind("arn:", max(0, site.start() - 100), site.start()) >= 0:
        return False
    if promise is Promise.WEAK:
        return _is_weak_secret(site[1], content)
    if len(bare) != len(content):
        return True
    spaced_colon = site[3] == ":" and site[2][-1] in " \t\xa0"
    return _is_strong_secret(site[1].lower(), content, value, prose=spaced_colon and not value.quoted)


def _is_weak_secret(name: str, content: str) -> bool:
    if " " in content or MARKER.search(content) or (name[-6:].lower() == "cookie" and "=" in content):
        return False
    if name.lower() in {"key", "session", "nonce", "seed", "salt"}:
        return is_generated(content)
    if name in {"pass", "pw"} and looks_mixed(content):
        return True
    return looks_random(content) or looks_like_password(content)


def _is_strong_secret(name: str, content: str, value: Value, *, prose: bool) -> bool:
    if "pass" not in name and "pwd" not in name and is_measure(content) and len(content) < 20:
        return False
    if content.isdigit():
        return len(content) >= 4
    if " " in content and value.quoted:
        return not _is_sentence(content)
    if not prose:
        return len(content) >= 3
    if value.last:
        return len(content) >= 4 and not is_measure(content)
    return looks_mixed(content) and not is_measure(content)


def _is_sentence(content: str) -> bool:
    """Tell quoted prose (`"token": "must not be empty"`) from a pass phrase."""
    words = content.split()
    return len(words) > 2 and sum(is_plain(word) for word in words) * 3 >= len(words)


_GENERATED = re.compile(r"[A-Za-z0-9+/]{20,512}={0,2}", re.ASCII)


def is_generated(content: str) -> bool:
    """Tell random base64 or base62 in both cases: neither a hash nor a cache key (`node-cache-Linux-x64-2f29e6d6`)."""
    mixed_case = content.lower() != content != content.upper()
    return mixed_case and _GENERATED.fullmatch(content) is not None and looks_random(content)


_FLAG = re.compile(r"""(?<![\w\-])--?([A-Za-z][\w.\-]{1,60})[ \t]{1,8}(?![-=|&<>])""", re.ASCII)
_ELEMENT = re.compile(r"""<([A-Za-z][\w.:\-]{1,60})>([^<>\s]{1,1024})</""", re.ASCII)
_PAIR = re.compile(
    r"""(?<![\w\-])(?:name|key)\\{0,3}["']?\s{0,4}[:=]\s{0,4}\\{0,3}["']?([\w.\-]{2,100})\\{0,3}["']?\s{0,4},?\s{0,4}\\{0,3}["']?value\\{0,3}["']?\s{0,4}[:=]\s{0,4}""",
    re.ASCII | re.IGNORECASE,
)


def flag_spans(text: str) -> Iterator[Span]:
    """Yield the values of command line flags (`--password x`) whose name promises a secret."""
    for flag in _FLAG.finditer(text):
        if promise_of(flag[1]) is Promise.STRONG:
            value = value_at(text, flag.end())
            if value and _is_flag_value(text, value):
                yield value.start, value.end, "flag"


def _is_flag_value(text: str, value: Value) -> bool:
    content = text[value.start : value.end]
    if len(content) < 3 or is_plain(content) or not MARKER.sub("", content):
        return False
    return value.quoted or not content.isalpha() or not _WORDS_FOLLOW.match(text, value.end)


_WORDS_FOLLOW = re.compile(r"[ ,][a-z']{1,20}[ ,.][A-Za-z]", re.ASCII)  # "Using --password via the CLI is insecure"


def element_spans(text: str) -> Iterator[Span]:
    """Yield the contents of XML elements whose name promises a secret (Maven's `<password>`)."""
    for element in _ELEMENT.finditer(text):
        if promise_of(element[1]) is Promise.STRONG and not is_plain(element[2]):
            yield element.start(2), element.end(2), "element"


def pair_spans(text: str) -> Iterator[Span]:
    """Yield the values of name/value pairs on one line (`{"name": "DB_PASSWORD", "value": "x"}`, `<add key= value=/>`)."""
    for pair in _PAIR.finditer(text):
        if promise_of(pair[1]) is Promise.STRONG:
            value = value_at(text, pair.end())
            if value and not is_plain(text[value.start : value.end]):
                yield value.start, value.end, "pair"
