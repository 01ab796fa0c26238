"""Remedies of more than one action, their alternatives, and what a channel may act on."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.action import Risk
from bot.domain.alert import Target, TargetKind
from bot.domain.execution import Execution, ExecutionState, Verdict, Verification
from bot.domain.proposal import Proposal
from bot.domain.scope import Reach
from bot.remedy.catalog import Ask
from bot.remedy.policy import ActionRule, Rules
from bot.remedy.propose import NoProposal, propose
from tests.fakes.delivery_world import APP, DEPLOY, GOOD, MANIFEST, REFUSED, REGISTRY, SHOP, DeliveryWorld
from tests.fakes.remedy_world import NOW, make_world

ROTATION = ["github.dispatch_workflow", "github.rerun_failed_jobs"]


def made(ask: Ask) -> Proposal | NoProposal:
    return propose(ask, id="pr_1", now=NOW, ttl=timedelta(hours=1))


def reason(ask: Ask) -> str:
    found = made(ask)
    assert isinstance(found, NoProposal), found
    return found.reason


def credential_ask(**run: object) -> Ask:
    world = DeliveryWorld()
    failed = replace(world.failed_run(REFUSED), **run)
    return world.ask("credential.refresh", quote=REFUSED, cause="credential_expired", run=failed)


def earlier(ask: Ask, step: int, verdict: Verdict = Verdict.FAILED) -> Ask:
    """The plan's step was run hours ago, with this verdict."""
    found = made(ask)
    assert isinstance(found, Proposal)
    tried = found.steps[-1]
    execution = Execution(
        id="ex_0",
        incident_id="in_1",
        proposal_id="pr_0",
        step=step,
        action=tried.action,
        target=tried.target,
        idempotency_key="pr_0:0",
        state=ExecutionState.APPLIED,
        intended_at=NOW - timedelta(hours=5),
        changed_at=NOW - timedelta(hours=5),
    )
    seen = Verification(id="vf_0", incident_id="in_1", execution_id="ex_0", verdict=verdict, at=NOW)
    return replace(ask, executions=(execution,), verifications=(seen,))


def test_a_rotation_and_the_re_run_are_one_proposal_as_risky_as_the_riskier() -> None:
    found = made(credential_ask())
    assert isinstance(found, Proposal)
    assert [step.action for step in found.steps] == ROTATION
    assert found.risk is Risk.MEDIUM
    assert found.reason.startswith("Renew the registry token: run ")
    assert " Then: Run the failed jobs of CI run 1 again" in found.reason


def test_the_digest_covers_both_steps() -> None:
    found = made(credential_ask())
    assert isinstance(found, Proposal)
    other = replace(found, steps=(found.steps[0], replace(found.steps[1], params=())))
    assert found.digest != other.digest


def test_all_steps_or_none() -> None:
    assert "No rotation workflow is named" in reason(replace(credential_ask(), rules=Rules()))
    assert "50 attempts" in reason(credential_ask(attempt=50))
    off = Rules(credentials=(REGISTRY,), actions=(ActionRule(id="github.rerun_failed_jobs", enabled=False),))
    assert '"Re-run the failed jobs" is switched off' in reason(replace(credential_ask(), rules=off))


def test_a_re_run_that_did_not_help_by_itself_may_follow_a_rotation() -> None:
    assert isinstance(made(earlier(credential_ask(), step=0)), Proposal)
    assert "was already tried" in reason(earlier(credential_ask(), step=1))


def test_a_re_run_that_failed_is_not_offered_for_that_run_again_but_for_the_next() -> None:
    world = DeliveryWorld()
    ask = world.ask("github.rerun_failed_jobs", run=world.failed_run())
    spent = earlier(ask, step=0)
    assert "was already tried" in reason(spent)
    other = replace(spent.dossier, run=world.failed_run())
    assert isinstance(made(replace(spent, dossier=other)), Proposal)


def managed_ask(second: bool = True) -> Ask:
    world = DeliveryWorld()
    _, sha = world.broken_app(GOOD + "# seen\n")
    cluster = make_world()
    cluster.change(managed_by="argocd", manager=APP)
    ask = cluster.ask("kubernetes.set_resources")
    file = replace(world.github.file(DEPLOY, MANIFEST, sha), ref=sha)
    workload = replace(ask.dossier.workload, name=APP)
    more = {"app": world.argocd.apps[APP], "files": (file,)} if second else {}
    return replace(ask, dossier=replace(ask.dossier, workload=workload, **more))


def test_a_workload_that_argo_cd_owns_gets_the_change_in_its_source() -> None:
    found = made(managed_ask())
    assert isinstance(found, Proposal)
    assert [step.action for step in found.steps] == ["github.open_fix_pr"]
    assert "Raise the memory limit in shop/deploy.yaml" in found.reason


def test_where_the_source_is_not_known_the_first_reason_is_given() -> None:
    assert reason(managed_ask(second=False)).startswith("Argo CD application shop manages this Deployment")


def test_a_first_way_that_is_switched_off_leaves_the_second() -> None:
    rules = Rules(actions=(ActionRule(id="kubernetes.set_resources", enabled=False),))
    assert isinstance(made(replace(managed_ask(), rules=rules)), Proposal)
    both = replace(rules, actions=(*rules.actions, ActionRule(id="github.open_fix_pr", enabled=False)))
    assert "switched off" in reason(replace(managed_ask(), rules=both))


def test_what_the_channel_may_not_act_on_is_not_proposed() -> None:
    ask = credential_ask()
    assert isinstance(made(replace(ask, refuses=Reach(repositories=("acme/*",)).refuses)), Proposal)
    said = reason(replace(ask, refuses=Reach(repositories=("acme/other",)).refuses))
    assert said == f"No fix is proposed here: repository {SHOP} is outside this channel's scope."


def test_the_file_and_what_it_heals_both_have_to_lie_within() -> None:
    world = DeliveryWorld()
    ask = world.app_ask(*world.broken_app(GOOD.replace("replicas: 3", 'replicas: "3"')))
    assert isinstance(made(replace(ask, refuses=Reach(applications=(APP,), repositories=(DEPLOY,)).refuses)), Proposal)
    assert "application shop" in reason(replace(ask, refuses=Reach(applications=("other",)).refuses))
    assert f"repository {DEPLOY}" in reason(replace(ask, refuses=Reach(repositories=("other/*",)).refuses))


def test_an_escalation_is_within_every_scope() -> None:
    ask = replace(make_world().ask("escalate"), refuses=lambda _: "everything is outside")
    assert isinstance(made(ask), Proposal)


def test_an_application_at_another_revision_is_another_problem() -> None:
    world = DeliveryWorld()
    first, second = world.broken_app(GOOD.replace("replicas: 3", 'replicas: "3"'))
    ask = world.app_ask(first, second)
    spent = earlier(ask, step=0)
    assert "was already tried" in reason(spent)
    files = (replace(ask.dossier.files[0], ref="c" * 40), ask.dossier.files[1])
    assert isinstance(made(replace(spent, dossier=replace(ask.dossier, files=files))), Proposal)
    assert Target(kind=TargetKind.REPO) != spent.dossier.target
