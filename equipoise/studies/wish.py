"""What is to be compared, in words. Torch-free."""

from collections.abc import Sequence
from dataclasses import dataclass

MOST_SEEDS = 1000
"""Of each row: more would only be planned for minutes."""
SEEDS, SAMPLES, FEWER_SAMPLES = 5, 10_000, 2_000
"""Runs of each alternative, and samples that each metric sees by default: fewer where a large network looks at them."""


@dataclass(frozen=True)
class Wish:
    """What is to be compared.

    Attributes:
        sources: recipes, YAML files or run directories.
        data: what all train on, as `--data` takes it; empty for their own data, which must be the same.
        settings: `field.path=value` for all, or `ALTERNATIVE:field.path=value` for one.
        vary: `field.path=value,value,...`, or the same for one alternative; every combination is trained.
        seeds: how many of each.
        metrics: what is measured; the first one decides. None of them for what the data allow.
        samples: that each metric sees; None for 10,000, or 2,000 where a large network looks at them.
        epochs, iterations: the length of all, or None for each one's own.
        budget: "smoke", "cpu" or "paper", for recipes.
    """

    sources: Sequence[str]
    data: str = ""
    settings: Sequence[str] = ()
    vary: Sequence[str] = ()
    seeds: int = SEEDS
    metrics: Sequence[str] = ()
    samples: int | None = None
    epochs: int | None = None
    iterations: int | None = None
    budget: str = "cpu"
