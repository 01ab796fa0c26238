"""Kubernetes' own description of its API as a judge of what the sandbox answers and of what it is sent.

What a description leaves open is closed here: a field that it does not name is refused. What its Go code does and its
description does not say is opened: a zero time is null, a quantity may be sent as a number.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs

from bot.sandbox.cluster_answers import Answer, Request, Route
from bot.sandbox.kubernetes_api import KubernetesSandbox

DESCRIPTION = json.loads((Path(__file__).with_name("data") / "kubernetes-openapi.json").read_text(encoding="utf-8"))
META = "io.k8s.apimachinery.pkg"
REFUSAL = f"{META}.apis.meta.v1.Status"
STRATEGIC, MERGE = "application/strategic-merge-patch+json", "application/merge-patch+json"
_NUMBER_OR_TEXT = {"type": ["string", "number"]}
_ZERO_TIME = {"type": ["string", "null"], "format": "date-time"}
_GVK = "x-kubernetes-group-version-kind"
_MERGE_KEY = "x-kubernetes-patch-merge-key"
_DIRECTIVES = {r"^\$(patch|retainKeys|setElementOrder/\w{1,60}|deleteFromPrimitiveList/\w{1,60})$": {}}
KINDS = {
    (f"{row['group']}/{row['version']}".removeprefix("/"), row["kind"]): name
    for name, definition in DESCRIPTION["definitions"].items()
    for row in definition.get(_GVK, ())
}


def _closed(value: Any, *, partial: bool) -> Any:
    """A schema that refuses unknown fields; `partial`: that of a patch, in which anything may lack, or be null."""
    if isinstance(value, list):
        return [_closed(item, partial=partial) for item in value]
    if not isinstance(value, dict):
        return value
    made = {
        name: {field: _closed(part, partial=partial) for field, part in item.items()}
        if name == "properties"
        else _closed(item, partial=partial)
        for name, item in value.items()
        if name not in (_GVK, _MERGE_KEY) and not (partial and name == "required")
    }
    if "properties" in made:
        made.setdefault("additionalProperties", False)
    if not partial:
        return made
    if "properties" in made:
        made["patternProperties"] = _DIRECTIVES
    if _MERGE_KEY in value:
        whole = {"required": ["$patch"], "properties": {"$patch": {"enum": ["replace"]}}}
        key = {"anyOf": [{"required": [value[_MERGE_KEY]]}, whole]}
        made["items"] = {"allOf": [made["items"], key]}
    if isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
    return made


def _definitions(flavour: str) -> dict[str, Any]:
    made = {name: _closed(each, partial=flavour == "patch") for name, each in DESCRIPTION["definitions"].items()}
    made[f"{META}.util.intstr.IntOrString"] = {"type": ["string", "integer"]}
    made[f"{META}.apis.meta.v1.Time"] = made[f"{META}.apis.meta.v1.MicroTime"] = _ZERO_TIME
    if flavour != "answer":
        made[f"{META}.api.resource.Quantity"] = _NUMBER_OR_TEXT
    return made


_FLAVOURS = {flavour: _definitions(flavour) for flavour in ("answer", "sent", "patch")}
_JUDGES: dict[tuple[str, str], jsonschema_rs.Draft4Validator] = {}


def complaints(schema: dict[str, Any], value: Any, flavour: str = "answer") -> list[str]:
    """What of `value` does not fit: an answer, an object as it is sent, or a strategic merge patch (`patch`)."""
    key = (flavour, json.dumps(schema, sort_keys=True))
    if key not in _JUDGES:
        whole = {"definitions": _FLAVOURS[flavour], **schema}
        _JUDGES[key] = jsonschema_rs.Draft4Validator(whole, validate_formats=True)
    return [
        f"{'/'.join(map(str, error.instance_path)) or 'the top'}: {error.message[-300:]}"
        for error in _JUDGES[key].iter_errors(value)
    ]


def of_kind(document: dict[str, Any], flavour: str = "answer") -> list[str]:
    """Judge an object by the apiVersion and kind that it says it has."""
    name = KINDS.get((str(document.get("apiVersion")), str(document.get("kind"))))
    if name is None:
        return [f"Kubernetes describes no {document.get('apiVersion')} {document.get('kind')}"]
    return complaints(reference(name), document, flavour)


def reference(name: str) -> dict[str, Any]:
    return {"$ref": f"#/definitions/{name}"}


def described(method: str, path: str) -> tuple[str, dict[str, Any]] | None:
    """The template of a path and its operation; None where Kubernetes has none."""
    for template, operations in DESCRIPTION["paths"].items():
        pattern = re.sub(r"\{\w+\}", "[^/]+", template.rstrip("/"))
        if method.lower() in operations and re.fullmatch(pattern, path.rstrip("/")):
            return template, operations[method.lower()]
    return None


class Judge:
    """Judges every call of a sandbox: `seen` are (method, template, status), `wrong` is what differs."""

    def __init__(self, sandbox: KubernetesSandbox) -> None:
        self.seen: set[tuple[str, str, int]] = set()
        self.wrong: list[str] = []
        self._inner = sandbox._answers.answer
        sandbox._answers.answer = self._answer  # type: ignore[method-assign] # the one place that all answers pass

    def _answer(self, request: Request, route: Route) -> Answer:
        answer = self._inner(request, route)
        found = described(request.method, request.path)
        self.seen.add((request.method, found[0] if found else request.path, answer.status))
        where = f"{request.method} {request.path} {answer.status}"
        operation = found[1] if found else None
        self.wrong += [f"{where}: {said}" for said in judge(operation, request, answer)]
        return answer


def judge(operation: dict[str, Any] | None, request: Request, answer: Answer) -> Iterator[str]:
    """What is wrong with one exchange; `operation` as `described` gives it."""
    if operation is None and answer.status < 400 and request.path not in ("/healthz", "/livez", "/readyz"):
        yield "Kubernetes has no such operation"
    if operation is not None and answer.status < 400:
        yield from (f"no query parameter {name}" for name in request.query if name not in operation["query"])
    if operation is not None and answer.status not in (400, 415, 422):
        yield from _judge_body(operation, request)
    if answer.content_type != "application/json":
        return
    body = json.loads(answer.body)
    if answer.status >= 400:
        yield from complaints(reference(REFUSAL), body)
        yield from _judge_refusal(answer.status, body)
        return
    schema = (operation or {"answers": {}})["answers"].get(str(answer.status))
    if schema is None:
        yield "a body where Kubernetes describes none"
    else:
        yield from complaints(schema, body)
        yield from _judge_kind(schema, body)


def _judge_body(operation: dict[str, Any], request: Request) -> Iterator[str]:
    if not request.body:
        return
    if "body" not in operation:
        yield "a body where Kubernetes takes none"
    elif request.method != "PATCH":
        yield from (f"sent: {said}" for said in complaints(operation["body"], json.loads(request.body), "sent"))
    elif request.headers.get("content-type") in (STRATEGIC, MERGE):
        answered = operation["answers"]["200"]
        yield from (f"sent: {said}" for said in complaints(answered, json.loads(request.body), "patch"))


def _judge_refusal(status: int, body: dict[str, Any]) -> Iterator[str]:
    if (body.get("apiVersion"), body.get("kind"), body.get("status")) != ("v1", "Status", "Failure"):
        yield "a refusal that is no failed Status"
    if body.get("code") != status:
        yield f"the Status says {body.get('code')}"


def _judge_kind(schema: dict[str, Any], body: dict[str, Any]) -> Iterator[str]:
    name = schema.get("$ref", "").rpartition("/")[2]
    rows = DESCRIPTION["definitions"].get(name, {}).get(_GVK, ())
    kinds = {(f"{row['group']}/{row['version']}".removeprefix("/"), row["kind"]) for row in rows}
    # A real server leaves the apiVersion out of GET /api, and of nothing else.
    version = "v1" if body.get("kind") == "APIVersions" else body.get("apiVersion")
    if kinds and (version, body.get("kind")) not in kinds:
        yield f"it calls itself {body.get('apiVersion')} {body.get('kind')}"
