"""What the API server answers: a request as a value in, an answer as a value out. No socket here.

The order of the checks is the server's: token, route, rights, then the work.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.cluster_errors import (
    ApiError,
    Cause,
    bad_request,
    conflict,
    forbidden,
    invalid,
    method_not_allowed,
    no_such_page,
    no_such_resource,
    not_found,
    unauthorized,
)
from bot.sandbox.cluster_kinds import BY_RESOURCE, GROUPS, REVIEW_GROUP, REVIEWS, Kind, discovery, may, resource_rules
from bot.sandbox.cluster_logs import LogOptions, read_log
from bot.sandbox.cluster_selectors import field_matches, field_selector, label_selector
from bot.sandbox.cluster_simulation import Cluster
from bot.sandbox.cluster_state import Object, page
from bot.sandbox.cluster_writes import PatchRequest, patch_object, patch_scale, scale_of

USER = "system:serviceaccount:codehealer:codehealer"
_VERBS = {"GET": "get", "HEAD": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_HEALTH = ("/healthz", "/livez", "/readyz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request: the path decoded, the query's first values, header names in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a request goes; `verb` is the word that RBAC and the audit log have for it. No kind: not a resource."""

    verb: str
    kind: Kind | None = None
    group: str = ""
    namespace: str | None = None
    name: str | None = None
    sub: str = ""
    review: str = ""


def find_route(request: Request) -> Route:
    """The route of a request, whether it is served or not."""
    verb = _VERBS.get(request.method, request.method.lower())
    match [part for part in request.path.split("/") if part]:
        case ["api", "v1", *rest]:
            return _resource(verb, "", "v1", rest, request.query)
        case ["apis", group, version, *rest] if group in GROUPS:
            return _resource(verb, group, version, rest, request.query)
    return Route(verb=verb)


def _resource(verb: str, group: str, version: str, parts: list[str], query: Mapping[str, str]) -> Route:
    namespace = None
    if len(parts) >= 3 and parts[0] == "namespaces" and parts[2] not in ("status", "finalize"):
        namespace, parts = parts[1], parts[2:]
    if not parts or len(parts) > 3:
        return Route(verb=verb, group=group)
    plural, name, sub = (*parts, None, None)[:3]
    if verb == "get" and name is None:
        verb = "watch" if query.get("watch") in ("true", "1") else "list"
    elif verb == "delete" and name is None:
        verb = "deletecollection"
    review = str(plural) if group == REVIEW_GROUP and plural in REVIEWS else ""
    kind = BY_RESOURCE.get((group, version, str(plural)))
    return Route(verb=verb, kind=kind, group=group, namespace=namespace, name=name, sub=sub or "", review=review)


def refusal(route: Route, status: int) -> ApiError:
    """A refusal of our choice with the words that the server has for it."""
    plural, group = (route.kind.plural, route.kind.group) if route.kind else ("", route.group)
    name = route.name or ""
    late = "Timeout: request did not complete within requested timeout - context deadline exceeded"
    busy = "Too many requests, please try again later."
    known = {
        401: unauthorized(),
        403: forbidden(USER, route.verb, plural, group, namespace=route.namespace, name=name, sub=route.sub),
        404: not_found(plural, group, name) if name else no_such_resource(),
        409: conflict(plural, group, name),
        422: ApiError(422, "Invalid", f'{plural} "{name}" is invalid', {}),
        429: ApiError(429, "TooManyRequests", busy, {"retryAfterSeconds": 1}, retry_after=1),
        503: ApiError(503, "ServiceUnavailable", "the server is currently unable to handle the request", {}),
        504: ApiError(504, "Timeout", late, {}),
    }
    text = "Internal error occurred: etcdserver: request timed out"
    return known.get(status) or ApiError(status, "InternalError", text, {})


def failed(error: ApiError) -> Answer:
    """The answer that carries a refusal."""
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after else {}
    if error.text is not None:
        plain = "text/plain; charset=utf-8"
        return Answer(status=error.code, body=error.text.encode(), content_type=plain, headers=headers)
    return Answer(status=error.code, body=_json(error.body()), headers=headers)


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


class Answers:
    """Answers requests from one cluster. `token` is the only bearer token that is let in."""

    def __init__(self, cluster: Cluster, token: str) -> None:
        self.cluster = cluster
        self.token = token

    def answer(self, request: Request, route: Route) -> Answer:
        """Never raises ApiError: a refusal is an answer too."""
        try:
            return self._answer(request, route)
        except ApiError as error:
            return failed(error)

    def _answer(self, request: Request, route: Route) -> Answer:
        if request.headers.get("authorization") != f"Bearer {self.token}":
            raise unauthorized()
        if request.path in _HEALTH:
            return Answer(status=200, body=b"ok", content_type="text/plain; charset=utf-8")
        found = discovery(request.path.rstrip("/"), request.headers.get("host", ""))
        if found is not None:
            if route.verb not in ("get", "list"):
                raise method_not_allowed()
            return Answer(status=200, body=_json(found))
        if route.review:
            return self._review(request, route)
        if route.kind is None:
            served = request.path.startswith("/api/v1/") or (route.group and route.group in GROUPS)
            raise no_such_resource() if served else no_such_page()
        return self._on_resource(request, route, route.kind)

    def _on_resource(self, request: Request, route: Route, kind: Kind) -> Answer:
        resource = f"{kind.plural}/{route.sub}" if route.sub else kind.plural
        if not may(route.verb, kind.group, resource):
            raise forbidden(
                USER, route.verb, kind.plural, kind.group, namespace=route.namespace, name=route.name, sub=route.sub
            )
        if route.verb == "watch":
            raise method_not_allowed()
        if route.verb == "list":
            return self._list(request, route, kind)
        if route.name is None or (kind.namespaced and route.namespace is None):
            raise method_not_allowed()
        found = self.cluster.store.get(kind.plural, route.namespace or "", route.name)
        if found is None:
            raise not_found(kind.plural, kind.group, route.name)
        if route.sub == "log":
            return self._log(request, found)
        if route.verb == "patch":
            return self._patch(request, route, kind, found)
        if route.sub == "scale":
            return Answer(status=200, body=_json(scale_of(found)))
        return Answer(status=200, body=self.cluster.store.json(found) + b"\n")

    def _list(self, request: Request, route: Route, kind: Kind) -> Answer:
        store, query = self.cluster.store, request.query
        pairs, labelled = label_selector(query.get("labelSelector", ""))
        fields = field_selector(kind.plural, query.get("fieldSelector", ""))
        term = _best_term(kind, pairs, fields)
        if route.namespace and term:
            items = store.having(kind.plural, route.namespace, term)
        else:
            items = store.of_kind(kind.plural, route.namespace)
        if query.get("labelSelector"):
            items = [item for item in items if labelled(item["metadata"].get("labels") or {})]
        if fields:
            items = [item for item in items if field_matches(fields, item)]
        items, meta = page(items, _whole(query.get("limit")), query.get("continue", ""), store.version)
        return Answer(status=200, body=store.list_json(kind, items, meta) + b"\n")

    def _log(self, request: Request, pod: Object) -> Answer:
        now = self.cluster.now()
        options = LogOptions.of(request.query, pod["metadata"]["name"], now)
        text = read_log(pod, self.cluster.logs, options, now)
        if text is None:
            return Answer(status=204, body=b"", content_type="text/plain")
        return Answer(status=200, body=text, content_type="text/plain")

    def _patch(self, request: Request, route: Route, kind: Kind, found: Object) -> Answer:
        headers = request.headers
        patch = PatchRequest.of(
            headers.get("content-type", ""),
            request.body,
            request.query,
            headers.get("user-agent", ""),
            self.cluster.now(),
        )
        if route.sub == "scale":
            return Answer(status=200, body=_json(patch_scale(self.cluster.store, kind, found, patch)))
        after, warnings = patch_object(self.cluster.store, kind, found, patch)
        said = {"Warning": ", ".join(f"299 - {json.dumps(text)}" for text in warnings)} if warnings else {}
        return Answer(status=200, body=_json(after), headers=said)

    def _review(self, request: Request, route: Route) -> Answer:
        if route.verb != "create":
            raise method_not_allowed()
        try:
            body = json.loads(request.body)
            spec = body.get("spec") or {}
        except (ValueError, AttributeError) as error:
            raise bad_request(
                "the object provided is unrecognized (must be of type " + REVIEWS[route.review] + ")"
            ) from error
        answer = {"kind": REVIEWS[route.review], "apiVersion": f"{REVIEW_GROUP}/v1", "metadata": {}}
        if route.review == "selfsubjectrulesreviews":
            if not spec.get("namespace"):
                raise bad_request("no namespace on request")
            plain = [
                {"verbs": ["get"], "nonResourceURLs": ["/api", "/api/*", "/apis", "/apis/*", *_HEALTH, "/version"]}
            ]
            status = {"resourceRules": resource_rules(), "nonResourceRules": plain, "incomplete": False}
            return Answer(status=201, body=_json(answer | {"spec": {}, "status": status}))
        asked = spec.get("resourceAttributes")
        if not isinstance(asked, dict) and not spec.get("nonResourceAttributes"):
            text = "Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified"
            raise invalid("", REVIEW_GROUP, "", [Cause(field="spec", detail=text)])
        allowed = True if not isinstance(asked, dict) else _allowed(asked)
        return Answer(status=201, body=_json(answer | {"spec": spec, "status": {"allowed": allowed}}))


def _allowed(asked: Mapping[str, Any]) -> bool:
    resource = str(asked.get("resource", ""))
    if asked.get("subresource"):
        resource = f"{resource}/{asked['subresource']}"
    return may(str(asked.get("verb", "")), str(asked.get("group", "")), resource)


def _best_term(kind: Kind, pairs: list[tuple[str, str]], fields: list[tuple[str, str, bool]]) -> str:
    """An index term that every match must have, the narrowest first; "" when there is none."""
    if kind.plural == "events":
        wanted = {path: value for path, value, equal in fields if equal}
        for path, letter in (("involvedObject.uid", "s"), ("involvedObject.name", "n")):
            if path in wanted:
                return f"{letter}:{wanted[path]}"
    return f"l:{pairs[0][0]}={pairs[0][1]}" if pairs else ""


def _whole(text: str | None) -> int:
    try:
        return int(text or 0)
    except ValueError as error:
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from error
