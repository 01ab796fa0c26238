"""Argo CD's own description of its API as a judge of answers: schema, and names that no schema knows."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs

DATA = Path(__file__).parent / "data"
_SWAGGER = json.loads((DATA / "argocd-swagger.json").read_text(encoding="utf-8"))
_DEFINITIONS = _SWAGGER["definitions"]
# The description has a time with fractions as an empty object; it is a text, or null (as recorded).
_DEFINITIONS["v1MicroTime"] = {"type": ["string", "null"]}
_DEFINITIONS["v1FieldsV1"] = {"type": "object"}


def schema_of(method: str, path: str, status: int) -> dict[str, Any]:
    """The schema of an answer. KeyError for an operation that is not described."""
    for template, operations in _SWAGGER["paths"].items():
        pattern = re.sub(r"\{[\w.]+\}", "[^/]+", template.replace("{subresource}", ".+"))
        if re.fullmatch(pattern, path) and method.lower() in operations:
            responses = operations[method.lower()]["responses"]
            return dict(responses.get(str(status), responses["default"])["schema"])
    raise KeyError(f"{method} {path}")


def complaints(method: str, path: str, status: int, body: Any) -> list[str]:
    """What is wrong with an answer: where it does not fit its schema, and fields that the schema does not have.

    An empty list is null in Go's JSON, which the description does not say: a null at the top counts as absent.
    """
    if isinstance(body, dict):
        body = {name: value for name, value in body.items() if value is not None}
    schema = schema_of(method, path, status)
    judge = jsonschema_rs.Draft4Validator({"definitions": _DEFINITIONS, **schema})
    said = [f"{'/'.join(map(str, error.instance_path))}: {error.message}" for error in judge.iter_errors(body)]
    return said + list(_unknown(schema, body, ""))


def _unknown(schema: dict[str, Any], value: Any, where: str) -> list[str]:
    schema = _DEFINITIONS[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    for part in schema.get("allOf", ()):
        whole = _DEFINITIONS[part["$ref"].rpartition("/")[2]] if "$ref" in part else part
        schema = {**schema, "properties": {**whole.get("properties", {}), **schema.get("properties", {})}}
    if isinstance(value, list):
        return [said for item in value for said in _unknown(schema.get("items", {}), item, f"{where}[]")]
    properties = schema.get("properties")
    if not isinstance(value, dict) or properties is None:
        return []
    said = [f"{where}.{name} is not described" for name in value if name not in properties]
    return said + [
        more
        for name, item in value.items()
        if name in properties
        for more in _unknown(properties[name], item, f"{where}.{name}")
    ]


def recorded(name: str) -> dict[str, Any]:
    """A recorded answer of a real Argo CD: request, status, content_type, body."""
    return dict(json.loads((DATA / "argocd-api" / f"{name}.json").read_text(encoding="utf-8")))


def key_paths(value: Any, where: str = "") -> set[str]:
    """Every path of keys of a JSON value; the items of a list are one; annotations and labels are not looked into."""
    if isinstance(value, dict):
        deep = not where.endswith(("annotations", "labels", "managedFields"))
        inner = [key_paths(item, f"{where}.{key}") for key, item in value.items()] if deep else []
        return {where}.union(*inner)
    if isinstance(value, list):
        return {where}.union(*(key_paths(item, f"{where}[]") for item in value))
    return {where}
