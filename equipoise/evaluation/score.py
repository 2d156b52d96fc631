"""One figure with its passport."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Score:
    """One figure with its passport.

    Attributes:
        metric: its name.
        value: a number, or several for a histogram.
        deviation: the spread that the metric itself reports, over splits or blocks, or None.
        passport: what the figure was measured on and with; of some metrics also each class's figure by its name, in
            "by_class".
    """

    metric: str
    value: float | tuple[float, ...]
    deviation: float | None
    passport: Mapping[str, Any]

    @property
    def class_names(self) -> tuple[str, ...]:
        """Of the classes that the values of a histogram are of; none where they have no names, or not in this order."""
        named = self.passport.get("by_class")
        is_whole = isinstance(named, Mapping) and tuple(named.values()) == self.value
        return tuple(map(str, named or ())) if is_whole else ()

    def as_dict(self) -> dict[str, Any]:
        """JSON values."""
        value = list(self.value) if isinstance(self.value, tuple) else self.value
        return {"metric": self.metric, "value": value, "deviation": self.deviation, "passport": dict(self.passport)}
