"""The numbers and the figure of MAGAN's theory on discrete distributions (Wang et al. 2017, section 3)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from equipoise.common.random import stream
from equipoise.simulations.discrete_magan import Dynamics, Trace, follow, random_distributions
from equipoise.simulations.discrete_magan_lemmas import counter_examples, identities, lemma_3_2_violations
from equipoise.simulations.report import FIGURE_WIDTH_INCHES, Results, rounded, write_report

NAME = "discrete-magan"
"""On the command line."""
_FLOOR = 1e-17


@dataclass(frozen=True)
class DiscreteSettings:
    """How much to compute; the defaults are those of the documentation."""

    seed: int = 0
    runs: int = 40
    atoms: int = 10
    step_sizes: tuple[float, ...] = (0.01, 0.1, 1.0)
    epoch_lengths: tuple[int, ...] = (1, 5, 20, 50)
    total_steps: int = 6000
    pairs: int = 2000


def simulate(out: Path, settings: DiscreteSettings = DiscreteSettings()) -> list[Path]:
    """Write the JSON and the figure into `out`."""
    return write_report(out, NAME, compute(settings), draw)


def compute(settings: DiscreteSettings) -> Results:
    """Every number of the simulation, ready for JSON."""
    p, q = _pairs(settings.runs, settings.atoms, settings.seed)
    small_p, small_q = _pairs(settings.runs, 5, settings.seed)
    many = _pairs(settings.pairs, settings.atoms, settings.seed + 1)
    averaged = Dynamics(epoch_steps=50, epochs=max(1, settings.total_steps // 50))
    single = Dynamics(step_size=0.01, epoch_steps=1, epochs=settings.total_steps)
    return {
        "parameters": asdict(settings),
        "identities": identities(*many),
        "counter_examples": counter_examples(),
        "lemma_3_2": lemma_3_2_violations(*many),
        "step_sizes": [
            _described(p, q, replace(averaged, step_size=size, adaptive=adaptive))
            for size in settings.step_sizes
            for adaptive in (True, False)
        ],
        "epoch_lengths": [
            _described(
                p, q, Dynamics(step_size=0.01, epoch_steps=length, epochs=max(1, settings.total_steps // length))
            )
            for length in settings.epoch_lengths
        ],
        "five_atoms_updated_every_step": [
            _described(small_p, small_q, replace(single, adaptive=adaptive)) for adaptive in (True, False)
        ],
    }


def draw(results: Mapping[str, Any]) -> Figure:
    """Above: MAGAN against fixed margins for three step sizes. Below: how often the margin may change.

    Lines are medians over the runs, bands the 10 and 90 % quantiles.
    """
    figure = Figure(figsize=(FIGURE_WIDTH_INCHES, 7.6), layout="constrained")
    above, below = figure.subplots(2, 1)
    colours = ["tab:blue", "tab:orange", "tab:green", "tab:red"]
    for row in results["step_sizes"]:
        colour = colours[results["parameters"]["step_sizes"].index(row["step_size"])]
        label = f"{'MAGAN' if row['adaptive'] else 'fixed margin'}, step {row['step_size']:g}"
        _draw_band(above, row, colour, "-" if row["adaptive"] else "--", label)
    for row, colour in zip(results["epoch_lengths"], colours, strict=False):
        steps = row["epoch_steps"]
        _draw_band(below, row, colour, "-", f"every {steps} steps" if steps > 1 else "every step")
    above.set_title("MAGAN goes on where a fixed margin stalls")
    below.set_title("MAGAN at step 0.01: how often the margin may change")
    for axes in (above, below):
        axes.set(yscale="log", ylim=(_FLOOR / 3, 3), xlim=(0, results["parameters"]["total_steps"]))
        axes.set(xlabel="generator steps", ylabel="distance to the data (TV)")
        axes.grid(alpha=0.3)
    above.legend(ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.2), frameon=False)
    below.legend(ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.2), frameon=False)
    return figure


def _described(p: torch.Tensor, q: torch.Tensor, dynamics: Dynamics) -> dict[str, Any]:
    """A trace as medians and 10 and 90 % quantiles over the runs, thinned to at most 100 moments."""
    trace = follow(p, q, dynamics)
    every = max(1, dynamics.epochs // 100)
    kept = trace.distances[:, every - 1 :: every]
    quantiles = torch.quantile(kept, torch.tensor([0.1, 0.5, 0.9], dtype=kept.dtype), dim=0)
    steps = torch.arange(every, dynamics.epochs + 1, every)[: kept.shape[1]] * dynamics.epoch_steps
    return {**asdict(dynamics), **_finals(trace, dynamics), "steps": steps.tolist(), "quantiles": rounded(quantiles, 3)}


def _finals(trace: Trace, dynamics: Dynamics) -> dict[str, Any]:
    last = trace.distances[:, -1]
    return {
        "final_median": rounded(last.median(), 4),
        "final_smallest": rounded(last.min(), 4),
        "final_largest": rounded(last.max(), 4),
        "median_margin_updates": rounded(trace.updates(dynamics.first_margin).double().median()),
        "runs_stopped_by_zero_margin": int(trace.stopped().sum()),
    }


def _draw_band(axes: Axes, row: Mapping[str, Any], colour: str, style: str, label: str) -> None:
    low, middle, high = np.maximum(np.array(row["quantiles"]), _FLOOR)
    axes.fill_between(row["steps"], low, high, color=colour, alpha=0.15, linewidth=0)
    axes.plot(row["steps"], middle, style, color=colour, label=label)


def _pairs(runs: int, atoms: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    data = random_distributions(runs, atoms, stream(seed, "discrete-magan/data", atoms))
    generated = random_distributions(runs, atoms, stream(seed, "discrete-magan/generated", atoms))
    return data, generated
