"""Missing modes, found by a third party: a discriminator trained on noisy images after the generator."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from equipoise.common.checks import check_at_least, check_whole
from equipoise.common.random import Reseedable, stream
from equipoise.common.transfer import unfilled
from equipoise.metrics.arrays import Array, as_tensor

_TEST_BATCH = 1000

Build = Callable[[tuple[int, ...], torch.Generator], nn.Module]
"""Takes the shape of one image and the generator of the weights; gives a module from images to one score each."""


@runtime_checkable
class Images(Protocol):
    """Images in [-1, 1] by index, floating-point [count, ...], for example read batch by batch."""

    def __len__(self) -> int: ...

    def __getitem__(self, indices: torch.Tensor, /) -> torch.Tensor: ...


def fully_connected_judge(shape: tuple[int, ...], generator: torch.Generator) -> nn.Module:
    """Two hidden layers of 256 leaky units on the flattened image, weights drawn from the generator."""
    inputs = torch.Size(shape).numel()
    judge = unfilled(
        lambda: nn.Sequential(
            nn.Flatten(),
            nn.Linear(inputs, 256),
            nn.LeakyReLU(0.2),
            nn.Linear(256, 256),
            nn.LeakyReLU(0.2),
            nn.Linear(256, 1),
        )
    )
    for parameter in judge.parameters():
        if parameter.ndim == 2:
            nn.init.kaiming_normal_(parameter, a=0.2, generator=generator)
        else:
            nn.init.zeros_(parameter)
    return judge


def _dense_optimiser(parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.Adam(parameters, lr=1e-3)


@dataclass(frozen=True)
class ThirdParty:
    """How the fresh discriminator is made and how it learns.

    Attributes:
        build: makes it. Of several scores for one image, as in a map, the mean counts.
        optimiser: the torch optimiser over its parameters.
        after_step: what is called with it after each step of the optimiser, as constraints ask for, or None.
    """

    build: Build = fully_connected_judge
    optimiser: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer] = _dense_optimiser
    after_step: Callable[[nn.Module], None] | None = None


DENSE = ThirdParty()
"""A small fully connected discriminator with Adam at 1e-3: quick, and blind to what convolutions see."""


@dataclass(frozen=True)
class MissingModes:
    """The third party's result for the test images.

    Attributes:
        sigma: deviation of the noise.
        counts: threshold -> test images whose mean output exceeds it: images on modes that the generator lacks.
        outputs: [test_samples] mean output in 0..1; 1 is "real", which is also "never generated".
    """

    sigma: float
    counts: dict[float, int]
    outputs: torch.Tensor


@torch.inference_mode(False)
@torch.enable_grad()
def missing_modes(
    real: Images | Array,
    generated: Images | Array,
    test: Images | Array,
    *,
    sigma: float,
    seed: int = 0,
    thresholds: Sequence[float] = (0.9, 0.95, 0.99),
    noise_draws: int = 8,
    iterations: int = 2000,
    batch_size: int = 64,
    third_party: ThirdParty = DENSE,
) -> MissingModes:
    """Count test images that a new discriminator regards as missed (Che et al. 2017, section 4.2); lower is better.

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
        third_party: the discriminator; in the paper, that of the GAN with its own settings. By default a small fully
            connected one, which is quick.
    """
    real, generated, test = _held("real", real), _held("generated", generated), _held("test", test)
    shape, device = _check_images(real, generated, test)
    check_at_least("sigma", sigma, 0)
    noise_draws, iterations = check_whole("noise_draws", noise_draws, 0), check_whole("iterations", iterations, 1)
    batch_size = check_whole("batch_size", batch_size, 1)
    with torch.autocast(device.type, enabled=False):
        judge = third_party.build(shape, stream(seed, "missing-modes/weights")).to(device)
        _train(judge, third_party, (real, generated), sigma, seed, iterations, batch_size)
        outputs = _outputs(judge, test, sigma, noise_draws, seed)
    if outputs.isnan().any():
        raise ValueError(
            "the third party's outputs are NaN: an image holds NaN or an infinity, or its training diverged."
        )
    return MissingModes(sigma, {t: int((outputs > t).sum()) for t in thresholds}, outputs)


def _train(
    judge: nn.Module,
    third_party: ThirdParty,
    sides: tuple[Images, Images],
    sigma: float,
    seed: int,
    iterations: int,
    batch_size: int,
) -> None:
    """Teach it to tell real from generated images, and leave it in evaluation mode."""
    device = next(judge.parameters()).device
    optimiser = third_party.optimiser(judge.parameters())
    for iteration in range(iterations):
        generator = stream(seed, "missing-modes/training", iteration, device)
        noisy = [_noisy(_draw(images, batch_size, generator), sigma, generator) for images in sides]
        _reseed(judge, generator)
        scores = [_logits(judge, images) for images in noisy]
        loss = functional.softplus(-scores[0]).mean() + functional.softplus(scores[1]).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if third_party.after_step is not None:
            third_party.after_step(judge)
    judge.eval()


@torch.no_grad()
def _outputs(judge: nn.Module, test: Images, sigma: float, noise_draws: int, seed: int) -> torch.Tensor:
    """The mean output for each test image, [test_samples] float64 on the CPU."""
    device, total = next(judge.parameters()).device, torch.zeros(len(test), dtype=torch.float64)
    for draw in range(max(noise_draws, 1)):
        generator = stream(seed, "missing-modes/test", draw, device)
        for places in torch.arange(len(test)).split(_TEST_BATCH):
            images = _noisy(test[places], sigma, generator) if noise_draws else test[places]
            total[places] += torch.sigmoid(_logits(judge, images)).double().cpu()
    return total / max(noise_draws, 1)


def _logits(judge: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """One score per image, [batch]."""
    scores: torch.Tensor = judge(images)
    return scores.reshape(len(images), -1).mean(dim=1)


def _draw(images: Images, count: int, generator: torch.Generator) -> torch.Tensor:
    return images[torch.randint(len(images), (count,), generator=generator, device=generator.device)]


def _noisy(images: torch.Tensor, sigma: float, generator: torch.Generator) -> torch.Tensor:
    noise = torch.randn(images.shape, generator=generator, device=images.device, dtype=images.dtype)
    return images + sigma * noise


def _reseed(judge: nn.Module, generator: torch.Generator) -> None:
    """Dropout draws its masks from this generator."""
    for module in judge.modules():
        if isinstance(module, Reseedable):
            module.reseed(generator)


def _held(name: str, side: Images | Array) -> Images:
    """An array as a tensor, in float32 as the discriminator computes; what reads batches from elsewhere as it is."""
    if isinstance(side, Images) and not isinstance(side, torch.Tensor | np.ndarray | Sequence):
        return side
    images = as_tensor(name, side)
    return images.float() if images.is_floating_point() else images


def _check_images(*sides: Images) -> tuple[tuple[int, ...], torch.device]:
    """Floating-point images of one shape on each side. Returns: that shape, and the device of the first side."""
    firsts = [side[torch.arange(min(len(side), 1))] for side in sides]
    expected = firsts[0].shape[1:]
    for name, first in zip(("real", "generated", "test"), firsts, strict=True):
        if not first.is_floating_point() or first.ndim < 2 or first.shape[1:] != expected or not len(first):
            raise ValueError(
                f"{name} must be floating-point [samples, ...] with images of {tuple(expected)},"
                f" got {first.dtype} {tuple(first.shape)}."
            )
    return tuple(expected), firsts[0].device
