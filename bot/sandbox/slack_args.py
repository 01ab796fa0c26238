"""Arguments of a Web API call, from JSON, form or query, and the error that a method answers with."""

import json
from typing import Any

from aiohttp import web

from bot.sandbox.block_schema import Problems

_JSON_FIELDS = {
    "blocks": "invalid_blocks_format",
    "attachments": "invalid_attachments",
    "view": "invalid_arguments",
    "metadata": "invalid_metadata_format",
}


class SlackError(Exception):
    """The call is refused: `{"ok": false, "error": ...}` with what else Slack puts beside it."""

    def __init__(self, error: str, **beside: Any) -> None:
        super().__init__(error)
        self.error = error
        self.beside = beside

    def body(self) -> dict[str, Any]:
        return {"ok": False, "error": self.error, **self.beside}


def refuse_problems(error: str, problems: Problems) -> None:
    """Raise the refusal that names every problem with its JSON pointer; nothing to say: return."""
    if problems:
        said = [str(problem) for problem in problems[:20]]
        beside: dict[str, Any] = {"response_metadata": {"messages": [f"[ERROR] {each}" for each in said]}}
        if error == "invalid_blocks":
            beside["errors"] = said
        raise SlackError(error, **beside)


class Args:
    """The arguments by name; typed access that forgives what Slack forgives ("1" for true, "5" for 5)."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def __contains__(self, name: str) -> bool:
        return self._values.get(name) is not None

    def get(self, name: str) -> Any:
        return self._values.get(name)

    def text(self, name: str, default: str = "") -> str:
        value = self._values.get(name)
        return default if value is None else str(value)

    def required(self, name: str, error: str = "invalid_arguments") -> str:
        value = self.text(name)
        if not value:
            raise SlackError(error, response_metadata={"messages": [f"[ERROR] missing required field: {name}"]})
        return value

    def flag(self, name: str) -> bool:
        return str(self._values.get(name)).lower() in {"1", "true"}

    def number(self, name: str, default: int, maximum: int) -> int:
        """Read a whole number from 1 to `maximum`. Raises SlackError invalid_limit."""
        value = self._values.get(name)
        if value is None or value == "":
            return default
        try:
            number = int(str(value))
        except ValueError:
            number = 0
        if not 1 <= number <= maximum:
            raise SlackError("invalid_limit")
        return number

    def structure(self, name: str) -> Any:
        """Read a JSON value, given as such or as a JSON string. Raises SlackError in the field's own words."""
        value = self._values.get(name)
        if isinstance(value, str):
            if not value:
                return None
            try:
                return json.loads(value)
            except ValueError:
                raise SlackError(_JSON_FIELDS.get(name, "invalid_arguments")) from None
        return value


async def read_args(request: web.Request) -> Args:
    """Read a call's arguments. Raises SlackError: invalid_json, json_not_object, invalid_form_data."""
    values: dict[str, Any] = dict(request.query)
    if request.method == "POST" and request.can_read_body:
        if request.content_type == "application/json":
            try:
                body = json.loads(await request.text())
            except ValueError:
                raise SlackError("invalid_json") from None
            if not isinstance(body, dict):
                raise SlackError("json_not_object")
            values |= body
        elif request.content_type in {"application/x-www-form-urlencoded", "multipart/form-data"}:
            values |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        else:
            raise SlackError("invalid_post_type")
    return Args(values)


def presented_token(request: web.Request, args: Args) -> str:
    header = request.headers.get("Authorization", "")
    return header[7:].strip() if header[:7].lower() == "bearer " else args.text("token")
