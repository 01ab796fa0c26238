"""What the API server checks of a workload before it stores a patch, with its words."""

import json
import re
from typing import Any

from bot.sandbox.cluster_errors import Cause
from bot.sandbox.cluster_kinds import Kind
from bot.sandbox.cluster_quantity import parse_quantity
from bot.sandbox.cluster_selectors import match_labels

_NAME_PART = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_NAME = re.compile(r"(?:[A-Za-z0-9][-A-Za-z0-9_.]{0,62})?", re.ASCII)
_PREFIX = re.compile(r"[a-z0-9](?:[-a-z0-9.]{0,252})", re.ASCII)
_MAX_ANNOTATIONS = 262_144
_NOT_NEGATIVE = "must be greater than or equal to 0"


def _wrong(field: str, value: Any, why: str) -> Cause:
    return Cause(field=field, detail=f"Invalid value: {json.dumps(value, separators=(',', ':'))}: {why}")


def _required(field: str) -> Cause:
    return Cause(field=field, detail="Required value", reason="FieldValueRequired")


def object_causes(kind: Kind, before: dict[str, Any], after: dict[str, Any]) -> list[Cause]:
    """Every reason to refuse `after` as the next state of `before` (of itself: as a new object)."""
    if kind.group == "apps":
        return workload_causes(before, after)
    causes = _meta_causes(before["metadata"], after["metadata"])
    if kind.kind == "Service":
        for place, port in enumerate((after.get("spec") or {}).get("ports") or []):
            protocol = port.get("protocol", "TCP")
            if protocol not in ("SCTP", "TCP", "UDP"):
                detail = f'Unsupported value: "{protocol}": supported values: "SCTP", "TCP", "UDP"'
                field = f"spec.ports[{place}].protocol"
                causes.append(Cause(field=field, detail=detail, reason="FieldValueNotSupported"))
    return causes


def workload_causes(before: dict[str, Any], after: dict[str, Any]) -> list[Cause]:
    """Every reason to refuse `after` as the next state of `before`; empty when it may be stored."""
    causes = _meta_causes(before["metadata"], after["metadata"])
    spec = after.get("spec") or {}
    if isinstance(spec.get("replicas"), int) and spec["replicas"] < 0:
        causes.append(_wrong("spec.replicas", spec["replicas"], _NOT_NEGATIVE))
    template = spec.get("template") or {}
    labels = (template.get("metadata") or {}).get("labels") or {}
    if not spec.get("selector"):
        causes.append(_required("spec.selector"))
    if not spec.get("selector") or not match_labels(spec["selector"], labels):
        why = "`selector` does not match template `labels`"
        causes.append(_wrong("spec.template.metadata.labels", labels, why))
    causes += _annotation_causes((template.get("metadata") or {}).get("annotations"), "spec.template.annotations")
    causes += _container_causes((template.get("spec") or {}).get("containers"), "spec.template.spec.containers")
    if spec.get("selector") != before["spec"].get("selector"):
        causes.append(_wrong("spec.selector", spec.get("selector"), "field is immutable"))
    return causes


def _meta_causes(before: dict[str, Any], after: dict[str, Any]) -> list[Cause]:
    causes = _annotation_causes(after.get("annotations"), "metadata.annotations")
    for name in ("uid", "creationTimestamp"):
        if after.get(name) != before.get(name):
            causes.append(_wrong(f"metadata.{name}", after.get(name), "field is immutable"))
    return causes


def _annotation_causes(annotations: dict[str, str] | None, field: str) -> list[Cause]:
    causes = [_wrong(field, key, why) for key in annotations or {} if (why := _key_complaint(key))]
    size = sum(len(key.encode()) + len(value.encode()) for key, value in (annotations or {}).items())
    if size > _MAX_ANNOTATIONS:
        detail = f"Too long: may not be more than {_MAX_ANNOTATIONS} bytes"
        causes.append(Cause(field=field, detail=detail, reason="FieldValueTooLong"))
    return causes


def _key_complaint(key: str) -> str:
    prefix, slash, name = key.rpartition("/")
    if slash and not _PREFIX.fullmatch(prefix):
        return (
            "prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
            "and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
            "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
        )
    if not name:
        return "name part must be non-empty"
    if len(name) > 63:
        return "name part must be no more than 63 bytes"
    if not _NAME.fullmatch(name) or not name[-1].isalnum():
        return (
            "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
            "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
            f"'{_NAME_PART}')"
        )
    return ""


def _container_causes(containers: Any, field: str) -> list[Cause]:
    if not containers:
        return [_required(field)]
    causes: list[Cause] = []
    seen: set[str] = set()
    for place, item in enumerate(containers):
        here = f"{field}[{place}]"
        name = item.get("name", "")
        if not name:
            causes.append(_required(f"{here}.name"))
        elif name in seen:
            detail = f'Duplicate value: "{name}"'
            causes.append(Cause(field=f"{here}.name", detail=detail, reason="FieldValueDuplicate"))
        seen.add(name)
        if not item.get("image"):
            causes.append(_required(f"{here}.image"))
        ports = item.get("ports") or []
        causes += [
            _required(f"{here}.ports[{number}].containerPort")
            for number, port in enumerate(ports)
            if not port.get("containerPort")
        ]
        causes += _resource_causes(item.get("resources") or {}, f"{here}.resources")
    return causes


def _resource_causes(resources: dict[str, Any], field: str) -> list[Cause]:
    causes: list[Cause] = []
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for part, amounts in (("limits", limits), ("requests", requests)):
        causes += [
            _wrong(f"{field}.{part}[{name}]", amount, _NOT_NEGATIVE)
            for name, amount in sorted(amounts.items())
            if parse_quantity(amount) < 0
        ]
    for name, amount in sorted(requests.items()):
        limit = limits.get(name)
        if limit is not None and parse_quantity(amount) > parse_quantity(limit):
            causes.append(_wrong(f"{field}.requests", amount, f"must be less than or equal to {name} limit of {limit}"))
    return causes
