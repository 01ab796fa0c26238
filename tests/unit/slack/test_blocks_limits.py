"""Reports as Block Kit: what each part becomes, and that every limit of Slack's holds with an honest word."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.action import DiffLine
from bot.domain.report import (
    Button,
    Buttons,
    Code,
    Diff,
    Facts,
    Part,
    Quote,
    QuotedLine,
    Report,
    Rule,
    Style,
    Text,
    Tone,
)
from bot.sandbox.block_kit import check_message, check_view
from bot.slack.blocks import fallback_text, render_home, render_message, render_modal


def blocks(*parts: Part, headline: str = "Headline") -> list[dict]:
    return render_message(Report(headline=headline, parts=parts))[1]


def words(thing: object) -> str:
    """All text in there, in order."""
    if isinstance(thing, dict):
        own = thing["text"] if isinstance(thing.get("text"), str) else ""
        return own + "".join(words(each) for each in thing.values() if isinstance(each, dict | list))
    return "".join(words(each) for each in thing) if isinstance(thing, list) else ""


def test_the_headline_is_a_header_and_alone_it_is_running_text() -> None:
    assert blocks(Text(text="x"))[0]["type"] == "header"
    alone = blocks(headline="Approved. It runs now.")
    assert [each["type"] for each in alone] == ["rich_text"]
    assert words(alone) == "Approved. It runs now."


def test_a_headline_that_does_not_fit_a_header_is_not_cut() -> None:
    long = "word " * 60
    found = blocks(Text(text="x"), headline=long.strip())
    assert found[0]["type"] == "rich_text"
    assert words(found[0]) == long.strip()


def test_running_texts_share_a_block_a_line_each() -> None:
    found = blocks(Text(text="Cause:", quoted="<!channel> died"), Text(text="Rejected by", user="U0ANA"))
    assert found[1] == {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [
                    {"type": "text", "text": "Cause:", "style": {"bold": True}},
                    {"type": "text", "text": " "},
                    {"type": "text", "text": "<!channel> died"},
                    {"type": "text", "text": "\n"},
                    {"type": "text", "text": "Rejected by"},
                    {"type": "text", "text": " "},
                    {"type": "user", "user_id": "U0ANA"},
                ],
            }
        ],
    }


def test_what_is_no_user_is_no_mention() -> None:
    assert '"user"' not in json.dumps(blocks(Text(text="by", user="<!channel>")))


def test_small_print_and_headings() -> None:
    found = blocks(Text(text="Section", tone=Tone.HEADING), Text(text="small", tone=Tone.SMALL), Rule())
    assert [each["type"] for each in found[1:]] == ["header", "context", "divider"]
    assert found[2]["elements"][0]["type"] == "plain_text"


def test_small_print_of_strangers_is_rich_text() -> None:
    assert blocks(Text(text="Could not read log:", quoted="*x*", tone=Tone.SMALL))[1]["type"] == "rich_text"


def test_quoted_lines_stand_behind_their_numbers_verbatim() -> None:
    lines = (QuotedLine(number=9, text="  a <b> & *c*"), QuotedLine(number=1203, text="\x1b[31mred\x1b[0m\u202e"))
    found = blocks(Quote(source="log of app", lines=lines, url="https://example.com/log"))[1]["elements"]
    assert found[0]["elements"] == [{"type": "link", "url": "https://example.com/log", "text": "log of app"}]
    assert found[1]["type"] == "rich_text_preformatted"
    assert words(found[1]) == "   9 │   a <b> & *c*\n1203 │ red"


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://a b", "https://" + "x" * 4000, "", "https://\u202e"])
def test_what_is_no_url_is_no_link(url: str) -> None:
    found = blocks(Quote(source="log", lines=(QuotedLine(number=1, text="x"),), url=url))
    assert '"link"' not in json.dumps(found)
    assert "log" in words(found)


def test_a_diff_keeps_its_signs() -> None:
    lines = (DiffLine(sign=" ", text="resources:"), DiffLine(sign="-", text="  memory: 256Mi"))
    found = blocks(Diff(title="What changes", lines=lines))[1]["elements"]
    assert words(found[1]) == "  resources:\n-   memory: 256Mi"


def test_a_long_text_says_how_many_lines_are_left_out() -> None:
    lines = tuple(DiffLine(sign="+", text="x" * 100) for _ in range(60))
    assert words(blocks(Diff(title="d", lines=lines))).endswith(" more lines")
    assert words(blocks(Code(title="c", text="y" * 190_000))).endswith(" more lines") is False
    assert "more characters" in words(blocks(Code(title="c", text="y" * 190_000)))


def test_a_modal_shows_a_request_in_as_many_blocks_as_it_needs() -> None:
    text = "\n".join(f"{at:04d} {'z' * 90}" for at in range(70))
    view = render_modal(
        Report(headline="Review fix", parts=(Code(title="The exact request", text=text),)), external_id=""
    )
    shown = "\n".join(words(each["elements"][-1]) for each in view["blocks"])
    assert shown == text
    assert check_view(view, "modal") == []


def test_buttons() -> None:
    found = blocks(
        Buttons(
            buttons=(
                Button(action="heal_review", label="Review fix", value="pr_1", style=Style.PRIMARY),
                Button(action="", label="Logs", value="", url="https://example.com/1"),
                Button(action="", label="Runbook", value="", url="https://example.com/2"),
                Button(action="", label="Bad", value="", url="javascript:x"),
            )
        )
    )[1]["elements"]
    assert [(each["action_id"], each.get("style"), each.get("url")) for each in found] == [
        ("heal_review", "primary", None),
        ("heal_link_1", None, "https://example.com/1"),
        ("heal_link_2", None, "https://example.com/2"),
    ]


def test_buttons_stay_when_the_rest_does_not_fit() -> None:
    many = tuple(Rule() for _ in range(80))
    found = blocks(*many, Buttons(buttons=(Button(action="heal_up", label="👍 Helpful", value="in_1"),)))
    assert len(found) == 50
    assert [each["type"] for each in found[-2:]] == ["actions", "context"]
    assert words(found[-1]) == "… 33 more parts are not shown"
    assert check_message(found) == []


def test_a_modal_whose_private_part_does_not_fit_cannot_be_submitted() -> None:
    report = Report(
        headline="Review fix", parts=(Rule(),), submit="Approve", callback="heal_decide", private="x" * 3001
    )
    view = render_modal(report, external_id="jb_1")
    assert "submit" not in view
    assert "private_metadata" not in view


def test_an_answer_in_a_modal_stands_in_it_and_not_in_its_title() -> None:
    view = render_modal(Report(headline="Rejected."), external_id="jb_1")
    assert view["title"]["text"] == "CodeHealer"
    assert words(view["blocks"]) == "Rejected."


def test_the_text_escapes_and_says_everything() -> None:
    report = Report(
        headline="A & B",
        parts=(
            Text(text="Cause:", quoted="<!channel> @here\nsecond"),
            Facts(pairs=(("Since", "16:04 UTC"), ("Empty", ""))),
            Quote(source="log", lines=(QuotedLine(number=42, text="a < b"),)),
            Diff(title="Change", lines=(DiffLine(sign="+", text="x"),)),
            Text(text="Open in", channel="C1"),
            Text(text="By", user="U0ANA"),
        ),
    )
    assert fallback_text(report).split("\n") == [
        "A &amp; B",
        "Cause: &lt;!channel&gt; @\u2060here",
        "second",
        "Since: 16:04 UTC",
        "log",
        "42 │ a &lt; b",
        "Change",
        "+ x",
        "Open in <#C1>",
        "By <@U0ANA>",
    ]


def test_a_text_too_long_is_cut_between_escapes_and_says_so() -> None:
    text = fallback_text(Report(headline="H", parts=tuple(Text(text="", quoted="<" * 1_000) for _ in range(4))))
    assert len(text) <= 3_900
    assert text.replace("&lt;", "").split("\n")[-1].startswith("… ")
    assert "&" not in text.replace("&lt;", "")


ANY = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=80),
    st.sampled_from(
        ["", "x" * 4_000, "𝕏" * 3_000, "a\n" * 2_000, "\ud800", "\x00", "<!channel>", "https://e.example/"]
    ),
)
LINES = st.lists(st.builds(QuotedLine, number=st.integers(0, 10**9), text=ANY), max_size=12).map(tuple)
PARTS = st.one_of(
    st.builds(Text, text=ANY, quoted=ANY, tone=st.sampled_from(Tone), user=ANY, channel=ANY),
    st.builds(Facts, pairs=st.lists(st.tuples(ANY, ANY), max_size=60).map(tuple)),
    st.builds(Quote, source=ANY, lines=LINES, url=ANY),
    st.builds(Diff, title=ANY, lines=st.lists(st.builds(DiffLine, sign=ANY, text=ANY), max_size=30).map(tuple)),
    st.builds(Code, title=ANY, text=ANY),
    st.builds(
        Buttons,
        buttons=st.lists(
            st.builds(Button, action=ANY, label=ANY, value=ANY, style=st.sampled_from(Style), url=ANY), max_size=40
        ).map(tuple),
    ),
    st.just(Rule()),
)
REPORTS = st.builds(
    Report,
    headline=ANY,
    parts=st.lists(PARTS, max_size=30).map(tuple),
    submit=ANY,
    close=ANY,
    callback=ANY,
    private=ANY,
)


@settings(max_examples=50, deadline=None)
@given(report=REPORTS)
def test_slack_takes_any_report_at_all(report: Report) -> None:
    text, found = render_message(report)
    modal, home = render_modal(report, external_id="jb_1"), render_home(report)
    assert (check_message(found), check_view(modal, "modal"), check_view(home, "home")) == ([], [], [])
    assert found
    assert 0 < len(text.encode("utf-16-le")) // 2 <= 4_000
    for view in (modal, home):
        assert len(json.dumps(view, ensure_ascii=False).encode("utf-8", "surrogatepass")) <= 250_000
    assert '"mrkdwn"' not in json.dumps([found, modal, home])
