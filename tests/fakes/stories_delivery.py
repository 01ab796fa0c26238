"""The stories of runs and applications: a flaky test, an expired token in two steps, a manifest, an image, a sync.

Each `Kind` is one failure with its fix; `at` gives its story with the fix in that state.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from bot.domain.action import Check, DiffLine, Param, Preview, Risk
from bot.domain.alert import Alert, AlertStatus, Label, Post, Target, TargetKind
from bot.domain.cluster import Workload
from bot.domain.delivery import Application, AppOperation, AppResource
from bot.domain.diagnosis import Category, Citation, Confidence, Diagnosis, Factor, Group, Hypothesis, Symptom
from bot.domain.evidence import (
    Dossier,
    Evidence,
    EvidenceGap,
    EvidenceKind,
    EvidenceRequest,
    Excerpt,
    Fact,
    GapReason,
    Line,
)
from bot.domain.execution import Execution, ExecutionState, Verdict, Verification
from bot.domain.incident import Incident, IncidentState
from bot.domain.pipeline import Commit, JobStep, PipelineJob, WorkflowRun
from bot.domain.proposal import Proposal, ProposalState, ProposalStep
from bot.report.story import Story
from tests.fakes.stories import APPROVAL, INCIDENT, NOW, REF, REJECTION

GITHUB, ARGOCD = "https://github.example.com", "https://argocd.example.com"
SHOP, DEPLOY = "acme/shop", "acme/deploy"


@dataclass(frozen=True)
class Kind:
    """One failure: what is known of it, the fix, and what its checks show when it helps and when it does not."""

    name: str
    title: str
    before: Target
    dossier: Dossier
    hypotheses: tuple[Hypothesis, ...]
    source: str = "github"
    labels: tuple[Label, ...] = ()
    steps: tuple[ProposalStep, ...] = ()
    risk: Risk = Risk.MEDIUM
    passed: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    handle: str = ""
    gaps: tuple[EvidenceGap, ...] = field(default=())

    @property
    def alert(self) -> Alert:
        at = NOW - timedelta(minutes=4)
        return Alert(
            id="al_1",
            source=self.source,
            platform="github_actions" if self.source == "github" else "argocd",
            status=AlertStatus.FIRING,
            title=self.title,
            target=self.before,
            labels=self.labels,
            fingerprint="f1",
            raised_at=at,
            post=Post(ref=REF, posted_at=at, is_bot=True),
            incident_id="in_1",
        )

    @property
    def incident(self) -> Incident:
        return replace(INCIDENT, title=self.title, target=self.before)

    @property
    def diagnosis(self) -> Diagnosis:
        said = self.hypotheses[0].statement if self.hypotheses else NOTHING_FOUND
        return Diagnosis(
            id="dg_1", incident_id="in_1", hypotheses=self.hypotheses, gaps=self.gaps, summary=said, made_at=NOW
        )

    @property
    def proposal(self) -> Proposal:
        return Proposal(
            id="pr_1",
            incident_id="in_1",
            diagnosis_id="dg_1",
            steps=self.steps,
            reason="It fits.",
            risk=self.risk,
            offered_at=NOW,
            expires_at=NOW + timedelta(hours=1),
        )


NOTHING_FOUND = "No cause found: none of the known failure patterns carries the cause in the 214 lines read."
_S, _I = ProposalState, IncidentState


def looking(kind: Kind, **fields: object) -> Story:
    return replace(Story(incident=kind.incident, alert=kind.alert), **fields)


def diagnosed(kind: Kind, state: IncidentState = _I.DIAGNOSED, not_proposed: str = "", **fields: object) -> Story:
    incident = replace(
        kind.incident, state=state, target=kind.dossier.target, diagnosis_id="dg_1", not_proposed=not_proposed
    )
    story = Story(
        incident=incident, alert=kind.alert, dossier=kind.dossier, diagnosis=kind.diagnosis, anyone_approves=True
    )
    return replace(story, **fields)


def execution(kind: Kind, step: int, **fields: object) -> Execution:
    at = NOW + timedelta(minutes=2 + step)
    made = Execution(
        id=f"ex_{step + 1}",
        incident_id="in_1",
        proposal_id="pr_1",
        step=step,
        action=kind.steps[step].action,
        target=kind.steps[step].target,
        idempotency_key=f"pr_1:{step}",
        state=ExecutionState.APPLIED,
        handle=kind.handle,
        intended_at=at,
        changed_at=at,
    )
    return replace(made, **fields)


def verification(kind: Kind, step: int, verdict: Verdict) -> Verification:
    said = {Verdict.PASSED: kind.passed, Verdict.FAILED: kind.failed, Verdict.INCONCLUSIVE: ()}[verdict]
    checks = kind.steps[step].verification
    seen = [
        replace(check, observed=each, passed=verdict is Verdict.PASSED or at + 1 < len(said))
        for at, (check, each) in enumerate(zip(checks, said, strict=False))
    ]
    return Verification(
        id="vf_1",
        incident_id="in_1",
        execution_id=f"ex_{step + 1}",
        verdict=verdict,
        checks=(*seen, *checks[len(seen) :]),
        at=NOW + timedelta(minutes=6),
    )


def at(kind: Kind, state: ProposalState, step: int | None = None, **fields: object) -> Story:
    """The story with the kind's fix in that state, at its last step unless told; `fields` are laid over it."""
    step = len(kind.steps) - 1 if step is None else step
    unapproved = {_S.OFFERED, _S.EXPIRED, _S.STALE}
    ran = state not in {*unapproved, _S.APPROVED, _S.REJECTED}
    person = {_S.REFUSED, _S.UNKNOWN, _S.FAILED, _S.ESCALATED, _S.INCONCLUSIVE}
    verdict = {_S.PASSED: Verdict.PASSED, _S.INCONCLUSIVE: Verdict.INCONCLUSIVE}.get(state, Verdict.FAILED)
    judged = state in {_S.PASSED, _S.FAILED, _S.ESCALATED, _S.INCONCLUSIVE}
    incident = _I.RESOLVED if state is _S.PASSED else _I.NEEDS_HUMAN if state in person else _I.DIAGNOSED
    made: dict[str, object] = {
        "state": incident,
        "proposal": replace(kind.proposal, state=state, step=step if ran else 0),
        "approval": None if state in unapproved else REJECTION if state is _S.REJECTED else APPROVAL,
        "execution": execution(kind, step) if ran else None,
        "verification": verification(kind, step, verdict) if judged else None,
    }
    return diagnosed(kind, **{**made, **fields})


def _excerpt(*lines: tuple[int, str], of: int = 0) -> Excerpt:
    kept = tuple(Line(number=number, text=text) for number, text in lines)
    return Excerpt(lines=kept, total_lines=of or lines[-1][0], truncated=of > len(lines))


def _facts(**said: str) -> tuple[Fact, ...]:
    return tuple(Fact(name=name, value=text) for name, text in said.items())


def _sign(evidence: Evidence, line: int, **groups: str) -> Symptom:
    quote = evidence.excerpt.text_of(line)
    assert quote is not None
    cited = Citation(evidence_id=evidence.id, line_from=line, line_to=line, quote=quote)
    return Symptom(
        pattern_id="p",
        statement="",
        citation=cited,
        groups=tuple(Group(name=name, value=text) for name, text in groups.items()),
    )


PATTERN = Factor(name="pattern", weight=2.0, reason="the quoted line is a known sign of this cause (ci.some.pattern)")
AGREE = Factor(name="agreement", weight=0.6, reason="independent sources agree: log, run")
NEAR = Factor(name="place", weight=0.5, reason="it stands 2 lines before the failure was declared")
SAYS_SO = Factor(name="source", weight=0.8, reason="the platform itself says so in its app_status")


# --- workflow runs

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
        facts=_facts(job=job.name, step=step.name, step_number=str(step.number), step_line=str(begin)),
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
    _excerpt(
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
    excerpt=_excerpt((8, "Same commit passed before: run #1041")),
    facts=_facts(conclusion="failure", passed_before="true"),
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
            supports=(_sign(TEST_LOG, 402), _sign(RUN_STATUS, 8)),
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
    _excerpt(
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
    preconditions=(
        Check(name="rotation workflow", expected="it declares codehealer_id and uses it in its run-name"),
    ),
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
            supports=(_sign(PUBLISH_LOG, 48),),
            remedy="credential.refresh",
        ),
    ),
    steps=(ROTATE, _rerun("Run the failed jobs of CI run 1042 again, as attempt 2.")),
    passed=("attempt 2", "attempt 2 of run 1042 succeeded"),
    failed=("attempt 2", "attempt 2 of run 1042 failed: publish (step Log in to the registry)"),
)

BUILD = _job("build", step="Compile")
BUILD_LOG = _log(BUILD, _excerpt((88, "##[group]Run make"), (131, "make: *** [all] Error 7"), of=140), 88, 131)
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

# --- applications

APP = Application(
    name="payments",
    url=f"{ARGOCD}/applications/argocd/payments",
    sync="OutOfSync",
    revision="893a2b6d0c3e1f4a5b6c7d8e9f0a1b2c3d4e5f60",
    health="Healthy",
    automated=True,
    destination_namespace="payments",
    operation=AppOperation(
        phase="Failed",
        results=(
            AppResource(
                group="apps",
                kind="Deployment",
                namespace="payments",
                name="payments",
                result="SyncFailed",
                message="replicas: expected integer",
            ),
        ),
    ),
    resources=(
        AppResource(group="apps", kind="Deployment", namespace="payments", name="payments", sync="OutOfSync"),
        AppResource(group="", kind="Service", namespace="payments", name="payments", sync="Synced"),
    ),
)
APP_TARGET = Target(
    kind=TargetKind.ARGO_APP, name="payments", namespace="payments", url=APP.url, revision=APP.revision
)
REFUSED_BY_API = (
    'Resource Deployment payments/payments: SyncFailed: Deployment in version "v1" cannot be handled as a Deployment: json: '
    "cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32"
)
APP_STATUS = Evidence(
    id="ev_app",
    kind=EvidenceKind.APP_STATUS,
    target=APP_TARGET,
    summary="Application payments: OutOfSync, Healthy, last sync Failed",
    excerpt=_excerpt((11, REFUSED_BY_API)),
    url=APP.url,
    collected_at=NOW,
)
SOURCE = Evidence(
    id="ev_source",
    kind=EvidenceKind.SOURCE,
    target=APP_TARGET,
    summary="payments/deploy.yaml at 893a2b6, line 6 (changed)",
    excerpt=_excerpt((6, '  replicas: "three"')),
    url=f"{GITHUB}/{DEPLOY}/blob/893a2b6d/payments/deploy.yaml#L6",
    collected_at=NOW,
)
SCALED = Commit(
    sha="893a2b6d0c3e", author="Ben Osei", message="Scale payments up", url=f"{GITHUB}/{DEPLOY}/commit/893a2b6d0c3e"
)
APP_DOSSIER = Dossier(
    id="do_1",
    incident_id="in_1",
    target=APP_TARGET,
    evidence=(APP_STATUS, SOURCE),
    app=APP,
    changes=(SCALED,),
    confirmed=True,
    collected_at=NOW,
)
AFTER_MERGE = (
    Check(name="merged", expected="a person merges the pull request"),
    Check(name="sync", expected="the application is Synced"),
    Check(name="health", expected="the application is Healthy 120 s after it was deployed"),
)
MANIFEST = Kind(
    name="manifest",
    title="Application payments sync is 'Failed'",
    source="argocd",
    before=Target(kind=TargetKind.ARGO_APP, name="payments"),
    dossier=APP_DOSSIER,
    hypotheses=(
        Hypothesis(
            cause_id="manifest_invalid",
            category=Category.CONFIG,
            statement="The API refuses an object: a value is not valid.",
            confidence=Confidence(score=0.91, factors=(PATTERN, SAYS_SO)),
            supports=(_sign(APP_STATUS, 11), _sign(SOURCE, 6)),
            remedy="github.open_fix_pr",
        ),
    ),
    steps=(
        ProposalStep(
            action="github.open_fix_pr",
            target=Target(kind=TargetKind.REPO, name=f"{DEPLOY}/payments/deploy.yaml", repo=DEPLOY),
            params=(Param(name="title", value="Restore payments/deploy.yaml"), Param(name="app", value="payments")),
            preview=Preview(
                summary=f"Restore payments/deploy.yaml (line 6) by a pull request into main of {DEPLOY}. The lines are put back "
                "as they were at ee32a5ce, the last revision that worked.",
                diff=(
                    DiffLine(sign=" ", text="payments/deploy.yaml"),
                    DiffLine(sign="-", text='    6   replicas: "three"'),
                    DiffLine(sign="+", text="    6   replicas: 2"),
                ),
                request="New branch codehealer/<execution id> of acme/deploy from main, one commit, and a pull request",
                warnings=("Nothing changes before a person has reviewed and merged it.",),
            ),
            preconditions=(Check(name="file unchanged", expected="the file stands on that branch as it was shown"),),
            verification=AFTER_MERGE,
            verify_after=120,
            compensation="Close the pull request and delete its branch; once merged, revert the merge.",
        ),
    ),
    passed=("pull request 7 as 989f10fb", "Synced at 989f10fb", "Healthy"),
    failed=("pull request 7 as 989f10fb", "sync failed: memory request must be less than or equal to memory limit"),
    handle=f"{GITHUB}/{DEPLOY}/pull/7",
)
SYNC = replace(
    MANIFEST,
    name="sync",
    dossier=replace(APP_DOSSIER, evidence=(APP_STATUS,), changes=()),
    hypotheses=(
        Hypothesis(
            cause_id="sync_interrupted",
            category=Category.NETWORK,
            statement="The sync was interrupted by something that passes: the manifests themselves were not refused.",
            confidence=Confidence(score=0.85, factors=(PATTERN, SAYS_SO)),
            supports=(_sign(APP_STATUS, 11),),
            remedy="argocd.sync",
        ),
    ),
    steps=(
        ProposalStep(
            action="argocd.sync",
            target=APP_TARGET,
            preview=Preview(
                summary="Sync application payments at 893a2b6d: Argo CD applies what the source says to the cluster.",
                request="POST /api/v1/applications/payments/sync",
            ),
            verification=(Check(name="operation", expected="the operation that CodeHealer began succeeds"),),
            verify_after=120,
            compensation="Sync the application back to the revision it had before, or revert the change in its source.",
        ),
    ),
    passed=("successfully synced (all tasks run)",),
    failed=("failed: admission webhook denied the request",),
    handle="operation with codehealer.io/execution ex_1",
)
CATALOG = replace(
    APP,
    name="catalog",
    url=f"{ARGOCD}/applications/argocd/catalog",
    sync="Synced",
    health="Degraded",
    destination_namespace="catalog",
    operation=AppOperation(phase="Succeeded"),
    resources=(AppResource(group="apps", kind="Deployment", namespace="catalog", name="catalog", health="Degraded"),),
)
CATALOG_TARGET = replace(APP_TARGET, name="catalog", namespace="catalog", url=CATALOG.url)
BACK_OFF = 'Back-off pulling image "registry.example.com/shop/catalog:4.18.0": ErrImagePull: rpc error: code = NotFound'
TREE = Evidence(
    id="ev_tree",
    kind=EvidenceKind.RESOURCES,
    target=CATALOG_TARGET,
    summary="Resources of catalog: Pod catalog-5c99ff78bb-dmcj9 is Degraded",
    excerpt=_excerpt((1, f"Pod catalog/catalog-5c99ff78bb-dmcj9: Degraded: {BACK_OFF}")),
    facts=_facts(pod="catalog-5c99ff78bb-dmcj9", kind="Deployment", workload="catalog"),
    url=CATALOG.url,
    collected_at=NOW,
)
CATALOG_POD = Evidence(
    id="ev_pod",
    kind=EvidenceKind.EVENTS,
    target=replace(CATALOG_TARGET, kind=TargetKind.POD, name="catalog-5c99ff78bb-dmcj9", url=""),
    summary="5 events of catalog-5c99ff78bb-dmcj9, warnings: Failed",
    excerpt=_excerpt((2, f"Warning Failed x6 {BACK_OFF}")),
    collected_at=NOW,
)
IMAGE = Kind(
    name="image",
    title="Application catalog has degraded.",
    source="argocd",
    before=Target(kind=TargetKind.ARGO_APP, name="catalog"),
    dossier=Dossier(
        id="do_1",
        incident_id="in_1",
        target=CATALOG_TARGET,
        evidence=(TREE, CATALOG_POD),
        app=CATALOG,
        changes=(
            Commit(
                sha="0d7e44b19c2f",
                author="Ben Osei",
                message="More replicas",
                url=f"{GITHUB}/{DEPLOY}/commit/0d7e44b19c2f",
            ),
            Commit(
                sha="5f2c1abd4e3f",
                author="Samira Haddad",
                message="catalog 4.18.0 (#206)",
                url=f"{GITHUB}/{DEPLOY}/commit/5f2c1abd4e3f",
            ),
        ),
        confirmed=True,
        collected_at=NOW,
    ),
    hypotheses=(
        Hypothesis(
            cause_id="image_not_found",
            category=Category.CONFIG,
            statement="The image registry.example.com/shop/catalog:4.18.0 does not exist in its registry under that tag.",
            confidence=Confidence(
                score=0.92,
                factors=(PATTERN, SAYS_SO, replace(AGREE, reason="independent sources agree: events, status")),
            ),
            supports=(
                _sign(TREE, 1, image="registry.example.com/shop/catalog:4.18.0"),
                _sign(CATALOG_POD, 2, image="registry.example.com/shop/catalog:4.18.0"),
            ),
            remedy="escalate",
        ),
    ),
    gaps=(
        EvidenceGap(
            request=EvidenceRequest(kind=EvidenceKind.LOG, target=CATALOG_TARGET),
            reason=GapReason.EMPTY,
            detail="its container has not started",
        ),
    ),
    steps=(
        ProposalStep(
            action="escalate",
            target=CATALOG_TARGET,
            preview=Preview(
                summary="Hand this incident to people: a note in the thread says what is known and what was tried.",
                request="Nothing is sent to any platform.",
            ),
            verification=(
                Check(
                    name="said in the thread",
                    expected="a note in the alert's thread names what is known and what was tried",
                ),
            ),
        ),
    ),
    risk=Risk.READ_ONLY,
    passed=("written",),
)
NOT_CONFIGURED = replace(
    IMAGE,
    name="not_configured",
    dossier=replace(IMAGE.dossier, target=IMAGE.before, evidence=(), app=None, changes=(), confirmed=False),
    hypotheses=(),
    gaps=tuple(
        EvidenceGap(
            request=EvidenceRequest(kind=kind, target=CATALOG_TARGET),
            reason=GapReason.NOT_CONFIGURED,
            detail="set ARGOCD_SERVER and ARGOCD_AUTH_TOKEN",
        )
        for kind in (EvidenceKind.APP_STATUS, EvidenceKind.RESOURCES, EvidenceKind.EVENTS, EvidenceKind.LOG)
    ),
)
OUT_OF_SCOPE = replace(
    NOT_CONFIGURED,
    name="out_of_scope",
    gaps=tuple(
        replace(gap, reason=GapReason.OUT_OF_SCOPE, detail="application catalog") for gap in NOT_CONFIGURED.gaps
    ),
)
OWNER = Workload(
    namespace="payments",
    kind="Deployment",
    name="payments",
    uid="u-1",
    generation=7,
    resource_version="70",
    managed_by="argocd",
    manager="payments",
)


def _owned(**fields: object) -> Story:
    """A Deployment that an application owns: the raise of its limit is offered in its source."""
    target = Target(kind=TargetKind.WORKLOAD, workload_kind="Deployment", namespace="payments", name="payments")
    dossier = replace(MANIFEST.dossier, target=target, workload=OWNER)
    return at(MANIFEST, _S.OFFERED, **{"dossier": dossier, **fields})


REFUSED_RERUN = {"state": ExecutionState.REFUSED, "detail": "The run is not as it was shown: it was run again meanwhile."}
LOST = {"state": ExecutionState.UNKNOWN, "detail": "the platform could not be asked (connection reset by peer)"}
SPENT = "The run was already run again twice; the rules allow twice (max_reruns)."

DELIVERY_CARDS: dict[str, Callable[[], Story]] = {
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
    "manifest/offered": lambda: at(MANIFEST, _S.OFFERED),
    "manifest/suggest": lambda: at(MANIFEST, _S.OFFERED, may_act=False),
    "manifest/waiting": lambda: at(MANIFEST, _S.WAITING_FOR_CHANGE),
    "manifest/waiting_manual": lambda: at(
        MANIFEST, _S.WAITING_FOR_CHANGE, dossier=replace(APP_DOSSIER, app=replace(APP, automated=False))
    ),
    "manifest/not_merged": lambda: at(
        MANIFEST, _S.EXPIRED, execution=execution(MANIFEST, 0), state=_I.NEEDS_HUMAN, approval=APPROVAL
    ),
    "manifest/verifying": lambda: at(MANIFEST, _S.VERIFYING),
    "manifest/passed": lambda: at(MANIFEST, _S.PASSED),
    "manifest/escalated": lambda: at(MANIFEST, _S.ESCALATED),
    "sync/offered": lambda: at(SYNC, _S.OFFERED),
    "sync/passed": lambda: at(SYNC, _S.PASSED),
    "sync/inconclusive": lambda: at(SYNC, _S.INCONCLUSIVE),
    "sync/unknown": lambda: at(SYNC, _S.UNKNOWN, execution=execution(SYNC, 0, **LOST)),
    "owned/offered": _owned,
    "image/offered": lambda: at(IMAGE, _S.OFFERED),
    "image/handed_over": lambda: at(IMAGE, _S.PASSED, state=_I.NEEDS_HUMAN),
    "image/not_configured": lambda: diagnosed(NOT_CONFIGURED, _I.NEEDS_HUMAN),
    "image/out_of_scope": lambda: diagnosed(OUT_OF_SCOPE, _I.NEEDS_HUMAN),
}
"""Each is `kind/state`; the folder of its golden file is the kind."""
