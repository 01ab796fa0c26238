"""Which connection a target belongs to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.connections import Connection, ConnectionKind, Connections, matches

GITHUB, KUBERNETES = ConnectionKind.GITHUB, ConnectionKind.KUBERNETES
KNOWN = Connections(
    known=(
        Connection(name="acme", kind=GITHUB, url="https://api.github.com", owns=("acme", "acme-*")),
        Connection(name="own", kind=GITHUB, url="https://git.example.com/api/v3", owns=("acme",)),
        Connection(name="rest", kind=GITHUB, url="https://api.github.com"),
        Connection(name="eu", kind=KUBERNETES, owns=("prod-eu-*",)),
    )
)


@pytest.mark.parametrize(
    ("kind", "name", "host", "wanted"),
    [
        (GITHUB, "acme", "", "acme"),
        (GITHUB, "ACME-labs", "", "acme"),
        (GITHUB, "acme", "git.example.com", "own"),
        (GITHUB, "acme", "GIT.example.com", "own"),
        (GITHUB, "acme", "unheard.example.com", "acme"),
        (GITHUB, "somebody", "", "rest"),
        (KUBERNETES, "prod-eu-1", "", "eu"),
        (KUBERNETES, "prod-us-1", "", "default"),
        (ConnectionKind.ARGOCD, "shop", "", "default"),
    ],
)
def test_a_name_and_a_host_pick_the_connection(kind: ConnectionKind, name: str, host: str, wanted: str) -> None:
    assert KNOWN.of(kind, name, host) == wanted


def test_githubs_own_links_pick_githubs_own_api_whatever_stands_first() -> None:
    here = Connection(name="own", kind=GITHUB, url="https://git.example.com/api/v3", owns=("acme",))
    there = Connection(name="cloud", kind=GITHUB, url="https://api.github.com", owns=("acme",))
    known = Connections(known=(here, there))
    assert known.of(GITHUB, "acme", "github.com") == "cloud"
    assert known.of(GITHUB, "acme", "git.example.com") == "own"
    assert Connection(name="argo", kind=ConnectionKind.ARGOCD, url="https://api.example.com").host == "api.example.com"


def test_without_any_everything_is_default() -> None:
    assert Connections().of(GITHUB, "acme", "github.com") == "default"


@pytest.mark.parametrize(
    ("text", "glob", "fits"),
    [
        ("acme/shop", "acme/*", True),
        ("acme/shop", "*", True),
        ("acme/shop", "*/SHOP", True),
        ("acme/shop", "acme", False),
        ("acme/shop", "acme/sho?", True),
        ("acme", "acme?", False),
        ("aXbXc", "a*b*c", True),
        ("", "*", True),
        ("", "?", False),
        ("a.b", "a?b", True),
        ("a]b", "a[]]b", False),
        ("mississippi", "m*issip*", True),
        ("mississippi", "m*issip", False),
    ],
)
def test_globs(text: str, glob: str, fits: bool) -> None:
    assert matches(text, glob) is fits


@given(st.text(alphabet="ab", max_size=12), st.text(alphabet="ab*?", max_size=8))
def test_globs_are_what_a_slow_matcher_says(text: str, glob: str) -> None:
    def slow(t: str, g: str) -> bool:
        if not g:
            return not t
        if g[0] == "*":
            return any(slow(t[i:], g[1:]) for i in range(len(t) + 1))
        return bool(t) and g[0] in ("?", t[0]) and slow(t[1:], g[1:])

    assert matches(text, glob) is slow(text, glob)
