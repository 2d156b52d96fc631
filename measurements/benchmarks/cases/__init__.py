"""The rows: each builds both sides with the same networks, batch and precision."""

from measure import Case

from cases import frechet, losses, metrics, penalties, sngan, steps


def cpu_cases() -> list[Case]:
    """All rows."""
    return [case for room in (losses, steps, sngan, penalties, frechet, metrics) for case in room.cases()]


def long_cases() -> list[Case]:
    """Rows that take too long for every day: measured with `python benchmarks/run.py --long`."""
    return [case for room in (sngan, penalties, metrics) for case in room.long_cases()]
