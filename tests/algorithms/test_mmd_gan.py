"""MMD-GAN against sums over pairs written out by hand in double precision."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from equipoise.algorithms.mmd_gan import MMDGAN
from equipoise.algorithms.penalties import Penalty

SHAPE = (1, 4, 4)
Kernel = Callable[[Tensor], Tensor]


@pytest.fixture
def two(player: Callable[..., nn.Module]) -> dict[str, nn.Module]:
    return {
        "generator": player("mlp-generator", latent_size=3, image_shape=SHAPE, hidden=(7,)),
        "discriminator": player(
            "mlp-discriminator", seed=1, image_shape=SHAPE, hidden=(9,), activation_name="tanh", output_size=3
        ),
    }


def mean_kernel(left: Tensor, right: Tensor, kernel: Kernel, low: float = 0.0, high: float = math.inf) -> Tensor:
    """The mean over all pairs i != j."""
    count = len(left)
    distances = [((left[i] - right[j]) ** 2).sum() for i in range(count) for j in range(count) if i != j]
    return torch.stack([kernel(distance.clamp(low, high)) for distance in distances]).sum() / (count * (count - 1))


def gaussian(distance: Tensor) -> Tensor:
    return torch.exp(-distance / 2)


def quadratic(distance: Tensor) -> Tensor:
    return sum(((1 + distance / (2 * alpha)) ** -alpha for alpha in (0.2, 1.0)), torch.zeros(()))


def plain_mmd(real: Tensor, fake: Tensor, kernel: Kernel = gaussian) -> Tensor:
    return mean_kernel(real, real, kernel) + mean_kernel(fake, fake, kernel) - 2 * mean_kernel(real, fake, kernel)


def plain_loss(real: Tensor, fake: Tensor, repulsion: float, kernel: Kernel = gaussian) -> Tensor:
    return (
        repulsion * mean_kernel(real, real, kernel)
        - (repulsion - 1) * mean_kernel(real, fake, kernel)
        - mean_kernel(fake, fake, kernel)
    )


@pytest.mark.parametrize("repulsion", [-1.0, -0.5, 0.0, 0.5, 1.0, 2.0])
def test_the_simultaneous_step(repulsion: float, two: Any, draw: Any, play: Any, same_gradients: Any) -> None:
    dealt, judge = draw(*SHAPE), two["discriminator"]
    outcome = play(MMDGAN(repulsion=repulsion, iterations=1), "both", two, dealt)
    real, fake = judge(dealt.real), judge(two["generator"](dealt.latent()))
    same_gradients(outcome.losses["discriminator"], plain_loss(real, fake, repulsion), judge)
    same_gradients(outcome.losses["generator"], plain_mmd(real, fake), two["generator"])


@pytest.mark.parametrize("repulsion", [-1.0, 1.0])
def test_the_alternating_steps(repulsion: float, two: Any, draw: Any, play: Any, same_gradients: Any) -> None:
    dealt, judge = draw(*SHAPE), two["discriminator"]
    algorithm = MMDGAN(
        repulsion=repulsion, kernel="rational-quadratic", widths=(0.2, 1.0), update="alternating", iterations=1
    )
    found = play(algorithm, "discriminator", two, dealt).losses["discriminator"]
    fake = two["generator"](dealt.latent()).detach()
    same_gradients(found, plain_loss(judge(dealt.real), judge(fake), repulsion, quadratic), judge)
    found = play(algorithm, "generator", two, dealt).losses["generator"]
    fake = two["generator"](dealt.latent())
    same_gradients(found, plain_mmd(judge(dealt.real), judge(fake), quadratic), two["generator"])


def test_bounds_hold_for_the_discriminator_only(two: Any, draw: Any, play: Any, same_gradients: Any) -> None:
    dealt, judge = draw(*SHAPE), two["discriminator"]
    for parameter in judge.parameters():
        parameter.data *= 3
    outcome = play(MMDGAN(bounds=(0.25, 4.0), iterations=1), "both", two, dealt)
    real, fake = judge(dealt.real), judge(two["generator"](dealt.latent()))
    expected = mean_kernel(real, real, gaussian, high=4.0) - mean_kernel(fake, fake, gaussian, low=0.25)
    assert not torch.allclose(expected, plain_loss(real, fake, 1.0))
    same_gradients(outcome.losses["discriminator"], expected, judge)
    same_gradients(outcome.losses["generator"], plain_mmd(real, fake), two["generator"])


@pytest.mark.parametrize(("code_compat", "cross_high"), [(False, 4.0), (True, math.inf)])
def test_the_authors_code_spares_the_cross_term(
    code_compat: bool, cross_high: float, two: Any, draw: Any, play: Any, same_gradients: Any
) -> None:
    dealt, judge = draw(*SHAPE), two["discriminator"]
    for parameter in judge.parameters():
        parameter.data *= 3
    algorithm = MMDGAN(repulsion=-1.0, bounds=(0.25, 4.0), code_compat=code_compat, iterations=1)
    outcome = play(algorithm, "both", two, dealt)
    real, fake = judge(dealt.real), judge(two["generator"](dealt.latent()))
    contracted = mean_kernel(real, real, gaussian, low=0.25) + mean_kernel(fake, fake, gaussian, low=0.25)
    expected = 2 * mean_kernel(real, fake, gaussian, high=cross_high) - contracted
    same_gradients(outcome.losses["discriminator"], expected, judge)


def plain_squared_jacobians(judge: nn.Module, images: Tensor) -> Tensor:
    """Of each sample, one output after another."""
    found = []
    for image in images:
        single = image[None].clone().requires_grad_()
        outputs = judge(single)[0]
        rows = [torch.autograd.grad(output, single, create_graph=True)[0] for output in outputs]
        found.append(sum(((row**2).sum() for row in rows), torch.zeros(())))
    return torch.stack(found)


@pytest.mark.parametrize("update", ["simultaneous", "alternating"])
@pytest.mark.parametrize(("scale", "repulsion", "shift"), [("scaled-mmd", -1.0, 0.0), ("scaled-repulsive", 1.0, 1.0)])
def test_scaled_losses(
    scale: Any, repulsion: float, shift: float, update: Any, two: Any, draw: Any, play: Any, same_gradients: Any
) -> None:
    dealt, judge = draw(*SHAPE), two["discriminator"]
    algorithm = MMDGAN(repulsion=repulsion, scale=scale, scale_weight=0.3, update=update, iterations=1)
    name = "both" if update == "simultaneous" else "discriminator"
    found = play(algorithm, name, two, dealt).losses["discriminator"]
    real, fake = judge(dealt.real), judge(two["generator"](dealt.latent()))
    quotient = 1 + 0.3 * plain_squared_jacobians(judge, dealt.real).mean()
    same_gradients(found, (plain_loss(real, fake, repulsion) - shift) / quotient, judge)


def test_the_penalty_counts_the_whole_jacobian(two: Any, draw: Any, play: Any, same_gradients: Any) -> None:
    dealt, judge = draw(*SHAPE), two["discriminator"]
    found = play(MMDGAN(penalties=(Penalty("wgan-gp", 2.0),), iterations=1), "both", two, dealt)
    fake = two["generator"](dealt.latent()).detach()
    mixing = dealt.uniform("interpolation").reshape(-1, 1, 1, 1)
    norms = plain_squared_jacobians(judge, mixing * dealt.real + (1 - mixing) * fake).sqrt()
    expected = plain_loss(judge(dealt.real), judge(fake), 1.0) + 2 * ((norms - 1) ** 2).mean()
    same_gradients(found.losses["discriminator"], expected, judge)


@pytest.mark.parametrize("repulsion", [-1.0, 0.5, 1.0])
def test_a_constant_discriminator_has_no_loss(repulsion: float, two: Any, draw: Any, play: Any) -> None:
    for parameter in two["discriminator"].parameters():
        parameter.data.zero_()
    outcome = play(MMDGAN(repulsion=repulsion, iterations=1), "both", two, draw(*SHAPE))
    assert outcome.losses["discriminator"].item() == pytest.approx(0, abs=1e-14)
    assert outcome.losses["generator"].item() == pytest.approx(0, abs=1e-14)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"widths": ()}, "bandwidths"),
        ({"kernel": "rational-quadratic", "widths": (0.0,)}, "alphas"),
        ({"bounds": (4.0, 0.25)}, "bounds"),
        ({"scale_weight": -1.0}, "scale_weight"),
        ({"discriminator_steps": 2}, "exactly one"),
    ],
)
def test_impossible_settings_are_refused(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        MMDGAN(iterations=1, **fields)
