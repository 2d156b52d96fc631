"""Spellings of earlier versions, so that the configuration of an old run still loads."""

from typing import Any

_PENALTY_WEIGHTS = {"gan": 10.0, "mmd-gan": 1.0}
"""What the algorithms of one penalty took where no `penalty_weight` was given."""


def of_today(what: str, values: dict[str, Any]) -> dict[str, Any]:
    """The fields of a kind as plain data, with `penalty: r1, penalty_weight: 5` turned into `penalties`.

    >>> of_today("algorithm", {"kind": "gan", "penalty": "r1", "penalty_weight": 5.0})
    {'kind': 'gan', 'penalties': [{'kind': 'r1', 'weight': 5.0}]}
    """
    kind = str(values.get("kind"))
    if what != "algorithm" or kind not in _PENALTY_WEIGHTS or "penalties" in values:
        return values
    rest = {name: value for name, value in values.items() if name not in ("penalty", "penalty_weight")}
    if values.get("penalty", "none") == "none":
        return rest
    weight = values.get("penalty_weight", _PENALTY_WEIGHTS[kind])
    return rest | {"penalties": [{"kind": values["penalty"], "weight": weight}]}
