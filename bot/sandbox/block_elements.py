"""Block elements of Block Kit: buttons, menus, inputs, feedback buttons, and the elements of rich text.

Limits: docs.slack.dev/reference/block-kit/block-elements and .../blocks/rich-text-block.
"""

from collections.abc import Mapping
from typing import Any

from bot.sandbox.block_objects import (
    CONFIRM,
    CONVERSATION_FILTER,
    DISPATCH_CONFIG,
    IDENTIFIER,
    KIND,
    OPTION_GROUP,
    PLAIN_OPTION,
    RICH_OPTION,
    URL,
    any_text,
    options,
    plain_text,
)
from bot.sandbox.block_schema import (
    Check,
    Problem,
    Problems,
    anything,
    array,
    boolean,
    every,
    integer,
    one_of,
    record,
    string,
    typed,
)

_ACTION: Mapping[str, Check] = {"type": KIND, "action_id": IDENTIFIER}
_FOCUS: Mapping[str, Check] = {"placeholder": plain_text(150), "focus_on_load": boolean}
_MENU: Mapping[str, Check] = {**_ACTION, **_FOCUS, "confirm": CONFIRM}
_MULTI: Mapping[str, Check] = {**_MENU, "max_selected_items": integer(1, 100)}


def options_or_groups(value: Any, pointer: str, problems: Problems) -> None:
    if isinstance(value, dict) and ("options" in value) == ("option_groups" in value):
        problems.append(Problem("must define either `options` or `option_groups`", pointer))


BUTTON = record(
    {
        **_ACTION,
        "text": plain_text(75),
        "url": URL,
        "value": string(maximum=2000),
        "style": one_of("primary", "danger"),
        "confirm": CONFIRM,
        "accessibility_label": string(maximum=75),
    },
    required=("text",),
)
OVERFLOW = record({**_ACTION, "options": options(PLAIN_OPTION, 5), "confirm": CONFIRM}, required=("options",))
STATIC_SELECT = every(
    record(
        {
            **_MENU,
            "options": options(PLAIN_OPTION, 100),
            "option_groups": array(OPTION_GROUP, maximum=100),
            "initial_option": PLAIN_OPTION,
        }
    ),
    options_or_groups,
)
MULTI_STATIC_SELECT = every(
    record(
        {
            **_MULTI,
            "options": options(PLAIN_OPTION, 100),
            "option_groups": array(OPTION_GROUP, maximum=100),
            "initial_options": array(PLAIN_OPTION, maximum=100),
        }
    ),
    options_or_groups,
)
CHOICES: Mapping[str, Check] = {
    **_ACTION,
    "options": options(RICH_OPTION, 10),
    "confirm": CONFIRM,
    "focus_on_load": boolean,
}
IMAGE_ELEMENT = record(
    {
        "type": KIND,
        "image_url": URL,
        "alt_text": string(minimum=1, maximum=2000),
        "slack_file": record({"id": IDENTIFIER, "url": URL}),
    },
    required=("alt_text",),
)

MENUS: Mapping[str, Check] = {
    "static_select": STATIC_SELECT,
    "users_select": record({**_MENU, "initial_user": IDENTIFIER}),
    "conversations_select": record(
        {
            **_MENU,
            "initial_conversation": IDENTIFIER,
            "default_to_current_conversation": boolean,
            "response_url_enabled": boolean,
            "filter": CONVERSATION_FILTER,
        }
    ),
    "channels_select": record({**_MENU, "initial_channel": IDENTIFIER, "response_url_enabled": boolean}),
    "external_select": record({**_MENU, "initial_option": PLAIN_OPTION, "min_query_length": integer(0, 255)}),
    "multi_static_select": MULTI_STATIC_SELECT,
    "multi_users_select": record({**_MULTI, "initial_users": array(IDENTIFIER, minimum=0)}),
    "multi_conversations_select": record(
        {**_MULTI, "initial_conversations": array(IDENTIFIER, minimum=0), "filter": CONVERSATION_FILTER}
    ),
    "multi_channels_select": record({**_MULTI, "initial_channels": array(IDENTIFIER, minimum=0)}),
    "multi_external_select": record(
        {**_MULTI, "initial_options": array(PLAIN_OPTION, minimum=0), "min_query_length": integer(0, 255)}
    ),
}

PICKERS: Mapping[str, Check] = {
    "checkboxes": record({**CHOICES, "initial_options": array(RICH_OPTION, maximum=10)}, required=("options",)),
    "radio_buttons": record({**CHOICES, "initial_option": RICH_OPTION}, required=("options",)),
    "datepicker": record({**_MENU, "initial_date": string(minimum=10, maximum=10)}),
    "timepicker": record({**_MENU, "initial_time": string(minimum=5, maximum=5), "timezone": string(maximum=100)}),
    "datetimepicker": record(
        {**_ACTION, "focus_on_load": boolean, "confirm": CONFIRM, "initial_date_time": integer(0, 9_999_999_999)}
    ),
}

INPUTS: Mapping[str, Check] = {
    "plain_text_input": record(
        {
            **_ACTION,
            **_FOCUS,
            "initial_value": string(maximum=3000),
            "multiline": boolean,
            "min_length": integer(0, 3000),
            "max_length": integer(1, 3000),
            "dispatch_action_config": DISPATCH_CONFIG,
        }
    ),
    "email_text_input": record(
        {**_ACTION, **_FOCUS, "initial_value": string(), "dispatch_action_config": DISPATCH_CONFIG}
    ),
    "url_text_input": record(
        {**_ACTION, **_FOCUS, "initial_value": string(), "dispatch_action_config": DISPATCH_CONFIG}
    ),
    "number_input": record(
        {
            **_ACTION,
            **_FOCUS,
            "is_decimal_allowed": boolean,
            "initial_value": string(),
            "min_value": string(),
            "max_value": string(),
            "dispatch_action_config": DISPATCH_CONFIG,
        },
        required=("is_decimal_allowed",),
    ),
    "rich_text_input": record(
        {**_ACTION, **_FOCUS, "initial_value": anything, "dispatch_action_config": DISPATCH_CONFIG}
    ),
    "file_input": record({**_ACTION, "filetypes": array(string(minimum=1)), "max_files": integer(1, 10)}),
}

_FEEDBACK_BUTTON = record(
    {"text": plain_text(75), "value": string(maximum=2000), "accessibility_label": string(maximum=75)},
    required=("text", "value"),
)
CONTEXT_ACTIONS: Mapping[str, Check] = {
    "feedback_buttons": record(
        {**_ACTION, "positive_button": _FEEDBACK_BUTTON, "negative_button": _FEEDBACK_BUTTON},
        required=("positive_button", "negative_button"),
    ),
    "icon_button": record(
        {
            **_ACTION,
            "icon": one_of("trash"),
            "text": plain_text(75),
            "value": string(maximum=2000),
            "confirm": CONFIRM,
            "accessibility_label": string(maximum=75),
            "visible_to_user_ids": array(IDENTIFIER),
        },
        required=("icon", "text"),
    ),
}

ACTIONS: Mapping[str, Check] = {
    "button": BUTTON,
    "overflow": OVERFLOW,
    "workflow_button": record({**_ACTION, "text": plain_text(75), "workflow": anything}, required=("text", "workflow")),
    **MENUS,
    **PICKERS,
    "rich_text_input": INPUTS["rich_text_input"],
    "plain_text_input": INPUTS["plain_text_input"],
}
ACCESSORIES: Mapping[str, Check] = {"button": BUTTON, "overflow": OVERFLOW, "image": IMAGE_ELEMENT, **MENUS, **PICKERS}
INPUT_ELEMENTS: Mapping[str, Check] = {**MENUS, **PICKERS, **INPUTS}
CONTEXT: Mapping[str, Check] = {
    "image": IMAGE_ELEMENT,
    "plain_text": any_text(3000),
    "mrkdwn": any_text(3000),
}

_STYLE_NAMES = ("bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink")
_STYLE = record(dict.fromkeys(_STYLE_NAMES, boolean))
_TEXT = record({"type": KIND, "text": string(minimum=1), "style": _STYLE}, required=("text",))
_LINK = record({"type": KIND, "url": URL, "text": string(), "unsafe": boolean, "style": _STYLE}, required=("url",))

RICH_TEXT_INLINE: Mapping[str, Check] = {
    "text": _TEXT,
    "link": _LINK,
    "emoji": record(
        {
            "type": KIND,
            "name": string(minimum=1, maximum=100),
            "unicode": string(),
            "skin_tone": integer(1, 6),
            "style": _STYLE,
        },
        required=("name",),
    ),
    "user": record({"type": KIND, "user_id": IDENTIFIER, "style": _STYLE}, required=("user_id",)),
    "usergroup": record({"type": KIND, "usergroup_id": IDENTIFIER, "style": _STYLE}, required=("usergroup_id",)),
    "channel": record({"type": KIND, "channel_id": IDENTIFIER, "style": _STYLE}, required=("channel_id",)),
    "team": record({"type": KIND, "team_id": IDENTIFIER, "style": _STYLE}, required=("team_id",)),
    "broadcast": record({"type": KIND, "range": one_of("here", "channel", "everyone")}, required=("range",)),
    "color": record({"type": KIND, "value": string(minimum=4, maximum=9)}, required=("value",)),
    "date": record(
        {
            "type": KIND,
            "timestamp": integer(0, 99_999_999_999),
            "format": string(minimum=1, maximum=200),
            "url": URL,
            "fallback": string(),
            "style": _STYLE,
        },
        required=("timestamp", "format"),
    ),
}
_INLINE = typed(RICH_TEXT_INLINE, what="rich text element")
RICH_TEXT_SECTION = record({"type": KIND, "elements": array(_INLINE)}, required=("elements",))
RICH_TEXT: Mapping[str, Check] = {
    "rich_text_section": RICH_TEXT_SECTION,
    "rich_text_quote": record({"type": KIND, "elements": array(_INLINE), "border": integer(0, 1)}, ("elements",)),
    "rich_text_preformatted": record(
        {
            "type": KIND,
            "elements": array(typed({"text": _TEXT, "link": _LINK}, what="preformatted element")),
            "border": integer(0, 1),
            "language": string(minimum=1, maximum=50),
        },
        required=("elements",),
    ),
    "rich_text_list": record(
        {
            "type": KIND,
            "style": one_of("bullet", "ordered"),
            "elements": array(typed({"rich_text_section": RICH_TEXT_SECTION}, what="list element")),
            "indent": integer(0, 8),
            "offset": integer(0, 10_000),
            "border": integer(0, 1),
        },
        required=("style", "elements"),
    ),
}
