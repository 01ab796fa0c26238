"""What the tests of the whole way on a real API server share: the bot's own process, Slack's side, the cluster, the audit log."""

import copy
import json
import os
import subprocess
import sys
import urllib.request
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from bot.domain.cluster import EXECUTION_MARK, Pod, Workload
from tests.contract.cluster_worlds import KUBECONFIG, RealWorld, acting_rules, manifest, reading_rules, until

ROOT = Path(__file__).resolve().parents[2]
ALERT = json.loads((ROOT / "config" / "scenarios" / "oom-killed" / "post.json").read_text())
ALERT_POD, ALERT_SPACE = "checkout-7d9c5b8f4d-x2lqp", "namespace shop"
VERIFY_WINDOW = "4s"
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


class House:
    """`python -m bot run` as `bot` on the real API server, in the sandbox's Slack; and the hands of its people."""

    def __init__(self, line: dict[str, Any], log: Path) -> None:
        self.line, self.log = line, log
        self.ana = line["people"]["approver"]
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open

    def control(self, name: str, **body: Any) -> dict[str, Any]:
        return self._ask(name, json.dumps(body).encode())

    def state(self) -> dict[str, Any]:
        return self._ask("state?channel=platform-alerts", None)

    def _ask(self, name: str, body: bytes | None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.line['control_token']}", "Content-Type": "application/json"}
        with self._open(urllib.request.Request(self.line["control_url"] + name, body, headers), timeout=20) as answer:
            return json.load(answer)

    def alert(self, pod: Pod) -> "Thread":
        """Post what Robusta posts about the pod."""
        text = json.dumps({"sender": ALERT["sender"], "message": ALERT["message"]})
        text = text.replace(ALERT_POD, pod.name).replace(ALERT_SPACE, f"namespace {pod.namespace}")
        posted = self.control("post", channel="#platform-alerts", **json.loads(text))
        return Thread(self, posted["ts"])

    def views(self) -> list[dict[str, Any]]:
        return self.state()["views"].get(self.ana, [])


class Thread:
    """What the bot says under one alert, and what a person does with it."""

    def __init__(self, house: House, ts: str) -> None:
        self._house, self._ts = house, ts

    def messages(self, kind: str) -> list[dict[str, Any]]:
        (channel,) = self._house.state()["channels"]
        mine = [m for m in channel["messages"] if m.get("thread_ts") == self._ts and m["ts"] != self._ts]
        return [m for m in mine if m.get("metadata", {}).get("event_type") == kind]

    def card(self, words: str) -> str:
        """The card's text once it says the words."""

        def said() -> str:
            cards = self.messages("codehealer_card")
            assert len(cards) < 2
            text = plain(cards[0]) if cards else ""
            return text if words in text else ""

        return self._wait(f"a card that says {words!r}", said)

    def note(self, word: str, seconds: float = 30.0) -> str:
        """The text of the outcome that begins with the word."""

        def said() -> str:
            return next((plain(m) for m in self.messages("codehealer_note") if m["text"].startswith(word)), "")

        return self._wait(f"a note {word!r}", said, seconds)

    def outcomes(self) -> list[str]:
        """The first words of every outcome, in order."""
        return [m["text"].partition(":")[0] for m in self.messages("codehealer_note")]

    def review(self) -> dict[str, Any]:
        """Press Review fix and return the modal, once it is more than `checking`."""
        for left in self._house.views():
            self._house.control("close_view", user=self._house.ana, view_id=left["id"])
        (card,) = self.messages("codehealer_card")
        self._house.control(
            "click", user=self._house.ana, channel="#platform-alerts", ts=card["ts"], action_id="heal_review"
        )
        self.view = self._wait("the review", lambda: next((v for v in self._house.views() if _is_full(v)), None))
        return self.view

    def approve(self) -> None:
        done = self._house.control("submit", user=self._house.ana, view_id=self.view["id"], values={})
        assert done["acked"]
        self._wait("an answer", lambda: any("Approved" in plain(v) for v in self._house.views()))
        self.close()

    def close(self) -> None:
        self._house.control("close_view", user=self._house.ana, view_id=self.view["id"])

    def _wait(self, what: str, test: Callable[[], Any], seconds: float = 30.0) -> Any:
        try:
            return until(what, test, seconds)
        except AssertionError as late:
            said = [m["text"][:300] for kind in ("codehealer_card", "codehealer_note") for m in self.messages(kind)]
            said += [f"a modal: {plain(v)[:300]}" for v in self._house.views()]
            log = self._house.log.read_text()[-3000:]
            raise AssertionError(f"{late}\nthe thread: {said}\nthe bot's log: {log}") from late


def _is_full(view: dict[str, Any]) -> bool:
    return view.get("callback_id") == "heal_decide" and "Preconditions" in plain(view)


def plain(shown: dict[str, Any]) -> str:
    """Every text of a message's or a view's blocks."""
    found: list[str] = []

    def walk(node: Any) -> None:
        if isinstance(node, list):
            for each in node:
                walk(each)
        elif isinstance(node, dict):
            if isinstance(node.get("text"), str):
                found.append(node["text"])
            for each in node.values():
                walk(each)

    walk(shown.get("blocks", []))
    return "\n".join(found)


@contextmanager
def house(folder: Path) -> Iterator[House]:
    """Both processes, until the end of the tests; the bot must end well when it is told to."""
    clean = {n: v for n, v in os.environ.items() if not n.startswith(("SLACK_", "CODEHEALER_", "KUBECONFIG"))}
    log = folder / "bot.log"
    with log.open("w") as said, _process("bot.sandbox", env=clean, stderr=said) as sandbox:
        line = json.loads(sandbox.stdout.readline())
        settings = {
            "CODEHEALER_MODE": "sandbox",
            "CODEHEALER_DATA_DIR": str(folder / "data"),
            "CODEHEALER_VERIFY_WINDOW": VERIFY_WINDOW,
            "CODEHEALER_APPROVERS": line["people"]["approver"],
            "SLACK_API_URL": line["slack_api_url"],
            "SLACK_BOT_TOKEN": line["slack_bot_token"],
            "SLACK_APP_TOKEN": line["slack_app_token"],
            "KUBECONFIG": str(_kubeconfig_of_bot(folder)),
        }
        with _process("bot", "run", env={**clean, **settings}, stderr=said) as bot:
            assert bot.stdout.readline() == "ready\n", log.read_text()
            yield House(line, log)


@contextmanager
def _process(*arguments: str, env: dict[str, str], stderr: Any) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", *arguments]
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=stderr, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()
            assert process.wait(20) == 0


def _kubeconfig_of_bot(folder: Path) -> Path:
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
