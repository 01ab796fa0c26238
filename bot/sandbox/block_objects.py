"""Composition objects of Block Kit: text, option, confirm and what hangs on them.

Limits: docs.slack.dev/reference/block-kit/composition-objects.
"""

from typing import Any

from bot.sandbox.block_schema import (
    Check,
    Problem,
    Problems,
    array,
    boolean,
    every,
    one_of,
    record,
    string,
    typed,
)

KIND: Check = string(minimum=1, maximum=255)
IDENTIFIER: Check = string(minimum=1, maximum=255)
URL: Check = string(minimum=1, maximum=3000)


def plain_text(maximum: int = 3000, minimum: int = 1) -> Check:
    """Check a plain_text object; mrkdwn is refused where Slack wants plain_text."""
    fields = {"type": KIND, "text": string(minimum=minimum, maximum=maximum), "emoji": boolean}
    return typed({"plain_text": record(fields, required=("text",))}, what="text type")


def mrkdwn(maximum: int = 3000, minimum: int = 1) -> Check:
    fields = {"type": KIND, "text": string(minimum=minimum, maximum=maximum), "verbatim": boolean}
    return typed({"mrkdwn": record(fields, required=("text",))}, what="text type")


def any_text(maximum: int = 3000, minimum: int = 1) -> Check:
    """Check a text object of either type."""
    text = string(minimum=minimum, maximum=maximum)
    return typed(
        {
            "plain_text": record({"type": KIND, "text": text, "emoji": boolean}, required=("text",)),
            "mrkdwn": record({"type": KIND, "text": text, "verbatim": boolean}, required=("text",)),
        },
        what="text type",
    )


CONFIRM: Check = record(
    {
        "title": plain_text(100),
        "text": any_text(300),
        "confirm": plain_text(30),
        "deny": plain_text(30),
        "style": one_of("primary", "danger"),
    },
    required=("title", "text", "confirm", "deny"),
)


def option(text: Check) -> Check:
    return record(
        {"text": text, "value": string(minimum=1, maximum=150), "description": any_text(150), "url": URL},
        required=("text", "value"),
    )


PLAIN_OPTION = option(plain_text(150))
RICH_OPTION = option(any_text(150))


def unique_values(value: Any, pointer: str, problems: Problems) -> None:
    """Options of one element need different values, else a click cannot be told apart."""
    if not isinstance(value, list):
        return
    seen: set[str] = set()
    for index, each in enumerate(value):
        name = each.get("value") if isinstance(each, dict) else None
        if isinstance(name, str) and name in seen:
            problems.append(Problem("values must be unique", f"{pointer}/{index}/value"))
        elif isinstance(name, str):
            seen.add(name)


def options(item: Check, maximum: int, minimum: int = 1) -> Check:
    return every(array(item, minimum=minimum, maximum=maximum), unique_values)


OPTION_GROUP: Check = record(
    {"label": plain_text(75), "options": options(PLAIN_OPTION, 100)}, required=("label", "options")
)

DISPATCH_CONFIG: Check = record(
    {"trigger_actions_on": array(one_of("on_enter_pressed", "on_character_entered"), maximum=2)}
)

CONVERSATION_FILTER: Check = record(
    {
        "include": array(one_of("im", "mpim", "private", "public"), maximum=4),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    }
)
