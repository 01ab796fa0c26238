"""Secrets that people tell each other in a sentence, where no syntax marks them.

Works on one line (no newline inside) in time linear in it; knows English and a word of German, Spanish and French.
"""

import re
from collections.abc import Iterator

from knowledge.text.secret_assignments import MARKER, RUN, is_generated, trimmed, whole
from knowledge.text.secret_formats import Span
from knowledge.text.secret_values import is_plain, is_uuid, looks_like_password, looks_mixed, looks_random

_BEFORE_IS = r"(?:password|passwd|pwd|pw|passphrase|passcode|secret|token|(?:api|access|secret|private|signing)[ _-]?key|key|(?:new|old|current) one|pin|cred(?:ential)?s?|login)"
_SAID = re.compile(
    rf"""(?<![\w/.<\-])(?:{_BEFORE_IS})\b["'`*]{{0,2}}(?:[^"'`:=\n]{{0,48}}?\b(?:is|was|are|now|to|into|called)\b|(?:[ ](?:for|of|on|in|at)[ ][^"'`:=\n]{{1,40}}?)?[ ]?(?:[:=]|->|\u2192))[ :]{{0,3}}(?:(?:now|still|just)[ ]){{0,2}}["'`*_]{{0,3}}""",
    re.ASCII | re.IGNORECASE,
)
_TICKED = re.compile(r"`([^`\s]{8,64})`")
_TALK = re.compile(
    r"(?<![\w/<-])(?:password|passwd|pwd|pw|passphrase|secret|token|key|creds?|credentials?|login|user|account|passcode)s?(?![\w/-])",
    re.ASCII | re.IGNORECASE,
)
_PUBLIC = re.compile(
    r"(?i)\b(?:public|fingerprint|host key|digest|checksum|integrity|cache|commit|etag|trace|request id|correlation)\b"
)
_CANDIDATE = re.compile(r"""(?<![^\s"'`(*<>|=])[^\s"'`()<>|,]{8,256}+""")


def told_spans(text: str) -> Iterator[Span]:
    """Yield secrets told in a sentence: `the token is x`, `new login: deployer / x`, a password in backticks.

    After "is" or a colon any mixed value counts; elsewhere in a line that speaks of credentials only what looks random
    in both cases and digits, or like a password. Lines about public keys, digests and commits are left alone.
    """
    said = _SAID.search(text)
    while said:
        content = _word_at(text, said.end())
        if content and _is_told(content, said[0]):
            yield said.end(), whole(text, said.end(), said.end() + len(content)), "told"
        said = _SAID.search(text, said.end() + len(content))
    for direct in _DIRECT.finditer(text):
        content = _word_at(text, direct.end())
        if content and _is_direct(content, direct):
            yield direct.end(), whole(text, direct.end(), direct.end() + len(content)), "told"
    if _TALK.search(text):
        yield from _beside_talk(text)
    elif "`" in text:
        for ticked in _TICKED.finditer(text):
            if looks_like_password(ticked[1]):
                yield ticked.start(1), ticked.end(1), "told"


def _beside_talk(text: str) -> Iterator[Span]:
    """Yield what looks like a secret on its own, in a line that speaks of credentials."""
    for pair in _LOGIN_PAIR.finditer(text):
        if looks_mixed(pair[1]) and not is_plain(pair[1]):
            yield pair.start(1), pair.end(1), "told"
    public: bool | None = None
    for found in _CANDIDATE.finditer(text):
        word = found[0].rstrip(".,:;?)*_]}")
        named = word.rfind("=", 0, len(word.rstrip("="))) + 1  # `sid=value`, but not the padding of base64
        word, start = word[named:], found.start() + named
        if _is_key_like(word):
            public = _PUBLIC.search(text) is not None if public is None else public
            if not public:
                yield start, whole(text, start, start + len(word)), "told"
            continue
        last = word.rfind(":") + 1  # `admin:password`
        if looks_like_password(word[last:]):
            yield start + last, start + len(word), "told"


def _word_at(text: str, position: int) -> str:
    """Read the word at `position`, without the sentence's punctuation; inside quotes all of it."""
    run = RUN.match(text, position)
    if not run:
        return ""
    if position and text[position - 1] in "`'\"" and text[run.end() : run.end() + 1] == text[position - 1]:
        return run[0]
    return text[position : trimmed(text, position, run.end())].rstrip(".,:;?)")


def _is_told(content: str, lead: str) -> bool:
    if (
        len(content) < 6
        or _PUBLIC.search(lead)
        or is_plain(content)
        or _ACCOUNT.search(content)
        or _is_resource(content, lead)
    ):
        return False
    if lead[:3].lower() == "key" and " one " not in lead:
        return is_generated(content)
    about_password = lead[:1] in "pP" and lead[:3].lower() != "pin"
    if about_password and lead[-1:] in "`'\"":
        return True
    if len(content) < 8 and not about_password:
        return False
    return looks_random(content) or (looks_mixed(content) and any(c.isdigit() for c in content))


_LOGIN_PAIR = re.compile(r"""(?<![\w/.@-])[\w.@-]{2,40}[ ]{1,2}/[ ]{1,2}["'`]([^\s"'`]{6,64})["'`]""", re.ASCII)
_DIRECT = re.compile(
    r"""(?<![\w/.<\-])(?:(password|passwd|pwd|pw|passphrase|passwort|identified by)|token|secret(?:[ ]key)?|(?:api|access|private|signing)[ _-]?key)[ ]{1,4}(?:(?:ist|est|es)[ ])?["'`*_]{0,3}""",
    re.ASCII | re.IGNORECASE,
)


def _is_direct(content: str, lead: re.Match[str]) -> bool:
    """Judge what follows its noun without a verb: `the token 4f1c...`, `WITH PASSWORD 'x'`, ``new password `x` ``."""
    if len(content) < 4 or is_plain(content) or not MARKER.sub("", content):
        return False
    if lead[1] is None:
        return looks_random(content) or is_uuid(content)
    if lead[0][-1] in "'`":
        return (len(content) >= 6 and not _NAME.fullmatch(content)) or looks_mixed(content)
    return (
        looks_like_password(content)
        or looks_random(content)
        or (len(content) >= 12 and looks_mixed(content) and "-" in content)
    )


_NAME = re.compile(
    r"[a-z]+(?:[_.-][a-z]+)+|[A-Z_]+|[a-z]+[A-Z][A-Za-z]*", re.ASCII
)  # password 'user_password': a field
_ACCOUNT = re.compile(r"@[A-Za-z0-9-]{1,63}\.[A-Za-z]", re.ASCII)
_RESOURCE = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*\Z", re.ASCII)


def _is_resource(content: str, lead: str) -> bool:
    """Tell a resource's name (`secret is called db-creds-v2`) from a pass phrase of words."""
    called = re.search(r"(?i)\b(?:called|named|name)\b|\bin\b|\bfrom\b", lead) is not None
    return called and _RESOURCE.match(content) is not None


_KEY_LIKE = re.compile(r"[\w+/=~.-]{20,256}", re.ASCII)

_PARTS = re.compile(r"[-_.~]")


def _is_key_like(word: str) -> bool:
    if len(word) < 20 or not _KEY_LIKE.fullmatch(word) or word.lower() == word or word.upper() == word:
        return False
    words = sum(len(part) > 2 and part.isalpha() for part in _PARTS.split(word))
    return words < 3 and looks_random(word) and not is_plain(word)  # else a cache key or the name of a build
