"""The stories of an application: a manifest mended by a pull request, a sync, a missing image, a workload that it owns."""

from collections.abc import Callable
from dataclasses import replace

from bot.domain.action import Check, DiffLine, Param, Preview, Risk
from bot.domain.alert import Target, TargetKind
from bot.domain.cluster import Workload
from bot.domain.delivery import Application, AppOperation, AppResource
from bot.domain.diagnosis import Category, Confidence, Hypothesis
from bot.domain.evidence import (
    Dossier,
    Evidence,
    EvidenceGap,
    EvidenceKind,
    EvidenceRequest,
    GapReason,
)
from bot.domain.incident import IncidentState
from bot.domain.pipeline import Commit
from bot.domain.proposal import ProposalState, ProposalStep
from bot.report.story import Story
from tests.fakes.stories import APPROVAL, NOW
from tests.fakes.stories_kinds import (
    AGREE,
    ARGOCD,
    DEPLOY,
    GITHUB,
    LOST,
    PATTERN,
    SAYS_SO,
    Kind,
    at,
    diagnosed,
    excerpt,
    execution,
    facts,
    sign,
)

_S, _I = ProposalState, IncidentState

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
APP_TARGET = Target(kind=TargetKind.ARGO_APP, name="payments", namespace="payments", url=APP.url, revision=APP.revision)
REFUSED_BY_API = (
    'Resource Deployment payments/payments: SyncFailed: Deployment in version "v1" cannot be handled as a Deployment: json: '
    "cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32"
)
APP_STATUS = Evidence(
    id="ev_app",
    kind=EvidenceKind.APP_STATUS,
    target=APP_TARGET,
    summary="Application payments: OutOfSync, Healthy, last sync Failed",
    excerpt=excerpt((11, REFUSED_BY_API)),
    url=APP.url,
    collected_at=NOW,
)
SOURCE = Evidence(
    id="ev_source",
    kind=EvidenceKind.SOURCE,
    target=APP_TARGET,
    summary="payments/deploy.yaml at 893a2b6, line 6 (changed)",
    excerpt=excerpt((6, '  replicas: "three"')),
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
            supports=(sign(APP_STATUS, 11), sign(SOURCE, 6)),
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
            supports=(sign(APP_STATUS, 11),),
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
    excerpt=excerpt((1, f"Pod catalog/catalog-5c99ff78bb-dmcj9: Degraded: {BACK_OFF}")),
    facts=facts(pod="catalog-5c99ff78bb-dmcj9", kind="Deployment", workload="catalog"),
    url=CATALOG.url,
    collected_at=NOW,
)
CATALOG_POD = Evidence(
    id="ev_pod",
    kind=EvidenceKind.EVENTS,
    target=replace(CATALOG_TARGET, kind=TargetKind.POD, name="catalog-5c99ff78bb-dmcj9", url=""),
    summary="5 events of catalog-5c99ff78bb-dmcj9, warnings: Failed",
    excerpt=excerpt((2, f"Warning Failed x6 {BACK_OFF}")),
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
                sign(TREE, 1, image="registry.example.com/shop/catalog:4.18.0"),
                sign(CATALOG_POD, 2, image="registry.example.com/shop/catalog:4.18.0"),
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


APP_CARDS: dict[str, Callable[[], Story]] = {
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
    "image/handing_over": lambda: at(IMAGE, _S.VERIFYING),
    "image/handed_over": lambda: at(IMAGE, _S.PASSED, state=_I.NEEDS_HUMAN),
    "image/not_configured": lambda: diagnosed(NOT_CONFIGURED, _I.NEEDS_HUMAN),
    "image/out_of_scope": lambda: diagnosed(OUT_OF_SCOPE, _I.NEEDS_HUMAN),
}
"""Each is `kind/state`; the folder of its golden file is the kind."""
