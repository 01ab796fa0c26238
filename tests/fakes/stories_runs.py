"""The stories of a workflow run: a flaky test, an expired token that is mended in two steps, a failure without a cause."""

from collections.abc import Callable
from dataclasses import replace

from bot.domain.action import Check, DiffLine, Param, Preview, Risk
from bot.domain.alert import Label, Target, TargetKind
from bot.domain.diagnosis import Category, Confidence, Hypothesis
from bot.domain.evidence import (
    Dossier,
    Evidence,
    EvidenceGap,
    EvidenceKind,
    EvidenceRequest,
    Excerpt,
    GapReason,
)
from bot.domain.execution import ExecutionState
from bot.domain.incident import IncidentState
from bot.domain.pipeline import Commit, JobStep, PipelineJob, WorkflowRun
from bot.domain.proposal import ProposalState, ProposalStep
from bot.report.story import Story
from tests.fakes.stories import NOW
from tests.fakes.stories_kinds import (
    AGREE,
    GITHUB,
    LOST,
    NEAR,
    PATTERN,
    SHOP,
    Kind,
    at,
    diagnosed,
    excerpt,
    execution,
    facts,
    looking,
    sign,
)

_S, _I = ProposalState, IncidentState

RUN = WorkflowRun(
    repo=SHOP,
    id="9001",
    number=1042,
    workflow="CI",
    workflow_path=".github/workflows/ci.yml",
    event="push",
    branch="main",
    head_sha="4f2a91c07d1b3f3a8a0d4b9f1c2e3d4f5a6b7c8d",
    status="completed",
    conclusion="failure",
    title="Faster cart totals",
    url=f"{GITHUB}/{SHOP}/actions/runs/9001",
    actor="ben",
)
RUN_TARGET = Target(
    kind=TargetKind.WORKFLOW_RUN, name="CI", repo=SHOP, run_id="9001", branch="main", url=RUN.url, revision=RUN.head_sha
)


def _job(name: str, *, step: str, number: int = 4) -> PipelineJob:
    return PipelineJob(
        id="77",
        name=name,
        status="completed",
        conclusion="failure",
        url=f"{RUN.url}/job/77",
        steps=(JobStep(number=number, name=step, conclusion="failure"),),
    )


def _log(job: PipelineJob, excerpt: Excerpt, begin: int, error: int) -> Evidence:
    step = job.failed_step
    assert step is not None
    return Evidence(
        id="ev_log",
        kind=EvidenceKind.CI_LOG,
        target=RUN_TARGET,
        summary=f"Log of job {job.name}, step {step.name}: {len(excerpt.lines)} of {excerpt.total_lines} lines",
        excerpt=excerpt,
        facts=facts(job=job.name, step=step.name, step_number=str(step.number), step_line=str(begin)),
        url=f"{job.url}#step:{step.number}:{error - begin + 1}",
        collected_at=NOW,
    )


def _run_dossier(job: PipelineJob, *evidence: Evidence, **fields: object) -> Dossier:
    made = Dossier(
        id="do_1",
        incident_id="in_1",
        target=RUN_TARGET,
        evidence=evidence,
        run=RUN,
        jobs=(job,),
        confirmed=True,
        collected_at=NOW,
    )
    return replace(made, **fields)


TEST = _job("test", step="Run the tests")
TEST_LOG = _log(
    TEST,
    excerpt(
        (118, "##[group]Run pytest -q"),
        (402, "FAILED tests/test_cart.py::test_totals_are_stable - AssertionError: assert 3 == 2"),
        (403, "1 failed, 214 passed in 33.10s"),
        (404, "##[error]Process completed with exit code 1."),
        of=410,
    ),
    118,
    404,
)
RUN_STATUS = Evidence(
    id="ev_run",
    kind=EvidenceKind.RUN,
    target=RUN_TARGET,
    summary="CI run #1042: failure",
    excerpt=excerpt((8, "Same commit passed before: run #1041")),
    facts=facts(conclusion="failure", passed_before="true"),
    url=RUN.url,
    collected_at=NOW,
)
RERUN_CHECKS = (
    Check(name="new attempt", expected="a new attempt that CodeHealer began"),
    Check(name="outcome", expected="the new attempt ends with success"),
)


def _rerun(summary: str) -> ProposalStep:
    return ProposalStep(
        action="github.rerun_failed_jobs",
        target=RUN_TARGET,
        params=(Param(name="attempt", value="1"),),
        preview=Preview(
            summary=summary,
            diff=(
                DiffLine(sign=" ", text="attempt 1: failure"),
                DiffLine(sign="+", text="attempt 2: these jobs, and those that depend on them"),
            ),
            request=f"POST /repos/{SHOP}/actions/runs/9001/rerun-failed-jobs",
            warnings=("What the jobs do besides testing, such as publishing or deploying, they do again.",),
        ),
        preconditions=(
            Check(name="still failed", expected="the run is still failed at the attempt that is shown"),
            Check(name="newest run", expected="no newer run of this workflow on this branch"),
        ),
        verification=RERUN_CHECKS,
        compensation="A re-run cannot be taken back; it can be cancelled while it runs.",
    )


FLAKY = Kind(
    name="flaky",
    title="CI on main failed in acme/shop",
    before=replace(RUN_TARGET, revision=""),
    labels=(Label(name="repo", value=SHOP), Label(name="workflow", value="CI"), Label(name="branch", value="main")),
    dossier=_run_dossier(TEST, TEST_LOG, RUN_STATUS, passed_before=(replace(RUN, id="9000", number=1041),)),
    hypotheses=(
        Hypothesis(
            cause_id="flaky_test",
            category=Category.TEST,
            statement="tests/test_cart.py::test_totals_are_stable fails, though the same commit passed before (run #1041): "
            "the test is flaky (job test, step Run the tests).",
            confidence=Confidence(score=0.93, factors=(PATTERN, AGREE, NEAR)),
            supports=(sign(TEST_LOG, 402), sign(RUN_STATUS, 8)),
            remedy="github.rerun_failed_jobs",
        ),
    ),
    steps=(_rerun("Run the failed jobs of CI run 1042 again, as attempt 2; re-run 1 of 2 that the rules allow."),),
    risk=Risk.LOW,
    passed=("attempt 2", "attempt 2 of run 1042 succeeded"),
    failed=("attempt 2", "attempt 2 of run 1042 failed: test (step Run the tests)"),
)

PUBLISH = _job("publish", step="Log in to the registry", number=3)
PUBLISH_LOG = _log(
    PUBLISH,
    excerpt(
        (41, "##[group]Run docker/login-action@v3"),
        (47, "Logging into registry.example.com..."),
        (
            48,
            '##[error]Error response from daemon: Get "https://registry.example.com/v2/": unauthorized: token has expired',
        ),
        of=52,
    ),
    41,
    48,
)
ROTATE = ProposalStep(
    action="github.dispatch_workflow",
    target=Target(kind=TargetKind.REPO, name=f"{SHOP}/.github/workflows/rotate-registry-token.yml", repo=SHOP),
    params=(
        Param(name="workflow", value=".github/workflows/rotate-registry-token.yml"),
        Param(name="ref", value="main"),
        Param(name="secret", value="REGISTRY_TOKEN"),
    ),
    preview=Preview(
        summary=f"Renew REGISTRY_TOKEN: run .github/workflows/rotate-registry-token.yml of {SHOP} at main.",
        request=f"POST /repos/{SHOP}/actions/workflows/rotate-registry-token.yml/dispatches\n\n"
        '{"inputs":{"codehealer_id":"<execution id>"},"ref":"main"}',
        warnings=("Whatever else uses this credential has to take the new one.",),
    ),
    preconditions=(Check(name="rotation workflow", expected="it declares codehealer_id and uses it in its run-name"),),
    verification=(
        Check(name="rotation run", expected="a run whose title holds the execution's id"),
        Check(name="rotation", expected="the run ends with success"),
    ),
    compensation="A rotation cannot be taken back; whether the old credential still works is up to the workflow.",
)
TOKEN = Kind(
    name="token",
    title="CI on main failed in acme/shop",
    before=replace(RUN_TARGET, revision=""),
    dossier=_run_dossier(
        PUBLISH, PUBLISH_LOG, changes=(Commit(sha=RUN.head_sha, author="Ben Osei", message="Faster cart totals"),)
    ),
    hypotheses=(
        Hypothesis(
            cause_id="credential_expired",
            category=Category.AUTH,
            statement="The token that the job uses has expired (job publish, step Log in to the registry).",
            confidence=Confidence(score=0.9, factors=(PATTERN, NEAR)),
            supports=(sign(PUBLISH_LOG, 48),),
            remedy="credential.refresh",
        ),
    ),
    steps=(ROTATE, _rerun("Run the failed jobs of CI run 1042 again, as attempt 2.")),
    passed=("attempt 2", "attempt 2 of run 1042 succeeded"),
    failed=("attempt 2", "attempt 2 of run 1042 failed: publish (step Log in to the registry)"),
)

BUILD = _job("build", step="Compile")
BUILD_LOG = _log(BUILD, excerpt((88, "##[group]Run make"), (131, "make: *** [all] Error 7"), of=140), 88, 131)
UNKNOWN_RUN = Kind(
    name="run_no_cause",
    title="CI on main failed in acme/shop",
    before=replace(RUN_TARGET, revision=""),
    dossier=_run_dossier(
        BUILD,
        BUILD_LOG,
        changes=(
            Commit(
                sha="4f2a91c07d1b",
                author="Ben Osei",
                message="Faster cart totals",
                url=f"{GITHUB}/{SHOP}/commit/4f2a91c07d1b",
            ),
            Commit(
                sha="c0ffee12aa55",
                author="Mara Lind",
                message="Newer compiler in the image (#341)",
                url=f"{GITHUB}/{SHOP}/commit/c0ffee12aa55",
            ),
        ),
    ),
    hypotheses=(),
    gaps=(
        EvidenceGap(
            request=EvidenceRequest(kind=EvidenceKind.CI_LOG, target=RUN_TARGET),
            reason=GapReason.OVER_BUDGET,
            detail="job package failed too; the first 3 were read",
        ),
        EvidenceGap(
            request=EvidenceRequest(kind=EvidenceKind.WORKFLOW_FILE, target=RUN_TARGET), reason=GapReason.FORBIDDEN
        ),
    ),
)

REFUSED_RERUN = {
    "state": ExecutionState.REFUSED,
    "detail": "The run is not as it was shown: it was run again meanwhile.",
}
SPENT = "The run was already run again twice; the rules allow twice (max_reruns)."

RUN_CARDS: dict[str, Callable[[], Story]] = {
    "flaky/looking": lambda: looking(FLAKY),
    "flaky/offered": lambda: at(FLAKY, _S.OFFERED),
    "flaky/suggest": lambda: at(FLAKY, _S.OFFERED, may_act=False),
    "flaky/budget_spent": lambda: diagnosed(FLAKY, not_proposed=SPENT),
    "flaky/observe": lambda: diagnosed(FLAKY, not_proposed="In this channel CodeHealer only observes."),
    "flaky/verifying": lambda: at(FLAKY, _S.VERIFYING),
    "flaky/passed": lambda: at(FLAKY, _S.PASSED),
    "flaky/escalated": lambda: at(FLAKY, _S.ESCALATED),
    "flaky/unknown": lambda: at(FLAKY, _S.UNKNOWN, execution=execution(FLAKY, 0, **LOST)),
    "token/offered": lambda: at(TOKEN, _S.OFFERED),
    "token/approved": lambda: at(TOKEN, _S.APPROVED),
    "token/executing_1": lambda: at(TOKEN, _S.EXECUTING, 0),
    "token/verifying_1": lambda: at(TOKEN, _S.VERIFYING, 0),
    "token/failed_1": lambda: at(TOKEN, _S.ESCALATED, 0),
    "token/between": lambda: at(TOKEN, _S.EXECUTING, 1, execution=execution(TOKEN, 0)),
    "token/executing_2": lambda: at(TOKEN, _S.EXECUTING, 1),
    "token/verifying_2": lambda: at(TOKEN, _S.VERIFYING, 1),
    "token/refused_2": lambda: at(TOKEN, _S.REFUSED, 1, execution=execution(TOKEN, 1, **REFUSED_RERUN)),
    "token/unknown_1": lambda: at(TOKEN, _S.UNKNOWN, 0, execution=execution(TOKEN, 0, **LOST)),
    "token/passed": lambda: at(TOKEN, _S.PASSED),
    "token/escalated": lambda: at(TOKEN, _S.ESCALATED),
    "token/rejected": lambda: at(TOKEN, _S.REJECTED),
    "token/expired": lambda: at(TOKEN, _S.EXPIRED),
    "token/stale": lambda: at(TOKEN, _S.STALE),
    "run/no_cause": lambda: diagnosed(UNKNOWN_RUN, _I.NEEDS_HUMAN),
}
"""Each is `kind/state`; the folder of its golden file is the kind."""
