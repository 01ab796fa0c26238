"""The GitHub adapter against a server that counts: nothing is resent, nothing hidden is asked, every refusal has its name."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.github import GithubAccess, GithubPipelines, connect
from bot.adapters.github.cache import Cache
from bot.domain.errors import (
    AnswerLost,
    ConfigError,
    Conflict,
    Forbidden,
    NotConfigured,
    NotFound,
    OverBudget,
    Rejected,
    TimedOut,
    Unavailable,
)
from bot.domain.pipeline import Dispatch
from bot.ports import Pipelines
from tests.fakes.github_wire import GithubWire, Reply, github_wire

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
REPO = "acme/shop"
RUN = "/repos/acme/shop/actions/runs/7"
RERUN = f"{RUN}/rerun-failed-jobs"
DISPATCH = "/repos/acme/shop/actions/workflows/rotate.yml/dispatches"


@dataclass
class Clock:
    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def wire() -> Iterator[GithubWire]:
    with github_wire() as found:
        yield found


@pytest.fixture
def github(wire: GithubWire, clock: Clock) -> Iterator[Pipelines]:
    found = connected(wire, clock)
    yield found
    found.close()


def connected(wire: GithubWire, clock: Clock, **access) -> GithubPipelines:
    given = {"api_url": wire.url, "token": lambda: "ghp_secret", **access}
    return connect("default", GithubAccess(**given), clock, timeouts=(1.0, 0.4))


def run_json(**more) -> dict:
    return {
        "id": 7,
        "name": "CI",
        "path": ".github/workflows/ci.yml",
        "run_attempt": 1,
        "run_number": 3,
        "event": "push",
        "head_branch": "main",
        "head_sha": "a" * 40,
        "status": "completed",
        "conclusion": "failure",
        "display_title": "Fix it",
        "html_url": "https://github.com/acme/shop/actions/runs/7",
        "created_at": "2026-11-24T13:00:00Z",
        "actor": {"login": "ana"},
        "triggering_actor": {"login": "ben"},
        **more,
    }


WRITES = {
    "rerun": (RERUN, lambda github: github.rerun_failed_jobs(REPO, "7")),
    "dispatch": (
        DISPATCH,
        lambda github: github.dispatch(Dispatch(repo=REPO, workflow_file="rotate.yml", ref="main")),
    ),
}


@pytest.mark.parametrize(("path", "write"), WRITES.values(), ids=WRITES)
@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=500, body={"message": "Server Error"}),
        Reply(status=502, body=b"<html>"),
        Reply(status=503),
        Reply(status=504),
        Reply(cut=0),
        Reply(cut=9),
        Reply(status=201, body={"a": "b" * 100}, cut=80),
        Reply(hold=True),
        Reply(status=302, headers=(("Location", "/elsewhere"),)),
    ],
    ids=["500", "502", "503", "504", "cut", "cut in the header", "cut in the body", "silence", "302"],
)
def test_a_write_whose_answer_is_lost_is_sent_once(wire: GithubWire, github: Pipelines, reply, path, write) -> None:
    wire.on("POST", path, reply)
    with pytest.raises(AnswerLost) as caught:
        write(github)
    assert wire.count() == 1
    assert caught.value.status in (0, reply.status)
    assert caught.value.operation


@pytest.mark.parametrize("status", [301, 307, 308])
def test_a_write_does_not_follow_a_move(wire: GithubWire, github: Pipelines, status: int) -> None:
    wire.on("POST", RERUN, Reply(status=status, headers=(("Location", f"{wire.url}/repositories/1"),)))
    with pytest.raises(NotFound, match="renamed or moved"):
        github.rerun_failed_jobs(REPO, "7")
    assert wire.count() == 1


REFUSALS = [
    (403, "Resource not accessible by integration", Forbidden),
    (403, "This workflow is already running", Rejected),
    (403, "This workflow run cannot be retried", Rejected),
    (403, "Unable to retry this workflow run because it was created over a month ago", Rejected),
    (401, "Bad credentials", Forbidden),
    (404, "Not Found", NotFound),
    (409, "Git Repository is empty.", Conflict),
    (410, "Gone", NotFound),
    (422, "Workflow does not have 'workflow_dispatch' trigger", Rejected),
]


@pytest.mark.parametrize(("path", "write"), WRITES.values(), ids=WRITES)
@pytest.mark.parametrize(("status", "message", "kind"), REFUSALS, ids=[f"{s} {m[:24]}" for s, m, _ in REFUSALS])
def test_a_refusal_is_an_error_with_githubs_own_words(
    wire: GithubWire, github: Pipelines, status, message, kind, path, write
) -> None:
    """Where PyGithub's rerun_failed_jobs() and create_dispatch() answer False."""
    wire.on("POST", path, Reply(status=status, body={"message": message, "status": str(status)}))
    with pytest.raises(kind, match=message[:30]) as caught:
        write(github)
    assert (type(caught.value), caught.value.status, wire.count()) == (kind, status, 1)


def test_a_refusal_names_the_permission_that_is_missing(wire: GithubWire, github: Pipelines) -> None:
    headers = (("X-Accepted-GitHub-Permissions", "actions=write"),)
    wire.on("POST", RERUN, Reply(status=403, body={"message": "Resource not accessible"}, headers=headers))
    with pytest.raises(Forbidden, match="needs the permission actions=write"):
        github.rerun_failed_jobs(REPO, "7")


def test_a_write_that_was_never_sent_changed_nothing(clock: Clock) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
        github = connect("default", GithubAccess(api_url=address, token=lambda: "t"), clock, timeouts=(0.3, 0.3))
        with pytest.raises(Unavailable, match="no connection"):
            github.rerun_failed_jobs(REPO, "7")


def test_a_read_is_tried_again_on_an_outage(wire: GithubWire, github: Pipelines) -> None:
    wire.on("GET", RUN, Reply(status=502), Reply(cut=20), run_json())
    assert github.run(REPO, "7").title == "Fix it"
    assert wire.count() == 3


@pytest.mark.parametrize(
    ("reply", "kind"),
    [(Reply(status=500), Unavailable), (Reply(status=504), TimedOut), (Reply(cut=0), Unavailable)],
    ids=["500", "504", "cut"],
)
def test_a_read_gives_up_after_three_tries(wire: GithubWire, github: Pipelines, reply, kind) -> None:
    wire.on("GET", RUN, reply)
    with pytest.raises(kind) as caught:
        github.run(REPO, "7")
    assert (wire.count(), caught.value.operation, caught.value.connection) == (3, "read run", "default")


def test_a_read_that_is_refused_is_not_tried_again(wire: GithubWire, github: Pipelines) -> None:
    with pytest.raises(NotFound, match="not found, or not visible"):
        github.run(REPO, "7")
    assert wire.count() == 1


def test_a_read_does_not_wait_for_an_answer_in_preparation(wire: GithubWire, github: Pipelines) -> None:
    """PyGithub sleeps and asks again on a 202, for ever."""
    wire.on("GET", RUN, Reply(status=202, body={}), run_json())
    assert github.run(REPO, "7").id == "7"
    assert wire.count() == 2


def test_one_read_is_one_request_and_every_field_is_copied(wire: GithubWire, github: Pipelines) -> None:
    wire.on("GET", RUN, run_json(run_attempt=2, actor=None, path=".github/workflows/ci.yml@refs/heads/main"))
    run = github.run(REPO, "7")
    assert (run.attempt, run.number, run.workflow, run.workflow_path) == (2, 3, "CI", ".github/workflows/ci.yml")
    assert (run.actor, run.rerun_by, run.branch, run.conclusion) == ("", "ben", "main", "failure")
    assert run.created_at == datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
    assert run.started_at is None
    assert run.failed
    assert wire.count() == 1


@pytest.mark.parametrize("answer", [[], "x", {"id": "7"}, {"id": None}, 7, None], ids=str)
def test_an_answer_of_another_shape_is_an_outage(wire: GithubWire, github: Pipelines, answer) -> None:
    wire.on("GET", RUN, Reply(body=answer if answer is not None else b"null"))
    with pytest.raises(Unavailable, match="read run"):
        github.run(REPO, "7")


def test_what_has_not_changed_costs_nothing(wire: GithubWire, clock: Clock) -> None:
    github = connected(wire, clock, calls_per_hour=3)
    etag = (("ETag", 'W/"1"'),)
    wire.on("GET", RUN, Reply(body=run_json(), headers=etag), Reply(status=304, headers=etag))
    assert [github.run(REPO, "7").id for _ in range(8)] == ["7"] * 8
    assert [each.headers.get("if-none-match") for each in wire.requests] == [None] + ['W/"1"'] * 7


def test_what_has_changed_is_told_anew(wire: GithubWire, github: Pipelines) -> None:
    first = Reply(body=run_json(), headers=(("ETag", '"1"'),))
    wire.on("GET", RUN, first, Reply(body=run_json(run_attempt=2), headers=(("ETag", '"2"'),)), Reply(status=304))
    assert [github.run(REPO, "7").attempt for _ in range(3)] == [1, 2, 2]
    assert wire.requests[-1].headers["if-none-match"] == '"2"'


def test_the_cache_forgets_what_was_used_least() -> None:
    cache = Cache(max_bytes=10, max_entry=6)
    for key in "abc":
        cache.keep(key, "e", "1234")
        cache.find("a")
    cache.keep("large", "e", "1234567")
    assert [key for key in ("a", "b", "c", "large") if cache.find(key)] == ["a", "c"]


def test_a_spent_budget_is_a_gap_and_writes_keep_a_reserve(wire: GithubWire, clock: Clock) -> None:
    github = connected(wire, clock, calls_per_hour=4)
    wire.on("GET", RUN, run_json())
    wire.on("POST", RERUN, Reply(status=201, body={}))
    for _ in range(3):
        github.run(REPO, "7")
    with pytest.raises(OverBudget, match="budget of 4 calls an hour is spent; calls are free again at 15:00:00 UTC"):
        github.run(REPO, "7")
    github.rerun_failed_jobs(REPO, "7")
    with pytest.raises(OverBudget):
        github.rerun_failed_jobs(REPO, "7")
    assert wire.count() == 4
    clock.at += timedelta(hours=1, seconds=1)
    assert github.run(REPO, "7").id == "7"


def test_githubs_own_limit_closes_the_door_until_it_resets(wire: GithubWire, github: Pipelines, clock: Clock) -> None:
    reset = int((NOW + timedelta(minutes=20)).timestamp())
    headers = (("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", str(reset)))
    wire.on("GET", RUN, Reply(status=403, body={"message": "API rate limit exceeded"}, headers=headers), run_json())
    for _ in range(2):
        with pytest.raises(OverBudget, match="14:20:00 UTC"):
            github.run(REPO, "7")
    assert wire.count() == 1
    clock.at += timedelta(minutes=21)
    assert github.run(REPO, "7").id == "7"


def test_a_short_pause_is_waited_for_by_a_read(wire: GithubWire, github: Pipelines) -> None:
    limited = Reply(status=429, body={"message": "slow down"}, headers=(("Retry-After", "0"),))
    wire.on("GET", RUN, limited, run_json())
    assert github.run(REPO, "7").id == "7"
    assert wire.count() == 2


def test_a_pause_that_does_not_end_is_a_limit_like_any_other(wire: GithubWire, github: Pipelines) -> None:
    limited = Reply(status=429, body={"message": "slow down"}, headers=(("Retry-After", "0"),))
    wire.on("GET", RUN, limited)
    with pytest.raises(OverBudget, match="slow down") as caught:
        github.run(REPO, "7")
    assert (type(caught.value), caught.value.operation, caught.value.status) == (OverBudget, "read run", 429)
    assert wire.count() == 3


def test_a_write_does_not_wait_for_a_pause(wire: GithubWire, github: Pipelines) -> None:
    limited = Reply(status=403, body={"message": "You have exceeded a secondary rate limit"})
    wire.on("POST", RERUN, limited)
    with pytest.raises(OverBudget, match="secondary rate limit; calls are free again at 14:01:00 UTC"):
        github.rerun_failed_jobs(REPO, "7")
    assert wire.count() == 1


def test_an_enterprise_servers_prefix_is_kept(wire: GithubWire, clock: Clock) -> None:
    github = connected(wire, clock, api_url=f"{wire.url}/api/v3/")
    wire.on("GET", f"/api/v3{RUN}", run_json())
    assert github.run(REPO, "7").id == "7"


def test_a_request_says_who_and_which_version(wire: GithubWire, github: Pipelines) -> None:
    wire.on("GET", RUN, run_json())
    github.run(REPO, "7")
    headers = wire.requests[0].headers
    assert (headers["authorization"], headers["user-agent"]) == ("token ghp_secret", "codehealer")
    assert headers["x-github-api-version"] == "2022-11-28"


def test_a_rotated_token_is_used_at_once(wire: GithubWire, clock: Clock) -> None:
    tokens = iter(["first\n", "second"])
    github = connected(wire, clock, token=lambda: next(tokens))
    wire.on("GET", RUN, run_json())
    github.run(REPO, "7")
    github.run(REPO, "7")
    assert [each.headers["authorization"] for each in wire.requests] == ["token first", "token second"]


def test_no_error_holds_the_token(wire: GithubWire, github: Pipelines) -> None:
    wire.on("GET", RUN, Reply(status=401, body={"message": "Bad credentials"}))
    with pytest.raises(Forbidden) as caught:
        github.run(REPO, "7")
    assert "ghp_secret" not in repr(caught.value) + str(caught.value.__dict__)


@pytest.mark.parametrize("token", ["", " \n", "two\nlines", "ümlaut"])
def test_a_token_that_is_none_is_refused_before_anything_is_sent(wire: GithubWire, clock: Clock, token: str) -> None:
    with pytest.raises(Forbidden, match="empty or not a token"):
        connected(wire, clock, token=lambda: token).run(REPO, "7")
    assert wire.count() == 0


@pytest.mark.parametrize("address", ["http://github.example", "ftp://x", "https://", "", "https://a/?q=1"])
def test_only_https_or_loopback_is_an_address(clock: Clock, address: str) -> None:
    with pytest.raises(ConfigError, match="GITHUB_API_URL"):
        connect("default", GithubAccess(api_url=address, token=lambda: "t"), clock)


def test_without_a_credential_it_is_not_configured(clock: Clock) -> None:
    with pytest.raises(NotConfigured):
        connect("default", GithubAccess(), clock)


@pytest.mark.parametrize("repo", ["", "shop", "a/b/c", "../x", "a/..", "a/b?x", "a b/c", "a/b\n"])
def test_a_name_that_is_no_repository_is_never_asked(wire: GithubWire, github: Pipelines, repo: str) -> None:
    with pytest.raises(NotFound, match="read run"):
        github.run(repo, "7")
    assert wire.count() == 0


@pytest.mark.parametrize("path", ["../../user", "a/../b", "a//b", "./a", "a\0b", "x" * 1001])
def test_a_path_leads_nowhere_else(wire: GithubWire, github: Pipelines, path: str) -> None:
    with pytest.raises(NotFound):
        github.file(REPO, path, "main")
    assert wire.count() == 0


def test_a_path_is_encoded(wire: GithubWire, github: Pipelines) -> None:
    wire.on("GET", "/repos/acme/shop/contents/a dir/ü?#.yaml", [])
    with pytest.raises(Rejected, match="is a folder"):
        github.file(REPO, "a dir/ü?#.yaml", "feature/x&y")
    assert wire.requests[0].query == {"ref": "feature/x&y"}


def test_many_threads_get_their_own_answers(wire: GithubWire, github: Pipelines) -> None:
    """One connection object of PyGithub's holds one request: two threads get each other's answers."""
    ids = [str(each) for each in range(1, 121)]
    for each in ids:
        wire.on("GET", f"/repos/acme/shop/actions/runs/{each}", run_json(id=int(each)))
    gate = threading.Barrier(8)

    def ask(each: str) -> str:
        if int(each) <= 8:
            gate.wait(5)
        return github.run(REPO, each).id

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, ids)) == ids


def test_dispatch_tells_the_new_run(wire: GithubWire, github: Pipelines) -> None:
    wire.on("POST", DISPATCH, {"workflow_run_id": 99, "run_url": "https://evil.example/", "html_url": "x"})
    wanted = Dispatch(
        repo=REPO, workflow_file=".github/workflows/rotate.yml", ref="main", inputs=(("codehealer_id", "e"),)
    )
    assert github.dispatch(wanted) == "99"
    body = {"ref": "main", "inputs": {"codehealer_id": "e"}, "return_run_details": True}
    assert [each.body for each in wire.requests] == [body]


def test_dispatch_without_details_tells_nothing(wire: GithubWire, github: Pipelines) -> None:
    wire.on("POST", DISPATCH, Reply(status=204))
    assert github.dispatch(Dispatch(repo=REPO, workflow_file="rotate.yml", ref="main")) == ""


def test_an_older_server_is_asked_without_the_question_it_refuses(wire: GithubWire, github: Pipelines) -> None:
    refused = Reply(status=422, body={"message": 'Invalid request.\n\n"return_run_details" is not a permitted key.'})
    wire.on("POST", DISPATCH, refused, Reply(status=204))
    assert github.dispatch(Dispatch(repo=REPO, workflow_file="rotate.yml", ref="main")) == ""
    assert [sorted(each.body) for each in wire.requests] == [["inputs", "ref", "return_run_details"], ["inputs", "ref"]]


def test_an_older_server_whose_second_answer_is_lost_is_not_asked_a_third_time(
    wire: GithubWire, github: Pipelines
) -> None:
    refused = Reply(status=422, body={"message": '"return_run_details" is not a permitted key.'})
    wire.on("POST", DISPATCH, refused, Reply(status=500))
    with pytest.raises(AnswerLost):
        github.dispatch(Dispatch(repo=REPO, workflow_file="rotate.yml", ref="main"))
    assert wire.count() == 2


def test_dispatched_takes_the_mark_as_a_word(wire: GithubWire, github: Pipelines) -> None:
    runs = [
        run_json(id=9, display_title="Rotate exe_12", created_at="2026-11-24T14:00:05Z"),
        run_json(id=8, display_title="Rotate (exe_1)", created_at="2026-11-24T14:00:01Z"),
        run_json(id=6, display_title="Rotate exe_1", created_at="2026-11-24T13:54:59Z"),
    ]
    wire.on("GET", "/repos/acme/shop/actions/workflows/rotate.yml/runs", {"workflow_runs": runs})
    found = github.dispatched(REPO, "rotate.yml", "exe_1", NOW + timedelta(milliseconds=900))
    assert found is not None
    assert found.id == "8"
    assert wire.requests[0].query["created"] == ">=2026-11-24T13:55:00Z"


def test_a_missing_branch_is_known_only_where_the_repository_is_seen(wire: GithubWire, github: Pipelines) -> None:
    with pytest.raises(NotFound):
        github.branch_exists(REPO, "codehealer/e")
    wire.on("GET", "/repos/acme/shop", {"default_branch": "main"})
    assert github.branch_exists(REPO, "codehealer/e") is False
    wire.on("GET", "/repos/acme/shop/git/ref/heads/codehealer/e", {"object": {"sha": "1"}})
    assert github.branch_exists(REPO, "codehealer/e") is True


def test_compare_asks_the_last_pages(wire: GithubWire, github: Pipelines) -> None:
    def page(first: int, last: int) -> dict:
        made = [{"sha": str(n), "commit": {"message": f"m{n}\n\nmore"}} for n in range(first, last)]
        return {"total_commits": 230, "commits": made}

    wire.on("GET", "/repos/acme/shop/compare/v1...feature/x", page(0, 100), page(100, 200), page(200, 230))
    found = github.compare(REPO, "v1", "feature/x")
    assert [each.sha for each in found] == [str(n) for n in range(229, 179, -1)]
    assert found[0].message == "m229"
