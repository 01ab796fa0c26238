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


def plain(thing: object) -> object:
    """Return a value as JSON's own types: dataclasses as objects, tuples as lists, times as ISO 8601."""
    if is_dataclass(thing) and not isinstance(thing, type):
        return {f.name: plain(getattr(thing, f.name)) for f in fields(thing)}
    if isinstance(thing, Enum):
        return thing.value
    if isinstance(thing, datetime):
        return thing.isoformat()
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
