"""Terminal noise: gone for rendering, seen through for matching."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.text.clean import matching_view, strip_terminal


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("\x1b[1;31mred\x1b[0m and \x1b[38;5;12mblue\x1b[K", "red and blue"),
        ("\x1b]0;title\x07body", "body"),
        ("\x1b]8;;https://x.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b(Bx\x1bcy\x1b", "xy"),
        ("\x9b31mred\x9b0m", "red"),
        ("unterminated \x1b]0;title", "unterminated ]0;title"),
        ("10%\r50%\r100%\nnext", "100%\nnext"),
        ("dos\r\nlines\r\n", "dos\nlines\n"),
        ("wiped\r   \r", "wiped"),
        ("ad\u202emin\u202c \u200bzero\u2060width\ufeff", "admin zerowidth"),
        ("a\x00b\x07c\x08d", "abcd"),
        ("one\u2028two\u2029three\x85four", "one two three four"),
        ("\x1b\x1b[0m[31mx", "[31mx"),
        ("naïve ✓ \ud800", "naïve ✓ \ud800"),
    ],
)
def test_what_a_person_would_see(raw: str, seen: str) -> None:
    assert strip_terminal(raw) == seen
    assert strip_terminal(seen) == seen


@given(st.text(alphabet=st.sampled_from("ab \t\n\r\x1b[]0;m\x07\x9b\u200b\u202e\x00(B\\P"), max_size=60))
def test_stripping_is_idempotent_and_keeps_the_lines(raw: str) -> None:
    seen = strip_terminal(raw)
    assert strip_terminal(seen) == seen
    assert seen.count("\n") == raw.count("\n")
    assert not set(seen) & set("\x1b\r\x07\x9b\u200b\u202e\x00")


@given(st.text(alphabet=st.sampled_from("ab\x1b[0m\u200b\u202e"), max_size=40), st.data())
def test_a_view_knows_where_its_characters_stand(raw: str, data: st.DataObject) -> None:
    view = matching_view(raw)
    if view.text:
        start = data.draw(st.integers(0, len(view.text) - 1))
        end = data.draw(st.integers(start + 1, len(view.text)))
        raw_start, raw_end = view.raw_span(start, end)
        assert raw[raw_start] == view.text[start]
        assert raw[raw_end - 1] == view.text[end - 1]
        assert matching_view(raw[raw_start:raw_end]).text == view.text[start:end] or "\x1b" in raw
