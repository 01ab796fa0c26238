"""Secrets on their way: URLs with credentials, Authorization headers, cookies, logins on the command line, .netrc.

Every function takes one line and yields spans; time is linear in the line.
"""

import base64
import binascii
import re
from collections.abc import Iterator

from knowledge.text.secret_assignments import MARKER, value_at
from knowledge.text.secret_formats import Span, with_limits
from knowledge.text.secret_values import (
    is_measure,
    is_placeholder,
    is_plain,
    looks_like_password,
    looks_mixed,
    looks_random,
)

_SLASHES = re.compile(r":(?:\\?/){2}|%3[Aa]%2[Ff]%2[Ff]")
_AUTHORITY = re.compile(r"""(?:<secret:[0-9]{1,9}>|[^\s"'`<>]){1,1024}+""")
_LATER_HOST = re.compile(r"@[\w-]{1,63}(?:\.[\w-]{1,63}|:\d{1,5}\b)", re.ASCII)
_BARE = re.compile(
    r"(?<![\w./:@-])[\w.-]{1,64}:([^\s:@/\"'`<>]{6,128})@[A-Za-z][\w-]{0,62}(?:\.[\w-]{1,62}){1,6}", re.ASCII
)
_ORACLE = re.compile(r"thin:[^\s/@]{1,64}/([^\s@]{1,128})@", re.ASCII)


def url_spans(text: str) -> Iterator[Span]:
    """Yield passwords (and tokens that stand for a user) in `scheme://user:password@host`, percent-encoded URLs too."""
    for slashes, limit in with_limits(_SLASHES, text):
        run = _AUTHORITY.match(text, slashes.end(), limit)
        if run:
            yield from _userinfo(run[0], run.start(), encoded=slashes[0][0] == "%")
    for found in (*_BARE.finditer(text), *_ORACLE.finditer(text)):
        if not is_plain(found[1]) and (found.re is _ORACLE or _is_bare_password(found[1])):
            yield found.start(1), found.end(1), "url_password"


def _userinfo(run: str, offset: int, *, encoded: bool) -> Iterator[Span]:
    colon_sign, at_sign = ("%3A", "%40") if encoded else (":", "@")
    run = run.replace("%3a", "%3A") if encoded else run
    authority = re.split(r"%2[Ff]|[?&]" if encoded else r"\\?/|[?#]", run, maxsplit=1)[0]
    at = authority.rfind(at_sign)
    if (
        at >= 0
        and not encoded
        and not re.search(r"[.:\[]|localhost", authority[at:])
        and "/" not in run[: run.find(":")]
    ):
        later = _LATER_HOST.search(run, at + 1)  # `u:p@ss/w0rd@host.example`: what follows the first @ is no host
        at = later.start() if later and ":" in run[:at] else at
    if at < 0:  # a password with an unescaped slash or question mark
        at = run.find(at_sign)
        colon = run.find(colon_sign)
        if (
            at < 0
            or not 0 <= colon < at
            or "/" in run[:colon]
            or re.match(r"\d{1,5}[/?#]", run[colon + 1 :])
            or "," in run[:at]
        ):
            return
        if not re.match(r"[\w\[.-]{3,}", run[at + 1 :]):
            return
    user, colon_found, password = run[:at].partition(colon_sign)
    start = offset + len(user) + len(colon_sign)
    if colon_found and _is_url_password(password):
        yield start, offset + at, "url_password"
    if len(user) >= 16 and looks_random(user) and not is_placeholder(user):
        yield offset, offset + len(user), "url_token"


def _is_url_password(password: str) -> bool:
    if not password or not MARKER.sub("", password) or is_placeholder(password):
        return False
    return not (password.startswith(("$", "{", "%{")) and is_plain(password))


def _is_bare_password(word: str) -> bool:
    return looks_like_password(word) or looks_random(word) or (looks_mixed(word) and word.lower() != word)


_SCHEME = re.compile(
    r"""\b(bearer|basic|token|apikey|api-key|digest|negotiate|splunk|genie-?key|discordbot|ssws|snyk)(?:[ \t\xa0]|%20|\+){1,4}["'`*]{0,2}([A-Za-z0-9._~+/=%:|@!$*-]{6,8192}+)""",
    re.ASCII | re.IGNORECASE,
)
_AUTH_BEFORE = re.compile(
    r"""authori[sz]ation\\{0,3}["'`]?[\]\*]{0,2}\s{0,8}(?:[:=,]|=>)\s{0,8}\\{0,3}["'`\[]{0,2}\Z""", re.IGNORECASE
)
_NO_CREDENTIAL = re.compile(
    r"(?i)(?:realm|error|scope|charset|authorization_uri|resource_metadata|auth|token|username)=|authentication|authorization"
)


def header_spans(text: str) -> Iterator[Span]:
    """Yield the credentials after `Bearer`, `Basic` and their like; in an Authorization header whatever they look like."""
    for found in _SCHEME.finditer(text):
        scheme, value = found[1].lower(), found[2].rstrip(".,:*")
        if _NO_CREDENTIAL.match(value) or is_placeholder(value):
            continue
        told = _AUTH_BEFORE.search(text[max(0, found.start() - 40) : found.start()]) is not None
        if (told and not is_plain(value)) or _is_credential(scheme, value):
            yield found.start(2), found.start(2) + len(value), "authorization"


def _is_credential(scheme: str, value: str) -> bool:
    if is_plain(value) or is_measure(value):
        return False
    if scheme == "basic":
        return _is_user_and_password(value)
    if scheme == "bearer":
        return (
            looks_random(value) or (len(value) >= 12 and looks_mixed(value)) or (len(value) >= 24 and "." not in value)
        )
    return looks_random(value)


def _is_user_and_password(value: str) -> bool:
    if len(value) < 8 or not re.fullmatch(r"[A-Za-z0-9+/_-]+={0,2}", value):
        return False
    try:
        decoded = base64.b64decode(
            value + "=" * (-len(value) % 4), altchars=b"-_" if re.search("[-_]", value) else None
        )
    except (binascii.Error, ValueError):
        return False
    return b":" in decoded and all(31 < byte < 127 for byte in decoded)


_COOKIES = re.compile(r"""(?<![\w])(?:set-)?cookies?\\{0,3}["']?[ \t]{0,8}[:=][ \t]{0,8}\\{0,3}["']?""", re.IGNORECASE)
_COOKIE = re.compile(r"""([\w.!#$%&*+^|~-]{1,128})=\\?"?((?:<secret:[0-9]{1,9}>|[^;,\s"'<>\\]){4,4096}+)""", re.ASCII)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ATTRIBUTES = _words("path domain expires max-age samesite secure httponly priority version comment partitioned")


def cookie_spans(text: str) -> Iterator[Span]:
    """Yield the values of Cookie and Set-Cookie headers, but not the cookies' attributes."""
    for header, limit in with_limits(_COOKIES, text):
        end = limit
        if header[0][-1:] in "\"'":
            closing = text.find(header[0][-1], header.end(), end)
            end = closing if closing >= 0 else end
        end = min(end, header.end() + 8192)
        for cookie in _COOKIE.finditer(text, header.end(), end):
            value = cookie[2]
            if cookie[1].lower() not in _ATTRIBUTES and not is_placeholder(value) and MARKER.sub("", value):
                yield cookie.start(2), cookie.end(2), "cookie"


_CURL = re.compile(
    r"""(?<!\S)(?:-u|--user|--proxy-user|-U|--http-user)[ =]{0,2}\\?["']?([^\s:"'`]{0,128}):((?:<secret:[0-9]{1,9}>|[^\s"'`<>]){1,512}+)""",
    re.ASCII,
)
_SHORT = re.compile(r"""(?<!\S)-([paw])(?:[ =]{1,2}|(?=[^\s=-]))(?=\S)""", re.ASCII)
_PORTS = re.compile(r"[\d.]{0,20}:?\d{1,5}:\d{1,5}(?:/\w{2,4})?", re.ASCII)  # `docker run -p 3306:3306 mysql`
_LOGIN_TOOL = re.compile(
    r"\b(?:docker|podman|helm|buildah|skopeo|crane|oras|nerdctl|az|oc|cosign|regctl|registry|sshpass|jf|cf|argocd)\b",
    re.ASCII,
)
_DATABASE_TOOL = re.compile(
    r"\b(?:mysql\w{0,12}|mariadb\w{0,12}|redis-cli|ldap\w{3,10}|mongo\w{0,10}|sqlcmd|rabbitmqadmin|htpasswd|sshpass)\b",
    re.ASCII,
)
_NETRC = re.compile(
    r"""(?:\blogin[ \t]{1,8}\S{1,128}[ \t]{1,8}|^[ \t]{0,8})(?:password|passwd|account)[ \t]{1,8}(\S{3,256})(?=[ \t]*(?:\Z|machine\b|account\b))""",
    re.ASCII,
)
_PASSIN = re.compile(r"(?<![\w])pass:(\S{3,256})", re.ASCII)


def login_spans(text: str) -> Iterator[Span]:
    """Yield passwords on command lines (`curl -u a:b`, `docker login -p x`, `mysql -px`, `-passin pass:x`) and in .netrc."""
    if "curl" in text or "wget" in text or "http" in text:
        for found in _CURL.finditer(text):
            if (
                not is_placeholder(found[2])
                and not (found[1].isdigit() and found[2].isdigit())
                and MARKER.sub("", found[2])
            ):
                yield found.start(2), found.end(2), "login"
    if (_LOGIN_TOOL.search(text) and ("login" in text or "sshpass" in text)) or _DATABASE_TOOL.search(text):
        for short in _SHORT.finditer(text):
            value = value_at(text, short.end())
            if value and _is_short_value(text[value.start : value.end], short[0]):
                yield value.start, value.end, "login"
    for found in (*_NETRC.finditer(text), *_PASSIN.finditer(text)):
        if not is_plain(found[1]) and MARKER.sub("", found[1]):
            yield found.start(1), found.end(1), "login"


def _is_short_value(value: str, flag: str) -> bool:
    port = (flag[-1] in " =" and value.isdigit() and len(value) <= 5) or _PORTS.fullmatch(value)
    return len(value) >= 3 and not port and not is_plain(value) and bool(MARKER.sub("", value))
