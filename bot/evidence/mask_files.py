"""Files of a repository and rendered manifests, masked line by line: line n stays line n.

Beside what the redactor finds, the values of environment variables, of Helm and Argo CD parameters and of Secret objects
are masked whatever they look like. The files may be broken (that may be why we read them), so nothing is parsed: a
block is what is indented below its key, as in YAML and in JSON that is laid out; one pass, linear in the text.
"""

import re
from collections.abc import Sequence

from bot.domain.values import value
from knowledge.text.redact import Session, Stream

_LINE = re.compile(
    r"(?P<indent>[ \t]*)(?P<dash>(?:- {1,20}){0,10})"
    r"(?P<key>\"[^\"]{1,200}\"|'[^']{1,200}'|[^\s:#\"'{\[-][^\s:#]{0,199}):(?P<rest>.*)$"
)
_ITEM = re.compile(r"[ \t]*- +(?P<name>[\"']?\w{1,200})=(?P<rest>.+)$")
_DOTENV = re.compile(r"\s*(?:export +)?\w{1,200}=(?P<rest>.+)$")
_DOCKER_ENV = re.compile(r"(?i)\s*ENV +\w{1,200}(?:=| +)(?P<rest>.+)$")
_KIND = re.compile(r"\s*(?:- +)?[\"']?kind[\"']?:\s*[\"']?(?P<kind>\w{1,80})")

_ENVIRONMENTS = frozenset({
    "env", "envs", "envvars", "extraenv", "extraenvs", "extraenvvars", "environment", "environmentvariables", "envfrom",
    "literals",
})  # fmt: skip
_PARAMETERS = frozenset({"parameters", "fileparameters", "helmparameters"})
_SECRET_BLOCKS = frozenset({"data", "stringdata"})
_LAST_APPLIED = "last-applied-configuration"
_APPLICATION_BLOCKS = frozenset({"values", "valuesobject"})
_NAMES_IN_ENVIRONMENT = frozenset({
    "name", "key", "optional", "valuefrom", "secretkeyref", "secretref", "configmapkeyref", "configmapref", "fieldref",
    "fieldpath", "resourcefieldref", "resource", "divisor", "containername", "apiversion", "url", "forcestring", "prefix",
})  # fmt: skip
"""Keys inside such a block whose values are names of things, not values of variables."""

_PLAIN = re.compile(
    r"(?:<secret:\d{1,9}>|\$\{\{[^{}]{0,200}\}\}|[|>][+-]?\d?|&\w{1,80}|[{\[]|\{\}|\[\]|\"\"|''|null|~)?\s{0,3},?\s{0,3}(?:#.*)?"
)
_BRACKETS = re.compile(r"[\[\]{},]{0,20}")
"""What may stand as a value: nothing, a mask, a reference to a secret, or the opening of a block."""


@value
class _Block:
    """An open block: how far its key is indented, and whether all of it is values (else only what `value:` holds)."""

    indent: int
    whole: bool


def masked_lines(lines: Sequence[str], path: str, session: Session) -> tuple[str, ...]:
    """Return the file's lines masked, as many as there were. `path` tells what kind of file it is."""
    stream = Stream(session)
    clean = [stream.feed(line).replace("\n", " ") for line in lines]
    for line in clean:
        session.reserve(line)
    name = path.rpartition("/")[2].lower()
    if name.startswith(".env") or name.endswith(".env"):
        return tuple(_after(_DOTENV, line, session) for line in clean)
    if name.startswith("dockerfile") or name.endswith((".dockerfile", "containerfile")):
        return tuple(_after(_DOCKER_ENV, line, session) for line in clean)
    return _structured(clean, session)


def _structured(lines: Sequence[str], session: Session) -> tuple[str, ...]:
    kept: list[str] = []
    at = 0
    while at < len(lines):
        end = next((n for n in range(at + 1, len(lines)) if lines[n].startswith("---")), len(lines))
        document = lines[at:end]
        kinds = {found["kind"] for line in document if (found := _KIND.match(line[:300]))}
        kept += _Document(kinds, session).masked(document)
        at = end
    return tuple(kept)


class _Document:
    """One pass over a document; `kinds` are the kinds of object that it names."""

    def __init__(self, kinds: set[str], session: Session) -> None:
        self._secret = "Secret" in kinds
        self._application = bool(kinds & {"Application", "ApplicationSet", "HelmRelease", "HelmChart"})
        self._session = session
        self._open: list[_Block] = []
        self._scalar = -1
        """Indentation of the key whose masked value goes on in deeper lines; -1: none does."""

    def masked(self, lines: Sequence[str]) -> list[str]:
        return [self._line(line) for line in lines]

    def _line(self, line: str) -> str:
        if not line.strip():
            return line
        indent = len(line) - len(line.lstrip(" \t"))
        if self._scalar >= 0 and indent > self._scalar:
            return line[:indent] + self._placeholder(line[indent:])
        self._scalar = -1
        dashed = line.lstrip(" \t").startswith("-")
        self._open = [b for b in self._open if indent > b.indent or (indent == b.indent and dashed)]
        item = _ITEM.match(line)
        if item and self._open:
            return self._masked_rest(line, item)
        found = _LINE.match(line)
        if found is None or not (found["rest"][:1] in {"", " ", "\t"} or found["key"][0] in "\"'"):
            return self._bare(line, indent)
        return self._pair(line, found)

    def _pair(self, line: str, found: re.Match[str]) -> str:
        """Mask a `key: value` line if its value is one that is never quoted; open the block that its key names."""
        key = found["key"].strip("\"'").lower()
        depth = len(found["indent"]) + len(found["dash"])
        whole = any(block.whole for block in self._open)
        within = bool(self._open)
        if key.endswith(_LAST_APPLIED) or (within and (key == "value" or (whole and key not in _NAMES_IN_ENVIRONMENT))):
            return self._masked_rest(line, found, depth)
        if block := self._opens(key, depth):
            self._open.append(block)
            rest = found["rest"].strip()
            if rest and not _PLAIN.fullmatch(rest):
                if rest[0] in "{[":
                    return self._masked_rest(line, found, depth)
                self._open.pop()
            elif rest.startswith(("|", ">")):
                self._scalar = depth
        return line

    def _opens(self, key: str, depth: int) -> _Block | None:
        if key in _ENVIRONMENTS or (self._secret and key in _SECRET_BLOCKS):
            return _Block(indent=depth, whole=True)
        if self._application and key in _APPLICATION_BLOCKS:
            return _Block(indent=depth, whole=True)
        return _Block(indent=depth, whole=False) if key in _PARAMETERS else None

    def _bare(self, line: str, indent: int) -> str:
        """A line without a key: inside a block of values it is one (a list's item, the rest of a flow), else it stays."""
        text = line[indent:]
        whole = any(block.whole for block in self._open) or (bool(self._open) and "value" in text.lower())
        if not whole or text.startswith(("---", "#")) or _BRACKETS.fullmatch(text.lstrip("- ").rstrip()):
            return line
        bare = text.lstrip("- ")
        return line[: len(line) - len(bare)] + self._placeholder(bare)

    def _masked_rest(self, line: str, found: re.Match[str], depth: int | None = None) -> str:
        rest = found["rest"]
        if _PLAIN.fullmatch(rest.strip()):
            if depth is not None and rest.strip().startswith(("|", ">")):
                self._scalar = depth
            return line
        if depth is not None:
            self._scalar = depth if not rest.rstrip().endswith((",", "{", "[")) else -1
        lead = len(rest) - len(rest.lstrip())
        return line[: found.start("rest") + lead] + self._placeholder(rest.strip())

    def _placeholder(self, text: str) -> str:
        return _placeholder(text, self._session)


def _after(shape: re.Pattern[str], line: str, session: Session) -> str:
    found = shape.match(line)
    if found is None or _PLAIN.fullmatch(found["rest"].strip()):
        return line
    return line[: found.start("rest")] + _placeholder(found["rest"], session)


def _placeholder(text: str, session: Session) -> str:
    """Return the mask of a value; a trailing comma of JSON stays. What is a mask already keeps its number."""
    comma = "," if text.endswith(",") else ""
    bare = text.removesuffix(",").strip()
    known = re.fullmatch(r"[\"']?(<secret:\d{1,9}>)[\"']?", bare)
    return (known[1] if known else f"<secret:{session.number(bare)}>") + comma
