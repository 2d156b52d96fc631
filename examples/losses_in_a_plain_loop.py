"""Every family of losses in a training loop of its own, with nothing else of Equipoise, on points of a ring.

Run it:  python examples/losses_in_a_plain_loop.py [steps]
"""

import sys
from collections.abc import Callable, Iterator
from math import tau

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from equipoise import losses

BATCH, CODE = 64, 4
Step = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


def network(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, 64), nn.ReLU(), nn.Linear(64, outputs))


def lipschitz_network(inputs: int, outputs: int) -> nn.Sequential:
    """What the hinge and the repulsive loss need of a discriminator: it must not stretch distances without end."""
    return nn.Sequential(
        *(spectral_norm(layer) if isinstance(layer, nn.Linear) else layer for layer in network(inputs, outputs))
    )


def ring(generator: torch.Generator) -> Tensor:
    """Points near one of eight places on a circle: [batch, 2]."""
    angles = torch.randint(8, (BATCH,), generator=generator) * tau / 8
    return torch.stack([angles.cos(), angles.sin()], dim=1) + 0.05 * torch.randn(BATCH, 2, generator=generator)


def train(
    discriminator: nn.Module, generator: nn.Module, encoder: nn.Module, step: Step, steps: int
) -> Iterator[tuple[float, float]]:
    """The plain loop: the discriminator's step on a fixed fake batch, then the generator's and the encoder's."""
    draws = torch.Generator().manual_seed(0)
    players = (discriminator, nn.ModuleList([generator, encoder]))
    optimisers = [torch.optim.Adam(player.parameters(), 1e-3, (0.5, 0.9)) for player in players]
    for _ in range(steps):
        found = []
        for position, optimiser in enumerate(optimisers):
            fake = generator(torch.randn(BATCH, CODE, generator=draws))
            loss = step(ring(draws), fake.detach() if position == 0 else fake)[position]
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            found.append(loss.item())
        yield found[0], found[1]


def hinge(discriminator: nn.Module) -> Step:
    def step(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        real_scores, fake_scores = discriminator(real), discriminator(fake)
        return (
            losses.hinge_discriminator_loss(real_scores, fake_scores),
            losses.hinge_generator_loss(fake_scores),
        )

    return step


def energy(discriminator: nn.Module) -> Step:
    def step(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        real_energy = losses.reconstruction_energy(real, discriminator(real))
        fake_energy = losses.reconstruction_energy(fake, discriminator(fake))
        return (
            losses.energy_discriminator_loss(real_energy, fake_energy, margin=1.0),
            losses.energy_generator_loss(fake_energy),
        )

    return step


def spatial(discriminator: nn.Module) -> Step:
    def step(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        real_map, fake_map = discriminator(real).reshape(-1, 2, 2), discriminator(fake).reshape(-1, 2, 2)
        return (
            losses.hinge_discriminator_loss(real_map, fake_map),
            losses.spatial_generator_loss(fake_map, amplifier="margin"),
        )

    return step


def mmd(discriminator: nn.Module) -> Step:
    def step(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        real_features, fake_features = discriminator(real), discriminator(fake)
        return (
            losses.mmd_discriminator_loss(real_features, fake_features, repulsion=1.0, bounds=(0.25, 4.0)),
            losses.mmd_generator_loss(real_features, fake_features),
        )

    return step


def modes(discriminator: nn.Module, generator: nn.Module, encoder: nn.Module) -> Step:
    def step(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        reconstructions = generator(encoder(real))
        fake_scores = discriminator(fake)
        return (
            losses.minimax_discriminator_loss(discriminator(real), fake_scores),
            losses.reg_gan_generator_loss(fake_scores, discriminator(reconstructions), real, reconstructions),
        )

    return step


def run_all(steps: int) -> dict[str, list[tuple[float, float]]]:
    """Both players' losses of every family, step by step."""
    families: dict[str, tuple[nn.Module, Callable[[nn.Module, nn.Module, nn.Module], Step]]] = {
        "hinge": (lipschitz_network(2, 1), lambda d, g, e: hinge(d)),
        "energy": (network(2, 2), lambda d, g, e: energy(d)),
        "spatial": (lipschitz_network(2, 4), lambda d, g, e: spatial(d)),
        "mmd": (lipschitz_network(2, 16), lambda d, g, e: mmd(d)),
        "modes": (network(2, 1), modes),
    }
    found = {}
    for name, (discriminator, family) in families.items():
        generator, encoder = network(CODE, 2), network(2, CODE)
        step = family(discriminator, generator, encoder)
        found[name] = list(train(discriminator, generator, encoder, step, steps))
    return found


if __name__ == "__main__":
    torch.manual_seed(0)
    for name, history in run_all(int(sys.argv[1]) if len(sys.argv) > 1 else 200).items():
        discriminator_loss, generator_loss = history[-1]
        print(f"{name:8}  discriminator {discriminator_loss:8.4f}   generator {generator_loss:8.4f}")
