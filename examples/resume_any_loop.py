"""A GAN in a plain PyTorch loop that may be killed at any moment: started again, it ends bit for bit the same.

Run it:  python examples/resume_any_loop.py [folder] [steps]     Kill it, and run it again.
"""

import math
import sys
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from equipoise.losses import hinge_discriminator_loss, hinge_generator_loss
from equipoise.training import Bundle, DataOrder


def ring(count: int = 1_000) -> Tensor:
    """Points [count, 2] around eight places on a circle, always the same ones."""
    chance = torch.Generator().manual_seed(0)
    angles = torch.randint(8, (count,), generator=chance) * (math.pi / 4)
    return torch.stack([angles.cos(), angles.sin()], dim=1) + 0.05 * torch.randn(count, 2, generator=chance)


def train(folder: Path, steps: int) -> nn.Module:
    """Train to the end, from wherever the folder's checkpoints stand. Returns: the generator."""
    torch.manual_seed(0)
    generator = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 2))
    discriminator = nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(0.2), nn.Dropout(0.1), nn.Linear(32, 1))
    optimisers = [torch.optim.Adam(each.parameters(), lr=1e-3, betas=(0.5, 0.9)) for each in (generator, discriminator)]
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimisers[0], gamma=0.95)
    points = TensorDataset(ring())
    order = DataOrder(len(points), seed=0)
    loader = DataLoader(points, batch_size=64, sampler=order)

    parts = {"generator": generator, "discriminator": discriminator, "schedule": schedule, "order": order}
    parts |= {"generator optimiser": optimisers[0], "discriminator optimiser": optimisers[1]}
    bundle = Bundle(folder, parts, values={"losses": []})
    step = bundle.restore() or 0

    while step < steps:
        for (real,) in order.over(loader):
            fake = generator(torch.randn(len(real), 4))
            loss = hinge_discriminator_loss(discriminator(real), discriminator(fake.detach()))
            optimisers[1].zero_grad()
            loss.backward()
            optimisers[1].step()

            optimisers[0].zero_grad()
            hinge_generator_loss(discriminator(fake)).backward()
            optimisers[0].step()

            step += 1
            bundle.values["losses"].append(loss.item())
            if step % 10 == 0 or step == steps:
                bundle.save(step)
            if step == steps:
                break
        else:
            schedule.step()
    return generator


if __name__ == "__main__":
    place = Path(sys.argv[1] if len(sys.argv) > 1 else "resumable")
    trained = train(place, int(sys.argv[2]) if len(sys.argv) > 2 else 2_000)
    total = sum(parameter.double().sum().item() for parameter in trained.parameters())
    print(f"The checkpoints are in {place}; the generator's weights add up to {total}")
