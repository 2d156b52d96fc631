"""A NaN anywhere in an argument of a loss is refused, and the argument is named."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor

from equipoise.common.checks import NotFiniteError
from equipoise.losses import adversarial, distances, energy, kernels, modes
from equipoise.losses.spatial import AMPLIFIERS, spatial_generator_loss

Loss = Callable[..., Any]
Shapes = dict[str, tuple[int, ...]]
SCORES: Shapes = {"real_scores": (4,), "fake_scores": (4,)}
ENERGIES: Shapes = {"real_energy": (4,), "fake_energy": (4,)}
GENERATED: Shapes = {"fake_scores": (4,)}
CASES: dict[str, tuple[Loss, Shapes]] = {
    "minimax": (adversarial.minimax_discriminator_loss, SCORES),
    "minimax, generator": (adversarial.minimax_generator_loss, GENERATED),
    "non-saturating": (adversarial.non_saturating_generator_loss, GENERATED),
    "hinge": (adversarial.hinge_discriminator_loss, SCORES),
    "hinge, generator": (adversarial.hinge_generator_loss, GENERATED),
    "wasserstein": (adversarial.wasserstein_discriminator_loss, SCORES),
    "least squares": (adversarial.least_squares_discriminator_loss, SCORES),
    "relativistic": (adversarial.relativistic_discriminator_loss, SCORES),
    "relativistic, generator": (adversarial.relativistic_generator_loss, SCORES),
    "energy": (partial(energy.energy_discriminator_loss, margin=1.0), ENERGIES),
    "energy, margin 0": (partial(energy.energy_discriminator_loss, margin=0.0), ENERGIES),
    "energy, generator": (energy.energy_generator_loss, {"fake_energy": (4,)}),
    "reconstruction": (energy.reconstruction_energy, {"images": (4, 1, 2, 2), "reconstructions": (4, 1, 2, 2)}),
    "pulling away": (energy.pulling_away, {"codes": (4, 3)}),
    "mode": (modes.mode_regulariser, {"encoded_scores": (4,)}),
    "geometric": (modes.geometric_regulariser, {"images": (4, 3), "reconstructions": (4, 3)}),
    "distances": (distances.squared_distances, {"a": (4, 3), "b": (5, 3)}),
    "gaussian": (partial(kernels.gaussian_kernel, bandwidths=(1.0,)), {"squared_distances": (4, 4)}),
    "rational quadratic": (partial(kernels.rational_quadratic_kernel, alphas=(1.0,)), {"squared_distances": (4, 4)}),
    "laplace": (partial(kernels.laplace_kernel, scales=(1.0,)), {"squared_distances": (4, 4)}),
    "distance": (partial(kernels.distance_kernel, scales=(1.0,)), {"squared_distances": (4, 4)}),
    "one-sided pulling away": (energy.one_sided_pulling_away, {"samples": (4, 3)}),
    "balance": (partial(energy.boundary_equilibrium_losses, balance=0.5), ENERGIES),
    "updated balance": (partial(energy.updated_balance, torch.tensor(0.5)), ENERGIES),
    "convergence": (energy.convergence_measure, ENERGIES),
    "manifold": (modes.manifold_discriminator_loss, {"real_scores": (4,), "encoded_scores": (4,)}),
    "diffusion": (modes.diffusion_discriminator_loss, {"encoded_scores": (4,), "fake_scores": (4,)}),
}
CASES |= {
    f"map, {name}": (partial(spatial_generator_loss, amplifier=name), {"score_map": (4, 2, 2)}) for name in AMPLIFIERS
}


def _filled(shape: tuple[int, ...]) -> Tensor:
    return torch.linspace(0.1, 1.7, torch.Size(shape).numel()).reshape(shape)


@pytest.mark.parametrize("case", CASES)
def test_nan_is_found_wherever_it_is(case: str) -> None:
    loss, shapes = CASES[case]
    for name, shape in shapes.items():
        for place in range(torch.Size(shape).numel()):
            tensors = {other: _filled(each) for other, each in shapes.items()}
            tensors[name].view(-1)[place] = float("nan")
            with pytest.raises(NotFiniteError, match=rf"{name} .*holds NaN"):
                loss(**tensors)
