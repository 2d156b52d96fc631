"""Whether one row is better than another: runs of the same seed are paired, and their differences tested.

The test is the two-sided paired t-test. Beside it stands the exact sign-flip test, which assumes nothing about the
shape of the differences but can give no p-value below 2 / 2^n with n seeds; where all differences are equal, and the
t-test has no spread to go by, it alone decides.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LEVEL = 0.05
"""A corrected p-value below this counts as a difference."""
MOST_FLIPPED = 16
"""Of more differences than this the sign-flip test would take too long, and the t-test needs no company."""


@dataclass(frozen=True)
class Paired:
    """What the differences of paired runs say.

    Attributes:
        count: how many pairs.
        mean: of the differences, first minus second.
        low, high: the interval that holds the true mean with 95 % confidence; None for a single pair.
        t_test: two-sided p-value of the paired t-test; None for a single pair or where all differences are equal.
        sign_flip: two-sided p-value of the exact sign-flip test; None for more than 16 pairs.
    """

    count: int
    mean: float
    low: float | None
    high: float | None
    t_test: float | None
    sign_flip: float | None

    @property
    def p_value(self) -> float:
        """What decides, before it is corrected for several comparisons.

        It is 1 where a single pair says nothing, and where there is no difference on average.
        """
        if self.count < 2 or self.mean == 0:
            return 1.0
        return next((each for each in (self.t_test, self.sign_flip) if each is not None), 2.0 ** (1 - self.count))


def paired(one: Mapping[int, float], other: Mapping[int, float]) -> Paired | None:
    """Test the differences of the values that share a key; None where none do.

    Args:
        one: finite values by seed.
        other: the same of the row that it is compared with.
    """
    differences = [one[key] - other[key] for key in one if key in other]
    if not differences:
        return None
    count, mean = len(differences), math.fsum(differences) / len(differences)
    sign_flip = sign_flip_p(differences) if count <= MOST_FLIPPED else None
    if count == 1:
        return Paired(1, mean, None, None, None, sign_flip)
    error = statistics.stdev(differences) / math.sqrt(count)
    if error <= 1e-12 * abs(mean):
        return Paired(count, mean, mean, mean, None, sign_flip)
    reach = student_quantile(1 - LEVEL / 2, count - 1) * error
    return Paired(count, mean, mean - reach, mean + reach, student_p(mean / error, count - 1), sign_flip)


def student_p(t: float, degrees: int) -> float:
    """Two-sided p-value of Student's t for whole degrees of freedom (Abramowitz and Stegun, 26.7.3 and 26.7.4)."""
    angle = math.atan(abs(t) / math.sqrt(degrees))
    cosine, term, total = math.cos(angle), 1.0, 0.0
    odd = degrees % 2
    if odd:
        term = cosine
    for step in range(degrees // 2):
        total += term
        term *= cosine**2 * (2 * step + 1 + odd) / (2 * step + 2 + odd)
    total *= math.sin(angle)
    within = 2 / math.pi * (angle + total) if odd else total
    return min(1.0, max(0.0, 1 - within))


def student_quantile(share: float, degrees: int) -> float:
    """Below this value lies a share, at least one half, of Student's t for whole degrees of freedom."""
    low, high = 0.0, 1.0
    while student_p(high, degrees) > 2 * (1 - share):
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if student_p(middle, degrees) > 2 * (1 - share) else (low, middle)
    return (low + high) / 2


def sign_flip_p(differences: Sequence[float]) -> float:
    """The share of all 2^n ways to choose the signs whose sum is at least as far from 0 as the one that was found."""
    sums = [0.0]
    for difference in differences:
        sums = [total + signed for total in sums for signed in (difference, -difference)]
    found = abs(sums[0])
    tolerance = 1e-12 * math.fsum(map(abs, differences))
    return float(sum(abs(total) >= found - tolerance for total in sums) / len(sums))


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values corrected for their number by Holm's method, in the order given."""
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    corrected, largest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        corrected[index] = largest
    return corrected
