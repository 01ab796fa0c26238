"""The sandbox's Argo CD with a clock that is told: an application `shop` of the namespace `shop`, without HTTP."""

from collections.abc import Callable, Mapping
from typing import Any

from bot.sandbox.argocd_application import Application
from bot.sandbox.argocd_controller import Controller
from bot.sandbox.cluster_simulation import Cluster
from bot.sandbox.cluster_state import Object
from bot.sandbox.troubles import Troubles
from tests.fakes.git_host import GitHost

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: shop-config\ndata:\n  LOG_LEVEL: info\n"
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
  labels: {app: shop}
spec:
  replicas: 2
  progressDeadlineSeconds: 10
  selector:
    matchLabels:
      app: shop
  template:
    metadata:
      labels:
        app: shop
    spec:
      containers:
      - name: app
        image: registry.example.com/shop:1.0.0
        ports:
        - containerPort: 8080
        resources:
          requests: {cpu: 100m, memory: 128Mi}
          limits: {memory: 256Mi}
"""
BROKEN = DEPLOYMENT.replace("  replicas: 2", "  replicas: 2\n   paused: false")
QUOTED = DEPLOYMENT.replace("replicas: 2", 'replicas: "3"')
STEP = 0.1


class ArgoWorld:
    """`policy` is the application's syncPolicy. Nothing moves but by `run`."""

    def __init__(self, policy: dict[str, Any] | None = None, deployment: str = DEPLOYMENT) -> None:
        self.at = 1_795_000_000.0
        self.cluster = Cluster(lambda: self.at, seed=7)
        self.git = GitHost()
        self.told = 0
        self.troubles = Troubles("the fake")
        self.controller = Controller(self.cluster, self.git, self._tell, self.troubles)
        self.push(deployment)
        source = {"repoURL": "https://git.example.com/acme/deploy.git", "path": "k8s", "targetRevision": "main"}
        self.app = Application(
            name="shop",
            project="default",
            source=source,
            namespace="shop",
            policy={"syncOptions": ["CreateNamespace=true"], **(policy or {})},
            uid="6b48c929-f0d0-41e2-bc35-b7e7c120e2a9",
            created=self.at,
        )
        self.controller.add(self.app)

    def _tell(self) -> None:
        self.told += 1

    def push(self, deployment: str, more: Mapping[str, str] | None = None) -> str:
        files = {"k8s/config.yaml": CONFIG, "k8s/deploy.yaml": deployment, "README.md": "no manifest", **(more or {})}
        return self.git.push(files)

    def run(self, seconds: float) -> None:
        """Lets time pass, with all that happens in it."""
        end = self.at + seconds
        while self.at < end:
            self.at += STEP
            self.cluster.tick()
            self.controller.tick()

    def until(self, test: Callable[[], bool], seconds: float = 60.0) -> None:
        end = self.at + seconds
        while not test():
            assert self.at < end, f"not within {seconds} s: {self.app.summary()}"
            self.run(STEP)

    def sync(self, **wanted: Any) -> dict[str, Any]:
        """Syncs to main as a person would and returns the operation's state once it ended."""
        self.controller.refresh(self.app)
        sha = self.controller.resolve(self.app, "main")
        sync = {"revision": sha, "source": self.app.source, "syncOptions": self.app.options(), **wanted}
        self.controller.start(self.app, {"sync": sync, "initiatedBy": {"username": "ana"}, "retry": {}})
        return self.ended()

    def ended(self) -> dict[str, Any]:
        self.until(lambda: not self.app.running, 400)
        assert self.app.state is not None
        return self.app.state

    def live(self, plural: str = "deployments", name: str = "shop") -> Object:
        found = self.cluster.store.get(plural, "shop", name)
        assert found is not None
        return found

    def condition(self, kind: str) -> str:
        """The text of a condition, or ""."""
        return next((row["message"] for row in self.app.conditions if row["type"] == kind), "")
