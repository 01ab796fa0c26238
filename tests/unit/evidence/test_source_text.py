"""Which repository an address names, which file an error names, what of a file changed: text alone decides."""

import pytest

from bot.domain.connections import Connection, ConnectionKind, Connections
from bot.domain.delivery import AppCondition, Application, AppResource
from bot.domain.evidence import Evidence, EvidenceKind, Excerpt, Line
from bot.evidence.app_failure import failing_revision, ill_resources, last_good_revision
from bot.evidence.manifest_text import declares, likeliest_first, named_files
from bot.evidence.readers.ci_log import step_span
from bot.evidence.readers.source_file import changed_lines
from bot.evidence.repository import Repository, github_of, repository_of
from bot.evidence.source import folded, tag_of
from tests.fakes.deployments import FakeDeployments


@pytest.mark.parametrize(
    ("url", "host", "repo"),
    [
        ("https://github.com/acme/deploy.git", "github.com", "acme/deploy"),
        ("https://github.com/acme/deploy", "github.com", "acme/deploy"),
        ("https://user:pw@GitHub.com:443/acme/deploy.git", "github.com", "acme/deploy"),
        ("git@github.com:acme/deploy.git", "github.com", "acme/deploy"),
        ("ssh://git@ghe.acme.example:22/acme/deploy.git", "ghe.acme.example", "acme/deploy"),
        ("http://git.example/any/name.git/", "git.example", "any/name"),
        ("https://ghe.acme.example/git/acme/deploy", "ghe.acme.example", "acme/deploy"),
    ],
)
def test_addresses_of_repositories(url: str, host: str, repo: str) -> None:
    assert repository_of(url) == Repository(host=host, repo=repo)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "deploy",
        "https://github.com/",
        "https://github.com/acme",
        "file:///srv/deploy.git",
        "https://github.com/../x",
        "https://a/b c/d",
        "https://a/" + "x/" * 5_000,
    ],
)
def test_what_is_no_address_of_one(url: str) -> None:
    assert repository_of(url) is None


def github(name: str, url: str, *owns: str) -> Connection:
    return Connection(name=name, kind=ConnectionKind.GITHUB, url=url, owns=owns)


@pytest.mark.parametrize(
    ("known", "url", "connection"),
    [
        ((), "https://github.com/acme/d", "default"),
        ((github("main", "https://github.com"),), "https://github.com/acme/d", "main"),
        ((github("main", "https://github.com"),), "git@github.com:acme/d.git", "main"),
        ((github("main", "https://github.com"),), "https://gitlab.com/acme/d", ""),
        ((github("main", ""),), "https://github.com/acme/d", "main"),
        ((github("a", "https://github.com", "acme"), github("b", "https://ghe.example")), "https://ghe.example/acme/d", "b"),
        ((github("a", "https://github.com", "acme"), github("b", "https://github.com", "beta")), "https://github.com/beta/d", "b"),
        ((Connection(name="k", kind=ConnectionKind.KUBERNETES),), "https://github.com/acme/d", "default"),
    ],
)  # fmt: skip
def test_a_host_that_no_connection_has_is_not_asked(known, url: str, connection: str) -> None:
    place = repository_of(url)
    assert place is not None
    assert github_of(Connections(known=known), place) == connection


def app_with(message: str) -> Application:
    return Application(name="shop", conditions=(AppCondition(type="ComparisonError", message=message),))


@pytest.mark.parametrize(
    ("message", "paths", "line"),
    [
        (
            'Failed to unmarshal "deploy.yaml": error converting YAML to JSON: yaml: line 6: bad',
            ["apps/web/deploy.yaml"],
            6,
        ),
        (
            "template: web/templates/d.yaml:16:11: executing",
            ["apps/web/templates/d.yaml", "apps/web/web/templates/d.yaml"],
            16,
        ),
        ("open /tmp/_argocd-repo/1f2/apps/web/values-prod.yaml: no such file", ["apps/web/values-prod.yaml"], 0),
        ("error when patching /dev/shm/662861869: nothing named", [], 0),
        ("accumulating resources from '../base/x.yaml'", [], 0),
    ],
)
def test_files_that_an_error_names(message: str, paths: list[str], line: int) -> None:
    found = named_files(app_with(message), "apps/web")
    assert [each.path for each in found] == paths
    assert all(each.line == line and each.named for each in found)


def test_a_huge_error_names_few_files() -> None:
    assert len(named_files(app_with(" ".join(f"a/{n}.yaml" for n in range(50_000))), "apps/web")) <= 6
    assert named_files(app_with("./" * 100_000), "apps/web") == ()


def test_where_a_file_declares_a_resource() -> None:
    lines = (
        "kind: Service", "metadata:", "  name: shop", "---", "apiVersion: apps/v1", 'kind: "Deployment"', "metadata:",
        "  name: 'shop'  # the shop", "spec: {}",
    )  # fmt: skip
    assert declares(lines, AppResource(kind="Deployment", name="shop")) == 5
    assert declares(lines, AppResource(kind="Service", name="shop")) == 1
    assert declares(lines, AppResource(kind="Deployment", name="sho")) == 0
    assert declares(lines, AppResource(kind="Job", name="shop")) == 0
    assert declares((), AppResource(kind="Job", name="shop")) == 0


def test_files_whose_names_speak_come_first() -> None:
    wanted = (AppResource(kind="Deployment", name="shop"),)
    paths = ["a/config.yaml", "a/deployment.yaml", "a/kustomization.yaml", "a/shop.yaml"]
    assert likeliest_first(paths, wanted) == [
        "a/shop.yaml",
        "a/deployment.yaml",
        "a/kustomization.yaml",
        "a/config.yaml",
    ]


@pytest.mark.parametrize(
    ("before", "after", "span"),
    [
        ("abc", "abc", (0, 0)),
        ("abc", "axc", (2, 2)),
        ("abc", "axyc", (2, 3)),
        ("abc", "ac", (2, 2)),
        ("abc", "ab", (2, 2)),
        ("", "ab", (1, 2)),
        ("ab", "", (1, 1)),
        ("aXbYc", "aPbQc", (2, 4)),
    ],
)
def test_the_span_of_a_change(before: str, after: str, span: tuple[int, int]) -> None:
    assert changed_lines(tuple(before), tuple(after)) == span


@pytest.mark.parametrize(
    ("image", "tag"),
    [
        ("acme/api:1.2", "1.2"),
        ("localhost:5000/api", ""),
        ("localhost:5000/api:9", "9"),
        ("api@sha256:abc", "sha256:abc"),
        ("", ""),
    ],
)
def test_the_tag_of_an_image(image: str, tag: str) -> None:
    assert tag_of(image) == tag


def test_a_long_message_is_folded() -> None:
    lines = list(folded("Message: " + "word " * 900 + "\nlast"))
    assert max(map(len, lines)) <= 1_000
    assert lines[1].startswith("  ")
    assert "".join(lines).endswith("last")
    assert list(folded("")) == [""]


def test_revisions_of_a_failed_sync_and_of_a_failed_comparison() -> None:
    argocd = FakeDeployments()
    good = argocd.deploy("shop").revision
    refused = argocd.push("shop", refusal="no")
    argocd.compare("shop")
    argocd.busy("shop")
    app = argocd.run("shop")
    assert (failing_revision(app), last_good_revision(app)) == (refused, good)
    assert [each.result for each in ill_resources(app, ())] == ["SyncFailed"]


@pytest.mark.parametrize(
    ("texts", "span"),
    [
        ((), (0, 0)),
        (("##[error]boom",), (0, 0)),
        (
            ("##[group]Run a", "##[error]one", "##[group]Run b", "##[error]two", "Post job cleanup.", "##[error]three"),
            (3, 4),
        ),
        (("##[group]Run a", "Post job cleanup.", "##[group]Run b", "##[error]two"), (3, 4)),
    ],
)
def test_where_the_failed_step_stands(texts: tuple[str, ...], span: tuple[int, int]) -> None:
    lines = tuple(Line(number=n, text=text) for n, text in enumerate(texts, 1))
    assert step_span(Excerpt(lines=lines, total_lines=len(lines))) == span


def test_an_evidence_without_an_address_has_none_for_a_line(piece_of_pod: Evidence) -> None:
    assert piece_of_pod.url_of(3) == ""


@pytest.fixture
def piece_of_pod() -> Evidence:
    from datetime import UTC, datetime

    from bot.domain.alert import Target

    return Evidence(
        id="e", kind=EvidenceKind.POD, target=Target(), summary="", collected_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
