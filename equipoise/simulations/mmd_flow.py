"""Particles that kernels carry to a ring of Gaussians, from its centre and from afar: MMD flow and drifting.

MMD flow moves down the witness's slope, at the particle or at a noisy place beside it (Arbel et al. 2019); drifting
along the attraction less the repulsion (Deng et al. 2026).
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from matplotlib.figure import Figure
from torch import Tensor

from equipoise.common.random import stream
from equipoise.data.ring import Ring
from equipoise.losses import DistanceKernel, GaussianKernel, LaplaceKernel, squared_mmd
from equipoise.losses.drift import drift, witness
from equipoise.losses.kernels import Kernel
from equipoise.metrics.points import point_coverage
from equipoise.simulations.report import FIGURE_WIDTH_INCHES, Results, rounded, write_report

NAME = "mmd-flow"
"""On the command line."""
_LOOSE_RADIUS = 1.0


@dataclass(frozen=True)
class FlowSettings:
    """How many particles, how far they move, and where they begin; `noise` falls to 0 over the steps."""

    seed: int = 0
    particles: int = 60
    steps: int = 400
    step_size: float = 0.3
    noise: float = 2.0
    scale: float = 0.1
    far: float = 20.0


Velocity = Callable[[Tensor, Tensor, Tensor], Tensor]
"""(particles, data, noise) -> what they move along, [particles, 2] each."""


def flow_velocity(particles: Tensor, data: Tensor, noise: Tensor, kernel: Kernel, noisy: bool = False) -> Tensor:
    """Minus the witness's slope at the particles, or at as many places with noise."""
    places = (particles + noise if noisy else particles).detach().requires_grad_()
    (slope,) = torch.autograd.grad(witness(places, data, particles, kernel).sum(), places)
    return -slope


def _drift_velocity(particles: Tensor, data: Tensor, noise: Tensor, **options: Any) -> Tensor:
    return drift(particles, data, **options)


METHODS: Mapping[str, Velocity] = {
    "flow, Gaussian 2": partial(flow_velocity, kernel=GaussianKernel((2.0,))),
    "flow, Gaussian 2, noise": partial(flow_velocity, kernel=GaussianKernel((2.0,)), noisy=True),
    "flow, Laplace 2": partial(flow_velocity, kernel=LaplaceKernel((2.0,))),
    "flow, distance": partial(flow_velocity, kernel=DistanceKernel()),
    "drifting, Laplace 1": partial(_drift_velocity, widths=(1.0,)),
    "drifting, Laplace 1, 10": partial(_drift_velocity, widths=(1.0, 10.0)),
    "drifting, no repulsion": partial(_drift_velocity, widths=(1.0, 10.0), repulsion=0.0),
    "drifting, Algorithm 2": partial(_drift_velocity, widths=(1.0, 10.0), division="joint"),
}
"""By name."""


def simulate(out: Path, settings: FlowSettings = FlowSettings()) -> list[Path]:
    """Write the JSON and the figure into `out`."""
    return write_report(out, NAME, compute(settings), draw)


def compute(settings: FlowSettings) -> Results:
    """Every number of the simulation, ready for JSON."""
    data = _data(settings)
    rows = [
        {"method": name, **{start: _row(velocity, data, start, settings) for start in ("centre", "far")}}
        for name, velocity in METHODS.items()
    ]
    return {"parameters": asdict(settings), "data": rounded(data, 3), "methods": rows}


def follow(velocity: Velocity, start: Tensor, data: Tensor, settings: FlowSettings) -> list[Tensor]:
    """The particles before the first step and after each, [particles, 2] in float64."""
    generator, moments = stream(settings.seed, "mmd-flow/noise"), [start]
    for step in range(settings.steps):
        level = settings.noise * (1 - step / settings.steps)
        noise = level * torch.randn(start.shape, dtype=torch.float64, generator=generator)
        moments.append(moments[-1] + settings.step_size * velocity(moments[-1], data, noise))
    return moments


def _data(settings: FlowSettings) -> Tensor:
    """As many points of each Gaussian."""
    ring = Ring()
    centres = torch.tensor(ring.centres(), dtype=torch.float64).repeat(settings.particles // ring.modes, 1)
    generator = stream(settings.seed, "mmd-flow/data")
    return centres + ring.deviation * torch.randn(centres.shape, dtype=torch.float64, generator=generator)


def _row(velocity: Velocity, data: Tensor, start: str, settings: FlowSettings) -> dict[str, Any]:
    """Modes and distance at the end, the first step's mean speed, and where the particles end."""
    generator = stream(settings.seed, "mmd-flow/start")
    first = settings.scale * torch.randn(len(data), 2, dtype=torch.float64, generator=generator)
    if start == "far":
        first = first + torch.tensor([settings.far, 0.0], dtype=torch.float64)
    moments, ring = follow(velocity, first, data, settings), Ring()
    centres = torch.tensor(ring.centres(), dtype=torch.float64)
    found = point_coverage(moments[-1], centres, ring.deviation, _LOOSE_RADIUS)
    distance = squared_mmd(data, moments[-1], DistanceKernel(), unbiased=False)
    speed = (moments[1] - moments[0]).norm(dim=1).mean() / settings.step_size
    return {
        "modes": found.covered_loosely,
        "energy_distance": float(f"{distance:.3g}"),
        "first_speed": float(f"{speed:.3g}"),
        "end": rounded(moments[-1], 3),
    }


def draw(results: Mapping[str, Any]) -> Figure:
    """A panel for each method: the data, and where particles from both starts end."""
    figure = Figure(figsize=(FIGURE_WIDTH_INCHES, 2.6), layout="constrained")
    grid = figure.subplots(2, 4, sharex=True, sharey=True)
    for axes, row in zip(grid.flat, results["methods"], strict=True):
        axes.plot(*zip(*results["data"], strict=True), ".", color="0.75", markersize=7, label="data")
        for start, colour, marker in (("centre", "tab:blue", "."), ("far", "tab:orange", "x")):
            x, y = zip(*row[start]["end"], strict=True)
            axes.plot(
                x, y, marker, color=colour, markersize=3, label=f"from {'the centre' if start != 'far' else 'afar'}"
            )
        axes.set_title(row["method"], fontsize=7)
        axes.set_aspect("equal")
        axes.set_xlim(-8, 22)
        axes.set_ylim(-8, 8)
    figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
    return figure
