"""The chart on a real API server: admitted under the restricted pod security standard, with exactly the rights that it promises."""

import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from kubernetes import client, config

ROOT = Path(__file__).resolve().parents[2]
KUBECONFIG = os.environ.get("CODEHEALER_TEST_KUBECONFIG", "")
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}

pytestmark = [
    pytest.mark.servers,
    pytest.mark.skipif(not KUBECONFIG, reason="CODEHEALER_TEST_KUBECONFIG is not set (run make test-servers)"),
]


def _helm(*arguments: str) -> None:
    found = shutil.which("helm") or shutil.which("helm", path=str(Path.home() / "go" / "bin"))
    if not found:
        pytest.skip("helm is not installed (looked on PATH and in ~/go/bin)")
    environment = {**os.environ, "KUBECONFIG": KUBECONFIG}
    done = subprocess.run([found, *arguments], env=environment, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def api() -> Iterator[client.ApiClient]:
    with config.new_client_from_config(config_file=KUBECONFIG, context="admin") as connection:
        yield connection


@pytest.fixture(scope="module")
def installed(api: client.ApiClient) -> str:
    """The name of a fresh namespace with the chart in it; approved fixes may be applied in that namespace only."""
    space = f"chart-{uuid.uuid4().hex[:8]}"
    core = client.CoreV1Api(api)
    core.create_namespace({"metadata": {"name": space, "labels": RESTRICTED}})
    core.create_namespaced_secret(
        space,
        {"metadata": {"name": "codehealer"}, "stringData": dict.fromkeys(["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"], "x")},
    )
    values = [
        "secret.existingSecret=codehealer",
        "persistence.enabled=false",
        "actions.enabled=true",
        f"actions.namespaces={{{space}}}",
    ]
    _helm(
        "install", "heal", str(ROOT / "charts" / "codehealer"), "--namespace", space, "--wait", "--timeout", "60s",
        *[word for value in values for word in ("--set", value)],
    )  # fmt: skip
    return space


def may(
    api: client.ApiClient, space: str, verb: str, resource: str, *, where: str, group: str = "", sub: str = ""
) -> bool:
    """Whether the bot's service account in `space` may do that in the namespace `where`, as the API server itself sees it."""
    attributes = {"namespace": where, "verb": verb, "group": group, "resource": resource, "subresource": sub}
    review = {"spec": {"user": f"system:serviceaccount:{space}:heal-codehealer", "resourceAttributes": attributes}}
    return bool(client.AuthorizationV1Api(api).create_subject_access_review(review).status.allowed)


def test_its_pod_is_admitted_and_becomes_ready(api: client.ApiClient, installed: str) -> None:
    (deployment,) = client.AppsV1Api(api).list_namespaced_deployment(installed).items
    assert deployment.status.ready_replicas == 1


def test_it_reads_what_an_investigation_needs(api: client.ApiClient, installed: str) -> None:
    for resource, group, sub in [
        ("pods", "", ""),
        ("pods", "", "log"),
        ("events", "", ""),
        ("deployments", "apps", ""),
        ("replicasets", "apps", ""),
    ]:
        assert may(api, installed, "get", resource, where="default", group=group, sub=sub), resource


def test_it_reads_no_secret_anywhere(api: client.ApiClient, installed: str) -> None:
    for verb in ["get", "list", "watch"]:
        assert not may(api, installed, verb, "secrets", where=installed)
        assert not may(api, installed, verb, "configmaps", where=installed)


def test_it_patches_workloads_where_allowed_and_changes_nothing_else(api: client.ApiClient, installed: str) -> None:
    assert may(api, installed, "patch", "deployments", where=installed, group="apps")
    assert not may(api, installed, "patch", "deployments", where="default", group="apps")
    for verb, resource, sub in [
        ("update", "deployments", ""),
        ("delete", "pods", ""),
        ("create", "pods", "exec"),
        ("create", "pods", "eviction"),
    ]:
        assert not may(
            api, installed, verb, resource, where=installed, group="apps" if resource == "deployments" else "", sub=sub
        )
