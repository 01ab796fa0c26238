"""Lines of a post without markup: headlines, and the `name: value` pairs that senders write into text and fields.

All patterns are bounded: the text is a stranger's.
"""

import re
from dataclasses import field

from bot.domain.alert import Post
from bot.domain.values import value

HEADLINE = 300
MAX_LINES = 80
_EMOJI = re.compile(r"(?<![\w:]):(?=[a-z0-9_+'-]{0,60}[a-z+])[a-z0-9_+'-]{1,60}:(?::skin-tone-[2-6]:)?(?!\w)")
_SYMBOLS = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf\u2b00-\u2bff\ufe0f\u200d]{1,40}")
_MARKS = re.compile(r"(?<![\w*_~`])[*_~`]{1,3}(?=\S)|(?<=\S)[*_~`]{1,3}(?![\w*_~`])")
_COLUMNS = re.compile(r"[ \u00a0]{2,8}|\s\|\s|\t| · ")
_PAIR = re.compile(r"[-•●▪◦\s]{0,6}([^\W\d_][\w ./()'’-]{0,38}?)\s?(?::\s|：|\s=\s|=(?=\S))\s{0,4}(\S.{0,400})")
_LABEL = re.compile(r"[●•▪◦-]\s{1,3}([A-Za-z_]\w{1,40}) (\S.{0,400})")
_BULLETS = frozenset("●•▪◦-")
_CHANGES = re.compile(
    r"(?:changes|commits?|commit messages?|change ?log|diff|release notes|änderungen|modifications|changements|cambios|"
    r"alterações|mudanças|変更(?:点|内容)?|コミット)\s?[:：]?",
    re.IGNORECASE,
)
RESULT = (
    r"(?:has |have |is |was |did |still )?(?:failed|failing|fails|passed|succeeded|completed|finished|fixed|errored|"
    r"successful|cancell?ed|timed out|broken|ended|recovered|back to normal)\b"
)
"""What a job's name is followed by, for headlines that name it."""


def headline(line: str) -> str:
    """Return a line without emoji, bold, code and quote marks, its spaces collapsed, at most HEADLINE characters."""
    line = line[: HEADLINE * 4]
    if ":" in line:
        line = _EMOJI.sub(" ", line)
    if not line.isascii():
        line = _SYMBOLS.sub(" ", line)
    if "*" in line or "_" in line or "`" in line or "~" in line:
        line = _MARKS.sub("", line)
    line = " ".join(line.split())
    return line.lstrip("*> ")[:HEADLINE]


@value
class Wording:
    """A post as the parsers look at it.

    `headlines`: clean lines in reading order that may say what happened; not those that give a known name's value.
    `details`: values under names that nobody knows, which may be anything.
    `pairs`: what is written as `name: value` in fields or text, names in lower case, the first of a name wins, nothing
    from below a list of changes. `all`: every clean line, for phrases.
    """

    headlines: tuple[str, ...]
    details: tuple[str, ...] = ()
    pairs: dict[str, str] = field(default_factory=dict)
    all: str = ""


def read_wording(post: Post, known: frozenset[str]) -> Wording:
    """Take a post's text apart; `known` are the names (lower case) whose values are no headlines. Bounded."""
    pairs: dict[str, str] = {}
    fields: dict[str, list[str]] = {}
    for each in post.fields:
        said = [headline(line) for line in each.text[:2000].split("\n", 8)[:8]]
        pairs.setdefault(each.title.lower(), next(filter(None, said), ""))
        fields[headline(f"{each.title}: {said[0]}").rstrip(": ")] = [each.title, *said]
    headlines: list[str] = []
    details: list[str] = []
    clean: list[str] = []
    values: set[str] = set()
    in_changes = False
    for raw in post.text.split("\n", MAX_LINES)[:MAX_LINES]:
        line = headline(raw)
        if not line:
            continue
        clean.append(line)
        title, *said = fields.get(line.rstrip(": "), ("",))
        if title:
            values.update(said)
            if title.lower() == post.author.lower():
                headlines.extend(filter(None, said))  # Kubewatch titles its one field with its own name
            elif title.lower() not in known:
                details.extend([said[0], title] if said[0] else [title])
            continue
        in_changes = in_changes or _CHANGES.fullmatch(line) is not None
        named = not in_changes and _pairs_of(raw, pairs, known)
        if line not in values and not named:
            headlines.append(line)
    return Wording(headlines=tuple(headlines), details=tuple(details), pairs=pairs, all="\n".join(clean))


def _pairs_of(raw: str, pairs: dict[str, str], known: frozenset[str]) -> bool:
    """Add the pairs of a line; return whether it gives a known name's value."""
    if ":" not in raw and "=" not in raw and raw.lstrip()[:1] not in _BULLETS:
        return False
    is_known = False
    for part in _COLUMNS.split(raw[:2000].strip(), 12)[:12]:
        text = headline(part)
        found = _PAIR.fullmatch(text) or _LABEL.fullmatch(text)
        if found:
            name = found[1].strip().lower()
            pairs.setdefault(name, found[2].strip())
            is_known = is_known or name in known
    return is_known
