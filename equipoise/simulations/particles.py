"""Scores as free particles: where the attractive and the repulsive loss push them (Wang et al. 2019, Figure 1).

Real and generated scores start together. First the discriminator moves all of them down its loss, then the generator
moves the generated ones down MMD². As in the authors' notebook, the kernel is exp(-d²), not exp(-d²/2), and all three
means leave the pairs i = j out (U-statistics).
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from equipoise.common.random import stream
from equipoise.losses import GaussianKernel, mmd_discriminator_loss, mmd_generator_loss
from equipoise.simulations.report import FIGURE_WIDTH_INCHES, Results, rounded, write_report

NAME = "score-particles"
"""On the command line."""
_KERNEL = GaussianKernel((math.sqrt(0.5),))
_LOSSES = {"attractive": -1.0, "repulsive": 1.0}


@dataclass(frozen=True)
class ParticleSettings:
    """How many particles, how far they move and how often it is repeated; the figure shows the first repetition."""

    seed: int = 0
    particles: int = 6
    scale: float = 0.15
    discriminator_steps: int = 450
    generator_steps: int = 600
    step_size: float = 0.01
    repetitions: int = 10


@dataclass(frozen=True)
class Paths:
    """Real and generated scores, [moments, particles, 2]; the generator moves from the moment `turn` on."""

    real: Tensor
    fake: Tensor
    turn: int


def simulate(out: Path, settings: ParticleSettings = ParticleSettings()) -> list[Path]:
    """Write the JSON and the figure into `out`."""
    return write_report(out, NAME, compute(settings), draw)


def compute(settings: ParticleSettings) -> Results:
    """Every number of the simulation, ready for JSON."""
    return {"parameters": asdict(settings), "losses": [_summary(loss, settings) for loss in _LOSSES]}


def move(repulsion: float, settings: ParticleSettings, repetition: int = 0) -> Paths:
    """Follow both players for the given repetition's starting scores."""
    real, fake = _starts(settings, repetition)
    moments = [(real, fake)]

    def discriminator(points: Tensor) -> Tensor:
        return mmd_discriminator_loss(points[0], points[1], repulsion=repulsion, kernel=_KERNEL)

    for _ in range(settings.discriminator_steps):
        real, fake = _step(discriminator, torch.stack([real, fake]), settings.step_size).unbind(0)
        moments.append((real, fake))
    target = real
    for _ in range(settings.generator_steps):
        fake = _step(lambda points: mmd_generator_loss(target, points, _KERNEL), fake, settings.step_size)
        moments.append((real, fake))
    reals, fakes = zip(*moments, strict=True)
    return Paths(torch.stack(reals), torch.stack(fakes), settings.discriminator_steps)


def spread(points: Tensor) -> Tensor:
    """The root of the mean squared distance to the centre, for points [particles, 2]."""
    return (points - points.mean(0)).square().sum(-1).mean().sqrt()


def draw(results: Mapping[str, Any]) -> Figure:
    """Two rows of two panels: the discriminator's move, then the generator's, for each loss."""
    figure = Figure(figsize=(FIGURE_WIDTH_INCHES, 5.9), layout="constrained")
    grid = figure.subplots(2, 2, sharex=True, sharey=True)
    for column, result in zip(grid.T, results["losses"], strict=True):
        real, fake, turn = np.array(result["real_path"]), np.array(result["fake_path"]), result["turn"]
        _draw_move(column[0], real[: turn + 1], fake[: turn + 1])
        _draw_move(column[1], real[turn:], fake[turn:])
        column[0].set_title(f"{result['loss']}: discriminator moves")
        column[1].set_title(f"{result['loss']}: generator moves")
        column[1].set_xlabel("first score")
    for row in grid:
        row[0].set_ylabel("second score")
    figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    return figure


def _starts(settings: ParticleSettings, repetition: int) -> tuple[Tensor, Tensor]:
    generator = stream(settings.seed, "score-particles/start", repetition)
    start = settings.scale * torch.randn(2, settings.particles, 2, dtype=torch.float64, generator=generator)
    return start[0], start[1]


def _step(loss: Callable[[Tensor], Tensor], points: Tensor, step_size: float) -> Tensor:
    """One gradient step down the loss."""
    free = points.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(loss(free), free)
    moved: Tensor = (free - step_size * gradient).detach()
    return moved


def _summary(loss: str, settings: ParticleSettings) -> dict[str, Any]:
    paths = [move(_LOSSES[loss], settings, repetition) for repetition in range(settings.repetitions)]
    first, every = paths[0], math.gcd(settings.discriminator_steps, settings.generator_steps, 50)
    return {
        "loss": loss,
        "real_spread_before": _median([spread(path.real[0]) for path in paths]),
        "real_spread_after_discriminator": _median([spread(path.real[path.turn]) for path in paths]),
        "fake_spread_after_discriminator": _median([spread(path.fake[path.turn]) for path in paths]),
        "distance_of_centres_after_discriminator": _median([_centre_distance(path, path.turn) for path in paths]),
        "fake_spread_after_generator": _median([spread(path.fake[-1]) for path in paths]),
        "distance_of_centres_after_generator": _median([_centre_distance(path, -1) for path in paths]),
        "turn": first.turn // every,
        "real_path": rounded(first.real[::every], 4),
        "fake_path": rounded(first.fake[::every], 4),
    }


def _centre_distance(path: Paths, moment: int) -> Tensor:
    gap: Tensor = path.real[moment].mean(0) - path.fake[moment].mean(0)
    distance: Tensor = torch.linalg.vector_norm(gap)
    return distance


def _median(values: list[Tensor]) -> float:
    return float(f"{torch.stack(values).median():.4g}")


def _draw_move(axes: Axes, real: np.ndarray[Any, Any], fake: np.ndarray[Any, Any]) -> None:
    """Paths from hollow starts to filled ends."""
    for path, colour, marker, label in ((real, "tab:blue", "o", "real"), (fake, "tab:orange", "^", "generated")):
        axes.plot(path[..., 0], path[..., 1], color=colour, linewidth=1.2, alpha=0.7)
        axes.plot(path[0, :, 0], path[0, :, 1], marker, color=colour, fillstyle="none", label=f"{label}, before")
        axes.plot(path[-1, :, 0], path[-1, :, 1], marker, color=colour, label=f"{label}, after")
    axes.set_aspect("equal")
    axes.grid(alpha=0.3)
