"""Reading one field of somebody else's JSON: another type than documented counts as absent, and all text is bounded."""

from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]

MAX_TEXT = 4000
"""Characters of one message. Argo CD puts the whole output of helm or git into some."""


def object_in(holder: Json, name: str) -> Json:
    found = holder.get(name)
    return found if isinstance(found, dict) else {}


def objects_in(holder: Json, name: str, limit: int) -> list[Json]:
    """Return the first objects of a list."""
    found = holder.get(name)
    return [each for each in found if isinstance(each, dict)][:limit] if isinstance(found, list) else []


def texts_in(holder: Json, name: str, limit: int) -> tuple[str, ...]:
    found = holder.get(name)
    return tuple(_clean(each) for each in found if isinstance(each, str))[:limit] if isinstance(found, list) else ()


def text_in(holder: Json, name: str) -> str:
    """Return the text, cut after MAX_TEXT (the cut shows); empty for any other type."""
    found = holder.get(name)
    if not isinstance(found, str):
        return ""
    return _clean(found if len(found) <= MAX_TEXT else found[: MAX_TEXT - 1] + "…")


def int_in(holder: Json, name: str) -> int:
    """Return the number; gateways write 64-bit ones as text."""
    found = holder.get(name)
    if isinstance(found, str) and len(found) <= 18 and found.isascii() and found.isdigit():
        return int(found)
    return found if isinstance(found, int) and not isinstance(found, bool) else 0


def time_in(holder: Json, name: str) -> datetime | None:
    """Return RFC 3339 as an aware moment in UTC; None for absent, for any other text and for Go's zero time."""
    try:
        moment = datetime.fromisoformat(text_in(holder, name))
    except ValueError:
        return None
    if moment.tzinfo is None or moment.year <= 1 or moment.year >= 9999:
        return None
    return moment.astimezone(UTC)


def _clean(text: str) -> str:
    """Replace lone surrogates, which no UTF-8 can hold."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
