"""What is certainly wrong in a manifest, and the same line with it put right.

Each rule gives a mend only where there is one way to put it right. A line that stood the same in the last good version is not
what broke it, and a line that holds a mask is left alone.
"""

import re
from collections.abc import Iterator

from bot.domain.errors import Unreadable
from bot.domain.values import value
from bot.remedy.manifests.known import (
    API_VERSIONS,
    BOOLEANS,
    INTEGERS,
    QUANTITIES,
    QUANTITY_PLACES,
    SAME_SHAPE,
    TEXT_MAPS,
    WORKLOADS,
    fields_at,
)
from bot.remedy.manifests.scan import Entry, entries
from bot.remedy.quantity import parse

MASK = "<secret:"
MAX_MENDS = 5

_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,11})")
_NUMBER = re.compile(r"[-+]?(?:[0-9]{1,15}(?:\.[0-9]{0,15})?|\.[0-9]{1,15})(?:[eE][-+]?[0-9]{1,3})?")
_TRUTHS = frozenset({"true", "false", "yes", "no", "on", "off"})
_AMOUNT = re.compile(r"(?P<number>[0-9]{1,15}(?:[.,][0-9]{1,6})?)[ \t]{0,3}(?P<unit>[A-Za-z]{0,3}(?:[ \t][A-Za-z])?)")
_UNITS = {
    **{f"{letter}{rest}": f"{letter.upper()}i" for letter in "kKmMgGtTpP" for rest in ("ib", "iB", "IB", "I")},
    **{f"{letter}i": f"{letter.upper()}i" for letter in "mgtpk"},
    **{f"{letter}b": f"{letter.upper()}" for letter in "MGTP"},
    **{f"{letter}B": f"{letter.upper()}" for letter in "MGTPmgtp"},
    **{f"{letter} i": f"{letter}i" for letter in "KMGTP"},
    "KB": "k",
    "kB": "k",
    "Kb": "k",
    "K": "Ki",
    "g": "G",
}
_ONE_OFF = re.compile(r"[KMGTP][a-hj-z]")


@value
class Mend:
    """One line put right. `why` is a sentence of ours with names from closed lists only."""

    line: int
    old: str
    new: str
    why: str


def mends(lines: tuple[str, ...], good: tuple[str, ...]) -> tuple[Mend, ...]:
    """Return the mends of a manifest, one a line, in order; `good` is its last good version (empty: none is known).

    More than five are none: whatever made so many was no slip.
    """
    before = set(good)
    tabs = tuple(_tabs(lines))
    found: dict[int, Mend] = {mend.line: mend for mend in tabs}
    if not tabs:
        for mend in _in_entries(lines):
            found.setdefault(mend.line, mend)
    kept = [each for each in found.values() if each.old not in before and MASK not in each.old]
    return tuple(sorted(kept, key=lambda each: each.line)) if len(kept) <= MAX_MENDS else ()


def _tabs(lines: tuple[str, ...]) -> Iterator[Mend]:
    """YAML allows no tab in the indentation: each becomes two spaces, if the line then stands at its neighbour's column."""
    for number, line in enumerate(lines, 1):
        indentation = line[: len(line) - len(line.lstrip(" \t"))]
        if "\t" not in indentation or not line.strip():
            continue
        new = indentation.replace("\t", "  ") + line.lstrip(" \t")
        wide = len(new) - len(new.lstrip())
        if wide in _neighbours(lines, number):
            yield Mend(line=number, old=line, new=new, why="YAML allows no tab in the indentation")


def _neighbours(lines: tuple[str, ...], number: int) -> set[int]:
    """Return the columns at which the line may stand, by the lines before and after it that have no tab."""
    found: set[int] = set()
    for each in (*reversed(lines[max(0, number - 6) : number - 1]), *lines[number : number + 5]):
        body = each.lstrip(" ")
        if body and body[0] != "\t":
            wide = len(each) - len(body)
            found |= {wide, wide + 2} if each.rstrip().endswith(":") or body.startswith("- ") else {wide}
    return found


def _in_entries(lines: tuple[str, ...]) -> Iterator[Mend]:
    found = entries(lines)
    for number in sorted({each.document for each in found}):
        document = [each for each in found if each.document == number]
        top = {each.key: each for each in document if not each.path}
        kind = top["kind"].bare if "kind" in top else ""
        version = top["apiVersion"].bare if "apiVersion" in top else ""
        yield from _identity(lines, top, kind, version)
        if kind not in API_VERSIONS:
            continue
        for entry in document:
            for rule in (_typed, _texts, _amounts):
                mend = rule(lines, entry, kind)
                if mend:
                    yield mend
        yield from _fields(lines, document, kind)


def _identity(lines: tuple[str, ...], top: dict[str, Entry], kind: str, version: str) -> Iterator[Mend]:
    """The version of a known kind, and a kind that is one slip from the only known one of its version."""
    right = API_VERSIONS.get(kind, "")
    if right and version != right and version in SAME_SHAPE.get(kind, frozenset()):
        yield _spliced(lines, top["apiVersion"], right, f"{kind} has apiVersion {right}")
    if not kind or right or not top["kind"].is_plain:
        return
    near = [each for each, home in API_VERSIONS.items() if home == version and one_slip(kind, each)]
    if len(near) == 1:
        yield _spliced(lines, top["kind"], near[0], f"the kind is called {near[0]}")


def _typed(lines: tuple[str, ...], entry: Entry, kind: str) -> Mend | None:
    """A whole number or a truth value that is written in quotes."""
    in_text = any(entry.below(*place) for place in TEXT_MAPS) or entry.below("data") or entry.below("stringData")
    if not entry.quote or in_text or not entry.path or kind in {"ConfigMap", "Secret"}:
        return None
    port = entry.key == "port" and kind == "Service" and entry.below("spec", "ports")
    if (entry.key in INTEGERS or port) and _WHOLE.fullmatch(entry.bare):
        return _spliced(lines, entry, entry.bare, f"{entry.key} is a number, not text", bare=True)
    if entry.key in BOOLEANS and entry.bare.lower() in {"true", "false"}:
        return _spliced(lines, entry, entry.bare.lower(), f"{entry.key} is true or false, not text", bare=True)
    return None


def _texts(lines: tuple[str, ...], entry: Entry, kind: str) -> Mend | None:
    """A number or truth value where Kubernetes takes text only: labels, annotations, environment, ConfigMap data."""
    env = entry.key == "value" and entry.below("env") and kind in WORKLOADS
    data = kind in {"ConfigMap", "Secret"} and entry.path in (("data",), ("stringData",))
    if not (env or data or any(entry.below(*place) for place in TEXT_MAPS)) or entry.quote or not entry.is_plain:
        return None
    if _NUMBER.fullmatch(entry.text) or entry.text.lower() in _TRUTHS:
        return _spliced(lines, entry, f'"{entry.text}"', "the value here is text, so it stands in quotes", bare=True)
    return None


def _amounts(lines: tuple[str, ...], entry: Entry, kind: str) -> Mend | None:
    """A quantity with a unit that Kubernetes does not have."""
    if kind not in WORKLOADS or entry.key not in QUANTITIES or not entry.is_plain:
        return None
    if not any(entry.below(*place) for place in QUANTITY_PLACES):
        return None
    right = quantity_of(entry.bare, entry.key)
    return _spliced(lines, entry, right, f"{right} is how Kubernetes writes the amount") if right else None


def quantity_of(text: str, resource: str) -> str:
    """Return the quantity that a wrongly written one certainly means, or the empty string (for a right one too).

    `MB` is Kubernetes' `M` and `MiB` its `Mi`; a unit that is one letter from `Mi` (`Mx`) is that.
    """
    try:
        parse(text)
    except Unreadable:
        pass
    else:
        return ""
    found = _AMOUNT.fullmatch(text)
    if found is None:
        return ""
    number, unit = found["number"].replace(",", "."), found["unit"]
    if resource == "cpu":
        right = number + ("m" if unit in {"M", "m"} else "") if unit in {"", "m", "M"} else ""
    elif unit in _UNITS:
        right = number + _UNITS[unit]
    elif _ONE_OFF.fullmatch(unit):
        right = f"{number}{unit[0]}i"
    else:
        right = number + unit
    try:
        parse(right)
    except Unreadable:
        return ""
    return right


def _fields(lines: tuple[str, ...], document: list[Entry], kind: str) -> Iterator[Mend]:
    """A field that is not known where it stands, and that is one slip from the only known one."""
    beside: dict[tuple[str, ...], set[str]] = {}
    for entry in document:
        beside.setdefault(entry.path, set()).add(entry.key)
    for entry in document:
        keys = tuple(part for part in entry.path if not part.startswith("["))
        known = fields_at(kind, keys)
        if not known or entry.key in known:
            continue
        near = [each for each in known if one_slip(entry.key, each)]
        line = lines[entry.line - 1]
        if len(near) == 1 and near[0] not in beside[entry.path] and line.startswith(entry.key, entry.key_column):
            new = line[: entry.key_column] + near[0] + line[entry.key_column + len(entry.key) :]
            yield Mend(line=entry.line, old=line, new=new, why=f"the field is called {near[0]}")


def one_slip(wrong: str, right: str) -> bool:
    """Return whether one letter more, less, other, two swapped, or the case is all that tells the two apart."""
    if wrong == right or min(len(wrong), len(right)) < 3:
        return False
    if wrong.lower() == right.lower():
        return True
    if len(wrong) == len(right):
        other = [n for n, (a, b) in enumerate(zip(wrong, right, strict=True)) if a != b]
        swapped = len(other) == 2 and other[1] == other[0] + 1 and wrong[other[0]] == right[other[1]]
        return len(other) == 1 or (swapped and wrong[other[1]] == right[other[0]])
    short, long = sorted((wrong, right), key=len)
    return len(long) - len(short) == 1 and any(long[:n] + long[n + 1 :] == short for n in range(len(long)))


def _spliced(lines: tuple[str, ...], entry: Entry, new: str, why: str, bare: bool = False) -> Mend:
    """Return the entry's line with another value, in the quotes it had; everything else in the line stays."""
    return Mend(line=entry.line, old=lines[entry.line - 1], new=spliced(lines, entry, new, bare), why=why)


def spliced(lines: tuple[str, ...], entry: Entry, new: str, bare: bool = False) -> str:
    """Return the entry's line with another value. `bare`: `new` is put as it is, else in the quotes of the old value."""
    line = lines[entry.line - 1]
    put = new if bare else f"{entry.quote}{new}{entry.quote}"
    return line[: entry.column] + put + line[entry.column + len(entry.text) :]
