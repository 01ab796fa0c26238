"""metadata.managedFields: which field manager set which field, in the FieldsV1 form."""

import json
from typing import Any

Tree = dict[str, Any]

# Keys that name the items of a list in FieldsV1; a list of another name is one field as a whole.
_ITEM_KEYS = {
    "containers": ("name",),
    "initContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "ports": ("containerPort", "protocol"),
    "volumeMounts": ("mountPath",),
    "conditions": ("type",),
    "ownerReferences": ("uid",),
    "imagePullSecrets": ("name",),
}
_ATOMIC = {"selector"}
_UNMANAGED = {"resourceVersion", "generation", "managedFields", "uid", "creationTimestamp", "name", "namespace"}


def changed_fields(before: Any, after: Any, name: str = "") -> Tree | None:
    """The FieldsV1 tree of what `after` sets otherwise than `before`; None when that is nothing."""
    if before == after or after is None:
        return None
    if isinstance(after, dict) and name not in _ATOMIC:
        return _changed_map(before if isinstance(before, dict) else None, after)
    if isinstance(after, list) and name in _ITEM_KEYS and all(isinstance(item, dict) for item in after):
        return _changed_items(before if isinstance(before, list) else [], after, _ITEM_KEYS[name])
    return {}


def _changed_map(before: dict[str, Any] | None, after: dict[str, Any]) -> Tree | None:
    tree: Tree = {} if before is not None else {".": {}}
    for name, value in after.items():
        part = changed_fields((before or {}).get(name), value, name)
        if part is not None:
            tree[f"f:{name}"] = part
    if tree == {".": {}}:
        return {}
    return tree or None


def _changed_items(before: list[Any], after: list[Any], keys: tuple[str, ...]) -> Tree | None:
    def label(item: Any) -> str:
        named = {key: item[key] for key in keys if key in item} if isinstance(item, dict) else {}
        return "k:" + json.dumps(named, separators=(",", ":"))

    known = {label(item): item for item in before}
    tree: Tree = {}
    for item in after:
        part = changed_fields(known.get(label(item)), item)
        if part is not None:
            tree[label(item)] = part
    return tree or None


def changed_object(before: dict[str, Any], after: dict[str, Any]) -> Tree:
    """As changed_fields, for a whole object: identity, versions and status do not count."""

    def managed(found: dict[str, Any]) -> dict[str, Any]:
        meta = {name: value for name, value in found["metadata"].items() if name not in _UNMANAGED}
        rest = {name: value for name, value in found.items() if name not in ("apiVersion", "kind", "status")}
        return rest | {"metadata": meta}

    return changed_fields(managed(before), managed(after)) or {}


def record_manager(
    entries: list[dict[str, Any]], tree: Tree, *, manager: str, api_version: str, now: str, subresource: str = ""
) -> list[dict[str, Any]]:
    """The managedFields after `manager` set the fields of `tree` by an Update; others lose those fields."""
    kept: list[dict[str, Any]] = []
    mine: Tree = {}
    for entry in entries:
        same = (entry.get("manager"), entry.get("operation"), entry.get("subresource", "")) == (
            manager,
            "Update",
            subresource,
        )
        if same:
            mine = entry.get("fieldsV1") or {}
            continue
        fields = _without(entry.get("fieldsV1") or {}, tree)
        if fields:
            kept.append({**entry, "fieldsV1": fields})
    added: dict[str, Any] = {"manager": manager, "operation": "Update", "apiVersion": api_version, "time": now}
    added |= {"fieldsType": "FieldsV1", "fieldsV1": _joined(mine, tree)}
    if subresource:
        added["subresource"] = subresource
    kept.append(added)
    return sorted(kept, key=lambda entry: (entry.get("time", ""), entry.get("manager", "")))


def _joined(one: Tree, other: Tree) -> Tree:
    names = {*one, *other}
    return {name: _joined(one.get(name, {}), other.get(name, {})) for name in sorted(names)}


def _without(fields: Tree, gone: Tree) -> Tree:
    """`fields` less the leaves of `gone`, and less what becomes empty by it."""
    left: Tree = {}
    for name, part in fields.items():
        if name == "." or name not in gone:
            left[name] = part
        elif part:
            rest = _without(part, gone[name])
            if set(rest) - {"."}:
                left[name] = rest
    return left if set(left) - {"."} else {}
