"""A person's YAML file, read strictly: a list of entries under one key, with the line of everything for messages.

Aliases and deep nesting are refused (they can blow a file up), a key twice too, which YAML itself would let pass.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from bot.domain.errors import ConfigError

MAX_BYTES: Final = 256 * 1024
MAX_DEPTH: Final = 8
MAX_TEXT: Final = 500


class Entry:
    """A mapping as it stands in a file. Every refusal is a ConfigError at the line of the key that is wrong."""

    def __init__(self, path: Path, node: yaml.Node, what: str) -> None:
        if not isinstance(node, yaml.MappingNode):
            raise _wrong(path, _line(node), f"{what} is not a mapping", "write `key: value` lines")
        self._path, self._line, self._what = path, _line(node), what
        self._nodes: dict[str, tuple[yaml.Node, int]] = {}
        for key, item in node.value:
            name, line = str(getattr(key, "value", "")), _line(key)
            if name in self._nodes:
                raise _wrong(path, line, f"{name[:80]!r} stands twice in {what}", "keep one of them")
            self._nodes[name] = (item, line)

    def only(self, names: tuple[str, ...]) -> "Entry":
        """Refuse keys that are not among these; returns itself."""
        for name, (_, line) in self._nodes.items():
            if name not in names:
                raise _wrong(
                    self._path, line, f"{name[:80]!r} is no key of {self._what}", f"known are: {', '.join(names)}"
                )
        return self

    def text(self, name: str, default: str = "") -> str:
        """Return a scalar as text; numbers are taken as they are written."""
        if name not in self._nodes:
            return default
        return self._scalar(name, self._nodes[name][0])

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of scalars; a single scalar counts as a list of one, nothing as an empty one."""
        if name not in self._nodes:
            return ()
        node = self._nodes[name][0]
        if isinstance(node, yaml.SequenceNode):
            return tuple(self._scalar(name, item) for item in node.value)
        return (self._scalar(name, node),) if node.tag != "tag:yaml.org,2002:null" else ()

    def choice(self, name: str, options: tuple[str, ...], default: str) -> str:
        """Return one of the options."""
        found = self.text(name, default)
        if found not in options:
            raise self.wrong(f"{found[:80]!r} is not known", f"one of: {', '.join(options)}", name)
        return found

    def switch(self, name: str, default: bool) -> bool:
        """Return true or false."""
        found = self.text(name, "true" if default else "false").lower()
        if found not in {"true", "false"}:
            raise self.wrong("is true or false", "write one of them", name)
        return found == "true"

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        """Return a whole number within bounds."""
        found = self.text(name, str(default))
        if not found.isascii() or not found.isdigit() or len(found) > 12 or not least <= int(found) <= most:
            raise self.wrong(f"is a whole number from {least} to {most}", "mend the value", name)
        return int(found)

    def pairs(self, name: str) -> tuple[tuple[str, str], ...]:
        """Return a mapping of scalars as (key, text), in its order; nothing as an empty one."""
        below = self.entry(name)
        return tuple((key, below.text(key)) for key in below.keys) if below else ()

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that stand here, in their order."""
        return tuple(self._nodes)

    def entry(self, name: str) -> "Entry | None":
        """Return a mapping below this one, or None when the key is not there."""
        if name not in self._nodes:
            return None
        return Entry(self._path, self._nodes[name][0], f"{name} of {self._what}")

    def wrong(self, problem: str, mend: str, name: str = "") -> ConfigError:
        """Return the error for this entry, at the key's line when one is named."""
        line = self._nodes[name][1] if name in self._nodes else self._line
        return _wrong(self._path, line, f"{name}: {problem}" if name else problem, mend)

    def _scalar(self, name: str, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise self.wrong("is not a single value", "write text there", name)
        text = "" if node.tag == "tag:yaml.org,2002:null" else str(node.value)
        if len(text) > MAX_TEXT:
            raise self.wrong(f"is longer than {MAX_TEXT} characters", "make it shorter", name)
        return text


def entries(path: Path, key: str, what: str) -> tuple[Entry, ...]:
    """Return the entries of the list under `key`, the file's only key. A missing or empty list gives none.

    Raises ConfigError with file and line. `what` names one entry in messages ("a channel").
    """
    return sections(path, {key: what})[key]


def sections(path: Path, keys: Mapping[str, str]) -> dict[str, tuple[Entry, ...]]:
    """Return the entries of the list under each of the keys, which are all that the file may have.

    A missing or empty list gives none. Raises ConfigError with file and line. `keys` says what one entry is called.
    """
    found: dict[str, list[Entry]] = {key: [] for key in keys}
    root = _composed(path)
    if root is not None and not isinstance(root, yaml.MappingNode):
        raise _wrong(path, _line(root), "the file is not a mapping", f"begin it with `{next(iter(keys))}:`")
    for name, item in root.value if root is not None else ():
        if name.value not in keys:
            known = " and ".join(f"`{key}`" for key in keys)
            only = "the only key is" if len(keys) == 1 else "the keys are"
            raise _wrong(path, _line(name), f"{str(name.value)[:80]!r} is not known here", f"{only} {known}")
        if isinstance(item, yaml.SequenceNode):
            found[name.value] += [Entry(path, each, keys[name.value]) for each in item.value]
        elif item.tag != "tag:yaml.org,2002:null":
            raise _wrong(path, _line(item), f"`{name.value}` is not a list", "begin each entry with `- `")
    return {key: tuple(each) for key, each in found.items()}


def _composed(path: Path) -> yaml.Node | None:
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
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent):
            raise _wrong(path, _line(event), "aliases are not allowed here", "write the value out")
        if depth > MAX_DEPTH:
            raise _wrong(path, _line(event), "is nested too deeply", "see the file that is shipped")


def _line(place: Any) -> int:
    mark = place.start_mark
    return mark.line + 1 if mark else 1


def _wrong(path: Path, line: int, problem: str, mend: str) -> ConfigError:
    return ConfigError(place=f"{path}:{line}", problem=problem, mend=mend)
