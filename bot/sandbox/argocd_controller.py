"""The application controller: it compares, judges health, syncs on its own, runs operations and heals itself.

Nothing runs by itself: `tick()` does what is due at `now()`. A push is seen after PUSH_DELAY, a change in the cluster
at once. Rules and words are those of Argo CD 3.6.1's controller.
"""

import json
import re
import uuid
from collections.abc import Callable
from typing import Any

from bot.sandbox.argocd_application import Application
from bot.sandbox.argocd_compare import CompareError, Comparison, compare, managed, unknown
from bot.sandbox.argocd_errors import FAILED_PRECONDITION, INVALID_ARGUMENT, ArgoError
from bot.sandbox.argocd_render import RenderError, Repositories, render, repo_name
from bot.sandbox.argocd_sync import images_of, run_sync
from bot.sandbox.cluster_events import record_event
from bot.sandbox.cluster_simulation import Cluster
from bot.sandbox.cluster_state import Object, stamp
from bot.sandbox.troubles import Troubles

PUSH_DELAY = 0.8
START_DELAY = 0.3
HEAL_DELAY = 1.5
_ERRORS = ("ComparisonError", "SyncError", "RepeatedResourceWarning")
_DURATION = re.compile(r"([0-9]{1,6})(ms|s|m|h)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_KEPT_HISTORY = 10
_COMMIT = re.compile(r"[0-9a-f]{7,40}")
_TRIES = 3  # so many times the repo server renders broken manifests before it answers from its cache


class Controller:
    """All applications of one Argo CD over one cluster and one git host. `tell` hears of every visible change."""

    def __init__(
        self, cluster: Cluster, repositories: Repositories, tell: Callable[[], None], troubles: Troubles
    ) -> None:
        self.cluster = cluster
        self._troubles = troubles
        self.repositories = repositories
        self.apps: dict[str, Application] = {}
        self._tell = tell
        self._touched = True
        self._due: dict[str, float] = {}
        self._failures: dict[tuple[str, str], int] = {}
        self._shown = ""
        cluster.store.listeners.append(self._cluster_changed)
        repositories.on_push(self._pushed)

    # --- what happens around it

    def _cluster_changed(self, plural: str, before: Object | None, after: Object | None) -> None:  # noqa: ARG002
        if plural != "events":
            self._touched = True

    def _pushed(self, repo: str, branch: str, sha: str) -> None:  # noqa: ARG002 - the callback's
        for app in self.apps.values():
            if repo_name(app.source["repoURL"]) == repo_name(repo):
                self._due[app.name] = self.cluster.now() + PUSH_DELAY

    def add(self, app: Application) -> None:
        self.apps[app.name] = app
        self.refresh(app)

    def forget(self) -> None:
        self.apps.clear()
        self._due.clear()

    # --- time

    def tick(self) -> bool:
        """Does what is due now; nothing more is due then. What breaks in one application is told, and ends no other."""
        now = self.cluster.now()
        touched, self._touched = self._touched, False
        for app in list(self.apps.values()):
            try:
                self._tick_one(app, now, touched=touched)
            except Exception as error:  # noqa: BLE001 - the boundary: one application's failure is not the others'
                self._troubles.note(f"application {app.name}", error)
                self._give_up(app, error, now)
        self._show()
        return False

    def _tick_one(self, app: Application, now: float, *, touched: bool) -> None:
        if self._due.get(app.name, now + 1) <= now:
            del self._due[app.name]
            self.refresh(app)
        elif touched:
            self._judge(app)
        self._operate(app, now)
        self._auto_sync(app, now)

    def _give_up(self, app: Application, error: Exception, now: float) -> None:
        """Ends the operation that may have broken, so that who waits for it is answered."""
        if app.operation is not None and app.state is not None:
            app.state |= {"phase": "Error", "message": f"{type(error).__name__}: {error}", "finishedAt": stamp(now)}
            app.operation = None

    def _show(self) -> None:
        if not self.apps and not self._shown:
            return
        shown = json.dumps([app.summary() for app in self.apps.values()])
        if shown != self._shown:
            self._shown = shown
            for app in self.apps.values():
                app.version = self.cluster.store.version
            self._tell()

    # --- comparing

    def refresh(self, app: Application, kind: str = "") -> None:
        """Looks at the repository and compares again, as a refresh of `kind` ("", normal, hard) does."""
        now = self.cluster.now()
        self._due.pop(app.name, None)
        if kind:
            app.annotations["argocd.argoproj.io/hydrate"] = kind
            app.annotations["argocd.argoproj.io/hydrate-timestamp"] = stamp(now)
        app.generation += 1
        app.reconciled = now
        try:
            sha, rendered = self.manifests(app, app.source["targetRevision"], fresh=kind == "hard")
            found = compare(self.cluster, app.name, app.namespace, rendered)
        except (RenderError, CompareError) as error:
            said = error.condition() if isinstance(error, RenderError) else str(error)
            self._uncompared(app, said, now)
            return
        app.rendered, app.revision, app.source_type = rendered, sha, "Directory"
        app.no_condition("ComparisonError", "RepeatedResourceWarning")
        for each in found.repeated:
            app.condition(
                "RepeatedResourceWarning", f"Resource {each} appeared 2 times among application resources.", now
            )
        self._take(app, found)

    def manifests(self, app: Application, ref: str, *, fresh: bool = True) -> tuple[str, list[Object]]:
        """The sha that `ref` names and its rendered objects. RenderError for both; an error is cached by the revision."""
        url = app.source["repoURL"]
        sha = self.resolve(app, ref)
        key = (app.name, sha)
        try:
            files = self.repositories.files(url, sha)
        except KeyError as error:
            raise RenderError(2, _no_checkout(sha)) from error
        try:
            rendered = render(files, app.source.get("path", "."), app.name, app.namespace)
        except RenderError as error:
            failed = 0 if fresh else self._failures.get(key, 0)
            error.cached = failed >= _TRIES
            self._failures[key] = failed + 1
            raise
        return sha, rendered

    def resolve(self, app: Application, ref: str) -> str:
        """The sha of a revision; what looks like a sha is taken for one. RenderError in the repo server's words."""
        sha = self.repositories.resolve(app.source["repoURL"], ref)
        if sha is None and _COMMIT.fullmatch(ref):
            return ref
        if sha is None:
            raise RenderError(2, f"unable to resolve '{ref}' to a commit SHA: revision not found")
        return sha

    def _uncompared(self, app: Application, said: str, now: float) -> None:
        app.rendered = []
        app.revision, app.sync, app.source_type = app.source["targetRevision"], "Unknown", ""
        app.no_condition("RepeatedResourceWarning")
        app.condition("ComparisonError", said, now)
        found = unknown(self.cluster, app.name)
        app.rows = found.rows
        self._set_health(app, found)

    def _judge(self, app: Application) -> None:
        """Compares the manifests that it has with the cluster as it is now."""
        if any(row["type"] == "ComparisonError" for row in app.conditions):
            found = unknown(self.cluster, app.name)
            app.rows = found.rows
            self._set_health(app, found)
            return
        self._take(app, compare(self.cluster, app.name, app.namespace, app.rendered))

    def _take(self, app: Application, found: Comparison) -> None:
        app.rows = found.rows
        app.sync = "Synced" if found.synced else "OutOfSync"
        self._set_health(app, found)

    def _set_health(self, app: Application, found: Comparison) -> None:
        health = found.health()
        if health.status != app.health.status or not app.health_since:
            app.health_since = self.cluster.now()
        app.health = health
        live = managed(self.cluster, app.name)
        grown = [one for each in live for one in self.cluster.store.owned("replicasets", each)]
        pods = [pod for each in [*live, *grown] for pod in self.cluster.store.owned("pods", each)]
        app.images = sorted({image for each in [*live, *pods] for image in images_of(each)})

    # --- operations

    def start(self, app: Application, operation: dict[str, Any]) -> None:
        """Asks for an operation. ArgoError 9 while another one is under way."""
        if app.running:
            raise ArgoError(FAILED_PRECONDITION, "another operation is already in progress")
        app.operation = operation
        app.state = None
        app.generation += 1
        app.operation_due = self.cluster.now() + START_DELAY

    def terminate(self, app: Application) -> None:
        """Ends the running operation at the next look. ArgoError 3 when none runs, or the controller has not seen it yet."""
        if app.operation is None or app.state is None:
            raise ArgoError(INVALID_ARGUMENT, "Unable to terminate operation. No operation is in progress")
        app.state["phase"] = "Terminating"
        app.state["message"] = "operation is terminating"

    def _begin(self, app: Application, now: float) -> None:
        app.state = {"operation": app.operation, "phase": "Running", "startedAt": stamp(now)}

    def _operate(self, app: Application, now: float) -> None:
        if app.operation is None:
            return
        if app.state is not None and app.state["phase"] == "Terminating":
            self._end(app, "Failed", "Operation terminated", now)
        elif app.state is None:
            self._begin(app, now)
        elif now >= app.operation_due:
            self._run(app, now)

    def _run(self, app: Application, now: float) -> None:
        operation, state = app.operation or {}, app.state or {}
        wanted = dict(operation.get("sync") or {})
        result: dict[str, Any] = {"revision": wanted.get("revision", ""), "source": wanted.get("source", app.source)}
        state.pop("finishedAt", None)
        try:
            _, rendered = self.manifests(app, wanted.get("revision", ""), fresh=False)
            found = compare(self.cluster, app.name, app.namespace, rendered)
        except (RenderError, CompareError) as error:
            said = error.condition() if isinstance(error, RenderError) else str(error)
            phase, message = "Error", f"ComparisonError: {said}"
        else:
            options = list(wanted.get("syncOptions") or [])
            phase, message, rows = run_sync(self.cluster, app.namespace, found, wanted, options)
            result = {"resources": rows, **result}
        state["syncResult"] = result
        self._end(app, phase, message, now)

    def _end(self, app: Application, phase: str, message: str, now: float) -> None:
        state, operation = app.state or {}, app.operation or {}
        retry = operation.get("retry") or {}
        count = int(state.get("retryCount", 0))
        ended = message == "Operation terminated"
        state |= {"phase": phase, "message": message, "finishedAt": stamp(now)}
        if phase in ("Failed", "Error") and not ended and count < int(retry.get("limit", 0)):
            wait = _back_off(retry, count)
            state["retryCount"] = count + 1
            state["phase"] = "Running"
            state["message"] = f"{message}. Retrying attempt #{count + 1} at {stamp(now + wait)}."
            app.operation_due = now + wait
            return
        if count and phase != "Succeeded":
            state["message"] = f"{message} (retried {count} times)."
        app.operation = None
        app.generation += 1
        wanted = operation.get("sync") or {}
        if phase == "Succeeded" and not wanted.get("dryRun") and not wanted.get("resources"):
            self._remember(app, operation, state, now)
        self._say(app, operation, state, now)
        self.refresh(app)

    def _remember(self, app: Application, operation: dict[str, Any], state: dict[str, Any], now: float) -> None:
        result = state.get("syncResult") or {}
        number = app.history[-1]["id"] + 1 if app.history else 0
        entry = {"revision": result.get("revision", ""), "deployedAt": stamp(now), "id": number}
        entry |= {"source": result.get("source", app.source), "deployStartedAt": state["startedAt"]}
        app.history = [*app.history, entry | {"initiatedBy": operation.get("initiatedBy") or {}}][-_KEPT_HISTORY:]

    def _say(self, app: Application, operation: dict[str, Any], state: dict[str, Any], now: float) -> None:
        sha = (operation.get("sync") or {}).get("revision", "")
        done = state["phase"] == "Succeeded"
        said = f"Sync operation to {sha} {'succeeded' if done else 'failed: ' + str(state['message'])}"
        self.event(app, "OperationCompleted", said, now, warning=not done)

    def event(self, app: Application, reason: str, said: str, now: float, *, warning: bool = False) -> None:
        """Writes an event about the application itself."""
        meta = {"name": app.name, "namespace": "argocd", "uid": app.uid, "resourceVersion": str(app.version)}
        about = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": meta}
        source = "argocd-application-controller"
        record_event(self.cluster.store, now, about, reason, said, source=source, warning=warning)

    # --- auto-sync

    def _auto_sync(self, app: Application, now: float) -> None:
        automated = app.automated
        if automated is None or app.running or app.sync != "OutOfSync":
            app.heal_due = 0.0
            if app.sync == "Synced":
                app.no_condition("SyncError")
            return
        only_prunes = all(row.prunes for row in app.rows if row.status != "Synced")
        if only_prunes and not automated.get("prune"):
            return
        sync: dict[str, Any] = {"revision": app.revision, "source": dict(app.source)}
        if automated.get("prune"):
            sync["prune"] = True
        if app.options():
            sync["syncOptions"] = app.options()
        state = app.state or {}
        if (state.get("syncResult") or {}).get("revision") == app.revision:
            if state["phase"] != "Succeeded":
                said = f"Failed last sync attempt to [{app.revision}]: {state.get('message', '')}"
                app.condition("SyncError", said, now)
                return
            if not automated.get("selfHeal") or not self._heals_now(app, now):
                return
            names = ("group", "kind", "namespace", "name")
            changed = [row for row in app.rows if row.status != "Synced" and not row.prunes]
            sync["resources"] = [{n: getattr(row, n) for n in names if getattr(row, n)} for row in changed]
        app.no_condition("SyncError")
        retry = app.policy.get("retry") or {"limit": 5}
        self.start(app, {"sync": sync, "initiatedBy": {"automated": True}, "retry": retry})
        self.event(app, "OperationStarted", f"Initiated automated sync to '{app.revision}'", now)

    def _heals_now(self, app: Application, now: float) -> bool:
        """Self-heal waits a moment after the change, so that it does not fight a rollout."""
        if not app.heal_due:
            app.heal_due = now + HEAL_DELAY
        return now >= app.heal_due


def _no_checkout(sha: str) -> str:
    command = f"`git fetch origin {sha} --tags --force --prune` failed exit status 128"
    said = f"Failed to checkout revision {sha}: {command}: fatal: couldn't find remote ref {sha}"
    return f"failed to initialize repository resources: rpc error: code = Internal desc = {said}"


def _back_off(retry: dict[str, Any], count: int) -> float:
    rule = retry.get("backoff") or {}
    first, most = _seconds(rule.get("duration"), 5.0), _seconds(rule.get("maxDuration"), 180.0)
    wait: float = first * float(rule.get("factor", 2)) ** count
    return min(wait, most)


def _seconds(text: Any, default: float) -> float:
    found = _DURATION.fullmatch(str(text or ""))
    return int(found[1]) * _UNITS[found[2]] if found else default


def new_uid() -> str:
    return str(uuid.uuid4())
