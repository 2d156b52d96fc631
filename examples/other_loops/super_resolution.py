"""Fourfold super-resolution of photographs: mean absolute error alone, and with a patch discriminator beside it.

The discriminator scores patches with the relativistic pairing, and its features of the sharp image and of the enlarged
one are matched.

python -m examples.other_loops.super_resolution --figure enlarged.png      about one minute on one core
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from equipoise.constraints import lazy_weight, r1_penalty
from equipoise.losses import AdversarialHead, WarmUp
from examples.other_loops.photographs import crops, decibels, photographs, sharpness
from examples.other_loops.saving import carry_out

SIZE, BATCH = 48, 8
WAYS = {"error alone": 0.0, "with a discriminator": 1.0}


class Enlarger(nn.Module):
    """A bicubic enlargement, and what a residual network adds to it."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 32, 3, 1, 1)
        self.blocks = nn.ModuleList(
            [nn.Sequential(nn.Conv2d(32, 32, 3, 1, 1), nn.ReLU(), nn.Conv2d(32, 32, 3, 1, 1)) for _ in range(4)]
        )
        self.last = nn.Sequential(
            nn.Conv2d(32, 128, 3, 1, 1), nn.PixelShuffle(2), nn.ReLU(), nn.Conv2d(32, 12, 3, 1, 1)
        )

    def forward(self, small: Tensor) -> Tensor:
        """Images [batch, 3, n, n] -> [batch, 3, 4 n, 4 n]."""
        values = self.first(small)
        for block in self.blocks:
            values = values + block(values)
        return bicubic(small) + functional.pixel_shuffle(self.last(values), 2)


class Discriminator(nn.Module):
    """Patch scores [batch, 1, n, n] and the activations before them."""

    def __init__(self) -> None:
        super().__init__()
        sides = ((3, 24, 1), (24, 32, 2), (32, 48, 2))
        self.layers = nn.ModuleList([nn.Conv2d(one, other, 3, stride, 1) for one, other, stride in sides])
        self.scores = nn.Conv2d(48, 1, 3)

    def forward(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Scores and features of images."""
        features = []
        for layer in self.layers:
            images = functional.leaky_relu(layer(images), 0.2)
            features.append(images)
        return self.scores(images), features


def bicubic(small: Tensor) -> Tensor:
    return functional.interpolate(small, scale_factor=4, mode="bicubic", align_corners=False)


def shrunk(images: Tensor) -> Tensor:
    return functional.avg_pool2d(images, 4)


def train(steps: int, seed: int, weight: float) -> Enlarger:
    torch.manual_seed(seed)
    enlarger, discriminator = Enlarger(), Discriminator()
    head = AdversarialHead("relativistic", weight=weight, feature_weight=weight / 10, warm_up=WarmUp(start=steps // 4))
    adam = torch.optim.Adam(enlarger.parameters(), 1e-3)
    adversary = torch.optim.Adam(discriminator.parameters(), 1e-3, (0.5, 0.99))
    pictures, last_layer = photographs(), next(enlarger.last[-1].parameters())
    for step in range(steps):
        real = crops(pictures, BATCH, SIZE, seed, step)
        fake = enlarger(shrunk(real))
        error = loss = (fake - real).abs().mean()
        adversarial = weight > 0 and not head.waiting
        if adversarial:
            real_scores, real_features = discriminator(real)
            fake_scores, fake_features = discriminator(fake)
            losses = head.generator_losses(
                fake_scores,
                real_scores.detach(),
                fake_features=fake_features,
                real_features=real_features,
                reference=error,
                last_layer=last_layer,
            )
            loss = loss + sum(losses.values())
        adam.zero_grad()
        loss.backward()
        adam.step()
        if adversarial:
            against = head.discriminator_loss(discriminator(real)[0], discriminator(fake.detach())[0])
            if penalty := lazy_weight(0.2, step, every=8):
                against = against + penalty * r1_penalty(lambda images: discriminator(images)[0], real)
            adversary.zero_grad()
            against.backward()
            adversary.step()
        head.advance()
    return enlarger


def run(steps: int, seed: int) -> dict[str, Any]:
    originals = crops(photographs(), 16, 96, 0, 0, held_out=True)
    images = {"bicubic": bicubic(shrunk(originals))}
    for way, weight in WAYS.items():
        images[way] = train(steps, seed, weight).requires_grad_(False)(shrunk(originals)).clamp(-1, 1)
    found: dict[str, Any] = {
        way: {"decibels": decibels(each, originals), "sharpness": sharpness(each, originals)}
        for way, each in images.items()
    }
    return found | {"_images": images | {"original": originals}}


def draw(found: dict[str, Any], path: Path) -> None:
    from matplotlib import pyplot as plt

    figure, rows = plt.subplots(2, len(found["_images"]), figsize=(7.2, 3.8), layout="constrained")
    for row, place in zip(rows, (4, 1), strict=True):
        for axes, (name, images) in zip(row, found["_images"].items(), strict=True):
            axes.imshow(((images[place].permute(1, 2, 0) + 1) / 2).clamp(0, 1))
            axes.set_title(name, fontsize=8)
            axes.axis("off")
    figure.savefig(path, dpi=100)


def main() -> None:
    carry_out(str(__doc__), run, draw, steps=600, seeds=(0,))


if __name__ == "__main__":
    main()
