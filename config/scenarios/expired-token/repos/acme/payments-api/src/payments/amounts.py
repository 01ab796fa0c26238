"""Amounts of money, in minor units."""

MINOR_UNITS = {"EUR": 2, "USD": 2, "JPY": 0}


def to_minor(amount: str, currency: str) -> int:
    """'12.30', 'EUR' -> 1230."""
    whole, _, fraction = amount.partition(".")
    digits = MINOR_UNITS[currency]
    if len(fraction) > digits:
        raise ValueError(f"{currency} has {digits} decimal places")
    return int(whole) * 10**digits + int((fraction or "0").ljust(digits, "0") or 0)
