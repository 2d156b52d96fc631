"""The rows: each builds both sides with the same networks, batch and precision."""

from measure import Case

from cases import frechet, losses, penalties, steps


def cpu_cases() -> list[Case]:
    """All rows."""
    return [case for room in (losses, steps, penalties, frechet) for case in room.cases()]
