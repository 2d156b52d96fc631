import math

import numpy as np
import pytest

from equipoise.metrics.points import point_coverage

RING = 5 * np.stack([(math.cos(t), math.sin(t)) for t in np.arange(6) * math.pi / 3])


def test_against_a_plain_loop(numbers: np.random.Generator) -> None:
    points = RING[numbers.integers(0, 5, size=400)] + 0.25 * numbers.normal(size=(400, 2))
    near, loose = [0] * 6, [0] * 6
    for x, y in points:
        distance, mode = min((math.hypot(x - cx, y - cy), index) for index, (cx, cy) in enumerate(RING))
        near[mode] += distance <= 0.3
        loose[mode] += distance <= 1.0
    found = point_coverage(points, RING, deviation=0.1, loose_radius=1.0)
    assert (found.modes, found.covered, found.covered_loosely) == (6, 5, 5)
    assert found.share_near == sum(near) / 400
    assert found.share_loose == sum(loose) / 400
    shares = [n / sum(near) for n in near if n]
    assert found.divergence == pytest.approx(sum(p * math.log(6 * p) for p in shares))


def test_few_near_and_many_loose_points_are_told_apart() -> None:
    found = point_coverage(RING + np.array([0.0, 0.6]), RING, deviation=0.1, loose_radius=1.0)
    assert (found.covered, found.covered_loosely, found.share_near, found.divergence) == (0, 6, 0.0, None)
    assert point_coverage(RING, RING, 0.1, 1.0, minimum=2).covered == 0
    assert point_coverage(np.concatenate([RING, RING[:2]]), RING, 0.1, 1.0, minimum=2).covered == 2


def test_three_deviations_are_loose_enough_however_they_round() -> None:
    assert point_coverage([[0.2, 0.0]], [[0.0, 0.0]], deviation=0.1, loose_radius=0.3).covered == 1


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="loose_radius"):
        point_coverage(RING, RING, deviation=1.0, loose_radius=1.0)
    with pytest.raises(ValueError, match="minimum"):
        point_coverage(RING, RING, 0.1, 1.0, minimum=0)
