"""From an alert about a pod or a workload to a dossier: evidence, gaps, and what the platform confirms."""

from dataclasses import replace

import pytest

from bot.domain.alert import Target, TargetKind
from bot.domain.cluster import Condition, Pod
from bot.domain.errors import Forbidden, TimedOut, Unavailable
from bot.domain.evidence import Dossier, EvidenceKind, GapReason
from tests.fakes.cluster import FakeCluster
from tests.fakes.gathering import NOW, gathered, pod_target, workload_target

PASSWORD = "postgres://shop:Zx9-kPq77wLm@db.internal:5432/shop"


@pytest.fixture
def oom() -> FakeCluster:
    """A Deployment `api` whose one pod is OOMKilled again and again, with a log of its last life."""
    cluster = FakeCluster()
    cluster.deploy("shop", "api", needs="200Mi")
    pod = only_pod(cluster)
    cluster.logs["shop", pod.name, "app", True] = ["starting", "loading catalogue", "Killed"]
    return cluster


def only_pod(cluster: FakeCluster) -> Pod:
    (pod,) = cluster.pods_by_name.values()
    return pod


def change(cluster: FakeCluster, pod: Pod) -> Pod:
    cluster.pods_by_name[pod.namespace, pod.name] = pod
    return pod


def kinds(dossier: Dossier) -> list[EvidenceKind]:
    return [each.kind for each in dossier.evidence]


def gaps(dossier: Dossier) -> dict[EvidenceKind, tuple[GapReason, str]]:
    return {gap.request.kind: (gap.reason, gap.detail) for gap in dossier.gaps}


def lines(dossier: Dossier, kind: EvidenceKind) -> list[str]:
    return [line.text for line in dossier.of_kind(kind)[0].excerpt.lines]


def test_an_oom_killed_pod_is_told_whole(oom: FakeCluster) -> None:
    pod = only_pod(oom)
    dossier = gathered(pod_target(pod.name), oom)
    assert kinds(dossier) == [
        EvidenceKind.POST,
        EvidenceKind.POD,
        EvidenceKind.WORKLOAD,
        EvidenceKind.EVENTS,
        EvidenceKind.PREVIOUS_LOG,
    ]
    assert dossier.gaps == ()
    assert dossier.confirmed
    assert dossier.workload is not None
    assert [p.name for p in dossier.pods] == [pod.name]
    assert dossier.target == workload_target("api", workload_kind="Deployment", container="app")
    assert all(each.collected_at == NOW for each in dossier.evidence)
    assert lines(dossier, EvidenceKind.PREVIOUS_LOG) == ["starting", "loading catalogue", "Killed"]
    assert lines(dossier, EvidenceKind.EVENTS) == [
        f"Warning BackOff x7 Back-off restarting failed container app in pod {pod.name}"
    ]


def test_the_pod_reads_like_kubectl_describe_with_numbers(oom: FakeCluster) -> None:
    evidence = gathered(pod_target(only_pod(oom).name), oom).of_kind(EvidenceKind.POD)[0]
    text = [line.text for line in evidence.excerpt.lines]
    for expected in (
        "  State: Waiting",
        "    Reason: CrashLoopBackOff",
        "  Last State: Terminated",
        "    Reason: OOMKilled",
        "    Exit Code: 137",
        "  Restart Count: 7",
        "  Limits: memory 64Mi",
    ):
        assert expected in text
    number = text.index("    Exit Code: 137") + 1
    assert evidence.excerpt.text_of(number) == "    Exit Code: 137"


def test_the_facts_of_the_failing_container(oom: FakeCluster) -> None:
    pod = gathered(pod_target(only_pod(oom).name), oom).of_kind(EvidenceKind.POD)[0]
    expected = {
        "container": "app",
        "restarts": "7",
        "state": "waiting",
        "waiting_reason": "CrashLoopBackOff",
        "last_reason": "OOMKilled",
        "last_exit_code": "137",
        "memory_limit": "64Mi",
        "memory_request": "64Mi",
        "node": "node-1",
        "phase": "Running",
        "ready": "false",
    }
    assert {name: pod.fact(name) for name in expected} == expected
    assert pod.summary == (
        f"Pod {only_pod(oom).name}, container app: waiting (CrashLoopBackOff), last OOMKilled, exit code 137, 7 restarts"
    )


def test_a_waiting_container_costs_no_second_log(oom: FakeCluster) -> None:
    gathered(pod_target(only_pod(oom).name), oom)
    assert oom.calls == {"pod": 1, "owner": 1, "events": 2, "log": 1}  # owner is two requests: six in all


def test_a_container_that_runs_again_has_two_logs_and_the_workload_keeps_its_events(oom: FakeCluster) -> None:
    pod = only_pod(oom)
    container = replace(pod.containers[0], state="running", reason="", message="")
    change(oom, replace(pod, containers=(container,)))
    oom.logs["shop", pod.name, "app", False] = ["up again"]
    dossier = gathered(pod_target(pod.name), oom)
    assert kinds(dossier)[-2:] == [EvidenceKind.PREVIOUS_LOG, EvidenceKind.LOG]
    assert lines(dossier, EvidenceKind.LOG) == ["up again"]
    assert oom.calls == {"pod": 1, "owner": 1, "events": 1, "log": 2}


def test_a_healthy_pod_confirms_nothing() -> None:
    cluster = FakeCluster()
    cluster.deploy("shop", "api")
    pod = only_pod(cluster)
    cluster.logs["shop", pod.name, "app", False] = ["all is well"]
    dossier = gathered(pod_target(pod.name), cluster)
    assert not dossier.confirmed
    assert gaps(dossier) == {EvidenceKind.EVENTS: (GapReason.EMPTY, "no events (they are kept for an hour)")}


def test_a_container_that_never_started_has_no_log_and_says_why(oom: FakeCluster) -> None:
    pod = only_pod(oom)
    waiting = replace(
        pod.containers[0], restarts=0, reason="ImagePullBackOff", last_reason="", last_exit_code=None, message="no such"
    )
    change(oom, replace(pod, phase="Pending", containers=(waiting,)))
    dossier = gathered(pod_target(pod.name), oom)
    assert gaps(dossier) == {EvidenceKind.LOG: (GapReason.EMPTY, "container app has not started: ImagePullBackOff")}
    assert oom.calls["log"] == 0
    assert dossier.confirmed


def test_a_pod_that_no_node_takes_is_confirmed(oom: FakeCluster) -> None:
    pod = only_pod(oom)
    pending = Condition(type="PodScheduled", status="False", reason="Unschedulable", message="0/3 nodes are available")
    change(oom, replace(pod, phase="Pending", node="", containers=(), conditions=(pending,)))
    dossier = gathered(pod_target(pod.name), oom)
    assert dossier.confirmed
    assert dossier.of_kind(EvidenceKind.POD)[0].fact("unschedulable") == "0/3 nodes are available"


def test_the_container_that_the_alert_names_is_the_one_that_is_read(oom: FakeCluster) -> None:
    pod = only_pod(oom)
    sidecar = replace(pod.containers[0], name="proxy", state="running", reason="", ready=True, restarts=0)
    sidecar = replace(sidecar, last_reason="", last_exit_code=None)
    change(oom, replace(pod, containers=(pod.containers[0], sidecar)))
    oom.logs["shop", pod.name, "proxy", False] = ["proxying"]
    dossier = gathered(pod_target(pod.name, container="proxy"), oom)
    assert dossier.of_kind(EvidenceKind.POD)[0].fact("container") == "proxy"
    assert lines(dossier, EvidenceKind.LOG) == ["proxying"]
    assert gathered(pod_target(pod.name), oom).target.container == "app"


def test_a_failing_init_container_comes_before_the_container_it_holds_back(oom: FakeCluster) -> None:
    pod = only_pod(oom)
    init = replace(pod.containers[0], name="migrate", init=True, last_reason="Error", last_exit_code=1)
    held = replace(pod.containers[0], restarts=0, reason="PodInitializing", last_reason="", last_exit_code=None)
    change(oom, replace(pod, containers=(init, held)))
    evidence = gathered(pod_target(pod.name), oom).of_kind(EvidenceKind.POD)[0]
    assert (evidence.fact("container"), evidence.fact("init")) == ("migrate", "true")
    assert "Init Container: migrate" in [line.text for line in evidence.excerpt.lines]


def test_a_pod_that_is_gone_leads_to_its_workload_and_the_pod_there_now(oom: FakeCluster) -> None:
    gone = "api-7c9d8f6b5d-zzzzz"
    dossier = gathered(pod_target(gone), oom)
    assert gaps(dossier) == {EvidenceKind.POD: (GapReason.NOT_FOUND, f'pods "{gone}" not found')}
    assert dossier.target.name == "api"
    assert dossier.of_kind(EvidenceKind.POD)[0].target.name == only_pod(oom).name
    assert dossier.confirmed
    assert oom.calls == {"pod": 1, "workload": 1, "pods": 1, "events": 2, "log": 1}


def test_a_workload_is_found_by_its_name_alone() -> None:
    cluster = FakeCluster()
    cluster.deploy("shop", "db", kind="StatefulSet", needs="200Mi")
    dossier = gathered(workload_target("db"), cluster)
    assert dossier.target == workload_target("db", workload_kind="StatefulSet", container="app")
    assert dossier.confirmed
    assert cluster.calls["workload"] == 2


def test_the_illest_pods_of_a_workload_are_kept_and_the_illest_is_read(oom: FakeCluster) -> None:
    ill = only_pod(oom)
    well = replace(
        ill.containers[0], state="running", reason="", ready=True, restarts=0, last_reason="", last_exit_code=None
    )
    for number in range(8):
        pod = replace(ill, name=f"api-{number}", uid=f"u{number}", ready=True, containers=(well,))
        oom.owners[pod.uid] = ("shop", "Deployment", "api")
        change(oom, pod)
    dossier = gathered(workload_target("api", workload_kind="Deployment"), oom)
    assert len(dossier.pods) == 5
    assert dossier.pods[0].name == ill.name
    assert dossier.of_kind(EvidenceKind.POD)[0].target.name == ill.name


def test_a_workload_without_pods_still_says_why_it_cannot_make_them(oom: FakeCluster) -> None:
    oom.pods_by_name.clear()
    refused = Condition(
        type="ReplicaFailure", status="True", reason="FailedCreate", message="exceeded quota: limits.memory"
    )
    key = ("shop", "Deployment", "api")
    oom.workloads[key] = replace(oom.workloads[key], conditions=(refused,))
    dossier = gathered(workload_target("api", workload_kind="Deployment"), oom)
    assert gaps(dossier)[EvidenceKind.POD] == (GapReason.EMPTY, "Deployment api has no pod")
    assert gaps(dossier)[EvidenceKind.LOG] == (GapReason.EMPTY, "no pod to read a log of")
    assert dossier.of_kind(EvidenceKind.WORKLOAD)[0].fact("replica_failure") == "exceeded quota: limits.memory"
    assert "Condition ReplicaFailure: True FailedCreate exceeded quota: limits.memory" in lines(
        dossier, EvidenceKind.WORKLOAD
    )
    assert dossier.confirmed


def test_a_bare_pod_has_no_owner_and_that_is_a_gap(oom: FakeCluster) -> None:
    pod = only_pod(oom)
    oom.owners.clear()
    dossier = gathered(pod_target(pod.name), oom)
    assert gaps(dossier)[EvidenceKind.WORKLOAD][0] is GapReason.NOT_FOUND
    assert dossier.target == pod_target(pod.name, container="app")
    assert dossier.workload is None


def test_without_a_cluster_every_request_is_a_gap() -> None:
    dossier = gathered(pod_target("api-1"))
    assert kinds(dossier) == [EvidenceKind.POST]
    assert [gap.reason for gap in dossier.gaps] == [GapReason.NOT_CONFIGURED] * 5
    assert dossier.gaps[0].detail == "no cluster is configured as default"
    assert dossier.gaps[0].request.why
    assert not dossier.confirmed


def test_out_of_scope_asks_nothing(oom: FakeCluster) -> None:
    dossier = gathered(pod_target(only_pod(oom).name), oom, in_scope=False)
    assert {gap.reason for gap in dossier.gaps} == {GapReason.OUT_OF_SCOPE}
    assert not oom.calls


def test_an_alert_without_a_namespace_asks_nothing(oom: FakeCluster) -> None:
    dossier = gathered(Target(kind=TargetKind.POD, name="api-1"), oom)
    assert {gap.detail for gap in dossier.gaps} == {"the alert names no namespace"}
    assert not oom.calls


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("owner", EvidenceKind.WORKLOAD),
        ("events", EvidenceKind.EVENTS),
        ("log", EvidenceKind.PREVIOUS_LOG),
    ],
)
def test_one_refusal_is_one_gap_and_the_rest_is_told(oom: FakeCluster, operation: str, kind: EvidenceKind) -> None:
    oom.fail(operation, Forbidden("may not", status=403))
    dossier = gathered(pod_target(only_pod(oom).name), oom)
    assert gaps(dossier) == {kind: (GapReason.FORBIDDEN, "may not")}
    assert dossier.of_kind(EvidenceKind.POD)
    assert dossier.confirmed


@pytest.mark.parametrize("error", [Unavailable("connection refused"), TimedOut("no answer in time")])
def test_after_an_outage_nothing_more_is_asked(oom: FakeCluster, error: Unavailable | TimedOut) -> None:
    oom.fail("pod", error, times=99)
    dossier = gathered(pod_target(only_pod(oom).name), oom)
    assert sum(oom.calls.values()) == 1
    assert gaps(dossier)[EvidenceKind.POD] == (GapReason(error.reason), error.detail)
    assert gaps(dossier)[EvidenceKind.WORKLOAD] == (GapReason(error.reason), f"not asked: {error.detail}")
    assert kinds(dossier) == [EvidenceKind.POST]


def test_secrets_are_masked_wherever_they_stand(oom: FakeCluster) -> None:
    pod = only_pod(oom)
    container = replace(pod.containers[0], last_message=f"panic: cannot reach {PASSWORD}", message=PASSWORD)
    change(oom, replace(pod, message=PASSWORD, containers=(container,)))
    oom.events_of["shop", pod.name] = [
        replace(oom.events_of["shop", pod.name][0], message=f"probe of {PASSWORD} failed")
    ]
    oom.logs["shop", pod.name, "app", True] = [f"connecting to {PASSWORD}"]
    dossier = gathered(pod_target(pod.name), oom, text=f"failed: {PASSWORD}")
    assert "Zx9-kPq77wLm" not in repr(dossier)
    assert all("<secret:1>" in str(each.excerpt) for each in dossier.evidence if each.kind is not EvidenceKind.WORKLOAD)
    assert dossier.of_kind(EvidenceKind.PREVIOUS_LOG)[0].redactions == 1


def test_the_same_answers_give_the_same_dossier(oom: FakeCluster) -> None:
    pod = only_pod(oom)
    assert gathered(pod_target(pod.name), oom) == gathered(pod_target(pod.name), oom)


def test_the_numbers_of_secrets_do_not_depend_on_where_logs_were_masked(oom: FakeCluster) -> None:
    """A replayed log comes back masked and never meets the reducer; what is masked live must number alike."""
    pod = only_pod(oom)
    oom.logs["shop", pod.name, "app", True] = ["password=Log-Secret-1x9"]
    oom.events_of["shop", pod.name] = [replace(oom.events_of["shop", pod.name][0], message=f"probe of {PASSWORD}")]
    live = gathered(pod_target(pod.name), oom)
    recorded = live.of_kind(EvidenceKind.PREVIOUS_LOG)[0].excerpt
    oom.log = lambda *_: recorded  # type: ignore[method-assign]
    assert gathered(pod_target(pod.name), oom) == live


def test_multi_line_messages_become_lines(oom: FakeCluster) -> None:
    pod = only_pod(oom)
    container = replace(pod.containers[0], last_message="Traceback:\n  File x\nValueError: boom")
    change(oom, replace(pod, containers=(container,)))
    text = lines(gathered(pod_target(pod.name), oom), EvidenceKind.POD)
    at = text.index("    Message: Traceback:")
    assert text[at : at + 3] == ["    Message: Traceback:", "        File x", "      ValueError: boom"]


def test_huge_messages_are_bounded(oom: FakeCluster) -> None:
    pod = only_pod(oom)
    container = replace(pod.containers[0], last_message="x" * 190_000)
    change(oom, replace(pod, containers=(container,)))
    assert max(map(len, lines(gathered(pod_target(pod.name), oom), EvidenceKind.POD))) <= 1000
