"""A ring of six Gaussians over the iterations: where GAN and Reg-GAN put their samples (Che et al. 2017, Figure 9)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from equipoise.data.ring import Ring
from equipoise.evaluation.sampling import generate
from equipoise.experiments.build import build_game, build_state, sampling_generator
from equipoise.experiments.experiment import Experiment, with_length
from equipoise.metrics import PointCoverage, point_coverage
from equipoise.recipes.catalogue import recipe
from equipoise.simulations.report import Results, write_report
from equipoise.training.loop import Loop

NAME = "ring-over-time"
"""On the command line."""
COUNTED_SAMPLES, LEAST_SAMPLES, LOOSE_RADIUS = 2_500, 20, 1.0
"""A mode is covered with so many of so many samples within three deviations of its centre."""


@dataclass(frozen=True)
class RingSettings:
    """What is trained, and when it is looked at.

    Attributes:
        recipes: the figure's rows, as (recipe, title).
        seed: of every run.
        iterations: the figure's columns; the last is the length of a run.
        samples: generated points in a heat map.
        bins: of a heat map, in both directions.
        limit: a heat map goes from -limit to limit.
    """

    recipes: tuple[tuple[str, str], ...] = (("gan-ring", "GAN"), ("reg-gan-ring", "Reg-GAN"))
    seed: int = 20
    iterations: tuple[int, ...] = (500, 1_000, 2_000, 4_000, 8_000, 12_000)
    samples: int = 10_000
    bins: int = 52
    limit: float = 6.5


def simulate(out: Path, settings: RingSettings = RingSettings()) -> list[Path]:
    """Train, and write the counts and the heat maps into `out`. Returns: the files written."""
    return write_report(out, NAME, compute(settings), draw)


def compute(settings: RingSettings) -> Results:
    """The two-dimensional histograms of samples, a row of text per bin of y, and the modes covered."""
    runs = []
    for name, title in settings.recipes:
        experiment = replace(with_length(recipe(name), iterations=settings.iterations[-1]), seed=settings.seed)
        snapshots = [
            {"iteration": iteration, "covered": coverage(points).covered, "counts": counts(points, settings)}
            for iteration, points in points_over_time(experiment, settings.iterations, settings.samples)
        ]
        runs.append({"recipe": name, "title": title, "snapshots": snapshots})
    return {"parameters": asdict(settings), "runs": runs}


def points_over_time(
    experiment: Experiment, iterations: Sequence[int], samples: int
) -> Iterator[tuple[int, torch.Tensor]]:
    """Train on one CPU thread; (iteration, generated points [samples, 2]) at each of these iterations."""
    game = build_game(experiment, experiment.data.load(None, experiment.seed))
    state = build_state(experiment, game, torch.device("cpu"))
    loop = Loop(game, state)
    for due in iterations:
        loop.run(until=lambda due=due: state.clock.iteration >= due)  # type: ignore[misc]
        generator = sampling_generator(experiment, state)
        yield due, generate(generator, experiment.latent, samples, experiment.seed, "ring")


def coverage(points: torch.Tensor) -> PointCoverage:
    """Modes covered, and shares of good samples, among the first points."""
    ring = Ring()
    centres = torch.tensor(ring.centres(), dtype=torch.float64)
    return point_coverage(points[:COUNTED_SAMPLES], centres, ring.deviation, LOOSE_RADIUS, LEAST_SAMPLES)


def counts(points: torch.Tensor, settings: RingSettings) -> list[str]:
    """How many points lie in each bin; points outside lie in none."""
    limits = [-settings.limit, settings.limit] * 2
    found = torch.histogramdd(points.double(), [settings.bins] * 2, limits).hist.T.int().tolist()
    return [" ".join(map(str, row)) for row in found]


def draw(results: Mapping[str, Any]) -> Figure:
    """A row of heat maps for each method, logarithmic, with the Gaussians circled."""
    columns, limit = len(results["parameters"]["iterations"]), results["parameters"]["limit"]
    figure = Figure(figsize=(1.65 * columns, 0.2 + 1.85 * len(results["runs"])))
    grid = figure.subplots(len(results["runs"]), columns, squeeze=False)
    for axes, run in zip(grid, results["runs"], strict=True):
        for axis, snapshot in zip(axes, run["snapshots"], strict=True):
            _heat_map(axis, snapshot, limit)
        axes[0].set_ylabel(run["title"])
    figure.tight_layout(pad=0.4)
    return figure


def _heat_map(axis: Axes, snapshot: Mapping[str, Any], limit: float) -> None:
    found = np.array([[int(count) for count in row.split()] for row in snapshot["counts"]])
    axis.imshow(np.log1p(found), origin="lower", extent=(-limit, limit, -limit, limit), cmap="magma")
    x, y = zip(*Ring().centres(), strict=True)
    axis.scatter(x, y, s=70, facecolors="none", edgecolors="#6fd3e0", linewidths=0.7)
    axis.set_title(f"{snapshot['iteration']:,}: {snapshot['covered']} of 6", fontsize=8)
    axis.set_xticks([])
    axis.set_yticks([])
