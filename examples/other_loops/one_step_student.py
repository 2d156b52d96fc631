"""A one-step generator distilled from a flow that takes 32 steps, on the handwritten digits of scikit-learn.

The teacher learns a velocity field by flow matching. The student learns to give from the same noise, in one step, what
the teacher arrives at; a discriminator on real digits makes up for what the mean error blurs. Its penalty needs no
double backward, as is usual where the networks of such a distillation are large.

python -m examples.other_loops.one_step_student --figure students.png      about a minute and a half on one core
"""

from pathlib import Path
from typing import Any

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn

from equipoise.common.random import stream
from equipoise.constraints import lazy_weight, r1_by_differences
from equipoise.losses import AdversarialHead, WarmUp, squared_mmd
from equipoise.losses.kernels import GaussianKernel
from examples.other_loops.saving import carry_out

PIXELS, BATCH, EULER_STEPS, PAIRS = 64, 128, 32, 4096
KERNEL = GaussianKernel((2.0, 4.0))


class Velocity(nn.Module):
    """v(x, t): from points [batch, 64] and times [batch, 1] to velocities."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = network(PIXELS + 3, 384, PIXELS)

    def forward(self, points: Tensor, times: Tensor) -> Tensor:
        """The velocities [batch, 64]."""
        found: Tensor = self.layers(torch.cat([points, times, (6.3 * times).sin(), (6.3 * times).cos()], dim=1))
        return found


def network(inputs: int, width: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(),
        nn.Linear(width, width), nn.SiLU(), nn.Linear(width, outputs),
    )  # fmt: skip


def digits() -> tuple[Tensor, Tensor]:
    """Images in [-1, 1] to train on, and held-out ones."""
    images = torch.from_numpy(load_digits().data).float() / 8 - 1
    order = torch.randperm(len(images), generator=stream(0, "split"))
    return images[order[:1400]], images[order[1400:]]


def batch(images: Tensor, purpose: str, seed: int, step: int) -> Tensor:
    return images[torch.randint(len(images), (BATCH,), generator=stream(seed, purpose, step))]


def teacher(images: Tensor, steps: int, seed: int) -> Velocity:
    """Flow matching: on the straight line from noise to data the velocity is their difference."""
    velocity = Velocity()
    adam = torch.optim.Adam(velocity.parameters(), 1e-3)
    for step in range(steps):
        chance = stream(seed, "teacher", step)
        data, noise = batch(images, "teacher data", seed, step), torch.randn(BATCH, PIXELS, generator=chance)
        times = torch.rand(BATCH, 1, generator=chance)
        loss = (velocity((1 - times) * noise + times * data, times) - (data - noise)).square().mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
    return velocity


@torch.no_grad()
def flowed(velocity: Velocity, noise: Tensor, count: int) -> Tensor:
    for step in range(count):
        times = torch.full((len(noise), 1), step / count)
        noise = noise + velocity(noise, times) / count
    return noise.clamp(-1, 1)


def student(noise: Tensor, targets: Tensor, images: Tensor, steps: int, seed: int, weight: float) -> nn.Module:
    made, discriminator = network(PIXELS, 384, PIXELS), network(PIXELS, 256, 1)
    head = AdversarialHead("non-saturating", weight=weight, warm_up=WarmUp(start=steps // 4))
    adam = torch.optim.Adam(made.parameters(), 1e-3, (0.5, 0.99))
    adversary = torch.optim.Adam(discriminator.parameters(), 1e-3, (0.5, 0.99))
    for step in range(steps):
        chosen = torch.randint(len(noise), (BATCH,), generator=stream(seed, "pairs", step))
        fake = made(noise[chosen])
        loss = (fake - targets[chosen]).square().mean()
        adversarial = weight > 0 and not head.waiting
        if adversarial:
            loss = loss + sum(head.generator_losses(discriminator(fake)).values())
        adam.zero_grad()
        loss.backward()
        adam.step()
        if adversarial:
            real = batch(images, "student data", seed, step)
            against = head.discriminator_loss(discriminator(real), discriminator(fake.detach()))
            if penalty := lazy_weight(1.0, step, every=4):
                against = against + penalty * r1_by_differences(discriminator, real)
            adversary.zero_grad()
            against.backward()
            adversary.step()
        head.advance()
    return made.requires_grad_(False)


def run(steps: int, seed: int) -> dict[str, Any]:
    torch.manual_seed(seed)
    images, held_out = digits()
    velocity = teacher(images, 2 * steps, seed)
    noise = torch.randn(PAIRS, PIXELS, generator=stream(seed, "noise"))
    targets = flowed(velocity, noise, EULER_STEPS)
    fresh = torch.randn(len(held_out), PIXELS, generator=stream(seed, "fresh noise"))
    samples = {
        "teacher, 32 steps": flowed(velocity, fresh, EULER_STEPS),
        "teacher, 1 step": flowed(velocity, fresh, 1),
        "student, error alone": student(noise, targets, images, steps, seed, 0.0)(fresh).clamp(-1, 1),
        "student, with adversary": student(noise, targets, images, steps, seed, 0.05)(fresh).clamp(-1, 1),
    }
    found: dict[str, Any] = {
        name: {"1000 MMD^2": 1000 * squared_mmd(held_out, each, KERNEL).item()} for name, each in samples.items()
    }
    found["real digits"] = {"1000 MMD^2": 1000 * squared_mmd(held_out, images[: len(held_out)], KERNEL).item()}
    return found | {"_samples": samples | {"real digits": held_out}}


def draw(found: dict[str, Any], path: Path) -> None:
    from matplotlib import pyplot as plt

    figure, rows = plt.subplots(len(found["_samples"]), 1, figsize=(6.4, 4.4), layout="constrained")
    for axes, (name, images) in zip(rows, found["_samples"].items(), strict=True):
        axes.imshow(
            torch.cat(list(nn.functional.pad(images[:16].view(-1, 8, 8), (0, 1), value=-1)), dim=1), cmap="gray"
        )
        axes.set_title(name, fontsize=8)
        axes.axis("off")
    figure.savefig(path, dpi=100)


def main() -> None:
    carry_out(str(__doc__), run, draw, steps=600, seeds=(0, 1, 2))


if __name__ == "__main__":
    main()
