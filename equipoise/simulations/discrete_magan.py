"""MAGAN's theory on a discrete distribution, where the optimal discriminator is known (Wang et al. 2017, section 3).

p is the data distribution and q the generator's, both over the same atoms. Distributions are float64 tensors whose last
dimension runs over the atoms; everything works on many pairs at once.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from equipoise.common.checks import check_at_least, check_positive, check_same_shape
from equipoise.losses.energy import generator_stalls


def optimal_energies(p: Tensor, q: Tensor, margin: Tensor | float) -> Tensor:
    """D*, [..., atoms]: the margin where p < q (the set S1) and 0 elsewhere, ties included (Lemma 1 of EBGAN)."""
    check_same_shape(p=p, q=q)
    margins = torch.as_tensor(margin, dtype=p.dtype)
    return torch.where(p < q, margins[..., None], torch.zeros_like(p))


def expected_energy(distribution: Tensor, energies: Tensor) -> Tensor:
    """E D(x) under the distribution, [...]: the atoms are summed over."""
    return (distribution * energies).sum(-1)


def total_variation(p: Tensor, q: Tensor) -> Tensor:
    """Half of the summed absolute difference, [...], in [0, 1]."""
    return (p - q).abs().sum(-1) / 2


def project_to_simplex(points: Tensor) -> Tensor:
    """The nearest probability vectors to points [..., atoms], by sorting (Duchi et al. 2008, Figure 1)."""
    descending = points.sort(-1, descending=True).values
    ranks = torch.arange(1, points.shape[-1] + 1, dtype=points.dtype)
    shifts = (descending.cumsum(-1) - 1) / ranks
    support = (descending > shifts).sum(-1, keepdim=True)
    return (points - shifts.gather(-1, support - 1)).clamp(min=0)


def generator_step(q: Tensor, energies: Tensor, step_size: float) -> Tensor:
    """One projected gradient step down E_q D: the gradient with respect to q is D itself (Eq. 14)."""
    return project_to_simplex(q - step_size * energies)


def adapted_margin(margin: Tensor, real: Tensor, fake: Tensor, fake_before: Tensor) -> Tensor:
    """`equipoise.losses.adapted_margin` for many runs at once, all arguments [runs] (Algorithm 1, lines 23-25)."""
    return torch.where((real < margin) & generator_stalls(real, fake, fake_before), real, margin)


@dataclass(frozen=True)
class Dynamics:
    """How the generator follows optimal discriminators.

    Args:
        step_size: of the generator's projected gradient steps.
        epoch_steps: how many steps the energies are averaged over before the margin may change.
        epochs: how many epochs to run.
        adaptive: MAGAN's margin; False keeps EBGAN's fixed margin.
        first_margin: the margin of the first epoch.
    """

    step_size: float = 0.1
    epoch_steps: int = 50
    epochs: int = 100
    adaptive: bool = True
    first_margin: float = 1.0

    def __post_init__(self) -> None:
        check_positive("step_size", self.step_size)
        check_positive("first_margin", self.first_margin)
        check_at_least("epoch_steps", self.epoch_steps, 1)
        check_at_least("epochs", self.epochs, 1)


@dataclass(frozen=True)
class Trace:
    """What happened, one column an epoch: distances and margins [runs, epochs], taken at the end of the epoch."""

    distances: Tensor
    margins: Tensor

    def updates(self, first_margin: float) -> Tensor:
        """How many times each run's margin changed, [runs]."""
        before = torch.cat([torch.full_like(self.margins[:, :1], first_margin), self.margins[:, :-1]], dim=1)
        return (self.margins != before).sum(1)

    def stopped(self) -> Tensor:
        """Which runs ended with a margin of 0, where no gradient is left, [runs]."""
        return self.margins[:, -1] == 0


def follow(p: Tensor, q: Tensor, dynamics: Dynamics) -> Trace:
    """Let generators q chase the data p, both [runs, atoms]; each run has a margin of its own."""
    margin = torch.full(p.shape[:-1], dynamics.first_margin, dtype=p.dtype)
    fake_before = torch.full_like(margin, torch.inf)
    distances, margins = [], []
    for _ in range(dynamics.epochs):
        q, real, fake = _epoch(p, q, margin, dynamics)
        if dynamics.adaptive:
            margin = adapted_margin(margin, real, fake, fake_before)
        fake_before = fake
        distances.append(total_variation(p, q))
        margins.append(margin)
    return Trace(torch.stack(distances, 1), torch.stack(margins, 1))


def random_distributions(runs: int, atoms: int, generator: torch.Generator) -> Tensor:
    """Draws from the flat Dirichlet distribution, [runs, atoms]."""
    exponentials = torch.empty(runs, atoms, dtype=torch.float64).exponential_(generator=generator)
    return exponentials / exponentials.sum(-1, keepdim=True)


def _epoch(p: Tensor, q: Tensor, margin: Tensor, dynamics: Dynamics) -> tuple[Tensor, Tensor, Tensor]:
    """The generator after an epoch and the mean real and generated energies of the passes that gave the gradients."""
    real, fake = torch.zeros_like(margin), torch.zeros_like(margin)
    for _ in range(dynamics.epoch_steps):
        energies = optimal_energies(p, q, margin)
        real += expected_energy(p, energies)
        fake += expected_energy(q, energies)
        q = generator_step(q, energies, dynamics.step_size)
    return q, real / dynamics.epoch_steps, fake / dynamics.epoch_steps
