"""Failures that look like another kind at first sight. Written from how the tools speak, not from any labelled case."""

import pytest

from bot.diagnosis.diagnose import judge
from bot.domain.evidence import EvidenceKind

TRAPS = [
    pytest.param(
        "Run gh api repos/acme/web/releases\n"
        "gh: API rate limit exceeded for installation ID 42. (HTTP 403)\n"
        "##[error]Process completed with exit code 1.",
        "RESOURCE",
        id="403 that is a rate limit",
    ),
    pytest.param(
        "/src/a.ts\n  3:7  error  'x' is assigned a value but never used\n✖ 1 problem (1 error, 0 warnings)\n"
        "git push origin HEAD\n ! [rejected] main -> main (fetch first)\n"
        "##[error]Process completed with exit code 1.",
        "TEST",
        id="lint before a refused push",
    ),
    pytest.param(
        "WARN quota: 91% of the API quota is used, rate limit exceeded soon\n"
        "npm error code E404\nnpm error 404 Not Found - GET https://registry.npmjs.org/@acme%2fui\n"
        "##[error]Process completed with exit code 1.",
        "DEPENDENCY",
        id="quota warning before a 404",
    ),
    pytest.param(
        "WARNING HTTP 429 Too Many Requests, retrying in 3s\nWARNING Read timed out, retrying\n"
        'Traceback (most recent call last):\n  File "/app/sync.py", line 3, in <module>\n'
        "NameError: name 'respones' is not defined\n##[error]Process completed with exit code 1.",
        "TEST",
        id="429 and time-outs before a NameError",
    ),
    pytest.param(
        "FAIL  test/login.test.ts > rejects a stranger\nAssertionError: expected 401 Unauthorized to be 200\n"
        "Tests  1 failed | 30 passed (31)\n##[error]Process completed with exit code 1.",
        "TEST",
        id="401 in an assertion",
    ),
    pytest.param(
        "FAILED tests/test_client.py::test_retry - AssertionError: assert '502 Bad Gateway' in 'timeout'\n"
        "1 failed, 12 passed in 3.10s\n##[error]Process completed with exit code 1.",
        "TEST",
        id="502 in an assertion",
    ),
    pytest.param(
        "warning: token permission is deprecated\n/home/runner/_temp/a.sh: line 1: ./mvnw: Permission denied\n"
        "##[error]Process completed with exit code 126.",
        "CONFIG",
        id="file permissions",
    ),
    pytest.param(
        "npm warn deprecated glob@7: no longer supported\nnpm warn deprecated rimraf@3\n> web@1.0.0 build\n> vite build\n"
        "sh: 1: vite: not found\n##[error]Process completed with exit code 127.",
        "CONFIG",
        id="warnings before 127",
    ),
    pytest.param(
        "ERROR: failed to solve: ghcr.io/acme/base:7: failed to resolve source metadata for ghcr.io/acme/base:7: "
        "ghcr.io/acme/base:7: not found\nhint: check that you are logged in, or use docker login",
        "DEPENDENCY",
        id="credentials hint where the tag is missing",
    ),
    pytest.param(
        "unable to get local issuer certificate\nnpm error code UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
        "NETWORK",
        id="untrusted CA",
    ),
    pytest.param("x509: certificate has expired or is not yet valid: current time is after", "AUTH", id="expired"),
    pytest.param(
        "[command]/usr/bin/git version\nRun make\n##[error]The operation was canceled.", "UNKNOWN", id="cancelled"
    ),
    pytest.param("Run make\n##[error]Process completed with exit code 1.", "UNKNOWN", id="exit code alone"),
    pytest.param("", "UNKNOWN", id="empty"),
    pytest.param(
        "[INFO] Building web 1.0\n[ERROR] COMPILATION ERROR :\n[ERROR] /src/A.java:[3,9] cannot find symbol\n"
        "[INFO] BUILD FAILURE\nFinished: FAILURE",
        "TEST",
        id="jenkins maven",
    ),
    pytest.param(
        "$ bundle install\nCould not find gem 'rails (= 9.0)' in rubygems repository\n"
        'The command "bundle install" failed and exited with 7 during .',
        "DEPENDENCY",
        id="travis bundler",
    ),
    pytest.param(
        "No output has been received in the last 10m0s, this potentially indicates a stalled build\n"
        "The build has been terminated",
        "RESOURCE",
        id="travis stalled",
    ),
    pytest.param(
        "error[E0382]: borrow of moved value: `x`\n --> src/main.rs:4:20\nerror: could not compile `web` (bin)",
        "TEST",
        id="cargo",
    ),
    pytest.param(
        "e: file:///app/src/main/Main.kt:7:13 Unresolved reference: foo\n> Task :app:compileDebugKotlin FAILED\n"
        "FAILURE: Build failed with an exception.",
        "TEST",
        id="kotlin",
    ),
    pytest.param(
        "> Could not resolve all files for configuration ':app:debugRuntimeClasspath'.\n"
        "   > Could not find com.acme:ui:9.9.\nFAILURE: Build failed with an exception.",
        "DEPENDENCY",
        id="gradle dependency",
    ),
    pytest.param(
        "write /var/lib/docker/overlay2/a: no space left on device\nERROR: Job failed: exit code 1",
        "RESOURCE",
        id="gitlab disk",
    ),
    pytest.param(
        "remote: HTTP Basic: Access denied. The provided password or token is incorrect\n"
        "fatal: Authentication failed for 'https://gitlab.com/acme/web.git/'\nERROR: Job failed: exit code 1",
        "AUTH",
        id="gitlab git",
    ),
]


@pytest.mark.parametrize(("log", "category"), TRAPS)
def test_traps_in_ci_logs(matcher, calibration, piece, case, log: str, category: str) -> None:
    judged = judge(case(piece(EvidenceKind.CI_LOG, log)), matcher, calibration)
    found = judged.hypotheses[0].category.value if judged.hypotheses else "UNKNOWN"
    assert found == category, (judged.summary, [each.confidence.factors for each in judged.hypotheses[:2]])


CLUSTER = [
    pytest.param("Warning FailedScheduling 0/5 nodes are available: 1 node(s) had untolerated taint {a: b}, 4 Insufficient cpu.", "RESOURCE", id="capacity beside a taint"),
    pytest.param('Warning FailedAttachVolume Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) db-0', "RESOURCE", id="multi-attach"),
    pytest.param('Warning FailedMount MountVolume.SetUp failed for volume "c" : configmap "web" not found', "CONFIG", id="mount of nothing"),
    pytest.param('Warning Failed Failed to pull image "a.io/x:1": rpc error: code = Unknown desc = failed to pull and unpack image "a.io/x:1": failed to resolve reference "a.io/x:1": a.io/x:1: not found', "DEPENDENCY", id="containerd tag"),
    pytest.param('Warning Failed Failed to pull image "a.io/x:1": failed to do request: Head "https://a.io/v2/x": tls: failed to verify certificate: x509: certificate signed by unknown authority', "NETWORK", id="registry CA"),
    pytest.param("Warning Evicted The node was low on resource: ephemeral-storage. Threshold quantity: 1Gi", "RESOURCE", id="disk"),
    pytest.param("Warning Failed Error: couldn't find key password in Secret shop/db", "CONFIG", id="key"),
    pytest.param('Warning Failed Error: failed to create containerd task: exec: "/run.sh": permission denied: unknown', "CONFIG", id="execute bit"),
]  # fmt: skip


@pytest.mark.parametrize(("events", "category"), CLUSTER)
def test_traps_in_events(matcher, calibration, piece, case, events: str, category: str) -> None:
    judged = judge(case(piece(EvidenceKind.EVENTS, events)), matcher, calibration)
    assert [each.category.value for each in judged.hypotheses[:1]] == [category]


ARGO = [
    pytest.param("ComparisonError: Failed to load target state: failed to generate manifest for source 1 of 1: rpc error: code = Unknown desc = authentication required", "AUTH", id="repository"),
    pytest.param('rpc error: code = Unknown desc = failed to fetch chart: helm pull failed: Error: chart "web" version "9" not found in https://c.io repository', "DEPENDENCY", id="chart"),
    pytest.param('The Kubernetes API could not find monitoring.coreos.com/ServiceMonitor for requested resource shop/web. Make sure the "ServiceMonitor" CRD is installed: no matches for kind "ServiceMonitor" in version "monitoring.coreos.com/v1"', "CONFIG", id="CRD"),
    pytest.param('one or more objects failed to apply, reason: Deployment.apps "web" is invalid: spec.selector: Invalid value: field is immutable', "CONFIG", id="immutable"),
    pytest.param("`helm template . failed exit status 1: Error: execution error at (web/templates/a.yaml:3:4): host is required", "CONFIG", id="render"),
    pytest.param('error validating data: unknown field "spec.replica"', "CONFIG", id="field"),
    pytest.param('secrets is forbidden: User "system:serviceaccount:argocd:ctl" cannot create resource "secrets" in API group "" in the namespace "shop"', "AUTH", id="rbac"),
    pytest.param('Get "https://git.acme.io/a.git/info/refs": dial tcp: lookup git.acme.io on 10.96.0.10:53: no such host', "NETWORK", id="dns"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "category"), ARGO)
def test_traps_in_argocd_statuses(matcher, calibration, piece, case, status: str, category: str) -> None:
    judged = judge(case(piece(EvidenceKind.APP_STATUS, status)), matcher, calibration)
    assert [each.category.value for each in judged.hypotheses[:1]] == [category]
