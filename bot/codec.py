"""Values to JSON text and back, at the edges: pydantic validates the very dataclasses that the inside uses.

A payload carries its type's name beside it, so that a union is read back as what it was.
"""

import json
from typing import Any, TypeVar, get_args

from pydantic import TypeAdapter, ValidationError

from bot.domain.durable import Payload
from bot.domain.errors import Unreadable

T = TypeVar("T")


_ADAPTERS: dict[Any, TypeAdapter[Any]] = {}


def adapter(cls: Any) -> TypeAdapter[Any]:
    """Return the one TypeAdapter of a type; building it costs milliseconds, so it is kept."""
    found = _ADAPTERS.get(cls)
    if found is None:
        found = _ADAPTERS[cls] = TypeAdapter(cls)
    return found


def encode(thing: object) -> str:
    """Return the JSON text of a value."""
    text: bytes = adapter(type(thing)).dump_json(thing)
    return text.decode("utf-8")


def decode(cls: type[T], text: str | bytes) -> T:
    """Return the value of that type. Raises Unreadable, naming the field."""
    try:
        read: T = adapter(cls).validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or cls.__name__
        raise Unreadable(place=f"{cls.__name__}: {place}", problem=first["msg"]) from error
    return read


PAYLOADS: dict[str, type] = {cls.__name__: cls for cls in get_args(Payload)}


def encode_payload(payload: Payload) -> str:
    """Return the payload's JSON with its type's name."""
    return f'{{"type":{json.dumps(type(payload).__name__)},"value":{encode(payload)}}}'


def decode_payload(text: str) -> Payload:
    """Return the payload. Raises Unreadable for a type that this version does not know."""
    raw = json.loads(text)
    cls = PAYLOADS.get(str(raw.get("type")))
    if cls is None:
        raise Unreadable(place="job payload", problem=f"unknown type {raw.get('type')!r}")
    payload: Payload = decode(cls, json.dumps(raw["value"]))
    return payload
