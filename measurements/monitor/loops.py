"""A plain GAN loop with every knob by which a run is made to fail, and the hooks by which it is watched."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from equipoise.monitor import gradient_norm
from measurements.monitor.worlds import LATENT, World

LOOKS, SAMPLES = 40, 500


@dataclass(frozen=True)
class Knobs:
    """How a run is trained.

    Attributes:
        loss: "non-saturating", "saturating", "hinge", "wasserstein", "least-squares", or "logarithms", which takes
            them of probabilities as beginners do.
        rates: the learning rates of generator and discriminator.
        steps: the steps of each in an iteration.
        betas: of Adam.
        penalty: the weight of R1, half the squared gradient at real items.
        spectral: whether the discriminator is spectrally normalised.
        items: how many training items there are, or None for all.
        half: whether scores pass through half precision, whose largest number is 65,504.
        length: the run's length over the world's.
    """

    loss: str = "non-saturating"
    rates: tuple[float, float] = (2e-4, 2e-4)
    steps: tuple[int, int] = (1, 1)
    betas: tuple[float, float] = (0.5, 0.99)
    penalty: float = 0.0
    spectral: bool = False
    items: int | None = None
    half: bool = False
    length: float = 1.0


class Watch(Protocol):
    """Told of every iteration and, 40 times in a run, handed samples."""

    def step(self, real: Tensor, fake: Tensor, losses: dict[str, Tensor], gradients: dict[str, Tensor]) -> None:
        """After an iteration: scores [batch, 1], losses and norms of gradients by player."""

    def look(self, samples: Tensor, iteration: int, total: int) -> None:
        """Samples [count, ...] after `iteration` of `total`."""


Losses = tuple[Callable[[Tensor, Tensor], Tensor], Callable[[Tensor], Tensor]]
LOSSES: dict[str, Losses] = {
    "non-saturating": (lambda r, f: (softplus(-r) + softplus(f)).mean(), lambda f: softplus(-f).mean()),
    "saturating": (lambda r, f: (softplus(-r) + softplus(f)).mean(), lambda f: -softplus(f).mean()),
    "hinge": (lambda r, f: ((1 - r).relu() + (1 + f).relu()).mean(), lambda f: -f.mean()),
    "wasserstein": (lambda r, f: (f - r).mean(), lambda f: -f.mean()),
    "least-squares": (lambda r, f: ((r - 1).square() + f.square()).mean() / 2, lambda f: (f - 1).square().mean() / 2),
    "logarithms": (
        lambda r, f: -(r.sigmoid().log() + (1 - f.sigmoid()).log()).mean(),
        lambda f: -f.sigmoid().log().mean(),
    ),
}


def training_items(world: World, knobs: Knobs, seed: int) -> Tensor:
    """The items that a run sees."""
    if knobs.items is None:
        return world.training
    return world.training[torch.randperm(len(world.training), generator=_draws(seed, 2))[: knobs.items]]


def train(world: World, knobs: Knobs, seed: int, watch: Watch) -> nn.Module:
    """Train to the end. Returns: the generator."""
    torch.manual_seed(seed)
    generator, discriminator = world.players(knobs.spectral)
    discriminator_loss, generator_loss = LOSSES[knobs.loss]
    optimisers = [
        torch.optim.Adam(player.parameters(), rate, knobs.betas, fused=True)
        for player, rate in zip((generator, discriminator), knobs.rates, strict=True)
    ]
    batches, latents = _batches(training_items(world, knobs, seed), world.batch_size, seed), _draws(seed, 3)
    total = int(world.iterations * knobs.length)
    for iteration in range(1, total + 1):
        for _ in range(knobs.steps[1]):
            real = next(batches).requires_grad_(knobs.penalty > 0)
            with torch.no_grad():
                fake = generator(torch.randn(world.batch_size, LATENT, generator=latents))
            real_scores, fake_scores = _scores(discriminator, torch.cat((real, fake)), knobs).chunk(2)
            loss = discriminator_loss(real_scores, fake_scores)
            if knobs.penalty:
                (slope,) = torch.autograd.grad(real_scores.sum(), real, create_graph=True)
                loss = loss + knobs.penalty / 2 * slope.flatten(1).square().sum(dim=1).mean()
            found = [_step(optimisers[1], discriminator, loss)]
        for _ in range(knobs.steps[0]):
            fake = generator(torch.randn(world.batch_size, LATENT, generator=latents))
            found[1:] = [_step(optimisers[0], generator, generator_loss(_scores(discriminator, fake, knobs)))]
        losses, gradients = ({"discriminator": found[0][i], "generator": found[1][i]} for i in (0, 1))
        watch.step(real_scores.detach(), fake_scores.detach(), losses, gradients)
        if iteration % (total // LOOKS) == 0:
            watch.look(sample(generator, seed), iteration, total)
    return generator


def sample(generator: nn.Module, seed: int) -> Tensor:
    """Always of the same latents; batch statistics stay as they are."""
    with torch.no_grad():
        images: Tensor = copy.deepcopy(generator)(torch.randn(SAMPLES, LATENT, generator=_draws(seed, 4)))
    return images


def _scores(discriminator: nn.Module, batch: Tensor, knobs: Knobs) -> Tensor:
    scores: Tensor = discriminator(batch)
    return scores.half().float() if knobs.half else scores


def _step(optimiser: torch.optim.Optimizer, player: nn.Module, loss: Tensor) -> tuple[Tensor, Tensor]:
    """Returns: the loss and the norm of its gradient."""
    optimiser.zero_grad()
    parameters = list(player.parameters())
    for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
        parameter.grad = gradient
    norm = gradient_norm(parameters)
    optimiser.step()
    return loss.detach(), norm


def _batches(items: Tensor, size: int, seed: int) -> Iterator[Tensor]:
    draws = _draws(seed, 1)
    while True:
        yield items[torch.randint(len(items), (size,), generator=draws)]


def _draws(seed: int, purpose: int) -> torch.Generator:
    return torch.Generator().manual_seed(1_000 * seed + purpose)
