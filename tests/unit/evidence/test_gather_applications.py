"""From an alert about an Argo CD application to a dossier: conditions, ill resources, and the source that broke it."""

from dataclasses import replace

import pytest

from bot.domain.alert import Target, TargetKind
from bot.domain.cluster import ClusterEvent
from bot.domain.connections import Connection, ConnectionKind, Connections
from bot.domain.delivery import AppResource
from bot.domain.errors import Forbidden, PlatformError, TimedOut, Unavailable
from bot.domain.evidence import Dossier, EvidenceKind, GapReason
from tests.fakes.cluster import FakeCluster, FakePlatforms
from tests.fakes.deployments import FakeDeployments
from tests.fakes.gathering import NO_CONNECTIONS, denies, gathered_from
from tests.fakes.pipelines import FakePipelines

REPO = "platform/deploy"
DEPLOY = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  selector:
    matchLabels: {app: shop}
  template:
    spec:
      containers:
        - name: app
          image: registry.example/shop:1
          env:
            - name: GREETING
              value: hello-to-all
          resources:
            limits:
              memory: 256Mi
"""
BROKEN = DEPLOY.replace("  selector:\n", "  selector: app: shop\n")
RENDERING = (
    'Failed to unmarshal "deploy.yaml": error converting YAML to JSON: yaml: line 6: mapping values are not allowed'
)


class World:
    """An application whose source is on GitHub, each at the same commits as the other."""

    def __init__(self) -> None:
        self.argocd, self.github, self.cluster = FakeDeployments(), FakePipelines(), None
        self.first = self.github.add_repo(REPO, {"shop/deploy.yaml": DEPLOY, "shop/service.yaml": "kind: Service\n"})
        self.argocd.deploy("shop", repo=f"https://git.example/{REPO}.git", path="shop")
        self._same("shop", self.first)

    def _same(self, name: str, sha: str) -> None:
        """Give Argo CD's newest commit the sha that it has on GitHub."""
        commits, app = self.argocd.commits[name], self.argocd.apps[name]
        old = commits[-1].sha
        commits[-1].sha = sha
        history = tuple(replace(h, revision=sha) if h.revision == old else h for h in app.history)
        revision = sha if app.revision == old else app.revision
        self.argocd.apps[name] = replace(app, history=history, revision=revision)

    def push(self, text: str = BROKEN, file: str = "shop/deploy.yaml", **becomes: str) -> str:
        sha = self.github.push(REPO, {file: text}, message="Label the selector", author="ben")
        self.argocd.push("shop", **becomes)
        self._same("shop", sha)
        return sha

    def sync(self) -> None:
        self.argocd.compare("shop")
        self.argocd._begin("shop", self.argocd.commits["shop"][-1].sha, by="jane", info=())
        self.argocd.run("shop")

    def platforms(self) -> FakePlatforms:
        clusters = {"default": self.cluster} if self.cluster else {}
        return FakePlatforms(clusters, {"default": self.github}, {"default": self.argocd})

    def gathered(self, **more) -> Dossier:
        return gathered_from(self.platforms(), Target(kind=TargetKind.ARGO_APP, name="shop"), **more)


@pytest.fixture
def world() -> World:
    return World()


def kinds(dossier: Dossier) -> list[EvidenceKind]:
    return [each.kind for each in dossier.evidence]


def gaps(dossier: Dossier) -> dict[EvidenceKind, tuple[GapReason, str]]:
    return {gap.request.kind: (gap.reason, gap.detail) for gap in dossier.gaps}


def lines(dossier: Dossier, kind: EvidenceKind) -> list[str]:
    return [line.text for line in dossier.of_kind(kind)[0].excerpt.lines]


def test_a_manifest_that_cannot_be_rendered_leads_to_its_line_and_who_wrote_it(world: World) -> None:
    sha = world.push(error=RENDERING)
    world.argocd.compare("shop")
    dossier = world.gathered()
    assert dossier.confirmed
    assert kinds(dossier) == [
        EvidenceKind.POST,
        EvidenceKind.APP_STATUS,
        EvidenceKind.CHANGE,
        EvidenceKind.SOURCE,
    ]
    assert [(file.path, file.ref) for file in dossier.files] == [
        ("shop/deploy.yaml", sha),
        ("shop/deploy.yaml", world.first),
    ]
    assert dossier.files[0].lines[5] == "  selector: app: shop"
    assert [(each.author, each.files) for each in dossier.changes] == [("ben", ("shop/deploy.yaml",))]
    source = dossier.of_kind(EvidenceKind.SOURCE)[0]
    assert source.url == f"https://github.com/{REPO}/blob/{sha}/shop/deploy.yaml#L6"
    assert source.excerpt.text_of(6) == "  selector: app: shop"
    assert (source.fact("line"), source.fact("changed_from"), source.fact("last_good")) == ("6", "6", world.first)
    status = dossier.of_kind(EvidenceKind.APP_STATUS)[0]
    expected = {"sync": "Unknown", "condition": "ComparisonError", "last_good": world.first}
    assert {name: status.fact(name) for name in expected} == expected
    assert dossier.target.revision == sha
    assert dossier.target.namespace == "shop"


def test_a_branch_instead_of_a_commit_is_pinned_to_the_commit(world: World) -> None:
    sha = world.push(error=RENDERING)
    world.argocd.compare("shop")
    world.argocd.apps["shop"] = replace(world.argocd.apps["shop"], revision="main")
    dossier = world.gathered()
    assert (dossier.files[0].ref, dossier.target.revision) == (sha, sha)


def test_a_refused_object_leads_to_the_file_that_declares_it(world: World) -> None:
    sha = world.push(
        DEPLOY.replace("{app: shop}", "{app: store}"),
        refusal='Deployment.apps "shop" is invalid: spec.selector: Invalid value: field is immutable',
    )
    world.sync()
    dossier = world.gathered()
    assert dossier.confirmed
    status = dossier.of_kind(EvidenceKind.APP_STATUS)[0]
    assert (status.fact("operation_phase"), status.fact("failed_resource")) == ("Failed", "Deployment/shop")
    assert any("SyncFailed: Deployment.apps" in line for line in lines(dossier, EvidenceKind.APP_STATUS))
    source = dossier.of_kind(EvidenceKind.SOURCE)[0]
    assert (source.fact("path"), source.fact("changed_from")) == ("shop/deploy.yaml", "7")
    assert source.url.endswith("/shop/deploy.yaml#L7")
    assert dossier.files[0].ref == sha


def test_a_file_that_the_newest_commit_did_not_touch_is_found_by_what_it_declares(world: World) -> None:
    world.push("kind: ConfigMap\n", file="shop/config.yaml", refusal='Deployment.apps "shop" is invalid')
    world.sync()
    dossier = world.gathered()
    assert dossier.of_kind(EvidenceKind.SOURCE)[0].fact("path") == "shop/deploy.yaml"


@pytest.mark.parametrize("named", ["../../secrets.yaml", "/etc/passwd.yaml", "other/../../x.yaml"])
def test_no_error_leads_out_of_the_source_folder(world: World, named: str) -> None:
    world.github.push(REPO, {"secrets.yaml": "top: secret\n", "shop/passwd.yaml": "a: b\n"})
    world.push(error=f'Failed to unmarshal "{named}": bad')
    world.argocd.compare("shop")
    assert all(file.path.startswith("shop/") for file in world.gathered().files)


def test_a_degraded_application_is_told_by_its_illest_pod(world: World) -> None:
    message = 'Back-off pulling image "registry.example/shop:9": ErrImagePull: not found'
    world.push(
        DEPLOY.replace("shop:1", "shop:9"), health="Degraded", health_message=message, image="registry.example/shop:9"
    )
    world.sync()
    world.argocd.events_of["shop-1-x"] = [ClusterEvent(type="Warning", reason="Failed", message=message)]
    dossier = world.gathered()
    assert dossier.confirmed
    resources = dossier.of_kind(EvidenceKind.RESOURCES)[0]
    expected = {
        "pod": "shop-1-x",
        "image": "registry.example/shop:9",
        "tag": "9",
        "workload": "shop",
        "message": message,
    }
    assert {name: resources.fact(name) for name in expected} == expected
    assert lines(dossier, EvidenceKind.EVENTS) == [f"Warning Failed {message}"]
    assert gaps(dossier)[EvidenceKind.LOG] == (GapReason.EMPTY, "its container has not started")
    assert dossier.of_kind(EvidenceKind.SOURCE)[0].fact("changed_from") == "12"
    assert [each.author for each in dossier.changes] == ["ben"]


def test_the_log_of_a_container_that_dies_is_its_last_words(world: World) -> None:
    world.push(health="Degraded", health_message="back-off 5m0s, CrashLoopBackOff")
    world.sync()
    message = "Back-off restarting failed container app in pod shop-1-x"
    world.argocd.events_of["shop-1-x"] = [ClusterEvent(type="Warning", reason="BackOff", message=message)]
    world.argocd.logs["shop-1-x", "app", True] = ["starting", "panic: no database"]
    dossier = world.gathered()
    assert lines(dossier, EvidenceKind.PREVIOUS_LOG) == ["starting", "panic: no database"]
    assert dossier.of_kind(EvidenceKind.PREVIOUS_LOG)[0].target.container == "app"


def test_without_last_words_the_present_ones_are_read(world: World) -> None:
    world.push(health="Degraded", health_message="CrashLoopBackOff")
    world.sync()
    world.argocd.logs["shop-1-x", "", False] = ["up again"]
    assert lines(world.gathered(), EvidenceKind.LOG) == ["up again"]


def test_the_pods_own_status_is_read_where_the_cluster_is_configured(world: World) -> None:
    world.push(health="Degraded", health_message="CrashLoopBackOff")
    world.sync()
    world.cluster = FakeCluster()
    world.cluster.deploy("shop", "shop", needs="200Mi", managed_by="argocd")
    (pod,) = world.cluster.pods_by_name.values()
    world.cluster.pods_by_name["shop", "shop-1-x"] = replace(pod, name="shop-1-x")
    dossier = world.gathered()
    assert dossier.of_kind(EvidenceKind.POD)[0].fact("last_reason") == "OOMKilled"
    assert dossier.workload is not None
    assert dossier.target.kind is TargetKind.ARGO_APP


def test_no_cluster_is_no_gap(world: World) -> None:
    world.push(health="Degraded", health_message="CrashLoopBackOff")
    world.sync()
    assert EvidenceKind.POD not in gaps(world.gathered())


def test_a_cluster_that_does_not_answer_is_a_gap_and_argo_cd_goes_on(world: World) -> None:
    world.push(health="Degraded", health_message="CrashLoopBackOff")
    world.sync()
    world.cluster = FakeCluster()
    world.cluster.fail("pod", Unavailable("connection refused"))
    world.argocd.logs["shop-1-x", "", False] = ["up again"]
    dossier = world.gathered()
    assert gaps(dossier)[EvidenceKind.POD] == (GapReason.UNAVAILABLE, "connection refused")
    assert lines(dossier, EvidenceKind.LOG) == ["up again"]


def test_a_pod_that_another_cluster_has_is_no_gap(world: World) -> None:
    world.push(health="Degraded", health_message="CrashLoopBackOff")
    world.sync()
    world.cluster = FakeCluster()
    assert EvidenceKind.POD not in gaps(world.gathered())


def test_a_healthy_application_confirms_nothing_and_costs_one_request(world: World) -> None:
    dossier = world.gathered()
    assert not dossier.confirmed
    assert sum(world.argocd.calls.values()) == 1
    assert not world.github.calls
    assert dossier.gaps == ()


def test_a_difference_that_a_person_must_sync_is_confirmed(world: World) -> None:
    world.push(DEPLOY.replace("256Mi", "512Mi"))
    world.argocd.compare("shop")
    dossier = world.gathered()
    assert dossier.confirmed
    status = dossier.of_kind(EvidenceKind.APP_STATUS)[0]
    assert (status.fact("sync"), status.fact("automated"), status.fact("sync_failed")) == (
        "OutOfSync",
        "false",
        "false",
    )


def test_a_difference_that_argo_cd_will_sync_is_not(world: World) -> None:
    world.push()
    app = world.argocd.apps["shop"]
    world.argocd.apps["shop"] = replace(app, automated=True, sync="OutOfSync")
    assert not world.gathered().confirmed


def test_an_unknown_application_is_a_gap_in_everything(world: World) -> None:
    dossier = gathered_from(world.platforms(), Target(kind=TargetKind.ARGO_APP, name="nobody"))
    assert {gap.reason for gap in dossier.gaps} == {GapReason.FORBIDDEN}
    assert len(dossier.gaps) == 6
    assert not dossier.confirmed


@pytest.mark.parametrize("error", [Unavailable("connection refused"), TimedOut("no answer in time")])
def test_an_outage_of_argo_cd_is_its_last_question_and_not_githubs(world: World, error: PlatformError) -> None:
    world.push(health="Degraded", health_message="CrashLoopBackOff")
    world.sync()
    world.argocd.calls.clear()
    world.argocd.fail("tree", error, times=99)
    dossier = world.gathered()
    assert dict(world.argocd.calls) == {"application": 1, "tree": 1}
    assert gaps(dossier)[EvidenceKind.RESOURCES][0] is GapReason(error.reason)
    assert dossier.files
    assert dossier.confirmed


def test_an_outage_of_github_leaves_what_argo_cd_says(world: World) -> None:
    world.push(error=RENDERING)
    world.argocd.compare("shop")
    world.github.fail("commits", Unavailable("connection refused"), times=99)
    dossier = world.gathered()
    assert dict(world.github.calls) == {"commits": 1}
    assert gaps(dossier)[EvidenceKind.SOURCE] == (GapReason.UNAVAILABLE, "not asked: connection refused")
    assert dossier.confirmed
    assert dossier.files == ()


def test_a_source_that_cannot_be_read_is_shown_as_it_was_rendered(world: World) -> None:
    world.push(refusal='Deployment.apps "shop" is invalid')
    world.sync()
    world.github.forbidden.add(REPO)
    dossier = world.gathered()
    assert gaps(dossier)[EvidenceKind.CHANGE][0] is GapReason.FORBIDDEN
    assert lines(dossier, EvidenceKind.MANIFESTS)[0] == "kind: Deployment"


def refuses_repositories(target: Target) -> str:
    return f"repository {target.repo} is outside this channel's scope" if target.repo else ""


def test_the_source_repository_is_in_scope_or_not_asked(world: World) -> None:
    world.push(error=RENDERING)
    world.argocd.compare("shop")
    dossier = world.gathered(refuses=refuses_repositories)
    assert gaps(dossier)[EvidenceKind.SOURCE] == (
        GapReason.OUT_OF_SCOPE,
        f"repository {REPO} is outside this channel's scope",
    )
    assert not world.github.calls
    assert dossier.of_kind(EvidenceKind.APP_STATUS)


def refuses_namespace(target: Target) -> str:
    return "namespace shop is outside this channel's scope" if target.namespace == "shop" else ""


def test_the_namespace_that_it_deploys_to_is_in_scope_or_not_asked(world: World) -> None:
    world.push(health="Degraded", health_message="CrashLoopBackOff")
    world.sync()
    world.argocd.calls.clear()
    dossier = world.gathered(refuses=refuses_namespace)
    assert dict(world.argocd.calls) == {"application": 1}
    assert gaps(dossier)[EvidenceKind.LOG][0] is GapReason.OUT_OF_SCOPE
    assert not dossier.pods


def test_out_of_scope_asks_nothing(world: World) -> None:
    world.argocd.calls.clear()
    dossier = world.gathered(refuses=denies)
    assert {gap.reason for gap in dossier.gaps} == {GapReason.OUT_OF_SCOPE}
    assert not world.argocd.calls
    assert not world.github.calls


def github_at(host: str, name: str = "default") -> Connection:
    return Connection(name=name, kind=ConnectionKind.GITHUB, url=f"https://{host}", owns=())


@pytest.mark.parametrize(
    ("connections", "asked"),
    [
        (NO_CONNECTIONS, True),
        (Connections(known=(github_at("git.example"),)), True),
        (Connections(known=(github_at("github.com"),)), False),
    ],
)
def test_a_repository_on_another_host_is_another_repository(
    world: World, connections: Connections, asked: bool
) -> None:
    world.push(error=RENDERING)
    world.argocd.compare("shop")
    dossier = world.gathered(connections=connections)
    assert bool(world.github.calls) is asked
    if not asked:
        assert gaps(dossier)[EvidenceKind.SOURCE] == (
            GapReason.NOT_CONFIGURED,
            f"no GitHub connection serves https://git.example/{REPO}.git",
        )


def test_secrets_and_values_are_masked_wherever_they_stand(world: World) -> None:
    secret = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    world.push(DEPLOY + f"# {secret}\n", health="Degraded", health_message=f"CrashLoopBackOff {secret}")
    world.sync()
    app = world.argocd.apps["shop"]
    world.argocd.apps["shop"] = replace(
        app,
        sources=(replace(app.sources[0], repo_url=f"https://bot:{secret}@git.example/{REPO}.git"),),
        operation=replace(app.operation, message=f"done with {secret}"),
    )
    world.argocd.events_of["shop-1-x"] = [ClusterEvent(type="Warning", reason="Failed", message=f"no {secret}")]
    dossier = world.gathered(text=f"failed: {secret}")
    assert dossier.files
    assert secret not in repr(dossier)
    assert "hello-to-all" not in repr(dossier)


def test_the_same_answers_give_the_same_dossier(world: World) -> None:
    world.push(error=RENDERING)
    world.argocd.compare("shop")
    assert world.gathered() == world.gathered()


def test_huge_messages_and_files_are_bounded(world: World) -> None:
    world.push("a: b\n" * 50_000, error='Failed to unmarshal "deploy.yaml": ' + "x " * 100_000)
    world.argocd.compare("shop")
    dossier = world.gathered()
    assert max(len(line.text) for each in dossier.evidence for line in each.excerpt.lines) <= 1000
    assert gaps(dossier)[EvidenceKind.SOURCE][0] in {GapReason.OVER_BUDGET, GapReason.NOT_FOUND}
    assert dossier.files == ()


def test_an_ill_workload_of_an_application_leads_to_its_source(world: World) -> None:
    sha = world.push(DEPLOY.replace("256Mi", "64Mi"), health="Degraded", health_message="CrashLoopBackOff")
    world.sync()
    world.cluster = FakeCluster()
    workload = world.cluster.deploy("shop", "shop", needs="200Mi", managed_by="argocd")
    world.cluster.workloads["shop", "Deployment", "shop"] = replace(workload, manager="shop")
    world.argocd.calls.clear()
    (pod,) = world.cluster.pods_by_name.values()
    dossier = gathered_from(world.platforms(), Target(kind=TargetKind.POD, namespace="shop", name=pod.name))
    assert dossier.app is not None
    assert dossier.target.kind is TargetKind.WORKLOAD
    assert [(file.path, file.ref) for file in dossier.files] == [
        ("shop/deploy.yaml", sha),
        ("shop/deploy.yaml", world.first),
    ]
    assert [each.author for each in dossier.changes] == ["ben"]
    assert dict(world.argocd.calls) == {"application": 1}
    assert sum(world.github.calls.values()) <= 6


def test_a_healthy_workload_of_an_application_asks_nobody_else(world: World) -> None:
    world.cluster = FakeCluster()
    workload = world.cluster.deploy("shop", "shop", managed_by="argocd")
    world.cluster.workloads["shop", "Deployment", "shop"] = replace(workload, manager="shop")
    dossier = gathered_from(world.platforms(), Target(kind=TargetKind.WORKLOAD, namespace="shop", name="shop"))
    assert not dossier.confirmed
    assert not world.github.calls
    assert not world.argocd.calls


def test_an_owner_that_is_not_configured_is_named(world: World) -> None:
    cluster = FakeCluster()
    workload = cluster.deploy("shop", "shop", needs="200Mi", managed_by="argocd")
    cluster.workloads["shop", "Deployment", "shop"] = replace(workload, manager="shop")
    dossier = gathered_from(
        FakePlatforms({"default": cluster}), Target(kind=TargetKind.WORKLOAD, namespace="shop", name="shop")
    )
    assert dossier.confirmed
    assert gaps(dossier)[EvidenceKind.APP_STATUS][0] is GapReason.NOT_CONFIGURED


def test_a_refused_log_is_one_gap(world: World) -> None:
    world.push(health="Degraded", health_message="CrashLoopBackOff")
    world.sync()
    world.argocd.fail("log", Forbidden("permission denied: logs, get", status=403))
    assert gaps(world.gathered())[EvidenceKind.LOG] == (GapReason.FORBIDDEN, "permission denied: logs, get")


def test_a_resource_that_is_not_a_pod_has_events_and_no_log() -> None:
    world = World()
    volume = AppResource(
        kind="PersistentVolumeClaim", namespace="shop", name="data", uid="u", health="Degraded", health_message="lost"
    )
    app = world.argocd.apps["shop"]
    world.argocd.apps["shop"] = replace(app, health="Degraded", resources=(volume,))
    dossier = world.gathered()
    assert gaps(dossier)[EvidenceKind.LOG] == (GapReason.EMPTY, "no pod of it is ill")
    assert dossier.of_kind(EvidenceKind.RESOURCES)[0].fact("workload") == "data"
