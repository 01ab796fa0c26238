"""Judging names and values: which names promise a secret, which values can be one.

Pure word knowledge without positions; `secret_context` applies it to lines.
"""

import itertools
import re
from enum import IntEnum
from functools import lru_cache


class Promise(IntEnum):
    """What a name says about its value."""

    NONE = 0  # nothing: `token_count`, `secretName`, `cache_key`
    WEAK = 1  # a secret if the value looks random: `auth`, `sig`, `key`
    STRONG = 2  # a secret unless the value is plainly none: `password`, `client_secret`


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_NAME_LIMIT = 96


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_STRONG_LAST = _words(
    "password passwd passphrase passcode pwd pswd passwort kennwort secret token apikey accesskey secretkey privatekey authkey"
)
_STRONG_ENDINGS = (
    *sorted(_STRONG_LAST - {"pwd"}),
    "pwd",
    "dbpass",
    "userpass",
    "mypass",
    "keypass",
    "storepass",
    "rootpass",
    "sshpass",
)
_STRONG_KEYS = _words(
    "api access private secret signing sign encryption encrypt decryption master account shared storage service auth deploy ssh gpg pgp "
    "webhook subscription app application functions function session license tls ssl client crypto hmac jwt aes cipher root admin upload "
    "keystore signature consumer fernet cookie wep wpa psk registration authorization primary_access secondary_access bot publish"
)
_STRONG_PASS = _words(
    "db database user admin root mysql pg postgres redis smtp mail ftp ldap store key ssh login bind my http proxy wifi sudo mongo rabbitmq"
)
_WEAK_LAST = _words(
    "auth authorization authentication credential credentials cred creds sig signature session sessionid sid cookie salt pin otp totp hmac "
    "jwt bearer pass pw psk key seed mnemonic sas dsn nonce csrf xsrf pat"
)
_NEUTRAL = _words(
    "data value val b64 base64 base encoded enc plain plaintext cleartext raw hex str string text prod production prd dev staging stage stg "
    "test testing live old new current previous prev primary secondary default env var arg param input literal fixed here"
)
_NOT_BEFORE_TOKEN = _words(
    "eos bos pad unk sep cls mask stop start end special unexpected invalid expected next prev previous continue continuation page pagination "
    "cursor max min num count per first last current_page sync resume cancellation bad unknown illegal syntax each idempotency"
)
_NOT_BEFORE_SECRET = _words(
    "pull existing tls cert certificate image kubernetes k8s ca from volume ingress sealed external"
)
_NOT_BEFORE_KEY = _words("public pub")
_QUESTIONS = _words(
    "has have is use uses require requires required no allow enable enabled disable show forgot reset change validate verify missing invalid "
    "need needs skip check with without persist mask hide"
)


@lru_cache(maxsize=4096)
def promise_of(name: str) -> Promise:
    """Say what a field name (`DB_PASSWORD`, `spring.mail.password`, `X-Api-Key`, `apiKey`) promises of its value."""
    words = [word.lower() for word in _WORD.findall(name[-_NAME_LIMIT:])]
    while words and (words[-1] in _NEUTRAL or words[-1].isdigit()):
        words.pop()
    if not words:
        return Promise.NONE
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    found = _promise_of_last(last, before)
    if found is Promise.STRONG and words[0] in _QUESTIONS and len(words) > 1:
        return Promise.WEAK
    return found


def _promise_of_last(last: str, before: str) -> Promise:
    if last == "key":
        if before in _NOT_BEFORE_KEY:
            return Promise.NONE
        return Promise.STRONG if before in _STRONG_KEYS else Promise.WEAK if not before else Promise.NONE
    if last == "pass":
        return Promise.STRONG if before in _STRONG_PASS else Promise.WEAK
    if (last == "token" and before in _NOT_BEFORE_TOKEN) or (last == "secret" and before in _NOT_BEFORE_SECRET):
        return Promise.NONE
    if last in _STRONG_LAST or last.endswith(_STRONG_ENDINGS):
        return Promise.STRONG
    return Promise.WEAK if last in _WEAK_LAST else Promise.NONE


_PLACEHOLDER = re.compile(
    r"""\$\{|\$\(|\$\[|\{\{|\{%|%\{|<%|\$\$|\[\w[\w -]{0,40}\]\Z|__\w{1,60}__\Z|@[\w.-]{1,60}@\Z|%\w{1,60}%\Z|\$(?:env:)?[A-Za-z_]\w{0,80}\Z
    |!(?:Ref|Sub|GetAtt|vault|env|secret)\b|ENC\[|\#\{|\(sensitive|\(known[ ]after|\(redacted|\(hidden|\(none\)|\(null\)|\(set\)|\(unset\)|<[^<>]{0,80}>\Z
    |(?i:<?(?:your|my|the|some|insert|enter|put|replace|add|change|redacted|masked|filtered|hidden|removed|placeholder|dummy|sample|example|fake
        |todo|tbd|fixme|xxx|changeit|default)(?:[\W_]|me\b|d?\Z))
    |(?i:x-oauth-basic|x-access-token|x-token-auth|oauth2|__token__|redacted|changeme|secret_here|token_here)\Z
    |&lt;[^&]{0,80}&gt;\Z""",
    re.VERBOSE | re.ASCII,
)
_EXAMPLE = re.compile(
    r"EXAMPLE(?:KEY|TOKEN|SECRET)?\Z|[Xx]{6,}|(?i:[_-](?:here|goes-here|placeholder)\Z)|\*{3}|…|\.\.\.\Z|•{3}"
)


def is_placeholder(value: str) -> bool:
    """Tell a stand-in from a value: `***`, `xxxx`, `${VAR}`, `$(cmd)`, `{{ template }}`, `<your token>`, `changeme`."""
    if len(set(value)) <= 2 or _PLACEHOLDER.match(value):
        return True
    return _EXAMPLE.search(value) is not None


_ORDINARY = _words("""a an and any are as at auth authenticated authorized base64 basic bearer bool boolean be been before being but by byte bytes call called
    cannot char class cleared configured const contains could created deleted denied did digest disabled do does done dynamic eof empty enabled
    encrypted end error exists expected expires expired explicit external fail failed failure false fetch field file for forbidden found from
    generated get given granted has have header hidden if ignored in incorrect inherit inherited input int integer internal invalid is issue it
    key kind kubernetes length let list loaded login lookup malformed manual map masked match may method mismatch missing must name named new
    next nil no none not null number object of off ok on only opaque opt option optional or out parse passed passphrase password pending
    plain present prompt provided read received redacted ref refused rejected removed renewed required reset returned revoked rotated rotation
    same secret secretstr see self sensitive session set should skip skipped str static stored string successful success text that the then
    there this to token tokens true type typed unauthorized undefined unexpected unknown unset unsupported update updated use used user using
    valid validated validation value variable void was were when which will with without write wrong yes you your y n x id was/were identifier
    operator punctuation literal eol newline indent dedent comment number. keyword symbol this. requested refreshed acquired obtained issued
    created. rotates working ready here above below both await new function fn lambda return null! const still also already never always please cached caching default""")
_CODE = re.compile(
    r"[A-Za-z_][\w.:]{0,120}[(\[{]|(?:self|this|process|os|env|config|settings|secrets|vars|var|local|data|module|args|options|props|context|ctx"
    r"|params|request|req|response|res|inputs|steps|github|each|module|credentials|Values)(?:\.|->|\[)[A-Za-z_]|[A-Za-z_]\w{0,60}(?:\.[A-Za-z_]\w{0,60}){1,8}\Z"
    r"|[A-Z][A-Za-z]{0,40}<|[&*]{1,2}(?:str|mut|string|const)|\||[>=~|+*/!?-]{1,3}\Z",
    re.ASCII,
)
_NAME_LIKE = re.compile(
    r"[A-Z_]{4,}_(?:PASSWORD|TOKEN|SECRET|KEY)\Z|[A-Za-z_]{0,60}(?:[Pp]assword|[Tt]oken|[Ss]ecret|[Kk]ey)s?\Z", re.ASCII
)
_PATH = re.compile(
    r"(?:[.~]{0,2}/|[A-Za-z]:[\\/])[\w./\\~@ -]*\Z|[a-z0-9.-]{1,80}(?:/[a-z][a-z0-9._-]{0,80}){1,8}\Z|[\w./-]{1,200}\.(?:ya?ml|json|txt|pem|key|crt|env|toml|conf|cfg|ini|js|ts|py|go|rs|java|rb|sh|html?)(?::\d+)*\Z",
    re.ASCII,
)
_REFERENCE = re.compile(
    r"[A-Za-z][\w.+-]{0,30}://|arn:aws|sha\d{1,3}[:-]|(?i:sha256|md5):|h1:|projects/|vault:|ssh-(?:rsa|ed25519|dss)|ecdsa-|AAAA[BCE]3Nz|data:|LS0tLS1CRUdJTiBDRVJU",
    re.ASCII,
)
_MEASURE = re.compile(
    r"[+-]?\d{1,12}(?:\.\d{1,9})?(?:[a-zA-Zµ%]{1,4})?\Z|v?\d{1,5}(?:\.\d{1,5}){1,4}(?:[.+-][\w.+-]{0,40})?\Z"
    r"|\d{4}-\d\d-\d\d(?:[T ].{0,40})?\Z|\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?Z?\Z|0x[0-9a-fA-F]{1,8}\Z",
    re.ASCII,
)


def is_plain(value: str) -> bool:
    """Tell what is plainly no secret under any name: placeholders, words of the language, code, paths, references."""
    if is_placeholder(value) or value.lower().rstrip(".,:;!?") in _ORDINARY:
        return True
    return bool(_CODE.match(value) or _REFERENCE.match(value) or is_path(value) or _NAME_LIKE.match(value))


def is_path(value: str) -> bool:
    if "/" not in value:
        return _FILE.match(value) is not None
    return _PATH.match(value) is not None and not looks_random(value.strip("/"))


_FILE = re.compile(
    r"[\w-]{1,100}\.(?:ya?ml|json|txt|pem|key|crt|cer|env|toml|conf|cfg|ini|properties|jks|p12|pfx)\Z", re.ASCII
)


def is_measure(value: str) -> bool:
    """Tell numbers, sizes, versions, dates and times."""
    return _MEASURE.match(value) is not None


def looks_mixed(value: str) -> bool:
    """Tell a value that no sentence would hold: at least 6 characters, letters and digits or a sign inside, no measure."""
    if len(value) < 6 or is_measure(value) or not value.isprintable():
        return False
    letters, digits = any(c.isalpha() for c in value), any(c.isdigit() for c in value)
    return letters and (digits or any(c in "!$^~*%&#@?+" for c in value[1:-1]))


_HEX = re.compile(r"(?=[a-f0-9]{0,64}[a-f])(?=[a-f0-9]{0,64}[0-9])[a-f0-9]{32,256}", re.ASCII)
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)


def is_uuid(value: str) -> bool:
    return _UUID.fullmatch(value) is not None


def looks_random(value: str) -> bool:
    """Tell generated strings: at least 16 characters of letters and digits that change their kind often, or long hex.

    In random base62 neighbours differ in kind (upper, lower, digit) 62 % of the time, in CamelCase words below 35 %.
    """
    if len(value) < 16:
        return False
    if _HEX.fullmatch(value):
        return True
    kinds = [
        1 if c.islower() else 2 if c.isupper() else 3 if c.isdigit() else 0 for c in value[:256] if c not in "+/=_-"
    ]
    if len(kinds) < 12 or 3 not in kinds:
        return False
    changes = sum(a != b for a, b in itertools.pairwise(kinds)) / (len(kinds) - 1)
    if 1 in kinds and 2 in kinds:
        return changes >= 0.38
    return len(kinds) >= 24 and changes >= 0.3


_SIGNED = re.compile(
    r"(?=[A-Za-z0-9]{0,40}[!$^~*%&#@?+])[A-Za-z0-9]{2,40}(?:[!$^~*%&#@?+]{1,2}[A-Za-z0-9]{1,40}){1,3}[!?$#]?\Z",
    re.ASCII,
)
_SIGNED_BUT_CODE = re.compile(
    r"\w+[~^#]\d+\Z|.*%[0-9A-Fa-f]{2}|.*@[a-z]+\.?[a-z]*\Z|.*[&?]\w+\Z.*=|[\d+*%]+\w?\Z", re.ASCII
)


def looks_like_password(value: str) -> bool:
    """Tell the shape people give passwords: 8 to 64 letters and digits with a sign or two inside (`Rocket$39saffron`)."""
    if not 8 <= len(value) <= 64 or not _SIGNED.match(value) or _SIGNED_BUT_CODE.match(value):
        return False
    return sum(c.isdigit() for c in value) >= 2 and sum(c.isalpha() for c in value) >= 3
