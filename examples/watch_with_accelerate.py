"""Watch a GAN in a loop of Accelerate: one object, one call in each iteration, and its state in the checkpoints.

Run it:  pip install 'equipoise[accelerate]' && python examples/watch_with_accelerate.py [steps]
"""

import sys

import torch
from accelerate import Accelerator
from torch import nn
from torch.nn.functional import softplus

from equipoise.integrations.accelerate import AcceleratorMonitor
from equipoise.monitor import BalanceMonitor, HealthMonitor, Monitor


def train(steps: int, discriminator_rate: float = 1e-3, accelerator: Accelerator | None = None) -> int:
    """Train on points of a plane. Returns: the iterations until the end, or until an alarm."""
    torch.manual_seed(0)
    accelerator = accelerator or Accelerator(cpu=True)
    players = [nn.Sequential(nn.Linear(a, 32), nn.ReLU(), nn.Linear(32, b)) for a, b in ((8, 2), (2, 1))]
    rates = (1e-3, discriminator_rate)
    optimisers = [torch.optim.Adam(player.parameters(), rate) for player, rate in zip(players, rates, strict=True)]
    generator, discriminator, *optimisers = accelerator.prepare(*players, *optimisers)
    watched = AcceleratorMonitor(accelerator, Monitor(BalanceMonitor(window=20), HealthMonitor()), on_alarm="stop")

    for step in range(1, steps + 1):
        real = torch.randn(32, 2, device=accelerator.device) / 10 + 1
        fake = generator(torch.randn(32, 8, device=accelerator.device))
        real_scores, fake_scores = discriminator(real), discriminator(fake.detach())
        discriminator_loss = softplus(-real_scores).mean() + softplus(fake_scores).mean()
        optimisers[1].zero_grad()
        accelerator.backward(discriminator_loss)
        optimisers[1].step()

        generator_loss = softplus(-discriminator(fake)).mean()
        optimisers[0].zero_grad()
        accelerator.backward(generator_loss)
        optimisers[0].step()

        losses = {"generator": generator_loss, "discriminator": discriminator_loss}
        if watched.step(real_scores=real_scores, fake_scores=fake_scores, losses=losses):
            return step
    return steps


if __name__ == "__main__":
    print(f"Ended after {train(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000, discriminator_rate=1e-6)} iterations.")
