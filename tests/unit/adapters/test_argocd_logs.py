"""Logs as Argo CD streams them: errors come as content, with status 200."""

import json
from collections.abc import Iterator

import pytest
import stamina

from bot.adapters.argocd.logs import MAX_RAW_LINE, TOO_LONG, lines_from
from bot.domain.errors import Forbidden, NotFound, PlatformError, Rejected, Unavailable
from bot.domain.evidence import Excerpt, Line
from tests.unit.adapters.argocd_server import Script, answer, argo_of, cut, refusal

END = '{"result":{"content":"","timeStamp":"2026-11-24T19:03:25Z","last":true,"timeStampStr":"2026-11-24T19:03:25.01Z"}}\n'


@pytest.fixture(autouse=True)
def no_waiting_between_tries() -> Iterator[None]:
    with stamina.set_testing(True, attempts=9, cap=True):
        yield


def entry(content: str, at: str = "2026-11-24T14:00:00.5Z") -> str:
    result = {"content": content, "timeStamp": at, "last": False, "timeStampStr": at, "podName": "p"}
    return json.dumps({"result": result}) + "\n"


def untimed(content: str) -> str:
    return entry(content, "0001-01-01T00:00:00Z")


def keep_all(lines) -> Excerpt:
    kept = tuple(Line(number=n, text=text) for n, text in enumerate(lines, 1))
    return Excerpt(lines=kept, total_lines=len(kept))


def log_of(*scripts: Script, max_lines: int = 100, previous: bool = False) -> tuple[list[str], list]:
    with argo_of(*scripts) as (argo, seen):
        kept = argo.log("checkout-prod", "payments", "checkout-1", "app", previous, max_lines, keep_all)
    return [line.text for line in kept.lines], seen


def test_the_log_and_how_it_is_asked_for() -> None:
    body = entry("one") + entry("") + entry("grüße \x1b[31m") + END
    lines, seen = log_of(answer(200, body), previous=True, max_lines=7)
    assert lines == ["one", "", "grüße \x1b[31m"]
    assert seen[0].path == (
        "/api/v1/applications/checkout-prod/logs?podName=checkout-1&namespace=payments&tailLines=7&follow=false"
        "&container=app&previous=true"
    )


def test_an_empty_log_is_no_error() -> None:
    assert log_of(answer(200, END))[0] == []


INSTEAD = [
    (untimed('no logs found for container "app" in pod "h5/shop"') + END, NotFound),
    (untimed("container nope is not valid for pod shop") + END, NotFound),
    (untimed('container "app" in pod "x" is waiting to start: ContainerCreating'), NotFound),
    (untimed('previous terminated container "app" in pod "x" not found'), NotFound),
    (untimed('pods "x" is forbidden: User "argocd" cannot get resource "pods/log"'), Forbidden),
    (untimed('Get "https://10.0.0.1:10250/containerLogs/x": dial tcp: i/o timeout'), Unavailable),
    ("", NotFound),
    ("\n", NotFound),
    ('{"error":{"grpc_code":7,"http_code":403,"message":"permission denied","http_status":"Forbidden"}}', Forbidden),
    ('{"error":{"grpc_code":3,"message":"max pods to view logs are reached"}}\n', Rejected),
    ('{"error":{"grpc_code":14,"message":"down"}}\n', Unavailable),
    ('{"error":"text only"}\n', Unavailable),
]


@pytest.mark.parametrize(("body", "expected"), INSTEAD)
def test_what_comes_in_the_place_of_a_log_raises_as_what_it_is(body: str, expected: type[PlatformError]) -> None:
    with pytest.raises(PlatformError) as caught:
        log_of(answer(200, body))
    assert type(caught.value) is expected
    assert caught.value.detail


def test_an_unknown_application_is_forbidden() -> None:
    with pytest.raises(Forbidden):
        log_of(answer(403, '{"error":{"grpc_code":7,"http_code":403,"message":"permission denied"}}'))
    with pytest.raises(Unavailable):
        log_of(refusal(503, "down", 14))


def test_an_error_behind_the_log_leaves_what_came() -> None:
    assert log_of(answer(200, entry("one") + entry("two") + untimed("unexpected EOF")))[0] == ["one", "two"]


def test_a_second_try_does_not_feed_keep_twice() -> None:
    fed: list[str] = []

    def keep(lines) -> Excerpt:
        fed.extend(lines)
        return Excerpt()

    half = cut(200, entry("one").encode() + b'{"resu', 5000)
    with argo_of(half, answer(200, entry("one") + entry("two"))) as (argo, seen):
        argo.log("checkout-prod", "payments", "checkout-1", "app", False, 10, keep)
    assert fed == ["one", "two"]
    assert len(seen) == 2


def pieces_of(body: bytes, size: int) -> Iterator[bytes]:
    return (body[at : at + size] for at in range(0, len(body), size))


@pytest.mark.parametrize("size", [1, 7, 64 * 1024])
def test_however_it_is_cut_into_pieces_it_is_the_same(size: int) -> None:
    body = (entry("one") + entry("grüße") + "garbage\n[]\n3\n" + '{"result":7}\n' + entry("three")).encode()
    assert lines_from("east", "read log", pieces_of(body, size), 10) == ("one", "grüße", "three")


def test_only_the_last_lines_are_held() -> None:
    body = "".join(entry(f"line {n}") for n in range(5000)).encode()
    assert lines_from("east", "read log", pieces_of(body, 4096), 3) == ("line 4997", "line 4998", "line 4999")


def test_a_line_without_end_is_left_out_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    body = entry("before") + entry("x" * (2 * MAX_RAW_LINE)) + entry("after")
    assert lines_from("east", "read log", pieces_of(body.encode(), 65536), 10) == ("before", TOO_LONG, "after")
    monkeypatch.setattr("bot.adapters.argocd.logs.MAX_KEPT", 100)
    many = "".join(entry("y" * 30 + str(n)) for n in range(50)).encode()
    assert len(lines_from("east", "read log", pieces_of(many, 65536), 50)) == 3


def test_a_log_that_never_ends_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.adapters.argocd.logs.MAX_BYTES", 10_000)
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield entry("again").encode()

    assert set(lines_from("east", "read log", endless(), 5)) == {"again"}
    assert taken < 200
