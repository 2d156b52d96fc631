"""How two experiments differ: field by field, as plain data."""

from collections.abc import Mapping
from typing import Any

from equipoise.common.errors import EquipoiseError, printable
from equipoise.experiments.config import from_plain, to_plain
from equipoise.experiments.experiment import Experiment

_MOST_TOLD = 3

Differences = dict[str, tuple[Any, Any]]
"""The path of each field that differs, as in "players.generator.optimiser.lr", with both values; None where absent."""

_JUDGED_OTHERWISE = ("name", "watch", "data")
"""Fields that a run may change between two sittings: the data are known by their content, and watching changes nothing
about what a run computes."""


def differences(before: Any, after: Any, path: str = "") -> Differences:
    """The fields in which two plain configurations differ, in the order of the first."""
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return {} if before == after else {path: (before, after)}
    found: Differences = {}
    for name in dict.fromkeys([*before, *after]):
        found |= differences(before.get(name), after.get(name), f"{path}.{name}" if path else str(name))
    return found


def refuse_another_experiment(trained: Any, experiment: Experiment, checkpoint: str, config: str) -> None:
    """A checkpoint must belong to the run's configuration.

    Args:
        trained: the configuration that the checkpoint was trained by, as plain data; None where it is not known.
        experiment: the run's.
        checkpoint: what it is called.
        config: the path of the run's configuration.

    Raises:
        EquipoiseError: they differ; the fields and the way forward are named.
    """
    if trained is None:
        return
    changed = what_matters(trained, to_plain(experiment))
    if changed:
        told = ", ".join(
            f"{printable(path)} was {printable(before)} and is {printable(after)}"
            for path, (before, after) in list(changed.items())[:_MOST_TOLD]
        )
        more = f", and {len(changed) - _MOST_TOLD} more" if len(changed) > _MOST_TOLD else ""
        raise EquipoiseError(
            f"{printable(config)} is not the configuration that {printable(checkpoint)} was trained with: "
            f"{told}{more}; restore it, or start a new run with: equipoise train {printable(config)} --out "
            "NEW_DIRECTORY"
        )


def what_matters(trained: Any, plain: Any) -> Differences:
    """The differences between two plain configurations that change what a run computes."""
    found = differences(of_this_version(trained), plain)
    return {path: pair for path, pair in found.items() if path.split(".")[0] not in _JUDGED_OTHERWISE}


def of_this_version(plain: Any) -> Any:
    """A plain configuration with defaults for fields that were added later; unchanged if it cannot be read."""
    try:
        return to_plain(from_plain(plain))
    except EquipoiseError:
        return plain
