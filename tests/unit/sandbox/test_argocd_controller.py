"""The sandbox's Argo CD over time: comparison, operations, auto-sync with retries, self-heal, health."""

import dataclasses

import pytest

from bot.sandbox.argocd_application import Application
from bot.sandbox.argocd_errors import ArgoError
from bot.sandbox.argocd_tree import tree
from tests.fakes.argocd_world import BROKEN, CONFIG, DEPLOYMENT, QUOTED, ArgoWorld

AUTO = {"automated": {"selfHeal": True, "prune": True}}
HASTY = {**AUTO, "retry": {"limit": 2, "backoff": {"duration": "1s", "factor": 2}}}


def test_a_first_sync_becomes_healthy_and_marks_what_it_made() -> None:
    world = ArgoWorld()
    assert (world.app.sync, world.app.health.status) == ("OutOfSync", "Missing")
    assert world.sync()["message"] == "successfully synced (all tasks run)"
    world.until(lambda: world.app.health.status == "Healthy")
    assert world.app.sync == "Synced"
    notes = world.live()["metadata"]["annotations"]
    assert notes["argocd.argoproj.io/tracking-id"] == "shop:apps/Deployment:shop/shop"
    assert world.app.history[-1]["revision"] == world.git.resolve("", "main")
    assert world.told > 1


def test_a_dry_run_passes_what_the_real_apply_refuses() -> None:
    world = ArgoWorld()
    world.sync()
    world.push(QUOTED)
    state = world.sync(dryRun=True)
    assert (state["phase"], state["message"]) == ("Succeeded", "successfully synced (no more tasks)")
    assert [row["message"] for row in state["syncResult"]["resources"]] == [
        "configmap/shop-config unchanged (dry run)",
        "deployment.apps/shop configured (dry run)",
    ]
    assert len(world.app.history) == 1
    assert world.sync()["phase"] == "Failed"


def test_broken_yaml_keeps_the_old_health_and_fails_the_sync() -> None:
    world = ArgoWorld()
    world.sync()
    world.until(lambda: world.app.health.status == "Healthy")
    world.push(BROKEN)
    world.controller.refresh(world.app)
    assert (world.app.sync, world.app.revision, world.app.health.status) == ("Unknown", "main", "Healthy")
    assert all(row.prunes and row.status == "Unknown" for row in world.app.rows)
    state = world.sync()
    assert state["phase"] == "Error"
    assert state["message"].startswith(
        "ComparisonError: Failed to load target state: failed to generate manifest for source"
    )
    assert state["message"].endswith("yaml: line 8: mapping values are not allowed in this context")
    assert "resources" not in state["syncResult"]
    world.push(DEPLOYMENT)
    world.controller.refresh(world.app)
    assert (world.app.sync, world.app.conditions) == ("Synced", [])


def test_the_repo_server_answers_a_broken_commit_from_its_cache_after_three_tries() -> None:
    world = ArgoWorld(deployment=BROKEN)
    texts = []
    for _ in range(4):
        world.controller.refresh(world.app)
        texts.append(world.condition("ComparisonError"))
    assert ["Manifest generation error (cached)" in text for text in texts] == [False, False, True, True]
    world.controller.refresh(world.app, "hard")
    assert "cached" not in world.condition("ComparisonError")


def test_what_breaks_in_one_application_is_told_and_ends_no_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world = ArgoWorld()
    heard: list[str] = []
    world.troubles.listeners.append(heard.append)
    broken = dataclasses.replace(world.app, name="broken", uid="0")
    world.controller.add(broken)
    world.controller.apps = {"broken": broken, "shop": world.app}  # the broken one comes first
    run = world.controller._run

    def stumble(app: Application, now: float) -> None:
        if app is broken:
            raise RuntimeError("out of cheese")
        run(app, now)

    monkeypatch.setattr(world.controller, "_run", stumble)
    world.controller.start(broken, {"sync": {"revision": "main"}})
    assert world.sync()["phase"] == "Succeeded"
    assert broken.operation is None
    assert broken.state is not None
    assert (broken.state["phase"], broken.state["message"]) == ("Error", "RuntimeError: out of cheese")
    assert heard == ["the fake stumbled: application broken: RuntimeError: out of cheese"]
    assert "Traceback" in capsys.readouterr().err


def test_a_second_operation_is_refused_while_one_is_under_way() -> None:
    world = ArgoWorld()
    options = {"syncOptions": world.app.options()}
    world.controller.start(world.app, {"sync": {"revision": world.app.revision, **options}})
    with pytest.raises(ArgoError, match="another operation is already in progress") as raised:
        world.controller.start(world.app, {"sync": {"revision": world.app.revision}})
    assert (raised.value.code, raised.value.status) == (9, 400)
    assert world.ended()["phase"] == "Succeeded"


def test_a_terminated_operation_does_nothing_more() -> None:
    world = ArgoWorld()
    with pytest.raises(ArgoError, match="No operation is in progress"):
        world.controller.terminate(world.app)
    world.controller.start(world.app, {"sync": {"revision": world.app.revision}})
    with pytest.raises(ArgoError, match="No operation is in progress"):  # the controller has not seen it yet
        world.controller.terminate(world.app)
    world.run(0.1)
    world.controller.terminate(world.app)
    state = world.ended()
    assert (state["phase"], state["message"]) == ("Failed", "Operation terminated")
    assert world.cluster.store.get("deployments", "shop", "shop") is None


def test_auto_sync_sees_a_push_by_itself() -> None:
    world = ArgoWorld(AUTO)
    world.until(lambda: world.app.health.status == "Healthy")
    began = world.at
    world.push(DEPLOYMENT.replace("replicas: 2", "replicas: 3"))
    world.until(lambda: world.live()["spec"]["replicas"] == 3)
    assert world.at - began < 2.5
    assert world.ended()["operation"]["initiatedBy"] == {"automated": True}
    world.until(lambda: (world.app.sync, world.app.health.status) == ("Synced", "Healthy"))


def test_auto_sync_retries_then_says_that_it_gave_up_and_goes_on_with_the_next_commit() -> None:
    world = ArgoWorld(HASTY)
    world.until(lambda: world.app.health.status == "Healthy")
    bad = world.push(QUOTED)
    world.until(lambda: (world.app.state or {}).get("retryCount") == 1)
    assert world.app.state is not None
    assert world.app.state["phase"] == "Running"
    assert "Retrying attempt #1 at 20" in world.app.state["message"]
    state = world.ended()
    assert (state["phase"], state["retryCount"]) == ("Failed", 2)
    assert state["message"].endswith("(retried 2 times).")
    world.run(1)
    assert world.condition("SyncError") == f"Failed last sync attempt to [{bad}]: {state['message']}"
    world.run(30)
    assert world.app.state is state
    world.push(QUOTED.replace('"3"', "3"))
    world.until(lambda: world.app.sync == "Synced" and world.live()["spec"]["replicas"] == 3)
    assert world.app.conditions == []


def test_self_heal_takes_back_an_edit_in_the_cluster() -> None:
    world = ArgoWorld(AUTO)
    world.until(lambda: world.app.health.status == "Healthy")
    live = world.live()
    world.cluster.store.put({**live, "spec": {**live["spec"], "replicas": 5}})
    world.run(0.2)
    assert world.app.sync == "OutOfSync"
    world.until(lambda: world.live()["spec"]["replicas"] == 2)
    assert len(world.app.history) == 1
    world.until(lambda: world.app.sync == "Synced")


def test_without_self_heal_an_edit_stays() -> None:
    world = ArgoWorld({"automated": {}})
    world.until(lambda: world.app.health.status == "Healthy")
    live = world.live()
    world.cluster.store.put({**live, "spec": {**live["spec"], "replicas": 5}})
    world.run(10)
    assert (world.app.sync, world.live()["spec"]["replicas"]) == ("OutOfSync", 5)


def test_what_the_source_no_longer_has_is_pruned_on_request_only() -> None:
    world = ArgoWorld()
    world.sync()
    world.git.push({"k8s/config.yaml": CONFIG})
    state = world.sync()
    assert [(row["name"], row["status"], row["message"]) for row in state["syncResult"]["resources"]] == [
        ("shop", "PruneSkipped", "ignored (requires pruning)"),
        ("shop-config", "Synced", "configmap/shop-config unchanged"),
    ]
    assert world.app.sync == "OutOfSync"
    assert world.sync(prune=True)["syncResult"]["resources"][0]["status"] == "Pruned"
    world.run(2)
    assert world.cluster.store.get("deployments", "shop", "shop") is None
    assert world.cluster.store.of_kind("pods", "shop") == []
    assert world.app.sync == "Synced"


def test_a_field_that_was_applied_and_is_gone_from_the_source_is_removed() -> None:
    world = ArgoWorld()
    with_env = DEPLOYMENT.replace(
        "        ports:", "        env: [{name: A, value: b}, {name: C, value: d}]\n        ports:"
    )
    world.push(with_env)
    world.sync()
    world.push(with_env.replace("{name: A, value: b}, ", ""))
    world.controller.refresh(world.app)
    assert world.app.sync == "OutOfSync"
    world.sync()
    [container] = world.live()["spec"]["template"]["spec"]["containers"]
    assert container["env"] == [{"name": "C", "value": "d"}]
    assert world.app.sync == "Synced"


def test_quantities_and_defaults_are_no_difference() -> None:
    world = ArgoWorld(deployment=DEPLOYMENT.replace("256Mi", "0.25Gi").replace("100m", "0.1"))
    world.sync()
    assert world.app.sync == "Synced"


def test_an_image_that_is_not_there_degrades_it_after_the_progress_deadline() -> None:
    world = ArgoWorld()
    world.sync()
    world.until(lambda: world.app.health.status == "Healthy")
    world.push(DEPLOYMENT.replace(":1.0.0", ":missing"))
    assert world.sync()["phase"] == "Succeeded"
    world.run(0.2)
    assert world.app.health.json() == {"status": "Progressing", "message": "Caused by apps/Deployment:shop/shop"}
    world.until(lambda: world.app.health.status == "Degraded")
    assert world.app.sync == "Synced"
    nodes = tree(world.cluster, world.app)["nodes"]
    [ill] = [node for node in nodes if node["kind"] == "Pod" and node["health"]["status"] == "Degraded"]
    image = "registry.example.com/shop:missing"
    assert ill["health"]["message"].startswith(
        f'Back-off pulling image "{image}": ErrImagePull: rpc error: code = NotFound'
    )
    [owner] = [node for node in nodes if node["kind"] == "Deployment"]
    assert owner["health"]["message"] == 'Deployment "shop" exceeded its progress deadline'
    assert world.app.images == ["registry.example.com/shop:1.0.0", image]


def test_only_the_chosen_resources_are_synced_and_history_is_not_written() -> None:
    world = ArgoWorld()
    world.sync()
    world.push(DEPLOYMENT.replace("replicas: 2", "replicas: 3"), {"k8s/config.yaml": CONFIG.replace("info", "debug")})
    state = world.sync(resources=[{"kind": "ConfigMap", "name": "shop-config", "namespace": "shop"}])
    assert [row["name"] for row in state["syncResult"]["resources"]] == ["shop-config"]
    assert world.live()["spec"]["replicas"] == 2
    assert len(world.app.history) == 1
