"""The rows: each builds both sides with the same networks, batch and precision.

Those of metrics are imported when rows are asked for: torchmetrics takes seconds to import.
"""

from pathlib import Path

from measurements.benchmarks.cases import frechet, losses, penalties, sngan, steps
from measurements.benchmarks.measure import Case


def cpu_cases(mimicry: Path | None = None) -> list[Case]:
    """All rows; with a checkout of mimicry, those of SNGAN by its own code too."""
    from measurements.benchmarks.cases import metrics

    first = [case for room in (losses, steps) for case in room.cases()]
    return [*first, *sngan.cases(mimicry), *[case for room in (penalties, frechet, metrics) for case in room.cases()]]


def long_cases() -> list[Case]:
    """Rows that take too long for every day: measured with `python -m measurements.benchmarks.run --long`."""
    from measurements.benchmarks.cases import metrics

    return [case for room in (sngan, penalties, metrics) for case in room.long_cases()]
