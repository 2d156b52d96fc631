"""The other side: training steps in the way that repositories usually write them, plain and eager.

Separate passes for real and generated images, `loss.backward()` through whichever parameters take part, torch's own
spectral normalisation in every forward pass, `torch.cdist`, torch's default optimisers, losses read with `.item()`.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import count

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from equipoise.networks.normalisation import BatchNorm
from equipoise.networks.residual import ResidualBlock

Loss = Callable[[Tensor, Tensor], Tensor]
PlainLoss = Callable[[nn.Module, Tensor, Tensor], Tensor]
_ROWS = 4096


def normalised(module: nn.Module) -> nn.Module:
    """torch's spectral normalisation on every layer with weights."""
    for layer in module.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            spectral_norm(layer)
    return module


def plain_step(
    players: dict[str, nn.Module],
    optimisers: Mapping[str, torch.optim.Optimizer],
    discriminator_loss: Callable[[nn.Module, Tensor, Tensor], Tensor],
    generator_loss: Callable[[nn.Module, Tensor, Tensor], Tensor],
    images: Tensor,
    latent_size: int,
    batch: int,
) -> Callable[[], object]:
    """One discriminator step, then one generator step, each with latents of its own.

    Args:
        discriminator_loss: (discriminator, real, fake) -> loss.
        generator_loss: likewise, with the gradient to the generator.
        images: [count, ...], in memory; batches are taken in turn.
    """
    generator, discriminator = players["generator"], players["discriminator"]
    position = count()

    def step() -> tuple[float, float]:
        start = next(position) * batch % (len(images) - batch + 1)
        real = images[start : start + batch]
        optimisers["discriminator"].zero_grad()
        fake = generator(torch.randn(batch, latent_size, device=images.device)).detach()
        loss = discriminator_loss(discriminator, real, fake)
        loss.backward()
        optimisers["discriminator"].step()
        optimisers["generator"].zero_grad()
        fake = generator(torch.randn(batch, latent_size, device=images.device))
        other = generator_loss(discriminator, real, fake)
        other.backward()
        optimisers["generator"].step()
        return loss.item(), other.item()

    return step


def energy(discriminator: nn.Module, images: Tensor) -> Tensor:
    """Squared reconstruction errors, [batch]."""
    squares: Tensor = (discriminator(images) - images).square()
    return squares.flatten(1).sum(1)


def hinge_on_energies(margin: float) -> Callable[[nn.Module, Tensor, Tensor], Tensor]:
    """The loss of an auto-encoding discriminator at this margin."""

    def loss(discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
        return energy(discriminator, real).mean() + torch.relu(margin - energy(discriminator, fake)).mean()

    return loss


def energy_of_fakes(discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """The generator's loss beside it."""
    return energy(discriminator, fake).mean()


def _kernel_mean(a: Tensor, b: Tensor, bandwidths: Sequence[float], bounds: tuple[float, float] | None) -> Tensor:
    squared = torch.cdist(a, b).square()
    if bounds is not None:
        squared = squared.clamp(*bounds)
    similarities = sum((torch.exp(-squared / (2 * sigma**2)) for sigma in bandwidths), a.new_zeros(()))
    size = a.shape[0]
    return (similarities.sum() - similarities.diagonal().sum()) / (size * (size - 1))


def squared_mmd(real: Tensor, fake: Tensor, bandwidths: Sequence[float] = (1.0,)) -> Tensor:
    """MMD^2 by torch.cdist and automatic differentiation."""
    within = _kernel_mean(real, real, bandwidths, None) + _kernel_mean(fake, fake, bandwidths, None)
    return within - 2 * _kernel_mean(real, fake, bandwidths, None)


def repulsive_mmd(discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """The bounded repulsive loss, E k(x, x') - E k(y, y'), with the kernel held above the diagonal's bound."""
    features, others = discriminator(real), discriminator(fake)
    attraction = _kernel_mean(features, features, (1.0,), (0.0, 4.0))
    return attraction - _kernel_mean(others, others, (1.0,), (0.25, float("inf")))


def mmd_of_fakes(discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """The generator's MMD^2."""
    return squared_mmd(discriminator(real), discriminator(fake))


def double_backward_penalty(discriminator: nn.Module, points: Tensor) -> Tensor:
    """(||grad D|| - 1)^2 by double backward in eager mode; of a map, D is the mean."""
    points = points.detach().requires_grad_()
    scores = discriminator(points).flatten(1).mean(1)
    (gradient,) = torch.autograd.grad(scores.sum(), points, create_graph=True)
    norms: Tensor = gradient.flatten(1).norm(dim=1)
    return (norms - 1).square().mean()


def kernel_distance(a: Tensor, b: Tensor) -> float:
    """KID of all samples from three whole kernel matrices."""

    def kernel(x: Tensor, y: Tensor) -> Tensor:
        return (x @ y.T / x.shape[1] + 1) ** 3

    def within(rows: Tensor) -> Tensor:
        matrix = kernel(rows, rows)
        return (matrix.sum() - matrix.diagonal().sum()) / (len(rows) * (len(rows) - 1))

    return float(within(a) + within(b) - 2 * kernel(a, b).mean())


def precision_recall(real: Tensor, fake: Tensor, neighbours: int = 3) -> tuple[float, float]:
    """Precision and recall by torch.cdist in batches of rows, in the features' own precision."""

    def reach(points: Tensor) -> Tensor:
        rows = [torch.cdist(part, points).kthvalue(neighbours + 1, dim=1).values for part in points.split(_ROWS)]
        return torch.cat(rows)

    def share_inside(points: Tensor, centres: Tensor, radii: Tensor) -> float:
        inside = [(torch.cdist(part, centres) <= radii).any(dim=1) for part in points.split(_ROWS)]
        return float(torch.cat(inside).float().mean())

    return share_inside(fake, real, reach(real)), share_inside(real, fake, reach(fake))


def sngan_iteration(
    players: dict[str, nn.Module],
    optimisers: Mapping[str, torch.optim.Optimizer],
    images: Tensor,
    latent_size: int,
    batch: int,
    discriminator_steps: int,
) -> Callable[[], object]:
    """One generator step, then the discriminator's, in the order of passes of the library mimicry's SNGAN.

    The generator's gradient flows into the discriminator's parameters too; the generated images of a discriminator step
    are detached after their graph was built; scores and losses are read after each step.
    """
    generator, discriminator = players["generator"], players["discriminator"]
    position = count()

    def generated() -> Tensor:
        images: Tensor = generator(torch.randn(batch, latent_size))
        return images

    def generator_step() -> float:
        optimisers["generator"].zero_grad()
        loss: Tensor = -discriminator(generated()).mean()
        loss.backward()
        optimisers["generator"].step()
        return loss.item()

    def discriminator_step(real: Tensor) -> tuple[float, float, float]:
        optimisers["discriminator"].zero_grad()
        real_scores = discriminator(real)
        fake_scores = discriminator(generated().detach())
        loss = torch.relu(1 - real_scores).mean() + torch.relu(1 + fake_scores).mean()
        loss.backward()
        optimisers["discriminator"].step()
        return loss.item(), real_scores.sigmoid().mean().item(), fake_scores.sigmoid().mean().item()

    def iteration() -> None:
        generator_step()
        for _ in range(discriminator_steps):
            start = next(position) * batch % (len(images) - batch + 1)
            discriminator_step(images[start : start + batch])

    return iteration


def published_shortcuts(module: nn.Module) -> nn.Module:
    """Shortcuts in the order of SNGAN's code: the 1x1 convolution after doubling, and before pooling."""
    for block in module.modules():
        if isinstance(block, ResidualBlock) and isinstance(block.residual.layers[0], BatchNorm | nn.ReLU):
            block.shortcut.layers = nn.ModuleList(reversed(block.shortcut.layers))
    return module


def hinge(discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """The discriminator's hinge loss; of a map of scores, over all of them."""
    loss: Tensor = torch.relu(1 - discriminator(real)).mean() + torch.relu(1 + discriminator(fake)).mean()
    return loss


def score_of_fakes(discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """The generator's loss beside it."""
    loss: Tensor = -discriminator(fake).mean()
    return loss


def penalised_hinge(discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """The hinge loss and the gradient penalty by double backward."""
    mixing = torch.rand(len(real), 1, 1, 1, device=real.device)
    points = mixing * real + (1 - mixing) * fake
    return hinge(discriminator, real, fake) + double_backward_penalty(discriminator, points)
