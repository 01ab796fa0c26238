"""From a raw score to a probability that was right that often on failures whose cause was known."""

from bisect import bisect_right

from bot.domain.values import value


@value
class Point:
    raw: float
    probability: float


@value
class Calibration:
    """A monotone map given by its corners, and what an abstention is worth.

    `floor` is the probability under which a hypothesis is not worth telling. `blank` is how often UNKNOWN is the right
    answer when nothing was recognised, `named` when the text itself gives a reason why its cause cannot be known.
    """

    version: str
    points: tuple[Point, ...]
    floor: float
    blank: float
    named: float


def calibrate(raw: float, calibration: Calibration) -> float:
    """Return the probability, 0..1, for a raw score in log-odds: linear between corners, flat beyond the outer two."""
    points = calibration.points
    after = bisect_right(points, raw, key=lambda point: point.raw)
    if after == 0:
        return points[0].probability
    if after == len(points):
        return points[-1].probability
    left, right = points[after - 1], points[after]
    share = (raw - left.raw) / (right.raw - left.raw)
    return round(left.probability + share * (right.probability - left.probability), 4)
