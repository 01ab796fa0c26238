"""Manifests out of a repository's folder, as Argo CD's repo server makes them of a plain directory.

Errors have the words of Argo CD 3.6.1 (its YAML decoder is libyaml's twin, so ours says the same), compared with a real
one. What is no Kubernetes object (a document without kind, a list, a scalar) is left out in silence, as there.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import yaml

from bot.sandbox.cluster_kinds import BY_TYPE
from bot.sandbox.cluster_state import Object

TRACKING = "argocd.argoproj.io/tracking-id"
_SOURCE = "failed to generate manifest for source 1 of 1: rpc error: "
_SEPARATOR = re.compile(r"^---[ \t]*(?:#.{0,200})?$", re.MULTILINE)
_MANIFEST = re.compile(r"[^/]{1,200}\.(?:ya?ml|json)")
_MERGE = "tag:yaml.org,2002:"


class Repositories(Protocol):
    """Git as the sandbox's Argo CD needs it; `repository` is owner/name or any URL that ends in it."""

    def resolve(self, repository: str, ref: str) -> str | None:
        """The sha that a branch, tag, HEAD or sha names; None for none."""
        ...

    def files(self, repository: str, sha: str) -> Mapping[str, str]:
        """Every file of the commit, by path. KeyError for an unknown one."""
        ...

    def on_push(self, callback: Callable[[str, str, str], None]) -> None:
        """Calls back with (repo, branch, sha) after each change of a branch."""
        ...


class NoRepositories:
    """A git host that has nothing."""

    def resolve(self, repository: str, ref: str) -> str | None:  # noqa: ARG002 - the protocol's
        return None

    def files(self, repository: str, sha: str) -> Mapping[str, str]:  # noqa: ARG002 - the protocol's
        raise KeyError(repository)

    def on_push(self, callback: Callable[[str, str, str], None]) -> None:
        """Nothing is ever pushed."""


class RenderError(Exception):
    """Manifests that cannot be made: the repo server's words and its gRPC code (9 FailedPrecondition, 2 Unknown)."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.cached = False
        """Whether the repo server has the error from before: it words it otherwise then, with code Unknown."""

    def answer(self) -> tuple[int, str]:
        """Code and message as the API gives them for manifests that are asked for."""
        if not self.cached:
            return self.code, self.message
        inner = "rpc error: code = FailedPrecondition desc = " if self.code == 9 else ""
        return 2, f"Manifest generation error (cached): {inner}{self.message}"

    def condition(self) -> str:
        """The text of the ComparisonError condition."""
        code, message = self.answer()
        name = "FailedPrecondition" if code == 9 else "Unknown"
        return f"Failed to load target state: {_SOURCE}code = {name} desc = {message}"


def repo_name(url: str) -> str:
    """owner/name of a repository's URL (http or ssh), or the URL itself when it has no such form."""
    parts = url.removesuffix("/").removesuffix(".git").replace(":", "/").split("/")
    return "/".join(parts[-2:]) if len(parts) >= 2 else url


def render(files: Mapping[str, str], folder: str, app: str, namespace: str) -> list[Object]:
    """The objects of a folder's YAML and JSON files, in the order of their names. RenderError as the repo server."""
    prefix = folder.strip("/").removeprefix("./")
    prefix = f"{prefix}/" if prefix not in ("", ".") else ""
    if not any(path.startswith(prefix) for path in files):
        raise RenderError(2, f"{folder}: app path does not exist")
    found = []
    for path in sorted(files):
        name = path.removeprefix(prefix)
        if path.startswith(prefix) and _MANIFEST.fullmatch(name):
            found += [_tracked(each, app, namespace) for each in read_manifests(name, files[path])]
    return found


def read_manifests(name: str, text: str) -> list[Object]:
    """The Kubernetes objects of one file; RenderError for text that is not YAML."""
    found: list[Object] = []
    for part in _SEPARATOR.split(text):
        document = _load(name, part.lstrip("\n"))
        if isinstance(document, dict) and document.get("kind"):
            items = document.get("items") if str(document["kind"]).endswith("List") else None
            found += items if isinstance(items, list) else [document]
    return found


def _load(name: str, text: str) -> Any:
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader of our own
    except yaml.YAMLError as error:
        said = f'Failed to unmarshal "{name}": failed to unmarshal manifest: error converting YAML to JSON: yaml: '
        raise RenderError(9, said + _as_go(error)) from error


def _as_go(error: yaml.YAMLError) -> str:
    """A YAML error as go-yaml v2 prints it: one line number, one problem."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return str(error)
    problem = str(error.problem)
    if isinstance(error, yaml.composer.ComposerError) and error.problem_mark is not None:
        return f"unknown anchor '{_anchor(error)}' referenced"
    mark = error.problem_mark if error.problem_mark is not None and error.problem_mark.line else error.context_mark
    line = mark.line if mark is not None else 0
    if line and isinstance(error, yaml.scanner.ScannerError):
        line += 1
    return f"line {line}: {problem}" if line else problem


def _anchor(error: yaml.MarkedYAMLError) -> str:
    text = str(error.note or "")
    return text or str(error.problem).rsplit(" ", 1)[-1].strip("'")


class _Loader(yaml.CSafeLoader):
    """Scalars as the decoder of Kubernetes reads them: a time stays text, an undefined alias keeps its name."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._text = stream

    def get_single_node(self) -> Any:
        try:
            return super().get_single_node()
        except yaml.composer.ComposerError as error:
            if error.problem_mark is not None:
                line = self._text.splitlines()[error.problem_mark.line][error.problem_mark.column :]
                found = re.match(r"\*([\w.-]{1,100})", line)
                error.note = found[1] if found else ""
            raise


_Loader.yaml_implicit_resolvers = {
    letter: [row for row in rows if row[0] != f"{_MERGE}timestamp"]
    for letter, rows in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def _tracked(document: Object, app: str, namespace: str) -> Object:
    """The object with the annotation by which Argo CD knows it again."""
    meta = dict(document.get("metadata") or {})
    annotations = dict(meta.get("annotations") or {})
    annotations[TRACKING] = tracking_id(app, document, namespace)
    return {**document, "metadata": {**meta, "annotations": annotations}}


def tracking_id(app: str, document: Object, namespace: str) -> str:
    meta, group = document.get("metadata") or {}, group_of(document)
    where = meta.get("namespace") or namespace
    return f"{app}:{group}/{document.get('kind')}:{where}/{meta.get('name', '')}"


def group_of(document: Object) -> str:
    version = str(document.get("apiVersion", ""))
    return version.rsplit("/", 1)[0] if "/" in version else ""


def placed(document: Object, namespace: str) -> Object:
    """The object with the application's namespace, where it has none of its own and its kind is namespaced."""
    kind = BY_TYPE.get((str(document.get("apiVersion")), str(document.get("kind"))))
    if kind is not None and not kind.namespaced:
        return document
    meta = document["metadata"]
    return {**document, "metadata": {**meta, "namespace": meta.get("namespace") or namespace}}


def compact(document: Any) -> str:
    """JSON as Go writes it: sorted keys, no spaces."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
