from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.diagnosis.calibrate import Calibration, Point, calibrate

MAP = Calibration(
    version="t",
    points=(Point(raw=-1.0, probability=0.2), Point(raw=1.0, probability=0.6), Point(raw=3.0, probability=0.9)),
    floor=0.3,
    blank=0.3,
    named=0.7,
)


def test_corners_and_the_straight_line_between_them() -> None:
    assert [calibrate(raw, MAP) for raw in (-1.0, 0.0, 1.0, 2.0, 3.0)] == [0.2, 0.4, 0.6, 0.75, 0.9]


def test_flat_beyond_the_ends() -> None:
    assert (calibrate(-99, MAP), calibrate(99, MAP)) == (0.2, 0.9)


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=20))
def test_more_evidence_is_never_less_sure(raws: list[float]) -> None:
    assert all(calibrate(low, MAP) <= calibrate(high, MAP) for low, high in pairwise(sorted(raws)))
