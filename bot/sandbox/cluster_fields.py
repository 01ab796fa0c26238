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
    known = {_label(item, keys): item for item in before}
    tree: Tree = {} if before else {".": {}}
    for item in after:
        part = changed_fields(known.get(_label(item, keys)), item)
        if part is not None:
            tree[_label(item, keys)] = part
    return tree or None


def _label(item: Any, keys: tuple[str, ...]) -> str:
    named = {key: item[key] for key in keys if key in item} if isinstance(item, dict) else {}
    return "k:" + json.dumps(named, separators=(",", ":"))


def removed_fields(before: Any, after: Any, name: str = "") -> Tree | None:
    """The FieldsV1 tree of what `before` has and `after` has not; None when that is nothing."""
    if after is None or isinstance(after, dict) != isinstance(before, dict):
        return None if before is None else {}
    if isinstance(before, dict) and name not in _ATOMIC:
        parts = {f"f:{key}": removed_fields(value, after.get(key), key) for key, value in before.items()}
    elif isinstance(before, list) and isinstance(after, list) and name in _ITEM_KEYS:
        keys = _ITEM_KEYS[name]
        left = {_label(item, keys): item for item in after}
        parts = {_label(item, keys): removed_fields(item, left.get(_label(item, keys))) for item in before}
    else:
        return None
    return {key: part for key, part in parts.items() if part is not None} or None


def changed_object(before: dict[str, Any], after: dict[str, Any]) -> tuple[Tree, Tree]:
    """What was set and what was removed in a whole object: identity, versions and status do not count."""

    def managed(found: dict[str, Any]) -> dict[str, Any]:
        meta = {name: value for name, value in found["metadata"].items() if name not in _UNMANAGED}
        rest = {name: value for name, value in found.items() if name not in ("apiVersion", "kind", "status")}
        return rest | {"metadata": meta}

    one, other = managed(before), managed(after)
    return changed_fields(one, other) or {}, removed_fields(one, other) or {}


def record_manager(
    entries: list[dict[str, Any]],
    changes: tuple[Tree, Tree],
    *,
    manager: str,
    api_version: str,
    now: str,
    subresource: str = "",
) -> list[dict[str, Any]]:
    """The managedFields after an Update by `manager` that set and removed the fields of `changes`.

    Others lose the fields that were set, everybody those that were removed; who holds none is left out.
    """
    tree, gone = changes
    kept: list[dict[str, Any]] = []
    mine: Tree = {}
    for entry in entries:
        same = (entry.get("manager"), entry.get("operation"), entry.get("subresource", "")) == (
            manager,
            "Update",
            subresource,
        )
        if same:
            mine = _without(entry.get("fieldsV1") or {}, gone)
            continue
        fields = _without(_without(entry.get("fieldsV1") or {}, tree), gone)
        if fields:
            kept.append({**entry, "fieldsV1": fields})
    if not mine and not tree:
        return kept
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
        elif part and gone[name]:
            rest = _without(part, gone[name])
            if set(rest) - {"."}:
                left[name] = rest
    return left if set(left) - {"."} else {}
