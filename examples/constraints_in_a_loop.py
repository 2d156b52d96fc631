"""Each constraint in a plain PyTorch loop: a critic tells two clouds of points apart, and stays Lipschitz or not.

python examples/constraints_in_a_loop.py           a few seconds on one core
"""

import torch
from torch import Tensor, nn

from equipoise.common.random import stream
from equipoise.constraints import (
    SpectralNorm,
    WeightClip,
    gradient_penalty,
    interpolate,
    r1_penalty,
    spectral_norms,
)

SEED, BATCH = 0, 64


def clouds(step: int) -> tuple[Tensor, Tensor]:
    points = 0.3 * torch.randn(2, BATCH, 2, generator=stream(SEED, "points", step))
    return points[0] + 1, points[1] - 1


def no_penalty(critic: nn.Module, real: Tensor, fake: Tensor, step: int) -> Tensor:
    return real.new_zeros(())


def wgan_gp(critic: nn.Module, real: Tensor, fake: Tensor, step: int) -> Tensor:
    mixing = torch.rand(BATCH, generator=stream(SEED, "interpolation", step))
    return 10 * gradient_penalty(critic, interpolate(real, fake, mixing))


def r1(critic: nn.Module, real: Tensor, fake: Tensor, step: int) -> Tensor:
    return 10 * r1_penalty(critic, real)


WAYS = {
    "nothing": (None, no_penalty),
    "spectral norm": (SpectralNorm("matrix"), no_penalty),
    "weight clipping": (WeightClip(0.05), no_penalty),
    "gradient penalty": (None, wgan_gp),
    "R1": (None, r1),
}


def train(name: str) -> None:
    constraint, penalty = WAYS[name]
    critic = nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(0.2), nn.Linear(32, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
    for position, parameter in enumerate(critic.parameters()):
        nn.init.normal_(parameter, std=0.3, generator=stream(SEED, "weights", position))
    if constraint:
        constraint.attach(critic, clouds(0)[0], stream(SEED, "power vectors"))
    optimiser = torch.optim.Adam(critic.parameters(), lr=2e-3)
    for step in range(300):
        real, fake = clouds(step)
        optimiser.zero_grad()
        loss = critic(fake).mean() - critic(real).mean() + penalty(critic, real, fake, step)
        loss.backward()
        optimiser.step()
        if constraint:
            constraint.after_step(critic)
    real, fake = clouds(300)
    points = interpolate(real, fake, torch.rand(BATCH, generator=stream(SEED, "interpolation", 300))).requires_grad_()
    (slopes,) = torch.autograd.grad(critic(points).sum(), points)
    print(f"{name:17} largest slope between the clouds {slopes.norm(dim=1).max():8.2f}", end="   ")
    print({layer: round(norm.item(), 2) for layer, norm in spectral_norms(critic).items()} or "")


if __name__ == "__main__":
    for way in WAYS:
        train(way)
