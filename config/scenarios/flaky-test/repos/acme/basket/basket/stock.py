"""What the warehouse says is in stock. It tells us by a file that it writes anew, some time after a change."""

import json
import time
from pathlib import Path


def read_stock(path: Path) -> dict[str, int]:
    """{} as long as the warehouse has written nothing."""
    return json.loads(path.read_text()) if path.exists() else {}


def wait_for_stock(path: Path, sku: str, seconds: float) -> int:
    """The stock of the article once the warehouse has told it. TimeoutError when it does not in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        stock = read_stock(path)
        if sku in stock:
            return stock[sku]
        time.sleep(0.01)
    raise TimeoutError(f"no stock of {sku} within {seconds} s")
