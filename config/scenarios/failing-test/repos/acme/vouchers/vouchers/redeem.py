"""Redeeming a voucher."""

from datetime import UTC, datetime


class ExpiredError(Exception):
    """The voucher is not valid any more."""


def redeem(voucher: dict[str, str], now: datetime | None = None) -> int:
    """The voucher's value in cents."""
    until = datetime.fromisoformat(voucher["valid_until"])
    if (now or datetime.now(UTC)) > until:
        raise ExpiredError(f"{voucher['code']} was valid until {voucher['valid_until']}")
    return int(voucher["cents"])
