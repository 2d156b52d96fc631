"""Reports a lasting problem once, and once that it has passed."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Lasting:
    """Counts how often in a row each problem was found.

    Attributes:
        patience: how often in a row a trouble must be found to be said, and be absent to have passed.
        rows: how often in a row each was found, or, below 0, was absent since it was said.
        said: the troubles that were said and have not passed.
    """

    patience: int
    rows: dict[str, int] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    def judge(self, wrong: Collection[str]) -> tuple[list[str], list[str]]:
        """Returns: the troubles to say now, and those that have passed now."""
        for name in {*wrong, *self.rows}:
            before = self.rows.get(name, 0)
            self.rows[name] = max(before, 0) + 1 if name in wrong else min(before, 0) - 1
        new = [name for name in wrong if self.rows[name] >= self.patience and name not in self.said]
        over = [name for name in self.said if self.rows.get(name, 0) <= -self.patience]
        self.said = [name for name in self.said if name not in over] + new
        self.rows = {name: count for name, count in self.rows.items() if count > 0 or name in self.said}
        return new, over

    def state_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {"rows": dict(self.rows), "said": list(self.said)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.rows, self.said = dict(state["rows"]), list(state["said"])
