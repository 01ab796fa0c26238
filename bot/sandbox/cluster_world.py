"""Scenario folders: `config/scenarios/<name>/` with scenario.yaml, post.json, world.yaml, expected.yaml and logs."""

import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.sandbox.cluster_logs import LogSource, resolve_marks
from bot.sandbox.cluster_state import Object

OWN_API = "sandbox.codehealer.io/v1"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_FILE = re.compile(r"[\w.-]{1,100}(?:/[\w.-]{1,100}){0,4}\.log")


class WorldError(ValueError):
    """A scenario that cannot be read; the text names the file and what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a world.yaml holds: Kubernetes objects, times filled in, and the logs of their containers."""

    objects: list[Object]
    logs: list[LogSource]
    pull_errors: dict[str, str]


def split_world(documents: list[Object], folder: Path | None) -> World:
    """Documents apart into Kubernetes objects and logs; a log's relative file is read below `folder`."""
    objects, logs, pull_errors = [], [], {}
    for document in documents:
        if document.get("apiVersion") == OWN_API and document.get("kind") == "ImagePull":
            image, error = _image_pull(document)
            pull_errors[image] = error
        elif document.get("apiVersion") == OWN_API:
            logs.append(_log_source(document, folder))
        else:
            objects.append(document)
    return World(objects=objects, logs=logs, pull_errors=pull_errors)


def _image_pull(document: Object) -> tuple[str, str]:
    """An image that no node can pull, and the container runtime's error."""
    spec = document.get("spec") or {}
    if not spec.get("image") or not spec.get("error"):
        raise WorldError(f"an ImagePull of {OWN_API} needs spec.image and spec.error")
    return str(spec["image"]), str(spec["error"])


def _log_source(document: Object, folder: Path | None) -> LogSource:
    try:
        spec, namespace = document["spec"], document["metadata"]["namespace"]
        if document["kind"] != "PodLogs":
            raise WorldError(f"the sandbox knows no {OWN_API} {document['kind']}")
    except KeyError as error:
        raise WorldError(f"a {document.get('kind')} of {OWN_API} lacks {error}") from error
    return LogSource(
        namespace=str(namespace),
        selector={str(key): str(value) for key, value in (spec.get("selector") or {}).items()},
        container=str(spec.get("container", "")),
        current=_text(spec.get("current"), folder),
        previous=_text(spec.get("previous"), folder),
    )


def _text(value: Any, folder: Path | None) -> str | None:
    """A log's text: itself, or the content of the file that it names."""
    if value is None:
        return None
    text = str(value)
    if folder is None or "\n" in text or not _FILE.fullmatch(text):
        return text
    path = (folder / text).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise WorldError(f"{text} lies outside of {folder.name}")
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise WorldError(f"{folder.name}: the log file {text} cannot be read") from error


def read_world(folder: Path, now: float) -> World:
    """The world of a scenario folder, its times resolved against `now` (those of logs stay until they are read)."""
    path = folder / "world.yaml"
    if not path.is_file():  # a scenario of another platform
        return split_world([], None)
    try:
        documents = list(yaml.safe_load_all(resolve_marks(path.read_text(encoding="utf-8"), now)))
    except (OSError, yaml.YAMLError) as error:
        raise WorldError(f"{folder.name}/world.yaml cannot be read: {error}") from error
    found = [document for document in documents if document is not None]
    if not all(isinstance(document, dict) for document in found):
        raise WorldError(f"{folder.name}/world.yaml holds a document that is not a mapping")
    return split_world(found, folder)


def scenario_folder(scenarios: Path, name: str) -> Path:
    """The folder of a scenario; WorldError for a name that is none."""
    folder = scenarios / name
    if not _NAME.fullmatch(name) or not (folder / "scenario.yaml").is_file():
        raise WorldError(f"there is no scenario {name!r}")
    return folder


def read_post(folder: Path) -> dict[str, Any]:
    """The scenario's post, its times resolved against the present. WorldError for a file that cannot be read."""
    try:
        post = json.loads(resolve_marks((folder / "post.json").read_text(encoding="utf-8"), time.time()))
    except (OSError, ValueError) as error:
        raise WorldError(f"{folder.name}/post.json cannot be read: {error}") from error
    if not isinstance(post, dict):
        raise WorldError(f"{folder.name}/post.json is not an object")
    return post


def list_scenarios(scenarios: Path) -> list[dict[str, str]]:
    """Name, title and description (and platform, channel, twin where given) of every scenario, by name.

    `verdict` is what its expected.yaml says of the fix (passed, failed; empty where there is none to run): the page
    shows a scenario whose fix fails as the variant of its twin.
    """
    rows = []
    for path in sorted(scenarios.glob("*/scenario.yaml")):
        card = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        row = {"name": path.parent.name}
        row |= {key: str(card.get(key) or "") for key in ("title", "description", "platform", "channel", "twin")}
        expected = path.with_name("expected.yaml")
        told = yaml.safe_load(expected.read_text(encoding="utf-8")) if expected.is_file() else None
        rows.append(row | {"verdict": str((told or {}).get("verdict") or "")})
    return rows
