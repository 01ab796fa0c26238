"""Whether Slack would take these blocks: `check_message`, `check_view` and `check_attachments`.

Limits of docs.slack.dev/reference/block-kit/blocks and .../reference/views as of November 2026. Nothing is repaired:
the answer is the list of what is wrong, empty when all is well. Blocks that Slack has but this product does not use
(card, carousel, container, plan, task_card, video, file, call) are refused here: the product must not send them before
this oracle can judge them.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.sandbox.block_elements import (
    ACCESSORIES,
    ACTIONS,
    CONTEXT,
    CONTEXT_ACTIONS,
    IMAGE_ELEMENT,
    INPUT_ELEMENTS,
    RICH_TEXT,
)
from bot.sandbox.block_objects import IDENTIFIER, KIND, any_text, plain_text
from bot.sandbox.block_schema import (
    Check,
    Problem,
    Problems,
    anything,
    array,
    boolean,
    every,
    one_of,
    record,
    string,
    typed,
)

MAX_MARKDOWN = 12_000
MAX_TABLE_CHARACTERS = 10_000
MAX_VIEW_BYTES = 250_000

_BLOCK: Mapping[str, Check] = {"type": KIND, "block_id": IDENTIFIER}


def _text_or_fields(value: Any, pointer: str, problems: Problems) -> None:
    if isinstance(value, dict) and not value.get("text") and not value.get("fields"):
        problems.append(Problem("must define either `text` or `fields`", pointer))


def _image_source(value: Any, pointer: str, problems: Problems) -> None:
    if isinstance(value, dict) and bool(value.get("image_url")) == bool(value.get("slack_file")):
        problems.append(Problem("must define either `image_url` or `slack_file`", pointer))


def _same_width(value: Any, pointer: str, problems: Problems) -> None:
    """Every row of a table has as many cells as the first one."""
    rows = value.get("rows") if isinstance(value, dict) else None
    if isinstance(rows, list) and rows and all(isinstance(row, list) for row in rows):
        problems.extend(
            Problem("all rows must have the same number of cells", f"{pointer}/rows/{index}")
            for index, row in enumerate(rows)
            if len(row) != len(rows[0])
        )


RICH_TEXT_BLOCK = record(
    {**_BLOCK, "elements": array(typed(RICH_TEXT, what="rich text block"))}, required=("elements",)
)
_CELL = typed(
    {
        "raw_text": record({"type": KIND, "text": string(minimum=1)}, required=("text",)),
        "raw_number": record({"type": KIND, "value": anything, "text": string()}, required=("value",)),
        "rich_text": RICH_TEXT_BLOCK,
    },
    what="table cell",
)

EVERYWHERE: Mapping[str, Check] = {
    "section": every(
        record(
            {
                **_BLOCK,
                "text": any_text(3000),
                "fields": array(any_text(2000), maximum=10),
                "accessory": typed(ACCESSORIES, what="accessory"),
                "expand": boolean,
            }
        ),
        _text_or_fields,
    ),
    "header": record({**_BLOCK, "text": plain_text(150)}, required=("text",)),
    "divider": record(_BLOCK),
    "image": every(
        record(
            {
                **_BLOCK,
                "image_url": string(minimum=1, maximum=3000),
                "alt_text": string(minimum=1, maximum=2000),
                "title": plain_text(2000),
                "slack_file": record({"id": IDENTIFIER, "url": string(minimum=1)}),
            },
            required=("alt_text",),
        ),
        _image_source,
    ),
    "context": record(
        {**_BLOCK, "elements": array(typed(CONTEXT, what="context element"), maximum=10)}, required=("elements",)
    ),
    "actions": record(
        {**_BLOCK, "elements": array(typed(ACTIONS, what="actions element"), maximum=25)}, required=("elements",)
    ),
    "rich_text": RICH_TEXT_BLOCK,
    "input": record(
        {
            **_BLOCK,
            "label": plain_text(2000),
            "element": typed(INPUT_ELEMENTS, what="input element"),
            "hint": plain_text(2000),
            "optional": boolean,
            "dispatch_action": boolean,
        },
        required=("label", "element"),
    ),
    "alert": record(
        {**_BLOCK, "text": any_text(200), "level": one_of("default", "info", "warning", "error", "success")},
        required=("text",),
    ),
}
MESSAGE_BLOCKS: Mapping[str, Check] = {
    **EVERYWHERE,
    "context_actions": record(
        {**_BLOCK, "elements": array(typed(CONTEXT_ACTIONS, what="context_actions element"), maximum=5)},
        required=("elements",),
    ),
    "markdown": record({"type": KIND, "text": string(minimum=1, maximum=MAX_MARKDOWN)}, required=("text",)),
    "table": every(
        record(
            {
                **_BLOCK,
                "rows": array(array(_CELL, maximum=20), maximum=100),
                "column_settings": array(
                    record({"align": one_of("left", "center", "right"), "is_wrapped": boolean}), maximum=20
                ),
            },
            required=("rows",),
        ),
        _same_width,
    ),
}
VIEW_BLOCKS: Mapping[str, Check] = EVERYWHERE

_MESSAGE = array(typed(MESSAGE_BLOCKS, what="block type"), minimum=0, maximum=50)
_VIEW_BODY = array(typed(VIEW_BLOCKS, what="block type"), minimum=0, maximum=100)
_VIEW: Mapping[str, Check] = {
    "type": one_of("modal", "home"),
    "blocks": _VIEW_BODY,
    "private_metadata": string(maximum=3000),
    "callback_id": string(maximum=255),
    "external_id": string(maximum=255),
}
_MODAL = record(
    {
        **_VIEW,
        "title": plain_text(24),
        "submit": plain_text(24),
        "close": plain_text(24),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
        "submit_disabled": boolean,
    },
    required=("title", "blocks"),
)
_HOME = record(_VIEW, required=("blocks",))


def interactive_elements(block: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the elements of a block that may carry an action_id."""
    found: list[Any] = [block.get("accessory"), block.get("element")]
    if block.get("type") in ("actions", "context_actions") and isinstance(block.get("elements"), list):
        found += block["elements"]
    for element in found:
        if isinstance(element, dict) and element.get("type") != "image":
            yield element


def _check_uniqueness(blocks: list[Any], pointer: str, problems: Problems) -> None:
    seen_blocks: set[str] = set()
    for index, block in enumerate(blocks):
        if not isinstance(block, dict):
            continue
        block_id = block.get("block_id")
        if isinstance(block_id, str):
            if block_id in seen_blocks:
                problems.append(Problem(f"`block_id` {block_id[:60]} already exists", f"{pointer}/{index}/block_id"))
            seen_blocks.add(block_id)
        seen_actions: set[str] = set()
        for element in interactive_elements(block):
            action_id = element.get("action_id")
            if isinstance(action_id, str):
                if action_id in seen_actions:
                    problems.append(Problem(f"`action_id` {action_id[:60]} already exists", f"{pointer}/{index}"))
                seen_actions.add(action_id)


def _cell_characters(cell: Any) -> int:
    if not isinstance(cell, dict):
        return 0
    own = len(cell["text"]) if isinstance(cell.get("text"), str) else 0
    inner = cell.get("elements")
    return own + (sum(_cell_characters(each) for each in inner) if isinstance(inner, list) else 0)


def _check_sums(blocks: list[Any], pointer: str, problems: Problems) -> None:
    """Limits that hold over a whole message: markdown 12,000 characters, one table of 10,000 characters."""
    of = {kind: [b for b in blocks if isinstance(b, dict) and b.get("type") == kind] for kind in ("markdown", "table")}
    if sum(len(b["text"]) for b in of["markdown"] if isinstance(b.get("text"), str)) > MAX_MARKDOWN:
        problems.append(Problem(f"markdown must be less than {MAX_MARKDOWN + 1} characters in all", pointer))
    if len(of["table"]) > 1:
        problems.append(Problem("only one table is allowed", pointer))
    rows = [row for b in of["table"] if isinstance(b.get("rows"), list) for row in b["rows"] if isinstance(row, list)]
    if sum(_cell_characters(cell) for row in rows for cell in row) > MAX_TABLE_CHARACTERS:
        problems.append(Problem(f"table must be less than {MAX_TABLE_CHARACTERS + 1} characters", pointer))


def check_message(blocks: Any, pointer: str = "/blocks") -> Problems:
    """List what Slack would refuse in a message's blocks (empty: accepted)."""
    problems: Problems = []
    _MESSAGE(blocks, pointer, problems)
    if isinstance(blocks, list):
        _check_uniqueness(blocks, pointer, problems)
        _check_sums(blocks, pointer, problems)
    return problems


def check_view(view: Any, expected: str | None = None, pointer: str = "/view") -> Problems:
    """List what Slack would refuse in a modal or Home view; `expected` is "modal" or "home" where only one fits."""
    problems: Problems = []
    if not isinstance(view, dict):
        return [Problem("must provide an object", pointer)]
    kind = view.get("type")
    if kind not in ("modal", "home") or (expected is not None and kind != expected):
        return [Problem(f"must be a valid enum value: {expected or 'modal, home'}", f"{pointer}/type")]
    (_MODAL if kind == "modal" else _HOME)(view, pointer, problems)
    blocks = view.get("blocks")
    if isinstance(blocks, list):
        _check_uniqueness(blocks, f"{pointer}/blocks", problems)
        has_input = any(isinstance(b, dict) and b.get("type") == "input" for b in blocks)
        if kind == "modal" and has_input and not view.get("submit"):
            problems.append(Problem("missing required field: submit", pointer))
    return problems


def check_attachments(attachments: Any, pointer: str = "/attachments") -> Problems:
    """List what Slack would refuse in an app's own attachments: at most 100 objects; blocks inside follow Block Kit."""
    problems: Problems = []
    array(anything, minimum=0, maximum=100)(attachments, pointer, problems)
    if not isinstance(attachments, list):
        return problems
    for index, each in enumerate(attachments):
        if not isinstance(each, dict):
            problems.append(Problem("must provide an object", f"{pointer}/{index}"))
        elif "blocks" in each:
            problems += check_message(each["blocks"], f"{pointer}/{index}/blocks")
    return problems


__all__ = [
    "IMAGE_ELEMENT",
    "MAX_VIEW_BYTES",
    "check_attachments",
    "check_message",
    "check_view",
    "interactive_elements",
]
