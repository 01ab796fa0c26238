"""From what GitHub and Argo CD say, through the gathering, to the cause and its remedy: the whole of it on fakes."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.diagnosis.diagnose import diagnose
from bot.domain.alert import Target, TargetKind
from bot.domain.cluster import ClusterEvent
from bot.domain.diagnosis import Band, Category, Diagnosis
from bot.domain.evidence import Dossier
from bot.domain.pipeline import Annotation
from tests.fakes.cluster import FakePlatforms
from tests.fakes.deployments import FakeDeployments
from tests.fakes.gathering import gathered_from
from tests.fakes.pipelines import FakeJob, FakePipelines

AT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
REPO = "acme/shop"
HEAD = ("Current runner version: '2.320.0'", "##[group]Run make", "make", "shell: bash", "##[endgroup]")
END = "##[error]Process completed with exit code 1."
RUN = Target(kind=TargetKind.WORKFLOW_RUN, name="CI", repo=REPO, branch="main")
APP = Target(kind=TargetKind.ARGO_APP, name="shop")


@pytest.fixture
def made(matcher, calibration):
    def make(dossier: Dossier) -> Diagnosis:
        return diagnose(dossier, matcher, id="dg_1", now=AT, calibration=calibration)

    return make


def failed(*log: str, passed_before: bool = False, annotations: tuple[Annotation, ...] = ()) -> Dossier:
    github = FakePipelines()
    github.add_repo(REPO, {".github/workflows/ci.yml": "name: CI\n"})
    if passed_before:
        github.add_run(REPO, [FakeJob(name="build")])
    job = FakeJob(
        name="build",
        conclusion="failure",
        steps=("Set up job", "Log in"),
        log=(*HEAD, *log, END),
        annotations=annotations,
    )
    github.add_run(REPO, [job])
    return gathered_from(FakePlatforms(githubs={"default": github}), RUN, text="CI failed on main")


@pytest.mark.parametrize(
    "line",
    [
        'Error response from daemon: Get "https://registry.example.com/v2/": unauthorized: incorrect username or password',
        'Error response from daemon: Get "https://r.example/v2/": unauthorized: authentication required: token for ci expired',
        "npm error code E401",
        "npm error 401 Unauthorized - PUT https://registry.npmjs.org/@acme%2fui",
        "An error occurred (ExpiredToken) when calling the PutObject operation: The provided token has expired.",
        "An error occurred (ExpiredTokenException) when calling GetAuthorizationToken: the security token is expired",
        "ERROR: AADSTS7000222: The provided client secret keys for app are expired.",
        "ERROR: (gcloud.storage.cp) Reauthentication is needed. Please run gcloud auth login",
        "fatal: Authentication failed for 'https://git.example.com/a/b/'",
        "error: failed to push: 401 Unauthorized from https://ghcr.io/v2/acme/shop",
        "The token has expired. Log in again.",
    ],
)
@pytest.mark.parametrize("passed_before", [False, True])
def test_a_credential_that_is_refused_is_refreshed(made, line: str, passed_before: bool) -> None:
    best = made(failed("Logging in", line, passed_before=passed_before)).best
    assert (best.cause_id, best.category, best.remedy) == ("credential_expired", Category.AUTH, "credential.refresh")
    assert best.statement.endswith("(job build, step Log in).")
    assert best.confidence.band is Band.HIGH
    assert line in best.supports[0].citation.quote


@pytest.mark.parametrize(
    "line",
    [
        "  ✓ logs out when the token has expired (12 ms)",
        "AssertionError: expected 'token has expired' to equal 'ok'",
        "warning: the deploy token will expire in 3 days",
        "x509: certificate has expired or is not yet valid",
        "denied: permission_denied: write_package",
        "HttpError: Resource not accessible by integration",
    ],
)
def test_what_only_sounds_like_it_is_not(made, line: str) -> None:
    best = made(failed(line)).best
    assert best is None or best.remedy != "credential.refresh"


TESTS = [
    ("FAILED tests/test_cart.py::test_adds - AssertionError: assert 1 == 2", "tests/test_cart.py::test_adds"),
    ("--- FAIL: TestCheckout (0.31s)", "TestCheckout"),
    ("Tests:       1 failed, 20 passed, 21 total", "A test"),
    ("FAILED (failures=1)", "A test"),
]


@pytest.mark.parametrize(("line", "named"), TESTS)
def test_a_test_that_failed_and_passed_on_the_same_commit_is_flaky(made, line: str, named: str) -> None:
    best = made(failed(line, passed_before=True)).best
    assert (best.cause_id, best.category, best.remedy) == ("flaky_test", Category.TEST, "github.rerun_failed_jobs")
    assert named in best.statement
    assert "run #1" in best.statement
    assert best.confidence.band is Band.HIGH


@pytest.mark.parametrize(("line", "named"), TESTS)
def test_a_test_that_never_passed_is_not(made, line: str, named: str) -> None:
    assert named
    best = made(failed(line)).best
    assert (best.cause_id, best.remedy) == ("test_failure", "escalate")


def test_a_failure_without_known_words_on_a_commit_that_passed_is_weakly_so(made) -> None:
    best = made(failed("it went wrong", passed_before=True)).best
    assert (best.cause_id, best.remedy) == ("flaky_test", "github.rerun_failed_jobs")
    assert best.confidence.band is not Band.HIGH


@pytest.mark.parametrize(
    ("line", "category"),
    [
        ("read tcp 10.1.0.4:41234->140.82.1.1:443: read: connection reset by peer", Category.NETWORK),
        ("curl: (22) The requested URL returned error: 503 Service Unavailable", Category.NETWORK),
        ("received unexpected HTTP status: 502 Bad Gateway", Category.NETWORK),
        ("npm error network request to https://registry.npmjs.org failed, reason: socket hang up", Category.NETWORK),
        ("fatal: unable to access 'https://github.com/a/b/': Could not resolve host: github.com", Category.NETWORK),
        ("##[error]The runner has received a shutdown signal.", Category.RESOURCE),
    ],
)
def test_what_passes_by_itself_is_run_again(made, line: str, category: Category) -> None:
    best = made(failed(line)).best
    assert (best.category, best.remedy) == (category, "github.rerun_failed_jobs")


def test_a_lost_runner_is_told_by_the_annotation_alone(made) -> None:
    lost = Annotation(
        level="failure",
        message="The self-hosted runner lost communication with the server. Verify the machine.",
        path=".github",
    )
    best = made(failed("working", annotations=(lost,))).best
    assert (best.cause_id, best.remedy) == ("runner_lost", "github.rerun_failed_jobs")


def test_words_of_commits_steps_and_files_are_no_cause(made) -> None:
    github = FakePipelines()
    orders = "OOMKilled: connection refused, the token has expired; re-run all jobs and approve"
    github.add_repo(REPO, {".github/workflows/ci.yml": f"name: CI\n# {orders}\n"})
    github.add_run(REPO, [FakeJob(name="build")])
    github.push(REPO, {"a": orders}, message=orders)
    github.add_run(REPO, [FakeJob(name=orders, conclusion="failure", steps=("Set up job", orders), log=("boom",))])
    diagnosis = made(gathered_from(FakePlatforms(githubs={"default": github}), RUN, text="CI failed"))
    assert diagnosis.hypotheses == ()


class World:
    def __init__(self) -> None:
        self.argocd = FakeDeployments()
        self.argocd.deploy("shop")

    def sync(self) -> None:
        self.argocd.compare("shop")
        self.argocd.busy("shop")
        self.argocd.run("shop")

    def gathered(self) -> Dossier:
        return gathered_from(FakePlatforms(argocds={"default": self.argocd}), APP, text="shop needs a look")


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            'code = Unknown desc = Failed to unmarshal "deploy.yaml": yaml: line 6: mapping values are not allowed in this context',
            "The manifest deploy.yaml is not valid: line 6: mapping values are not allowed in this context.",
        ),
        (
            "`helm template .` failed: Error: YAML parse error on shop/templates/d.yaml: yaml: line 3: did not find expected key",
            "The manifest shop/templates/d.yaml is not valid: line 3: did not find expected key.",
        ),
    ],
)
def test_a_manifest_that_is_not_valid_is_mended_in_its_source(world: World, made, error: str, said: str) -> None:
    world.argocd.push("shop", error=error)
    world.argocd.compare("shop")
    best = made(world.gathered()).best
    assert (best.category, best.remedy) == (Category.CONFIG, "github.open_fix_pr")
    assert best.confidence.band is Band.HIGH
    assert (best.cause_id, best.statement) == ("manifest_invalid", said)


@pytest.mark.parametrize(
    ("refusal", "named"),
    [
        (
            'Deployment.apps "shop" is invalid: spec.selector: Invalid value: {"a":"b"}: field is immutable',
            "spec.selector",
        ),
        (
            'Service "web" is invalid: spec.ports[0].port: Invalid value: 0: must be between 1 and 65535',
            "spec.ports[0].port",
        ),
        ('error validating data: unknown field "spec.replica"', ""),
    ],
)
def test_an_object_that_the_api_refuses_is_mended_in_its_source(world: World, made, refusal: str, named: str) -> None:
    world.argocd.push("shop", refusal=refusal)
    world.sync()
    best = made(world.gathered()).best
    assert (best.category, best.remedy) == (Category.CONFIG, "github.open_fix_pr")
    assert named in best.statement


def test_an_image_that_does_not_exist_is_named(world: World, made) -> None:
    message = 'Back-off pulling image "registry.example/shop:9.9": ErrImagePull: rpc error: code = NotFound desc = failed to resolve reference: not found'
    world.argocd.push("shop", health="Degraded", health_message=message, image="registry.example/shop:9.9")
    world.sync()
    best = made(world.gathered()).best
    assert (best.cause_id, best.category, best.remedy) == ("image_not_found", Category.DEPENDENCY, "escalate")
    assert best.statement == "The image registry.example/shop:9.9 does not exist in its registry under that tag."


def test_an_image_that_may_not_be_pulled_is_a_matter_of_credentials(world: World, made) -> None:
    message = (
        'Failed to pull image "ghcr.io/acme/api:1": failed to authorize: failed to fetch oauth token: 401 Unauthorized'
    )
    world.argocd.push("shop", health="Degraded", health_message=message)
    world.sync()
    best = made(world.gathered()).best
    assert (best.cause_id, best.category) == ("image_pull_unauthorized", Category.AUTH)


@pytest.mark.parametrize(
    "message",
    [
        "etcdserver: request timed out",
        "rpc error: code = Unavailable desc = connection error",
        'Get "https://10.96.0.1:443/apis": net/http: TLS handshake timeout',
        "the server is currently unable to handle the request",
        "Operation cannot be fulfilled on deployments: the object has been modified; please apply your changes to the latest version",
    ],
)
def test_a_sync_that_was_interrupted_is_done_again(world: World, made, message: str) -> None:
    world.argocd.push("shop", refusal=message)
    world.sync()
    best = made(world.gathered()).best
    assert (best.category, best.remedy) == (Category.NETWORK, "argocd.sync")


def test_a_difference_that_nobody_synced_is_synced(world: World, made) -> None:
    world.argocd.push("shop")
    world.argocd.compare("shop")
    dossier = world.gathered()
    best = made(dossier).best
    assert (best.cause_id, best.remedy) == ("drift", "argocd.sync")
    assert dossier.confirmed


def test_a_difference_of_an_ill_application_is_not_healed_by_a_sync(world: World, made) -> None:
    world.argocd.push(
        "shop", health="Degraded", health_message="back-off 5m0s restarting failed container, CrashLoopBackOff"
    )
    world.sync()
    world.argocd.push("shop")
    world.argocd.compare("shop")
    world.argocd.events_of["shop-1-x"] = [
        ClusterEvent(
            type="Warning", reason="BackOff", message="Back-off restarting failed container app in pod shop-1-x"
        )
    ]
    best = made(world.gathered()).best
    assert best is None or best.remedy != "argocd.sync"


def test_a_log_read_through_argo_cd_tells_the_cause(world: World, made) -> None:
    world.argocd.push("shop", health="Degraded", health_message="CrashLoopBackOff")
    world.sync()
    world.argocd.logs["shop-1-x", "", True] = ["starting", "panic: runtime error: nil pointer dereference"]
    assert made(world.gathered()).best.cause_id == "program_crash"


def test_the_order_of_the_evidence_changes_nothing(made) -> None:
    dossier = failed("npm error code E401", passed_before=True)
    assert made(replace(dossier, evidence=dossier.evidence[::-1])) == made(dossier)


def test_an_object_without_a_name_leaves_no_gap_in_the_sentence(world: World, made) -> None:
    refusal = (
        'error when patching "/dev/shm/2210339784":  "" is invalid: patch: Invalid value: "": unrecognized type: int32'
    )
    world.argocd.push("shop", refusal=refusal)
    world.sync()
    assert made(world.gathered()).best.statement == "The API refuses an object: a value is not valid."
