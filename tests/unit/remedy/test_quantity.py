"""Quantities are exact, and a raised limit is never lower than the one before."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import Unreadable
from bot.remedy.policy import MemoryRule, OutOfBounds, next_limit
from bot.remedy.quantity import format_bytes, parse, raised, same

MI = 1024 * 1024


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("0", 0),
        ("128974848", 128974848),
        ("129e6", 129_000_000),
        ("129M", 129_000_000),
        ("123Mi", 123 * MI),
        ("1.5Gi", 1536 * MI),
        (".5Gi", 512 * MI),
        ("+64Mi", 64 * MI),
        ("1Ki", 1024),
        ("2.", 2),
        ("100m", Fraction(1, 10)),
        ("1E", 10**18),
        ("1E3", 1000),
        ("3u", Fraction(3, 10**6)),
        ("1n", Fraction(1, 10**9)),
    ],
)
def test_parse(text: str, amount: Fraction) -> None:
    assert parse(text) == amount


@pytest.mark.parametrize(
    "text", ["", "Mi", "-1Mi", "1 Gi", "1mi", "1GiB", "0x10", "1e", "1e999", "٣Mi", "1\n", "9" * 31]
)
def test_what_is_no_quantity_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        parse(text)


@given(st.integers(min_value=0, max_value=2**62))
def test_bytes_survive_the_round_trip(amount: int) -> None:
    assert parse(format_bytes(amount)) == amount


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "0"), (1023, "1023"), (1024, "1Ki"), (384 * MI, "384Mi"), (4096 * MI, "4Gi"), (MI + 1, "1048577")],
)
def test_bytes_are_written_as_the_server_does(amount: int, text: str) -> None:
    assert format_bytes(amount) == text


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [("1Gi", "1024Mi", True), ("1G", "1Gi", False), ("", "", True), ("", "1Mi", False), ("odd", "odd", True)],
)
def test_same(left: str, right: str, equal: bool) -> None:
    assert same(left, right) is equal


@given(st.integers(min_value=1, max_value=2**40), st.integers(min_value=1, max_value=2**40))
def test_raising_is_monotone_and_lands_on_the_multiple(one: int, two: int) -> None:
    low, high = sorted((one, two))
    up_low, up_high = (raised(Fraction(n), Fraction("1.5"), 64 * MI) for n in (low, high))
    assert up_low <= up_high
    assert up_low % (64 * MI) == 0
    assert low * Fraction("1.5") <= up_low < low * Fraction("1.5") + 64 * MI


@pytest.mark.parametrize(
    ("current", "following"),
    [
        ("256Mi", "384Mi"),
        ("64Mi", "128Mi"),
        ("20Mi", "128Mi"),
        ("100M", "192Mi"),
        ("1Gi", "1536Mi"),
        ("3Gi", "4Gi"),
        ("4032Mi", "4Gi"),
    ],
)
def test_next_limit(current: str, following: str) -> None:
    assert next_limit(current, MemoryRule()) == following


@pytest.mark.parametrize("current", ["4Gi", "4100Mi", "4033Mi", "8Gi", "nonsense"])
def test_no_next_limit_out_of_bounds(current: str) -> None:
    assert isinstance(next_limit(current, MemoryRule()), OutOfBounds)


@given(st.integers(min_value=1, max_value=2**33))
def test_a_next_limit_keeps_the_rules(amount: int) -> None:
    rule = MemoryRule()
    following = next_limit(format_bytes(amount), rule)
    if isinstance(following, OutOfBounds):
        assert amount + parse(rule.min_step) > parse(rule.max)
    else:
        assert amount + parse(rule.min_step) <= parse(following) <= parse(rule.max)
