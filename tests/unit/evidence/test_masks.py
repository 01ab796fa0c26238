"""What strangers wrote into a platform's values is masked at the port; what we ask with again is not."""

import inspect
from dataclasses import replace

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.delivery import EXECUTION_INFO, AppCondition, AppOperation, AppResource, AppSource, InfoItem
from bot.domain.errors import Forbidden, Rejected
from bot.domain.pipeline import Annotation, Dispatch, FileEdit, PullRequestWanted
from bot.evidence.mask import MaskedCluster, MaskedPlatforms
from bot.evidence.mask_deployments import MaskedDeployments
from bot.evidence.mask_files import masked_lines
from bot.evidence.mask_pipelines import MaskedPipelines
from bot.evidence.reduce import reducer
from bot.ports import Cluster, Deployments, Pipelines, Platforms
from knowledge.text.redact import Session
from tests.fakes.cluster import FakeCluster, FakePlatforms
from tests.fakes.deployments import FakeDeployments
from tests.fakes.pipelines import FakeJob, FakePipelines

SECRET = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
REPO = "acme/shop"
ROTATE = "name: Rotate\nrun-name: Rotate ${{ inputs.codehealer_id }}\non:\n  workflow_dispatch:\n    inputs:\n      codehealer_id: {default: ''}\n"


@pytest.mark.parametrize(
    ("mask", "port"),
    [
        (MaskedCluster, Cluster),
        (MaskedPipelines, Pipelines),
        (MaskedDeployments, Deployments),
        (MaskedPlatforms, Platforms),
    ],
)
def test_a_mask_answers_everything_that_its_port_asks(mask: type, port: type) -> None:
    asked = {name: method for name, method in inspect.getmembers(port, inspect.isfunction) if not name.startswith("_")}
    for name, method in asked.items():
        assert list(inspect.signature(getattr(mask, name)).parameters) == list(inspect.signature(method).parameters)
        assert name in vars(mask), f"{mask.__name__}.{name} is the Protocol's own"


@pytest.fixture
def github() -> FakePipelines:
    fake = FakePipelines()
    fake.add_repo(REPO, {".github/workflows/rotate.yml": ROTATE, "a.yaml": f"a: 1\n# {SECRET}\n"})
    fake.push(REPO, {"b": "b"}, message=f"use {SECRET}")
    job = FakeJob(
        name=f"build {SECRET}",
        conclusion="failure",
        steps=("Set up job", f"Run echo {SECRET}"),
        annotations=(Annotation(level="failure", message=SECRET, title=SECRET, path="a.py", line=1),),
    )
    fake.add_run(REPO, [FakeJob(name="build")], title=f"good {SECRET}")
    fake.add_run(REPO, [job], title=f"bad {SECRET}")
    return fake


@pytest.fixture
def masked(github: FakePipelines) -> MaskedPipelines:
    session = Session()
    return MaskedPipelines(github, lambda: session)


def test_every_read_of_a_pipeline_is_masked(github: FakePipelines, masked: MaskedPipelines) -> None:
    bad = masked.runs(REPO, "", "", 10)[0]
    job = masked.jobs(REPO, bad.id, 1)[0]
    head = github.repos[REPO].branches["main"]
    answers = [
        masked.run(REPO, bad.id), masked.runs(REPO, "CI", "main", 5), masked.attempts(bad), masked.last_good(bad), job,
        masked.annotations(REPO, job.id), masked.file(REPO, "a.yaml", "main"), masked.commits(REPO, "main", "", 5),
        masked.commit(REPO, head), masked.compare(REPO, github.repos[REPO].parents[head], head),
        masked.files(REPO, "", "main"),
    ]  # fmt: skip
    assert SECRET not in repr(answers)
    assert "<secret:1>" in repr(answers)
    assert bad.repo == REPO
    assert bad.head_sha == head
    assert masked.file(REPO, "a.yaml", "main").lines == ("a: 1", "# <secret:1>")


def test_what_passes_through_a_pipeline_passes_whole(github: FakePipelines, masked: MaskedPipelines) -> None:
    assert masked.default_branch(REPO) == "main"
    assert masked.branch_exists(REPO, "main")
    assert masked.viewer() == github.login
    assert masked.checkup((REPO,)) == github.checkup((REPO,))
    assert masked.last_good(masked.runs(REPO, "", "", 9)[-1]) is None
    assert masked.log(REPO, next(iter(github.logs)), _keep).total_lines == 1


def _keep(lines):
    return reducer(Session())(lines)


def test_writes_reach_the_platform_once_and_their_answers_are_masked(
    github: FakePipelines, masked: MaskedPipelines
) -> None:
    bad = masked.runs(REPO, "", "", 1)[0]
    masked.rerun_failed_jobs(REPO, bad.id)
    run_id = masked.dispatch(
        Dispatch(repo=REPO, workflow_file="rotate.yml", ref="main", inputs=(("codehealer_id", "ex_1"),))
    )
    found = masked.dispatched(REPO, "rotate.yml", "ex_1", github.at.replace(year=2020))
    assert found is not None
    assert (found.id, found.title) == (run_id, "Rotate ex_1")
    assert masked.dispatched(REPO, "rotate.yml", "ex_2", github.at.replace(year=2020)) is None
    file = github.file(REPO, "b", "main")
    wanted = PullRequestWanted(
        repo=REPO, base="main", branch="codehealer/ex_1", title=f"Mend {SECRET}", body="b", commit_message="m",
        edits=(FileEdit(path="b", blob_sha=file.blob_sha, first_line=1, old=("b",), new=("c",)),),
    )  # fmt: skip
    assert SECRET not in repr(masked.open_pull(wanted))
    pull = masked.pull_of(REPO, "codehealer/ex_1")
    assert pull is not None
    assert SECRET not in pull.title
    assert masked.pull_of(REPO, "nobody") is None
    assert dict(github.writes) == {"rerun": 1, "dispatch": 1, "ref": 1, "contents": 1, "pull": 1}


def test_a_refusal_keeps_its_kind_and_facts_and_loses_its_secret(
    github: FakePipelines, masked: MaskedPipelines
) -> None:
    github.refuse("rerun_failed_jobs", f"token {SECRET} may not", status=403)
    with pytest.raises(Forbidden) as refused:
        masked.rerun_failed_jobs(REPO, "1")
    assert refused.value.detail == "token <secret:1> may not"
    assert refused.value.status == 403


@pytest.fixture
def argocd() -> FakeDeployments:
    fake = FakeDeployments()
    app = fake.deploy("shop")
    resource = AppResource(
        kind="Pod", namespace="shop", name="shop-1", message=SECRET, health_message=SECRET, images=("r.io/a:1",)
    )
    operation = AppOperation(
        phase="Failed",
        message=SECRET,
        results=(resource,),
        info=(InfoItem(name="reason", value=SECRET), InfoItem(name=EXECUTION_INFO, value="ex_1")),
    )
    fake.apps["shop"] = replace(
        app,
        health_message=SECRET,
        operation=operation,
        resources=(resource,),
        conditions=(AppCondition(type="SyncError", message=SECRET),),
        sources=(AppSource(repo_url=f"https://{SECRET}@git.example/a/b.git", path="shop"),),
    )
    return fake


def test_every_read_of_a_deployment_is_masked(argocd: FakeDeployments) -> None:
    session = Session()
    masked = MaskedDeployments(argocd, lambda: session)
    app = masked.application("shop")
    assert SECRET not in repr((app, masked.applications(), masked.tree("shop")))
    assert app.operation is not None
    assert app.operation.info_of(EXECUTION_INFO) == "ex_1"
    assert app.operation.info_of("reason") == "<secret:1>"
    assert app.resources[0].images == ("r.io/a:1",)
    assert app.sources[0].repo_url == "https://git.example/a/b.git"
    assert masked.allowed("sync", "default", "shop")
    assert masked.checkup() == argocd.checkup()
    assert masked.events("shop", app.resources[0]) == ()


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://bot:pw@git.example/a/b.git", "https://git.example/a/b.git"),
        ("https://token@git.example/a/b.git", "https://git.example/a/b.git"),
        ("ssh://git@git.example/a/b.git", "ssh://git@git.example/a/b.git"),
        ("git@git.example:a/b.git", "git@git.example:a/b.git"),
        ("https://git.example/a/b.git", "https://git.example/a/b.git"),
    ],
)
def test_addresses_of_sources_lose_their_credentials(argocd: FakeDeployments, url: str, kept: str) -> None:
    argocd.apps["shop"] = replace(argocd.apps["shop"], sources=(AppSource(repo_url=url),))
    assert MaskedDeployments(argocd, Session).application("shop").sources[0].repo_url == kept


def test_rendered_secrets_are_masked(argocd: FakeDeployments) -> None:
    argocd.manifests = lambda *_: ("kind: Secret\ndata:\n  p: aGVsbG8=\nmetadata:\n  name: db\n",)  # type: ignore[method-assign]
    assert MaskedDeployments(argocd, Session).manifests("shop") == (
        "kind: Secret\ndata:\n  p: <secret:1>\nmetadata:\n  name: db",
    )


def test_a_refused_rendering_is_masked(argocd: FakeDeployments) -> None:
    argocd.push("shop", error=f"cannot clone with {SECRET}")
    with pytest.raises(Rejected) as refused:
        MaskedDeployments(argocd, Session).manifests("shop")
    assert SECRET not in str(refused.value)


def test_short_workloads_pass() -> None:
    cluster = FakeCluster()
    cluster.deploy("shop", "api", needs="200Mi")
    masked = MaskedPlatforms(FakePlatforms({"default": cluster}), Session)
    assert [each.name for each in masked.cluster("default").short_workloads((), 5)] == ["api"]


FILES = {
    "deploy.yaml": (
        """containers:
  - name: app
    env:
      - name: LEVEL
        value: debug
      - {name: MODE, value: fast}
      - name: TOKEN
        valueFrom:
          secretKeyRef: {name: a, key: b}
      - name: TEXT
        value: |
          first
          second
    image: acme/api:1
  - env:
    - name: A
      value: b
    name: side
""",
        {"debug", "fast", "first", "second", "value: b"},
        {"name: LEVEL", "secretKeyRef: {name: a, key: b}", "image: acme/api:1", "name: side"},
    ),
    "secret.yaml": (
        """data:
  password: aGVsbG8=
  ca.crt: |
    AAAA
kind: Secret
metadata:
  name: db
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{"data":{"password":"aGVsbG8="}}'
---
kind: ConfigMap
data:
  level: debug
""",
        {"aGVsbG8", "AAAA"},
        {"name: db", "level: debug"},
    ),
    "ci.yml": (
        """env:
  NODE: 20
  TOKEN: ${{ secrets.TOKEN }}
jobs:
  build:
    environment: production
    steps:
      - run: make
        env: {A: bee}
""",
        {"20", "bee"},
        {"TOKEN: ${{ secrets.TOKEN }}", "environment: production", "run: make"},
    ),
    "app.yaml": (
        """kind: Application
spec:
  source:
    path: apps/web
    helm:
      parameters:
        - name: image.tag
          value: v1.2
      values: |
        host: shop.internal
""",
        {"v1.2", "shop.internal"},
        {"path: apps/web", "name: image.tag"},
    ),
    "task.json": (
        """{
  "env": [
    {"name": "A", "value": "plain"},
    {
      "name": "B",
      "value": "other"
    }
  ],
  "environment":{"C":"third"},
  "image": "acme/api:1"
}""",
        {"plain", "other", "third"},
        {'"name": "B"', '"image": "acme/api:1"'},
    ),
    "compose.yaml": (
        """services:
  web:
    environment:
      - MODE=fast
      - LEVEL=debug
    ports: ["80:80"]
""",
        {"fast", "debug"},
        {"- MODE=", 'ports: ["80:80"]'},
    ),
    ".env.production": ("MODE=fast\nexport LEVEL=debug\n# note\n", {"fast", "debug"}, {"MODE=", "# note"}),
    "Dockerfile": ("FROM a:1\nENV MODE=fast\nENV LEVEL debug\n", {"fast", "debug"}, {"FROM a:1", "ENV MODE="}),
}


@pytest.mark.parametrize("path", FILES)
def test_values_are_masked_whatever_they_look_like_and_the_rest_stays(path: str) -> None:
    text, gone, stays = FILES[path]
    lines = tuple(text.split("\n"))
    masked = masked_lines(lines, f"some/{path}", Session())
    assert len(masked) == len(lines)
    whole = "\n".join(masked)
    assert [each for each in gone if each in whole] == []
    assert [each for each in stays if each not in whole] == []


@pytest.mark.parametrize("path", ["deploy.yaml", "secret.yaml", "ci.yml", "app.yaml", "compose.yaml", "task.json"])
def test_what_was_yaml_is_yaml_still(path: str) -> None:
    masked = "\n".join(masked_lines(FILES[path][0].split("\n"), path, Session()))
    assert list(yaml.safe_load_all(masked))


def test_a_secret_over_several_lines_keeps_their_number() -> None:
    key = [
        "-----BEGIN RSA PRIVATE KEY-----",
        "MIIEpAIBAAKCAQEA7" + "bQ4x" * 12,
        "q1w2e3r4t5y6u7i8" * 4,
        "-----END RSA PRIVATE KEY-----",
    ]
    masked = masked_lines(["a: 1", *key, "b: 2"], "x.txt", Session())
    assert len(masked) == 6
    assert (masked[0], masked[5]) == ("a: 1", "b: 2")
    assert "MIIEpAIBAAKCAQEA7" not in "".join(masked)


def test_a_key_in_the_data_of_a_config_map_is_masked_too() -> None:
    key = ["-----BEGIN RSA PRIVATE KEY-----", "MIIEpAIBAAKCAQEA7" + "bQ4x" * 12, "-----END RSA PRIVATE KEY-----"]
    lines = ["kind: ConfigMap", "data:", "  a.pem: |", *(f"    {each}" for each in key), "  level: debug"]
    masked = masked_lines(lines, "config.yaml", Session())
    assert len(masked) == len(lines)
    assert "MIIEpAIBAAKCAQEA7" not in "".join(masked)
    assert masked[-1] == "  level: debug"


def test_a_forged_mask_keeps_its_number_to_itself() -> None:
    masked = masked_lines(["env:", "  A: <secret:1>", "  B: plain"], "a.yaml", Session())
    assert masked == ("env:", "  A: <secret:1>", "  B: <secret:2>")


words = st.sampled_from(
    [
        "env:",
        "- name: A",
        "value: b",
        "data:",
        "kind: Secret",
        "---",
        "- {a: b}",
        "key: |",
        "x",
        "",
        "parameters:",
        "}",
        '"a": "b",',
    ]
)
line = st.builds(lambda n, text: " " * n + text, st.integers(0, 8), st.one_of(words, st.text(max_size=20)))


@settings(max_examples=150, deadline=None)
@given(st.lists(line, max_size=25), st.sampled_from(["a.yaml", "a.json", ".env", "Dockerfile", "a"]))
def test_masking_keeps_lines_and_is_idempotent(lines: list[str], path: str) -> None:
    given_lines = [" ".join(text.splitlines()) for text in lines]
    once = masked_lines(given_lines, path, Session())
    assert len(once) == len(given_lines)
    assert masked_lines(once, path, Session()) == once
    assert all("\n" not in text for text in once)
