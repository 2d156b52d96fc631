"""Watch a GAN in a plain loop: ten lines more than the loop needs without.

Run it:  python examples/watch_a_plain_loop.py [steps] [discriminator's learning rate]
"""

import sys
from math import tau

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from equipoise.monitor import BalanceMonitor, HealthMonitor, Monitor, VarietyMonitor

BATCH, LATENT = 64, 8


def ring(count: int) -> Tensor:
    """Points near one of eight places on a circle: [count, 2]."""
    angles = torch.randint(8, (count,)) * tau / 8
    return torch.stack([angles.cos(), angles.sin()], dim=1) + 0.05 * torch.randn(count, 2)


def network(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, 64), nn.ReLU(), nn.Linear(64, outputs))


def train(steps: int = 400, discriminator_rate: float = 1e-3) -> list[str]:
    """Train, and return what the monitor said."""
    torch.manual_seed(0)
    generator, discriminator = network(LATENT, 2), network(2, 1)
    optimisers = [
        torch.optim.Adam(player.parameters(), rate)
        for player, rate in ((generator, 1e-3), (discriminator, discriminator_rate))
    ]
    monitor = Monitor(BalanceMonitor(window=20), HealthMonitor(), VarietyMonitor(ring(256), ring(256), total=steps))
    said = []
    for step in range(1, steps + 1):
        real, fake = ring(BATCH), generator(torch.randn(BATCH, LATENT))
        real_scores, fake_scores = discriminator(real), discriminator(fake.detach())
        discriminator_loss = softplus(-real_scores).mean() + softplus(fake_scores).mean()
        update(optimisers[1], discriminator_loss)
        generator_loss = softplus(-discriminator(fake)).mean()
        update(optimisers[0], generator_loss)

        losses = {"generator": generator_loss, "discriminator": discriminator_loss}
        monitor.update(step, real_scores=real_scores, fake_scores=fake_scores, losses=losses, samples=fake)
        if step % 50 == 0:
            said += [str(alarm) for alarm in monitor.report().alarms]
    return said


def update(optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


if __name__ == "__main__":
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    rate = float(sys.argv[2]) if len(sys.argv) > 2 else 1e-6
    print("\n".join(train(steps, rate)) or "No alarm.")
