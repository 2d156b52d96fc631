"""Losses of discriminators that are auto-encoders: an image's energy is the error of its reconstruction.

EBGAN with a margin (Zhao et al. 2017), MAGAN whose margin adapts (Wang et al. 2017), BEGAN (Berthelot et al. 2017).
Energies are low for real images. They are [batch] tensors; a margin or a balance is a 0-dimensional tensor.
"""

from collections.abc import Callable

import torch
from torch.nn.functional import relu

from equipoise.common.checks import (
    check_at_least,
    check_choice,
    check_dimensions,
    check_non_negative,
    check_number,
    check_pair,
    check_positive,
    check_samples,
    check_scores,
)
from equipoise.common.precision import in_full_precision


def _norm(errors: torch.Tensor) -> torch.Tensor:
    unit, size = _of_unit_size(errors)
    norms: torch.Tensor = torch.linalg.vector_norm(unit, dim=1)
    return size[:, 0] * norms


def _of_unit_size(rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows over their largest entry, a constant [rows, 1], and that entry: so squares neither overflow nor vanish."""
    largest = rows.detach().abs().amax(dim=1, keepdim=True)
    size = torch.where(largest > 0, largest, torch.ones_like(largest))
    return rows / size, size


_ENERGIES: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "squared": lambda errors: errors.square().sum(dim=1),
    "norm": _norm,
    "mean_absolute": lambda errors: errors.abs().mean(dim=1),
    "mean_squared": lambda errors: errors.square().mean(dim=1),
}


@in_full_precision
def reconstruction_energy(images: torch.Tensor, reconstructions: torch.Tensor, kind: str = "squared") -> torch.Tensor:
    """The energy D(x) of each image, from its reconstruction (Wang et al. 2017, Eq. 1).

    Args:
        images: [batch, ...], the discriminator's input.
        reconstructions: [batch, ...], its output, in the shape of images.
        kind: "squared", the sum of squares over all pixels (MAGAN as its authors compute it; its published margins are
            on this scale); "norm", the root of it (Eq. 1 as printed; its gradient is 0 where the error is);
            "mean_absolute", the mean of the absolute errors (BEGAN, Berthelot et al. 2017, Eq. 1); "mean_squared", the
            mean of the squares over all pixels (the EBGAN code that MAGAN's paper scores against).

    Returns:
        [batch], not negative.
    """
    check_pair(images=images, reconstructions=reconstructions)
    check_choice("kind", kind, _ENERGIES)
    return _ENERGIES[kind]((reconstructions - images).reshape(images.shape[0], -1))


@in_full_precision
def energy_discriminator_loss(
    real_energy: torch.Tensor, fake_energy: torch.Tensor, margin: torch.Tensor | float
) -> torch.Tensor:
    """E D(x) + E relu(m - D(G(z))) (Zhao et al. 2017, Eq. 1; Wang et al. 2017, Algorithm 1, line 15).

    The hinge is taken per sample, before the mean over the batch.

    Args:
        real_energy: [batch], energies of real images.
        fake_energy: [batch], energies of generated images.
        margin: m >= 0, a number or a 0-dimensional tensor. With m = 0 only the real images count (pre-training).
    """
    check_energies(real_energy, fake_energy)
    check_non_negative("margin", margin)
    return real_energy.mean() + relu(margin - fake_energy).mean()


@in_full_precision
def energy_generator_loss(fake_energy: torch.Tensor) -> torch.Tensor:
    """E D(G(z)) (Zhao et al. 2017, Eq. 2; Wang et al. 2017, Algorithm 1).

    Args:
        fake_energy: [batch], energies of generated images.
    """
    check_scores(fake_energy=fake_energy)
    check_dimensions("fake_energy", fake_energy, "batch")
    return fake_energy.mean()


@in_full_precision
def adapted_margin(
    margin: torch.Tensor, real: torch.Tensor, fake: torch.Tensor, fake_before: torch.Tensor
) -> torch.Tensor:
    """MAGAN's margin after an epoch (Wang et al. 2017, Eq. 4 and Algorithm 1, lines 23-25), never larger than before.

    It becomes `real` when real < margin, real < fake and fake_before <= fake (the generator has stopped gaining).

    Args:
        margin: 0-dimensional, this epoch's margin, at least 0.
        real: 0-dimensional, the mean energy of the epoch's real images.
        fake: 0-dimensional, the mean energy of the epoch's generated images.
        fake_before: 0-dimensional, `fake` of the epoch before; infinity in the first epoch.

    Returns:
        0-dimensional, without a gradient, decided on the device: the host does not wait for it.
    """
    for name, value in {"margin": margin, "real": real, "fake": fake, "fake_before": fake_before}.items():
        check_number(name, value)
    check_non_negative("margin", margin)
    return torch.where((real < margin) & generator_stalls(real, fake, fake_before), real, margin).detach()


def generator_stalls(real: torch.Tensor, fake: torch.Tensor, fake_before: torch.Tensor) -> torch.Tensor:
    """Whether real < fake and fake_before <= fake: two of the three conditions of Eq. 4 (Wang et al. 2017).

    Args:
        real: the mean energy of an epoch's real images.
        fake: the mean energy of its generated images.
        fake_before: `fake` of the epoch before.

    Returns:
        Truth values in the shape of the arguments, without a gradient.
    """
    return (real < fake) & (fake_before <= fake)


@in_full_precision
def pulling_away(codes: torch.Tensor) -> torch.Tensor:
    """EBGAN's pulling-away term: the mean squared cosine of all pairs of different codes (Zhao et al. 2017, Eq. 4).

    Args:
        codes: [batch, ...], the encoder's output for generated images; at least two samples. A code of zeros counts as
            orthogonal to all others.

    Returns:
        0-dimensional, in [0, 1].
    """
    check_scores(codes=codes)
    check_samples("codes", codes, 2)
    rows, _ = _of_unit_size(codes.reshape(codes.shape[0], -1))
    directions: torch.Tensor = rows / torch.linalg.vector_norm(rows, dim=1, keepdim=True).clamp_min(1)
    squared_cosines = (directions @ directions.T).square()
    count = codes.shape[0]
    others: torch.Tensor = squared_cosines - torch.diag(squared_cosines.diagonal())
    return others.sum() / (count * (count - 1))


@in_full_precision
def one_sided_pulling_away(samples: torch.Tensor) -> torch.Tensor:
    """The mean of (S_i . S_j / |S_i|^2)^2 over i != j: the term that keeps images apart in the EBGAN code named below.

    It divides by one sample's length twice, where Zhao et al. 2017, Eq. 4 divide by both lengths: it is 1 for equal
    samples, and grows without bound for parallel ones of unequal lengths.

    Args:
        samples: [batch, ...], there the generated images; at least two. A sample of zeros counts as orthogonal to all.

    Returns:
        0-dimensional, at least 0.
    """
    check_scores(samples=samples)
    check_samples("samples", samples, 2)
    rows = _of_unit_size(samples.reshape(1, -1))[0].reshape(samples.shape[0], -1)
    smallest = torch.finfo(rows.dtype).tiny
    squared = (rows @ (rows / rows.square().sum(dim=1, keepdim=True).clamp(min=smallest)).T).square()
    count = samples.shape[0]
    others: torch.Tensor = squared - torch.diag(squared.diagonal())
    return others.sum() / (count * (count - 1))


@in_full_precision
def boundary_equilibrium_losses(
    real_energy: torch.Tensor, fake_energy: torch.Tensor, balance: torch.Tensor | float
) -> tuple[torch.Tensor, torch.Tensor]:
    """BEGAN's two losses (Berthelot et al. 2017, section 3.4): E D(x) - k E D(G(z)) and E D(G(z)).

    Args:
        real_energy: [batch], energies of real images.
        fake_energy: [batch], energies of generated images.
        balance: k >= 0, a number or a 0-dimensional tensor; BEGAN's starts at 0 and moves in [0, 1] by
            `updated_balance`.

    Returns:
        The discriminator's loss and the generator's loss, both 0-dimensional.
    """
    check_energies(real_energy, fake_energy)
    check_non_negative("balance", balance)
    return real_energy.mean() - balance * fake_energy.mean(), fake_energy.mean()


@in_full_precision
def updated_balance(
    balance: torch.Tensor,
    real_energy: torch.Tensor,
    fake_energy: torch.Tensor,
    gamma: float = 0.5,
    rate: float = 1e-3,
) -> torch.Tensor:
    """BEGAN's k after a step (Berthelot et al. 2017, section 3.4): clip(k + rate (gamma E D(x) - E D(G(z))), 0, 1).

    Args:
        balance: 0-dimensional, k before the step.
        real_energy: [batch], energies of real images.
        fake_energy: [batch], energies of generated images.
        gamma: the ratio of the two expected energies to hold; higher is more diverse.
        rate: lambda_k, how fast k moves.

    Returns:
        0-dimensional, in [0, 1], without a gradient.
    """
    check_energies(real_energy, fake_energy)
    check_non_negative("balance", balance)
    check_positive("gamma", gamma)
    check_at_least("rate", rate, 0)
    gap = gamma * real_energy.mean() - fake_energy.mean()
    return (balance + rate * gap).clamp(0, 1).detach()


@in_full_precision
def convergence_measure(real_energy: torch.Tensor, fake_energy: torch.Tensor, gamma: float = 0.5) -> torch.Tensor:
    """BEGAN's measure of progress (Berthelot et al. 2017, section 3.4.1): E D(x) + |gamma E D(x) - E D(G(z))|.

    Args:
        real_energy: [batch], energies of real images.
        fake_energy: [batch], energies of generated images.
        gamma: the ratio of `updated_balance`.

    Returns:
        0-dimensional, without a gradient; lower is better.
    """
    check_energies(real_energy, fake_energy)
    check_positive("gamma", gamma)
    real, fake = real_energy.detach().mean(), fake_energy.detach().mean()
    return real + (gamma * real - fake).abs()


def check_energies(real_energy: torch.Tensor, fake_energy: torch.Tensor) -> None:
    """Both must be [batch] energies of one shape."""
    check_pair(real_energy=real_energy, fake_energy=fake_energy)
    check_dimensions("real_energy", real_energy, "batch")
