"""The Argo CD scenarios on a real Argo CD, which deploys to a real Kubernetes API: what it says, when it syncs, what it refuses.

Slack and GitHub are the sandbox's. What is merged on its GitHub is mirrored to the git server that Argo CD reads, under
the same commit ids. Argo CD finds it there by itself, as after a webhook that got lost.
"""

import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from bot.adapters.argocd import ArgoAccess, connect
from bot.domain.delivery import EXECUTION_INFO, Application, AppOperation
from tests.contract.cluster_worlds import KUBECONFIG, until
from tests.contract.deployment_worlds import ADMIN_TOKEN, GIT, TOKEN, URL
from tests.integration.git_mirror import Mirror
from tests.integration.house import SCENARIOS, House, Thread, open_house, plain
from tests.integration.real_way import Ground, ground, kubeconfig_of_bot

pytestmark = [
    pytest.mark.servers,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not KUBECONFIG, reason="CODEHEALER_TEST_KUBECONFIG is not set (run make test-servers)"),
    pytest.mark.skipif(
        not (URL and TOKEN and ADMIN_TOKEN and GIT),
        reason="CODEHEALER_TEST_ARGOCD, _TOKEN, _ADMIN_TOKEN or _GIT is not set (run make test-servers)",
    ),
]

SOON = 90.0
"""Seconds: Argo CD looks for new commits every ten seconds or so here, and retries what failed for a few more."""
RETRIED = {
    "automated": {"prune": True, "selfHeal": True},
    "retry": {"limit": 2, "backoff": {"duration": "1s", "factor": 2, "maxDuration": "10s"}},
}


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")

    def settings(line: dict[str, Any]) -> dict[str, str]:
        return {
            "KUBECONFIG": str(kubeconfig_of_bot(folder)),
            "GITHUB_API_URL": line["github_url"],
            "GITHUB_TOKEN": line["github_token"],
            "ARGOCD_SERVER": URL,
            "ARGOCD_AUTH_TOKEN": TOKEN,
        }

    with open_house(folder, settings) as house:
        house.control("channels", name="the-past", bot=False)
        yield house


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Ground]:
    with ground(tmp_path) as made:
        yield made


class Site:
    """The scenario's application for real: its repository mirrored, its objects in a namespace of their own."""

    def __init__(self, bot: House, place: Ground, scenario: str, folder: Path, git: str = GIT) -> None:
        self._bot, self._folder, self._place = bot, SCENARIOS / scenario, place
        self.expected = yaml.safe_load((self._folder / "expected.yaml").read_text())
        bot.control("cause", scenario=scenario, channel="#the-past")
        self.mark = uuid.uuid4().hex[:6]
        self.name = f"{self.expected['target']['name']}-{self.mark}"
        self.repo = self.expected["change"]["repository"]
        self.mirror = Mirror(bot, self.repo, f"{GIT}/way-{self.mark}/{self.repo}.git", folder / "mirror")
        self.source = f"{git}/way-{self.mark}/{self.repo}.git"
        self.deployments = connect("default", ArgoAccess(server=URL, token=lambda: ADMIN_TOKEN))
        self._admin = requests.Session()
        self._admin.trust_env = False
        self._admin.headers.update({"Content-Type": "application/json", "Authorization": f"Bearer {ADMIN_TOKEN}"})
        self._made = False

    def close(self) -> None:
        if self._made:
            self.ask("DELETE", f"/applications/{self.name}?cascade=true")
            names = "/applications?fields=items.metadata.name"
            until("gone", lambda: self.name not in str(self.ask("GET", names)), 60)
        self.deployments.close()
        self._admin.close()

    def ask(self, method: str, path: str, body: object = None) -> Any:
        answer = self._admin.request(method, f"{URL}/api/v1{path}", json=body, timeout=30)
        assert answer.status_code == 200, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()

    def deploy(self) -> None:
        """The application as it was before the last commit: Synced and Healthy, its sync policy still manual."""
        good = self.mirror.push(self.mirror.parent(self.mirror.head))
        source = {"repoURL": self.source, "path": "prod", "targetRevision": "main"}
        destination = {"server": "https://kubernetes.default.svc", "namespace": self._place.namespace}
        meta = {"name": self.name, "finalizers": ["resources-finalizer.argocd.argoproj.io"]}
        spec = {"project": "default", "source": source, "destination": destination}
        self.ask("POST", "/applications", {"metadata": meta, "spec": spec})
        self._made = True
        self.until("compared", lambda app: app.sync == "OutOfSync")
        self.ask("POST", f"/applications/{self.name}/sync", {})
        self.until("Healthy", lambda app: (app.sync, app.health, app.revision) == ("Synced", "Healthy", good))

    def sync_by_itself(self) -> None:
        patch = json.dumps({"spec": {"syncPolicy": RETRIED}})
        body = {"name": self.name, "patchType": "merge", "patch": patch}
        self.ask("PATCH", f"/applications/{self.name}", body)

    def application(self) -> Application:
        return self.deployments.application(self.name)

    def until(self, what: str, test: Any) -> Application:
        def there() -> Application | None:
            app = self.application()
            return app if test(app) else None

        return until(f"{self.name}: {what}", there, SOON)  # type: ignore[type-var, return-value]

    def failed(self, sha: str) -> AppOperation:
        """The sync to that commit, once it failed for good."""

        def over(app: Application) -> bool:
            last = app.operation
            return last is not None and last.phase in {"Failed", "Error"} and last.revision == sha

        operation = self.until(f"the sync to {sha[:7]} failed", over).operation
        assert operation is not None
        return operation

    def alert(self) -> Thread:
        """Post what Argo CD's stock template says of a failed sync."""
        raw = self.ask("GET", f"/applications/{self.name}")
        state, page = raw["status"]["operationState"], f"{URL}/applications/{self.name}"
        text = (
            f":exclamation:  The sync operation of application {self.name} has failed at {state['finishedAt']} with the "
            f"following error: {state['message']}\nSync operation details are available at: <{page}?operation=true> ."
        )
        fields = [
            {"title": "Sync Status", "value": raw["status"]["sync"]["status"], "short": True},
            {"title": "Repository", "value": f":arrow_heading_up: <{self.source}>", "short": True},
        ]
        attachment = {"id": 1, "color": "e96d76", "title": self.name, "title_link": page, "fields": fields}
        sender = {"name": "argocd-notifications", "app_id": "A05ARGOCD01", "bot_id": "B05ARGOCD01"}
        return self._bot.post("#platform-alerts", sender, {"text": text, "attachments": [attachment]})

    def merge(self) -> str:
        """A person reads the one line that changes, merges, and the git server hears of it; the merge commit."""
        (pull,) = [each for each in self._bot.repository(self.repo)["pulls"] if each["state"] == "open"]
        change = self.expected["change"]
        (file,) = pull["diff"]
        lines = [(line["sign"], line["text"]) for line in file["lines"] if line["sign"] in "+-"]
        assert (file["path"], lines) == (change["path"], [("-", change["from"]), ("+", change["to"])])
        self._bot.control("merge", repo=self.repo, number=pull["number"], user="mara-lind")
        return self.mirror.push()

    def replicas(self) -> tuple[int, int]:
        """What the real cluster's Deployment wants, and how many of its pods are available."""
        name = yaml.safe_load_all((self._folder / "repos" / self.repo / "prod" / "deployment.yaml").read_text())
        found = self._place.workload(next(name)["metadata"]["name"])
        return found.replicas, found.available


@contextmanager
def site(bot: House, place: Ground, scenario: str, folder: Path, git: str = GIT) -> Iterator[Site]:
    made = Site(bot, place, scenario, folder, git)
    try:
        made.deploy()
        yield made
    finally:
        made.close()


def merged_fix(here: Site) -> tuple[Thread, str]:
    """From the broken commit to the merged pull request of the bot: the thread, and the merge commit."""
    here.sync_by_itself()
    broken = here.mirror.push()
    failed = here.failed(broken)
    thread = here.alert()
    card = thread.card("Review fix")
    assert here.name in card
    assert " ".join(failed.message.split()) in card  # in Argo CD's own words
    assert f"pushed {broken[:7]}" in card
    view = thread.review()
    assert view["submit"]["text"] == "Approve"
    assert here.expected["change"]["path"] in plain(view)
    assert here.expected["change"]["to"] in plain(view)
    thread.approve()
    thread.note("Waiting for change", 60)
    assert thread.outcomes() == ["Waiting for change"]
    return thread, here.merge()


def test_a_manifest_error_is_mended_by_a_merged_pull_request(bot: House, place: Ground, tmp_path: Path) -> None:
    with site(bot, place, "manifest-error", tmp_path) as here:
        thread, merged = merged_fix(here)
        thread.note("Verified", SOON)
        assert thread.outcomes() == ["Waiting for change", "Verified"]
        app = here.application()
        assert (app.sync, app.health, app.revision) == ("Synced", "Healthy", merged)
        assert app.operation is not None
        assert (app.operation.phase, app.operation.automated, app.operation.revision) == ("Succeeded", True, merged)
        assert len(app.history) == 2
        assert here.replicas() == (6, 6)
        assert not [secret for secret in here.expected["redacted"] if bot.has_kept(secret)]


def test_a_second_error_after_the_merge_is_an_honest_failure(bot: House, place: Ground, tmp_path: Path) -> None:
    with site(bot, place, "manifest-two-errors", tmp_path) as here:
        thread, merged = merged_fix(here)
        thread.note("Escalated", SOON)
        assert thread.outcomes() == ["Waiting for change", "Verification failed", "Escalated"]
        assert here.expected["said"] in thread.note("Verification failed")
        assert here.expected["said"] in str(here.failed(merged).results)
        assert len(here.application().history) == 1
        assert here.replicas() == (2, 2)
        assert not [secret for secret in here.expected["redacted"] if bot.has_kept(secret)]


class Front(ThreadingHTTPServer):
    """Stands before the git server; while it is `down` it answers 503, as a git host in trouble does."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Hand)
        self.down = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Hand(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Front

    def do_GET(self) -> None:
        self._hand_on(None)

    def do_POST(self) -> None:
        self._hand_on(self.rfile.read(int(self.headers["Content-Length"])))

    def _hand_on(self, body: bytes | None) -> None:
        status, kind, content = 503, "text/plain", b"Service Unavailable"
        if not self.server.down:
            kept = {n: v for n, v in self.headers.items() if n.lower() in {"content-type", "git-protocol", "accept"}}
            with requests.Session() as session:
                session.trust_env = False
                answer = session.request(self.command, GIT + self.path, data=body, headers=kept, timeout=30)
            status, kind, content = answer.status_code, answer.headers.get("Content-Type", ""), answer.content
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def front() -> Iterator[Front]:
    with Front() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_sync_that_failed_for_a_moment_is_synced_again_once(
    bot: House, place: Ground, front: Front, tmp_path: Path
) -> None:
    with site(bot, place, "manifest-error", tmp_path, git=front.url) as here:
        path = here.expected["change"]["path"]
        good = (SCENARIOS / "manifest-error" / "repos" / here.repo / path).read_text()
        text = good.replace("replicas: 3", "replicas: 4")
        bot.control("github_push", repo=here.repo, path=path, text=text, message="Four replicas")
        front.down = True
        sha = here.mirror.push()
        here.ask("POST", f"/applications/{here.name}/sync", {"revision": sha})
        here.failed(sha)
        thread = here.alert()
        front.down = False
        here.until("it sees the commit", lambda app: (app.sync, app.revision) == ("OutOfSync", sha))
        thread.card("Review fix")
        view = thread.review()
        assert view["submit"]["text"] == "Approve"
        thread.approve()
        thread.note("Verified", SOON)
        assert thread.outcomes() == ["Verified"]
        app = here.application()
        assert (app.sync, app.health, app.revision) == ("Synced", "Healthy", sha)
        assert app.operation is not None
        assert app.operation.by == "bot"
        (execution,) = bot.rows(
            "SELECT id, state FROM records WHERE kind = 'execution' AND body LIKE ?", f"%{here.name}%"
        )
        assert execution == (app.operation.info_of(EXECUTION_INFO), "applied")
        assert [each.revision for each in app.history].count(sha) == 1
        assert len(app.history) == 2  # the first deployment and this one
        assert here.replicas() == (4, 4)
