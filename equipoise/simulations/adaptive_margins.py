"""Margins and bounds that follow the real data, on systems that are small enough to solve (our own).

Hinge on a discrete distribution: data p, generator q, and the optimal scores m sign(p - q) = m - 2 e with MAGAN's
optimal energies e; ties are for the data.
Repulsive MMD with bounds on squared distances: the two parameters of `two_parameter_mmd`.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from matplotlib.figure import Figure
from torch import Tensor

from equipoise.common.random import stream
from equipoise.losses.bounds import adapted_bounds
from equipoise.losses.energy import generator_stalls
from equipoise.simulations.discrete_magan import (
    adapted_margin,
    expected_energy,
    optimal_energies,
    project_to_simplex,
    random_distributions,
    total_variation,
)
from equipoise.simulations.quadrature import standard_normal, uniform
from equipoise.simulations.report import FIGURE_WIDTH_INCHES, Results, rounded, write_report
from equipoise.simulations.two_parameter_mmd import TwoParameterMMD, is_trivial, start_grid

NAME = "adaptive-margins"
"""On the command line."""
_ANYWHERE = (0.0, float("inf"))


@dataclass(frozen=True)
class AdaptiveSettings:
    """How much to compute; the defaults are those of the documentation."""

    seed: int = 0
    runs: int = 40
    atoms: int = 10
    step_size: float = 0.1
    epoch_steps: int = 50
    epochs: int = 100
    start_columns: int = 6
    start_rows: int = 5
    flow_epochs: int = 40
    flow_steps: int = 15
    bounds: tuple[float, float] = (0.25, 4.0)
    wide_bounds: tuple[float, float] = (0.01, 64.0)
    quantiles: tuple[float, float] = (0.05, 0.95)


def simulate(out: Path, settings: AdaptiveSettings = AdaptiveSettings()) -> list[Path]:
    """Write the JSON and the figure into `out`."""
    return write_report(out, NAME, compute(settings), draw)


def compute(settings: AdaptiveSettings) -> Results:
    """Every number of the simulation, ready for JSON."""
    p, q = (
        random_distributions(settings.runs, settings.atoms, stream(settings.seed, f"adaptive-margins/{side}"))
        for side in ("data", "generated")
    )
    hinge = [{"rule": name, **_hinge_row(p, q, rule, settings)} for name, rule in RULES.items()]
    return {"parameters": asdict(settings), "hinge": hinge, "bounds": bounded_rows(settings)}


Rule = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
"""(margin, energy of the data, of the generator, and of it in the epoch before) -> the next margin; [runs] each."""


def by_scores(margin: Tensor, real: Tensor, fake: Tensor, before: Tensor) -> Tensor:
    """The margin follows the data's mean score, m - 2 e, which is the naive reading of MAGAN's rule."""
    score = (margin - 2 * real).clamp(min=0)
    return torch.where(generator_stalls(real, fake, before) & (score < margin), score, margin)


RULES: dict[str, Rule] = {"fixed": lambda margin, *_: margin, "energy": adapted_margin, "mean score": by_scores}
"""By name."""


def follow_hinge(p: Tensor, q: Tensor, rule: Rule, settings: AdaptiveSettings) -> tuple[Tensor, Tensor]:
    """Let generators q [runs, atoms] climb the optimal scores of hinge. Returns: distances, margins [runs, epochs]."""
    margin, before = torch.ones(len(p), dtype=p.dtype), torch.full((len(p),), torch.inf, dtype=p.dtype)
    distances, margins = [], []
    for _ in range(settings.epochs):
        real, fake = torch.zeros_like(margin), torch.zeros_like(margin)
        for _ in range(settings.epoch_steps):
            energies = optimal_energies(p, q, margin)
            real += expected_energy(p, energies) / settings.epoch_steps
            fake += expected_energy(q, energies) / settings.epoch_steps
            q = project_to_simplex(q + settings.step_size * (margin[:, None] - 2 * energies))
        margin, before = rule(margin, real, fake, before), fake
        distances.append(total_variation(p, q))
        margins.append(margin)
    return torch.stack(distances, 1), torch.stack(margins, 1)


def _hinge_row(p: Tensor, q: Tensor, rule: Rule, settings: AdaptiveSettings) -> dict[str, Any]:
    distances, margins = follow_hinge(p, q, rule, settings)
    last = distances[:, -1]
    stopped = margins[:, -1] == 0
    return {
        "final_median": rounded(last.median(), 3),
        "final_largest": rounded(last.max(), 3),
        "stopped_by_zero_margin": int(stopped.sum()),
        "largest_distance_of_stopped": rounded(torch.where(stopped, last, 0).max(), 3),
        "medians": rounded(distances.median(0).values, 3),
    }


def bounded_velocity(system: TwoParameterMMD, state: Tensor, bounds: Tensor) -> Tensor:
    """(w1', (log w2)') of the repulsive loss with bounds [..., 2]; state [..., 2] holds (w1, log w2)."""
    w1, w2 = state[..., 0], state[..., 1].exp()
    real, fake = system.data.points**2, (w1[..., None] * system.noise.points) ** 2
    pushed = _force(system, w2, real, system.data.weights, (0.0 * w2, bounds[..., 1]))
    pulled = _force(system, w2, fake, system.noise.weights, (bounds[..., 0], torch.inf + 0 * w2))
    generator = system.velocity(torch.stack([w1, w2], -1))[..., 0]
    return torch.stack([generator, (pushed - pulled) / system.bandwidth**2], -1)


def _force(
    system: TwoParameterMMD, w2: Tensor, points: Tensor, weights: Tensor, within: tuple[Tensor, Tensor]
) -> Tensor:
    """E gap^2 k(w2 gap) over the pairs whose squared distance (w2 gap)^2 lies within limits."""
    gaps = (points[..., :, None] - points[..., None, :]) ** 2
    distances = w2[..., None, None] ** 2 * gaps
    acts = (distances >= within[0][..., None, None]) & (distances <= within[1][..., None, None])
    forces = gaps * torch.exp(-distances / (2 * system.bandwidth**2)) * acts
    return (forces @ weights) @ weights


def follow_bounds(
    system: TwoParameterMMD, starts: Tensor, bounds: tuple[float, float], adaptive: bool, settings: AdaptiveSettings
) -> tuple[Tensor, Tensor]:
    """Where the slowed flow carries starts [n, 2]. Returns: the ends (w1, w2) [n, 2], and each one's bounds [n, 2]."""
    state = torch.stack([starts[:, 0], starts[:, 1].log()], 1)
    limits = torch.tensor(bounds, dtype=starts.dtype).repeat(len(starts), 1)
    before = torch.full((len(starts),), torch.inf, dtype=starts.dtype)
    for _ in range(settings.flow_epochs):
        means = torch.zeros(len(starts), 2, dtype=starts.dtype)
        for _ in range(settings.flow_steps):
            velocity = bounded_velocity(system, state, limits)
            state = state + 0.2 * velocity / (1 + velocity.norm(dim=1, keepdim=True))
            means += _mean_distances(system, state) / settings.flow_steps
        if adaptive:
            quantiles = state[:, 1:].exp() ** 2 * _quantiles(system, settings.quantiles)
            limits = adapted_bounds(limits, quantiles, -means[:, 0], -means[:, 1], before)
        before = -means[:, 1]
    return torch.stack([state[:, 0], state[:, 1].exp()], 1), limits


def _mean_distances(system: TwoParameterMMD, state: Tensor) -> Tensor:
    """Mean squared distances of real and of generated pairs, [n, 2]: twice a variance each."""
    w1, w2 = state[:, 0], state[:, 1].exp()

    def variance(points: Tensor, weights: Tensor) -> Tensor:
        return (points**4 * weights).sum() - (points**2 * weights).sum() ** 2

    real, noise = variance(system.data.points, system.data.weights), variance(system.noise.points, system.noise.weights)
    return 2 * w2[:, None] ** 2 * torch.stack([real.expand_as(w1), w1**4 * noise], 1)


def _quantiles(system: TwoParameterMMD, shares: tuple[float, float]) -> Tensor:
    """Of the squared gaps of two squared real points, [2]: those of the weighted pairs."""
    gaps = ((system.data.points**2)[:, None] - system.data.points**2).square().flatten()
    order = gaps.argsort()
    reached = torch.outer(system.data.weights, system.data.weights).flatten()[order].cumsum(0)
    return gaps[order][torch.searchsorted(reached, torch.tensor(shares, dtype=gaps.dtype)).clamp(max=len(gaps) - 1)]


def bounded_rows(settings: AdaptiveSettings) -> list[dict[str, Any]]:
    """How flows end without bounds, with fixed and with adaptive ones, on normal data and a kernel of bandwidth 1."""
    system = TwoParameterMMD(standard_normal(40), bandwidth=1.0, noise=uniform(20))
    starts = start_grid(settings.start_columns, settings.start_rows)
    cases = {
        "none": (_ANYWHERE, False),
        "fixed": (settings.bounds, False),
        "fixed, wide": (settings.wide_bounds, False),
        "adaptive, from wide": (settings.wide_bounds, True),
    }
    rows = []
    for name, (bounds, adaptive) in cases.items():
        ends, limits = follow_bounds(system, starts, bounds, adaptive, settings)
        alive = ~is_trivial(ends)
        row = {"bounds": name, "trivial_share": rounded(1 - alive.double().mean(), 3)}
        row |= {"median_w1_w2": rounded(ends[alive].median(0).values, 4)}
        row |= {"median_mmd": rounded(system.generator_loss(ends[:, 0], ends[:, 1])[alive].median(), 3)}
        rows.append(row | {"median_bounds": rounded(limits.median(0).values, 3) if name != "none" else None})
    return rows


def draw(results: Mapping[str, Any]) -> Figure:
    """The median distance to the data over the epochs, for each rule of hinge's margin."""
    figure = Figure(figsize=(FIGURE_WIDTH_INCHES, 3.6), layout="constrained")
    axes = figure.subplots()
    for row in results["hinge"]:
        values = [max(value, 1e-17) for value in row["medians"]]
        axes.plot(range(1, len(values) + 1), values, label=f"margin: {row['rule']}")
    axes.set(yscale="log", xlabel="epochs", ylabel="distance to the data (TV)", title="Hinge with three rules")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    return figure
