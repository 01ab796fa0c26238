"""A PATCH as the API server does it: apply, decode, default, validate, compare, then store under a new version."""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.sandbox.cluster_errors import (
    ApiError,
    Cause,
    bad_request,
    conflict,
    invalid,
    undecodable,
    unsupported_media_type,
)
from bot.sandbox.cluster_fields import changed_object, record_manager
from bot.sandbox.cluster_kinds import Kind
from bot.sandbox.cluster_patch import JSON_PATCH, MERGE, STRATEGIC, go_text, json_patch, merge_patch, strategic_patch
from bot.sandbox.cluster_schema import WrongTypeError, conform, with_defaults
from bot.sandbox.cluster_selectors import selector_text
from bot.sandbox.cluster_state import Object, Store, stamp
from bot.sandbox.cluster_validate import object_causes

_MAX_MANAGER = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchRequest:
    """A PATCH as it came: the body undecoded, the options of its query, and the moment (epoch seconds)."""

    content_type: str
    body: bytes
    manager: str
    now: float
    dry_run: bool = False
    strict: bool = False

    @classmethod
    def of(cls, content_type: str, body: bytes, query: Mapping[str, str], agent: str, now: float) -> "PatchRequest":
        """From the parts of a request; ApiError 422 for options that the server refuses."""
        manager = query.get("fieldManager") or agent.split("/", 1)[0] or "unknown"
        causes = []
        if len(manager.encode()) > _MAX_MANAGER:
            detail = f"Too long: may not be more than {_MAX_MANAGER} bytes"
            causes.append(Cause(field="fieldManager", detail=detail, reason="FieldValueTooLong"))
        if query.get("dryRun", "All") != "All":
            detail = f'Unsupported value: ["{query["dryRun"]}"]: supported values: "All"'
            causes.append(Cause(field="dryRun", detail=detail, reason="FieldValueNotSupported"))
        if causes:
            raise invalid("PatchOptions", "meta.k8s.io", "", causes)
        return cls(
            content_type=content_type.split(";", 1)[0].strip(),
            body=body,
            manager=manager,
            now=now,
            dry_run="dryRun" in query,
            strict=query.get("fieldValidation") == "Strict",
        )


def _decode(request: PatchRequest) -> Any:
    if request.content_type not in (STRATEGIC, MERGE, JSON_PATCH):
        raise unsupported_media_type()
    try:
        patch = json.loads(request.body)
    except ValueError as error:
        raise bad_request("invalid JSON patch") from error
    if request.content_type == JSON_PATCH:
        if not isinstance(patch, list):
            kind = "object" if isinstance(patch, dict) else type(patch).__name__
            what = f"json: cannot unmarshal {kind} into Go value of type []handlers.jsonPatchOp"
            raise bad_request(f"error decoding patch: {what}")
    elif not isinstance(patch, dict):
        kind = "array" if isinstance(patch, list) else "string" if isinstance(patch, str) else "number"
        what = f"json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}"
        raise bad_request(what if request.content_type == STRATEGIC else f"error decoding patch: {what}")
    return patch


def _apply(request: PatchRequest, found: Object) -> tuple[Object, str]:
    """The patched document, and what a refusal to decode it quotes."""
    patch = _decode(request)
    if request.content_type == STRATEGIC:
        return strategic_patch(found, patch), go_text(patch)
    document = json_patch(found, patch) if request.content_type == JSON_PATCH else merge_patch(found, patch)
    return document, json.dumps(json.dumps(document, separators=(",", ":")))[1:-1]


def _check_identity(kind: Kind, found: Object, after: Object) -> None:
    """ApiError for another name, namespace or version than the stored object has."""
    before, meta = found["metadata"], after.get("metadata")
    if not isinstance(meta, dict) or not meta.get("name"):
        text = f"the name of the object ({before['name']} based on URL) was undeterminable: name must be provided"
        raise bad_request(text)
    if meta.get("name") != before["name"]:
        text = f"the name of the object ({meta.get('name')}) does not match the name on the URL ({before['name']})"
        raise bad_request(text)
    if meta.get("namespace") != before.get("namespace"):
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    version = meta.get("resourceVersion")
    if version is not None and not str(version).isdigit():
        raise ApiError(500, "", f'strconv.ParseUint: parsing "{version}": invalid syntax')
    if version is not None and str(version) != before["resourceVersion"]:
        raise conflict(kind.plural, kind.group, before["name"])


def patch_object(store: Store, kind: Kind, found: Object, request: PatchRequest) -> tuple[Object, list[str]]:
    """The object after the patch, stored unless it is a dry run or changes nothing; and the warnings.

    ApiError as the real server: 400, 409, 415, 422, 500.
    """
    patched, quoted = _apply(request, found)
    patched = {**patched, "apiVersion": found["apiVersion"], "kind": found["kind"]}
    try:
        fitted, dropped = conform(kind.kind, patched)
    except WrongTypeError as error:
        raise undecodable(quoted, str(error)) from error
    if dropped and request.strict:
        listed = ", ".join(f'unknown field "{path}"' for path in dropped)
        raise undecodable(quoted, f"strict decoding error: {listed}")
    _check_identity(kind, found, fitted)
    identity = {name: found["metadata"][name] for name in ("uid", "creationTimestamp") if name in found["metadata"]}
    fitted["metadata"] = {
        **identity,
        **{name: value for name, value in fitted["metadata"].items() if value is not None},
    }
    after = with_defaults(kind.kind, fitted)
    if "spec" in found:
        after["status"] = found.get("status", {})
    if causes := object_causes(kind, found, after):
        raise invalid(kind.kind, kind.group, found["metadata"]["name"], causes)
    warnings = [f'unknown field "{path}"' for path in dropped]
    return _commit(store, kind, found, after, request), warnings


def _commit(store: Store, kind: Kind, found: Object, after: Object, request: PatchRequest, sub: str = "") -> Object:
    before = found["metadata"]
    kept = ("generation", "managedFields", "resourceVersion")
    meta = {
        name: value for name, value in after["metadata"].items() if name not in kept and value not in ({}, [], None)
    }
    meta |= {name: before[name] for name in kept if name in before}
    if after["metadata"].get("managedFields") == []:  # the API's way to forget all field managers
        meta.pop("managedFields", None)
    after = {**after, "metadata": meta}
    if after == found:
        return found
    annotated = kind.plural == "deployments" and meta.get("annotations") != before.get("annotations")
    if after.get("spec") != found.get("spec") or annotated:
        meta["generation"] = before.get("generation", 1) + 1
    meta["managedFields"] = record_manager(
        meta.get("managedFields") or [],
        changed_object(found, after),
        manager=request.manager,
        api_version=kind.api_version,
        now=stamp(request.now),
        subresource=sub,
    )
    if not meta["managedFields"]:
        del meta["managedFields"]
    return after if request.dry_run else store.put(after)


def scale_of(found: Object) -> Object:
    """The Scale of a workload (autoscaling/v1)."""
    meta = found["metadata"]
    names = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    status = {
        "replicas": (found.get("status") or {}).get("replicas", 0),
        "selector": selector_text(found["spec"].get("selector")),
    }
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {name: meta[name] for name in names if name in meta},
        "spec": {"replicas": found["spec"].get("replicas", 0)},
        "status": status,
    }


def patch_scale(store: Store, kind: Kind, found: Object, request: PatchRequest) -> Object:
    """As patch_object, for the scale subresource: only spec.replicas counts."""
    scale, quoted = _apply(request, scale_of(found))
    _check_identity(kind, found, scale)
    replicas = (scale.get("spec") or {}).get("replicas", 0)
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        raise undecodable(quoted, "unrecognized type: int32")
    if replicas < 0:
        cause = Cause(field="spec.replicas", detail=f"Invalid value: {replicas}: must be greater than or equal to 0")
        raise invalid("Scale", "autoscaling", found["metadata"]["name"], [cause])
    after = copy.copy(found)
    after["spec"] = {**found["spec"], "replicas": replicas}
    changed = _commit(store, kind, found, after, request, sub="scale")
    return scale_of(changed)
