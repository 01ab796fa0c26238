"""github.open_fix_pr: the small certain change, what the pull request says, and what its merge comes to."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.cluster import Quantity
from bot.domain.errors import Unavailable
from bot.domain.execution import Verdict
from bot.domain.pipeline import FIX_BRANCH
from bot.domain.proposal import ProposalStep
from bot.remedy.catalog import Ask, NotOffered, action
from tests.fakes.delivery_world import APP, CI, DEPLOY, GOOD, MANIFEST, SHOP, DeliveryWorld
from tests.fakes.pipelines import FakeJob
from tests.fakes.remedy_world import make_world

ACT = action("github.open_fix_pr")
BAD = GOOD.replace("replicas: 3", 'replicas: "3"')
WINDOW, LONG = timedelta(seconds=130), timedelta(minutes=20)


def drafted(world: DeliveryWorld, bad: str = BAD, good: str = GOOD, path: str = MANIFEST) -> ProposalStep:
    return world.drafted(world.app_ask(*world.broken_app(bad, path, good), path))


def refused(world: DeliveryWorld, ask: Ask) -> str:
    found = ACT.draft(ask)
    assert isinstance(found, NotOffered), found
    return found.reason


def shown(step: ProposalStep) -> list[str]:
    return [f"{line.sign}{line.text}" for line in step.preview.diff]


def test_a_slip_is_put_right_in_its_line_and_shown_as_a_diff() -> None:
    step = drafted(DeliveryWorld())
    assert step.preview.summary == (
        f"Correct {MANIFEST} (line 6) by a pull request into main of {DEPLOY}. Line 6: replicas is a number, not text."
    )
    assert shown(step) == [
        f" {MANIFEST}",
        " @@ line 6 @@",
        "    4   name: shop",
        "    5 spec:",
        '-   6   replicas: "3"',
        "+   6   replicas: 3",
        "    7   template:",
        "    8     spec:",
    ]
    assert (step.target.repo, step.target.name, step.param("app")) == (DEPLOY, f"{DEPLOY}/{MANIFEST}", APP)


def test_what_is_no_slip_is_put_back_as_it_was() -> None:
    bad = GOOD.replace("replicas: 3", "replicas: lots").replace("image: registry", "image:registry")
    step = drafted(DeliveryWorld(), bad)
    assert step.param("title") == f"Restore {MANIFEST}"
    assert "last revision that worked" in step.preview.summary
    assert [line for line in shown(step) if line[0] in "+-"] == [
        "-   6   replicas: lots",
        "+   6   replicas: 3",
        "-  11           image:registry.example/shop:1",
        "+  11           image: registry.example/shop:1",
    ]


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (GOOD.replace("  replicas: 3\n", ""), GOOD),
        (GOOD.replace("apiVersion: apps/v1\n", ""), GOOD),
        (GOOD + "oops: [\n", GOOD),
        ("oops: [\n" + GOOD, GOOD),
        (GOOD.replace("  template:", "   template:"), GOOD),
    ],
)
def test_the_way_back_restores_the_file(bad: str, good: str) -> None:
    world = DeliveryWorld()
    world.work(drafted(world, bad, good))
    assert world.applied
    branch = world.github.repos[DEPLOY].branches[f"{FIX_BRANCH}{world.execution.id}"]
    assert world.github.repos[DEPLOY].trees[branch][MANIFEST] == good


@pytest.mark.parametrize(
    "bad",
    [
        GOOD.replace("replicas: 3", "replicas: <secret:1>"),
        GOOD.replace("replicas: 3", "replicas: lots\n" + "\n".join(f"  # {n}" for n in range(30))),
    ],
)
def test_no_change_that_is_masked_or_large(bad: str) -> None:
    world = DeliveryWorld()
    assert "needs a person" in refused(world, world.app_ask(*world.broken_app(bad)))


def test_a_line_that_nobody_reads_whole_is_not_put_back() -> None:
    world = DeliveryWorld()
    bad = GOOD.replace("replicas: 3", "replicas: " + "x" * 300)
    assert "needs a person" in refused(world, world.app_ask(*world.broken_app(bad)))


def test_a_file_that_was_changed_all_over_is_not_put_back() -> None:
    world = DeliveryWorld()
    good = GOOD + "---\n" + GOOD
    bad = good.replace("\n", " # changed\n").replace("replicas: 3", "replicas: lots")
    assert "needs a person" in refused(world, world.app_ask(*world.broken_app(bad, good=good)))


def test_without_files_or_something_that_tells_nothing_is_offered() -> None:
    world = DeliveryWorld()
    ask = world.app_ask(*world.broken_app(BAD))
    assert "not known" in refused(world, replace(ask, dossier=replace(ask.dossier, files=())))
    assert "would tell whether" in refused(world, replace(ask, dossier=replace(ask.dossier, app=None)))


def test_a_source_that_is_pinned_to_a_commit_is_not_changed() -> None:
    world = DeliveryWorld()
    ask = world.app_ask(*world.broken_app(BAD))
    pinned = replace(ask.dossier.app, sources=(replace(ask.dossier.app.sources[0], target_revision="a" * 40),))
    assert "pinned" in refused(world, replace(ask, dossier=replace(ask.dossier, app=pinned)))


HOSTILE = "fixes #1 @everyone closes acme/shop#2 ``` </details> [x](http://evil) GH-3 ~~~ ````` resolves #4"


def outside_code(body: str) -> str:
    """The body without its fenced blocks and code spans, as GitHub would read it (CommonMark)."""
    kept, fence = [], ""
    for line in body.split("\n"):
        ticks = re.match(r"`{3,}", line)
        if fence:
            fence = "" if ticks and len(ticks[0]) >= len(fence) and line.strip("` ") == "" else fence
        elif ticks:
            fence = ticks[0]
        else:
            kept.append(re.sub(r"`[^`]*`", "", line))
    assert not fence
    return "\n".join(kept)


def test_strangers_text_cannot_mention_close_link_or_break_out() -> None:
    world = DeliveryWorld()
    path = "fixes #1 @everyone/GH-3 closes `x`.yaml"
    bad = BAD.replace("kind: Deployment", f"kind: Deployment # {HOSTILE}")
    ask = world.app_ask(*world.broken_app(bad, path), path)
    symptom = ask.hypothesis.supports[0]
    quoted = replace(symptom, citation=replace(symptom.citation, quote=HOSTILE))
    ask = replace(ask, hypothesis=replace(ask.hypothesis, supports=(quoted,)))
    world.work(world.drafted(ask))
    pull = world.github.repos[DEPLOY].pulls[1]
    body = world.github.bodies[DEPLOY, 1]
    message = world.drafted(ask).param("message")
    assert HOSTILE in body
    for text in (outside_code(body), pull.title, message):
        assert not re.search(r"@|#\d|\]\(|https?:|</", text), text
        assert not re.search(r"(?i)\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+(?:#|GH-|\S+#)\d", text), text
    assert f"`{FIX_BRANCH}{world.execution.id}`" in body
    assert "<execution id>" not in body


def test_what_was_approved_is_what_is_opened() -> None:
    world = DeliveryWorld()
    step = drafted(world)
    world.work(step)
    pull = world.github.repos[DEPLOY].pulls[1]
    assert (pull.title, pull.base, pull.branch) == (step.param("title"), "main", f"{FIX_BRANCH}{world.execution.id}")
    assert world.github.bodies[DEPLOY, 1] == step.param("body").replace("<execution id>", world.execution.id)
    assert step.param("body") in step.preview.request
    assert world.execution.handle == pull.url
    assert world.execution.guard == pull.branch


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda w: w.github.push(DEPLOY, {MANIFEST: GOOD}), "file was changed"),
        (lambda w: w.github.push(DEPLOY, {MANIFEST: None}), "does not exist"),
        (lambda w: w.github.forbidden.add(DEPLOY), "not permitted"),
        (
            lambda w: w.argocd.apps.update(
                {APP: replace(w.argocd.apps[APP], operation=None, sync="Synced", health="Healthy")}
            ),
            "any more",
        ),
        (lambda w: w.github.repos[DEPLOY].branches.update(main="", gone=""), "does not exist"),
    ],
)
def test_what_is_not_as_shown_is_not_opened(change: Callable[[DeliveryWorld], object], word: str) -> None:
    world = DeliveryWorld()
    step = drafted(world)
    assert ACT.preflight(step, world, "", dry_run=True).ok
    change(world)
    flight = ACT.preflight(step, world, "ex_1", dry_run=True)
    assert not flight.ok
    assert word in flight.stale


def test_a_tag_is_no_branch_to_change() -> None:
    world = DeliveryWorld()
    ask = world.app_ask(*world.broken_app(BAD))
    tagged = replace(ask.dossier.app, sources=(replace(ask.dossier.app.sources[0], target_revision="v1"),))
    step = world.drafted(replace(ask, dossier=replace(ask.dossier, app=tagged)))
    assert "no branch of that name" in ACT.preflight(step, world, "", dry_run=True).stale


def opened(world: DeliveryWorld) -> None:
    world.work(drafted(world))
    assert world.applied


def test_it_waits_for_a_person_as_long_as_it_is_open() -> None:
    world = DeliveryWorld()
    opened(world)
    for after in (timedelta(0), timedelta(days=3)):
        progress = world.verify(after)
        assert progress.verdict is None
        assert "merge pull request 1" in progress.waits_for
        assert progress.url.endswith("/pull/1")
    world.github.fail("pull_of", Unavailable("502"))
    assert world.verify(timedelta(days=3)).verdict is None


def test_one_that_is_closed_without_a_merge_failed() -> None:
    world = DeliveryWorld()
    opened(world)
    world.github.close(DEPLOY, 1)
    progress = world.verify()
    assert progress.verdict is Verdict.FAILED
    assert "closed without a merge" in progress.checks[0].observed


def merged(world: DeliveryWorld, **outcome: str) -> None:
    opened(world)
    world.merge(**outcome)
    world.clock.at = world.github.at


def settle(world: DeliveryWorld) -> None:
    """Argo CD sees the merge and does what it does; the two fakes' clocks are brought together."""
    world.argocd.compare(APP)
    world.argocd.run(APP)
    app = world.argocd.apps[APP]
    history = tuple(replace(each, deployed_at=world.clock.at) for each in app.history)
    world.argocd.apps[APP] = replace(app, reconciled_at=world.clock.at, history=history)


def test_a_merge_that_heals_is_verified_by_the_application() -> None:
    world = DeliveryWorld()
    merged(world)
    assert world.verify().verdict is None
    settle(world)
    assert world.verify().verdict is None
    progress = world.verify(WINDOW)
    assert progress.verdict is Verdict.PASSED
    assert [check.passed for check in progress.checks] == [True, True, True]


def test_the_application_is_asked_to_look_when_its_comparison_is_old() -> None:
    world = DeliveryWorld()
    merged(world)
    assert world.argocd.apps[APP].revision != world.github.repos[DEPLOY].pulls[1].merge_sha
    world.verify()
    assert world.argocd.apps[APP].revision == world.github.repos[DEPLOY].pulls[1].merge_sha


def test_a_later_commit_holds_the_merge_too() -> None:
    world = DeliveryWorld()
    merged(world)
    later = world.github.push(DEPLOY, {"README": "x"})
    world.argocd.commits[APP].append(replace(world.argocd.commits[APP][-1], sha=later))
    settle(world)
    assert world.argocd.apps[APP].revision == later
    assert world.verify(WINDOW).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("outcome", "word"),
    [
        ({"refusal": "spec.replicas: Invalid"}, "spec.replicas: Invalid"),
        ({"health": "Degraded"}, "Degraded"),
    ],
)
def test_a_merge_that_does_not_help_fails(outcome: dict[str, str], word: str) -> None:
    world = DeliveryWorld()
    merged(world, **outcome)
    settle(world)
    progress = world.verify(WINDOW)
    assert progress.verdict is Verdict.FAILED
    assert word in str(progress.checks)


def test_an_application_that_still_cannot_be_compared_after_the_merge_failed() -> None:
    world = DeliveryWorld()
    merged(world, error="deploy.yaml: still wrong")
    settle(world)
    assert world.verify().verdict is None
    world.clock.at += WINDOW
    world.argocd.apps[APP] = replace(world.argocd.apps[APP], reconciled_at=world.clock.at)
    progress = world.verify()
    assert progress.verdict is Verdict.FAILED
    assert "still wrong" in progress.checks[1].observed


def test_without_auto_sync_a_person_has_to_sync() -> None:
    world = DeliveryWorld()
    merged(world)
    world.argocd.apps[APP] = replace(world.argocd.apps[APP], automated=False)
    settle(world)
    progress = world.verify()
    assert "has to sync application shop" in progress.waits_for
    assert progress.url.startswith("https://argocd.example")


def test_what_does_not_come_to_an_end_after_the_merge_is_inconclusive() -> None:
    world = DeliveryWorld()
    merged(world)
    world.argocd.fail("application", Unavailable("503"), times=2)
    assert world.verify().verdict is None
    assert world.verify(LONG).verdict is Verdict.INCONCLUSIVE


# --- a file that a workflow run fails on


def run_step(world: DeliveryWorld) -> ProposalStep:
    world.failed_run()
    home = world.github
    first = home.push(SHOP, {"deploy.yaml": GOOD})
    second = home.push(SHOP, {"deploy.yaml": BAD})
    run = world.failed_run()
    files = tuple(replace(home.file(SHOP, "deploy.yaml", ref), ref=ref) for ref in (second, first))
    return world.drafted(world.ask(ACT.spec.id, run=run, files=files))


@pytest.mark.parametrize(
    ("conclusion", "verdict"),
    [("success", Verdict.PASSED), ("failure", Verdict.FAILED), ("cancelled", Verdict.INCONCLUSIVE)],
)
def test_a_change_for_a_run_is_verified_by_the_next_one_on_that_branch(conclusion: str, verdict: Verdict) -> None:
    world = DeliveryWorld()
    world.work(run_step(world))
    world.github.merge(SHOP, 1)
    world.clock.at = world.github.at
    assert world.verify().verdict is None
    world.github.add_run(SHOP, [FakeJob(conclusion=conclusion)], path=CI)
    assert world.verify().verdict is verdict


def test_no_run_after_the_merge_is_inconclusive() -> None:
    world = DeliveryWorld()
    world.work(run_step(world))
    world.github.merge(SHOP, 1)
    world.clock.at = world.github.at
    assert world.verify(LONG).verdict is Verdict.INCONCLUSIVE
    assert world.verify(LONG).checks[1].observed == "no run since the merge"


# --- the memory limit of a workload that Argo CD owns


def memory_ask(world: DeliveryWorld, manifest: str = GOOD, request: str = "128Mi") -> Ask:
    _, second = world.broken_app(manifest + "# seen\n")
    cluster = make_world(request=request)
    cluster.change(managed_by="argocd", manager=APP)
    ask = cluster.ask("kubernetes.set_resources")
    file = replace(world.github.file(DEPLOY, MANIFEST, second), ref=second)
    workload = replace(ask.dossier.workload, name=APP)
    dossier = replace(ask.dossier, app=world.argocd.apps[APP], files=(file,), workload=workload)
    return replace(ask, dossier=dossier)


def test_the_limit_is_raised_where_it_is_written() -> None:
    world = DeliveryWorld()
    step = world.drafted(memory_ask(world), ACT.spec.id)
    assert [line for line in shown(step) if line[0] in "+-"] == [
        "-  14               memory: 256Mi",
        "+  14               memory: 384Mi",
    ]
    assert ACT.preflight(step, world, "", dry_run=True).ok


def test_a_request_that_equals_the_limit_is_raised_with_it() -> None:
    world = DeliveryWorld()
    manifest = GOOD.replace("memory: 128Mi", "memory: 256Mi")
    ask = memory_ask(world, manifest, request="256Mi")
    step = world.drafted(ask, ACT.spec.id)
    assert [line for line in shown(step) if line[0] == "+"] == [
        "+  14               memory: 384Mi",
        "+  16               memory: 384Mi",
    ]


@pytest.mark.parametrize(
    ("manifest", "word"),
    [
        (GOOD.replace("256Mi", "{{ .Values.memory }}"), "does not stand there"),
        (GOOD.replace("256Mi", "512Mi"), "does not stand there"),
        (GOOD.replace("name: shop", "name: other"), "does not stand there"),
        (GOOD + "---\n" + GOOD, "more than one place"),
    ],
)
def test_a_limit_that_is_not_found_is_not_raised(manifest: str, word: str) -> None:
    world = DeliveryWorld()
    found = ACT.draft(memory_ask(world, manifest))
    assert isinstance(found, NotOffered)
    assert word in found.reason


def test_a_workload_that_nobody_owns_is_not_raised_by_a_pull_request() -> None:
    world = DeliveryWorld()
    ask = memory_ask(world)
    free = replace(ask.dossier.workload, managed_by="")
    assert isinstance(ACT.draft(replace(ask, dossier=replace(ask.dossier, workload=free))), NotOffered)
    assert Quantity(name="memory", amount="256Mi") in ask.dossier.workload.containers[0].limits
