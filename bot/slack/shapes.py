"""Reading other people's JSON: each function returns the shape it promises or raises Unreadable with the place."""

import re
from collections.abc import Mapping, Sequence

from bot.domain.errors import Unreadable

MAX_PIECE = 24_000
_UNSAFE = re.compile("[\x00\x0b\x0c\ud800-\udfff\ufffe\uffff]")
_EMPTY: dict[str, object] = {}


def _wrong(place: str, wanted: str, thing: object) -> Unreadable:
    return Unreadable(place=place, problem=f"expected {wanted}, found {type(thing).__name__}")


def read_object(thing: object, place: str) -> Mapping[str, object]:
    """Return a JSON object; nothing there (None) is an empty one. Raises Unreadable."""
    if isinstance(thing, Mapping):
        return thing
    if thing is None:
        return _EMPTY
    raise _wrong(place, "an object", thing)


def read_list(thing: object, place: str, limit: int) -> Sequence[object]:
    """Return the first `limit` items of a JSON array; nothing there is an empty one. Raises Unreadable."""
    if isinstance(thing, list):
        return thing if len(thing) <= limit else thing[:limit]
    if isinstance(thing, tuple):
        return thing[:limit]
    if thing is None:
        return ()
    raise _wrong(place, "an array", thing)


def read_text(thing: object, place: str, limit: int = MAX_PIECE) -> str:
    """Return a string cut at `limit`, without lone surrogates and NUL; numbers become text. Raises Unreadable."""
    if isinstance(thing, str):
        piece = thing if len(thing) <= limit else thing[:limit]
        return piece if piece.isascii() and "\x00" not in piece else _UNSAFE.sub("\ufffd", piece)
    if thing is None:
        return ""
    if isinstance(thing, (int, float)) and not isinstance(thing, bool):
        return repr(thing)[:limit]
    raise _wrong(place, "text", thing)
