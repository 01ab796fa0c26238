"""What the network and Argo CD can do to a request, against a real socket on loopback."""

import json
import socket
from collections.abc import Iterator

import pytest
import stamina

from bot.adapters.argocd import ArgoAccess, connect
from bot.domain.delivery import EXECUTION_INFO, InfoItem, SyncWanted
from bot.domain.errors import (
    AnswerLost,
    ConfigError,
    Conflict,
    Forbidden,
    NotConfigured,
    NotFound,
    OverBudget,
    PlatformError,
    Rejected,
    TimedOut,
    Unavailable,
)
from tests.unit.adapters.argocd_server import (
    TOKEN,
    Script,
    answer,
    argo_of,
    cut,
    cut_chunked,
    dripping,
    recorded,
    refusal,
    replay,
    reset,
    served,
    silent,
)

SYNC = SyncWanted(name="checkout-prod", info=(InfoItem(name=EXECUTION_INFO, value="ex_1"),))


@pytest.fixture(autouse=True)
def no_waiting_between_tries() -> Iterator[None]:
    """As many tries as the product makes, without its pauses."""
    with stamina.set_testing(True, attempts=9, cap=True):
        yield


READS = [
    (replay("unauthenticated"), Forbidden, "the token is not accepted"),
    (replay("bad-token"), Forbidden, "invalid session"),
    (replay("application-unknown"), Forbidden, "permission denied"),
    (refusal(403, "permission denied: applications, get, default/x, sub: bot", 7), Forbidden, "default/x, sub: bot"),
    (refusal(404, 'applications.argoproj.io "x" not found', 5), NotFound, "not found"),
    (refusal(400, "bad request", 3), Rejected, "bad request"),
    (refusal(429, "slow down", 8), Unavailable, "slow down"),
    (refusal(500, "connection refused", 13), Unavailable, "connection refused"),
    (refusal(503, "upstream", 14), Unavailable, "upstream"),
    (refusal(504, "deadline", 4), TimedOut, "deadline"),
    (answer(502, "<html>Bad Gateway</html>"), Unavailable, "Bad Gateway"),
    (answer(500, ""), Unavailable, "HTTP status 500"),
    (answer(500, '{"error": {"message": ["no"]}, "code": true}'), Unavailable, "HTTP status 500"),
    (answer(500, "[" * 100_000), Unavailable, "[["),
    (answer(302, "", Location="http://127.0.0.1:1/elsewhere"), Rejected, "it redirects"),
    (answer(200, "<html>a login page</html>"), Unavailable, "not JSON"),
    (answer(200, "{}"), Unavailable, "not an Application"),
    (answer(200, "[" * 100_000), Unavailable, "not JSON"),
    (cut(200, b'{"metadata":', 5000), Unavailable, "the connection broke"),
    (cut_chunked, Unavailable, ""),
    (reset, Unavailable, "the connection broke"),
]


@pytest.mark.parametrize(("script", "expected", "says"), READS)
def test_a_read_fails_as_what_it_is(script: Script, expected: type[PlatformError], says: str) -> None:
    with argo_of(script) as (argo, _), pytest.raises(PlatformError) as caught:
        argo.application("checkout-prod")
    assert type(caught.value) is expected
    assert (caught.value.connection, caught.value.operation) == ("east", "read application")
    assert says in caught.value.detail
    assert caught.value.detail
    assert len(caught.value.detail) < 1200


@pytest.mark.parametrize("script", [silent, dripping])
def test_a_read_that_takes_too_long_is_timed_out(script: Script) -> None:
    with argo_of(script, seconds=0.3) as (argo, _), pytest.raises(TimedOut):
        argo.application("checkout-prod")


WRITES = [
    (replay("sync-refused-operation-in-progress"), Conflict),
    (replay("rollback-refused-auto-sync"), Rejected),
    (replay("rollback-unknown-id"), Rejected),
    (replay("unauthenticated"), Forbidden),
    (replay("application-unknown"), Forbidden),
    (replay("terminate-without-content-type"), Rejected),
    (refusal(403, "cannot sync: blocked by sync window", 7), Forbidden),
    (refusal(404, "not found", 5), NotFound),
    (refusal(409, "the object has been modified", 10), Conflict),
    (refusal(422, "invalid", 3), Rejected),
    (refusal(429, "slow down", 8), Unavailable),
    (refusal(500, "internal", 13), AnswerLost),
    (answer(502, "bad gateway"), AnswerLost),
    (refusal(503, "unavailable", 14), AnswerLost),
    (refusal(504, "timeout", 4), AnswerLost),
    (refusal(408, "timeout", 4), AnswerLost),
    (answer(307, "", Location="http://127.0.0.1:1/elsewhere"), Rejected),
    (cut(200, b'{"metadata":', 5000), AnswerLost),
    (cut_chunked, AnswerLost),
    (answer(200, "not JSON"), AnswerLost),
    (cut(403, b'{"message":', 5000), Forbidden),
    (reset, AnswerLost),
]


@pytest.mark.parametrize(("script", "expected"), WRITES)
def test_a_write_says_whether_it_can_have_been_done_and_is_sent_once(
    script: Script, expected: type[PlatformError]
) -> None:
    with argo_of(script) as (argo, seen), pytest.raises(PlatformError) as caught:
        argo.sync(SYNC)
    assert type(caught.value) is expected
    assert len(seen) == 1


@pytest.mark.parametrize("script", [silent, dripping])
def test_a_write_that_takes_too_long_is_lost_and_sent_once(script: Script) -> None:
    with argo_of(script, seconds=0.3) as (argo, seen), pytest.raises(AnswerLost):
        argo.sync(SYNC)
    assert len(seen) == 1


def test_a_write_over_a_kept_connection_that_broke_is_not_sent_again() -> None:
    """urllib3 and http.client would both be glad to open a new one."""
    with argo_of(replay("application-healthy"), reset, replay("sync-accepted")) as (argo, seen):
        argo.application("checkout-prod")
        with pytest.raises(AnswerLost):
            argo.sync(SYNC)
        assert [each.method for each in seen] == ["GET", "POST"]


def test_a_refused_connection_sent_nothing() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    argo = connect("east", ArgoAccess(server=f"http://127.0.0.1:{port}", token=lambda: TOKEN))
    with pytest.raises(Unavailable) as caught:
        argo.sync(SYNC)
    assert caught.value.detail.startswith("no connection")
    assert "0x" not in str(caught.value)
    with pytest.raises(Unavailable):
        argo.application("checkout-prod")
    argo.close()


def test_a_read_is_tried_three_times() -> None:
    with argo_of(refusal(503, "later", 14), reset, replay("application-healthy")) as (argo, seen):
        assert argo.application("checkout-prod").health == "Healthy"
    assert len(seen) == 3
    with argo_of(refusal(503, "later", 14)) as (argo, seen), pytest.raises(Unavailable):
        argo.application("checkout-prod")
    assert len(seen) == 3
    with argo_of(replay("application-unknown")) as (argo, seen), pytest.raises(Forbidden):
        argo.application("checkout-prod")
    assert len(seen) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_token_follows_no_redirect(status: int) -> None:
    with (
        served(answer(200, {})) as (elsewhere, there),
        argo_of(answer(status, "", Location=f"{elsewhere}/x")) as (argo, here),
    ):
        with pytest.raises(Rejected):
            argo.application("checkout-prod")
        with pytest.raises(Rejected):
            argo.sync(SYNC)
    assert len(here) == 2
    assert there == []


def test_the_sync_as_it_is_sent() -> None:
    assert recorded("sync-accepted")["status"] == 200
    wanted = SyncWanted(name="team-a/checkout", revision="0123abc", prune=True, info=SYNC.info)
    with argo_of(replay("sync-accepted")) as (argo, seen):
        argo.sync(SYNC)
        argo.sync(wanted)
    first, second = seen
    assert (first.method, first.path) == ("POST", "/api/v1/applications/checkout-prod/sync")
    assert first.headers["content-type"] == "application/json"
    assert first.headers["authorization"] == f"Bearer {TOKEN}"
    infos = [{"name": "codehealer.io/execution", "value": "ex_1"}]
    assert json.loads(first.body) == {"prune": False, "infos": infos}
    assert second.path == "/api/v1/applications/checkout/sync"
    assert json.loads(second.body) == {"prune": True, "revision": "0123abc", "infos": infos, "appNamespace": "team-a"}


@pytest.mark.parametrize("name", ["", ".", "..", "a/../b", "a/b/c", "x?refresh=hard", "x#", "x%2F..", "x y", "ü", "-x"])
def test_a_name_that_no_application_has_is_not_asked_for(name: str) -> None:
    with argo_of(replay("application-healthy")) as (argo, seen):
        for call in (lambda: argo.application(name), lambda: argo.sync(SyncWanted(name=name))):
            with pytest.raises(NotFound):
                call()
        assert not argo.allowed("sync", "..", "x")
    assert seen == []


def test_a_token_that_changes_is_used_at_once() -> None:
    tokens = ["one", "two\n"]
    with argo_of(replay("application-healthy"), token=lambda: tokens[0]) as (argo, seen):
        argo.application("checkout-prod")
        tokens.pop(0)
        argo.application("checkout-prod")
    assert [each.headers["authorization"] for each in seen] == ["Bearer one", "Bearer two"]


@pytest.mark.parametrize("token", ["", " \n", "two\nlines", "with space", "grüße"])
def test_a_token_that_cannot_be_sent_is_not_shown_either(token: str) -> None:
    with argo_of(replay("application-healthy"), token=lambda: token) as (argo, seen):
        for call in (lambda: argo.application("x"), lambda: argo.sync(SYNC)):
            with pytest.raises(NotConfigured) as caught:
                call()
            assert "lines" not in str(caught.value)
            assert "grüße" not in str(caught.value)
    assert seen == []


def test_a_token_file_that_cannot_be_read_is_a_gap() -> None:
    def unreadable() -> str:
        raise ConfigError(place="ARGOCD_AUTH_TOKEN_FILE", problem="it cannot be read", mend="mount it")

    with argo_of(replay("application-healthy"), token=unreadable) as (argo, _):
        with pytest.raises(NotConfigured) as caught:
            argo.application("x")
        assert "ARGOCD_AUTH_TOKEN_FILE" in caught.value.detail
        assert [each.ok for each in argo.checkup()] == [False]


def test_loopback_knows_no_proxy_and_a_netrc_has_no_say(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with argo_of(replay("application-healthy")) as (argo, seen):
        argo.application("checkout-prod")
    assert seen[0].headers["authorization"] == f"Bearer {TOKEN}"


def test_no_cookie_is_kept() -> None:
    first = recorded("application-healthy")["body"]
    with argo_of(answer(200, first, Set_Cookie="argocd.token=other; Path=/")) as (argo, seen):
        argo.application("checkout-prod")
        argo.application("checkout-prod")
    assert "cookie" not in seen[1].headers


def test_an_answer_that_never_ends_is_over_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.adapters.argocd.door.MAX_JSON", 100_000)
    with argo_of(answer(200, b" " * 300_000)) as (argo, _), pytest.raises(OverBudget):
        argo.application("checkout-prod")


@pytest.mark.parametrize("name", ["manifests-error", "cached"])
def test_a_rendering_that_fails_is_rejected_with_its_error(name: str) -> None:
    remembered = refusal(500, 'Manifest generation error (cached): Failed to unmarshal "deploy.yaml"', 2)
    script = remembered if name == "cached" else replay(name)
    with argo_of(script) as (argo, seen), pytest.raises(Rejected) as caught:
        argo.manifests("checkout-prod")
    assert 'Failed to unmarshal "deploy.yaml"' in caught.value.detail
    assert len(seen) == 1


@pytest.mark.parametrize("script", [refusal(500, "repo server is down", 13), answer(500, "oops"), answer(502, "")])
def test_an_outage_is_no_error_of_rendering(script: Script) -> None:
    with argo_of(script) as (argo, _), pytest.raises(Unavailable):
        argo.manifests("checkout-prod")


@pytest.mark.parametrize(
    "server",
    [
        "",
        "argocd.example.com",
        "http://argocd.example.com",
        "http://127.0.0.1",
        "ftp://argocd.example.com",
        "https://user:secret@argocd.example.com",
        "https://argocd.example.com/?x=1",
        "https://argocd.example.com/#top",
        "https://",
        "https://[::1",
        "http://127.0.0.1:notaport",
    ],
)
def test_an_address_that_no_token_may_go_to_is_refused(server: str) -> None:
    with pytest.raises(ConfigError) as caught:
        connect("east", ArgoAccess(server=server, token=lambda: TOKEN))
    assert "secret" not in str(caught.value)


def test_a_certificate_file_must_be_there(tmp_path) -> None:
    access = ArgoAccess(server="https://argocd.example.com/root/", token=lambda: TOKEN, ca_file=tmp_path / "none.pem")
    with pytest.raises(ConfigError):
        connect("east", access)
