"""Kubernetes quantities: exact parsing and the canonical text, as apimachinery's `resource.Quantity` does both."""

import re
from decimal import ROUND_CEILING, Decimal

SYNTAX = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"

_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY_NAMES = {power: name for name, power in _BINARY.items()} | {0: ""}
_DECIMAL_NAMES = {power: name for name, power in _DECIMAL.items()}
_TEXT = re.compile(
    r"([+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40}))([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,2})?", re.ASCII
)
_NANO = Decimal("1e-9")


def parse_quantity(text: str) -> Decimal:
    """The value of `text` ("256Mi", "0.5", "100m", "1e3"), exact; ValueError with the API server's words otherwise."""
    return _parse(text)[0]


def _parse(text: str) -> tuple[Decimal, str]:
    found = _TEXT.fullmatch(text)
    if not found:
        raise ValueError(SYNTAX)
    number, suffix = Decimal(found[1]), found[2] or ""
    if suffix in _BINARY:
        return number * 1024 ** _BINARY[suffix], "binary"
    if suffix in _DECIMAL:
        return number.scaleb(_DECIMAL[suffix]), "decimal"
    return number.scaleb(int(suffix[1:])), "exponent"


def canonical(text: str, *, milli: bool = False) -> str:
    """`text` as the API server gives it back: "1024Mi" is "1Gi", "0.5" is "500m"; ValueError as parse_quantity.

    `milli` rounds up to thousandths, as the server does with CPU.
    """
    value, form = _parse(text)
    if milli:
        value = value.quantize(Decimal("0.001"), ROUND_CEILING)
    if value == 0:
        return "0"
    if form == "binary" and abs(value) >= 1024:
        return _binary(value)
    return _decimal(value, exponent=form == "exponent")


def _binary(value: Decimal) -> str:
    whole, power = int(value.to_integral_value(ROUND_CEILING)), 0
    while power < 6 and whole % 1024 == 0:
        whole, power = whole // 1024, power + 1
    return f"{whole}{_BINARY_NAMES[power]}"


def _decimal(value: Decimal, *, exponent: bool) -> str:
    nanos, power = int((value / _NANO).to_integral_value(ROUND_CEILING)), -9
    while power < 18 and nanos % 1000 == 0:
        nanos, power = nanos // 1000, power + 3
    if exponent:
        return f"{nanos}e{power}" if power else str(nanos)
    return f"{nanos}{_DECIMAL_NAMES[power]}"
