"""What the basket costs, in cents."""


def total(lines: list[tuple[int, int]], discount: int = 0) -> int:
    """(price, amount) each; a discount in percent, rounded down in the customer's favour."""
    whole = sum(price * amount for price, amount in lines)
    return whole - (whole * discount + 99) // 100
