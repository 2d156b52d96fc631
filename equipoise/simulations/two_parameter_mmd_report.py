"""The numbers and the figure of the two-parameter MMD-GAN (Wang et al. 2019, appendix A.2 and Figure S1)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from equipoise.common.random import stream
from equipoise.simulations.quadrature import sample, standard_normal, uniform
from equipoise.simulations.report import FIGURE_WIDTH_INCHES, Results, rounded, write_report
from equipoise.simulations.two_parameter_mmd import (
    ATTRACTIVE,
    REPULSIVE,
    TwoParameterMMD,
    eigenvalues,
    equilibrium,
    flow,
    is_trivial,
    start_grid,
)

NAME = "two-parameter-mmd"
"""On the command line."""
_DATA = {"uniform": uniform, "normal": standard_normal}
_TITLES = {"uniform": "data U(-1, 1)", "normal": "data N(0, 1)"}
_LOSSES = {"attractive": ATTRACTIVE, "repulsive": REPULSIVE}


@dataclass(frozen=True)
class PhaseSettings:
    """How much to compute; the defaults are those of the documentation."""

    seed: int = 0
    grid: int = 31
    start_columns: int = 15
    start_rows: int = 14
    repulsions: tuple[float, ...] = (-1.0, -0.5, 0.0, 0.5, 1.0, 2.0)
    bandwidths: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0)
    rate_ratios: tuple[float, ...] = (10.0, 3.0, 1.0, 0.3, 0.1)
    samples: int = 8
    sample_size: int = 1000


def simulate(out: Path, settings: PhaseSettings = PhaseSettings()) -> list[Path]:
    """Write the JSON and the figure into `out`."""
    return write_report(out, NAME, compute(settings), draw)


def compute(settings: PhaseSettings) -> Results:
    """Every number of the simulation, ready for JSON."""
    return {
        "parameters": asdict(settings),
        "equilibria_normal": [
            {"repulsion": value, **_solved(TwoParameterMMD(standard_normal(), value))} for value in settings.repulsions
        ],
        "bandwidths_normal_repulsive": [
            {"bandwidth": value, **_solved(TwoParameterMMD(standard_normal(), bandwidth=value), 0.8 * value)}
            for value in settings.bandwidths
        ],
        "continuum_uniform": [_continuum(name, w2) for name in _LOSSES for w2 in (0.3, 1.0, 2.0)],
        "equilibria_of_samples": [_sampled(name, settings) for name in _LOSSES],
        "trivial_shares": _trivial_shares(settings),
        "panels": [_panel(data, loss, settings.grid) for data in _DATA for loss in _LOSSES],
    }


def draw(results: Mapping[str, Any]) -> Figure:
    """Streamlines of the four cases: rows are data, columns losses."""
    figure = Figure(figsize=(FIGURE_WIDTH_INCHES, 5.6), layout="constrained")
    for axes, panel in zip(figure.subplots(2, 2, sharex=True, sharey=True).flat, results["panels"], strict=True):
        _draw_panel(axes, panel)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    more = figure.axes[2].get_legend_handles_labels()
    for row in (0, 2):
        figure.axes[row].set_ylabel("discriminator w2")
    for column in (2, 3):
        figure.axes[column].set_xlabel("generator w1")
    figure.legend(handles + more[0], labels + more[1], loc="outside lower center", ncols=2, frameon=False)
    return figure


def _solved(system: TwoParameterMMD, start_w2: float = 0.4) -> dict[str, Any]:
    point = equilibrium(system, (1.5, start_w2))
    return {"w1_w2": rounded(point), "eigenvalues": _pairs(eigenvalues(system, point))}


def _continuum(loss: str, w2: float) -> dict[str, Any]:
    """The eigenvalues at the equilibrium (1, w2), of which there is one for every w2."""
    system = TwoParameterMMD(uniform(), _LOSSES[loss])
    point = torch.tensor([1.0, w2], dtype=torch.float64)
    speed = float(system.velocity(point).norm())
    return {"loss": loss, "w2": w2, "speed_below": max(1e-15, speed), "eigenvalues": _pairs(eigenvalues(system, point))}


def _sampled(loss: str, settings: PhaseSettings) -> dict[str, Any]:
    """Where the equilibrium lies when finite samples take the place of both distributions."""
    start = equilibrium(TwoParameterMMD(standard_normal(), _LOSSES[loss]))
    points = torch.stack([_sampled_equilibrium(_LOSSES[loss], start, settings, run) for run in range(settings.samples)])
    return {
        "loss": loss,
        "mean": rounded(points.mean(0)),
        "deviation": rounded(points.std(0)),
        "points": rounded(points),
    }


def _sampled_equilibrium(repulsion: float, start: torch.Tensor, settings: PhaseSettings, run: int) -> torch.Tensor:
    size = settings.sample_size
    data = torch.randn(size, dtype=torch.float64, generator=stream(settings.seed, "two-parameter/data", run))
    noise = torch.rand(size, dtype=torch.float64, generator=stream(settings.seed, "two-parameter/noise", run))
    system = TwoParameterMMD(sample(data), repulsion, noise=sample(2 * noise - 1))
    return equilibrium(system, (float(start[0]), float(start[1])), tolerance=1e-9)


def _trivial_shares(settings: PhaseSettings) -> list[dict[str, Any]]:
    """The share of starts that the flow carries to w2 = 0; coarse quadrature is enough to tell the two basins apart."""
    coarse = {"uniform": uniform(16), "normal": standard_normal(40, reach=5.0)}
    starts = start_grid(settings.start_columns, settings.start_rows)
    shares = []
    for data, quadrature in coarse.items():
        for loss, ratios in (("repulsive", settings.rate_ratios), ("attractive", (1.0,))):
            system = TwoParameterMMD(quadrature, _LOSSES[loss], noise=uniform(16))
            for ratio in ratios:
                trivial = is_trivial(flow(system, starts, ratio))
                least = float(starts[trivial, 0].min()) if trivial.any() else None
                shares.append(
                    {
                        "data": data,
                        "loss": loss,
                        "rate_ratio": ratio,
                        "share": round(float(trivial.double().mean()), 4),
                        "smallest_start_w1": least,
                    }
                )
    return shares


def _panel(data: str, loss: str, size: int) -> dict[str, Any]:
    system = TwoParameterMMD(_DATA[data](), _LOSSES[loss])
    w1 = torch.linspace(0.2, 2.6, size, dtype=torch.float64)
    w2 = torch.linspace(0.02, 1.4, size, dtype=torch.float64)
    rows = [system.velocity(torch.stack([w1, value.expand(size)], dim=1)) for value in w2]
    return {
        "data": data,
        "loss": loss,
        "w1": rounded(w1),
        "w2": rounded(w2),
        "velocity": rounded(torch.stack(rows), 4),
    } | ({"equilibrium": _solved(system)["w1_w2"]} if data == "normal" else {"equilibrium": None})


def _draw_panel(axes: Axes, panel: Mapping[str, Any]) -> None:
    velocity = np.array(panel["velocity"])
    w1, w2 = np.array(panel["w1"]), np.array(panel["w2"])
    axes.streamplot(
        w1, w2, velocity[..., 0], velocity[..., 1], color="teal", density=0.85, linewidth=0.9, arrowsize=0.9
    )
    if panel["equilibrium"] is None:
        axes.axvline(1.0, color="crimson", linewidth=2, label="line of equilibria, w1 = 1")
    else:
        axes.plot(
            *panel["equilibrium"], "o", color="crimson", markeredgecolor="white", markersize=9, label="equilibrium"
        )
        axes.annotate(
            "({:.2f}, {:.2f})".format(*panel["equilibrium"]),
            panel["equilibrium"],
            xytext=(0, 9),
            textcoords="offset points",
            ha="center",
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1},
        )
    axes.set(xlim=(w1[0], w1[-1]), ylim=(0, w2[-1]))
    axes.set_title(f"{panel['loss']}, {_TITLES[panel['data']]}")


def _pairs(values: torch.Tensor) -> list[list[float]]:
    """Complex eigenvalues as [real, imaginary]; rounding noise below 1e-12 is 0."""
    pairs = torch.view_as_real(values)
    cleaned: list[list[float]] = rounded(torch.where(pairs.abs() < 1e-12, 0.0, pairs))
    return cleaned
