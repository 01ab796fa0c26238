"""`parse --jsonl`: Slack message events in, alerts out, one JSON object a line."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

from bot.domain.alert import Alert, AlertStatus
from bot.domain.errors import Unreadable
from bot.intake.parse import parse
from bot.intake.reading import RESOURCE
from bot.slack.flatten import Own, flatten

KINDS = {AlertStatus.FIRING: "failure", AlertStatus.RESOLVED: "recovery", AlertStatus.SUCCESS: "success"}


def parse_jsonl(lines: Iterable[str], write: Callable[[str], object], own_app_id: str) -> int:
    """Answer each `{"id", "event"}` line with `{"id", "kind", "platform", "title", "resource"}`; blank lines are skipped.

    `kind` is failure, recovery, success or not_alert (then platform and title are null and resource is empty);
    `resource` holds what the message names, by the keys of `reading.RESOURCE`. A line that cannot be read is answered
    with `{"id", "error"}` (id null when there is none). `write` gets one line with its newline. Returns the exit
    code, after all lines were answered: 0, or 2 when a line could not be read.
    """
    code = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        asked: object = None
        try:
            asked = json.loads(line)
            answer = _answer(asked, number, own_app_id)
        except (ValueError, RecursionError) as error:
            code, answer = 2, {"id": None, "error": f"line {number}: not JSON: {error}"[:500]}
        except Unreadable as error:
            code, answer = 2, {"id": _id(asked), "error": f"line {number}: {error}"[:500]}
        write(json.dumps(answer) + "\n")
    return code


def _id(asked: object) -> str | int | None:
    said = asked.get("id") if isinstance(asked, Mapping) else None
    return said if isinstance(said, (str, int)) and not isinstance(said, bool) else None


def _answer(asked: object, number: int, own_app_id: str) -> dict[str, object]:
    if not isinstance(asked, Mapping) or _id(asked) is None:
        raise Unreadable(place="line", problem='expected an object with "id" and "event"')
    event = asked.get("event")
    if not isinstance(event, Mapping):
        raise Unreadable(place="event", problem="expected a Slack message event")
    team = event.get("team")
    post = flatten(
        event,
        team=team if isinstance(team, str) else "",
        own=Own(app_id=own_app_id),
        received_at=datetime.now(UTC),
    )
    alert = parse(post, id=f"line_{number}")
    if not isinstance(alert, Alert):
        return {"id": _id(asked), "kind": "not_alert", "platform": None, "title": None, "resource": {}}
    resource = {label.name: label.value for label in alert.labels if label.name in RESOURCE}
    return {
        "id": _id(asked),
        "kind": KINDS[alert.status],
        "platform": alert.platform or None,
        "title": alert.title,
        "resource": resource,
    }
