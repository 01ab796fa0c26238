"""The ways through the house, one a remedy: how the world is before, what a person does on the way, how it must end.

Each is walked by the tests of the way, by the crash test at every durable moment, and with answers that get lost.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.domain.delivery import AppDeployed, AppSource
from bot.domain.durable import Delivery
from tests.fakes.pipelines import FakeJob
from tests.fakes.world import World

REPO = "acme/shop"
CI, ROTATE = ".github/workflows/ci.yml", ".github/workflows/rotate-registry-token.yml"
ROTATION = """name: Rotate registry token
run-name: Rotate registry token ${{ inputs.codehealer_id }}
on:
  workflow_dispatch:
    inputs:
      codehealer_id: {required: false, type: string}
jobs:
  rotate:
    runs-on: ubuntu-latest
    steps:
      - run: ./rotate.sh
"""
RULES = """rules:
  - id: github.rerun_failed_jobs
    cooldown: 0
credentials:
  - id: registry-token
    matches: ["registry.example.com"]
    repositories: ["acme/*"]
    repository: acme/shop
    workflow: rotate-registry-token.yml
    ref: main
    secret: REGISTRY_TOKEN
"""
DENIED = (
    "##[group]Run docker/login-action@v3",
    "##[endgroup]",
    "Logging into registry.example.com...",
    '##[error]Error response from daemon: Get "https://registry.example.com/v2/": unauthorized: token has expired',
)
FLAKED = (
    "FAILED tests/test_cart.py::test_totals_are_stable - AssertionError: assert 3 == 2",
    "1 failed, 214 passed in 33.10s",
    "##[error]Process completed with exit code 1.",
)
MANIFEST = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: payments\nspec:\n  replicas: {replicas}\n"


@dataclass(frozen=True)
class Way:
    """`prepare` makes the failure and returns its post; `between` is what a person does while the fix waits."""

    name: str
    action: str
    prepare: Callable[[World], Delivery]
    writes: Callable[[World], dict[str, int]]
    wanted: dict[str, int]
    between: Callable[[World], None] | None = None
    then: tuple[str, ...] = ()

    @property
    def actions(self) -> tuple[str, ...]:
        """The actions of its steps, in order."""
        return (self.action, *self.then)

    def __str__(self) -> str:
        return self.name


def _crash_loop(world: World) -> Delivery:
    world.cluster.deploy("shop", "checkout", limit="256Mi", request="128Mi", needs="300Mi")
    pod = next(iter(world.cluster.pods_by_name.values()))
    return world.post(f"Crashing pod {pod.name} in namespace shop")


STUCK = """- id: team.stuck_pool
  cause: stuck_pool
  category: RESOURCE
  statement: "The worker pool is stuck."
  action: restart
  remedy: kubernetes.rollout_restart
  where: [log, previous_log]
  literals: ["worker pool is stuck"]
  regex: 'worker pool is stuck'
  weight: 3.5
  examples: ["FATAL worker pool is stuck, giving up"]
"""


def _stuck_pool(world: World) -> Delivery:
    """A team's own pattern names the restart; the pod that replaces the stuck one is well."""
    world.config["failure_patterns/team.yaml"] = STUCK
    world.cluster.deploy("shop", "mailer")
    (key,) = (key for key, pod in world.cluster.pods_by_name.items() if pod.name.startswith("mailer"))
    pod = world.cluster.pods_by_name[key]
    stuck = replace(
        pod.containers[0],
        ready=False,
        restarts=4,
        state="waiting",
        reason="CrashLoopBackOff",
        last_reason="Error",
        last_exit_code=1,
        last_finished_at=world.clock.at,
    )
    world.cluster.pods_by_name[key] = replace(pod, ready=False, containers=(stuck,))
    for previous in (True, False):
        world.cluster.logs["shop", pod.name, "app", previous] = ["starting", "FATAL worker pool is stuck, giving up"]
    return world.post(f"Crashing pod {pod.name} in namespace shop")


def _run_post(world: World, run_id: str) -> Delivery:
    link = f"https://github.com/{REPO}/actions/runs/{run_id}"
    text = f"Workflow run failed\n{REPO}\nCI on branch main failed\n{link}"
    return world.post(text, author="GitHub", link=link)


def _expired_token(world: World) -> Delivery:
    world.config["remediation_rules.yaml"] = RULES
    world.github.at = world.clock.at
    world.github.add_repo(REPO, {CI: "name: CI\n", ROTATE: ROTATION})
    world.github.add_run(REPO, (FakeJob("publish"),))
    run = world.github.add_run(REPO, (FakeJob("publish", "failure", ("Set up job", "Log in"), DENIED),))
    world.github.comes_to[REPO, CI] = "failure"
    world.github.cures[REPO, ROTATE] = (REPO, CI)
    return _run_post(world, run.id)


def _flaky_test(world: World) -> Delivery:
    world.config["remediation_rules.yaml"] = RULES
    world.github.at = world.clock.at
    sha = world.github.add_repo(REPO, {CI: "name: CI\n"})
    world.github.add_run(REPO, (FakeJob("test"),), sha=sha)
    run = world.github.add_run(REPO, (FakeJob("test", "failure", ("Set up job", "Test"), FLAKED),), sha=sha)
    return _run_post(world, run.id)


def _app(world: World, *, automated: bool) -> None:
    world.github.at = world.clock.at
    world.github.add_repo("acme/deploy", {"payments/deploy.yaml": MANIFEST.format(replicas=2)})
    world.argocd.deploy("payments", automated=automated, repo="https://github.com/acme/deploy.git", path="payments")


def _argo_post(world: World) -> Delivery:
    text = "Application payments sync is 'Failed'\nThe sync operation of application payments has failed"
    return world.post(text, author="Argo CD", link="https://argocd.example/applications/argocd/payments")


def _bad_manifest(world: World) -> Delivery:
    _app(world, automated=True)
    good = world.github.repos["acme/deploy"].branches["main"]
    bad = world.github.push(
        "acme/deploy", {"payments/deploy.yaml": MANIFEST.format(replicas='"three"')}, message="Scale", author="ben"
    )
    said = (
        'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct '
        "field DeploymentSpec.spec.replicas of type int32"
    )
    world.argocd.push("payments", refusal=said)
    world.argocd.compare("payments")
    world.argocd.run("payments")
    app = world.argocd.apps["payments"]
    operation = app.operation
    assert operation is not None
    world.argocd.apps["payments"] = replace(
        app,
        revision=bad,
        operation=replace(operation, revision=bad),
        history=(AppDeployed(id=0, revision=good, deployed_at=world.clock.at),),
        sources=(AppSource(repo_url="https://github.com/acme/deploy.git", path="payments", target_revision="main"),),
    )
    return _argo_post(world)


def _merge(world: World) -> None:
    """A person merges what was opened, and Argo CD deploys it."""
    (number,) = world.github.repos["acme/deploy"].pulls
    merged = world.github.merge("acme/deploy", number)
    app = world.argocd.apps["payments"]
    assert app.operation is not None
    world.argocd.apps["payments"] = replace(
        app,
        revision=merged.merge_sha,
        sync="Synced",
        health="Healthy",
        conditions=(),
        operation=replace(app.operation, phase="Succeeded", message="", revision=merged.merge_sha, results=()),
        resources=tuple(replace(each, sync="Synced", health="Healthy", result="Synced") for each in app.resources),
        history=(*app.history, AppDeployed(id=1, revision=merged.merge_sha, deployed_at=world.clock.at)),
    )


def _sync_failed_for_a_moment(world: World) -> Delivery:
    world.argocd.advance_on_read = True
    _app(world, automated=False)
    world.argocd.push("payments", refusal="etcdserver: request timed out")
    world.argocd.compare("payments")
    world.argocd.busy("payments", by="ben")
    world.argocd.run("payments")
    world.argocd.push("payments")  # the same manifests, and an API server that answers again
    return _argo_post(world)


def _github(*kinds: str) -> Callable[[World], dict[str, int]]:
    return lambda world: {kind: world.github.writes[kind] for kind in kinds}


WAYS = (
    Way(
        "oom",
        "kubernetes.set_resources",
        _crash_loop,
        lambda world: {"generation": world.cluster.workload("shop", "Deployment", "checkout").generation},
        {"generation": 2},
    ),
    Way(
        "restart",
        "kubernetes.rollout_restart",
        _stuck_pool,
        lambda world: {"generation": world.cluster.workload("shop", "Deployment", "mailer").generation},
        {"generation": 2},
    ),
    Way(
        "expired-token",
        "github.dispatch_workflow",
        _expired_token,
        _github("dispatch", "rerun"),
        {"dispatch": 1, "rerun": 1},
        then=("github.rerun_failed_jobs",),
    ),
    Way("flaky-test", "github.rerun_failed_jobs", _flaky_test, _github("rerun"), {"rerun": 1}),
    Way(
        "bad-manifest",
        "github.open_fix_pr",
        _bad_manifest,
        _github("ref", "contents", "pull"),
        {"ref": 1, "contents": 1, "pull": 1},
        between=_merge,
    ),
    Way(
        "sync",
        "argocd.sync",
        _sync_failed_for_a_moment,
        lambda world: {"syncs": sum(bool(each.info) for each in world.argocd.syncs)},
        {"syncs": 1},
    ),
)
