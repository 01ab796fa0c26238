"""Strangers' words in sentences and in Markdown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.remedy.quoting import code, fenced, one_line, plain


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("build (3.12)", "build (3.12)"),
        ("@ana fix #1\n`x` <b>", "ana fix 1 x b"),
        ("", "(unnamed)"),
        ("＠ana", "ana"),
        ("a" * 300, "a" * 100),
    ],
)
def test_a_name_holds_nothing_that_does_anything(text: str, kept: str) -> None:
    assert plain(text) == kept


@given(st.text(max_size=400))
def test_no_name_can_mention_refer_or_break_a_code_span(text: str) -> None:
    assert not set(plain(text)) & set("@#`<>[]\n\\&*")
    assert code(text).count("`") == 2


@given(st.lists(st.text(alphabet="`~ a\n\t#@", max_size=40), max_size=8))
def test_no_line_ends_the_block(lines: list[str]) -> None:
    block = fenced(lines).split("\n")
    fence = block[0]
    assert block[-1] == fence
    assert not any(line.strip().startswith(fence) for line in block[1:-1])
    assert len(block) == len(lines) + 2


def test_a_line_is_one_line_of_bounded_length_without_control_characters() -> None:
    assert one_line("a\r\nb\x1b[31m\u202e c") == "a b[31m c"
    assert len(one_line("x" * 10_000)) == 200
