"""A job's log: its redirect, its two forms, and every bound on the way."""

import io
import tracemalloc
import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import pytest

from bot.adapters.github import LOG_HOSTS, GithubAccess, GithubPipelines, connect
from bot.adapters.github.logs import MAX_LINE, Log, checked, lines_from
from bot.domain.errors import Forbidden, NotFound, TimedOut, Unavailable
from bot.domain.evidence import Excerpt, Line
from tests.fakes.github_wire import GithubWire, Reply, github_wire

REPO, JOB = "acme/shop", "/repos/acme/shop/actions/jobs/5/logs"


class Clock:
    def now(self) -> datetime:
        return datetime(2026, 11, 24, 14, 0, tzinfo=UTC)


@pytest.fixture
def wire() -> Iterator[GithubWire]:
    with github_wire() as found:
        yield found


@pytest.fixture
def github(wire: GithubWire) -> Iterator[GithubPipelines]:
    access = GithubAccess(api_url=wire.url, token=lambda: "ghp_secret")
    found = connect("default", access, Clock(), timeouts=(1.0, 0.4))
    yield found
    found.close()


def keep_all(lines: Iterable[str]) -> Excerpt:
    kept = tuple(Line(number=n, text=text) for n, text in enumerate(lines, 1))
    return Excerpt(lines=kept, total_lines=len(kept))


def texts(excerpt: Excerpt) -> list[str]:
    return [line.text for line in excerpt.lines]


def redirect(wire: GithubWire, to: str = "") -> None:
    wire.on("GET", JOB, Reply(status=302, headers=(("Location", to or f"{wire.url}/storage/5?sig=x"),)))


def zipped(**members: str) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return whole.getvalue()


def test_the_redirect_is_followed_without_the_token(wire: GithubWire, github: GithubPipelines) -> None:
    redirect(wire)
    wire.on("GET", "/storage/5", Reply(body="\ufefffirst\r\nsecond\n\nlast".encode()))
    excerpt = github.log(REPO, "5", keep_all)
    assert texts(excerpt) == ["first", "second", "", "last"]
    assert excerpt.truncated is False
    assert "authorization" in wire.requests[0].headers
    assert "authorization" not in wire.requests[1].headers
    assert wire.requests[1].query == {"sig": "x"}


@pytest.mark.parametrize(
    "location",
    [
        "http://logs.blob.core.windows.net/a",
        "https://evil.example/a",
        "https://blob.core.windows.net.evil.example/a",
        "https://a@x.blob.core.windows.net/a",
        "file:///etc/passwd",
        "//evil.example/a",
        "/relative",
        "https://x.blob.core.windows.net/a b",
        "http://169.254.169.254/latest/meta-data",
    ],
)
def test_no_other_address_is_asked(wire: GithubWire, github: GithubPipelines, location: str) -> None:
    redirect(wire, location)
    with pytest.raises(Forbidden, match="no allowed host of logs"):
        github.log(REPO, "5", keep_all)
    assert wire.count() == 1


def test_loopback_is_allowed_only_where_github_is_on_it() -> None:
    with pytest.raises(Forbidden):
        checked("http://127.0.0.1:8080/a", LOG_HOSTS, loopback=False)
    assert checked("http://127.0.0.1:8080/a", LOG_HOSTS, loopback=True)
    assert checked("https://x.blob.core.windows.net/a", LOG_HOSTS, loopback=False)


def test_a_second_redirect_is_not_followed(wire: GithubWire, github: GithubPipelines) -> None:
    redirect(wire)
    wire.on("GET", "/storage/5", Reply(status=302, headers=(("Location", f"{wire.url}/secret"),)))
    with pytest.raises(Unavailable):
        github.log(REPO, "5", keep_all)
    assert wire.count(path="/secret") == 0


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_log_that_expired_is_not_found(wire: GithubWire, github: GithubPipelines, status: int) -> None:
    redirect(wire)
    wire.on("GET", "/storage/5", Reply(status=status, body=b"<Error>"))
    with pytest.raises(NotFound):
        github.log(REPO, "5", keep_all)


def test_a_log_that_github_says_expired_is_not_found(wire: GithubWire, github: GithubPipelines) -> None:
    wire.on("GET", JOB, Reply(status=410, body={"message": "Gone"}))
    with pytest.raises(NotFound, match="expired"):
        github.log(REPO, "5", keep_all)


def test_an_address_that_fails_is_asked_for_again(wire: GithubWire, github: GithubPipelines) -> None:
    redirect(wire)
    wire.on("GET", "/storage/5", Reply(status=503), Reply(body=b"here\n"))
    assert texts(github.log(REPO, "5", keep_all)) == ["here"]
    assert (wire.count(path=JOB), wire.count(path="/storage/5")) == (2, 2)


def test_storage_that_is_silent_is_a_timeout(wire: GithubWire, github: GithubPipelines) -> None:
    redirect(wire)
    wire.on("GET", "/storage/5", Reply(hold=True))
    with pytest.raises(TimedOut, match="read job log"):
        github.log(REPO, "5", keep_all)


def test_a_log_cut_in_the_middle_gives_what_came(wire: GithubWire, github: GithubPipelines) -> None:
    redirect(wire)
    body = b"one\ntwo\n" + b"x" * 1000
    wire.on("GET", "/storage/5", Reply(body=body, cut=60))
    calls = []

    def keep(lines: Iterable[str]) -> Excerpt:
        calls.append(1)
        return keep_all(lines)

    excerpt = github.log(REPO, "5", keep)
    assert texts(excerpt)[:2] == ["one", "two"]
    assert excerpt.truncated
    assert calls == [1]


def test_a_log_of_which_nothing_came_is_an_outage(wire: GithubWire, github: GithubPipelines) -> None:
    redirect(wire)
    wire.on("GET", "/storage/5", Reply(body=b"one\n" * 50, cut=42))
    with pytest.raises(Unavailable):
        github.log(REPO, "5", keep_all)


def test_an_empty_log_is_empty(wire: GithubWire, github: GithubPipelines) -> None:
    redirect(wire)
    wire.on("GET", "/storage/5", Reply(body=b""))
    assert github.log(REPO, "5", keep_all) == Excerpt()


def test_a_zip_is_read_in_the_order_of_its_numbers(wire: GithubWire, github: GithubPipelines) -> None:
    redirect(wire)
    members = {"10_Test.txt": "ten\n", "2_Build.txt": "two", "1_Set up.txt": "\ufeffone\n", "note.bin": "no"}
    wire.on("GET", "/storage/5", Reply(body=zipped(**members)))
    assert texts(github.log(REPO, "5", keep_all)) == ["one", "two", "ten"]


def test_a_zip_of_jobs_and_their_steps_is_read_once(wire: GithubWire, github: GithubPipelines) -> None:
    redirect(wire)
    wire.on("GET", "/storage/5", Reply(body=zipped(**{"build/1_Run.txt": "run\n", "0_build.txt": "run\n"})))
    assert texts(github.log(REPO, "5", keep_all)) == ["run"]


def test_a_zip_that_is_cut_cannot_be_read(wire: GithubWire, github: GithubPipelines) -> None:
    redirect(wire)
    wire.on("GET", "/storage/5", Reply(body=zipped(**{"0_a.txt": "x" * 9999})[:-30]))
    with pytest.raises(Unavailable, match="cannot be unpacked"):
        github.log(REPO, "5", keep_all)


def test_a_zip_does_not_unpack_beyond_the_bound() -> None:
    log = Log(iter([zipped(**{"0_a.txt": "line\n" * 200_000})]), max_bytes=100_000)
    assert sum(len(line) + 1 for line in log.lines()) <= 100_001
    assert log.cut


def test_a_log_beyond_the_bound_is_cut() -> None:
    log = Log(iter([b"line\n" * 10] * 10), max_bytes=120)
    assert list(log.lines()) == ["line"] * 24
    assert log.cut


def test_a_log_that_takes_too_long_is_cut() -> None:
    log = Log(iter([b"a\n", b"b\n"]), max_seconds=-1)
    assert list(log.lines()) == ["a"]
    assert log.cut


def test_a_line_of_200_000_characters_is_cut_and_the_next_one_is_whole() -> None:
    found = list(lines_from([b"x" * 65_536] * 3 + [b"x" * 3392 + b"\nnext\n"]))
    assert [len(line) for line in found] == [MAX_LINE, 4]


def test_a_line_without_an_end_is_not_held_in_memory() -> None:
    chunk = b"x" * 65_536
    tracemalloc.start()
    found = list(lines_from(chunk for _ in range(500)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [len(line) for line in found] == [MAX_LINE]
    assert peak < 1_000_000


def test_a_long_line_of_wide_characters_is_cut_by_characters() -> None:
    assert [len(line) for line in lines_from(["𝔛".encode() * 20_000, b"\n"])] == [MAX_LINE]


def test_a_character_between_two_chunks_is_whole() -> None:
    data = "grüße\n".encode()
    assert list(lines_from(data[i : i + 1] for i in range(len(data)))) == ["grüße"]


def test_what_is_not_utf8_is_replaced() -> None:
    assert list(lines_from([b"a\xff\xfeb\n"])) == ["a\ufffd\ufffdb"]
