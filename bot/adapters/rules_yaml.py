"""remediation_rules.yaml -> Rules: the shipped file, and a team's own laid over it by id. Every message names file and line."""

import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import yaml

from bot.domain.errors import ConfigError, Unreadable
from bot.remedy.policy import ActionRule, MemoryRule, Rules
from bot.remedy.quantity import parse

MAX_BYTES: Final = 256 * 1024
MAX_DEPTH: Final = 5

PROPOSALS, MEMORY = "proposals", "kubernetes.set_resources"
_DURATION = re.compile(r"(?P<number>[0-9]{1,6})(?P<unit>[smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class _Entry:
    """One rule as it stands in a file: its scalars, and where each stands."""

    def __init__(self, path: Path, node: yaml.MappingNode) -> None:
        self._path, self._line = path, _line(node)
        self.values: dict[str, tuple[Any, int]] = {}
        for key, item in node.value:
            line = _line(key)
            if not isinstance(key, yaml.ScalarNode) or not isinstance(item, yaml.ScalarNode):
                raise _wrong(path, line, "a rule holds `key: value` lines only", "write each value on its key's line")
            if key.value in self.values:
                raise _wrong(path, line, f"{key.value[:80]!r} stands twice in this rule", "keep one of them")
            try:
                self.values[key.value] = (yaml.SafeLoader("").construct_object(item), line)
            except (yaml.YAMLError, ValueError, OverflowError) as error:
                raise _wrong(path, line, f"{key.value[:80]!r} has a value that cannot be read", "mend it") from error

    @property
    def id(self) -> str:
        return str(self.take("id", "", _text))

    def take(self, name: str, default: Any, check: Callable[[Any], Any]) -> Any:
        """Return the checked value of a key, or the default. Raises ConfigError at the key's own line."""
        if name not in self.values:
            return default
        found, line = self.values[name]
        try:
            return check(found)
        except (ValueError, Unreadable) as error:
            words = error.problem if isinstance(error, Unreadable) else str(error)
            raise _wrong(self._path, line, f"{name}: {words}", "mend the value") from error

    def only(self, names: tuple[str, ...]) -> None:
        """Refuse keys that this rule does not have. Raises ConfigError."""
        for name, (_, line) in self.values.items():
            if name not in ("id", *names):
                known = ", ".join(names)
                raise _wrong(self._path, line, f"{name[:80]!r} is no key of rule {self.id!r}", f"known are: {known}")

    def wrong(self, problem: str, mend: str) -> ConfigError:
        return _wrong(self._path, self._line, problem, mend)


def load_rules(shipped: Path, team: Path | None, action_ids: tuple[str, ...]) -> Rules:
    """Return the rules of the shipped file with those of the team's file, if there is one, laid over by id.

    `action_ids` are the catalogue's: a rule for anything else is refused. Raises ConfigError with file, line and mend.
    """
    entries = {entry.id: entry for entry in _entries(shipped)}
    if team is not None and team.is_file():
        entries |= {entry.id: entry for entry in _entries(team)}
    for entry in entries.values():
        if entry.id not in (PROPOSALS, *action_ids):
            known = ", ".join((PROPOSALS, *action_ids))
            raise entry.wrong(f"there is no rule {entry.id[:80]!r}", f"known are: {known}")
    floor = _floor(entries.pop(PROPOSALS, None))
    return Rules(
        floor=floor, memory=_memory(entries.get(MEMORY)), actions=tuple(_action(entry) for entry in entries.values())
    )


def _floor(entry: _Entry | None) -> float:
    default = Rules().floor
    if entry is None:
        return default
    entry.only(("confidence_floor",))
    return float(entry.take("confidence_floor", default, _share))


def _memory(entry: _Entry | None) -> MemoryRule:
    default = MemoryRule()
    if entry is None:
        return default
    rule = MemoryRule(
        factor=entry.take("factor", default.factor, _factor),
        round_to=entry.take("round_to", default.round_to, _bytes),
        min_step=entry.take("min_step", default.min_step, _bytes),
        max=entry.take("max_memory", default.max, _bytes),
    )
    if parse(rule.max) < parse(rule.min_step):
        raise entry.wrong("max_memory is below min_step", "raise max_memory: no limit could ever be proposed")
    return rule


def _action(entry: _Entry) -> ActionRule:
    more = ("factor", "round_to", "min_step", "max_memory") if entry.id == MEMORY else ()
    entry.only(("enabled", "cooldown", *more))
    return ActionRule(
        id=entry.id, enabled=entry.take("enabled", True, _switch), cooldown=entry.take("cooldown", None, _duration)
    )


def _entries(path: Path) -> tuple[_Entry, ...]:
    """Return the file's rules in its order. Raises ConfigError for what is not a list of them, and for an id twice."""
    found: list[_Entry] = []
    for node in _listed(path):
        if not isinstance(node, yaml.MappingNode):
            raise _wrong(path, _line(node), "a rule is a list item of keys", "begin it with `- id: `")
        entry = _Entry(path, node)
        if not entry.id:
            raise entry.wrong("this rule has no id", "begin it with `- id: `")
        if any(entry.id == other.id for other in found):
            raise entry.wrong(f"there are two rules {entry.id[:80]!r} in this file", "keep one of them")
        found.append(entry)
    return tuple(found)


def _listed(path: Path) -> list[yaml.Node]:
    root = _composed(path)
    if root is None:
        return []
    if not isinstance(root, yaml.MappingNode):
        raise _wrong(path, _line(root), "the file is not a mapping", "begin it with `rules:`")
    found: list[yaml.Node] = []
    for key, item in root.value:
        if key.value != "rules":
            raise _wrong(path, _line(key), f"{str(key.value)[:80]!r} is not known here", "the only key is `rules`")
        if isinstance(item, yaml.SequenceNode):
            found += item.value
        elif item.tag != "tag:yaml.org,2002:null":
            raise _wrong(path, _line(item), "`rules` is not a list", "begin each rule with `- id: `")
    return found


def _composed(path: Path) -> yaml.Node | None:
    """Return the file's one document as nodes. Raises ConfigError."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            place=str(path), problem=error.strerror or "cannot be read", mend="restore the file"
        ) from error
    if len(raw) > MAX_BYTES:
        raise ConfigError(place=str(path), problem=f"is larger than {MAX_BYTES} bytes", mend="make it shorter")
    try:
        text = raw.decode("utf-8")
        _refuse_tricks(path, text)
        root: yaml.Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise _wrong(path, line, "is not UTF-8", "save the file as UTF-8") from error
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = str(getattr(error, "problem", None) or error).split("\n")[0][:200]
        raise _wrong(path, mark.line + 1 if mark else 1, f"is not YAML: {problem}", "mend the line") from error
    return root


def _refuse_tricks(path: Path, text: str) -> None:
    """Refuse, at the first of them, aliases (they can blow a file up) and nesting that no rule needs (it takes ages)."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent):
            raise _wrong(path, _line(event), "aliases are not allowed here", "write the value out")
        if depth > MAX_DEPTH:
            raise _wrong(path, _line(event), "is nested too deeply", "a rule holds `key: value` lines only")


def _line(place: yaml.Node | yaml.Event) -> int:
    """Return the line that a node or event begins on, counted from 1."""
    mark = place.start_mark
    return mark.line + 1 if mark else 1


def _wrong(path: Path, line: int, problem: str, mend: str) -> ConfigError:
    return ConfigError(place=f"{path}:{line}", problem=problem, mend=mend)


def _text(found: Any) -> str:
    return found if isinstance(found, str) else ""


def _switch(found: Any) -> bool:
    if not isinstance(found, bool):
        raise ValueError("is true or false")  # noqa: TRY004 - the caller turns a ValueError into a ConfigError
    return found


def _number(found: Any) -> float:
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        raise ValueError("is not a number")  # noqa: TRY004 - likewise
    return float(found)


def _share(found: Any) -> float:
    number = _number(found)
    if not 0 <= number <= 1:
        raise ValueError("is between 0 and 1")
    return number


def _factor(found: Any) -> float:
    number = _number(found)
    if not 1 < number <= 4:
        raise ValueError("is more than 1 and at most 4")
    return number


def _bytes(found: Any) -> str:
    """Return a quantity of at least one whole mebibyte, as it was written."""
    text = str(found)
    if parse(text) < 1024 * 1024 or parse(text).denominator != 1 or parse(text) > Fraction(1 << 50):
        raise ValueError("is a memory quantity from 1Mi to 1Pi, such as 64Mi")
    return text


def _duration(found: Any) -> int:
    """Return seconds; a bare number counts as seconds."""
    if isinstance(found, int) and not isinstance(found, bool) and 0 <= found <= 86400 * 30:
        return found
    match = _DURATION.fullmatch(found) if isinstance(found, str) else None
    if match is None:
        raise ValueError("is a duration such as 90s, 30m or 2h")
    return int(match["number"]) * _SECONDS[match["unit"]]
