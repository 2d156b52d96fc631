"""The rows: each builds both sides with the same networks, batch and precision."""

from measurements.benchmarks.cases import frechet, losses, metrics, penalties, sngan, steps
from measurements.benchmarks.measure import Case


def cpu_cases() -> list[Case]:
    """All rows."""
    return [case for room in (losses, steps, sngan, penalties, frechet, metrics) for case in room.cases()]


def long_cases() -> list[Case]:
    """Rows that take too long for every day: measured with `python -m measurements.benchmarks.run --long`."""
    return [case for room in (sngan, penalties, metrics) for case in room.long_cases()]
