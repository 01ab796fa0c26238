"""A POST of an object as the API server does it: decode strictly by type, default, validate, then store.

Unlike a patch, whose refusal quotes the patch, a refused object is named by the Go field that it does not fit.
"""

from typing import Any

from bot.sandbox.cluster_errors import ApiError, bad_request, invalid, not_found
from bot.sandbox.cluster_fields import changed_object, record_manager
from bot.sandbox.cluster_kinds import Kind
from bot.sandbox.cluster_schema import (
    AMOUNTS,
    ANY,
    TEXT,
    TEXTS,
    WHOLE,
    WrongTypeError,
    conform,
    first_status,
    go_struct,
    schema_of,
    with_defaults,
)
from bot.sandbox.cluster_state import Object, Store, stamp
from bot.sandbox.cluster_validate import object_causes


def create_object(store: Store, kind: Kind, document: Object, *, manager: str, now: float) -> Object:
    """Stores a new object and returns it. ApiError as the real server: 400, 404 (no such namespace), 409, 422."""
    if wrong := misfit(kind.kind, document):
        version = kind.api_version.rsplit("/", 1)[-1]
        raise bad_request(f'{kind.kind} in version "{version}" cannot be handled as a {kind.kind}: {wrong}')
    fitted, _ = conform(kind.kind, document)
    meta = {key: value for key, value in (fitted.get("metadata") or {}).items() if value not in (None, {}, [])}
    namespace = meta.get("namespace", "")
    if kind.namespaced and store.get("namespaces", "", namespace) is None:
        raise not_found("namespaces", "", namespace)
    if store.get(kind.plural, namespace, meta["name"]) is not None:
        details = {"name": meta["name"], "kind": kind.plural}
        raise ApiError(409, "AlreadyExists", f'{kind.plural} "{meta["name"]}" already exists', details)
    made = with_defaults(kind.kind, {**fitted, "metadata": meta})
    if causes := object_causes(kind, made, made):
        raise invalid(kind.kind, kind.group, meta["name"], causes)
    made["metadata"] = meta | {"uid": store.new_uid(), "creationTimestamp": stamp(now)}
    if kind.group:
        made["metadata"]["generation"] = 1
    if kind.plural == "namespaces":
        labels = {"kubernetes.io/metadata.name": meta["name"], **(meta.get("labels") or {})}
        made["metadata"]["labels"] = labels
        made |= {"spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}
    elif "spec" in made:
        made["status"] = first_status(kind.kind)
    empty: Object = {"metadata": {}}
    made["metadata"]["managedFields"] = record_manager(
        [], changed_object(empty, made), manager=manager, api_version=kind.api_version, now=stamp(now)
    )
    return store.put(made)


def misfit(kind: str, document: Object) -> str:
    """Why Go's JSON decoder would refuse the object; "" when it would not (nor where the sandbox knows no schema)."""
    schema = schema_of(kind)
    if schema is None:
        return ""
    if wrong := _misfit(document, schema, kind, "", ""):
        return wrong
    try:
        conform(kind, document)
    except WrongTypeError as error:
        return str(error)  # a quantity: its own decoder complains, without a field
    return ""


def _misfit(value: Any, schema: Any, kind: str, struct: str, path: str) -> str:
    if value is None or schema in (ANY, AMOUNTS):
        return ""
    if isinstance(schema, list):
        if not isinstance(value, list):
            return _cannot(value, struct, path, f"[]v1.{go_struct(schema[0], kind)}")
        return next((wrong for item in value if (wrong := _misfit(item, schema[0], kind, struct, path))), "")
    if isinstance(schema, dict):
        name = go_struct(schema, kind)
        if not isinstance(value, dict):
            return _cannot(value, struct, path, f"v1.{name}")
        parts = ((item, schema[key], f"{path}.{key}" if path else key) for key, item in value.items() if key in schema)
        return next((wrong for item, part, here in parts if (wrong := _misfit(item, part, kind, name, here))), "")
    return _misfit_leaf(value, schema, struct, path)


def _misfit_leaf(value: Any, schema: str, struct: str, path: str) -> str:
    if schema == TEXTS:
        if not isinstance(value, dict):
            return _cannot(value, struct, path, "map[string]string")
        return next((_cannot(item, struct, path, "string") for item in value.values() if not isinstance(item, str)), "")
    if schema == TEXT and not isinstance(value, str):
        return _cannot(value, struct, path, "string")
    if schema == WHOLE and (isinstance(value, bool) or not isinstance(value, int)):
        return _cannot(value, struct, path, "int32")
    return ""


def _cannot(value: Any, struct: str, path: str, wanted: str) -> str:
    kinds = {bool: "bool", int: "number", float: "number", str: "string", list: "array", dict: "object"}
    return f"json: cannot unmarshal {kinds.get(type(value), 'value')} into Go struct field {struct}.{path} of type {wanted}"
