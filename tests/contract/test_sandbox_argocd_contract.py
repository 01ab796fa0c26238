"""The sandbox's Argo CD against what a real 3.6.1 answered, and every answer against its own published description."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.sandbox.argocd_api import ArgocdSandbox, serve_argocd
from bot.sandbox.argocd_application import Application
from bot.sandbox.kubernetes_api import serve_kubernetes
from tests.contract.swagger import DATA, complaints, key_paths, recorded
from tests.fakes.git_host import GitHost

NAME = "checkout-prod"
APP = f"/api/v1/applications/{NAME}"
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: checkout-config}\ndata: {LOG_LEVEL: info}\n"
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: checkout-api
  labels: {app: checkout-api}
spec:
  replicas: 2
  progressDeadlineSeconds: 1
  selector:
    matchLabels: {app: checkout-api}
  template:
    metadata:
      labels: {app: checkout-api}
    spec:
      containers:
      - name: api
        image: registry.example.com/checkout-api:1.4.2
        resources: {limits: {memory: 256Mi}}
"""
MISSING = DEPLOYMENT.replace("1.4.2", "missing")
BROKEN = DEPLOYMENT.replace("  replicas: 2", "  replicas: 2\n   paused: false")
REFUSED = DEPLOYMENT.replace("app: checkout-api}", "app: checkout}")
TIMES = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|/dev/shm/\d+|sub: \w+")


class Wire:
    """The sandbox's Argo CD over HTTP; every answer is checked against the description on its way."""

    def __init__(self, argocd: ArgocdSandbox, git: GitHost, session: aiohttp.ClientSession) -> None:
        self.argocd, self.git, self._session = argocd, git, session

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str, Any]:
        data = json.dumps(body) if body is not None else None
        sent = {"Authorization": f"Bearer {self.argocd.token}", "Content-Type": "application/json"} | headers
        sent = {name: value for name, value in sent.items() if value}
        skipped = () if "Content-Type" in sent else ("Content-Type",)
        url = self.argocd.url + path
        async with self._session.request(method, url, data=data, headers=sent, skip_auto_headers=skipped) as answer:
            kind, text = answer.headers["Content-Type"], await answer.text()
            found = json.loads(text) if kind == "application/json" and text and "\n" not in text else text
            described = not isinstance(found, str) and (method, path) != ("DELETE", APP)
            if described:
                judged = without_nulls(found) if "fields=" in path else found
                assert complaints(method, path.partition("?")[0], answer.status, judged) == []
            return answer.status, kind, found

    async def get(self, path: str) -> Any:
        status, _, body = await self.call("GET", path)
        assert status == 200, body
        return body

    def push(self, deployment: str) -> None:
        self.git.push({"checkout/config.yaml": CONFIG, "checkout/deploy.yaml": deployment})

    async def until(self, test: Callable[[dict[str, Any]], Any], path: str = APP) -> dict[str, Any]:
        for _ in range(300):
            found: dict[str, Any] = await self.get(path)
            if test(found):
                return found
            await asyncio.sleep(0.05)
        raise AssertionError(found)

    async def sync(self) -> dict[str, Any]:
        await self.get(f"{APP}?refresh=hard")
        assert (await self.call("POST", f"{APP}/sync", {"revision": "main"}))[0] == 200
        return await self.until(lambda app: "operation" not in app and app["status"].get("operationState"))

    async def healthy(self) -> dict[str, Any]:
        return await self.until(lambda app: app["status"]["health"]["status"] == "Healthy")

    async def degraded(self) -> dict[str, Any]:
        self.push(MISSING)
        await self.sync()
        return await self.until(lambda app: app["status"]["health"]["status"] == "Degraded")


@asynccontextmanager
async def serving() -> AsyncIterator[Wire]:
    cluster, git = await serve_kubernetes(0, Path()), GitHost()
    argocd = await serve_argocd(0, cluster.cluster, Path(), git)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as session:
        wire = Wire(argocd, git, session)
        wire.push(DEPLOYMENT)
        source = {"repoURL": "http://git.acme-shop.example/platform/deploy.git", "path": "checkout"}
        app = Application(
            name=NAME,
            project="default",
            source={**source, "targetRevision": "main"},
            namespace="payments",
            policy={"syncOptions": ["CreateNamespace=true"]},
            uid="6b48c929-f0d0-41e2-bc35-b7e7c120e2a9",
            created=cluster.cluster.now(),
        )
        argocd.controller.add(app)
        try:
            yield wire
        finally:
            await argocd.close()
            await cluster.close()


def run(story: Callable[[Wire], Awaitable[None]]) -> None:
    async def play() -> None:
        async with serving() as wire:
            await story(wire)

    asyncio.run(play())


def without_nulls(value: Any) -> Any:
    """A list of chosen fields has a null, of which the description knows nothing, where an application has no value."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def plain(value: Any) -> Any:
    """A value without what is another one each time: times, random file names, shas, who asked."""
    return json.loads(TIMES.sub("*", json.dumps(value)))


@pytest.mark.parametrize("path", sorted((DATA / "argocd-api").glob("*.json")), ids=lambda path: path.stem)
def test_the_description_takes_what_the_real_one_answered(path: Path) -> None:
    answer = recorded(path.stem)
    method, address = answer["request"].split(" ")
    if answer["content_type"] == "application/json" and method != "DELETE":
        assert complaints(method, address.partition("?")[0], answer["status"], answer["body"]) == []


def same_shape(name: str, body: Any, *, but: tuple[str, ...] = ()) -> None:
    """The answer has the paths of keys that the recorded one has, managedFields and `but` apart."""
    apart = (".metadata.managedFields", *but)
    wanted = {path for path in key_paths(recorded(name)["body"]) if not path.startswith(apart)}
    assert key_paths(body) - set(but) == wanted


def test_healthy_and_its_tree() -> None:
    async def story(wire: Wire) -> None:
        await wire.sync()
        await wire.healthy()
        app = await wire.sync()
        same_shape("application-healthy", app)
        wanted = recorded("application-healthy")["body"]["status"]
        assert plain(app["status"]["resources"]) == wanted["resources"]
        assert plain(app["status"]["operationState"]["syncResult"]["resources"]) == plain(
            wanted["operationState"]["syncResult"]["resources"]
        )
        same_shape("resource-tree-healthy", await wire.get(f"{APP}/resource-tree"))
        version = await wire.call("GET", "/api/version", Authorization="")
        assert key_paths(version[2]) == key_paths(recorded("version")["body"])

    run(story)


def test_degraded_its_tree_events_and_resources() -> None:
    async def story(wire: Wire) -> None:
        await wire.sync()
        await wire.healthy()
        wire.push(MISSING)
        same_shape("application-progressing", await wire.sync())
        app = await wire.degraded()
        same_shape("application-degraded", app)
        assert app["status"]["health"]["message"] == "Caused by apps/Deployment:payments/checkout-api"
        tree = await wire.get(f"{APP}/resource-tree")
        same_shape("resource-tree-degraded", tree)
        same_shape("managed-resources-degraded", await wire.get(f"{APP}/managed-resources"))
        [ill] = [n for n in tree["nodes"] if n["kind"] == "Pod" and n["health"]["status"] == "Degraded"]
        query = f"resourceName={ill['name']}&resourceNamespace=payments&resourceUID={ill['uid']}"
        events = await wire.get(f"{APP}/events?{query}")
        assert {"Scheduled", "Failed", "BackOff"} <= {event["reason"] for event in events["items"]}
        wanted = {path for path in key_paths(recorded("events-degraded-pod")["body"]) if "managedFields" not in path}
        assert wanted - key_paths(events) == {".items[].action"}
        refused = await wire.call("GET", f"{APP}/events?{query}x")
        assert refused[2]["message"] == f"{ill['name']} not found as part of application {NAME}"

    run(story)


def test_a_manifest_error() -> None:
    async def story(wire: Wire) -> None:
        await wire.sync()
        await wire.healthy()
        wire.push(REFUSED)
        app = await wire.sync()
        same_shape("application-sync-failed", app)
        wanted = recorded("application-sync-failed")["body"]["status"]["operationState"]
        assert plain(app["status"]["operationState"]["message"]) == plain(wanted["message"])
        wire.push(BROKEN)
        app = await wire.get(f"{APP}?refresh=hard")
        same_shape("application-comparison-error", app)
        want = recorded("application-comparison-error")["body"]["status"]
        assert [c["message"].rpartition(": yaml: ")[0] for c in app["status"]["conditions"]] == [
            c["message"].rpartition(": yaml: ")[0] for c in want["conditions"]
        ]
        assert plain(app["status"]["resources"]) == want["resources"]
        status, _, body = await wire.call("GET", f"{APP}/manifests")
        assert (status, body["code"]) == (400, 9)
        assert body["message"].startswith('Failed to unmarshal "deploy.yaml": failed to unmarshal manifest: ')
        assert key_paths(body) == key_paths(recorded("manifests-error")["body"])

    run(story)


def test_a_sync_that_must_fail_is_accepted_and_a_second_one_refused() -> None:
    async def story(wire: Wire) -> None:
        await wire.sync()
        await wire.healthy()
        wire.push(REFUSED)
        await wire.get(f"{APP}?refresh=hard")
        body = {"revision": "main", "infos": [{"name": "codehealer.io/execution", "value": "ex_1"}]}
        status, _, app = await wire.call("POST", f"{APP}/sync", body)
        assert status == 200
        assert app["operation"].pop("info") == body["infos"]
        same_shape("sync-accepted", app)
        refused = await wire.call("POST", f"{APP}/sync", {})
        want = recorded("sync-refused-operation-in-progress")
        assert refused == (want["status"], want["content_type"], want["body"])
        done = await wire.until(lambda found: "operation" not in found)
        assert done["status"]["operationState"]["operation"]["info"] == body["infos"]

    run(story)


NO_CHECKOUT = (
    "failed to initialize repository resources: rpc error: code = Internal desc = Failed to checkout revision deadbeef00:"
    " `git fetch origin deadbeef00 --tags --force --prune` failed exit status 128:"
    " fatal: couldn't find remote ref deadbeef00"
)


def test_a_commit_that_nobody_has_is_taken_and_its_sync_ends_in_error() -> None:
    async def story(wire: Wire) -> None:
        before = (await wire.sync())["status"]["sync"]
        status, _, app = await wire.call("POST", f"{APP}/sync", {"revision": "deadbeef00"})
        assert (status, app["operation"]["sync"]["revision"]) == (200, "deadbeef00")
        app = await wire.until(lambda found: "operation" not in found)
        state = app["status"]["operationState"]
        prefix = "ComparisonError: Failed to load target state: failed to generate manifest for source 1 of 1: "
        assert state["phase"] == "Error"
        assert state["message"] == f"{prefix}rpc error: code = Unknown desc = {NO_CHECKOUT}"
        assert set(state["syncResult"]) == {"revision", "source"}
        assert (app["status"]["sync"], app["status"].get("conditions")) == (before, None)
        status, _, body = await wire.call("GET", f"{APP}/manifests?revision=deadbeef00")
        assert (status, body["code"], body["message"]) == (500, 2, NO_CHECKOUT)
        assert (await wire.sync())["status"]["operationState"]["phase"] == "Succeeded"

    run(story)


def test_a_list_with_fields_has_those_that_argo_cd_knows_and_no_others() -> None:
    async def story(wire: Wire) -> None:
        app = await wire.sync()
        names = "metadata.name,metadata.uid,spec,spec.project,status.health,status.conditions,status.sync.status"
        asked = [
            f"items.{name}" for name in (names + ",status.operationState.operation.sync,operation.sync").split(",")
        ]
        listed = await wire.get(f"/api/v1/applications?fields={','.join(asked)},metadata.namespace")
        assert listed["items"] == [
            {
                "metadata": {"name": NAME},
                "spec": app["spec"],
                "status": {
                    "health": app["status"]["health"],
                    "sync": {"status": app["status"]["sync"]["status"]},
                    "operationState": {"operation": {"sync": {}}},
                },
            }
        ]
        _, _, body = await wire.call("GET", f"/api/v1/applications?fields=-{','.join(asked)}")
        [others] = body["items"]
        assert set(others["spec"]) == {"destination", "source", "sourceHydrator", "sources", "syncPolicy"}
        assert set(others["status"]["operationState"]) == {"phase", "startedAt", "finishedAt"}
        assert key_paths(await wire.get("/api/v1/applications")) > key_paths(listed)

    run(story)


def test_rollback() -> None:
    async def story(wire: Wire) -> None:
        await wire.sync()
        await wire.healthy()
        await wire.degraded()
        unknown = recorded("rollback-unknown-id")
        assert await wire.call("POST", f"{APP}/rollback", {"id": 99}) == (400, "application/json", unknown["body"])
        status, _, app = await wire.call("POST", f"{APP}/rollback", {"id": 0})
        assert status == 200
        same_shape("rollback-accepted", app)
        await wire.until(lambda found: "operation" not in found)
        same_shape("application-after-rollback", await wire.healthy())
        app = await wire.get(APP)
        assert app["status"]["sync"]["status"] == "OutOfSync"
        wire.argocd.controller.apps[NAME].policy = {"automated": {}}
        want = recorded("rollback-refused-auto-sync")
        assert await wire.call("POST", f"{APP}/rollback", {"id": 0}) == (400, "application/json", want["body"])
        refused = await wire.call("POST", f"{APP}/sync", {"revision": "f" * 40})
        assert refused[2]["message"] == f"Cannot sync to {'f' * 40}: auto-sync currently set to main"

    run(story)


@pytest.mark.parametrize(
    ("name", "headers"),
    [
        ("unauthenticated", {"Authorization": ""}),
        ("bad-token", {"Authorization": "Bearer e30.e30.*"}),
        ("application-unknown", {}),
        ("no-permission-delete", {}),
        ("terminate-none-running", {}),
        ("terminate-without-content-type", {"Content-Type": ""}),
    ],
)
def test_refusals_word_for_word(name: str, headers: dict[str, str]) -> None:
    want = recorded(name)
    method, path = want["request"].split(" ")

    async def story(wire: Wire) -> None:
        status, kind, body = await wire.call(method, path, **headers)
        assert (status, kind, plain(body)) == (want["status"], want["content_type"], plain(want["body"]))

    run(story)


def test_questions_about_rights_lists_and_what_is_not_there() -> None:
    async def story(wire: Wire) -> None:
        may = "/api/v1/account/can-i"
        assert await wire.get(f"{may}/applications/sync/default/{NAME}") == {"value": "yes"}
        assert await wire.get(f"{may}/applications/delete/default%2F{NAME}") == {"value": "no"}
        assert (await wire.call("GET", f"{may}/pets/get/x"))[0] == 400
        assert await wire.get("/api/v1/session/userinfo") == {
            "loggedIn": True,
            "username": "codehealer",
            "iss": "argocd",
        }
        assert (await wire.call("GET", "/api/v1/session/userinfo", Authorization=""))[2] == {}
        every = await wire.get("/api/v1/applications?projects=default&appNamespace=argocd")
        assert [app["metadata"]["name"] for app in every["items"]] == [NAME]
        status, _, none = await wire.call("GET", "/api/v1/applications?projects=other", Accept="x")
        assert (status, none["items"]) == (200, None)
        status, _, body = await wire.call("GET", "/api/v1/applications/nope?project=default")
        assert (status, body["code"], body["message"]) == (404, 5, 'applications.argoproj.io "nope" not found')
        assert (await wire.call("GET", "/api/v1/nope"))[:2] == (404, "text/plain; charset=utf-8")
        assert (await wire.call("POST", APP, {}))[0] == 405
        status, _, body = await wire.call("POST", f"{APP}/sync", {"revision": "nope"})
        assert (status, body["code"]) == (400, 9)
        assert body["message"].endswith("unable to resolve 'nope' to a commit SHA: revision not found")

    run(story)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ([], "json: cannot unmarshal array into Go value of type application.ApplicationSyncRequest"),
        (
            {"infos": "x"},
            "json: cannot unmarshal string into Go struct field ApplicationSyncRequest.infos of type []*v1alpha1.Info",
        ),
    ],
)
def test_a_body_of_the_wrong_type(body: Any, said: str) -> None:
    async def story(wire: Wire) -> None:
        assert await wire.call("POST", f"{APP}/sync", body) == (
            400,
            "application/json",
            {"error": said, "code": 3, "message": said},
        )

    run(story)


def test_logs_are_lines_of_json_and_an_error_is_one_of_them() -> None:
    async def story(wire: Wire) -> None:
        await wire.sync()
        await wire.healthy()
        await wire.degraded()
        tree = await wire.get(f"{APP}/resource-tree")
        pods = {n["health"]["status"]: n["name"] for n in tree["nodes"] if n["kind"] == "Pod"}
        status, kind, text = await wire.call(
            "GET", f"{APP}/pods/{pods['Degraded']}/logs?container=api&namespace=payments"
        )
        assert (status, kind) == (200, "application/json")
        first, last = (json.loads(line)["result"] for line in text.splitlines())
        said = f'container "api" in pod "{pods["Degraded"]}" is waiting to start: trying and failing to pull image'
        assert (first["content"], first["timeStamp"], first["podName"]) == (said, None, "")
        assert (last["content"], last["last"]) == ("", True)
        assert (await wire.call("GET", f"{APP}/logs?podName=nope&namespace=payments"))[2] == ""

    run(story)


def test_faults() -> None:
    async def story(wire: Wire) -> None:
        wire.argocd.fault({"kind": "status", "status": 500, "method": "POST", "path": "/sync", "done": True})
        status, _, body = await wire.call("POST", f"{APP}/sync", {})
        assert (status, body["code"]) == (500, 13)
        await wire.until(lambda app: app["status"].get("operationState", {}).get("phase") == "Succeeded")
        wire.argocd.fault({"kind": "rate_limited", "retry_after": 7})
        assert (await wire.call("GET", APP))[0] == 429
        wire.argocd.fault({"kind": "drop_answer", "method": "POST"})
        with pytest.raises(aiohttp.ClientError):
            await wire.call("POST", f"{APP}/rollback", {"id": 99})
        wire.argocd.fault({"kind": "cut"})
        with pytest.raises(aiohttp.ClientPayloadError):
            await wire.call("GET", APP)
        assert [call["status"] for call in wire.argocd.calls][-3:] == [429, 400, 200]

    run(story)
