"""What the network and the API server can do to a request, against a real socket on loopback."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import stamina
from kubernetes.client import ApiClient, Configuration

from bot.adapters.kubernetes.cluster import MAX_LOG, KubernetesCluster
from bot.adapters.kubernetes.door import Door
from bot.domain.cluster import WorkloadPatch
from bot.domain.errors import (
    AnswerLost,
    Conflict,
    Forbidden,
    NotFound,
    OverBudget,
    PlatformError,
    Rejected,
    TimedOut,
    Unavailable,
)
from bot.domain.evidence import Excerpt, Line

PATCH = WorkloadPatch(kind="Deployment", namespace="shop", name="api", resource_version="7", body='{"spec":{}}')
POD = {"metadata": {"name": "api-1", "namespace": "shop", "uid": "u"}, "spec": {}, "status": {}}
DEPLOYMENT = {"metadata": {"name": "api", "namespace": "shop", "uid": "u", "resourceVersion": "8"}}

Script = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Plays the server's scripts one request after another; the last one is played for ever."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def _play(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append((self.command, self.path, self.headers.get("Content-Type", ""), body))
        scripts = self.server.scripts
        (scripts.pop(0) if len(scripts) > 1 else scripts[0])(self)

    do_GET = do_PATCH = do_POST = _play  # noqa: N815 - the names that http.server calls

    def log_message(self, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, scripts: list[Script]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.scripts, self.seen = scripts, []

    def handle_error(self, request, client_address) -> None:
        """A script that breaks the connection is no error of the test."""


def answer(status: int, body: bytes | dict | str, **headers: str) -> Script:
    raw = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()

    def play(handler: Handler) -> None:
        handler.send_response(status)
        for name, text in ({"Content_Length": str(len(raw))} | headers).items():
            handler.send_header(name.replace("_", "-"), text)
        handler.end_headers()
        handler.wfile.write(raw)

    return play


def refusal(status: int, message: str) -> Script:
    return answer(
        status, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": status}
    )


def cut(status: int, body: bytes, announced: int) -> Script:
    """Announce more than is sent, then close."""

    def play(handler: Handler) -> None:
        answer(status, body, Content_Length=str(announced))(handler)
        handler.close_connection = True

    return play


def reset(handler: Handler) -> None:
    """Break the connection without a word."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    handler.close_connection = True


def silent(handler: Handler) -> None:
    time.sleep(0.6)
    handler.close_connection = True


def dripping(handler: Handler) -> None:
    """One byte every 0.1 s: no single read is late, the whole is."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    for _ in range(20):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.1)
    handler.close_connection = True


@contextmanager
def cluster_of(*scripts: Script, tries: int = 1, timeout: float = 0.3) -> Iterator[tuple[KubernetesCluster, list]]:
    server = Server(list(scripts))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    cluster = cluster_at(server.server_address[1], tries, timeout)
    try:
        yield cluster, server.seen
    finally:
        cluster.close()
        server.shutdown()
        thread.join()
        server.server_close()


def cluster_at(port: int, tries: int = 1, timeout: float = 0.3) -> KubernetesCluster:
    settings = Configuration(host=f"http://127.0.0.1:{port}", retries=False)
    settings.proxy = None
    door = Door("east", ApiClient(settings), timeouts=(1.0, timeout), tries=tries)
    return KubernetesCluster("east", door)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(autouse=True)
def no_waiting_between_tries() -> Iterator[None]:
    """As many tries as the product makes, without its pauses."""
    with stamina.set_testing(True, attempts=9, cap=True):
        yield


def keep_all(lines) -> Excerpt:
    kept = tuple(Line(number=n, text=text) for n, text in enumerate(lines, 1))
    return Excerpt(lines=kept, total_lines=len(kept))


READS = [
    (refusal(401, "Unauthorized"), Forbidden),
    (refusal(403, 'pods "api-1" is forbidden: User "bot" cannot get'), Forbidden),
    (refusal(404, 'pods "api-1" not found'), NotFound),
    (refusal(400, "bad request"), Rejected),
    (refusal(429, "too many requests"), Unavailable),
    (refusal(500, "etcdserver: request timed out"), Unavailable),
    (refusal(503, "service unavailable"), Unavailable),
    (refusal(504, "gateway timeout"), TimedOut),
    (answer(502, "<html>Bad Gateway</html>"), Unavailable),
    (answer(302, "", Location="http://127.0.0.1:1/elsewhere"), Unavailable),
    (answer(200, "<html>not the API</html>"), Unavailable),
    (answer(200, '{"kind":"Pod"}'), Unavailable),
    (answer(200, '["a list"]'), Unavailable),
    (cut(200, b'{"metadata":', 5000), Unavailable),
    (reset, Unavailable),
    (silent, TimedOut),
    (dripping, TimedOut),
]


@pytest.mark.parametrize(("script", "expected"), READS)
def test_a_read_fails_as_what_it_is(script: Script, expected: type[PlatformError]) -> None:
    with cluster_of(script) as (cluster, _), pytest.raises(PlatformError) as caught:
        cluster.pod("shop", "api-1")
    assert type(caught.value) is expected
    assert caught.value.connection == "east"
    assert caught.value.detail


WRITES = [
    (refusal(400, "strict decoding error: unknown field"), Rejected),
    (refusal(403, "forbidden"), Forbidden),
    (refusal(404, "not found"), NotFound),
    (refusal(409, "the object has been modified"), Conflict),
    (refusal(422, "must be less than or equal to memory limit"), Rejected),
    (refusal(429, "too many requests"), Unavailable),
    (refusal(500, "etcdserver: request timed out"), AnswerLost),
    (answer(502, "bad gateway"), AnswerLost),
    (refusal(503, "unavailable"), AnswerLost),
    (refusal(504, "timeout"), AnswerLost),
    (cut(200, b'{"metadata":', 5000), AnswerLost),
    (answer(200, "not JSON"), AnswerLost),
    (cut(409, b'{"message":', 5000), Conflict),
    (reset, AnswerLost),
    (silent, AnswerLost),
    (dripping, AnswerLost),
]


@pytest.mark.parametrize(("script", "expected"), WRITES)
def test_a_write_says_whether_it_can_have_been_applied_and_is_sent_once(
    script: Script, expected: type[PlatformError]
) -> None:
    with cluster_of(script, tries=3) as (cluster, seen), pytest.raises(PlatformError) as caught:
        cluster.patch(PATCH, False)
    assert type(caught.value) is expected
    assert len(seen) == 1


@pytest.mark.parametrize("script", [refusal(500, "no"), reset, silent, answer(200, "not JSON")])
def test_a_dry_run_without_an_answer_changed_nothing(script: Script) -> None:
    with cluster_of(script) as (cluster, _), pytest.raises((Unavailable, TimedOut)):
        cluster.patch(PATCH, True)


def test_a_refused_connection_sent_nothing() -> None:
    cluster = cluster_at(free_port())
    with pytest.raises(Unavailable) as caught:
        cluster.patch(PATCH, False)
    with pytest.raises(Unavailable):
        cluster.pod("shop", "api-1")
    assert "0x" not in str(caught.value)
    cluster.close()


def test_the_patch_as_it_is_sent() -> None:
    body = '{"metadata":{"annotations":{"a":"b"}},"spec":{}}'
    patch = WorkloadPatch(kind="StatefulSet", namespace="shop", name="db", resource_version="7", body=body)
    with cluster_of(answer(200, DEPLOYMENT)) as (cluster, seen):
        cluster.patch(patch, True)
        cluster.patch(patch, False)
    (method, dry, kind, sent), (_, real, _, sent_again) = seen
    path = "/apis/apps/v1/namespaces/shop/statefulsets/db?fieldManager=codehealer&fieldValidation=Strict"
    assert (method, kind, dry, real) == ("PATCH", "application/strategic-merge-patch+json", f"{path}&dryRun=All", path)
    assert sent == sent_again
    assert json.loads(sent) == {"metadata": {"annotations": {"a": "b"}, "resourceVersion": "7"}, "spec": {}}


def test_names_cannot_leave_their_place_in_the_path() -> None:
    with cluster_of(refusal(404, "not found")) as (cluster, seen), pytest.raises(NotFound):
        cluster.pod("shop/../../secrets", "x?watch=1#")
    assert seen[0][1] == "/api/v1/namespaces/shop%2F..%2F..%2Fsecrets/pods/x%3Fwatch%3D1%23"


def test_a_read_is_tried_three_times() -> None:
    scripts = [refusal(503, "later"), reset, answer(200, POD)]
    with cluster_of(*scripts, tries=3) as (cluster, seen):
        assert cluster.pod("shop", "api-1").name == "api-1"
    assert len(seen) == 3


def test_after_three_tries_the_outage_is_told() -> None:
    with cluster_of(refusal(503, "later"), tries=3) as (cluster, seen), pytest.raises(Unavailable):
        cluster.pod("shop", "api-1")
    assert len(seen) == 3


def test_a_refusal_is_not_tried_again() -> None:
    with cluster_of(refusal(403, "no"), tries=3) as (cluster, seen), pytest.raises(Forbidden):
        cluster.pod("shop", "api-1")
    assert len(seen) == 1


def test_no_selector_finds_no_pod_and_asks_nothing() -> None:
    with cluster_of(answer(200, {"items": [POD]})) as (cluster, seen):
        assert cluster.pods("shop", "") == ()
    assert seen == []


def test_pods_are_read_page_by_page_newest_first() -> None:
    def pod(name: str, minute: int) -> dict:
        return {"metadata": {"name": name, "creationTimestamp": f"2026-11-24T14:{minute:02}:00Z"}}

    first = {"metadata": {"continue": "t/1="}, "items": [pod("a", 1), pod("b", 59)]}
    second = {"metadata": {}, "items": [pod("c", 30)]}
    with cluster_of(answer(200, first), answer(200, second)) as (cluster, seen):
        assert [found.name for found in cluster.pods("shop", "app=api,tier in (web)")] == ["b", "c", "a"]
    assert "labelSelector=app%3Dapi%2Ctier%20in%20%28web%29&limit=250" in seen[0][1]
    assert seen[1][1].endswith("&continue=t/1%3D")


def test_events_are_the_newest_hundred_oldest_first() -> None:
    items = [
        {"reason": f"r{n}", "lastTimestamp": f"2026-11-24T{10 + n // 60}:{n % 60:02}:00Z", "message": "m"}
        for n in range(150)
    ]
    with cluster_of(answer(200, {"items": items[::-1]})) as (cluster, _):
        found = cluster.events("shop", "api-1")
    assert [event.reason for event in found] == [f"r{n}" for n in range(50, 150)]


def test_a_second_try_does_not_feed_keep_twice() -> None:
    fed: list[str] = []

    def keep(lines) -> Excerpt:
        fed.extend(lines)
        return Excerpt()

    with cluster_of(cut(200, b"one\ntw", 500), answer(200, b"one\ntwo\n"), tries=3) as (cluster, _):
        cluster.log("shop", "api-1", "app", False, 10, keep)
    assert fed == ["one", "two"]


def test_an_answer_that_never_ends_is_over_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.adapters.kubernetes.door.MAX_JSON", 100_000)
    with cluster_of(answer(200, b" " * 300_000)) as (cluster, _), pytest.raises(OverBudget):
        cluster.pod("shop", "api-1")


def log_of(*scripts: Script, max_lines: int = 100) -> tuple[list[str], list]:
    with cluster_of(*scripts, timeout=5.0) as (cluster, seen):
        kept = cluster.log("shop", "api-1", "app", True, max_lines, keep_all)
    return [line.text for line in kept.lines], seen


def test_the_log_is_asked_for_within_bounds() -> None:
    lines, seen = log_of(answer(200, b"a\nb\n"))
    assert lines == ["a", "b"]
    assert seen[0][1] == (
        f"/api/v1/namespaces/shop/pods/api-1/log?tailLines=100&limitBytes={MAX_LOG}&container=app&previous=true"
    )


def test_a_long_line_comes_whole() -> None:
    lines, _ = log_of(answer(200, b"start\n" + b"x" * 190_000 + b"\nend\n"))
    assert [len(line) for line in lines] == [5, 190_000, 3]


def test_bytes_that_are_no_utf8_are_replaced() -> None:
    lines, _ = log_of(answer(200, b"caf\xe9 \xff\xfe\nok\r\n"))
    assert lines == ["caf� ��", "ok"]


def test_a_log_that_is_json_stays_the_text_that_it_is() -> None:
    text = '{"level": "error", "msg": "boom", "ok": true, "none": null}'
    lines, _ = log_of(answer(200, text, Content_Type="application/json"))
    assert lines == [text]


def test_only_a_line_feed_ends_a_line() -> None:
    lines, _ = log_of(answer(200, "a\u2028b\x0bc\rd\n\nlast without end".encode()))
    assert lines == ["a\u2028b\x0bc\rd", "", "last without end"]


def test_an_empty_log_is_no_line() -> None:
    assert log_of(answer(200, b""))[0] == []


def test_of_a_log_that_is_too_long_the_end_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.adapters.kubernetes.cluster.MAX_LOG", 1000)
    first = b"".join(b"%099d\n" % n for n in range(20))[:1000]
    lines, seen = log_of(answer(200, first), answer(200, b"the end\n"))
    assert lines == ["the end"]
    assert "tailLines=5&" in seen[1][1]


KUBELET = [
    'previous terminated container "app" in pod "api-1" not found',
    'container "app" in pod "api-1" is waiting to start: ContainerCreating',
    'container "app" in pod "api-1" is waiting to start: trying and failing to pull image',
    'container "app" in pod "api-1" is terminated',
    'container "app" in pod "api-1" is not available',
    "container app is not valid for pod api-1",
    'no logs found for container "app" in pod "shop/api-1"',
]


@pytest.mark.parametrize("text", KUBELET)
def test_what_a_kubelet_says_of_a_missing_log_is_not_found(text: str) -> None:
    with cluster_of(refusal(400, text)) as (cluster, _), pytest.raises(NotFound) as caught:
        cluster.log("shop", "api-1", "app", True, 10, keep_all)
    assert caught.value.detail == text
