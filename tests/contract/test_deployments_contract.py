"""One suite over every `ports.Deployments`: what it promises holds in memory, in the sandbox and on a real Argo CD."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import yaml

from bot.domain.delivery import EXECUTION_INFO, Application, AppResource, InfoItem, SyncWanted
from bot.domain.errors import Conflict, Forbidden, NotFound, Rejected
from bot.domain.evidence import Excerpt, Line
from tests.contract.cluster_worlds import until
from tests.contract.deployment_worlds import (
    ADMIN_TOKEN,
    GIT,
    MISSING,
    TOKEN,
    URL,
    FakeWorld,
    World,
    real_world,
    sandbox_world,
)

REAL = pytest.param(
    "real",
    marks=[
        pytest.mark.servers,
        pytest.mark.skipif(
            not (URL and TOKEN and ADMIN_TOKEN and GIT),
            reason="CODEHEALER_TEST_ARGOCD, _TOKEN, _ADMIN_TOKEN or _GIT is not set",
        ),
    ],
)


@pytest.fixture(scope="module", params=["fake", "sandbox", REAL])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "fake":
        yield FakeWorld()
        return
    with sandbox_world() if request.param == "sandbox" else real_world() as found:
        yield found


@pytest.fixture
def name() -> str:
    """An application name of the test's own: the world outlives it, and others may be in it."""
    return f"contract-{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def quiet(world: World) -> str:
    """An application that no test changes, with a log."""
    found = f"contract-quiet-{uuid.uuid4().hex[:6]}"
    world.create(found, log=("starting", "grüße", "", "listening on 8080"))
    return found


def keep_all(lines) -> Excerpt:
    kept = tuple(Line(number=n, text=text) for n, text in enumerate(lines, 1))
    return Excerpt(lines=kept, total_lines=len(kept))


def sync(world: World, name: str, mark: str, revision: str = "") -> None:
    info = (InfoItem(name=EXECUTION_INFO, value=mark),)
    world.deployments.sync(SyncWanted(name=name, revision=revision, info=info))


def mark_of(app: Application) -> str:
    return app.operation.info_of(EXECUTION_INFO) if app.operation else ""


def test_an_application_that_is_well(world: World, quiet: str) -> None:
    app = world.settled(quiet, "Healthy")
    assert (app.connection, app.name, app.namespace, app.project) == ("default", quiet, "argocd", "default")
    assert app.url.endswith(f"/applications/argocd/{quiet}")
    assert app.destination_namespace == quiet
    assert not app.failing
    assert (app.automated, app.self_heal, app.conditions) == (False, False, ())
    assert len(app.revision) == 40
    [source] = app.sources
    assert (source.target_revision, source.kind) == ("main", "directory")
    assert source.repo_url.endswith(".git")
    [shop] = [r for r in app.resources if r.kind == "Deployment"]
    assert (shop.group, shop.namespace, shop.name) == ("apps", quiet, "shop")
    assert (shop.sync, shop.health) == ("Synced", "Healthy")
    assert app.history[-1].revision == app.revision
    assert app.reconciled_at is not None
    assert f"node=apps%2FDeployment%2F{quiet}%2Fshop%2F0" in app.link(shop)


def test_what_is_not_there_is_forbidden(world: World) -> None:
    may_not: list[Callable[[], object]] = [
        lambda: world.deployments.application("nobody-knows"),
        lambda: world.deployments.tree("nobody-knows"),
        lambda: world.deployments.manifests("nobody-knows"),
        lambda: world.deployments.events("nobody-knows", AppResource(kind="Pod", name="p", uid="u")),
        lambda: world.deployments.log("nobody-knows", "shop", "p", "app", False, 10, keep_all),
        lambda: world.deployments.sync(SyncWanted(name="nobody-knows")),
    ]
    for call in may_not:
        with pytest.raises(Forbidden) as caught:
            call()
        assert (caught.value.status, caught.value.connection) == (403, "default")


def test_the_list_has_it_with_its_state(world: World, name: str) -> None:
    world.create(name)
    world.push(name, "broken")
    world.deployments.application(name, "hard")
    [listed] = [app for app in world.deployments.applications() if app.name == name]
    assert (listed.sync, listed.health, listed.destination_namespace) == ("Unknown", "Healthy", name)
    assert listed.failing
    assert listed.url.endswith(f"/applications/argocd/{name}")
    assert listed.operation is None or listed.operation.results == ()


def test_a_commit_is_seen_by_a_refresh_and_rolled_out_by_a_sync(world: World, name: str) -> None:
    world.create(name)
    before = world.deployments.application(name)
    world.push(name, "good")
    seen = world.deployments.application(name, "hard")
    assert seen.sync == "OutOfSync"
    assert seen.revision != before.revision
    sync(world, name, "ex_1")
    assert mark_of(world.deployments.application(name)) == "ex_1"  # from the first moment on
    after = world.ended(name)
    assert after.operation is not None
    assert (after.operation.phase, after.operation.revision) == ("Succeeded", seen.revision)
    assert (after.operation.by, after.operation.automated) == (world.account, False)
    assert mark_of(after) == "ex_1"
    assert {r.result for r in after.operation.results} == {"Synced"}
    assert "shop" in {r.name for r in after.operation.results}
    well = world.settled(name, "Healthy")
    assert (well.history[-1].revision, well.history[-2].revision) == (seen.revision, before.revision)
    assert mark_of(well) == "ex_1"


def test_a_manifest_that_is_no_yaml_is_accepted_and_ends_in_error(world: World, name: str) -> None:
    world.create(name)
    world.push(name, "broken")
    seen = world.deployments.application(name, "hard")
    [condition] = seen.conditions
    assert condition.type == "ComparisonError"
    assert 'Failed to unmarshal "deploy.yaml"' in condition.message
    assert (seen.sync, seen.health, seen.failing) == ("Unknown", "Healthy", True)
    sync(world, name, "ex_2")
    ended = world.ended(name)
    assert ended.operation is not None
    assert ended.operation.phase == "Error"
    assert 'Failed to unmarshal "deploy.yaml"' in ended.operation.message
    assert mark_of(ended) == "ex_2"
    for _ in range(2):  # the real one remembers the error, and answers it in another way then
        with pytest.raises(Rejected) as caught:
            world.deployments.manifests(name)
        assert 'Failed to unmarshal "deploy.yaml"' in caught.value.detail
    world.push(name, "good")
    assert world.deployments.application(name, "hard").conditions == ()
    sync(world, name, "ex_3")
    assert world.ended(name).operation.phase == "Succeeded"  # type: ignore[union-attr]
    assert not world.settled(name, "Healthy").failing


def test_an_object_that_the_api_server_refuses_fails_the_sync(world: World, name: str) -> None:
    world.create(name)
    world.push(name, "refused")
    world.deployments.application(name, "hard")
    sync(world, name, "ex_4")
    ended = world.ended(name)
    assert ended.operation is not None
    assert ended.operation.phase == "Failed"
    assert "field is immutable" in ended.operation.message
    assert ended.conditions == ()
    assert (ended.health, ended.failing) == ("Healthy", True)
    [refused] = [r for r in ended.operation.results if r.kind == "Deployment"]
    assert refused.result == "SyncFailed"
    assert "field is immutable" in refused.message


def test_a_second_sync_meets_the_first(world: World, name: str) -> None:
    world.create(name)

    def met() -> tuple[str, str, int] | None:
        sync(world, name, "ex_first")
        try:
            sync(world, name, "ex_second")
        except Conflict as error:
            return mark_of(world.deployments.application(name)), error.detail, error.status
        finally:
            world.ended(name)
        return None  # the first was over already

    assert until("two at once", met) == ("ex_first", "another operation is already in progress", 400)


def test_a_branch_that_is_none_is_rejected_and_begins_nothing(world: World, name: str) -> None:
    world.create(name)
    with pytest.raises(Rejected) as caught:
        sync(world, name, "ex_5", revision="no-such-branch")
    assert caught.value.status == 400
    assert "no-such-branch" in caught.value.detail
    assert mark_of(world.deployments.application(name)) == ""


def test_a_commit_that_is_none_is_never_deployed(world: World, name: str) -> None:
    world.create(name)
    before = world.deployments.application(name)
    sync(world, name, "ex_6", revision="deadbeef00")  # what looks like a commit is taken for one
    ended = world.ended(name)
    assert ended.operation is not None
    assert (ended.operation.phase, mark_of(ended)) == ("Error", "ex_6")
    assert world.deployments.application(name).history == before.history


def test_an_image_that_is_missing_degrades_it(world: World, name: str) -> None:
    world.create(name)
    world.push(name, "missing")
    world.deployments.application(name, "hard")
    sync(world, name, "ex_7")
    assert world.ended(name).operation.phase == "Succeeded"  # type: ignore[union-attr]
    ill = world.settled(name, "Degraded")
    assert ill.failing
    pod = world.pod(name, lambda each: each.health == "Degraded")
    assert MISSING in pod.health_message
    assert pod.images == ("registry.example.com/shop:missing",)
    assert pod.reason in {"ImagePullBackOff", "ErrImagePull"}
    events = world.deployments.events(name, pod)
    assert "Failed" in {e.reason for e in events}
    assert {e.object_name for e in events} == {pod.name}
    assert [e.last_seen for e in events] == sorted(e.last_seen for e in events if e.last_seen)
    assert world.deployments.events(name, replace(pod, uid="")) == events


def test_an_automated_one_syncs_by_itself(world: World, name: str) -> None:
    world.create(name, automated=True)
    world.push(name, "good")
    assert world.deployments.application(name, "hard").automated

    def synced() -> Application | None:
        app = world.deployments.application(name)
        return app if app.operation and app.operation.automated and app.operation.finished_at else None

    app = until("auto-sync", synced)
    assert app.operation is not None
    assert (app.operation.phase, app.operation.info) == ("Succeeded", ())
    assert app.self_heal or app.automated


def test_the_tree_shows_what_is_declared_and_what_grew_of_it(world: World, quiet: str) -> None:
    found = world.deployments.tree(quiet)
    assert {"Namespace", "Deployment", "ReplicaSet", "Pod"} <= {each.kind for each in found}
    pod = world.pod(quiet)
    assert (pod.health, pod.namespace, bool(pod.uid)) == ("Healthy", quiet, True)


def test_manifests_are_yaml(world: World, quiet: str) -> None:
    found = [yaml.safe_load(text) for text in world.deployments.manifests(quiet)]
    assert ("Deployment", "shop") in {(each["kind"], each["metadata"]["name"]) for each in found}


def test_events_of_what_is_not_in_it_are_not_found(world: World, quiet: str) -> None:
    with pytest.raises(NotFound):
        world.deployments.events(quiet, AppResource(kind="Pod", namespace=quiet, name="nobody", uid="u-1"))


def test_a_log_passes_through_keep(world: World, quiet: str) -> None:
    pod = world.pod(quiet)
    kept = world.deployments.log(quiet, quiet, pod.name, "app", False, 100, keep_all)
    assert [line.text for line in kept.lines] == ["starting", "grüße", "", "listening on 8080"]
    last = world.deployments.log(quiet, quiet, pod.name, "app", False, 1, keep_all)
    assert [line.text for line in last.lines] == ["listening on 8080"]


def test_a_container_that_is_none_has_no_log(world: World, quiet: str) -> None:
    with pytest.raises(NotFound):
        world.deployments.log(quiet, quiet, world.pod(quiet).name, "nobody", False, 10, keep_all)


def test_a_container_that_never_died_has_no_previous_log(world: World, name: str) -> None:
    world.create(name)
    with pytest.raises(NotFound):
        world.deployments.log(name, name, world.pod(name).name, "app", True, 10, keep_all)


def test_a_log_of_somebody_elses_pod_is_not_found(world: World, quiet: str) -> None:
    with pytest.raises(NotFound):
        world.deployments.log(quiet, "kube-system", "nobody-1", "app", False, 10, keep_all)


def test_it_says_what_we_may(world: World, quiet: str) -> None:
    assert world.deployments.allowed("get", "default", quiet)
    assert world.deployments.allowed("sync", "default", quiet)
    assert not world.deployments.allowed("delete", "default", quiet)


def test_the_checkup_finds_it_in_order(world: World, quiet: str) -> None:
    world.settled(quiet, "Healthy")
    found = world.deployments.checkup()
    assert found
    assert all(each.ok and not each.mend for each in found)
