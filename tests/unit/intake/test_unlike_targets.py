"""Correlation never joins unlike targets, and finds like ones that a sender names in more or less detail."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.domain.alert import Alert, AlertStatus, SlackRef
from bot.domain.connections import Connection, ConnectionKind, Connections
from bot.domain.identity import identity_of
from bot.domain.incident import Incident
from bot.intake.correlate import ended_by, incident_of, is_known
from bot.intake.parse import parse

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


def pod(post, *, cluster: str = "", container: str = "", namespace: str = "shop", over: bool = False):
    named = {"alertname": "KubePodCrashLooping", "cluster": cluster, "container": container, "namespace": namespace,
             "pod": "api-5d8f7c6b9d-7kq2z"}  # fmt: skip
    text = "\n".join(f"*{name}:* `{said}`" for name, said in named.items() if said)
    title = f"[{'RESOLVED' if over else 'FIRING:1'}] KubePodCrashLooping"
    return post("", username="Alertmanager", attachments=[{"id": 1, "title": title, "text": text}])


def run(
    post,
    *,
    repo: str = "acme/shop",
    workflow: str = "CI",
    branch: str = "main",
    host: str = "github.com",
    run_id: int = 7,
    said: str = "failed",
):
    return post(
        f":x: Workflow <https://{host}/{repo}/actions/runs/{run_id}|{workflow} #{run_id}> {said}",
        attachments=[{"id": 1, "fields": [{"title": "Branch", "value": branch}]}],
    )  # fmt: skip


def app(post, *, name: str = "shop", host: str = "cd.acme.example", said: str = "has degraded."):
    return post(f"Application {name} {said}\nApplication details: <https://{host}/applications/{name}>.", name="argocd")


def read(post, connections: Connections = Connections()) -> Alert:  # noqa: B008 - a frozen value
    alert = parse(post, id="al_1", connections=connections)
    assert isinstance(alert, Alert), alert
    return alert


def opened(*alerts: Alert) -> tuple[tuple[Incident, ...], object]:
    """Open an incident for each alert; return them and what each holds."""
    incidents = tuple(
        Incident(
            id=f"in_{at}", fingerprint=each.fingerprint, title=each.title, target=each.target, opened_at=NOW, updated_at=NOW,
            thread=SlackRef(team="T", channel="C", ts="1782900000.000100"),
        )
        for at, each in enumerate(alerts)
    )  # fmt: skip
    held = {f"in_{at}": (each,) for at, each in enumerate(alerts)}
    return incidents, lambda incident_id: held[incident_id]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((pod, {"cluster": "prod-eu"}), (pod, {"cluster": "prod-us"})),
        ((pod, {"container": "istio-proxy"}), (pod, {"container": "vault-agent"})),
        ((pod, {"namespace": "shop"}), (pod, {"namespace": "pay"})),
        ((run, {"repo": "acme/shop"}), (run, {"repo": "globex/shop"})),
        ((run, {"workflow": "CI"}), (run, {"workflow": "Deploy"})),
        ((run, {"branch": "main"}), (run, {"branch": "release/2"})),
        ((run, {"host": "github.com"}), (run, {"host": "git.acme.example"})),
        ((app, {"name": "shop"}), (app, {"name": "pay"})),
        ((app, {"host": "cd.acme.example"}), (app, {"host": "cd.globex.example"})),
        ((app, {"said": "has degraded."}), (app, {"said": "sync is 'Unknown'."})),
    ],
)
def test_unlike_targets_do_not_join(post, one, other) -> None:
    first, second = (read(make(post, **told)) for make, told in (one, other))
    incidents, alerts_of = opened(first)
    assert first.fingerprint != second.fingerprint
    assert incident_of(second, incidents, alerts_of) is None
    assert ended_by(replace(second, status=AlertStatus.RESOLVED), incidents, alerts_of) == ()


@pytest.mark.parametrize(
    ("title", "other"),
    [
        ("tps » api » main - #4 Failure after 1 min (<https://ci.x.example/job/tps/job/api/job/main/4/|Open>)",
         "pay » api » main - #9 Failure after 1 min (<https://ci.x.example/job/pay/job/api/job/main/9/|Open>)"),
        ("api - #4 Failure after 1 min (<https://ci-a.x.example/job/api/4/|Open>)", "api - #4 Failure after 1 min (<https://ci-b.x.example/job/api/4/|Open>)"),
        ("<https://buildkite.com/acme/web/builds/9|Web (main) #9> failed", "<https://buildkite.com/globex/web/builds/9|Web (main) #9> failed"),
        ("<https://vercel.com/acme/docs/Ab3dEfGh|docs> Deployment failed for docs", "<https://vercel.com/globex/docs/Ab3dEfGh|docs> Deployment failed for docs"),
        ("<https://gitlab.com/acme/web/-/pipelines/9|Pipeline #9> has failed", "<https://gitlab.com/globex/web/-/pipelines/9|Pipeline #9> has failed"),
        ("<https://dev.azure.com/acme/Web/_build/results?buildId=3|Build 3> failed", "<https://dev.azure.com/globex/Web/_build/results?buildId=3|Build 3> failed"),
        ("Deployment of shop to production failed", "Deployment of pay to production failed"),
    ],
)  # fmt: skip
def test_equal_names_of_other_accounts_do_not_join(post, title, other) -> None:
    first, second = read(post(title)), read(post(other))
    assert first.fingerprint != second.fingerprint
    assert not identity_of(first.fingerprint).agrees(identity_of(second.fingerprint))


def test_flux_objects_of_other_kinds_do_not_join(post) -> None:
    one, two = (
        read(post("", username="kustomize-controller", attachments=[
            {"id": 1, "color": "danger", "author_name": f"{kind}/apps.flux-system", "text": "build failed"}]))
        for kind in ("kustomization", "helmrelease")
    )  # fmt: skip
    assert one.fingerprint != two.fingerprint


def test_a_post_without_a_cluster_joins_the_only_one_it_can_mean(post) -> None:
    incidents, alerts_of = opened(read(pod(post, cluster="prod-eu")))
    found = incident_of(read(pod(post)), incidents, alerts_of)
    assert found is not None
    assert found.id == "in_0"
    over = read(pod(post, over=True))
    assert [each.id for each in ended_by(over, incidents, alerts_of)] == ["in_0"]


def test_of_two_clusters_it_joins_neither(post) -> None:
    incidents, alerts_of = opened(read(pod(post, cluster="prod-eu")), read(pod(post, cluster="prod-us")))
    assert incident_of(read(pod(post)), incidents, alerts_of) is None
    assert ended_by(read(pod(post, over=True)), incidents, alerts_of) == ()


def test_an_incident_that_learned_its_cluster_is_not_joined_by_another(post) -> None:
    plain, learned = read(pod(post)), read(pod(post, cluster="prod-eu"))
    incidents, _ = opened(plain)
    other = read(pod(post, cluster="prod-us"))
    assert incident_of(other, incidents, lambda _: (plain,)) == incidents[0]
    assert incident_of(other, incidents, lambda _: (plain, learned)) is None


def test_a_main_container_is_the_pod_and_a_sidecar_is_not(post) -> None:
    plain, main, sidecar = (read(pod(post, container=name)) for name in ("", "api", "istio-proxy"))
    assert plain.fingerprint == main.fingerprint == "pod/default/shop/api"
    assert sidecar.fingerprint == "pod/default/shop/api:istio-proxy"
    assert sidecar.target.container == "istio-proxy"


# -- connections

CONNECTED = Connections(
    known=(
        Connection(name="acme", kind=ConnectionKind.GITHUB, url="https://github.com", owns=("acme",)),
        Connection(name="inner", kind=ConnectionKind.GITHUB, url="https://git.acme.example"),
        Connection(name="eu", kind=ConnectionKind.KUBERNETES, owns=("prod-eu", "eks-prod-eu")),
        Connection(name="rest", kind=ConnectionKind.KUBERNETES, owns=("dev-*",)),
        Connection(name="cd", kind=ConnectionKind.ARGOCD, url="https://cd.acme.example", owns=("shop",)),
        Connection(name="cd-2", kind=ConnectionKind.ARGOCD, url="https://cd.globex.example"),
    )
)


@pytest.mark.parametrize(
    ("make", "told", "connection", "fingerprint"),
    [
        (run, {}, "acme", "ci/acme/acme%2Fshop/CI/main"),
        (run, {"host": "git.acme.example"}, "inner", "ci/inner/acme%2Fshop/CI/main"),
        (run, {"host": "git.globex.example", "repo": "globex/x"}, "inner", "ci/inner@git.globex.example/globex%2Fx/CI/main"),
        (pod, {"cluster": "prod-eu"}, "eu", "pod/eu/shop/api"),
        (pod, {"cluster": "EKS-prod-eu"}, "eu", "pod/eu/shop/api"),
        (pod, {"cluster": "dev-1"}, "rest", "pod/rest@dev-1/shop/api"),
        (pod, {"cluster": "test"}, "default", "pod/default@test/shop/api"),
        (app, {}, "cd", "argo/cd/shop/health"),
        (app, {"host": "cd.globex.example"}, "cd-2", "argo/cd-2/shop/health"),
    ],
)  # fmt: skip
def test_targets_belong_to_their_connection(post, make, told, connection, fingerprint) -> None:
    alert = read(make(post, **told), CONNECTED)
    assert (alert.target.connection, alert.fingerprint) == (connection, fingerprint)


def test_without_connections_everything_is_default(post) -> None:
    for each in (run(post), pod(post, cluster="prod-eu"), app(post)):
        assert read(each).target.connection == "default"


def test_a_run_names_its_id_branch_and_commit(post) -> None:
    text = "<https://github.com/acme/shop/commit/4be1d3f27a908c5566e1d0b7a9c8d7e6f5a4b3c2|4be1d3f>"
    said = post(
        ":x: Workflow <https://github.com/acme/shop/actions/runs/7|CI #7> failed",
        attachments=[{"id": 1, "fields": [{"title": "Branch", "value": "main"}, {"title": "Commit", "value": text}]}],
    )
    target = read(said).target
    assert (target.kind, target.repo, target.run_id, target.branch, target.revision) == (
        "workflow_run",
        "acme/shop",
        "7",
        "main",
        "4be1d3f",
    )


# -- what a recovery ends


def test_a_deployed_application_ends_both_phases_and_a_synced_one_its_sync(post) -> None:
    degraded, unsynced = read(app(post)), read(app(post, said="sync is 'Unknown'."))
    incidents, alerts_of = opened(degraded, unsynced)
    deployed = read(app(post, said="is now running new version of deployments manifests."))
    synced = read(app(post, said="has been successfully synced at 2026-06-30T02:02:03Z."))
    assert {each.id for each in ended_by(deployed, incidents, alerts_of)} == {"in_0", "in_1"}
    assert {each.id for each in ended_by(synced, incidents, alerts_of)} == {"in_1"}


def group(post, title: str, receiver: str = "slack"):
    link = f"https://am.acme.example/#/alerts?receiver={receiver}"
    return post("", username="Alertmanager", attachments=[{"id": 1, "title": title, "title_link": link}])


def test_a_resolved_group_ends_what_its_posts_opened(post) -> None:
    """The values in parentheses are those common to the alerts of the moment: they change while a group shrinks."""
    fired = read(group(post, "[FIRING:2] HighErrorRate (http critical)"))
    other = read(group(post, "[FIRING:2] HighErrorRate (http critical)", "team-b"))
    incidents, alerts_of = opened(fired, replace(other, fingerprint="alert/prometheus/other"))
    over = read(group(post, "[RESOLVED] HighErrorRate (blue http critical payments)"))
    assert over.fingerprint != fired.fingerprint
    assert [each.id for each in ended_by(over, incidents, alerts_of)] == ["in_0"]


def test_a_group_that_shrinks_joins_and_one_that_says_something_else_does_not(post) -> None:
    incidents, alerts_of = opened(read(group(post, "[FIRING:2] HighErrorRate (http critical)")))
    shrunk = read(group(post, "[FIRING:1] HighErrorRate (http critical payments)"))
    found = incident_of(shrunk, incidents, alerts_of)
    assert found is not None
    assert found.id == "in_0"
    payments, alerts_of = opened(shrunk)
    search = read(group(post, "[FIRING:1] HighErrorRate (http critical search)"))
    assert incident_of(search, payments, alerts_of) is None


def test_a_firing_alert_ends_nothing(post) -> None:
    alert = read(app(post))
    assert ended_by(alert, *opened(alert)) == ()


def test_what_a_vague_post_opened_is_known(post) -> None:
    vague = read(post("Failed GitHub Actions", attachments=[
        {"id": 1, "author_name": "8398a7@action-slack", "fields": [{"title": "repo", "value": "<https://github.com/acme/shop|acme/shop>"}]}]))  # fmt: skip
    incidents, _ = opened(vague)
    assert is_known(read(run(post)), incidents)
    assert not is_known(read(run(post, repo="acme/pay")), incidents)
