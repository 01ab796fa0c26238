"""What is asked about targets of each kind, and what of it there is without a platform."""

import pytest

from bot.domain.alert import Target, TargetKind
from bot.domain.evidence import EvidenceKind, GapReason
from bot.evidence.plan import plan_evidence
from tests.fakes.gathering import gathered


@pytest.mark.parametrize("kind", list(TargetKind))
def test_every_kind_of_target_has_the_post(kind: TargetKind) -> None:
    dossier = gathered(Target(kind=kind, name="x", namespace="n"), text="first\nsecond")
    (post,) = dossier.of_kind(EvidenceKind.POST)
    assert [line.text for line in post.excerpt.lines] == ["Pod is crash looping", "first", "second"]
    assert len(dossier.gaps) == len(plan_evidence(dossier.target))


@pytest.mark.parametrize(
    ("target", "gaps"),
    [
        (Target(kind=TargetKind.WORKFLOW_RUN, name="CI", repo="acme/shop", run_id="1"), 5),
        (Target(kind=TargetKind.ARGO_APP, name="shop"), 6),
        (Target(kind=TargetKind.BUILD, name="nightly"), 1),
    ],
)
def test_a_platform_that_is_not_configured_is_named_in_every_gap(target: Target, gaps: int) -> None:
    dossier = gathered(target)
    assert [gap.reason for gap in dossier.gaps] == [GapReason.NOT_CONFIGURED] * gaps
    assert not dossier.confirmed


def test_a_plan_says_why() -> None:
    plan = plan_evidence(Target(kind=TargetKind.POD, name="api-1", namespace="shop"))
    assert plan[0].kind is EvidenceKind.POD
    assert all(request.why for request in plan)


def test_the_headline_is_not_said_twice() -> None:
    dossier = gathered(Target(), text="Pod is crash looping\nmore")
    assert [line.text for line in dossier.evidence[0].excerpt.lines] == ["Pod is crash looping", "more"]
