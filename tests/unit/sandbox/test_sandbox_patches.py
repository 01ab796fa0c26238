"""The three patches, quantities, selectors and logs of the sandbox's API, as pure functions."""

import json
from typing import Any

import pytest

from bot.sandbox.cluster_errors import ApiError
from bot.sandbox.cluster_fields import changed_object, record_manager
from bot.sandbox.cluster_logs import LogOptions, LogSource, read_log
from bot.sandbox.cluster_patch import json_patch, merge_patch, strategic_patch
from bot.sandbox.cluster_quantity import canonical, parse_quantity
from bot.sandbox.cluster_selectors import label_selector
from bot.sandbox.cluster_state import seconds_of, stamp

NOW = 1_790_000_000.0


def containers(*names: str) -> list[dict[str, Any]]:
    return [{"name": name, "image": f"{name}:1"} for name in names]


@pytest.mark.parametrize(
    ("text", "given_back"),
    [
        ("1024Mi", "1Gi"),
        ("1000Mi", "1000Mi"),
        ("0.5Gi", "512Mi"),
        ("1.5Gi", "1536Mi"),
        ("268435456", "268435456"),
        ("1000", "1k"),
        ("0.1", "100m"),
        ("1000m", "1"),
        ("129e6", "129e6"),
        ("0Mi", "0"),
        ("512", "512"),
    ],
)
def test_quantities_come_back_as_the_api_server_writes_them(text: str, given_back: str) -> None:
    assert canonical(text) == given_back
    assert parse_quantity(given_back) == parse_quantity(text)


@pytest.mark.parametrize("text", ["", "Mi", "32Mx", "1,5Gi", "1 Gi", "１Gi", "1e", "--1"])
def test_quantities_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="quantities must match the regular expression"):
        parse_quantity(text)


def test_strategic_patch_merges_containers_by_name_and_deletes_with_null() -> None:
    before = {"containers": containers("a", "b"), "args": ["x"], "gone": 1}
    after = strategic_patch(before, {"containers": [{"name": "b", "image": "b:2"}], "args": ["y"], "gone": None})
    assert after == {"containers": [{"name": "a", "image": "a:1"}, {"name": "b", "image": "b:2"}], "args": ["y"]}
    assert before["containers"][1]["image"] == "b:1"


@pytest.mark.parametrize(
    ("patch", "order"),
    [
        ([{"name": "b"}], "abc"),
        ([{"name": "new"}], "newabc"),
        ([{"name": "c"}, {"name": "a"}], "bca"),
        ([{"name": "b", "$patch": "delete"}], "ac"),
        ([{"$patch": "replace"}, {"name": "z"}], "z"),
    ],
)
def test_strategic_patch_orders_lists_as_the_api_server(patch: list[dict[str, Any]], order: str) -> None:
    after = strategic_patch({"containers": containers("a", "b", "c")}, {"containers": patch})
    assert "".join(item["name"] for item in after["containers"]) == order


def test_strategic_patch_wants_the_merge_key() -> None:
    with pytest.raises(ApiError) as refused:
        strategic_patch({"containers": containers("a")}, {"containers": [{"image": "x"}]})
    assert (refused.value.code, refused.value.message) == (
        500,
        "map: map[image:x] does not contain declared merge key: name",
    )


def test_merge_patch_replaces_lists() -> None:
    assert merge_patch({"a": [1, 2], "b": {"c": 1, "d": 2}}, {"a": [3], "b": {"c": None}}) == {"a": [3], "b": {"d": 2}}


def test_json_patch_does_all_or_nothing() -> None:
    document = {"a": [1, 2], "b": {"x/y": 1}}
    done = json_patch(
        document,
        [
            {"op": "test", "path": "/a/0", "value": 1},
            {"op": "add", "path": "/a/-", "value": 3},
            {"op": "replace", "path": "/b/x~1y", "value": 2},
            {"op": "remove", "path": "/a/0"},
            {"op": "copy", "from": "/a/0", "path": "/c"},
            {"op": "move", "from": "/c", "path": "/d"},
        ],
    )
    assert done == {"a": [2, 3], "b": {"x/y": 2}, "d": 2}
    assert document == {"a": [1, 2], "b": {"x/y": 1}}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/a", "value": 2},
        {"op": "remove", "path": "/b"},
        {"op": "replace", "path": "/b/c", "value": 1},
        {"op": "foo", "path": "/a"},
        {"op": "add", "path": "no-slash", "value": 1},
        {"path": "/a"},
        "text",
    ],
)
def test_json_patch_refuses(operation: Any) -> None:
    with pytest.raises(ApiError) as refused:
        json_patch({"a": 1}, [operation])
    assert refused.value.code == 422


def test_managed_fields_pass_from_one_manager_to_the_other() -> None:
    def found(limit: str, **annotations: str) -> dict[str, Any]:
        container = {"name": "app", "resources": {"limits": {"memory": limit}}}
        return {"metadata": {"name": "web", "annotations": annotations}, "spec": {"containers": [container]}}

    def record(entries: list[dict[str, Any]], before: Any, after: Any, manager: str, at: float) -> Any:
        changes = changed_object(before, after)
        return record_manager(entries, changes, manager=manager, api_version="apps/v1", now=stamp(at))

    one = record([], {"metadata": {}}, found("256Mi"), "helm", NOW)
    assert "f:memory" in json.dumps(one)
    two = record(one, found("256Mi"), found("512Mi", mark="x"), "codehealer", NOW + 5)
    helm, codehealer = two
    assert "f:memory" not in json.dumps(helm)
    assert {"f:mark", "f:memory"} <= {name for name in json.dumps(codehealer).split('"') if name.startswith("f:")}
    three = record(two, found("512Mi", mark="x"), found("512Mi"), "other", NOW + 9)
    assert [entry["manager"] for entry in three] == ["helm", "codehealer"]
    assert "f:mark" not in json.dumps(three)


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("app=a", "1"),
        ("app==a", "1"),
        ("app!=a", "23"),
        ("app in (a, b)", "12"),
        ("app notin (a)", "23"),
        ("tier", "2"),
        ("!tier", "13"),
        ("app=b,tier", "2"),
        ("", "123"),
    ],
)
def test_label_selectors(text: str, chosen: str) -> None:
    rows = {"1": {"app": "a"}, "2": {"app": "b", "tier": "x"}, "3": {}}
    _, test = label_selector(text)
    assert "".join(name for name, labels in rows.items() if test(labels)) == chosen


# --- logs


def pod(state: dict[str, Any], last: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    row = {"name": "app", "state": state, "lastState": last or {}}
    return {
        "metadata": {"name": "web-1", "namespace": "shop", "labels": {"app": "web"}},
        "spec": {"nodeName": "worker-1", "containers": [{"name": "app"}], **more},
        "status": {"containerStatuses": [row]},
    }


RUNNING = {"running": {"startedAt": stamp(NOW - 10)}}
ENDED = {"terminated": {"startedAt": stamp(NOW - 60), "finishedAt": stamp(NOW - 20), "containerID": "containerd://1"}}
WAITING = {"waiting": {"reason": "CrashLoopBackOff"}}
SOURCE = LogSource(
    namespace="shop",
    selector={"app": "web"},
    container="app",
    current="{{now-20s}} starting\n{{now-15s}} ready\n{{now-1s}} serving\n",
    previous="{{now-30s}} starting\n  at frame\n{{now-1s}} dying\n",
)


def log(found: dict[str, Any], now: float = NOW, **query: str) -> str:
    answer = read_log(found, [SOURCE], LogOptions.of(query, "web-1", now), now)
    assert answer is not None
    return answer.decode()


def test_a_log_grows_with_its_container() -> None:
    assert [line.split()[1] for line in log(pod(RUNNING)).splitlines()] == ["starting", "ready"]
    assert [line.split()[1] for line in log(pod(RUNNING), NOW + 10).splitlines()] == ["starting", "ready", "serving"]


def test_the_previous_log_ends_when_its_container_ended() -> None:
    lines = log(pod(RUNNING, ENDED), previous="true").splitlines()
    assert lines[-1] == f"{stamp(NOW - 21)} dying"
    assert log(pod(WAITING, ENDED)) == log(pod(WAITING, ENDED), previous="true")


def test_timestamps_tail_since_and_limit() -> None:
    found = pod(WAITING, ENDED)
    stamped = log(found, timestamps="true").splitlines()
    assert stamped[1] == f"{stamp(NOW - 50).removesuffix('Z')}.000000000Z   at frame"
    assert log(found, tailLines="1").endswith("dying\n")
    assert log(found, tailLines="0") == ""
    assert len(log(found, sinceSeconds="25").splitlines()) == 1
    assert log(found, limitBytes="7") == log(found)[:7]


@pytest.mark.parametrize(
    ("found", "query", "text"),
    [
        (pod(RUNNING), {"previous": "true"}, 'previous terminated container "app" in pod "web-1" not found'),
        (
            pod({"waiting": {"reason": "ContainerCreating"}}),
            {},
            'container "app" in pod "web-1" is waiting to start: ContainerCreating',
        ),
        (
            pod({"waiting": {"reason": "ImagePullBackOff"}}),
            {},
            'container "app" in pod "web-1" is waiting to start: trying and failing to pull image',
        ),
        (pod(RUNNING), {"container": "nope"}, "container nope is not valid for pod web-1"),
        (
            pod(RUNNING, containers=[{"name": "app"}, {"name": "proxy"}]),
            {},
            "a container name must be specified for pod web-1, choose one of: [app proxy]",
        ),
    ],
)
def test_the_kubelet_refuses_in_its_own_words(found: dict[str, Any], query: dict[str, str], text: str) -> None:
    with pytest.raises(ApiError) as refused:
        log(found, **query)
    assert (refused.value.code, refused.value.message) == (400, text)


def test_a_pod_without_a_node_has_no_content() -> None:
    found = pod({})
    del found["spec"]["nodeName"]
    assert read_log(found, [SOURCE], LogOptions(), NOW) is None


def test_stamps_are_read_back() -> None:
    assert seconds_of(stamp(NOW)) == NOW
    assert seconds_of("yesterday") is None
