"""What Argo CD's API answers: a request as a value in, an answer as a value out. No socket here.

The order of the checks is the real one's: content type, token, rights, then the work.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.argocd_application import Application
from bot.sandbox.argocd_controller import Controller
from bot.sandbox.argocd_errors import (
    FAILED_PRECONDITION,
    INVALID_ARGUMENT,
    NOT_FOUND,
    PERMISSION_DENIED,
    UNAUTHENTICATED,
    ArgoError,
)
from bot.sandbox.argocd_fields import chosen, only
from bot.sandbox.argocd_logs import log_lines
from bot.sandbox.argocd_render import RenderError, compact
from bot.sandbox.argocd_tree import events, managed_resources, tree
from bot.sandbox.cluster_state import stamp

USER = "codehealer"
VERSION = {
    "Version": "v3.6.1",
    "BuildDate": "2026-10-20T14:11:32Z",
    "GitCommit": "0000000000000000000000000000000000000000",
    "GitTreeState": "clean",
    "GoVersion": "go1.27.3",
    "Compiler": "gc",
    "Platform": "linux/amd64",
    "KustomizeVersion": "v5.9.0 2026-06-11T00:00:00Z",
    "HelmVersion": "v3.22.0",
    "KubectlVersion": "v0.37.1",
    "JsonnetVersion": "v0.22.0",
}
_RESOURCES = (
    "clusters projects applications applicationsets repositories write-repositories certificates accounts gpgkeys logs"
    " exec extensions"
)
_GRANTED = {("applications", "get"), ("applications", "sync"), ("logs", "get")}
_JSON = "application/json"
_PLAIN = "text/plain; charset=utf-8"


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
    content_type: str = _JSON
    headers: Mapping[str, str] = field(default_factory=dict)


def answer_json(value: Any, status: int = 200) -> Answer:
    return Answer(status=status, body=json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


def refused(error: ArgoError) -> Answer:
    return answer_json(error.body(), error.status)


def _text(status: int, text: str) -> Answer:
    return Answer(status=status, body=f"{text}\n".encode(), content_type=_PLAIN)


class Answers:
    """Answers requests of the one account that has a token; `issued` is when it got it (epoch seconds)."""

    def __init__(self, controller: Controller, token: str, issued: float) -> None:
        self._controller = controller
        self._token = token
        self._issued = issued

    def answer(self, request: Request) -> Answer:
        """Never raises ArgoError: a refusal is an answer too."""
        if request.method not in ("GET", "HEAD") and _media_type(request) != _JSON:
            return _text(415, "Invalid content type")
        try:
            return self._answer(request)
        except ArgoError as error:
            return refused(error)

    def _answer(self, request: Request) -> Answer:
        match [part for part in request.path.split("/") if part]:
            case ["api", "v1", "applications"]:
                return self._on_applications(request)
            case ["api", "v1", "applications", name, *rest]:
                return self._on_application(request, name, rest)
            case parts if request.method == "GET":
                return self._read_about_itself(request, parts)
        return _text(404, "Not Found")

    def _read_about_itself(self, request: Request, parts: list[str]) -> Answer:
        stranger = self._says_who(request)
        match parts:
            case ["healthz"]:
                return Answer(status=200, body=b"ok", content_type=_PLAIN)
            case ["api", "version"]:
                return answer_json({"Version": VERSION["Version"]} if stranger else VERSION)
            case ["api", "v1", "session", "userinfo"]:
                return answer_json({} if stranger else {"loggedIn": True, "username": USER, "iss": "argocd"})
            case ["api", "v1", "account", "can-i", resource, action, _, *_]:
                self._authenticate(request)
                return self._can_i(resource, action)
        return _text(404, "Not Found")

    # --- who, and what they may

    def _says_who(self, request: Request) -> str:
        """Why the request's token is none; "" when it is good."""
        word, _, token = request.headers.get("authorization", "").partition(" ")
        if not token:
            token = _cookie(request.headers.get("cookie", ""))
        elif word.lower() != "bearer":
            return "no session information"
        if not token:
            return "no session information"
        if token == self._token:
            return ""
        parts = token.split(".")
        if len(parts) != 3:
            return "no session information"
        for part, text in zip(("header", "claims", "signature"), parts, strict=True):
            if wrong := _bad_base64(text):
                return f"invalid session: token is malformed: could not base64 decode {part}: {wrong}"
        return "invalid session: token signature is invalid: signature is invalid"

    def _authenticate(self, request: Request) -> None:
        if said := self._says_who(request):
            raise ArgoError(UNAUTHENTICATED, said)

    def _can_i(self, resource: str, action: str) -> Answer:
        if resource not in _RESOURCES.split():
            raise ArgoError(INVALID_ARGUMENT, f"[{_RESOURCES}] does not contain {resource}")
        return answer_json({"value": "yes" if (resource, action) in _GRANTED else "no"})

    def _denied(self, action: str, subject: str) -> ArgoError:
        said = f"permission denied: applications, {action}, {subject}, sub: {USER}, iat: {stamp(self._issued)}"
        return ArgoError(PERMISSION_DENIED, said)

    def _find(self, request: Request, name: str) -> Application:
        """The application; one that is not there is refused as if it were forbidden, unless the project is named too."""
        app, query = self._controller.apps.get(name), request.query
        if app is None or query.get("appNamespace", "argocd") != "argocd":
            app = None
        project = query.get("project")
        if app is not None and project in (None, "", app.project):
            return app
        if project:
            raise ArgoError(NOT_FOUND, f'applications.argoproj.io "{name}" not found')
        raise ArgoError(PERMISSION_DENIED, "permission denied")

    # --- applications

    def _on_applications(self, request: Request) -> Answer:
        self._authenticate(request)
        if request.method == "POST":
            body = _body(request, "Application", metadata=dict, spec=dict)
            meta, spec = body.get("metadata") or {}, body.get("spec") or {}
            raise self._denied("create", f"{spec.get('project') or 'default'}/{meta.get('name', '')}")
        if request.method != "GET":
            return _text(405, "Method Not Allowed")
        query = request.query
        here = query.get("appNamespace", "argocd") in ("", "argocd")
        found = [
            app.json()
            for app in sorted(self._controller.apps.values(), key=lambda app: app.name)
            if here
            and query.get("name", app.name) in ("", app.name)
            and query.get("projects", query.get("project", app.project)) in ("", app.project)
        ]
        if query.get("fields"):
            fields = chosen(query["fields"])
            found = [only(app, fields) for app in found]
        version = str(self._controller.cluster.store.version)
        return answer_json({"metadata": {"resourceVersion": version}, "items": found or None})

    def _on_application(self, request: Request, name: str, rest: list[str]) -> Answer:
        handlers: dict[tuple[str, str], Callable[[Request, Application], Answer]] = {
            ("GET", ""): self._get,
            ("DELETE", ""): self._no_right("delete"),
            ("PATCH", ""): self._no_right("update"),
            ("GET", "resource-tree"): lambda _, app: answer_json(tree(self._controller.cluster, app)),
            ("GET", "managed-resources"): lambda _, app: answer_json(managed_resources(app)),
            ("GET", "manifests"): self._manifests,
            ("GET", "events"): self._events,
            ("GET", "logs"): self._logs,
            ("POST", "sync"): self._sync,
            ("POST", "rollback"): self._rollback,
            ("DELETE", "operation"): self._terminate,
        }
        if len(rest) == 3 and rest[0] == "pods" and rest[2] == "logs" and request.method == "GET":
            self._authenticate(request)
            return self._logs(request, self._find(request, name), pod=rest[1])
        handler = handlers.get((request.method, "/".join(rest)))
        if handler is None:
            known = any(path == "/".join(rest) for _, path in handlers)
            return _text(405, "Method Not Allowed") if known else _text(404, "Not Found")
        self._authenticate(request)
        return handler(request, self._find(request, name))

    def _no_right(self, action: str) -> Callable[[Request, Application], Answer]:
        def refuse(_: Request, app: Application) -> Answer:
            raise self._denied(action, f"{app.project}/{app.name}")

        return refuse

    def _get(self, request: Request, app: Application) -> Answer:
        kind = request.query.get("refresh", "")
        if kind in ("normal", "hard", "true"):
            self._controller.refresh(app, "hard" if kind == "hard" else "normal")
        return answer_json(app.json())

    def _manifests(self, request: Request, app: Application) -> Answer:
        ref = request.query.get("revision") or app.source["targetRevision"]
        try:
            _, found = self._controller.manifests(app, ref, fresh=False)
        except RenderError as error:
            raise ArgoError(*error.answer()) from error
        return answer_json({"manifests": [compact(each) for each in found]})

    def _events(self, request: Request, app: Application) -> Answer:
        names = ("resourceName", "resourceNamespace", "resourceUID")
        return answer_json(events(self._controller.cluster, app, *(request.query.get(name, "") for name in names)))

    def _logs(self, request: Request, app: Application, pod: str = "") -> Answer:
        lines = log_lines(self._controller.cluster, app, request.query, pod)
        body = "".join(json.dumps({"result": row}, ensure_ascii=False, separators=(",", ":")) + "\n" for row in lines)
        return Answer(status=200, body=body.encode())

    # --- operations

    def _sync(self, request: Request, app: Application) -> Answer:
        body = _body(
            request, "ApplicationSyncRequest", infos=list, resources=list, prune=bool, dryRun=bool, revision=str
        )
        target = app.source["targetRevision"]
        ref = str(body.get("revision") or target)
        if app.automated is not None and not body.get("dryRun") and ref != target:
            raise ArgoError(FAILED_PRECONDITION, f"Cannot sync to {ref}: auto-sync currently set to {target}")
        try:
            sha = self._controller.resolve(app, ref)
        except RenderError as error:
            said = f"error resolving repo revision: rpc error: code = Unknown desc = {error.message}"
            raise ArgoError(FAILED_PRECONDITION, said) from error
        sync: dict[str, Any] = {"revision": sha}
        sync |= {key: body[key] for key in ("prune", "dryRun") if body.get(key)}
        if body.get("strategy"):
            sync["syncStrategy"] = body["strategy"]
        if body.get("resources"):
            sync["resources"] = body["resources"]
        options = (body.get("syncOptions") or {}).get("items") or app.options()
        sync |= {"source": dict(app.source), **({"syncOptions": options} if options else {})}
        operation: dict[str, Any] = {"sync": sync, "initiatedBy": {"username": USER}}
        if body.get("infos"):
            rows = [row for row in body["infos"] if isinstance(row, dict)]
            operation["info"] = [{key: str(row.get(key, "")) for key in ("name", "value")} for row in rows]
        operation["retry"] = body.get("retryStrategy") or app.policy.get("retry") or {}
        return self._started(app, operation, f"{USER} initiated sync to {ref} ({sha})")

    def _rollback(self, request: Request, app: Application) -> Answer:
        body = _body(request, "ApplicationRollbackRequest", id=int, prune=bool, dryRun=bool)
        if app.automated is not None:
            raise ArgoError(FAILED_PRECONDITION, "rollback cannot be initiated when auto-sync is enabled")
        number = int(body.get("id") or 0)
        entry = next((row for row in app.history if row["id"] == number), None)
        if entry is None:
            said = f"application argocd/{app.name} does not have deployment with id {number}"
            raise ArgoError(INVALID_ARGUMENT, said)
        sync: dict[str, Any] = {"revision": entry["revision"], "syncStrategy": {"apply": {}}, "source": entry["source"]}
        sync |= {key: body[key] for key in ("prune", "dryRun") if body.get(key)}
        sync |= {"syncOptions": app.options()} if app.options() else {}
        operation = {"sync": sync, "initiatedBy": {"username": USER}, "retry": {}}
        return self._started(app, operation, f"{USER} initiated rollback to {number} ({entry['revision']})")

    def _started(self, app: Application, operation: dict[str, Any], said: str) -> Answer:
        self._controller.start(app, operation)
        self._controller.event(app, "OperationStarted", said, self._controller.cluster.now())
        return answer_json(app.json(health=False))

    def _terminate(self, request: Request, app: Application) -> Answer:  # noqa: ARG002 - one shape for all handlers
        self._controller.terminate(app)
        return answer_json({})


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").split(";", 1)[0].strip().lower()


_GO_TYPES = {
    "infos": "[]*v1alpha1.Info",
    "resources": "[]*v1alpha1.SyncOperationResource",
    "revision": "string",
    "id": "int64",
    "metadata": "v1.ObjectMeta",
    "spec": "v1alpha1.ApplicationSpec",
}
_JSON_TYPES = {bool: "bool", int: "number", float: "number", str: "string", list: "array", dict: "object"}


def _body(request: Request, message: str, **fields: type) -> dict[str, Any]:
    """The request's JSON object; `fields` are the types that some of its fields must have. ArgoError 3 in Go's words."""
    if not request.body.strip():
        return {}
    try:
        found = json.loads(request.body)
    except ValueError as error:
        raise ArgoError(INVALID_ARGUMENT, "unexpected EOF") from error
    wrong = "json: cannot unmarshal {} into Go {}"
    if not isinstance(found, dict):
        said = wrong.format(_JSON_TYPES.get(type(found), "null"), f"value of type application.{message}")
        raise ArgoError(INVALID_ARGUMENT, said)
    for name, kind in fields.items():
        value = found.get(name)
        if value is not None and type(value) is not kind:
            said = f"struct field {message}.{name} of type {_GO_TYPES.get(name, 'bool')}"
            raise ArgoError(INVALID_ARGUMENT, wrong.format(_JSON_TYPES[type(value)], said))
    return found


def _cookie(text: str) -> str:
    pairs = (part.strip().partition("=") for part in text.split(";"))
    return next((value for name, _, value in pairs if name == "argocd.token"), "")


def _bad_base64(text: str) -> str:
    """Go's complaint about a text that is no base64 (URL alphabet, no padding), or ""."""
    alphabet = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    place = next((index for index, letter in enumerate(text) if letter not in alphabet), None)
    if place is None:
        try:
            base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except (binascii.Error, ValueError):
            place = max(len(text) - 1, 0)
    return "" if place is None else f"illegal base64 data at input byte {place}"
