"""A look of our own finds the same failure under the same fingerprint as the senders' posts."""

from datetime import UTC, datetime

import pytest

from bot.domain.alert import Post, SlackRef
from bot.domain.cluster import Workload
from bot.domain.connections import Connection, ConnectionKind, Connections
from bot.domain.delivery import AppCondition, Application, AppOperation
from bot.domain.pipeline import WorkflowRun
from bot.intake.correlate import is_known
from bot.intake.found import alert_of_app, alert_of_run, alert_of_workload, failing_phases
from bot.intake.parse import parse

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
OURS = Post(ref=SlackRef(team="T0", channel="C0", ts="1782900000.000100"), is_own=True, posted_at=NOW)
RUN = WorkflowRun(
    repo="acme/shop", id="7", workflow="CI", workflow_path=".github/workflows/ci.yml", branch="main", status="completed",
    conclusion="failure", url="https://github.com/acme/shop/actions/runs/7", head_sha="4be1d3f27a908c5566e1d0b7a9c8d7e6f5a4b3c2",
)  # fmt: skip


def workload(**more: object) -> Workload:
    told = {
        "kind": "Deployment",
        "namespace": "shop",
        "name": "checkout",
        "uid": "u",
        "generation": 1,
        "resource_version": "1",
        "replicas": 2,
    }
    return Workload(**{**told, **more})  # type: ignore[arg-type]  # fmt: skip


def of_run(run: WorkflowRun, connection: str = "default"):
    return alert_of_run(run, id="al_2", post=OURS, connection=connection)


def of_app(app: Application, phase: str = ""):
    return alert_of_app(app, id="al_2", post=OURS, connection="default", phase=phase)


def of_workload(one: Workload, connection: str = "default", **more: str):
    return alert_of_workload(one, id="al_2", post=OURS, connection=connection, **more)


def test_a_run(read) -> None:
    posted = read(
        ":x: Workflow <https://github.com/acme/shop/actions/runs/9|CI #9> failed",
        app_id="A01BP7R4KNY",
        attachments=[{"id": 1, "fields": [{"title": "Commit", "value": "`4be1d3f (main)`"}]}],
    )
    found = of_run(RUN)
    assert found.fingerprint == posted.fingerprint == "ci/default/acme%2Fshop/CI/main"
    assert (found.source, found.status, found.title) == ("sweep", "firing", "CI failed in acme/shop on main")
    assert (found.target.run_id, found.target.branch, found.target.repo) == ("7", "main", "acme/shop")
    assert found.post is OURS


@pytest.mark.parametrize(
    ("conclusion", "status"),
    [("failure", "firing"), ("timed_out", "firing"), ("startup_failure", "firing"), ("success", "success"), ("cancelled", "success")],
)  # fmt: skip
def test_only_what_broke_is_firing(conclusion, status) -> None:
    run = WorkflowRun(repo="a/b", id="1", workflow="CI", status="completed", conclusion=conclusion)
    assert of_run(run).status == status


DEGRADED = Application(name="shop", health="Degraded", sync="Synced", url="https://cd.acme.example/applications/shop")
BROKEN = Application(name="shop", health="Healthy", sync="OutOfSync", operation=AppOperation(phase="Failed"))


@pytest.mark.parametrize(
    ("said", "app", "phase"),
    [
        ("Application shop has degraded.", DEGRADED, "health"),
        ("The sync operation of application shop has failed at 2026-06-30T01:02:03Z with the following error: X", BROKEN, "sync"),
        ("Application shop sync is 'Unknown'.", Application(name="shop", sync="Unknown", health="Healthy", conditions=(AppCondition(type="ComparisonError", message="x"),)), "sync"),
    ],
)  # fmt: skip
def test_an_application(read, said, app, phase) -> None:
    posted, found = read(said, name="argocd"), of_app(app)
    assert found.fingerprint == posted.fingerprint == f"argo/default/shop/{phase}"
    assert (found.source, found.status, failing_phases(app)) == ("sweep", "firing", (phase,))


def test_an_application_at_a_known_host(post) -> None:
    connections = Connections(
        known=(Connection(name="default", kind=ConnectionKind.ARGOCD, url="https://cd.acme.example"),)
    )
    said = post(
        "Application shop has degraded.\nApplication details: <https://cd.acme.example/applications/shop>.",
        name="argocd",
    )
    assert parse(said, id="al_1", connections=connections).fingerprint == of_app(DEGRADED).fingerprint


def test_both_phases_of_an_application() -> None:
    both = Application(name="shop", health="Missing", operation=AppOperation(phase="Error"))
    assert [of_app(both, phase).fingerprint for phase in failing_phases(both)] == [
        "argo/default/shop/sync",
        "argo/default/shop/health",
    ]


def test_a_healthy_application_ends_both_phases() -> None:
    found = of_app(Application(name="shop", health="Healthy", sync="Synced", operation=AppOperation(phase="Succeeded")))
    assert (found.status, found.fingerprint, found.also) == (
        "success",
        "argo/default/shop/sync",
        ("argo/default/shop/health",),
    )


def test_a_workload(read) -> None:
    posted = read(
        "",
        username="Alertmanager",
        attachments=[
            {"id": 1, "title": "[FIRING:1] KubePodCrashLooping shop (checkout checkout-5d8f7c6b9d-x9vbn warning)"}
        ],
    )
    found = of_workload(workload(), reason="CrashLoopBackOff")
    assert found.fingerprint == posted.fingerprint == "pod/default/shop/checkout"
    assert (found.status, found.target.kind, found.target.workload_kind) == ("firing", "workload", "Deployment")
    assert found.title == "Deployment shop/checkout has 0 of 2 pods ready: CrashLoopBackOff"
    assert of_workload(workload(ready=2)).status == "resolved"


@pytest.mark.parametrize("name", ["web-1", "db", "agent-x2lqp", "etl"])
def test_a_workloads_own_name_is_not_guessed_at(read, name) -> None:
    posted = read(f"Pod crashed\nnamespace: shop\npod: {name}-6c9f7d4d7b-x2lqp", name="Kubewatch")
    assert of_workload(workload(name=name)).fingerprint == posted.fingerprint


def test_a_workload_of_a_cluster_that_a_connection_owns(post) -> None:
    connections = Connections(known=(Connection(name="eu", kind=ConnectionKind.KUBERNETES, owns=("prod-eu",)),))
    said = post("", username="Alertmanager", attachments=[
        {"id": 1, "title": "[FIRING:1] KubePodCrashLooping", "text": "*namespace:* shop\n*pod:* checkout-5d8f7c6b9d-x9vbn\n*cluster:* prod-eu"}])  # fmt: skip
    assert parse(said, id="al_1", connections=connections).fingerprint == of_workload(workload(), "eu").fingerprint


def test_what_a_post_opened_with_more_detail_is_known(read) -> None:
    from tests.unit.intake.test_unlike_targets import opened

    posted = read("Pod crashed\nnamespace: shop\ncluster: prod-eu\ncontainer: istio-proxy\npod: checkout-6c9f7d4d7b-x2lqp", name="Kubewatch")  # fmt: skip
    incidents, _ = opened(posted)
    assert is_known(of_workload(workload()), incidents)
    assert not is_known(of_workload(workload(name="pay")), incidents)
    assert not is_known(of_workload(workload(), "other"), incidents)
