"""Failure patterns and the calibration from files: read at start, everything checked, file and line in every message.

A directory holds one YAML file per platform, each a list of patterns. A team's directory is laid over the shipped one: an
entry with the same id replaces the shipped entry, a new id is added.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NoReturn, TypeVar

import re2
import yaml

from bot.diagnosis.actions import ACTIONS, ESCALATE, serves
from bot.diagnosis.calibrate import Calibration, Point
from bot.diagnosis.match import compiled, places
from bot.diagnosis.pattern import ANYWHERE, CI, FACTS, LOGS, PLATFORM, FactIs, Pattern, Unless
from bot.domain.diagnosis import Category
from bot.domain.errors import ConfigError
from bot.domain.evidence import EvidenceKind

_GROUPS = {"logs": LOGS, "ci": CI, "platform": PLATFORM, "any": ANYWHERE}
_KINDS = {kind.value: (kind,) for kind in EvidenceKind} | _GROUPS
_REQUIRED = ("id", "cause", "category", "statement", "action", "where", "literals", "regex", "weight", "examples")
_KNOWN = (*_REQUIRED, "remedy", "but_not", "facts", "unless", "counters")
_MAX_BYTES = 1_000_000
_MAX_TEXT = 2_000
_MAX_WEIGHT = 6.0
Thing = TypeVar("Thing")


def load_patterns(*directories: Path) -> tuple[Pattern, ...]:
    """Return the patterns of all `*.yaml` files, later directories laid over earlier ones by id, sorted by id.

    A directory that does not exist adds nothing. Raises ConfigError, place `file:line`, for the first thing wrong:
    YAML that cannot be read, unknown or missing keys, wrong types, unknown words, an expression RE2 refuses, an id
    twice in one directory, a literal in no example. That examples match is for the tests, not for every start.
    """
    merged: dict[str, Pattern] = {}
    for directory in directories:
        own: dict[str, Pattern] = {}
        for path in sorted(directory.glob("*.yaml")) if directory.is_dir() else ():
            for pattern in _patterns(path):
                if pattern.id in own:
                    _refuse(pattern.place, f"the id {pattern.id} is taken by {own[pattern.id].place}", "choose another")
                own[pattern.id] = pattern
        merged |= own
    return tuple(merged[id_] for id_ in sorted(merged))


def load_calibration(path: Path) -> Calibration:
    """Return the calibration of a JSON file. Raises ConfigError when it is not one: unsorted, not monotone, no number."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        points = tuple(Point(raw=float(x), probability=float(y)) for x, y in raw["points"])
        calibration = Calibration(
            version=str(raw["version"]),
            points=points,
            floor=float(raw["floor"]),
            blank=float(raw["blank"]),
            named=float(raw["named"]),
        )
    except OSError as error:
        raise ConfigError(place=str(path), problem=f"cannot be read: {error.strerror}", mend="put it back") from error
    except (ValueError, KeyError, TypeError) as error:
        problem = f"is not a calibration: {type(error).__name__} {error}"
        raise ConfigError(place=str(path), problem=problem, mend="restore the shipped file") from error
    raws = [point.raw for point in points]
    probabilities = [point.probability for point in points]
    bounded = all(0 <= p <= 1 for p in (*probabilities, calibration.floor, calibration.blank, calibration.named))
    if not points or raws != sorted(set(raws)) or probabilities != sorted(probabilities) or not bounded:
        _refuse(str(path), "points must rise, probabilities lie in 0..1", "restore the shipped file")
    return calibration


def _patterns(path: Path) -> Iterator[Pattern]:
    for node in _entries(path):
        yield _Entry(path, node).pattern()


def _entries(path: Path) -> list[yaml.Node]:
    try:
        data = path.read_bytes()
        if len(data) > _MAX_BYTES:
            _refuse(f"{path}:1", f"the file has more than {_MAX_BYTES} bytes", "split it")
        root = yaml.compose(data.decode("utf-8"), Loader=yaml.CSafeLoader)
    except OSError as error:
        raise ConfigError(
            place=str(path), problem=f"cannot be read: {error.strerror}", mend="check the mount"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(place=f"{path}:1", problem="is not UTF-8", mend="save it as UTF-8") from error
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1 if mark else 1}"
        problem = getattr(error, "problem", None) or "is not YAML"
        raise ConfigError(place=place, problem=str(problem), mend="mend the YAML") from error
    if root is None:
        return []
    if not isinstance(root, yaml.SequenceNode):
        _refuse(f"{path}:{root.start_mark.line + 1}", "must be a list of patterns", "begin each pattern with '- id:'")
    return list(root.value)


class _Entry:
    """One entry of a file on its way to a Pattern; every refusal names the line of the key."""

    def __init__(self, path: Path, node: yaml.Node) -> None:
        self._path = path
        self._line = node.start_mark.line + 1
        self._nodes: dict[str, yaml.Node] = {}
        if not isinstance(node, yaml.MappingNode):
            self._refuse("a pattern must be a mapping", "begin it with '- id:'", node)
        for key, held in node.value:
            name = str(key.value)
            if name not in _KNOWN:
                self._refuse(f"unknown key {name!r}", f"use one of {', '.join(_KNOWN)}", key)
            if name in self._nodes:
                self._refuse(f"the key {name!r} stands twice", "keep one", key)
            self._nodes[name] = held
        for name in _REQUIRED:
            if name not in self._nodes:
                self._refuse(f"the key {name!r} is missing", "add it", node)

    def pattern(self) -> Pattern:
        """Return the checked pattern."""
        examples, regex = self._texts("examples"), self._regex("regex")
        action = self._word("action", ACTIONS)
        pattern = Pattern(
            id=self._text("id"),
            cause=self._text("cause"),
            category=Category(self._word("category", [each.value for each in Category])),
            statement=self._text("statement"),
            action=action,
            remedy=self._remedy(action),
            where=self._where(),
            literals=self._literals(examples),
            regex=regex,
            weight=self._weight(),
            but_not=self._regex("but_not") if "but_not" in self._nodes else "",
            facts=tuple(self._each("facts", self._fact)),
            unless=tuple(self._each("unless", self._unless)),
            examples=examples,
            counters=self._texts("counters") if "counters" in self._nodes else (),
            place=f"{self._path}:{self._line}",
        )
        self._check_places(pattern)
        return pattern

    def _refuse(self, problem: str, mend: str, node: yaml.Node | None = None) -> NoReturn:
        line = node.start_mark.line + 1 if node is not None else self._line
        _refuse(f"{self._path}:{line}", problem, mend)

    def _scalar(self, node: yaml.Node, what: str) -> str:
        if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
            self._refuse(f"{what} must be text", "write one value", node)
        text = str(node.value)
        if len(text) > _MAX_TEXT:
            self._refuse(f"{what} has more than {_MAX_TEXT} characters", "shorten it", node)
        return text

    def _text(self, name: str) -> str:
        return self._scalar(self._nodes[name], name)

    def _texts(self, name: str) -> tuple[str, ...]:
        return tuple(self._each(name, lambda node: self._scalar(node, f"each of {name}")))

    def _each(self, name: str, read: Callable[[yaml.Node], Thing]) -> Iterator[Thing]:
        node = self._nodes.get(name)
        if node is None:
            return
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            self._refuse(
                f"{name} must be a list with at least one entry", f"write it as a list, or leave {name} out", node
            )
        for each in node.value:
            yield read(each)

    def _word(self, name: str, words: Iterable[str]) -> str:
        text = self._text(name)
        known = list(words)
        if text not in known:
            self._refuse(f"unknown {name} {text!r}", f"use one of {', '.join(known)}", self._nodes[name])
        return text

    def _remedy(self, action: str) -> str:
        if "remedy" not in self._nodes:
            return ESCALATE
        remedy = self._text("remedy")
        if not serves(remedy, action):
            known = ", ".join((ESCALATE, *ACTIONS[action]))
            self._refuse(f"the remedy {remedy!r} does not serve {action}", f"use one of {known}", self._nodes["remedy"])
        return remedy

    def _where(self) -> tuple[EvidenceKind, ...]:
        kinds: dict[EvidenceKind, None] = {}
        for word in self._texts("where"):
            if word not in _KINDS:
                self._refuse(f"unknown evidence {word!r}", f"use some of {', '.join(_KINDS)}", self._nodes["where"])
            kinds |= dict.fromkeys(_KINDS[word])
        return tuple(kinds)

    def _literals(self, examples: tuple[str, ...]) -> tuple[str, ...]:
        literals = self._texts("literals")
        for literal in literals:
            if not any(literal.lower() in example.lower() for example in examples):
                self._refuse(f"the literal {literal!r} is in no example", "add an example", self._nodes["literals"])
        return literals

    def _regex(self, name: str) -> str:
        regex = self._text(name)
        try:
            compiled(regex)
        except re2.error as error:
            problem = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
            self._refuse(f"RE2 refuses the {name}: {problem}", "write it in RE2 syntax", self._nodes[name])
        return regex

    def _weight(self) -> float:
        text = self._text("weight")
        try:
            weight = float(text)
        except ValueError:
            weight = _MAX_WEIGHT + 1
        if not -_MAX_WEIGHT <= weight <= _MAX_WEIGHT:
            limit = f"write a number between -{_MAX_WEIGHT:g} and {_MAX_WEIGHT:g}"
            self._refuse(f"weight {text!r} is no log-odds", limit, self._nodes["weight"])
        return weight

    def _fact(self, node: yaml.Node) -> FactIs:
        pairs = self._pairs(node)
        if set(pairs) != {"name", "is"}:
            self._refuse("a fact has the keys name and is", "write {name: last_reason, is: [OOMKilled]}", node)
        name = self._scalar(pairs["name"], "a fact's name")
        if name not in FACTS:
            self._refuse(f"unknown fact {name!r}", f"use one of {', '.join(sorted(FACTS))}", node)
        held = pairs["is"]
        nodes = held.value if isinstance(held, yaml.SequenceNode) else [held]
        return FactIs(name=name, values=tuple(self._scalar(each, "a fact's value") for each in nodes))

    def _unless(self, node: yaml.Node) -> Unless:
        pairs = self._pairs(node)
        if set(pairs) == {"cause"}:
            return Unless(cause=self._scalar(pairs["cause"], "a cause"))
        if set(pairs) != {"name", "is"}:
            self._refuse("unless holds a cause or a fact", "write {cause: oom_killed} or {name: ..., is: [...]}", node)
        return Unless(fact=self._fact(node))

    def _pairs(self, node: yaml.Node) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            self._refuse("must be a mapping", "write it as {key: value}", node)
        return {str(key.value): held for key, held in node.value}

    def _check_places(self, pattern: Pattern) -> None:
        groups = compiled(pattern.regex).groupindex
        for name, has_else in places(pattern.statement):
            if name not in groups and not (has_else and name in FACTS):
                mend = "name a group of the regex, or a fact with an else: {container|the container}"
                self._refuse(f"the statement's {{{name}}} is no group", mend, self._nodes["statement"])


def _refuse(place: str, problem: str, mend: str) -> NoReturn:
    raise ConfigError(place=place, problem=problem, mend=mend)
