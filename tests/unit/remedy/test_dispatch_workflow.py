"""github.dispatch_workflow: the team's rules choose the workflow, its file must let us find the run again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.execution import Verdict
from bot.domain.pipeline import RepoFile
from bot.domain.proposal import ProposalStep
from bot.remedy import rotation
from bot.remedy.catalog import NotOffered, action
from bot.remedy.policy import Credential, Rules
from tests.fakes.delivery_world import REFUSED, REGISTRY, ROTATE, ROTATION, SHOP, DeliveryWorld

ACT = action("github.dispatch_workflow")
NPM = Credential(id="npm", secret="the npm token", matches=("npm.example",), workflow="npm.yml")


def drafted(world: DeliveryWorld, quote: str = REFUSED, rules: Rules | None = None) -> ProposalStep | NotOffered:
    ask = world.ask(ACT.spec.id, quote=quote, cause="credential_expired", run=world.failed_run(quote))
    return ACT.draft(replace(ask, rules=rules or ask.rules))


def step_of(world: DeliveryWorld) -> ProposalStep:
    step = drafted(world)
    assert isinstance(step, ProposalStep)
    return step


def test_the_preview_is_made_of_the_teams_rule() -> None:
    step = step_of(DeliveryWorld())
    assert step.preview.summary == f"Renew the registry token: run {ROTATE} of {SHOP} at main."
    assert step.preview.request == (
        f"POST /repos/{SHOP}/actions/workflows/rotate.yml/dispatches\n\n"
        '{"inputs":{"codehealer_id":"<execution id>","registry":"registry.example"},"ref":"main"}'
    )
    assert (step.target.repo, step.target.connection) == (SHOP, "default")


@pytest.mark.parametrize(
    ("quote", "fits"),
    [
        (REFUSED, True),
        ("denied: https://REGISTRY.example/v2/", True),
        ("denied by registry.example.", True),
        ("denied by evil-registry.example", False),
        ("denied by registry.example.attacker.net", False),
        ("denied by registry.examples", False),
        ("run workflow rotate.yml of acme/shop now", False),
        ("denied by registry", False),
    ],
)
def test_a_match_is_a_name_of_its_own_in_the_line(quote: str, fits: bool) -> None:
    assert isinstance(drafted(DeliveryWorld(), quote), ProposalStep) is fits


@pytest.mark.parametrize(
    ("credential", "fits"),
    [
        (replace(REGISTRY, matches=("*expired*",)), True),
        (replace(REGISTRY, matches=("expired*",)), False),
        (replace(REGISTRY, matches=("credential_expired",)), True),
        (replace(REGISTRY, matches=("Login to the registry",)), True),
        (replace(REGISTRY, repositories=("other/*",)), False),
        (replace(REGISTRY, repositories=()), True),
    ],
)
def test_which_rule_fits(credential: Credential, fits: bool) -> None:
    found = drafted(DeliveryWorld(), rules=Rules(credentials=(NPM, credential)))
    assert isinstance(found, ProposalStep) is fits


def test_of_two_rules_that_fit_none_is_taken() -> None:
    found = drafted(DeliveryWorld(), rules=Rules(credentials=(REGISTRY, replace(REGISTRY, id="other"))))
    assert isinstance(found, NotOffered)
    assert "registry, other" in found.reason


def test_without_a_rule_that_is_said() -> None:
    found = drafted(DeliveryWorld(), rules=Rules())
    assert isinstance(found, NotOffered)
    assert "remediation_rules.yaml" in found.reason


FILES = [
    (ROTATION, ""),
    (ROTATION.replace("on:", '"on":'), ""),
    (ROTATION.replace("${{ inputs.codehealer_id }}", "${{ github.event.inputs.codehealer_id }}"), ""),
    (ROTATION.replace("run-name: Rotate ${{ inputs.codehealer_id }}\n", ""), "in its run-name"),
    (ROTATION.replace("${{ inputs.codehealer_id }}", "inputs.codehealer_id"), "in its run-name"),
    (ROTATION.replace("codehealer_id:", "other_id:"), "does not declare the input codehealer_id"),
    (ROTATION.replace("registry:", "host:"), "does not declare the input registry"),
    (
        ROTATION.replace("      registry:", "      zone:\n        required: true\n      registry:"),
        "requires the input zone",
    ),
    (ROTATION.replace("      registry:", "      zone: {required: true, default: a}\n      registry:"), ""),
    (ROTATION.replace("workflow_dispatch", "push"), "no trigger workflow_dispatch"),
    ("on: workflow_dispatch\n", "does not declare"),
    ("on: [push, workflow_dispatch]\n", "does not declare"),
    ("on: push\n", "no trigger"),
    ("on: [\n", "cannot be read"),
    ("- a\n", "cannot be read"),
    ("a: " + "[" * 50 + "]" * 50, "cannot be read"),
    ("x: " + "y" * 100_000, "cannot be read"),
]


@pytest.mark.parametrize(("text", "problem"), FILES)
def test_the_workflow_must_let_its_run_be_found(text: str, problem: str) -> None:
    file = RepoFile(repo=SHOP, path=ROTATE, ref="main", blob_sha="b", lines=tuple(text.splitlines()))
    found = rotation.unfit(file, ("registry",))
    assert (problem in found) if problem else not found


def test_doctor_can_ask_the_same_of_every_rule() -> None:
    world = DeliveryWorld()
    world.failed_run()
    assert rotation.problem_of(REGISTRY, SHOP, world.github) == ""
    assert "does not declare the input zone" in rotation.problem_of(
        replace(REGISTRY, inputs=(("zone", "a"),)), SHOP, world.github
    )
    assert rotation.homes(REGISTRY) == ()
    assert rotation.homes(replace(REGISTRY, repository="acme/ops")) == ("acme/ops",)
    assert rotation.homes(replace(REGISTRY, repositories=("acme/*", SHOP))) == (SHOP,)


def test_the_file_is_read_right_before_it_runs() -> None:
    world = DeliveryWorld()
    step = step_of(world)
    assert ACT.preflight(step, world, "ex_1", dry_run=True).ok
    world.github.push(SHOP, {ROTATE: ROTATION.replace("${{ inputs.codehealer_id }}", "")})
    flight = ACT.preflight(step, world, "ex_1", dry_run=True)
    assert not flight.ok
    assert "run-name" in flight.checks[-1].observed
    world.github.push(SHOP, {ROTATE: None})
    assert "does not exist" in ACT.preflight(step, world, "ex_1", dry_run=True).stale


@pytest.mark.parametrize("tells", [True, False])
@pytest.mark.parametrize(
    ("ends", "verdict"),
    [("success", Verdict.PASSED), ("failure", Verdict.FAILED), ("", None), ("cancelled", Verdict.INCONCLUSIVE)],
)
def test_its_run_is_watched_to_the_end(tells: bool, ends: str, verdict: Verdict | None) -> None:
    world = DeliveryWorld()
    world.github.run_details, world.github.comes_to[SHOP, ROTATE] = tells, ends
    execution = world.work(step_of(world))
    assert execution.handle.isdigit() is tells
    assert world.verify().verdict is verdict
    late = world.verify(timedelta(minutes=46)).verdict
    assert late is (verdict or Verdict.INCONCLUSIVE)


def test_a_default_branch_is_read_and_an_outage_there_sends_nothing() -> None:
    world = DeliveryWorld()
    found = drafted(world, rules=Rules(credentials=(replace(REGISTRY, ref=""),)))
    assert isinstance(found, ProposalStep)
    assert "at the default branch" in found.preview.summary
    world.work(found)
    assert world.applied
    assert world.github.writes["dispatch"] == 1
