import unittest

from basket.total import total


class Total(unittest.TestCase):
    def test_amounts_count(self):
        self.assertEqual(total([(250, 2), (99, 1)]), 599)

    def test_a_discount_is_rounded_in_the_customers_favour(self):
        self.assertEqual(total([(333, 1)], discount=10), 299)
