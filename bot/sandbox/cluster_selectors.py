"""Label and field selectors, with the API server's refusals."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from bot.sandbox.cluster_errors import bad_request

Test = Callable[[Mapping[str, str]], bool]

_REQUIREMENT = re.compile(
    r"\s*([^\s=!,()]{1,317})\s*(?:(==|=|!=)\s*([^\s=!,()]{0,63})|\s(in|notin)\s*\(([^()]{0,4000})\))?\s*"
)
_ABSENT = re.compile(r"\s*!\s*([^\s=!,()]{1,317})\s*")
_COMMON_FIELDS = ("metadata.name", "metadata.namespace")
_FIELDS: dict[str, tuple[str, ...]] = {
    "pods": (
        *_COMMON_FIELDS,
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ),
    "events": (
        *_COMMON_FIELDS,
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
    "namespaces": ("metadata.name", "status.phase"),
    "nodes": ("metadata.name", "spec.unschedulable"),
    "replicasets": (*_COMMON_FIELDS, "status.replicas"),
    "jobs": (*_COMMON_FIELDS, "status.successful"),
}


def split_requirements(text: str) -> list[str]:
    """`text` at its commas, those inside parentheses kept together."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]


def label_selector(text: str) -> tuple[list[tuple[str, str]], Test]:
    """A label selector as (the pairs that must be equal, the whole test); ApiError 400 when it does not parse."""
    parts = split_requirements(text) if text.strip() else []
    rules = [_requirement(part) for part in parts]
    pairs = [(key, next(iter(values))) for key, operator, values in rules if operator == "="]
    return pairs, lambda labels: all(_holds(rule, labels) for rule in rules)


def _requirement(part: str) -> tuple[str, str, frozenset[str]]:
    """One requirement as (key, operator, values)."""
    if absent := _ABSENT.fullmatch(part):
        return absent[1], "!", frozenset()
    found = _REQUIREMENT.fullmatch(part)
    if not found:
        raise bad_request(_complaint(part))
    key, sign, value, word, values = found.groups()
    if sign:
        return key, "!=" if sign == "!=" else "=", frozenset((value,))
    if word:
        return key, word, frozenset(item.strip() for item in values.split(","))
    return key, "exists", frozenset()


def _holds(rule: tuple[str, str, frozenset[str]], labels: Mapping[str, str]) -> bool:
    key, operator, values = rule
    if operator in ("exists", "!"):
        return (key in labels) == (operator == "exists")
    return (labels.get(key) in values) == (operator in ("=", "in"))


def _complaint(part: str) -> str:
    first = part.strip()[:1]
    if part.count("=") > 1:
        return "found '=', expected: ',' or 'end of string'"
    wanted = "identifier" if first in ("", "!", "=", "(", ")") else "',' or 'end of string'"
    return f"unable to parse requirement: found '{first}', expected: {wanted}"


def match_labels(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Whether a LabelSelector object (matchLabels, matchExpressions) selects `labels`; an empty one selects all."""
    selector = selector or {}
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    for rule in selector.get("matchExpressions") or []:
        value, values = labels.get(rule.get("key", "")), rule.get("values") or []
        verdicts = {
            "In": value in values,
            "NotIn": value not in values,
            "Exists": value is not None,
            "DoesNotExist": value is None,
        }
        if not verdicts.get(rule.get("operator"), False):
            return False
    return True


def selector_text(selector: Mapping[str, Any] | None) -> str:
    """A LabelSelector's matchLabels as the text of a Scale's status."""
    pairs = ((selector or {}).get("matchLabels") or {}).items()
    return ",".join(f"{key}={value}" for key, value in sorted(pairs))


def field_selector(plural: str, text: str) -> list[tuple[str, str, bool]]:
    """A field selector as rows (path, value, equal); ApiError 400 for a field that the kind does not offer."""
    rows = []
    known = _FIELDS.get(plural, _COMMON_FIELDS)
    for part in text.split(",") if text else []:
        name, sign, value = part.partition("!=")
        equal = not sign
        if equal:
            name, sign, value = part.partition("=")
            value = value.removeprefix("=")
        if not sign:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{part}'")
        if name not in known:
            raise bad_request(_unknown_field(plural, name))
        rows.append((name, value, equal))
    return rows


def _unknown_field(plural: str, name: str) -> str:
    if plural in _FIELDS:
        return f"field label not supported: {name}"
    only = ", ".join(f'"{field}"' for field in _COMMON_FIELDS)
    return f'"{name}" is not a known field selector: only {only}'


def field_matches(rows: list[tuple[str, str, bool]], found: Mapping[str, Any]) -> bool:
    return all((_field(found, path) == value) == equal for path, value, equal in rows)


def _field(found: Mapping[str, Any], path: str) -> str:
    value: Any = found
    if path == "source":
        return str((found.get("source") or {}).get("component", ""))
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
