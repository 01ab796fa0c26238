"""The one way this project declares a value, and its canonical form for digests."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, kw_only_default=True)
def value(cls: type[T]) -> type[T]:
    """Make a class a frozen, slotted, keyword-only dataclass. Collections inside are tuples; times are aware UTC."""
    return dataclass(frozen=True, slots=True, kw_only=True)(cls)


_FIELDS: dict[object, tuple[str, ...] | None] = {}


def _names(cls: type) -> tuple[str, ...] | None:
    """Return the fields of a dataclass, None for any other type: asked once a type, not once a value."""
    if cls not in _FIELDS:
        _FIELDS[cls] = tuple(field.name for field in fields(cls)) if is_dataclass(cls) else None
    return _FIELDS[cls]


def plain(thing: object) -> object:
    """Return a value as JSON's own types: dataclasses as objects, tuples as lists, times as ISO 8601."""
    cls = type(thing)
    if thing is None or cls in {str, int, float, bool}:
        return thing
    names = _names(cls)
    if names is not None:
        return {name: plain(getattr(thing, name)) for name in names}
    if isinstance(thing, (Enum, datetime)):
        return thing.value if isinstance(thing, Enum) else thing.isoformat()
    if isinstance(thing, Mapping):
        return {str(k): plain(v) for k, v in thing.items()}
    if isinstance(thing, (list, tuple, frozenset)):
        return [plain(v) for v in thing]
    return thing


def canonical(thing: object) -> str:
    """Return the canonical JSON of a value: sorted keys, no spaces, so that equal values give equal bytes."""
    return json.dumps(plain(thing), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest_of(*things: object) -> str:
    """Return the SHA-256, in hex, of the canonical form of the given things."""
    return hashlib.sha256(canonical(list(things)).encode("utf-8", "surrogatepass")).hexdigest()
