"""What the sandbox's Block Kit judge takes and what it refuses, by the limits of Slack's reference."""

import pytest

from bot.sandbox.block_kit import check_attachments, check_message, check_view


def plain(text):
    return {"type": "plain_text", "text": text}


def md(text):
    return {"type": "mrkdwn", "text": text}


def button(action_id="a", **more):
    return {"type": "button", "action_id": action_id, "text": plain("Press"), **more}


def rich(*elements):
    return {"type": "rich_text", "elements": list(elements)}


def rich_section(*elements):
    return {"type": "rich_text_section", "elements": list(elements)}


FEEDBACK = {
    "type": "feedback_buttons",
    "action_id": "f",
    "positive_button": {"text": plain("Good"), "value": "up"},
    "negative_button": {"text": plain("Bad"), "value": "down"},
}
OPTION = {"text": plain("One"), "value": "1"}
INPUT = {"type": "input", "label": plain("Note"), "element": {"type": "plain_text_input", "action_id": "n"}}

GOOD = {
    "section": {"type": "section", "text": md("*x*"), "fields": [md("a")] * 10, "accessory": button()},
    "header": {"type": "header", "text": plain("x" * 150)},
    "divider": {"type": "divider"},
    "context": {"type": "context", "elements": [md("x")] * 10},
    "actions": {"type": "actions", "elements": [button(str(n)) for n in range(25)]},
    "context_actions": {"type": "context_actions", "elements": [FEEDBACK]},
    "rich_text": rich(
        rich_section({"type": "text", "text": "a", "style": {"bold": True}}, {"type": "link", "url": "https://a.b"}),
        {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "log"}]},
        {"type": "rich_text_quote", "elements": [{"type": "user", "user_id": "U1"}]},
        {"type": "rich_text_list", "style": "bullet", "elements": [rich_section({"type": "emoji", "name": "fire"})]},
    ),
    "input": INPUT,
    "image": {"type": "image", "image_url": "https://a.b/c.png", "alt_text": "a graph"},
    "markdown": {"type": "markdown", "text": "**x**"},
    "table": {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}, {"type": "raw_text", "text": "b"}]]},
    "alert": {"type": "alert", "level": "success", "text": md("fine")},
    "select": {"type": "actions", "elements": [{"type": "static_select", "action_id": "s", "options": [OPTION]}]},
    "overflow": {"type": "section", "text": md("x"), "accessory": {"type": "overflow", "options": [OPTION] * 1}},
    "choices": {**INPUT, "element": {"type": "checkboxes", "options": [OPTION]}},
    "confirm": {
        "type": "actions",
        "elements": [
            button(confirm={"title": plain("t"), "text": md("x"), "confirm": plain("y"), "deny": plain("n")}),
        ],
    },
}


@pytest.mark.parametrize("name", GOOD)
def test_takes(name):
    assert check_message([GOOD[name]]) == []


BAD = {
    "unknown block": ({"type": "carousel_of_dreams"}, "unsupported block type", "/blocks/0/type"),
    "no type": ({"text": md("x")}, "missing required field: type", "/blocks/0"),
    "not an object": ("section", "must provide an object", "/blocks/0"),
    "unknown property": ({"type": "divider", "colour": "red"}, "invalid additional property: colour", "/blocks/0"),
    "empty section": ({"type": "section"}, "must define either `text` or `fields`", "/blocks/0"),
    "empty text": ({"type": "section", "text": md("")}, "must be more than 0 characters", "/blocks/0/text/text"),
    "long text": ({"type": "section", "text": md("x" * 3001)}, "must be less than 3001", "/blocks/0/text/text"),
    "long field": ({"type": "section", "fields": [md("x" * 2001)]}, "less than 2001", "/blocks/0/fields/0/text"),
    "eleven fields": ({"type": "section", "fields": [md("x")] * 11}, "no more than 10 items", "/blocks/0/fields"),
    "mrkdwn header": ({"type": "header", "text": md("x")}, "unsupported text type", "/blocks/0/text/type"),
    "long header": ({"type": "header", "text": plain("x" * 151)}, "less than 151", "/blocks/0/text/text"),
    "emoji flag on mrkdwn": ({"type": "section", "text": {**md("x"), "emoji": True}}, "additional property: emoji", ""),
    "no elements": ({"type": "actions", "elements": []}, "no fewer than 1 items", "/blocks/0/elements"),
    "26 buttons": (
        {"type": "actions", "elements": [button(str(n)) for n in range(26)]},
        "no more than 25 items",
        "/blocks/0/elements",
    ),
    "button without text": (
        {"type": "actions", "elements": [{"type": "button"}]},
        "missing required field: text",
        "/blocks/0/elements/0",
    ),
    "long button": (
        {"type": "actions", "elements": [{"type": "button", "text": plain("x" * 76)}]},
        "less than 76",
        "/blocks/0/elements/0/text/text",
    ),
    "long value": ({"type": "actions", "elements": [button(value="x" * 2001)]}, "less than 2001", ""),
    "odd style": ({"type": "actions", "elements": [button(style="green")]}, "valid enum value", ""),
    "same action twice": ({"type": "actions", "elements": [button(), button()]}, "`action_id` a already exists", ""),
    "feedback in actions": ({"type": "actions", "elements": [FEEDBACK]}, "unsupported actions element", ""),
    "button in context": ({"type": "context", "elements": [button()]}, "unsupported context element", ""),
    "empty rich text": (rich(), "no fewer than 1 items", "/blocks/0/elements"),
    "empty rich section": (rich(rich_section()), "no fewer than 1 items", "/blocks/0/elements/0/elements"),
    "empty rich string": (rich(rich_section({"type": "text", "text": ""})), "must be more than 0 characters", ""),
    "bold preformatted emoji": (
        rich({"type": "rich_text_preformatted", "elements": [{"type": "emoji", "name": "x"}]}),
        "unsupported preformatted element",
        "",
    ),
    "list of text": (
        rich({"type": "rich_text_list", "style": "bullet", "elements": [{"type": "text", "text": "x"}]}),
        "unsupported list element",
        "",
    ),
    "unknown style": (
        rich(rich_section({"type": "text", "text": "x", "style": {"blink": True}})),
        "additional property: blink",
        "",
    ),
    "long markdown": ({"type": "markdown", "text": "x" * 12_001}, "less than 12001", "/blocks/0/text"),
    "alert level": ({"type": "alert", "level": "fatal", "text": md("x")}, "valid enum value", "/blocks/0/level"),
    "long alert": ({"type": "alert", "text": md("x" * 201)}, "less than 201", ""),
    "101 rows": ({"type": "table", "rows": [[{"type": "raw_text", "text": "a"}]] * 101}, "no more than 100", ""),
    "ragged table": (
        {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}], []]},
        "same number of cells",
        "/blocks/0/rows/1",
    ),
    "image without source": ({"type": "image", "alt_text": "x"}, "`image_url` or `slack_file`", ""),
    "six overflow options": (
        {
            "type": "section",
            "text": md("x"),
            "accessory": {"type": "overflow", "options": [{"text": plain("o"), "value": str(n)} for n in range(6)]},
        },
        "no more than 5 items",
        "/blocks/0/accessory/options",
    ),
    "same option value": (
        {**INPUT, "element": {"type": "radio_buttons", "options": [OPTION, OPTION]}},
        "values must be unique",
        "",
    ),
    "select without options": (
        {"type": "actions", "elements": [{"type": "static_select"}]},
        "must define either `options` or `option_groups`",
        "",
    ),
    "long block_id": ({"type": "divider", "block_id": "x" * 256}, "less than 256", "/blocks/0/block_id"),
}


@pytest.mark.parametrize("name", BAD)
def test_refuses(name):
    block, message, pointer = BAD[name]
    problems = check_message([block])
    assert any(message in p.message and p.pointer.startswith(pointer) for p in problems), problems


def test_fifty_blocks_in_a_message_and_a_hundred_in_a_view():
    divider = {"type": "divider"}
    assert check_message([divider] * 50) == []
    assert "no more than 50" in check_message([divider] * 51)[0].message
    modal = {"type": "modal", "title": plain("t")}
    assert check_view({**modal, "blocks": [divider] * 100}) == []
    assert str(check_view({**modal, "blocks": [divider] * 101})[0]) == (
        "no more than 100 items allowed [json-pointer:/view/blocks]"
    )


def test_sums_over_a_message():
    assert check_message([{"type": "markdown", "text": "x" * 7000}] * 2)[-1].message.startswith("markdown must be")
    table = {"type": "table", "rows": [[{"type": "raw_text", "text": "x" * 300}] * 20] * 2}
    assert any("table must be" in p.message for p in check_message([table]))
    assert any("only one table" in p.message for p in check_message([GOOD["table"]] * 2))


def test_block_ids_are_unique_in_a_message():
    block = {"type": "divider", "block_id": "b"}
    assert "already exists" in check_message([block, block])[0].message


@pytest.mark.parametrize(
    ("view", "message"),
    [
        ({"type": "modal", "blocks": []}, "missing required field: title"),
        ({"type": "modal", "title": plain("x" * 25), "blocks": []}, "less than 25"),
        ({"type": "modal", "title": plain("t"), "submit": plain("x" * 25), "blocks": []}, "less than 25"),
        ({"type": "modal", "title": plain("t"), "blocks": [INPUT]}, "missing required field: submit"),
        ({"type": "modal", "title": plain("t"), "blocks": [], "private_metadata": "x" * 3001}, "less than 3001"),
        ({"type": "modal", "title": plain("t"), "blocks": [GOOD["context_actions"]]}, "unsupported block type"),
        ({"type": "home", "title": plain("t"), "blocks": []}, "additional property: title"),
        ({"type": "page", "blocks": []}, "valid enum value"),
        ([], "must provide an object"),
    ],
)
def test_refuses_views(view, message):
    assert any(message in problem.message for problem in check_view(view))


def test_takes_views_of_the_wanted_type_only():
    home = {"type": "home", "blocks": [GOOD["section"], INPUT]}
    assert check_view(home, "home") == []
    assert check_view(home, "modal")[0].pointer == "/view/type"


def test_attachments_are_judged_too():
    assert check_attachments([{"color": "#f00", "text": "x", "blocks": [GOOD["section"]]}]) == []
    assert check_attachments([{"blocks": [{"type": "nope"}]}])[0].pointer == "/attachments/0/blocks/0/type"
    assert "no more than 100" in check_attachments([{}] * 101)[0].message


@pytest.mark.parametrize("odd", [None, 7, "x", {}, [None], [[]], [{"type": []}], [{"type": "section", "text": "x"}]])
def test_never_breaks_on_odd_values(odd):
    assert check_message(odd)
