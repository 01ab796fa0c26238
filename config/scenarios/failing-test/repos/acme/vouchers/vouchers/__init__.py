"""Vouchers that customers redeem."""
