"""The three patches of the API: strategic merge, JSON merge (RFC 7386), JSON patch (RFC 6902).

Pure: each takes a document and a patch and returns a new document. Lists that the API merges, and the order of the
outcome, follow apimachinery's strategicpatch.
"""

import copy
from typing import Any

from bot.sandbox.cluster_errors import ApiError, unprocessable

STRATEGIC = "application/strategic-merge-patch+json"
MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"

# Lists merged by a key; every other list of objects is replaced whole. Keyed by the field's name.
_MERGE_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "ephemeralContainers": "name",
    "volumes": "name",
    "env": "name",
    "ports": "containerPort",
    "volumeMounts": "mountPath",
    "volumeDevices": "devicePath",
    "imagePullSecrets": "name",
    "hostAliases": "ip",
    "topologySpreadConstraints": "topologyKey",
    "ownerReferences": "uid",
    "conditions": "type",
    "resourceClaims": "name",
    "schedulingGates": "name",
}
_MERGED_SCALARS = {"finalizers"}
_SET_ORDER, _DELETE_SCALARS, _RETAIN, _DIRECTIVE = (
    "$setElementOrder/",
    "$deleteFromPrimitiveList/",
    "$retainKeys",
    "$patch",
)


def merge_key(name: str, items: list[Any]) -> str | None:
    """The key that merges the items of the list of that name; None for a list that is replaced whole.

    `items` are all that take part: the ports of a Service have another key than those of a container.
    """
    if name == "ports" and items and all(isinstance(item, dict) and "port" in item for item in items):
        return "port"
    return _MERGE_KEYS.get(name)


def merge_patch(document: Any, patch: Any) -> Any:
    """RFC 7386: null deletes, objects merge, all else replaces."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    merged = dict(document) if isinstance(document, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


def strategic_patch(document: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """The API's own merge. ApiError 500 for a list item without its merge key or an unknown directive, as the server."""
    directive = patch.get(_DIRECTIVE)
    if directive == "replace":
        return {name: copy.deepcopy(value) for name, value in patch.items() if name != _DIRECTIVE}
    if directive == "delete":
        return {}
    if directive not in (None, "merge"):
        raise _bad_directive(directive, patch)
    merged = dict(document)
    if _RETAIN in patch:
        merged = {name: value for name, value in merged.items() if name in patch[_RETAIN]}
    orders = {name.removeprefix(_SET_ORDER): value for name, value in patch.items() if name.startswith(_SET_ORDER)}
    for name, value in patch.items():
        if name.startswith(_DELETE_SCALARS):
            field = name.removeprefix(_DELETE_SCALARS)
            merged[field] = [item for item in merged.get(field) or [] if item not in value]
        elif not name.startswith("$"):
            _merge_field(merged, name, value, orders.pop(name, None))
    for name, order in orders.items():
        if merged.get(name):
            merged[name] = _merge_list(name, merged[name], [], order)
    return merged


def _merge_field(merged: dict[str, Any], name: str, value: Any, order: list[Any] | None) -> None:
    before = merged.get(name)
    if value is None:
        merged.pop(name, None)
    elif isinstance(value, dict):
        merged[name] = strategic_patch(before if isinstance(before, dict) else {}, value)
    elif isinstance(value, list) and isinstance(before, list) and (name in _MERGE_KEYS or name in _MERGED_SCALARS):
        merged[name] = _merge_list(name, before, value, order)
    elif isinstance(value, list) and name in _MERGE_KEYS:
        merged[name] = _merge_list(name, [], value, order)
    else:
        merged[name] = copy.deepcopy(value)


def _merge_list(name: str, before: list[Any], patch: list[Any], order: list[Any] | None) -> list[Any]:
    if name in _MERGED_SCALARS:
        return list(dict.fromkeys([*before, *patch]))
    key = merge_key(name, [*before, *patch]) or ""
    if any(isinstance(item, dict) and item.get(_DIRECTIVE) == "replace" for item in patch):
        return [copy.deepcopy(item) for item in patch if _DIRECTIVE not in item]
    _require_key([*before, *patch, *(order or [])], key)
    gone = [item[key] for item in patch if item.get(_DIRECTIVE) == "delete"]
    found = {item[key]: item for item in before if item[key] not in gone}
    server = [item[key] for item in before]
    changed = [item for item in patch if item.get(_DIRECTIVE) != "delete"]
    for item in changed:
        found[item[key]] = strategic_patch(found.get(item[key], {}), item)
    wanted = [item[key] for item in (order if order is not None else changed)]
    ours = [value for value in wanted if value in found]
    rest = [value for value in found if value not in ours]
    return [found[value] for value in _interleave(rest, ours, server)]


def _interleave(rest: list[Any], ours: list[Any], server: list[Any]) -> list[Any]:
    """`rest` put into `ours` by the server's order where it knows both; else ours go first."""
    merged: list[Any] = []
    left, right = list(rest), list(ours)
    while left and right:
        before = left[0] in server and right[0] in server and server.index(left[0]) < server.index(right[0])
        merged.append((left if before else right).pop(0))
    return merged + left + right


def _require_key(items: list[Any], key: str) -> None:
    for item in items:
        if not isinstance(item, dict) or key not in item:
            raise ApiError(500, "", f"map: {go_text(item)} does not contain declared merge key: {key}")


def _bad_directive(directive: Any, patch: dict[str, Any]) -> ApiError:
    return ApiError(500, "", f"Unknown patch type: {directive} found in map: {go_text(patch)}")


def go_text(value: Any) -> str:
    """A JSON value as Go's %v prints it, which is what the server quotes of a strategic patch."""
    if isinstance(value, dict):
        return "map[" + " ".join(f"{name}:{go_text(value[name])}" for name in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(map(go_text, value)) + "]"
    if value is None:
        return "<nil>"
    return str(value).lower() if isinstance(value, bool) else str(value)


def json_patch(document: Any, operations: list[Any]) -> Any:
    """RFC 6902, all of it or nothing; ApiError 422 for an operation that cannot be done, `test` included."""
    changed = copy.deepcopy(document)
    for operation in operations:
        try:
            changed = _operate(changed, operation)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise unprocessable() from error
    return changed


def _operate(document: Any, operation: dict[str, Any]) -> Any:
    name, path = operation["op"], _pointer(operation["path"])
    if name == "test":
        if _look(document, path) != operation.get("value"):
            raise ValueError(path)
        return document
    if name in ("move", "copy"):
        source = _pointer(operation["from"])
        value = copy.deepcopy(_look(document, source))
        if name == "move":
            document = _remove(document, source)
        return _add(document, path, value)
    if name == "add":
        return _add(document, path, copy.deepcopy(operation["value"]))
    if name == "remove":
        return _remove(document, path)
    if name == "replace":
        _look(document, path)
        value = copy.deepcopy(operation["value"])
        return value if not path else _set(document, path, value)
    raise ValueError(name)


def _pointer(path: str) -> list[str]:
    if path and not path.startswith("/"):
        raise ValueError(path)
    return [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]


def _look(document: Any, path: list[str]) -> Any:
    for part in path:
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document


def _set(document: Any, path: list[str], value: Any) -> Any:
    parent = _look(document, path[:-1])
    parent[int(path[-1]) if isinstance(parent, list) else path[-1]] = value
    return document


def _add(document: Any, path: list[str], value: Any) -> Any:
    if not path:
        return value
    parent = _look(document, path[:-1])
    if not isinstance(parent, list):
        return _set(document, path, value)
    place = len(parent) if path[-1] == "-" else int(path[-1])
    if not 0 <= place <= len(parent):
        raise IndexError(place)
    parent.insert(place, value)
    return document


def _remove(document: Any, path: list[str]) -> Any:
    parent = _look(document, path[:-1])
    if isinstance(parent, list):
        parent.pop(int(path[-1]))
    else:
        parent.pop(path[-1])
    return document
