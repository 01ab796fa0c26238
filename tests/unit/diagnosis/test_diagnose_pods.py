"""What a pod shows, and what we say of it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.diagnosis.diagnose import diagnose, explain, grounded, judge
from bot.diagnosis.match import Matcher
from bot.domain.alert import Target
from bot.domain.diagnosis import Band, Category, Citation, Diagnosis
from bot.domain.evidence import EvidenceGap, EvidenceKind, EvidenceRequest, GapReason

AT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
POD = "Container: api\n  State: Waiting\n    Reason: CrashLoopBackOff\n  Last State: Terminated\n    Reason: {reason}\n    Exit Code: {code}"
BACKOFF = "Warning BackOff x12 Back-off restarting failed container api in pod api-7"


@pytest.fixture
def made(matcher, calibration):
    def make(dossier) -> Diagnosis:
        return diagnose(dossier, matcher, id="dg_1", now=AT, calibration=calibration)

    return make


@pytest.mark.parametrize("code", ["137", "1"])
def test_oom_killed_is_what_the_status_says_whatever_the_exit_code(made, piece, case, code) -> None:
    pod = piece(
        EvidenceKind.POD,
        POD.format(reason="OOMKilled", code=code),
        container="api",
        last_reason="OOMKilled",
        last_exit_code=code,
        memory_limit="256Mi",
    )
    log = piece(EvidenceKind.PREVIOUS_LOG, "loading\nERROR dial tcp 10.0.0.5:6379: connect: connection refused\nbye")
    best = made(case(pod, log, piece(EvidenceKind.EVENTS, BACKOFF))).best
    assert (best.cause_id, best.category, best.remedy) == ("oom_killed", Category.RESOURCE, "kubernetes.set_resources")
    assert best.confidence.band is Band.HIGH
    assert best.supports[0].citation == Citation(
        evidence_id="ev_pod", line_from=5, line_to=5, quote="    Reason: OOMKilled"
    )
    assert best.statement == "api used more memory than its limit (256Mi) and was OOMKilled."


def test_the_word_in_a_log_counts_less_than_the_status(made, piece, case) -> None:
    told = made(case(piece(EvidenceKind.LOG, "the other pod was OOMKilled yesterday"))).best
    stated = made(
        case(piece(EvidenceKind.POD, POD.format(reason="OOMKilled", code="137"), last_reason="OOMKilled"))
    ).best
    assert told.confidence.score < stated.confidence.score


def test_137_by_a_liveness_kill_is_not_memory(made, piece, case) -> None:
    pod = piece(EvidenceKind.POD, POD.format(reason="Error", code="137"), last_reason="Error", last_exit_code="137")
    events = piece(EvidenceKind.EVENTS, "Normal Killing Container api failed liveness probe, will be restarted")
    best = made(case(pod, events)).best
    assert (best.cause_id, best.category) == ("liveness_killed", Category.CONFIG)


def test_137_without_a_reason_is_weak_and_heals_nothing(made, piece, case) -> None:
    pod = piece(EvidenceKind.POD, POD.format(reason="Error", code="137"), last_reason="Error", last_exit_code="137")
    best = made(case(pod)).best
    assert (best.cause_id, best.remedy) == ("killed_without_reason", "escalate")
    assert best.confidence.band is not Band.HIGH


def test_node_memory_pressure_explains_137(made, piece, case) -> None:
    pod = piece(EvidenceKind.POD, POD.format(reason="Error", code="137"), last_reason="Error")
    events = piece(EvidenceKind.EVENTS, "Warning Evicted The node was low on resource: memory. Container api used 2Gi")
    diagnosis = made(case(pod, events))
    assert diagnosis.best.cause_id == "evicted_memory"
    weaker = (
        next(each for each in diagnosis.hypotheses if each.cause_id == "killed_without_reason")
        if len(diagnosis.hypotheses) > 1
        else None
    )
    assert weaker is None or weaker.contradicts


@pytest.mark.parametrize(
    ("message", "cause", "category"),
    [
        ('Failed to pull image "a/b:9": manifest unknown', "image_not_found", Category.DEPENDENCY),
        ('Failed to pull image "a/b:9": 401 Unauthorized', "image_pull_unauthorized", Category.AUTH),
        ('Failed to pull image "a/b": toomanyrequests: rate limit', "registry_rate_limit", Category.RESOURCE),
        ('Failed to pull image "a/b": dial tcp: lookup r.io: no such host', "registry_unreachable", Category.NETWORK),
        ('Failed to pull image "a/b": x509: certificate signed by unknown authority', None, Category.NETWORK),
        ('Error: secret "db" not found', "config_object_missing", Category.CONFIG),
        ("0/3 nodes are available: 3 Insufficient memory.", "insufficient_capacity", Category.RESOURCE),
        ("1 node(s) had untolerated taint {dedicated: gpu}", "untolerated_taint", Category.CONFIG),
        ('pods "a" is forbidden: exceeded quota: q, requested: cpu=1', "quota_exceeded", Category.RESOURCE),
        ('pods "a" is forbidden: failed quota: q: must specify cpu', "quota_wants_requests", Category.CONFIG),
        ('pods "a" is forbidden: violates PodSecurity "restricted"', "pod_security_forbidden", Category.CONFIG),
        ('Multi-Attach error for volume "pvc-1"', "volume_multi_attach", Category.RESOURCE),
        ('exec: "wgett": executable file not found in $PATH', "executable_not_found", Category.CONFIG),
        ("exec /app: exec format error", "wrong_architecture", Category.CONFIG),
    ],
)
def test_what_the_events_say(made, piece, case, message, cause, category) -> None:
    best = made(case(piece(EvidenceKind.EVENTS, f"Warning Failed x3 {message}\n{BACKOFF}"))).best
    assert best.category is category
    assert cause is None or best.cause_id == cause


@pytest.mark.parametrize(
    "events",
    [BACKOFF, f"{BACKOFF}\nWarning Unhealthy Readiness probe failed: dial tcp 10.0.0.1:80: connection refused"],
)
def test_a_restart_without_a_log_is_no_cause(made, piece, case, events) -> None:
    diagnosis = made(case(piece(EvidenceKind.EVENTS, events)))
    assert diagnosis.best is None
    assert "does not hold the log" in diagnosis.summary


def test_an_empty_dossier_abstains_and_names_what_is_missing(made, case) -> None:
    request = EvidenceRequest(kind=EvidenceKind.POD, target=Target(), why="")
    diagnosis = made(case(gaps=(EvidenceGap(request=request, reason=GapReason.FORBIDDEN),)))
    assert diagnosis.hypotheses == ()
    assert "pod (forbidden)" in diagnosis.summary
    assert diagnosis.gaps[0].reason is GapReason.FORBIDDEN


def test_a_platform_that_could_not_be_read_makes_a_log_less_sure(made, piece, case) -> None:
    log = piece(EvidenceKind.LOG, "java.lang.OutOfMemoryError: Java heap space")
    request = EvidenceRequest(kind=EvidenceKind.POD, target=Target(), why="")
    whole = made(case(log)).best.confidence
    partial = made(case(log, gaps=(EvidenceGap(request=request, reason=GapReason.TIMEOUT),))).best.confidence
    assert partial.score < whole.score
    assert any("could not be read: pod" in factor.reason for factor in partial.factors)


def test_two_sources_make_it_surer(made, piece, case) -> None:
    line = 'Error: secret "db" not found'
    one = made(case(piece(EvidenceKind.EVENTS, line))).best.confidence.score
    two = made(case(piece(EvidenceKind.EVENTS, line), piece(EvidenceKind.POST, line))).best.confidence.score
    assert two > one


def test_a_quote_that_does_not_stand_in_the_evidence_is_refused(piece) -> None:
    evidence = piece(EvidenceKind.LOG, "one\ntwo words")
    right = Citation(evidence_id=evidence.id, line_from=2, line_to=2, quote="two")
    assert grounded(right, evidence)
    for wrong in (
        replace(right, quote="Two"),
        replace(right, line_from=1, line_to=1),
        replace(right, line_to=3),
        replace(right, evidence_id="ev_other"),
        replace(right, quote=""),
    ):
        assert not grounded(wrong, evidence)


def test_the_explanation_names_factors_and_lines(made, piece, case) -> None:
    text = explain(made(case(piece(EvidenceKind.EVENTS, 'Warning Failed Error: secret "db" not found'))))
    assert "config_object_missing (CONFIG)" in text
    assert "the platform itself says so in its events" in text
    assert "> ev_events:1  Warning Failed" in text


def test_hostile_lines_change_nothing(matcher, calibration, piece, case) -> None:
    hostile = "\n".join(
        ("\ud800 panic", "\u202eOOMKilled\u202c", "a" * 190_000, '\x1b[31mError: secret "db" not found\x1b[0m')
    )
    judged = judge(case(piece(EvidenceKind.EVENTS, hostile)), matcher, calibration)
    assert judged.hypotheses[0].cause_id in {"config_object_missing", "oom_killed"}


def test_no_patterns_find_nothing(calibration, piece, case) -> None:
    assert judge(case(piece(EvidenceKind.LOG, "panic: x")), Matcher([]), calibration).hypotheses == ()
