"""Missing modes, as a third party sees them: a discriminator trained on noisy images after the generator is done."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from equipoise.common.random import stream

_TEST_BATCH = 1000

Build = Callable[[tuple[int, ...], torch.Generator], nn.Module]
"""Takes the shape of one image and the generator of the weights; gives a module from images to one logit each."""


@dataclass(frozen=True)
class MissingModes:
    """What the third party says of the test images.

    Attributes:
        sigma: deviation of the noise.
        counts: threshold -> test images whose mean output exceeds it: images on modes that the generator lacks.
        outputs: [test_samples] mean output in 0..1; 1 is "real", which is also "never generated".
    """

    sigma: float
    counts: dict[float, int]
    outputs: torch.Tensor


def missing_modes(
    real: torch.Tensor,
    generated: torch.Tensor,
    test: torch.Tensor,
    *,
    sigma: float,
    seed: int = 0,
    thresholds: Sequence[float] = (0.9, 0.95, 0.99),
    noise_draws: int = 8,
    iterations: int = 2000,
    batch_size: int = 64,
    learning_rate: float = 1e-3,
    build: Build | None = None,
) -> MissingModes:
    """Count test images that a fresh noisy discriminator is sure were never generated (Che et al. 2017, section 4.2.1).

        D* = p_data / (p_data + p_generated), both blurred by N(0, sigma^2 I); near 1 where the generator lacks a mode

    The paper prints D* the other way round; with real images labelled 1 this is the optimum that fits its text. It
    names no threshold, so several are counted; it does not say whether noise is added at test time, so the output is
    the mean over `noise_draws` draws, or that of the clean image for 0.

    Args:
        real: [samples, ...] training images in [-1, 1].
        generated: [generated_samples, ...] in [-1, 1].
        test: [test_samples, ...] real images that nobody trained on, in [-1, 1].
        sigma: 3.5 and 4.0 in the paper, for 64x64 colour images in [-1, 1]; distances between images grow with the
            root of the number of pixels, so smaller images ask for a smaller sigma.
        seed: of weights, batches and noise; the result is a function of the arguments.
        thresholds: outputs above which a test image counts.
        noise_draws: noisy copies of each test image.
        iterations: training steps.
        batch_size: images of each kind per step.
        learning_rate: Adam's.
        build: makes the discriminator; a fully connected one by default.
    """
    _check_images(real, generated, test)
    if sigma < 0 or noise_draws < 0 or iterations < 1:
        raise ValueError(
            f"expected sigma >= 0, noise_draws >= 0, iterations >= 1; got {sigma}, {noise_draws}, {iterations}."
        )
    shape = tuple(real.shape[1:])
    judge = (build or fully_connected_judge)(shape, stream(seed, "missing-modes/weights")).to(real.device)
    optimiser = torch.optim.Adam(judge.parameters(), lr=learning_rate)
    for iteration in range(iterations):
        generator = stream(seed, "missing-modes/training", iteration, real.device)
        noisy = [_noisy(_draw(images, batch_size, generator), sigma, generator) for images in (real, generated)]
        loss = functional.softplus(-judge(noisy[0])).mean() + functional.softplus(judge(noisy[1])).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    judge.eval()
    outputs = _outputs(judge, test, sigma, noise_draws, seed)
    return MissingModes(sigma, {t: int((outputs > t).sum()) for t in thresholds}, outputs)


def fully_connected_judge(shape: tuple[int, ...], generator: torch.Generator) -> nn.Module:
    """Two hidden layers of 256 leaky units on the flattened image, weights drawn from the generator."""
    inputs = torch.Size(shape).numel()
    with torch.device("meta"):
        judge = nn.Sequential(
            nn.Flatten(),
            nn.Linear(inputs, 256),
            nn.LeakyReLU(0.2),
            nn.Linear(256, 256),
            nn.LeakyReLU(0.2),
            nn.Linear(256, 1),
        )
    judge = judge.to_empty(device="cpu")
    for parameter in judge.parameters():
        if parameter.ndim == 2:
            nn.init.kaiming_normal_(parameter, a=0.2, generator=generator)
        else:
            nn.init.zeros_(parameter)
    return judge


def _outputs(judge: nn.Module, test: torch.Tensor, sigma: float, noise_draws: int, seed: int) -> torch.Tensor:
    with torch.no_grad():
        if noise_draws == 0:
            return _probability(judge, test)
        total = torch.zeros(len(test), dtype=torch.float64)
        for draw in range(noise_draws):
            total += _probability(judge, _noisy(test, sigma, stream(seed, "missing-modes/test", draw, test.device)))
        return total / noise_draws


def _probability(judge: nn.Module, images: torch.Tensor) -> torch.Tensor:
    parts = [torch.sigmoid(judge(part)).reshape(len(part)) for part in images.split(_TEST_BATCH)]
    return torch.cat(parts).double().cpu()


def _draw(images: torch.Tensor, count: int, generator: torch.Generator) -> torch.Tensor:
    return images[torch.randint(len(images), (count,), generator=generator, device=images.device)]


def _noisy(images: torch.Tensor, sigma: float, generator: torch.Generator) -> torch.Tensor:
    noise = torch.randn(images.shape, generator=generator, device=images.device, dtype=images.dtype)
    return images + sigma * noise


def _check_images(real: torch.Tensor, generated: torch.Tensor, test: torch.Tensor) -> None:
    for name, images in (("real", real), ("generated", generated), ("test", test)):
        if not images.is_floating_point() or images.ndim < 2 or images.shape[1:] != real.shape[1:] or not len(images):
            raise ValueError(
                f"{name} must be floating-point [samples, ...] with images of {tuple(real.shape[1:])},"
                f" got {images.dtype} {tuple(images.shape)}."
            )
