"""An Argo CD in memory that keeps `ports.Deployments`' promises; the contract suite runs against it too.

It holds values, not JSON, and behaves as the real one was recorded to (tests/contract/data/argocd-api): an application that
nobody knows is Forbidden; a sync that must fail is accepted and its operation ends Error (the manifests cannot be rendered)
or Failed (the API refuses an object); a second one while an operation runs is a Conflict.

Time passes by `advance`: the running operation ends, then health settles. With `advance_on_read` every read of an
application is followed by one such step. Faults are scripted: the next call of that operation meets them.
"""

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.cluster import ClusterEvent
from bot.domain.delivery import (
    AppCondition,
    AppDeployed,
    Application,
    AppOperation,
    AppResource,
    AppSource,
    InfoItem,
    SyncWanted,
)
from bot.domain.errors import AnswerLost, Conflict, Forbidden, NotFound, PlatformError, Rejected
from bot.domain.evidence import Excerpt
from bot.domain.finding import Finding
from bot.ports import Deployments, Keep
from tests.fakes.faults import Fault

START = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
REPO = "https://git.example/platform/deploy.git"
RUNNING = "Running"
SHA = re.compile("[0-9a-f]{7,40}")


@dataclass
class Revision:
    """One commit of an application's manifests, and what becomes of it.

    `error`: they cannot be rendered. `refusal`: they render, and the API server refuses an object. Else they are applied,
    and the workload's health becomes `health`.
    """

    sha: str
    error: str = ""
    refusal: str = ""
    health: str = "Healthy"
    health_message: str = ""
    image: str = "registry.example/shop:1"
    reason: str = "Running"


@dataclass
class FakeDeployments(Deployments):
    connection: str = "default"
    advance_on_read: bool = False
    apps: dict[str, Application] = field(default_factory=dict)
    commits: dict[str, list[Revision]] = field(default_factory=dict)
    events_of: dict[str, list[ClusterEvent]] = field(default_factory=dict)
    """By the resource's name."""
    logs: dict[tuple[str, str, bool], list[str]] = field(default_factory=dict)
    """By pod, container, previous."""
    denied: set[tuple[str, str]] = field(default_factory=set)
    """(action, application): what we may not do, `sync` is refused too."""
    findings: tuple[Finding, ...] = (Finding(subject="Argo CD", ok=True, says="answers"),)
    faults: list[Fault] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    """Calls of each port method, however they ended."""
    syncs: list[SyncWanted] = field(default_factory=list)
    """The syncs that the platform really began, in order: what \"never two\" is about."""
    version: int = 1000

    # --- the world

    def deploy(
        self,
        name: str,
        *,
        project: str = "default",
        namespace: str = "shop",
        automated: bool = False,
        self_heal: bool = False,
        repo: str = REPO,
        path: str = "",
        resources: tuple[AppResource, ...] = (),
    ) -> Application:
        """An application that is Synced and Healthy at its first commit; one Deployment of its name unless told."""
        declared = resources or (AppResource(group="apps", kind="Deployment", namespace=namespace, name=name),)
        first = Revision(sha=_sha(name, 0))
        self.commits[name] = [first]
        self.apps[name] = Application(
            connection=self.connection,
            name=name,
            project=project,
            uid=f"uid-{name}",
            resource_version=self._next(),
            url=f"https://argocd.example/applications/argocd/{name}",
            sync="Synced",
            revision=first.sha,
            health="Healthy",
            automated=automated,
            self_heal=self_heal,
            destination_namespace=namespace,
            destination="https://kubernetes.default.svc",
            sources=(AppSource(repo_url=repo, path=path or name, target_revision="main"),),
            resources=tuple(replace(r, uid=f"uid-{r.name}", sync="Synced", health="Healthy") for r in declared),
            history=(AppDeployed(id=0, revision=first.sha, deployed_at=START),),
            reconciled_at=START,
        )
        return self.apps[name]

    def push(
        self,
        name: str,
        *,
        error: str = "",
        refusal: str = "",
        health: str = "Healthy",
        health_message: str = "",
        image: str = "registry.example/shop:2",
        reason: str = "Running",
    ) -> str:
        """A new commit on the application's branch; returns its sha. Seen when compared: `compare`, or a refresh.

        `image` and `reason` (ImagePullBackOff, CrashLoopBackOff ...) are what the tree then says of the pod.
        """
        sha = _sha(name, len(self.commits[name]))
        self.commits[name].append(Revision(sha, error, refusal, health, health_message, image, reason))
        return sha

    def compare(self, name: str) -> None:
        """What the controller does every few minutes, and on a refresh; auto-sync begins here, once a commit."""
        app, newest = self.apps[name], self.commits[name][-1]
        self._set(name, reconciled_at=self._now(), conditions=())
        if newest.error:
            condition = AppCondition(type="ComparisonError", message=_rendering(newest), at=self._now())
            self._set(name, sync="Unknown", conditions=(condition,), revision="main")
            return
        deployed = app.history[-1].revision if app.history else ""
        sync = "Synced" if newest.sha == deployed else "OutOfSync"
        self._set(name, sync=sync, revision=newest.sha)
        tried = app.operation.revision if app.operation else ""
        if app.automated and sync == "OutOfSync" and tried != newest.sha and not self._runs(name):
            self._begin(name, newest.sha, by="", info=())

    def busy(self, name: str, by: str = "jane") -> None:
        """Somebody else's operation runs on it, until `advance`."""
        self._begin(name, self.commits[name][-1].sha, by=by, info=())

    def advance(self, name: str) -> None:
        """Let time pass: the running operation ends; after one that succeeded, health settles at the next step."""
        app = self.apps[name]
        if app.operation is not None and app.operation.phase == RUNNING:
            self._end(name, app.operation)
        elif app.health == "Progressing":
            commit = self._commit(name, app.history[-1].revision)
            self._judge(name, commit.health, commit.health_message)

    def run(self, name: str) -> Application:
        """Let time pass until nothing moves any more, and return the application."""
        while self._runs(name) or self.apps[name].health == "Progressing":
            self.advance(name)
        return self.apps[name]

    def drift(self, name: str, health: str, message: str = "") -> None:
        """Health changes by itself, as when a node dies."""
        self._judge(name, health, message)

    # --- faults

    def fail(self, operation: str, error: PlatformError, times: int = 1) -> None:
        """The next calls of that port method raise it, and do nothing."""
        self.faults.append(Fault(operation=operation, error=error, times=times))

    def refuse(self, problem: str = "blocked by sync window") -> None:
        """The next sync is refused for good."""
        self.fail("sync", Rejected(problem, connection=self.connection, operation="sync", status=400))

    def lose_answer(self, *, applied: bool) -> None:
        """The next sync gets no answer; `applied` says whether it was begun all the same."""
        lost = AnswerLost("the connection broke", connection=self.connection, operation="sync")
        self.faults.append(Fault(operation="sync", error=lost, before=not applied))

    def answer_500(self, *, applied: bool) -> None:
        """The next sync is answered by 500; `applied` says whether it was begun all the same."""
        lost = AnswerLost("HTTP status 500", connection=self.connection, operation="sync", status=500)
        self.faults.append(Fault(operation="sync", error=lost, before=not applied))

    # --- ports.Deployments

    def application(self, name: str, refresh: str = "") -> Application:
        self._call("application", name)
        if refresh:
            self.compare(name)
        found = self.apps[name]
        if self.advance_on_read:
            self.advance(name)
        return found

    def applications(self) -> tuple[Application, ...]:
        self._call("applications")
        seen = [app for name, app in sorted(self.apps.items()) if ("get", name) not in self.denied]
        return tuple(replace(a, operation=a.operation and replace(a.operation, results=())) for a in seen)[:500]

    def tree(self, name: str) -> tuple[AppResource, ...]:
        """Each Deployment has a ReplicaSet and a pod, `NAME-1` and `NAME-1-x`; the pod has the application's health."""
        self._call("tree", name)
        app, grown = self.apps[name], []
        commit = self._commit(name, app.history[-1].revision)
        for each in app.resources:
            grown.append(replace(each, sync="", result="", message=""))
            if each.kind == "Deployment":
                above = AppResource(
                    kind="", name="", namespace=each.namespace, health=each.health, health_message=each.health_message
                )
                grown.append(
                    replace(above, group="apps", kind="ReplicaSet", name=f"{each.name}-1", uid=f"{each.uid}-rs")
                )
                grown.append(
                    replace(
                        above,
                        kind="Pod",
                        name=f"{each.name}-1-x",
                        uid=f"{each.uid}-pod",
                        images=(commit.image,),
                        reason=commit.reason,
                    )
                )
        return tuple(grown)[:500]

    def manifests(self, name: str, revision: str = "") -> tuple[str, ...]:
        self._call("manifests", name)
        commit = self._commit(name, self._resolved(name, revision))
        if commit.error:
            raise Rejected(commit.error, connection=self.connection, operation="manifests", status=400)
        return tuple(
            f"kind: {r.kind}\nmetadata:\n  name: {r.name}\n  namespace: {r.namespace}\n"
            for r in self.apps[name].resources
        )

    def events(self, name: str, resource: AppResource) -> tuple[ClusterEvent, ...]:
        self._call("events", name)
        if resource.name not in {each.name for each in self.tree(name)}:
            problem = f"{resource.name} not found as part of application {name}"
            raise NotFound(problem, connection=self.connection, operation="events", status=400)
        if resource.name in self.events_of or resource.kind != "Pod" or self.apps[name].health != "Degraded":
            return tuple(self.events_of.get(resource.name, ()))[-100:]
        app = self.apps[name]
        problem = self._commit(name, app.history[-1].revision).health_message or app.health_message
        failed = ClusterEvent(
            type="Warning",
            reason="Failed",
            message=problem,
            last_seen=app.reconciled_at,
            object_kind="Pod",
            object_name=resource.name,
        )
        return (failed,)

    def log(
        self, name: str, namespace: str, pod: str, container: str, previous: bool, max_lines: int, keep: Keep
    ) -> Excerpt:
        self._call("log", name)
        lines = self.logs.get((pod, container, previous))
        if lines is None:
            raise NotFound(f'pods "{pod}" not found in {namespace}', connection=self.connection, operation="log")
        return keep(iter(lines[-max_lines:]))

    def sync(self, wanted: SyncWanted) -> None:
        fault = self._call("sync", wanted.name)
        if ("sync", wanted.name) in self.denied:
            what = f"applications, sync, {self.apps[wanted.name].project}/{wanted.name}"
            raise Forbidden(f"permission denied: {what}", connection=self.connection, operation="sync", status=403)
        if self._runs(wanted.name):
            raise Conflict(
                "another operation is already in progress", connection=self.connection, operation="sync", status=400
            )
        sha = self._resolved(wanted.name, wanted.revision)
        self.syncs.append(wanted)
        self._begin(wanted.name, sha, by="bot", info=wanted.info)
        if fault is not None:
            raise fault.error

    def allowed(self, action: str, project: str, name: str) -> bool:
        self._call("allowed")
        return action in {"get", "sync"} and (action, name) not in self.denied

    def checkup(self) -> tuple[Finding, ...]:
        return self.findings

    # --- inside

    def _call(self, operation: str, name: str = "") -> Fault | None:
        """Count the call; meet the faults that come before the work; return one that comes after it."""
        self.calls[operation] += 1
        for fault in self.faults:
            if fault.operation == operation:
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
                if fault.before:
                    raise fault.error
                return fault
        if name and (name not in self.apps or ("get", name) in self.denied):
            raise Forbidden("permission denied", connection=self.connection, operation=operation, status=403)
        return None

    def _resolved(self, name: str, revision: str) -> str:
        """The commit of a branch; what looks like a commit is taken for one, and not looked up."""
        if revision in ("", "main"):
            return self.commits[name][-1].sha
        if SHA.fullmatch(revision):
            return revision
        problem = f"error resolving repo revision: unable to resolve '{revision}' to a commit SHA: revision not found"
        raise Rejected(problem, connection=self.connection, operation="sync", status=400)

    def _commit(self, name: str, sha: str) -> Revision:
        unknown = Revision(sha, error=f"Failed to checkout revision {sha}: couldn't find remote ref {sha}")
        return next((each for each in self.commits[name] if each.sha == sha), unknown)

    def _runs(self, name: str) -> bool:
        operation = self.apps[name].operation
        return operation is not None and operation.phase == RUNNING

    def _begin(self, name: str, sha: str, *, by: str, info: tuple[InfoItem, ...]) -> None:
        self._set(
            name,
            operation=AppOperation(
                phase=RUNNING, revision=sha, started_at=self._now(), by=by, automated=not by, info=info
            ),
        )

    def _end(self, name: str, operation: AppOperation) -> None:
        app, commit = self.apps[name], self._commit(name, operation.revision)
        if commit.error:
            self._finish(name, operation, "Error", f"ComparisonError: {_rendering(commit)}", "")
            self._set(
                name, sync="Unknown", conditions=(AppCondition(type="ComparisonError", message=_rendering(commit)),)
            )
        elif commit.refusal:
            reason = f"one or more synchronization tasks completed unsuccessfully, reason: {commit.refusal}"
            self._finish(name, operation, "Failed", reason, "SyncFailed", commit.refusal)
            self._set(name, sync="OutOfSync")
        else:
            self._finish(name, operation, "Succeeded", "successfully synced (all tasks run)", "Synced")
            number = app.history[-1].id + 1 if app.history else 0
            entry = AppDeployed(id=number, revision=commit.sha, deployed_at=self._now())
            newest = commit is self.commits[name][-1]
            self._set(name, history=(*app.history, entry)[-10:], sync="Synced" if newest else "OutOfSync")
            self._judge(name, "Progressing", "Waiting for rollout to finish")

    def _finish(
        self, name: str, operation: AppOperation, phase: str, message: str, result: str, problem: str = ""
    ) -> None:
        results = (
            tuple(
                replace(
                    r, result=result, message=problem or f"{r.kind.lower()}/{r.name} configured", sync="", health=""
                )
                for r in self.apps[name].resources
            )
            if result
            else ()
        )
        ended = replace(operation, phase=phase, message=message, finished_at=self._now(), results=results)
        self._set(name, operation=ended)

    def _judge(self, name: str, health: str, message: str) -> None:
        """Set the health of the application and of what it declares (the first workload carries it)."""
        app = self.apps[name]
        sync = "Synced" if app.sync == "Synced" else "OutOfSync"
        first = next((r for r in app.resources if r.kind in {"Deployment", "StatefulSet", "DaemonSet"}), None)
        resources = tuple(
            replace(r, sync=sync, health=health, health_message=message) if r is first else r for r in app.resources
        )
        said = f"Caused by {first.group}/{first.kind}:{first.namespace}/{first.name}" if first and message else ""
        self._set(name, health=health, health_message=said, resources=resources)

    def _set(self, name: str, **changes: Any) -> None:
        self.apps[name] = replace(self.apps[name], resource_version=self._next(), **changes)

    def _next(self) -> str:
        self.version += 1
        return str(self.version)

    def _now(self) -> datetime:
        return START + timedelta(seconds=self.version - 1000)


def _sha(name: str, number: int) -> str:
    return hashlib.sha1(f"{name} {number}".encode(), usedforsecurity=False).hexdigest()


def _rendering(commit: Revision) -> str:
    return f"Failed to load target state: failed to generate manifest for source 1 of 1: rpc error: {commit.error}"
