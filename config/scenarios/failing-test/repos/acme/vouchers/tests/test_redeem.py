import json
import unittest
from pathlib import Path

from vouchers.redeem import redeem

VOUCHERS = {each["code"]: each for each in json.loads(Path(__file__).with_name("vouchers.json").read_text())}


class Redeem(unittest.TestCase):
    def test_a_voucher_for_new_customers(self):
        self.assertEqual(redeem(VOUCHERS["WELCOME-5"]), 500)

    def test_a_voucher_of_the_season(self):
        self.assertEqual(redeem(VOUCHERS["AUTUMN-15"]), 1500)
