"""The Argo CDs that the contract suite runs against, behind one way to cause things in them.

`fake` is in memory; `sandbox` is the sandbox's API over HTTP, on a git of this file; `real` is the one that CODEHEALER_TEST_ARGOCD names (its URL), with CODEHEALER_TEST_ARGOCD_TOKEN of an
account that may get and sync, _ADMIN_TOKEN, which causes things, and _GIT, a git server where a push makes a repository.
"""

import asyncio
import hashlib
import json
import os
import subprocess
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from bot.adapters.argocd import ArgoAccess, connect
from bot.domain.delivery import Application, AppResource, SyncWanted
from bot.ports import Deployments
from tests.contract.cluster_worlds import until
from tests.fakes.deployments import FakeDeployments

URL = os.environ.get("CODEHEALER_TEST_ARGOCD", "")
TOKEN = os.environ.get("CODEHEALER_TEST_ARGOCD_TOKEN", "")
ADMIN_TOKEN = os.environ.get("CODEHEALER_TEST_ARGOCD_ADMIN_TOKEN", "")
GIT = os.environ.get("CODEHEALER_TEST_ARGOCD_GIT", "")

BROKEN_YAML = (
    'Failed to unmarshal "deploy.yaml": failed to unmarshal manifest: error converting YAML to JSON: yaml: line 5'
)
IMMUTABLE = 'Deployment.apps "shop" is invalid: spec.selector: Invalid value: field is immutable'
MISSING = "Back-off pulling image"

NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {name}\n"
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
  namespace: {name}
spec:
  replicas: 1
  progressDeadlineSeconds: 5
  selector:
    matchLabels: {{app: {label}}}
  template:
    metadata:
      labels: {{app: {label}}}
    spec:
      containers:
        - name: app
          image: "registry.example.com/shop:{tag}"
          env: [{{name: PASSWORD, value: hunter2}}]
"""


class World:
    """`create` makes an application with the Deployment `shop`, synced and healthy; `push` commits to it, and no more.

    The commit is `good` (another tag), `broken` (no YAML), `refused` (an immutable field changes) or `missing` (its image
    does not exist). Its namespace is called as the application.
    """

    deployments: Deployments
    account = "bot"

    def create(self, name: str, *, automated: bool = False, log: tuple[str, ...] = ()) -> None:
        raise NotImplementedError

    def push(self, name: str, commit: str) -> None:
        raise NotImplementedError

    def ended(self, name: str) -> Application:
        """The application once no operation runs."""

        def idle() -> Application | None:
            app = self.deployments.application(name)
            return app if app.operation is not None and app.operation.finished_at is not None else None

        return until(f"the operation of {name} ends", idle, 60)

    def settled(self, name: str, health: str, sync: str = "Synced") -> Application:
        def there() -> Application | None:
            app = self.deployments.application(name)
            return app if (app.health, app.sync) == (health, sync) else None

        return until(f"{name} is {health} and {sync}", there, 60)

    def pod(self, name: str, test: Callable[[AppResource], bool] = lambda _: True) -> AppResource:
        def found() -> AppResource | None:
            return next((each for each in self.deployments.tree(name) if each.kind == "Pod" and test(each)), None)

        return until(f"a pod of {name}", found, 60)


class FakeWorld(World):
    def __init__(self) -> None:
        self.deployments = self._fake = FakeDeployments(advance_on_read=True)

    def create(self, name: str, *, automated: bool = False, log: tuple[str, ...] = ()) -> None:
        shop = AppResource(group="apps", kind="Deployment", namespace=name, name="shop")
        declared = (AppResource(kind="Namespace", name=name), shop)
        self._fake.deploy(name, namespace=name, automated=automated, resources=declared)
        if log:
            self._fake.logs["shop-1-x", "app", False] = list(log)

    def push(self, name: str, commit: str) -> None:
        kinds: dict[str, dict[str, str]] = {
            "good": {},
            "broken": {"error": BROKEN_YAML},
            "refused": {"refusal": IMMUTABLE},
            "missing": {
                "health": "Degraded",
                "health_message": MISSING,
                "image": "registry.example.com/shop:missing",
                "reason": "ImagePullBackOff",
            },
        }
        self._fake.push(name, **kinds[commit])


def files_of(name: str, commit: str) -> dict[str, str]:
    """The files of an application's folder at a commit."""
    text = DEPLOYMENT.format(
        name=name,
        label="till" if commit == "refused" else "shop",
        tag={"good": "2", "missing": "missing"}.get(commit, "1"),
    )
    if commit == "broken":
        text = text.replace("  namespace:", "   namespace:")
    return {"namespace.yaml": NAMESPACE.format(name=name), "deploy.yaml": text}


class MemoryGit:
    """Repositories as the sandbox's Argo CD reads them: a host that knows which commits it has."""

    def __init__(self) -> None:
        self._commits: dict[str, list[str]] = {}
        self._trees: dict[str, dict[str, str]] = {}
        self._hear: list[Callable[[str, str, str], None]] = []

    def push(self, repo: str, files: dict[str, str]) -> None:
        commits = self._commits.setdefault(repo, [])
        sha = hashlib.sha1(f"{repo} {len(commits)}".encode(), usedforsecurity=False).hexdigest()
        commits.append(sha)
        self._trees[sha] = {f"shop/{path}": text for path, text in files.items()}
        for hear in self._hear:
            hear(repo, "main", sha)

    def resolve(self, repository: str, ref: str) -> str | None:
        if ref == "main":
            return next(shas[-1] for repo, shas in self._commits.items() if repository.endswith(f"/{repo}.git"))
        return ref if ref in self._trees else None

    def files(self, repository: str, sha: str) -> dict[str, str]:
        return self._trees[sha]

    def on_push(self, call: Callable[[str, str, str], None]) -> None:
        self._hear.append(call)


class SandboxWorld(World):
    """The sandbox's Argo CD and cluster in a loop of its own thread; what causes things is called on that loop."""

    account = "codehealer"

    def __init__(self, loop: asyncio.AbstractEventLoop, cluster: Any, argocd: Any, git: MemoryGit) -> None:
        self._loop, self._cluster, self._argocd, self._git = loop, cluster, argocd, git
        self.deployments = self.adapter = connect("default", ArgoAccess(server=argocd.url, token=lambda: argocd.token))

    def create(self, name: str, *, automated: bool = False, log: tuple[str, ...] = ()) -> None:
        from bot.sandbox.argocd_application import Application as SandboxApplication

        self.push(name, "first")
        source = {"repoURL": f"http://git.example/contract/{name}.git", "path": "shop", "targetRevision": "main"}
        made = SandboxApplication(
            name=name,
            project="default",
            source=source,
            namespace=name,
            policy={},
            uid=f"uid-{name}",
            created=self._cluster.cluster.now(),
        )
        self._call(lambda: self._argocd.controller.add(made))
        until("compared", lambda: self.deployments.application(name, "normal").sync == "OutOfSync")
        self.deployments.sync(SyncWanted(name=name))
        self.settled(name, "Healthy")
        if automated:
            self._call(lambda: setattr(made, "policy", {"automated": {"selfHeal": True}}))
        if log:
            spec = {"selector": {"app": "shop"}, "container": "app", "current": "\n".join(log)}
            about = {"name": name, "namespace": name}
            pod_logs = {"apiVersion": "sandbox.codehealer.io/v1", "kind": "PodLogs", "metadata": about, "spec": spec}
            self._call(lambda: self._cluster.create([pod_logs]))

    def push(self, name: str, commit: str) -> None:
        self._call(lambda: self._git.push(f"contract/{name}", files_of(name, commit)))

    def _call(self, function: Callable[[], object]) -> None:
        async def run() -> None:
            function()

        asyncio.run_coroutine_threadsafe(run(), self._loop).result(10)


class RealWorld(World):
    """Applications, namespaces and repositories of its own, removed at the end (but for the repositories)."""

    def __init__(self, folder: Path) -> None:
        self.deployments = self.adapter = connect("default", ArgoAccess(server=URL, token=lambda: TOKEN))
        self._folder, self._mark = folder, uuid.uuid4().hex[:6]
        self._admin = requests.Session()
        self._admin.trust_env = False
        self._admin.headers.update({"Content-Type": "application/json", "Authorization": f"Bearer {ADMIN_TOKEN}"})
        self._names: list[str] = []

    def create(self, name: str, *, automated: bool = False, log: tuple[str, ...] = ()) -> None:
        work = self._folder / name
        (work / "shop").mkdir(parents=True)
        self._git(work, "init", "-q", "-b", "main")
        if log:
            (work / "shop" / "logs.yaml").write_text(json.dumps(self._logs(name, log)))
        self.push(name, "first")
        source = {"repoURL": self._repository(name), "path": "shop", "targetRevision": "main"}
        destination = {"server": "https://kubernetes.default.svc", "namespace": name}
        spec: dict[str, Any] = {"project": "default", "source": source, "destination": destination}
        meta = {"name": name, "finalizers": ["resources-finalizer.argocd.argoproj.io"]}
        self._call("POST", "/applications", {"metadata": meta, "spec": spec})
        self._names.append(name)
        until("compared", lambda: self.deployments.application(name).sync == "OutOfSync")
        self._call("POST", f"/applications/{name}/sync", {})
        self.settled(name, "Healthy")
        if automated:
            patch = json.dumps({"spec": {"syncPolicy": {"automated": {"selfHeal": True}}}})
            self._call("PATCH", f"/applications/{name}", {"name": name, "patchType": "merge", "patch": patch})

    def push(self, name: str, commit: str) -> None:
        work = self._folder / name
        for path, text in files_of(name, commit).items():
            (work / "shop" / path).write_text(text)
        self._git(work, "add", "-A")
        self._git(work, "commit", "-q", "-m", commit)
        self._git(work, "push", "-q", self._repository(name), "HEAD:main")

    def close(self) -> None:
        for name in self._names:
            self._call("DELETE", f"/applications/{name}?cascade=true", None)
        self.adapter.close()
        self._admin.close()

    def _repository(self, name: str) -> str:
        return f"{GIT}/contract-{self._mark}/{name}.git"

    def _logs(self, name: str, lines: tuple[str, ...]) -> dict:
        """What the testbed's kubelet gives as the log of every container `app` of the namespace."""
        path = self._folder / f"{name}.log"
        path.write_text("".join(f"2026-11-24T14:00:00.000000000Z stdout F {line}\n" for line in lines))
        return {
            "apiVersion": "kwok.x-k8s.io/v1alpha1",
            "kind": "ClusterLogs",
            "metadata": {"name": name},
            "spec": {
                "selector": {"matchNamespaces": [name]},
                "logs": [{"containers": ["app"], "logsFile": str(path)}],
            },
        }

    def _call(self, method: str, path: str, body: object) -> None:
        answer = self._admin.request(method, f"{URL}/api/v1{path}", json=body, timeout=30)
        assert answer.status_code == 200, f"{method} {path}: {answer.status_code} {answer.text[:500]}"

    def _git(self, work: Path, *arguments: str) -> None:
        person = ["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]
        environment = {**os.environ, "no_proxy": "127.0.0.1"}
        subprocess.run(["git", *person, *arguments], cwd=work, check=True, capture_output=True, env=environment)


@contextmanager
def sandbox_world() -> Iterator[World]:
    from bot.sandbox.argocd_api import serve_argocd
    from bot.sandbox.kubernetes_api import serve_kubernetes

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="sandbox", daemon=True)
    thread.start()

    def run(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(10)

    with tempfile.TemporaryDirectory() as folder:
        git = MemoryGit()
        cluster = run(serve_kubernetes(0, Path(folder)))
        argocd = run(serve_argocd(0, cluster.cluster, Path(folder), git))
        world = SandboxWorld(loop, cluster, argocd, git)
        try:
            yield world
        finally:
            world.adapter.close()
            run(argocd.close())
            run(cluster.close())
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)
            loop.close()


@contextmanager
def real_world() -> Iterator[RealWorld]:
    with tempfile.TemporaryDirectory() as folder:
        world = RealWorld(Path(folder))
        try:
            yield world
        finally:
            world.close()
