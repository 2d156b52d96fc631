"""The rows: each builds both sides with the same networks, batch and precision."""

from pathlib import Path

from measurements.benchmarks.cases import frechet, losses, metrics, penalties, sngan, steps
from measurements.benchmarks.measure import Case


def cpu_cases(mimicry: Path | None = None) -> list[Case]:
    """All rows; with a checkout of mimicry, those of SNGAN by its own code too."""
    first = [case for room in (losses, steps) for case in room.cases()]
    return [*first, *sngan.cases(mimicry), *[case for room in (penalties, frechet, metrics) for case in room.cases()]]


def long_cases() -> list[Case]:
    """Rows that take too long for every day: measured with `python -m measurements.benchmarks.run --long`."""
    return [case for room in (sngan, penalties, metrics) for case in room.long_cases()]
