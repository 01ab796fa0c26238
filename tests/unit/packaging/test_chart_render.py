"""The chart renders, and what it renders keeps the promises: one restricted pod, read-only rights, no Secret ever read or written."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
CHART = ROOT / "charts" / "codehealer"
READ_VERBS = {"get", "list", "watch"}


def _helm() -> str:
    found = shutil.which("helm") or shutil.which("helm", path=str(Path.home() / "go" / "bin"))
    if not found:
        pytest.skip("helm is not installed (looked on PATH and in ~/go/bin)")
    return found


def _run(verb: list[str], values: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [_helm(), *verb, str(CHART), "--namespace", "ops", "--values", "-"],
        input=values, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def render(values: str = "", *, secret: str = "codehealer") -> list[dict]:
    """All objects that `helm template` renders with these values."""
    done = _run(["template", "heal"], f"secret: {{existingSecret: {secret}}}\n{values}")
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def of_kind(objects: list[dict], kind: str) -> list[dict]:
    return [item for item in objects if item["kind"] == kind]


def rules(objects: list[dict]) -> list[tuple[str, str, set[str]]]:
    """Namespace ("" for the whole cluster), resource and verbs of every rule."""
    return [
        (role["metadata"].get("namespace", ""), resource, set(rule["verbs"]))
        for role in of_kind(objects, "ClusterRole") + of_kind(objects, "Role")
        for rule in role["rules"]
        for resource in rule["resources"]
    ]


def pod(objects: list[dict]) -> dict:
    (deployment,) = of_kind(objects, "Deployment")
    return deployment["spec"]["template"]["spec"]


@pytest.mark.parametrize(
    "values",
    ["", "actions: {enabled: true, namespaces: [shop]}", "persistence: {enabled: false}", "rbac: {namespaces: [shop]}"],
)
def test_lint_finds_nothing(values: str) -> None:
    done = _run(["lint", "--strict"], f"secret: {{existingSecret: codehealer}}\n{values}")
    assert done.returncode == 0, done.stdout + done.stderr


def test_rights_are_read_only_by_default() -> None:
    found = rules(render())
    assert {"pods", "pods/log", "events", "deployments", "replicasets"} <= {resource for _, resource, _ in found}
    assert {verb for _, _, verbs in found for verb in verbs} <= READ_VERBS


def test_no_rule_reaches_secrets_by_name_or_by_star() -> None:
    objects = render("actions: {enabled: true, namespaces: [shop]}")
    assert [rule for rule in rules(objects) if rule[1] in {"*", "secrets", "configmaps"} or "*" in rule[2]] == []
    assert of_kind(objects, "Secret") == []


def test_actions_may_patch_workloads_in_their_namespaces_only() -> None:
    writing = [
        rule for rule in rules(render("actions: {enabled: true, namespaces: [shop, pay]}")) if not rule[2] <= READ_VERBS
    ]
    workloads = ["daemonsets", "deployments", "statefulsets"]
    assert sorted(writing) == [(space, kind, {"patch"}) for space in ["pay", "shop"] for kind in workloads]


def test_reading_can_be_confined_to_namespaces() -> None:
    objects = render("rbac: {namespaces: [shop]}")
    assert of_kind(objects, "ClusterRole") == of_kind(objects, "ClusterRoleBinding") == []
    assert {space for space, _, _ in rules(objects)} == {"shop"}


def test_bindings_name_the_bots_own_account() -> None:
    objects = render("actions: {enabled: true, namespaces: [shop]}")
    (account,) = of_kind(objects, "ServiceAccount")
    bindings = of_kind(objects, "ClusterRoleBinding") + of_kind(objects, "RoleBinding")
    subject = {"kind": "ServiceAccount", "name": account["metadata"]["name"], "namespace": "ops"}
    assert [binding["subjects"] for binding in bindings] == [[subject], [subject]]
    assert pod(objects)["serviceAccountName"] == account["metadata"]["name"]
    roles = {
        (role["kind"], role["metadata"]["name"]) for role in of_kind(objects, "ClusterRole") + of_kind(objects, "Role")
    }
    assert {(binding["roleRef"]["kind"], binding["roleRef"]["name"]) for binding in bindings} == roles


def test_the_pod_meets_the_restricted_standard() -> None:
    spec = pod(render())
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] > 0
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in spec["containers"] + spec.get("initContainers", []):
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["readOnlyRootFilesystem"] is True
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert "privileged" not in context
    assert not any(spec.get(key) for key in ["hostNetwork", "hostPID", "hostIPC"])
    assert {next(iter(set(volume) - {"name"})) for volume in spec["volumes"]} <= {
        "configMap", "emptyDir", "persistentVolumeClaim", "secret",
    }  # fmt: skip


def test_one_pod_at_a_time_writes_the_state() -> None:
    (deployment,) = of_kind(render(), "Deployment")
    assert deployment["spec"]["replicas"] == 1
    assert deployment["spec"]["strategy"] == {"type": "Recreate"}


def test_secrets_come_as_files_and_never_as_values() -> None:
    spec = pod(render("secret: {keys: [SLACK_BOT_TOKEN, SLACK_APP_TOKEN, CODEHEALER_AUDIT_KEY], existingSecret: own}"))
    (container,) = spec["containers"]
    variables = {item["name"]: item["value"] for item in container["env"]}
    (volume,) = [volume["secret"] for volume in spec["volumes"] if "secret" in volume]
    (mount,) = [mount for mount in container["volumeMounts"] if mount["name"] == "secrets"]
    assert volume["secretName"] == "own"
    for item in volume["items"]:
        assert variables[f"{item['key']}_FILE"] == f"{mount['mountPath']}/{item['path']}"
        assert item["key"] not in variables


def test_the_state_is_kept_in_a_claim_or_dies_with_the_pod() -> None:
    kept, dying = render(), render("persistence: {enabled: false}")
    (claim,) = of_kind(kept, "PersistentVolumeClaim")
    volumes = {volume["name"]: volume for volume in pod(kept)["volumes"]}
    assert volumes["data"]["persistentVolumeClaim"] == {"claimName": claim["metadata"]["name"]}
    assert of_kind(dying, "PersistentVolumeClaim") == []
    assert {volume["name"]: volume for volume in pod(dying)["volumes"]}["data"] == {"name": "data", "emptyDir": {}}


def test_the_teams_files_are_mounted_under_their_own_paths() -> None:
    text = "  - id: own\n\ttabs: <&> {{ .Values.image }}\n"
    objects = render(yaml.safe_dump({"config": {"failure_patterns/own.yaml": text, "slack_channels.yaml": "a: 1"}}))
    (config,) = of_kind(objects, "ConfigMap")
    (volume,) = [volume["configMap"] for volume in pod(objects)["volumes"] if "configMap" in volume]
    mounted = {item["path"]: config["data"][item["key"]] for item in volume["items"]}
    assert mounted == {"failure_patterns/own.yaml": text, "slack_channels.yaml": "a: 1"}
    variables = {item["name"]: item["value"] for item in pod(objects)["containers"][0]["env"]}
    assert variables["CODEHEALER_CONFIG_DIR"] == "/etc/codehealer"


def test_settings_reach_the_bot_as_text() -> None:
    values = "approvers: [U0AAA, U0BBB]\nenv: {SLACK_CHANNEL_RATE: 2, CODEHEALER_PROPOSAL_TTL: 30m}"
    variables = {item["name"]: item["value"] for item in pod(render(values))["containers"][0]["env"]}
    assert variables["CODEHEALER_APPROVERS"] == "U0AAA,U0BBB"
    assert (variables["SLACK_CHANNEL_RATE"], variables["CODEHEALER_PROPOSAL_TTL"]) == ("2", "30m")
    assert (variables["CODEHEALER_MODE"], variables["CODEHEALER_DATA_DIR"]) == ("live", "/data")


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ("{}", "secret.existingSecret is needed"),
        ("env: {SLACK_BOT_TOKEN: xoxb-1}", "SLACK_BOT_TOKEN"),
        ("env: {CODEHEALER_MODE: sandbox}", "CODEHEALER_MODE"),
        ("approvers: [everyone]", "approvers"),
        ("actions: {enabled: true}", "namespaces"),
        ("replicas: 3", "replicas"),
        ("config: {../x.yaml: a}", "../x.yaml"),
    ],
)
def test_wrong_values_are_refused_with_their_name(values: str, complaint: str) -> None:
    done = _run(["template", "heal"], values)
    assert done.returncode != 0
    assert complaint in done.stderr
