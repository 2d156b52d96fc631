"""An image tokenizer with a patch discriminator: no adversary, hinge, and hinge with LGA.

Crops of photographs become a grid of 8 x 8 tokens, six digits of eight levels each (finite scalar quantisation, Mentzer
et al. 2023), and are decoded from them. The adversary's weight is VQGAN's adaptive one. It starts late, when the
reconstruction is rough but recognisable.

python -m examples.other_loops.image_tokenizer --figure tokenizer.png      about two minutes on one core
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from equipoise.losses import AdversarialHead, WarmUp
from examples.other_loops.photographs import crops, decibels, photographs, sharpness
from examples.other_loops.saving import carry_out

SIZE, BATCH, CODE = 32, 16, 6
WAYS: dict[str, dict[str, Any]] = {
    "no adversary": {"weight": 0.0},
    "hinge": {"weight": 0.5},
    "hinge, LGA margin": {"weight": 0.5, "amplifier": "margin"},
}


def rounded(codes: Tensor) -> Tensor:
    """Finite scalar quantisation: eight levels in [-1, 1], with the gradient passed straight through."""
    bounded = codes.tanh()
    return bounded + (((bounded * 3.5 - 0.5).round() + 0.5) / 3.5 - bounded).detach()


def networks() -> tuple[nn.Sequential, ...]:
    encoder = nn.Sequential(
        nn.Conv2d(3, 32, 4, 2, 1), nn.SiLU(), nn.Conv2d(32, 64, 4, 2, 1), nn.SiLU(), nn.Conv2d(64, CODE, 3, 1, 1)
    )
    decoder = nn.Sequential(
        nn.Conv2d(CODE, 64, 3, 1, 1), nn.SiLU(), nn.ConvTranspose2d(64, 48, 4, 2, 1), nn.SiLU(),
        nn.ConvTranspose2d(48, 32, 4, 2, 1), nn.SiLU(), nn.Conv2d(32, 3, 3, 1, 1), nn.Tanh(),
    )  # fmt: skip
    discriminator = nn.Sequential(
        nn.Conv2d(3, 32, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(32, 64, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(64, 1, 3)
    )
    return encoder, decoder, discriminator


def train(steps: int, seed: int, **options: Any) -> nn.ModuleList:
    torch.manual_seed(seed)
    encoder, decoder, discriminator = networks()
    generator = nn.ModuleList([encoder, decoder])
    head = AdversarialHead("hinge", warm_up=WarmUp(start=steps // 3, ramp=steps // 10), **options)
    adam = torch.optim.Adam(generator.parameters(), 1e-3, (0.5, 0.9))
    adversary = torch.optim.Adam(discriminator.parameters(), 1e-3, (0.5, 0.9))
    pictures, last_layer = photographs(), next(decoder[-2].parameters())
    for step in range(steps):
        real = crops(pictures, BATCH, SIZE, seed, step)
        fake = decoder(rounded(encoder(real)))
        reconstruction = loss = (fake - real).abs().mean()
        if head.weight and not head.waiting:
            losses = head.generator_losses(discriminator(fake), reference=reconstruction, last_layer=last_layer)
            loss = loss + sum(losses.values())
        adam.zero_grad()
        loss.backward()
        adam.step()
        if head.weight and not head.waiting:
            adversary.zero_grad()
            head.discriminator_loss(discriminator(real), discriminator(fake.detach())).backward()
            adversary.step()
        head.advance()
    return generator


@torch.no_grad()
def reconstructed(generator: nn.ModuleList, images: Tensor) -> Tensor:
    encoder, decoder = generator
    made: Tensor = decoder(rounded(encoder(images)))
    return made


def run(steps: int, seed: int) -> dict[str, Any]:
    originals = crops(photographs(), 64, SIZE, 0, 0, held_out=True)
    found: dict[str, Any] = {"_originals": originals}
    for way, options in WAYS.items():
        images = reconstructed(train(steps, seed, **options), originals)
        found[way] = {"decibels": decibels(images, originals), "sharpness": sharpness(images, originals)}
        found[f"_{way}"] = images
    return found


def draw(found: dict[str, Any], path: Path) -> None:
    from matplotlib import pyplot as plt

    figure, rows = plt.subplots(1 + len(WAYS), 1, figsize=(7.2, 3.9), layout="constrained")
    for axes, name in zip(rows, ["originals", *WAYS], strict=True):
        strip = functional.pad(found[f"_{name}"][:10], (1, 1, 1, 1), value=1.0)
        axes.imshow((torch.cat(list(strip), dim=2).permute(1, 2, 0) + 1) / 2)
        axes.set_title(name, fontsize=8)
        axes.axis("off")
    figure.savefig(path, dpi=100)


def main() -> None:
    carry_out(str(__doc__), run, draw, steps=300, seeds=(0, 1, 2))


if __name__ == "__main__":
    main()
