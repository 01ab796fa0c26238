"""Argo CD's JSON as it was recorded, and as nobody would send it on purpose."""

import copy
import random
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.adapters.argocd.fields import MAX_TEXT
from bot.adapters.argocd.values import application_from, event_from, tree_from
from bot.domain.delivery import EXECUTION_INFO, Application
from bot.domain.errors import Unavailable
from tests.unit.adapters.argocd_server import answer, argo_of, recorded, replay

SERVER = "https://argocd.example.com"
APPLICATIONS = [
    "application-healthy",
    "application-progressing",
    "application-degraded",
    "application-sync-failed",
    "application-comparison-error",
    "application-after-rollback",
    "sync-accepted",
    "rollback-accepted",
]


def read(name: str) -> Application:
    return application_from("east", SERVER, recorded(name)["body"])


def test_a_healthy_one() -> None:
    app = read("application-healthy")
    assert (app.connection, app.name, app.namespace, app.project) == ("east", "checkout-prod", "argocd", "default")
    assert app.url == "https://argocd.example.com/applications/argocd/checkout-prod"
    assert (app.sync, app.health, app.failing, app.conditions) == ("Synced", "Healthy", False, ())
    assert (app.automated, app.self_heal) == (False, False)
    assert (app.destination, app.destination_namespace) == ("https://kubernetes.default.svc", "payments")
    [source] = app.sources
    assert (source.repo_url, source.path) == ("http://git.acme-shop.example/platform/deploy.git", "checkout")
    assert (source.target_revision, source.kind, source.chart) == ("main", "directory", "")
    assert app.operation is not None
    assert (app.operation.phase, app.operation.by, app.operation.automated) == ("Succeeded", "bot", False)
    assert app.operation.finished_at == datetime(2026, 11, 24, 14, 42, 31, tzinfo=UTC)
    assert [r.result for r in app.operation.results] == ["Synced", "Synced"]
    assert [entry.id for entry in app.history] == sorted(entry.id for entry in app.history)


def test_one_that_cannot_be_compared() -> None:
    app = read("application-comparison-error")
    [condition] = app.conditions
    assert (app.sync, app.health, app.revision, app.failing) == ("Unknown", "Healthy", "main", True)
    assert condition.type == "ComparisonError"
    assert "yaml: line 6: mapping values are not allowed" in condition.message
    assert condition.at == datetime(2026, 11, 24, 14, 42, 33, tzinfo=UTC)


def test_one_whose_sync_failed() -> None:
    app = read("application-sync-failed")
    assert app.operation is not None
    assert (app.operation.phase, app.conditions, app.failing) == ("Failed", (), True)
    well, refused = app.operation.results
    assert (well.result, refused.result) == ("Synced", "SyncFailed")
    assert "field is immutable" in refused.message
    assert (refused.kind, refused.namespace, refused.name) == ("Deployment", "payments", "checkout-api")


def test_one_that_is_degraded() -> None:
    app = read("application-degraded")
    assert (app.sync, app.health) == ("Synced", "Degraded")
    assert app.health_message == "Caused by apps/Deployment:payments/checkout-api"
    [ill] = [r for r in app.resources if r.health == "Degraded"]
    assert ill.health_message == 'Deployment "checkout-api" exceeded its progress deadline'
    tree = tree_from("east", recorded("resource-tree-degraded")["body"])
    [pod] = [each for each in tree if each.kind == "Pod" and each.health == "Degraded"]
    assert (pod.reason, pod.images) == ("ImagePullBackOff", ("registry.example.com/checkout-api:missing",))
    assert pod.health_message.startswith("Back-off pulling image")
    assert pod.uid == "b6a5c55f-7b34-43a4-9e15-b84d7d3ee360"
    assert app.link(pod).endswith("?resource=&node=%2FPod%2Fpayments%2Fcheckout-api-688f8646d9-t2lbc%2F0")


def test_a_sync_that_nobody_took_up_yet_runs_already() -> None:
    """The API server removes the old state; were this no operation, a look for our marker would find none."""
    body = recorded("sync-accepted")["body"]
    assert "operationState" not in body["status"]
    body["operation"]["info"] = [{"name": EXECUTION_INFO, "value": "ex_1"}]
    app = application_from("east", SERVER, body)
    assert app.operation is not None
    assert (app.operation.phase, app.operation.by) == ("Running", "bot")
    assert app.operation.revision == "7cdda71b38671ddcbb1a13181e8261d40e556e7a"
    assert app.operation.info_of(EXECUTION_INFO) == "ex_1"
    body["status"]["operationState"] = recorded("application-sync-failed")["body"]["status"]["operationState"]
    newer = application_from("east", SERVER, body).operation
    assert newer is not None
    assert (newer.phase, newer.info_of(EXECUTION_INFO)) == ("Running", "ex_1")


def test_events_are_read_oldest_first() -> None:
    events = [event_from(each) for each in recorded("events-degraded-pod")["body"]["items"]]
    assert [(e.type, e.reason, e.count) for e in events] == [("Normal", "Scheduled", 1), ("Warning", "Failed", 1)]
    assert events[1].object_name == "checkout-api-688f8646d9-t2lbc"
    pod = tree_from("east", recorded("resource-tree-degraded")["body"])[1]
    with argo_of(replay("events-degraded-pod")) as (argo, seen):
        assert argo.events("checkout-prod", pod) == tuple(events)
    assert seen[0].path == recorded("events-degraded-pod")["request"].removeprefix("GET ")


def test_of_several_sources_and_of_other_namespaces() -> None:
    body = recorded("application-healthy")["body"]
    body["metadata"]["namespace"] = "team-a"
    del body["spec"]["source"]
    helm = {"repoURL": "https://charts.example", "chart": "redis", "targetRevision": "1.2.*"}
    helm["helm"] = {"parameters": [{"name": "password", "value": "hunter2"}], "values": "token: hunter2"}  # type: ignore[assignment]
    plain = {"repoURL": "https://git.example/x.git", "path": "k8s", "kustomize": {}}
    body["spec"]["sources"] = [helm, plain]
    body["status"]["sync"].pop("revision")
    body["status"]["sync"]["revisions"] = ["1.2.9", "a" * 40]
    app = application_from("east", SERVER, body)
    assert (app.name, app.url) == ("team-a/checkout-prod", f"{SERVER}/applications/team-a/checkout-prod")
    assert [(s.kind, s.chart) for s in app.sources] == [("helm", "redis"), ("kustomize", "")]
    assert app.revision == "1.2.9"
    assert "hunter2" not in repr(app)


@pytest.mark.parametrize(
    ("policy", "automated", "heals"),
    [
        ({"automated": {}}, True, False),
        ({"automated": {"selfHeal": True}}, True, True),
        ({"automated": {"enabled": False}}, False, False),
        ({"automated": None}, False, False),
        ({}, False, False),
    ],
)
def test_who_syncs_by_itself(policy: dict, automated: bool, heals: bool) -> None:
    body = recorded("application-healthy")["body"]
    body["spec"]["syncPolicy"] = policy
    app = application_from("east", SERVER, body)
    assert (app.automated, app.self_heal) == (automated, heals)


@pytest.mark.parametrize("name", APPLICATIONS)
def test_neither_annotations_nor_managed_fields_are_carried(name: str) -> None:
    found = repr(read(name))
    assert "notifications.argoproj.io" not in found
    assert "fieldsV1" not in found


def places(holder: Any) -> list[tuple[Any, Any]]:
    """Every place of a JSON value that holds something: its container and key."""
    found: list[tuple[Any, Any]] = []
    keys = holder.items() if isinstance(holder, dict) else enumerate(holder) if isinstance(holder, list) else ()
    for key, inner in list(keys):
        found.append((holder, key))
        found += places(inner)
    return found


ODD: list[Any] = [None, 0, -1, 1.5, True, "", "x", "2026", [], [None], [[]], {}, {"x": 1}, ["x", 3], "\ud800", 10**30]


@pytest.mark.parametrize("name", APPLICATIONS)
@pytest.mark.parametrize("odd", ODD)
def test_whatever_stands_in_one_place_nothing_breaks(name: str, odd: Any) -> None:
    whole = recorded(name)["body"]
    for unread in ("managedFields", "annotations"):
        del whole["metadata"][unread]
    for number in range(len(places(whole))):
        body = copy.deepcopy(whole)
        holder, key = places(body)[number]
        holder[key] = copy.deepcopy(odd)
        try:
            app = application_from("east", SERVER, body)
        except Unavailable:
            continue
        assert app.name
        assert repr(app).encode()


def test_fields_that_are_missing_are_absent() -> None:
    app = application_from("east", SERVER, {"metadata": {"name": "new"}})
    assert (app.namespace, app.project, app.sync, app.health, app.operation) == ("argocd", "default", "", "", None)
    assert not app.failing
    assert tree_from("east", {}) == ()
    assert tree_from("east", {"nodes": None}) == ()


@pytest.mark.parametrize("body", [None, [], "text", 3, {}, {"metadata": {"name": 3}}, {"metadata": []}])
def test_what_is_no_application_is_an_outage(body: Any) -> None:
    with pytest.raises(Unavailable):
        application_from("east", SERVER, body)


def test_long_texts_are_cut_and_show_it() -> None:
    body = recorded("application-comparison-error")["body"]
    body["status"]["conditions"][0]["message"] = "helm " * 100_000
    [condition] = application_from("east", SERVER, body).conditions
    assert len(condition.message) == MAX_TEXT
    assert condition.message.endswith("…")


def test_of_a_huge_tree_the_ill_ones_stay() -> None:
    nodes = [{"kind": "ConfigMap", "name": f"c{n}"} for n in range(2000)]
    nodes.append({"kind": "Pod", "name": "ill", "health": {"status": "Degraded"}})  # type: ignore[dict-item]
    found = tree_from("east", {"nodes": nodes})
    assert len(found) == 500
    assert found[0].name == "ill"


@pytest.mark.parametrize("body", [{"items": None}, {"items": []}, {}, {"metadata": {}}])
def test_no_application_at_all(body: dict) -> None:
    with argo_of(answer(200, body)) as (argo, seen):
        assert argo.applications() == ()
    assert "fields=items.metadata.name%2C" in seen[0].path


def test_the_list_asks_for_few_fields_and_takes_the_first_500() -> None:
    items = [{"metadata": {"name": f"a{n}", "namespace": "argocd"}} for n in range(700)]
    with argo_of(answer(200, {"items": items})) as (argo, _):
        assert [app.name for app in argo.applications()] == [f"a{n}" for n in range(500)]


def test_a_list_of_whole_applications_carries_no_results() -> None:
    """As servers answer that do not know `fields`."""
    body = {"items": [recorded("application-sync-failed")["body"]]}
    with argo_of(answer(200, body)) as (argo, _):
        [app] = argo.applications()
    assert app.operation is not None
    assert (app.operation.phase, app.operation.results) == ("Failed", ())


def test_a_refresh_is_asked_for() -> None:
    with argo_of(replay("application-healthy")) as (argo, seen):
        argo.application("checkout-prod")
        argo.application("team-a/checkout-prod", "hard")
    assert [each.path for each in seen] == [
        "/api/v1/applications/checkout-prod",
        "/api/v1/applications/checkout-prod?appNamespace=team-a&refresh=hard",
    ]


def test_manifests_come_as_yaml_within_bounds() -> None:
    small = '{"kind":"Service","metadata":{"name":"grüße"},"spec":{"ports":[{"port":80}]}}'
    manifests = [small, None, 7, "not: [json", '{"kind":"CRD","x":"' + "x" * 300_000 + '"}', small]
    with argo_of(answer(200, {"manifests": manifests})) as (argo, seen):
        found = argo.manifests("checkout-prod", "0123abc")
    assert found[0] == "kind: Service\nmetadata:\n  name: grüße\nspec:\n  ports:\n  - port: 80\n"
    assert found[1:] == ("not: [json", found[0])
    assert seen[0].path == "/api/v1/applications/checkout-prod/manifests?revision=0123abc"
    with argo_of(answer(200, {"manifests": None})) as (argo, _):
        assert argo.manifests("checkout-prod") == ()


@pytest.mark.parametrize(("body", "expected"), [({"value": "yes"}, True), ({"value": "no"}, False), ([], False)])
def test_a_right_is_asked_for(body: Any, expected: bool) -> None:
    with argo_of(answer(200, body)) as (argo, seen):
        assert argo.allowed("sync", "my project", "team-a/shop") is expected
    assert seen[0].path == "/api/v1/account/can-i/applications/sync/my%20project/team-a/shop"


def test_random_bytes_of_json_never_crash_the_tree() -> None:
    chance = random.Random(7)
    whole = recorded("resource-tree-degraded")["body"]
    for _ in range(300):
        body = copy.deepcopy(whole)
        holder, key = chance.choice(places(body))
        holder[key] = chance.choice(ODD)
        tree_from("east", body)
