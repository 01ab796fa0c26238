"""What a person typed or picked, in the shape of `state.values` that Slack sends with clicks and submissions."""

from collections.abc import Iterator, Mapping
from typing import Any

Values = dict[str, dict[str, Any]]

_TEXT_INPUTS = {"plain_text_input", "email_text_input", "url_text_input", "number_input"}
_SINGLE = {
    "users_select": "selected_user",
    "channels_select": "selected_channel",
    "conversations_select": "selected_conversation",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
}
_INITIAL = {
    "plain_text_input": "initial_value",
    "email_text_input": "initial_value",
    "url_text_input": "initial_value",
    "number_input": "initial_value",
    "users_select": "initial_user",
    "channels_select": "initial_channel",
    "conversations_select": "initial_conversation",
    "datepicker": "initial_date",
    "timepicker": "initial_time",
    "datetimepicker": "initial_date_time",
}
STATEFUL = {*_TEXT_INPUTS, *_SINGLE, "static_select", "radio_buttons", "checkboxes", "multi_static_select"}


def stateful_elements(blocks: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield (block, element) for every element that holds a value."""
    for block in blocks:
        found = [block.get("element"), block.get("accessory")]
        if block.get("type") == "actions":
            found += block.get("elements", [])
        for element in found:
            if isinstance(element, dict) and element.get("type") in STATEFUL:
                yield block, element


def read_state(blocks: list[dict[str, Any]], given: Mapping[str, Any]) -> Values:
    """Build `state.values`; `given` maps "block_id/action_id" or action_id to a text, an option value or a list."""
    values: Values = {}
    for block, element in stateful_elements(blocks):
        block_id, action_id = str(block["block_id"]), str(element["action_id"])
        raw = given.get(f"{block_id}/{action_id}", given.get(action_id, _initial(element)))
        values.setdefault(block_id, {})[action_id] = _state_of(element, raw)
    return values


def check_inputs(blocks: list[dict[str, Any]], values: Values) -> dict[str, str]:
    """Check what Slack's own client checks before it submits: required inputs and lengths. block_id -> complaint."""
    complaints: dict[str, str] = {}
    for block, element in stateful_elements(blocks):
        if block.get("type") != "input":
            continue
        state = values.get(str(block["block_id"]), {}).get(str(element["action_id"]), {})
        content = [value for name, value in state.items() if name != "type" and value]
        if not content and not block.get("optional"):
            complaints[str(block["block_id"])] = "Please complete this required field."
        elif content and isinstance(content[0], str):
            length = len(content[0])
            if length < int(element.get("min_length", 0)) or length > int(element.get("max_length", 3000)):
                complaints[str(block["block_id"])] = "This value has the wrong length."
    return complaints


def _initial(element: dict[str, Any]) -> Any:
    kind = str(element["type"])
    if kind in _INITIAL:
        return element.get(_INITIAL[kind])
    if kind in {"checkboxes", "multi_static_select"}:
        return [option["value"] for option in element.get("initial_options", [])]
    option = element.get("initial_option")
    return option["value"] if option else None


def find_option(element: dict[str, Any], value: Any) -> dict[str, Any] | None:
    groups = element.get("option_groups") or [element]
    return next((o for group in groups for o in group.get("options", []) if o.get("value") == value), None)


def _state_of(element: dict[str, Any], raw: Any) -> dict[str, Any]:
    kind = str(element["type"])
    if kind in _TEXT_INPUTS:
        return {"type": kind, "value": str(raw) if raw is not None and raw != "" else None}
    if kind in _SINGLE:
        return {"type": kind, _SINGLE[kind]: raw}
    if kind in {"checkboxes", "multi_static_select"}:
        wanted = raw if isinstance(raw, list) else []
        chosen = [option for value in wanted if (option := find_option(element, value)) is not None]
        return {"type": kind, "selected_options": chosen}
    return {"type": kind, "selected_option": find_option(element, raw)}


def action_of(block: dict[str, Any], element: dict[str, Any], value: Any, action_ts: str) -> dict[str, Any]:
    """Build the row of `actions` for a click or a pick. `value`: which option, or which thumb."""
    kind = str(element["type"])
    row: dict[str, Any] = {
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "type": kind,
        "action_ts": action_ts,
    }
    if kind == "feedback_buttons":
        sides = [element["positive_button"], element["negative_button"]]
        pressed = next((side for side in sides if side["value"] == value), sides[0])
        return {**row, "text": pressed["text"], "value": pressed["value"]}
    if kind in STATEFUL:
        return {**row, **_state_of(element, value)}
    if kind == "overflow":
        return {**row, "selected_option": find_option(element, value)}
    if "text" in element:
        row["text"] = element["text"]
    row |= {name: element[name] for name in ("value", "style", "url") if name in element}
    return row
