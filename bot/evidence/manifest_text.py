"""Manifests as text: which file an error names, and where a file declares a resource. Nothing is parsed: it may be broken."""

import re
from collections.abc import Iterable, Sequence

from bot.domain.delivery import Application, AppResource
from bot.domain.values import value

GROWN = frozenset({"Pod", "ReplicaSet", "ControllerRevision", "EndpointSlice"})
"""Kinds that controllers make: no manifest declares them."""

_FILE = re.compile(
    r"(?<![\w./-])(?P<path>/{0,1}[\w.@-][\w./@-]{0,300}\.(?:ya?ml|json|tpl))(?::(?P<line>\d{1,6}))?(?![\w-])"
)
_YAML_LINE = re.compile(r"\byaml: line (?P<line>\d{1,6})\b")
_KIND = re.compile(r"(?:- {1,10})?[\"']?kind[\"']?:\s{0,20}[\"']?(?P<kind>\w{1,80})")
_NAME = re.compile(
    r"(?P<indent>\s{0,60})[\"']?name[\"']?:\s{0,20}[\"']?(?P<name>[\w.{} -]{1,253}?)[\"']?,?\s{0,20}(?:#.*)?$"
)
_SETTINGS = re.compile(r"(?:.*/)?(?:values[\w.-]{0,100}|kustomization|Chart)\.ya?ml")
_MAX_MESSAGE = 8_000


@value
class NamedFile:
    """A path to look at. `named`: the failure itself names it, at `line` (0: it does not say)."""

    path: str
    line: int = 0
    named: bool = False


def named_files(app: Application, folder: str) -> tuple[NamedFile, ...]:
    """Return the files inside the source's folder that the application's own errors can mean, likeliest first.

    Argo CD names a file as it lies in the folder, Helm with the chart's name in front, Kustomize by where it was checked
    out. Nothing outside of the folder is returned, whatever the text says.
    """
    found: dict[str, NamedFile] = {}
    for message in _messages(app):
        told = _YAML_LINE.search(message)
        for each in _FILE.finditer(message):
            line = int(each["line"] or (told["line"] if told else 0))
            for path in _inside(each["path"], folder):
                found.setdefault(path, NamedFile(path=path, line=line, named=True))
    return tuple(found.values())[:6]


def _messages(app: Application) -> Iterable[str]:
    yield from (each.message[:_MAX_MESSAGE] for each in app.conditions if each.type.endswith("Error"))
    if app.operation is not None and app.operation.phase in {"Failed", "Error"}:
        yield app.operation.message[:_MAX_MESSAGE]
        yield from (each.message[:_MAX_MESSAGE] for each in app.operation.results if each.result == "SyncFailed")


def _inside(path: str, folder: str) -> list[str]:
    parts = [part for part in path.split("/") if part not in {"", "."}]
    if ".." in parts or not parts:
        return []
    prefix = f"{folder}/" if folder else ""
    whole = "/".join(parts)
    if folder and f"/{folder}/" in f"/{whole}":
        return [prefix + f"/{whole}".split(f"/{folder}/", 1)[1]]
    if path.startswith("/"):
        return [prefix + parts[-1]]
    return [prefix + whole] if len(parts) == 1 else [prefix + "/".join(parts[1:]), prefix + whole]


def declares(lines: Sequence[str], resource: AppResource) -> int:
    """Return the line at which a document of that kind and name begins, 0 when the file declares no such thing."""
    begin, kind, named = 1, False, False
    for number, line in enumerate(lines, 1):
        if line.startswith("---"):
            if kind and named:
                return begin
            begin, kind, named = number + 1, False, False
            continue
        text = line[:400]
        found = _KIND.match(text.strip())
        kind = kind or (found is not None and found["kind"] == resource.kind)
        name = _NAME.match(text)
        named = named or (name is not None and name["name"].strip() == resource.name)
    return begin if kind and named else 0


def is_manifest(path: str) -> bool:
    """Whether the file can hold manifests or their settings."""
    return path.endswith((".yaml", ".yml", ".json", ".tpl"))


def is_settings(path: str) -> bool:
    """Whether the file holds settings that manifests are rendered from: a chart's values, a kustomization."""
    return _SETTINGS.fullmatch(path) is not None


def likeliest_first(paths: Iterable[str], wanted: Sequence[AppResource]) -> list[str]:
    """Return the paths with those first whose names speak of what is wanted."""

    def rank(path: str) -> tuple[bool, bool, bool, str]:
        name = path.rpartition("/")[2].lower()
        by_name = any(each.name.lower() in name for each in wanted)
        by_kind = any(each.kind.lower()[:6] in name for each in wanted)
        return not by_name, not by_kind, not is_settings(path), path

    return sorted(paths, key=rank)
