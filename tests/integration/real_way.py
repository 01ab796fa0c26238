"""What the tests of the whole way on a real API server share beside the house: the cluster, the alert about it, the audit log."""

import copy
import json
import os
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from bot.domain.cluster import EXECUTION_MARK, Pod, Workload
from tests.contract.cluster_worlds import KUBECONFIG, RealWorld, acting_rules, manifest, reading_rules, until
from tests.integration.house import SCENARIOS, House, Thread, open_house

ALERT = json.loads((SCENARIOS / "oom-killed" / "post.json").read_text())
ALERT_POD, ALERT_SPACE = "checkout-7d9c5b8f4d-x2lqp", "namespace shop"
OUR_AGENT = "codehealer"


class Ground(RealWorld):
    """A namespace in which `bot` has exactly the given rights: reading by a ClusterRole as the chart's, acting by a Role.

    The tests look as admin, whom the audit log leaves out: whatever it says of `bot` was asked by the bot's process.
    """

    def __init__(self, folder: Path, reading: list[dict], acting: list[dict]) -> None:
        super().__init__(Path(KUBECONFIG), folder, seen_as="admin", rules=acting)
        self._rbac = self._client.RbacAuthorizationV1Api(self._admin)
        self._name = f"codehealer-read-{self.namespace}"
        self._rbac.create_cluster_role({"metadata": {"name": self._name}, "rules": reading})
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": self._name}
        subjects = [{"kind": "User", "name": "bot", "apiGroup": "rbac.authorization.k8s.io"}]
        meta = {"name": self._name}
        self._rbac.create_cluster_role_binding({"metadata": meta, "subjects": subjects, "roleRef": role})

    def wait_for_rights(self, reading: list[dict]) -> None:
        until("reading role", lambda: self.bot_may(reading[0]["verbs"][0], "", "pods"))

    def close(self) -> None:
        """Take the rights back too, and wait until they are gone: other tests rely on what `bot` may not read."""
        self._rbac.delete_cluster_role_binding(self._name)
        self._rbac.delete_cluster_role(self._name)
        until("no reading role", lambda: not self.bot_may("list", "", "pods", "kube-system"))
        super().close()

    def deploy_sick(self, name: str, *, limit: str = "128Mi", needs: str = "160Mi") -> Pod:
        """Two pods that are OOMKilled while their limit is below `needs`; the one returned has logs."""
        body = manifest("Deployment", self.namespace, name, limit, "64Mi", {"testbed/needs-memory": needs})
        body["spec"]["replicas"] = 2
        self._apps.create_namespaced_deployment(self.namespace, body)
        pod = self.sick_pod(name)
        self.write_logs(name, ["up"], ["GET /cart 200", "java.lang.OutOfMemoryError: Java heap space", "Killed"])
        return pod

    def workload(self, name: str) -> Workload:
        return self.cluster.workload(self.namespace, "Deployment", name)

    def limit(self, name: str) -> str:
        container = self.workload(name).container("app")
        assert container is not None
        return container.limit("memory")

    def new_pods(self, name: str) -> list[Pod]:
        """The pods that carry the mark of an execution."""
        return [p for p in self.cluster.pods(self.namespace, f"app={name}") if p.mark(EXECUTION_MARK)]

    def annotate(self, name: str) -> None:
        """Another writer: the version moves, nothing that was shown does."""
        self._patch(name, {"metadata": {"annotations": {"other-writer": uuid.uuid4().hex}}})

    def set_limit(self, name: str, limit: str) -> None:
        """Another person changes what the bot is about to change."""
        container = {"name": "app", "resources": {"limits": {"memory": limit}}}
        self._patch(name, {"spec": {"template": {"spec": {"containers": [container]}}}})

    def _patch(self, name: str, body: dict) -> None:
        self._apps.patch_namespaced_deployment(name, self.namespace, body, field_manager="somebody")

    def revoke_acting(self) -> None:
        """Take the right to patch away, and wait until the API server knows."""
        self._rbac.delete_namespaced_role_binding("codehealer", self.namespace)
        until("revoked", lambda: not self.bot_may("patch", "apps", "deployments"))

    def allow_memory(self, amount: str) -> None:
        """A quota on what the namespace's pods may use, once it holds and counts those that are there."""
        body = {"metadata": {"name": "memory"}, "spec": {"hard": {"limits.memory": amount}}}
        if self._core.list_namespaced_resource_quota(self.namespace).items:
            self._core.patch_namespaced_resource_quota("memory", self.namespace, body)
        else:
            self._core.create_namespaced_resource_quota(self.namespace, body)

        def holds() -> bool:
            status = self._core.read_namespaced_resource_quota("memory", self.namespace).status
            return (status.hard or {}).get("limits.memory") == amount and (status.used or {}).get(
                "limits.memory"
            ) != "0"

        until("quota", holds)

    def let_die(self, pod: Pod) -> None:
        """A pod that ran is killed for its memory: its kubelet says so, once."""
        ended = {"reason": "OOMKilled", "exitCode": 137, "finishedAt": pod.created_at, "startedAt": pod.created_at}
        waiting = {"reason": "CrashLoopBackOff", "message": "back-off 10s restarting failed container=app"}
        status = {
            "name": "app", "image": "shop:1", "imageID": "", "ready": False, "restartCount": 1,
            "state": {"waiting": waiting}, "lastState": {"terminated": ended},
        }  # fmt: skip
        unready = [
            {"type": kind, "status": "False", "reason": "ContainersNotReady"} for kind in ("Ready", "ContainersReady")
        ]
        body = {"status": {"conditions": unready, "containerStatuses": [status]}}
        self._core.patch_namespaced_pod_status(pod.name, self.namespace, body)


@contextmanager
def ground(folder: Path, *, without: str = "") -> Iterator[Ground]:
    """A Ground with the chart's own rights, but for `without`: a resource, or a verb."""

    def less(rules: list[dict]) -> list[dict]:
        kept = copy.deepcopy(rules)
        for rule in kept:
            for part in ("resources", "verbs"):
                rule[part] = [each for each in rule[part] if each != without]
        return [rule for rule in kept if rule["resources"] and rule["verbs"]]

    reading = less(reading_rules())
    made = Ground(folder, reading, less(acting_rules()))
    try:
        made.wait_for_rights(reading)
        yield made
    finally:
        made.close()


def alert(bot: House, pod: Pod) -> Thread:
    """Post what Robusta posts about the pod."""
    text = json.dumps({"sender": ALERT["sender"], "message": ALERT["message"]})
    text = text.replace(ALERT_POD, pod.name).replace(ALERT_SPACE, f"namespace {pod.namespace}")
    return bot.post("#platform-alerts", **json.loads(text))


@contextmanager
def house(folder: Path) -> Iterator[House]:
    """The bot as the user `bot` on the real API server, in the sandbox's Slack, and nothing beside."""
    with open_house(folder, lambda _: {"KUBECONFIG": str(kubeconfig_of_bot(folder))}) as made:
        yield made


def kubeconfig_of_bot(folder: Path) -> Path:
    """The kubeconfig with `bot` and nothing of admin: the process could not be anybody else."""
    known = yaml.safe_load(Path(KUBECONFIG).read_text())
    for kind in ("users", "contexts"):
        known[kind] = [each for each in known[kind] if each["name"] == "bot"]
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump({**known, "current-context": "bot"}))
    path.chmod(0o600)
    return path


class Audit:
    """What the API server wrote down of user `bot` since now. Nobody but the bot's process is `bot` in these tests."""

    def __init__(self) -> None:
        found = os.environ.get("CODEHEALER_TEST_AUDIT_LOG") or Path(KUBECONFIG).parent / "log" / "audit.jsonl"
        self._path = Path(found)
        self._start = self._path.stat().st_size

    def entries(self, namespace: str = "") -> list[dict[str, Any]]:
        """The finished requests, those about the namespace where one is named."""
        with self._path.open("rb") as log:
            log.seek(self._start)
            lines = [line for line in log.read().decode().splitlines() if f'"{namespace}"' in line or not namespace]
        read = [json.loads(line) for line in lines]
        return [e for e in read if e["user"]["username"] == "bot" and e["stage"] == "ResponseComplete"]

    def asked(self, namespace: str = "") -> Counter[tuple[str, str]]:
        """(verb, resource) -> how often."""
        return Counter((e["verb"], resource(e)) for e in self.entries(namespace))

    def patches(self, namespace: str, *, dry_run: bool = False) -> list[dict[str, Any]]:
        found = [e for e in self.entries(namespace) if e["verb"] == "patch"]
        return [e for e in found if ("dryRun=All" in e["requestURI"]) is dry_run]

    def codes(self, namespace: str, *, dry_run: bool = False) -> list[int]:
        """What the API server answered to the patches, in order."""
        return [e["responseStatus"]["code"] for e in self.patches(namespace, dry_run=dry_run)]


def resource(entry: dict[str, Any]) -> str:
    about = entry.get("objectRef", {})
    return "/".join(part for part in (about.get("resource"), about.get("subresource")) if part)
