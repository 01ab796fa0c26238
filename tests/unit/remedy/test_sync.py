"""argocd.sync: once, as shown, found again by its info, verified by sync and health."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.action import Looked
from bot.domain.errors import Forbidden, Rejected, Unavailable
from bot.domain.execution import ExecutionState, Verdict
from bot.domain.proposal import ProposalStep
from bot.remedy.catalog import NotOffered, action
from tests.fakes.delivery_world import APP, DeliveryWorld
from tests.fakes.deployments import Revision
from tests.fakes.remedy_world import make_world

ACT = action("argocd.sync")
WINDOW, LONG = timedelta(seconds=130), timedelta(minutes=11)


def out_of_sync(world: DeliveryWorld, **newest: str) -> ProposalStep:
    """An application without auto-sync at whose source there is a newer commit."""
    if APP not in world.argocd.apps:
        world.argocd.deploy(APP)
        world.argocd.push(APP, **newest)
        world.argocd.compare(APP)
    return world.drafted(world.ask(ACT.spec.id, app=world.argocd.apps[APP]))


def finished(world: DeliveryWorld) -> None:
    """Argo CD's clock is the fake's; ours goes on from there."""
    world.argocd.run(APP)
    world.clock.at = world.argocd.apps[APP].operation.finished_at


def test_the_preview_says_what_is_synced_and_what_is_not() -> None:
    step = out_of_sync(DeliveryWorld())
    assert step.preview.summary.startswith("Sync application shop at ")
    assert any("Auto-sync is off" in each for each in step.preview.warnings)
    assert any("no prune" in each for each in step.preview.warnings)
    assert '"name":"codehealer.io/execution"' in step.preview.request
    assert not step.param("hard_refresh")


def test_an_application_that_is_well_is_not_synced() -> None:
    world = DeliveryWorld()
    world.argocd.deploy(APP)
    found = ACT.draft(world.ask(ACT.spec.id, app=world.argocd.apps[APP]))
    assert isinstance(found, NotOffered)
    assert isinstance(ACT.draft(world.ask(ACT.spec.id, run=world.failed_run())), NotOffered)


def test_one_that_cannot_be_compared_is_refreshed_hard_first() -> None:
    world = DeliveryWorld()
    step = out_of_sync(world, error="deploy.yaml: bad")
    assert step.param("hard_refresh") == "true"
    assert "refresh=hard" in step.preview.request
    world.argocd.commits[APP].append(Revision(sha="a" * 40))
    world.work(step)
    finished(world)
    assert world.verify(WINDOW).verdict is Verdict.PASSED


def test_a_sync_that_helps_is_verified_by_sync_and_health_over_the_window() -> None:
    world = DeliveryWorld()
    world.work(out_of_sync(world))
    assert world.verify().verdict is None
    finished(world)
    early = world.verify()
    assert early.verdict is None
    assert "after it was deployed" in early.checks[-1].observed
    progress = world.verify(WINDOW)
    assert progress.verdict is Verdict.PASSED
    assert all(check.passed for check in progress.checks)


def test_a_sync_that_is_refused_by_the_api_server_fails_with_its_words() -> None:
    world = DeliveryWorld()
    world.work(out_of_sync(world, refusal="spec.replicas: Invalid value"))
    finished(world)
    progress = world.verify()
    assert progress.verdict is Verdict.FAILED
    assert progress.checks[0].observed == "Failed: Deployment shop: spec.replicas: Invalid value"


def test_degraded_after_the_sync_is_a_failure_once_the_window_is_over() -> None:
    world = DeliveryWorld()
    world.work(out_of_sync(world, health="Degraded"))
    finished(world)
    assert world.verify().verdict is None
    assert world.verify(WINDOW).verdict is Verdict.FAILED


def test_what_never_settles_is_inconclusive() -> None:
    world = DeliveryWorld()
    world.work(out_of_sync(world))
    world.argocd.advance(APP)
    world.clock.at = world.argocd.apps[APP].operation.finished_at
    assert world.argocd.apps[APP].health == "Progressing"
    assert world.verify(WINDOW).verdict is None
    assert world.verify(LONG + timedelta(days=1)).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda w: w.argocd.busy(APP), "operation runs"),
        (lambda w: w.argocd.push(APP) and w.argocd.compare(APP), "another revision"),
        (lambda w: w.argocd.denied.add(("sync", APP)), "not permitted"),
        (lambda w: w.argocd.denied.add(("get", APP)), "not permitted"),
        (lambda w: w.argocd.apps.update({APP: replace(w.argocd.apps[APP], uid="other")}), "made anew"),
        (lambda w: w.argocd.apps.update({APP: replace(w.argocd.apps[APP], sources=())}), "source or destination"),
        (lambda w: w.argocd.apps.update({APP: replace(w.argocd.apps[APP], sync="Synced")}), "well by now"),
    ],
)
def test_what_is_not_as_shown_is_not_synced(change, word: str) -> None:
    world = DeliveryWorld()
    step = out_of_sync(world)
    assert ACT.preflight(step, world, "ex_1", dry_run=True).ok
    change(world)
    flight = ACT.preflight(step, world, "ex_1", dry_run=True)
    assert not flight.ok
    assert word in flight.stale


def test_another_operation_that_came_first_refuses_ours_and_changed_nothing() -> None:
    world = DeliveryWorld()
    step = out_of_sync(world)
    real = world.argocd.sync

    def overtaken(wanted):
        world.argocd.busy(APP)
        return real(wanted)

    world.argocd.sync = overtaken
    assert world.work(step).state is ExecutionState.REFUSED


def test_an_operation_of_somebody_elses_since_the_send_hides_whether_ours_was() -> None:
    world = DeliveryWorld()
    step = out_of_sync(world)
    world.argocd.lose_answer(applied=True)
    world.work(step)
    assert world.look() is Looked.APPLIED
    finished(world)
    world.argocd.push(APP)
    world.argocd.busy(APP)
    assert world.look() is Looked.CANNOT_TELL
    assert world.verify(WINDOW).verdict is Verdict.INCONCLUSIVE


def test_the_operation_of_before_is_no_sign_of_ours() -> None:
    world = DeliveryWorld()
    step = out_of_sync(world, refusal="no")
    world.argocd.busy(APP)
    world.argocd.run(APP)
    step = out_of_sync(world)
    world.argocd.lose_answer(applied=False)
    execution = world.work(step)
    assert execution.guard
    assert world.look() is Looked.NOT_APPLIED


def test_a_hard_refresh_that_has_no_answer_sends_nothing() -> None:
    world = DeliveryWorld()
    step = out_of_sync(world, error="deploy.yaml: bad")
    flight = ACT.preflight(step, world, "ex_1", dry_run=True)
    assert flight.ok
    world.argocd.fail("application", Unavailable("503"), times=1)
    with pytest.raises(Rejected, match="nothing was sent"):
        ACT.send(step, make_world().execution(), world)
    assert not world.argocd.syncs


def test_an_outage_is_no_verdict_before_the_deadline() -> None:
    world = DeliveryWorld()
    world.work(out_of_sync(world))
    finished(world)
    world.argocd.fail("application", Forbidden("permission denied"), times=2)
    assert world.verify(WINDOW).verdict is None
    assert world.verify(timedelta(days=1)).verdict is Verdict.INCONCLUSIVE
    assert world.verify(WINDOW).verdict is Verdict.PASSED
