"""Workflow files: what of them the sandbox's GitHub understands, read from the YAML of a commit.

Names, triggers, inputs, jobs with needs, matrix and steps; and of expressions the plain look-ups (`${{ inputs.x }}`,
`github.sha`, `secrets.X` ...). What it cannot look up becomes empty, as it does on GitHub for unknown properties.
"""

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import yaml

FOLDER = ".github/workflows/"
_EXPRESSION = re.compile(r"\$\{\{\s{0,20}([^}]{1,300}?)\s{0,20}\}\}")
_MAX_JOBS = 50


class WorkflowError(ValueError):
    """The file is no workflow; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSpec:
    name: str
    run: str = ""
    uses: str = ""
    env: Mapping[str, str]
    inputs: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """One job of one matrix combination. `key` is its id in the file, `name` what people see."""

    key: str
    name: str
    needs: tuple[str, ...]
    labels: tuple[str, ...]
    steps: tuple[StepSpec, ...]
    matrix: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    path: str
    name: str
    run_name: str
    triggers: Mapping[str, Any]
    jobs: tuple[JobSpec, ...]
    text: str

    def takes(self, event: str, branch: str) -> bool:
        """Whether that event on that branch starts it."""
        if event not in self.triggers:
            return False
        only = self.triggers[event] or {}
        wanted = _texts(only.get("branches"))
        refused = _texts(only.get("branches-ignore"))
        if event == "push" and not wanted and not refused and only.get("tags"):
            return False
        inside = not wanted or any(fnmatchcase(branch, each) for each in wanted)
        return inside and not any(fnmatchcase(branch, each) for each in refused)

    def inputs(self) -> dict[str, Mapping[str, Any]]:
        """Give the inputs that workflow_dispatch declares."""
        declared = (self.triggers.get("workflow_dispatch") or {}).get("inputs") or {}
        return {str(name): spec if isinstance(spec, dict) else {} for name, spec in declared.items()}


def expand(text: str, values: Mapping[str, str]) -> str:
    """Replace `${{ a.b }}` by its value; inputs have both of their names."""
    return _EXPRESSION.sub(lambda found: _look_up(found[1], values), text)


def _look_up(expression: str, values: Mapping[str, str]) -> str:
    name = expression.replace("github.event.inputs.", "inputs.")
    for part in name.split("||"):
        each = part.strip()
        if each[:1] == each[-1:] == "'" and len(each) > 1:
            return each[1:-1]
        found = values.get(each, "")
        if found:
            return found
    return ""


def is_workflow(path: str) -> bool:
    return path.startswith(FOLDER) and path.endswith((".yml", ".yaml")) and path.count("/") == 2


def read_workflow(path: str, text: str) -> Workflow:
    """Read a workflow file. WorkflowError when it is none."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise WorkflowError(f"{path}: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("jobs"), dict):
        raise WorkflowError(f"{path}: no jobs")
    triggers = document.get("on", document.get(True))  # YAML 1.1 reads a bare `on` as true
    jobs = [job for key, spec in document["jobs"].items() for job in _jobs(str(key), spec or {})]
    return Workflow(
        path=path,
        name=str(document.get("name") or path),
        run_name=str(document.get("run-name") or ""),
        triggers=_triggers(triggers),
        jobs=tuple(jobs[:_MAX_JOBS]),
        text=text,
    )


def _triggers(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return {str(name): spec if isinstance(spec, dict) else {} for name, spec in value.items()}
    return {name: {} for name in _texts(value)}


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(str(each) for each in value)
    return () if value is None else (str(value),)


def _strings(value: Any) -> dict[str, str]:
    return {str(name): str(each) for name, each in value.items()} if isinstance(value, dict) else {}


def _jobs(key: str, spec: dict[str, Any]) -> list[JobSpec]:
    matrix = (spec.get("strategy") or {}).get("matrix") or {}
    axes = {str(name): _texts(values) for name, values in matrix.items() if name not in {"include", "exclude"}}
    combinations = [dict(zip(axes, each, strict=True)) for each in itertools.product(*axes.values())]
    return [_job(key, spec, each) for each in combinations]


def _job(key: str, spec: dict[str, Any], matrix: dict[str, str]) -> JobSpec:
    values = {f"matrix.{name}": value for name, value in matrix.items()}
    given = spec.get("name")
    suffix = f" ({', '.join(matrix.values())})" if matrix else ""
    name = expand(str(given), values) if given else key + suffix
    labels = [expand(label, values) for label in _texts(spec.get("runs-on"))]
    return JobSpec(
        key=key,
        name=name,
        needs=_texts(spec.get("needs")),
        labels=tuple(labels),
        steps=tuple(_step(each, values) for each in spec.get("steps") or [] if isinstance(each, dict)),
        matrix=matrix,
    )


def _step(spec: dict[str, Any], values: dict[str, str]) -> StepSpec:
    run, uses = str(spec.get("run") or ""), str(spec.get("uses") or "")
    default = f"Run {uses}" if uses else "Run " + run.strip().split("\n")[0]
    return StepSpec(
        name=expand(str(spec.get("name") or default), values),
        run=run,
        uses=uses,
        env=_strings(spec.get("env")),
        inputs=_strings(spec.get("with")),
    )
