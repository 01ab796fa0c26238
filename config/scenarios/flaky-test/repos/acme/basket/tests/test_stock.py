import os
import unittest
from pathlib import Path

from basket.stock import read_stock, wait_for_stock

STOCK = Path(os.environ.get("STOCK_FILE", "stock.json"))


class Stock(unittest.TestCase):
    def test_nothing_is_known_before_the_warehouse_spoke(self):
        self.assertEqual(read_stock(Path("nowhere.json")), {})

    def test_stock_is_updated_after_a_delivery(self):
        self.assertEqual(wait_for_stock(STOCK, "SKU-1042", seconds=0.5), 12)
