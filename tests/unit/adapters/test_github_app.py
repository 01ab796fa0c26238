"""A GitHub App: installations found by owner, tokens that renew, and what `doctor` is told."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.adapters.github import GithubAccess, GithubPipelines, connect
from bot.domain.errors import Forbidden, NotFound, PlatformError, Unavailable
from tests.fakes.github_wire import GithubWire, Reply, github_wire

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
TOKENS = "/app/installations/11/access_tokens"
ALL = {"actions": "write", "contents": "write", "pull_requests": "write", "checks": "read", "metadata": "read"}


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
        found.on("GET", "/repos/acme/shop/installation", {"id": 11})
        found.on("POST", TOKENS, *(token(n, NOW + timedelta(hours=n)) for n in (1, 2, 3)))
        found.on("GET", "/repos/acme/shop", {"default_branch": "main"})
        yield found


def token(number: int, until: datetime, permissions: dict | None = None) -> Reply:
    body = {"token": f"ghs_{number}", "expires_at": f"{until:%Y-%m-%dT%H:%M:%SZ}", "permissions": permissions or ALL}
    return Reply(status=201, body=body)


def app(wire: GithubWire, clock: Clock, key: str = PEM, installation: int = 0) -> GithubPipelines:
    access = GithubAccess(api_url=wire.url, app_id="77", private_key=lambda: key, installation=installation)
    return connect("default", access, clock, timeouts=(1.0, 0.4))


def used(wire: GithubWire) -> list[str]:
    return [each.headers["authorization"] for each in wire.seen("GET", "/repos/acme/shop")]


def test_one_token_serves_until_five_minutes_before_it_ends(wire: GithubWire, clock: Clock) -> None:
    github = app(wire, clock)
    for minutes in (0, 54, 56):
        clock.at = NOW + timedelta(minutes=minutes)
        assert github.default_branch("acme/shop") == "main"
    assert used(wire) == ["token ghs_1", "token ghs_1", "token ghs_2"]
    assert (wire.count("POST", TOKENS), wire.count("GET", "/repos/acme/shop/installation")) == (2, 1)


def test_the_app_signs_with_its_key(wire: GithubWire, clock: Clock) -> None:
    app(wire, clock).default_branch("acme/shop")
    signed = wire.seen("POST", TOKENS)[0].headers["authorization"].removeprefix("Bearer ")
    assert jwt.decode(signed, KEY.public_key(), algorithms=["RS256"], options={"verify_iat": False})["iss"] == "77"


def test_each_owner_has_its_installation(wire: GithubWire, clock: Clock) -> None:
    wire.on("GET", "/repos/other/site/installation", {"id": 12})
    wire.on("POST", "/app/installations/12/access_tokens", token(9, NOW + timedelta(hours=1)))
    wire.on("GET", "/repos/other/site", {"default_branch": "trunk"})
    github = app(wire, clock)
    assert [github.default_branch(repo) for repo in ("acme/shop", "other/site")] == ["main", "trunk"]
    assert wire.seen("GET", "/repos/other/site")[0].headers["authorization"] == "token ghs_9"


def test_a_given_installation_is_not_looked_for(wire: GithubWire, clock: Clock) -> None:
    app(wire, clock, installation=11).default_branch("acme/shop")
    assert wire.count("GET", "/repos/acme/shop/installation") == 0


def test_a_token_that_github_no_longer_takes_is_got_anew(wire: GithubWire, clock: Clock) -> None:
    wire.on(
        "GET", "/repos/acme/shop", Reply(status=401, body={"message": "Bad credentials"}), {"default_branch": "main"}
    )
    github = app(wire, clock)
    with pytest.raises(Forbidden):
        github.default_branch("acme/shop")
    assert github.default_branch("acme/shop") == "main"
    assert used(wire) == ["token ghs_1", "token ghs_2"]


def test_an_app_that_is_not_installed_is_not_found(wire: GithubWire, clock: Clock) -> None:
    with pytest.raises(NotFound, match="find the App's installation"):
        app(wire, clock).default_branch("nobody/here")


def test_a_write_without_a_token_is_never_sent(wire: GithubWire, clock: Clock) -> None:
    wire.on("POST", TOKENS, Reply(status=502))
    with pytest.raises(Unavailable):
        app(wire, clock).rerun_failed_jobs("acme/shop", "7")
    assert wire.count("POST", "/repos/acme/shop/actions/runs/7/rerun-failed-jobs") == 0


@pytest.mark.parametrize("key", ["", "no key", PEM[:200]], ids=["empty", "text", "cut"])
def test_a_key_that_cannot_sign_is_a_refusal_that_does_not_show_it(wire: GithubWire, clock: Clock, key: str) -> None:
    with pytest.raises(Forbidden, match="cannot sign") as caught:
        app(wire, clock, key).default_branch("acme/shop")
    assert not key or key not in str(caught.value)
    assert wire.count() == 0


@pytest.mark.parametrize("body", [{}, {"token": "t"}, {"token": "t", "expires_at": "soon"}, []], ids=str)
def test_a_token_answer_of_another_shape_is_an_outage(wire: GithubWire, clock: Clock, body: object) -> None:
    wire.on("POST", TOKENS, Reply(status=201, body=body))
    with pytest.raises(PlatformError, match="the answer holds no"):
        app(wire, clock).default_branch("acme/shop")


def test_an_app_writes_as_its_bot(wire: GithubWire, clock: Clock) -> None:
    wire.on("GET", "/app", {"slug": "codehealer"})
    github = app(wire, clock)
    assert [github.viewer(), github.viewer()] == ["codehealer[bot]"] * 2
    assert wire.count("GET", "/app") == 1


def test_a_token_writes_as_its_person(wire: GithubWire, clock: Clock) -> None:
    wire.on("GET", "/user", {"login": "ana"}, {"login": "ben"})
    tokens = ["a", "a", "b", "b", "b"]
    github = connect("default", GithubAccess(api_url=wire.url, token=lambda: tokens[0]), clock)
    assert github.viewer() == github.viewer() == "ana"
    tokens[0] = "b"
    assert github.viewer() == "ben"
    assert wire.count("GET", "/user") == 2


# --- doctor


def readable(wire: GithubWire, **more: object) -> None:
    wire.on("GET", "/repos/acme/shop", {"default_branch": "main", "permissions": {"pull": True, "push": True}, **more})
    wire.on("GET", "/repos/acme/shop/actions/runs", {"workflow_runs": []})
    wire.on("GET", "/repos/acme/shop/commits", [])
    wire.on("GET", "/repos/acme/shop/pulls", [])


def person(wire: GithubWire, clock: Clock, scopes: str = "repo, workflow", left: str = "4990") -> GithubPipelines:
    headers = (("X-RateLimit-Remaining", left), ("X-RateLimit-Limit", "5000"), ("X-OAuth-Scopes", scopes))
    wire.on("GET", "/rate_limit", Reply(body={}, headers=headers))
    wire.on("GET", "/user", {"login": "ana"})
    return connect("default", GithubAccess(api_url=wire.url, token=lambda: "t"), clock, timeouts=(1.0, 0.4))


def said(findings: tuple) -> list[tuple[str, bool]]:
    return [(f"{each.subject}: {each.says}", each.ok) for each in findings]


def test_a_checkup_of_a_good_token(wire: GithubWire, clock: Clock) -> None:
    readable(wire)
    assert said(person(wire, clock).checkup(("acme/shop",))) == [
        ("GitHub default: signed in as ana", True),
        ("GitHub default: 4990 of 5000 calls are left this hour", True),
        ("GitHub default: the token's scopes are repo, workflow", True),
        (
            "acme/shop: readable; the account may write (whether a fine-grained token may is only known by writing)",
            True,
        ),
    ]
    assert wire.count("POST") + wire.count("PUT") == 0


def test_a_checkup_finds_what_is_missing(wire: GithubWire, clock: Clock) -> None:
    readable(wire, permissions={"pull": True, "push": False})
    wire.on("GET", "/repos/acme/shop/pulls", Reply(status=403, body={"message": "Resource not accessible"}))
    findings = person(wire, clock, scopes="read:org", left="12").checkup(("acme/shop", "acme/none"))
    bad = {each.says: each.mend for each in findings if not each.ok}
    assert list(bad) == [
        "12 of 5000 calls are left this hour",
        "the token's scopes are read:org",
        "Pull requests: read is missing: Resource not accessible",
        "readable, but the account may not write",
        "read repository: not found, or not visible to this credential: Not Found",
    ]
    assert all(bad.values())


def test_a_checkup_of_an_archived_repository(wire: GithubWire, clock: Clock) -> None:
    readable(wire, archived=True)
    assert "archived" in person(wire, clock).checkup(("acme/shop",))[-1].says


def test_a_checkup_of_a_token_that_is_not_accepted(wire: GithubWire, clock: Clock) -> None:
    wire.on("GET", "/user", Reply(status=401, body={"message": "Bad credentials"}))
    access = GithubAccess(api_url=wire.url, token=lambda: "t")
    (finding,) = connect("default", access, clock).checkup(("acme/shop",))
    assert not finding.ok
    assert "Bad credentials" in finding.says
    assert "GITHUB_TOKEN" in finding.mend


@pytest.mark.parametrize("lacking", ["actions", "contents", "pull_requests", "checks"])
def test_a_checkup_names_what_the_app_lacks(wire: GithubWire, clock: Clock, lacking: str) -> None:
    readable(wire)
    wire.on("GET", "/app", {"slug": "codehealer"})
    wire.on("POST", TOKENS, token(1, NOW + timedelta(hours=1), {k: v for k, v in ALL.items() if k != lacking}))
    finding = app(wire, clock).checkup(("acme/shop",))[-1]
    assert not finding.ok
    assert f"the App lacks {lacking}" in finding.says


def test_a_checkup_of_a_good_app(wire: GithubWire, clock: Clock) -> None:
    readable(wire)
    wire.on("GET", "/app", {"slug": "codehealer"})
    assert all(each.ok for each in app(wire, clock).checkup(("acme/shop",)))
