"""The words of the sandbox's Argo CD are those of a real 3.6.1: each text here was seen there for the same manifests."""

import re

import pytest

from bot.sandbox.argocd_render import RenderError, read_manifests, render
from tests.fakes.argocd_world import BROKEN, CONFIG, DEPLOYMENT, QUOTED, ArgoWorld

_YAML = 'Failed to unmarshal "deploy.yaml": failed to unmarshal manifest: error converting YAML to JSON: yaml: '
_IMAGE = "image: registry.example.com/shop:1.0.0"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BROKEN, "line 8: mapping values are not allowed in this context"),
        (DEPLOYMENT.replace("  replicas", "\treplicas"), "line 7: found character that cannot start any token"),
        (
            DEPLOYMENT.replace(_IMAGE, 'image: "registry.example.com/shop:1.0.0'),
            "line 25: found unexpected end of stream",
        ),
        (DEPLOYMENT.replace("256Mi}", "256Mi"), "line 24: did not find expected ',' or '}'"),
        (
            DEPLOYMENT.replace("      labels:\n        app", "      labels\n        app"),
            "line 15: mapping values are not allowed in this context",
        ),
        (DEPLOYMENT.replace(f"        {_IMAGE}", f"       {_IMAGE}"), "line 18: did not find expected key"),
        (f"{DEPLOYMENT}---\nkind: ConfigMap\nmetadata:\n  name: x\n data: {{}}\n", "line 3: did not find expected key"),
        (DEPLOYMENT.replace("replicas: 2", "replicas: *count"), "unknown anchor 'count' referenced"),
    ],
)
def test_yaml_that_cannot_be_read_is_named_with_file_and_line(text: str, said: str) -> None:
    with pytest.raises(RenderError) as raised:
        read_manifests("deploy.yaml", text)
    assert raised.value.message == _YAML + said
    assert raised.value.code == 9


@pytest.mark.parametrize("text", ["hello\n", "- a\n- b\n", "", "a: 1\n", "kind: \n", "---\n---\n"])
def test_what_is_no_object_is_left_out_in_silence(text: str) -> None:
    assert read_manifests("x.yaml", text) == []


def test_a_time_stays_text_and_a_list_is_taken_apart() -> None:
    text = "kind: List\nitems:\n- {kind: A, at: 2026-01-02T03:04:05Z}\n- {kind: B}\n"
    assert read_manifests("x.yaml", text) == [{"kind": "A", "at": "2026-01-02T03:04:05Z"}, {"kind": "B"}]


def test_only_files_of_the_folder_itself_count() -> None:
    files = {"k8s/a.yaml": CONFIG, "k8s/sub/b.yaml": CONFIG, "k8s/notes.txt": "x", "other/c.yaml": CONFIG}
    assert [each["metadata"]["name"] for each in render(files, "./k8s/", "shop", "shop")] == ["shop-config"]
    with pytest.raises(RenderError, match="nope: app path does not exist"):
        render(files, "nope", "shop", "shop")


PATCHED = [
    (QUOTED, '"" is invalid: patch: Invalid value: "": unrecognized type: int32'),
    (DEPLOYMENT.replace("256Mi", "256Mx"), '"" is invalid: patch: Invalid value: "*)$\''),
    (
        DEPLOYMENT.replace("256Mi", "64Mi"),
        (
            'Deployment.apps "shop" is invalid: spec.template.spec.containers[0].resources.requests: Invalid value: "128Mi": '
            "must be less than or equal to memory limit of 64Mi"
        ),
    ),
    (
        DEPLOYMENT.replace("      app: shop\n  template", "      app: till\n  template"),
        (
            'Deployment.apps "shop" is invalid: [spec.template.metadata.labels: Invalid value: {"app":"shop"}: `selector` does '
            'not match template `labels`, spec.selector: Invalid value: {"matchLabels":{"app":"till"}}: field is immutable]'
        ),
    ),
    (
        DEPLOYMENT.replace("replicas: 2", "replicas: -1"),
        'Deployment.apps "shop" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    ),
]


@pytest.mark.parametrize(("text", "said"), PATCHED)
def test_the_refusal_of_a_patch(text: str, said: str) -> None:
    world = ArgoWorld()
    assert world.sync()["phase"] == "Succeeded"
    world.push(text)
    state = world.sync()
    found = re.sub(r"/dev/shm/\d{8,10}", "FILE", state["message"])
    failed = (
        f'error when patching "FILE": {said}'
        if said.startswith("Deployment")
        else f'error when patching "FILE":  {said}'
    )
    assert (state["phase"], found) == (
        "Failed",
        f"one or more synchronization tasks completed unsuccessfully, reason: {failed}",
    )
    assert [(row["name"], row["status"], row["hookPhase"]) for row in state["syncResult"]["resources"]] == [
        ("shop-config", "Synced", "Succeeded"),
        ("shop", "SyncFailed", "Failed"),
    ]


_GO = 'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal '
CREATED = [
    (QUOTED, f"{_GO}string into Go struct field DeploymentSpec.spec.replicas of type int32"),
    (
        DEPLOYMENT.replace("        ports:", "        env: [{name: PORT, value: 8080}]\n        ports:"),
        f"{_GO}number into Go struct field EnvVar.spec.template.spec.containers.env.value of type string",
    ),
    (
        DEPLOYMENT.replace(_IMAGE, "image: [a]"),
        f"{_GO}array into Go struct field Container.spec.template.spec.containers.image of type string",
    ),
    (
        DEPLOYMENT.replace("256Mi", "256Mx"),
        (
            'Deployment in version "v1" cannot be handled as a Deployment: quantities must match the regular expression '
            "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
        ),
    ),
    (
        DEPLOYMENT.replace("  selector:\n    matchLabels:\n      app: shop\n", ""),
        (
            'Deployment.apps "shop" is invalid: [spec.selector: Required value, spec.template.metadata.labels: Invalid value: '
            '{"app":"shop"}: `selector` does not match template `labels`]'
        ),
    ),
    (
        DEPLOYMENT.replace(f"        {_IMAGE}\n", ""),
        'Deployment.apps "shop" is invalid: spec.template.spec.containers[0].image: Required value',
    ),
    (
        DEPLOYMENT.replace("containerPort", "containerport"),
        'Deployment.apps "shop" is invalid: spec.template.spec.containers[0].ports[0].containerPort: Required value',
    ),
]


@pytest.mark.parametrize(("text", "said"), CREATED)
def test_the_refusal_of_a_new_object(text: str, said: str) -> None:
    state = ArgoWorld(deployment=text).sync()
    wanted = f"one or more synchronization tasks completed unsuccessfully, reason: {said}"
    assert (state["phase"], state["message"]) == ("Failed", wanted)


def test_a_namespace_that_is_not_there() -> None:
    world = ArgoWorld({"syncOptions": []})
    state = world.sync()
    assert state["message"] == 'one or more objects failed to apply, reason: namespaces "shop" not found'


@pytest.mark.parametrize(
    ("more", "message", "result"),
    [
        (
            "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\n",
            (
                "failed to discover server resources for group version example.com/v1: the server could not find the requested "
                "resource"
            ),
            (
                "The Kubernetes API could not find example.com/Widget for requested resource shop/w. Make sure the "
                '"Widget" CRD is installed on the destination cluster.'
            ),
        ),
        (
            "apiVersion: apps/v1\nkind: Deploymnet\nmetadata: {name: w}\n",
            'Deploymnet.apps "" not found',
            'Deploymnet.apps "" not found',
        ),
    ],
)
def test_a_kind_that_the_cluster_does_not_know(more: str, message: str, result: str) -> None:
    world = ArgoWorld()
    world.push(DEPLOYMENT, {"k8s/more.yaml": more})
    state = world.sync()
    assert state["message"] == f"one or more synchronization tasks are not valid: {message}"
    assert [(row["status"], row["message"]) for row in state["syncResult"]["resources"]] == [("SyncFailed", result)]


def test_an_object_without_a_version_cannot_be_compared() -> None:
    world = ArgoWorld(deployment=DEPLOYMENT.replace("apiVersion: apps/v1\n", ""))
    assert world.condition("ComparisonError").endswith("group version : groupVersion shouldn't be empty")
    assert world.app.sync == "Unknown"


def test_an_object_that_stands_twice_is_a_warning() -> None:
    world = ArgoWorld()
    world.push(DEPLOYMENT, {"k8s/other.yaml": DEPLOYMENT})
    assert world.sync()["phase"] == "Succeeded"
    said = "Resource apps/Deployment/shop/shop appeared 2 times among application resources."
    assert world.condition("RepeatedResourceWarning") == said
    assert world.app.sync == "Synced"
