"""What is asked about targets of each kind, and what of it there is without a platform."""

import pytest

from bot.domain.alert import Target, TargetKind
from bot.domain.evidence import EvidenceKind, GapReason
from bot.domain.names import workloads_of_pod
from bot.evidence.plan import plan_evidence
from tests.fakes.gathering import gathered


@pytest.mark.parametrize("kind", list(TargetKind))
def test_every_kind_of_target_has_the_post(kind: TargetKind) -> None:
    dossier = gathered(Target(kind=kind, name="x", namespace="n"), text="first\nsecond")
    (post,) = dossier.of_kind(EvidenceKind.POST)
    assert [line.text for line in post.excerpt.lines] == ["Pod is crash looping", "first", "second"]
    assert len(dossier.gaps) == len(plan_evidence(dossier.target))


def test_platforms_that_are_not_there_yet_are_named_as_gaps() -> None:
    run = gathered(Target(kind=TargetKind.WORKFLOW_RUN, name="CI"))
    app = gathered(Target(kind=TargetKind.ARGO_APP, name="shop"))
    assert [(g.request.kind, g.reason) for g in run.gaps] == [(EvidenceKind.CI_LOG, GapReason.NOT_CONFIGURED)]
    assert [(g.request.kind, g.reason) for g in app.gaps] == [(EvidenceKind.APP_STATUS, GapReason.NOT_CONFIGURED)]


def test_a_plan_says_why() -> None:
    plan = plan_evidence(Target(kind=TargetKind.POD, name="api-1", namespace="shop"))
    assert plan[0].kind is EvidenceKind.POD
    assert all(request.why for request in plan)


def test_the_headline_is_not_said_twice() -> None:
    dossier = gathered(Target(), text="Pod is crash looping\nmore")
    assert [line.text for line in dossier.evidence[0].excerpt.lines] == ["Pod is crash looping", "more"]


@pytest.mark.parametrize(
    ("pod", "kind", "name"),
    [
        ("api-7c9d8f6b5d-x2x4z", "Deployment", "api"),
        ("api-gateway-6cdf97bb6-hc7tw", "Deployment", "api-gateway"),
        ("db-0", "StatefulSet", "db"),
        ("node-exporter-9x7km", "DaemonSet", "node-exporter"),
        ("billing", "Deployment", "billing"),
        ("", "Deployment", ""),
        ("-" * 300, "Deployment", "-" * 300),
    ],
)
def test_the_likeliest_owner_of_a_pod(pod: str, kind: str, name: str) -> None:
    first = workloads_of_pod(pod)[0]
    assert (first.kind, first.name) == (kind, name)
    assert workloads_of_pod(pod)[-1].name == pod
