"""Kubernetes quantities: `256Mi`, `1.5Gi`, `500m`, `1e9`. Exact; grammar of apimachinery's `resource.Quantity`."""

import re
from fractions import Fraction
from math import ceil

from bot.domain.errors import Unreadable

_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_SCALE: dict[str, Fraction] = {
    **{name: Fraction(1024**power) for power, name in enumerate(_BINARY)},
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 10**3),
    "k": Fraction(10**3),
    "M": Fraction(10**6),
    "G": Fraction(10**9),
    "T": Fraction(10**12),
    "P": Fraction(10**15),
    "E": Fraction(10**18),
}
_TEXT = re.compile(
    r"\+?(?P<number>[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})"
    r"(?P<suffix>[KMGTPE]i|[numkMGTPE]|[eE](?P<exponent>[+-]?[0-9]{1,2}))?"
)


def parse(text: str) -> Fraction:
    """Return the exact amount (bytes for memory, cores for cpu). Raises Unreadable; negative amounts are refused too."""
    found = _TEXT.fullmatch(text)
    if found is None:
        raise Unreadable(place="quantity", problem=f"{text[:40]!r} is no Kubernetes quantity, such as 256Mi or 500m")
    number = Fraction(found["number"] if found["number"][0] != "." else "0" + found["number"])
    if found["exponent"]:
        return number * Fraction(10) ** int(found["exponent"])
    return number * _SCALE[found["suffix"] or ""]


def format_bytes(amount: int) -> str:
    """Return the amount as the API server writes it back: the largest binary unit that divides it, `384Mi`, `4Gi`, `100`."""
    power = 0
    while amount and power < len(_BINARY) - 1 and amount % 1024 == 0:
        amount, power = amount // 1024, power + 1
    return f"{amount}{_BINARY[power]}"


def same(left: str, right: str) -> bool:
    """Return whether two texts are the same amount, `1Gi` and `1024Mi` say. Two equal texts are, readable or not."""
    if left == right:
        return True
    try:
        return parse(left) == parse(right)
    except Unreadable:
        return False


def raised(amount: Fraction, factor: Fraction, multiple: int) -> int:
    """Return the amount times the factor, rounded up to a multiple (in bytes)."""
    return ceil(amount * factor / multiple) * multiple
