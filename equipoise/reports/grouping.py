"""Groups runs whose configuration and precision are the same except for the seed."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from equipoise.common.errors import EquipoiseError, printable
from equipoise.experiments.difference import differences, of_this_version
from equipoise.runs.record import RunRecord, read_run

_MOST_FIELDS = 4


def group_runs(places: Sequence[Path]) -> dict[str, list[Path]]:
    """Runs that differ in nothing but the seed, under a label that tells the groups apart.

    The label is the experiment's name; where several groups have it, the fields in which these differ follow. A
    directory that is named twice counts once.

    Raises:
        EquipoiseError: a directory holds no run.
    """
    groups: dict[str, list[RunRecord]] = {}
    for place in {place.resolve(): place for place in places}.values():
        record = read_run(place)
        groups.setdefault(json.dumps(_without_seed(record), sort_keys=True, default=str), []).append(record)
    alike = list(groups.values())
    return {_label(group, alike): [run.path for run in group] for group in alike}


def refuse_unlike(groups: Mapping[str, Sequence[RunRecord]]) -> None:
    """Refuse runs that differ: the runs of a group are averaged.

    Raises:
        EquipoiseError: two runs of a group differ in more than the seed; the first difference is named.
    """
    for label, runs in groups.items():
        for run in runs[1:]:
            for path, (one, other) in differences(_without_seed(runs[0]), _without_seed(run)).items():
                raise EquipoiseError(
                    f"the runs of '{printable(label)}' differ in more than their seed, so they have no mean: "
                    f"{printable(path)} is {_shown(one)} in {printable(runs[0].path)} and {_shown(other)} in "
                    f"{printable(run.path)}; put them into groups of their own."
                )


def _without_seed(run: RunRecord) -> dict[str, Any]:
    """What makes two runs repetitions of each other: the configuration without its seed, and the precision."""
    plain = {name: value for name, value in of_this_version(run.config).items() if name != "seed"}
    return plain | {"precision": run.precision}


def _label(group: Sequence[RunRecord], groups: Sequence[Sequence[RunRecord]]) -> str:
    own = _without_seed(group[0])
    others = [_without_seed(other[0]) for other in groups if other is not group and other[0].name == group[0].name]
    found: dict[str, Any] = {}
    for other in others:
        found |= {path: value for path, (value, _) in differences(own, other).items()}
    told = [f"{path}={_shown(value)}" for path, value in sorted(found.items())]
    more = [f"and {len(told) - _MOST_FIELDS} more"] if len(told) > _MOST_FIELDS else []
    return ", ".join([group[0].name, *told[:_MOST_FIELDS], *more])


def _shown(value: Any) -> str:
    return "none" if value is None else printable(value)
