"""The reducer: what stays of a long log, and what is promised of it whatever comes in."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.evidence import Excerpt
from bot.evidence.reduce import MAX_LINE, reduce, reducer, template, window
from knowledge.text.redact import Session


def texts(excerpt: Excerpt) -> list[str]:
    return [line.text for line in excerpt.lines]


def noise(count: int) -> list[str]:
    return [f"downloading part {number} of layer {number % 7}" for number in range(count)]


def test_a_text_that_fits_is_kept_whole_with_its_numbers() -> None:
    excerpt = reduce(["one\n", "\n", "three"], max_chars=100)
    assert [(line.number, line.text) for line in excerpt.lines] == [(1, "one"), (2, ""), (3, "three")]
    assert (excerpt.total_lines, excerpt.truncated) == (3, False)


def test_nothing_gives_nothing() -> None:
    assert reduce([], max_chars=100) == Excerpt()


@pytest.mark.parametrize(
    "cause",
    [
        "##[error]Process completed with exit code 1.",
        "Traceback (most recent call last):",
        "java.lang.OutOfMemoryError: Java heap space",
        "FAILED tests/test_a.py::test_b - ValueError: no",
        "panic: runtime error: invalid memory address",
        "Caused by: java.net.ConnectException: refused",
        "npm ERR! code ERESOLVE",
        "E: Unable to locate package foo",
        "main.go:3:4: undefined: foo",
        "dial tcp: lookup db: no such host",
        "Error response from daemon: manifest unknown",
        "Last State: OOMKilled",
        "the process exited with exit code 137",
    ],
)
@pytest.mark.parametrize("at", [0, 1_000, 2_999])
def test_the_one_line_that_fails_is_found_wherever_it_is(cause: str, at: int) -> None:
    lines = noise(3_000)
    lines.insert(at, cause)
    excerpt = reduce(lines, max_chars=1_500)
    assert excerpt.text_of(at + 1) == cause
    assert excerpt.truncated
    assert excerpt.total_lines == 3_001


def test_what_stands_around_the_failure_is_kept() -> None:
    lines = [*noise(900), "  in call(x)", "ValueError: bad x", "  hint: pass y", *noise(900)]
    kept = texts(reduce(lines, max_chars=1_200))
    assert {"  in call(x)", "ValueError: bad x", "  hint: pass y"} <= set(kept)


def test_the_step_that_failed_is_named() -> None:
    lines = [*noise(500), "##[group]Run make check", *noise(500), "##[error]Process completed with exit code 2."]
    assert "##[group]Run make check" in texts(reduce(lines, max_chars=900))


def test_repeats_do_not_push_out_what_is_rare() -> None:
    lines = [f"ERROR worker {number} failed: connection refused" for number in range(4_000)]
    lines.insert(2_000, "FATAL: password authentication failed for user")
    kept = texts(reduce(lines, max_chars=1_000))
    assert "FATAL: password authentication failed for user" in kept
    assert len({template(line) for line in kept}) > 1


def test_a_count_of_nothing_is_no_failure() -> None:
    lines = [*(f"suite {number}: 0 failed, 0 errors" for number in range(2_000)), "assertion failed: x == y"]
    assert "assertion failed: x == y" in texts(reduce(lines, max_chars=300))


def test_what_is_tidied_up_after_the_failure_does_not_crowd_it_out() -> None:
    lines = [*noise(300), "error: it broke", "##[error]Process completed with exit code 1."]
    lines += [f"Post job cleanup {number}: unset error_log" for number in range(500)]
    kept = texts(reduce(lines, max_chars=400))
    assert {"error: it broke", "##[error]Process completed with exit code 1.", lines[299], lines[298]} <= set(kept)


@pytest.mark.parametrize("at", [0, 95_000, 189_000])
def test_of_a_huge_line_the_window_with_the_sign_is_kept(at: int) -> None:
    huge = "x" * at + " error: disk full " + "y" * (190_000 - at)
    excerpt = reduce([*noise(2_000), huge, *noise(10)], max_chars=4_000)
    kept = excerpt.text_of(2_001)
    assert kept is not None
    assert kept in huge
    assert len(kept) <= MAX_LINE
    assert "error: disk full" in kept


def test_of_a_progress_bar_the_part_that_says_most_is_kept() -> None:
    bar = "\r".join([*(f"{percent}% done" for percent in range(100)), "error: checksum mismatch", "gave up"])
    assert texts(reduce([bar], max_chars=5_000)) == ["error: checksum mismatch"]


def test_the_runners_clock_is_left_out_and_the_rest_is_verbatim() -> None:
    line = "2026-01-02T03:04:05.1234567Z \x1b[31merror: no\x1b[0m"
    assert texts(reduce([line], max_chars=100)) == ["\x1b[31merror: no\x1b[0m"]


def test_secrets_are_masked_before_a_window_is_cut() -> None:
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    line = "z" * 3_000 + f" error: token={token} refused"
    excerpt = reducer(Session(), max_chars=2_000)([*noise(1_000), line])
    kept = "\n".join(texts(excerpt))
    assert "refused" in kept
    assert token[:12] not in kept
    assert "<secret:1>" in kept


def test_lone_surrogates_are_no_problem() -> None:
    assert reduce(["\ud800 error: x", *noise(500)], max_chars=200).lines[0].text == "\ud800 error: x"


def test_window_is_verbatim_and_holds_the_place() -> None:
    text = "".join(chr(97 + number % 26) for number in range(500))
    assert text[250] in window(text, 250, 40)
    assert window(text, 250, 40) in text
    assert window("short", 3, 40) == "short"


lines_of = st.lists(
    st.one_of(
        st.text(max_size=80),
        st.sampled_from(["error: a", "##[error]b", "FAILED c", "ok", "warning: d", "  at e (f.js:1:2)", "\r\rerror\r"]),
        st.builds(lambda text, times: text * times, st.text(min_size=1, max_size=6), st.integers(1, 900)),
    ),
    max_size=60,
)


@settings(max_examples=120, deadline=None)
@given(lines_of, st.integers(1, 3_000), st.integers(1, 50))
def test_what_is_promised_of_every_excerpt(lines: list[str], max_chars: int, max_lines: int) -> None:
    excerpt = reduce(lines, max_chars=max_chars, max_lines=max_lines)
    numbers = [line.number for line in excerpt.lines]
    assert numbers == sorted(set(numbers))
    assert sum(len(line.text) + 1 for line in excerpt.lines) <= max_chars
    assert len(numbers) <= max_lines
    assert excerpt.total_lines == len(lines)
    for line in excerpt.lines:
        assert line.text in lines[line.number - 1]
        assert len(line.text) <= MAX_LINE
    assert reduce(lines, max_chars=max_chars, max_lines=max_lines) == excerpt
