"""The other side: training steps in the way that repositories usually write them, plain and eager.

Separate passes for real and generated images, `loss.backward()` through whichever parameters take part, torch's own
spectral normalisation in every forward pass, torch's default optimisers, losses read with `.item()`. Where the usual
forms differ in speed, the fastest is here.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import count

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import spectral_norm

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


class _NormalisedConvolution(nn.Module):
    """A convolution divided by its norm at its own input size, with one power iteration in each forward pass."""

    def __init__(self, layer: nn.Conv2d):
        super().__init__()
        assert not isinstance(layer.padding, str)
        self._layer, self._window = layer, (layer.stride, layer.padding)
        self._vector = torch.empty(0)

    def forward(self, values: Tensor) -> Tensor:
        weight, window = self._layer.weight, self._window
        if not self._vector.numel():
            self._vector = torch.randn_like(values[:1])
        with torch.no_grad():
            image = functional.conv2d(self._vector, weight, None, *window)
            image /= image.norm()
            back = functional.conv_transpose2d(image, weight, None, *window)
            self._vector = back / back.norm()
        norm = (image * functional.conv2d(self._vector, weight, None, *window)).sum()
        return functional.conv2d(values, weight / norm, self._layer.bias, *window)


def normalised_as_convolutions(module: nn.Module) -> nn.Module:
    """PICO: each convolution, of even sides, by its own norm; torch's spectral normalisation on linear layers."""
    for part in list(module.modules()):
        for name, layer in part.named_children():
            if isinstance(layer, nn.Conv2d):
                setattr(part, name, _NormalisedConvolution(layer))
            elif isinstance(layer, nn.Linear):
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


def _squared_distances(rows: Tensor) -> Tensor:
    """By one product of matrices, as in the code of MMD-GAN: faster than `torch.cdist` for batches of this size."""
    products = rows @ rows.T
    squares = products.diagonal()
    return squares[:, None] + squares - 2 * products


def _similarities(squared: Tensor, bandwidths: Sequence[float]) -> Tensor:
    first, *others = (torch.exp(squared / (-2 * sigma**2)) for sigma in bandwidths)
    return sum(others, first)


def _mean_of_others(similarities: Tensor) -> Tensor:
    size = len(similarities)
    return (similarities.sum() - similarities.diagonal().sum()) / (size * (size - 1))


def squared_mmd(real: Tensor, fake: Tensor, bandwidths: Sequence[float] = (1.0,), by_cdist: bool = False) -> Tensor:
    """MMD^2 from one kernel matrix of both sides together, by automatic differentiation."""
    size, rows = len(real), torch.cat((real, fake))
    kernel = _similarities(torch.cdist(rows, rows).square() if by_cdist else _squared_distances(rows), bandwidths)
    within = _mean_of_others(kernel[:size, :size]) + _mean_of_others(kernel[size:, size:])
    return within - 2 * kernel[:size, size:].mean()


def repulsive_mmd(discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """The bounded repulsive loss, E k(x, x') - E k(y, y'), with the kernel held above the diagonal's bound."""
    near = _squared_distances(discriminator(real)).clamp(max=4.0)
    far = _squared_distances(discriminator(fake)).clamp(min=0.25)
    return _mean_of_others(_similarities(near, (1.0,))) - _mean_of_others(_similarities(far, (1.0,)))


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
    """The discriminator's steps, then one of the generator's, in the order of passes of the library mimicry's SNGAN.

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
        for _ in range(discriminator_steps):
            start = next(position) * batch % (len(images) - batch + 1)
            discriminator_step(images[start : start + batch])
        generator_step()

    return iteration


def as_mimicry_writes(module: nn.Module) -> nn.Module:
    """Shortcuts in the order of SNGAN's code, the 1x1 convolution after doubling and before pooling; ReLU in place."""
    for block in module.modules():
        if isinstance(block, nn.ReLU):
            block.inplace = True
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
