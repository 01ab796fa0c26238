import sys
import unittest

sys.path.insert(0, "src")

from payments.amounts import to_minor  # noqa: E402


class Amounts(unittest.TestCase):
    def test_two_places(self):
        self.assertEqual(to_minor("12.30", "EUR"), 1230)

    def test_no_places(self):
        self.assertEqual(to_minor("500", "JPY"), 500)

    def test_too_many_places(self):
        with self.assertRaises(ValueError):
            to_minor("1.234", "USD")
