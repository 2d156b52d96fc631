"""R3GAN's networks against a second implementation in float64, from the formulas of the paper's code."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from equipoise.common.errors import EquipoiseError
from equipoise.common.random import stream
from equipoise.experiments.experiment import network
from equipoise.networks import R3GANDiscriminator, R3GANGenerator, build
from equipoise.networks.r3gan import WIDTHS, InvertedBottleneck, _doubled, _halved

TAPS = np.convolve([1, 2, 1], [1, 1]) / 8


def up(maps: Tensor) -> Tensor:
    """Zeros between the pixels, then the filter [1, 3, 3, 1] with zeros beyond the border."""
    batch, channels, height, width = maps.shape
    spread = maps.new_zeros(batch, channels, 2 * height, 2 * width)
    spread[:, :, ::2, ::2] = maps
    return filtered(functional.pad(spread, (2, 1, 2, 1))) * 4


def down(maps: Tensor) -> Tensor:
    return filtered(functional.pad(maps, (1, 1, 1, 1)))[:, :, ::2, ::2]


def filtered(maps: Tensor) -> Tensor:
    kernel = torch.from_numpy(np.outer(TAPS, TAPS))
    return functional.conv2d(maps.flatten(0, 1)[:, None], kernel[None, None]).unflatten(0, maps.shape[:2]).squeeze(2)


def block(maps: Tensor, weights: list[Tensor]) -> Tensor:
    first, bias, grouped, bias2, last = weights
    hidden = torch.einsum("oi,bihw->bohw", first[:, :, 0, 0], maps) + bias[:, None, None]
    hidden = functional.leaky_relu(hidden, 0.2)
    pieces = zip(hidden.split(grouped.shape[1], 1), grouped.split(grouped.shape[1], 0), strict=True)
    hidden = torch.cat([functional.conv2d(some, kernel, padding=1) for some, kernel in pieces], 1)
    hidden = functional.leaky_relu(hidden + bias2[:, None, None], 0.2)
    return maps + torch.einsum("oi,bihw->bohw", last[:, :, 0, 0], hidden)


def drawn(kind: type[Any], **options: Any) -> Any:
    """The network in float64, with no weight at 0."""
    made = build(kind, stream(0, "weights"), **options).double()
    for parameter in made.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, 0.0, 0.3, stream(1, "weights"))
    return made


@pytest.mark.parametrize(("layers", "reference"), [(_doubled, up), (_halved, down)])
def test_resampling_is_that_of_the_filter(layers: Callable[[], Any], reference: Callable[[Tensor], Tensor]) -> None:
    maps = torch.randn(2, 3, 6, 8, dtype=torch.float64, generator=stream(0, "maps")).requires_grad_()
    resample = nn.Sequential(*layers())
    torch.testing.assert_close(resample(maps), reference(maps), rtol=1e-12, atol=1e-12)
    few = maps[:1, :1, :2, :4].detach().requires_grad_()
    assert torch.autograd.gradcheck(resample, few)
    assert torch.autograd.gradgradcheck(lambda each: resample(each).square(), few, fast_mode=True)


@pytest.mark.parametrize("classes", [None, 3])
def test_the_generator(classes: int | None) -> None:
    options = {"latent_size": 5 + (classes or 0), "image_size": 64, "width": 4, "blocks": 1, "group_width": 4}
    made = drawn(R3GANGenerator, classes=classes, **options)
    latent = torch.randn(3, options["latent_size"], dtype=torch.float64, generator=stream(2, "latent"))
    weights = [each.detach() for name, each in made.named_parameters() if not name.startswith("embedding")]
    noise = latent
    if classes:
        noise = torch.cat([latent[:, :5], latent[:, 5:] @ made.embedding.weight.T], 1)
    maps = weights[1][None, :, 0] * (noise @ weights[0].T)[:, :, None, None]
    rest = weights[2:]
    for stage in range(5):
        if stage == 4:
            maps, rest = torch.einsum("oi,bihw->bohw", rest[0][:, :, 0, 0], maps), rest[1:]
        maps = block(up(maps) if stage else maps, rest[:5])
        rest = rest[5:]
    expected = torch.einsum("oi,bihw->bohw", rest[0][:, :, 0, 0], maps)
    torch.testing.assert_close(made(latent).detach(), expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("classes", [None, 3])
def test_the_discriminator_and_its_double_backward(classes: int | None) -> None:
    made = drawn(R3GANDiscriminator, image_size=8, width=4, blocks=1, group_width=4, classes=classes)
    images = torch.randn(3, 3, 8, 8, dtype=torch.float64, generator=stream(2, "images")).requires_grad_()
    weights = [each.detach() for each in made.parameters()]
    maps = block(torch.einsum("oi,bihw->bohw", weights[0][:, :, 0, 0], images), weights[1:6])
    maps = block(down(maps), weights[6:11])
    vectors = (maps * weights[11][:, 0]).sum((2, 3)) @ weights[12].T
    named = torch.eye(3, dtype=torch.float64) if classes else None
    expected = (vectors * weights[13][:, :, 0, 0].T).sum(1) if classes else vectors[:, 0]
    found = made(images) if named is None else made(images, named)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)
    if classes:
        mean = (vectors * weights[13][:, :, 0, 0].mean(1)).sum(1)
        torch.testing.assert_close(made(images), mean, rtol=1e-10, atol=1e-10)
    assert torch.autograd.gradgradcheck(lambda each: made(each).sum(), images[:1], fast_mode=True)


def test_first_weights_are_fixed_up() -> None:
    made = build(R3GANDiscriminator, stream(0, "weights"), width=64, image_size=32, classes=50)
    gain = math.sqrt(2 / 1.04) * 8 ** (-1 / 4)
    for each in made.modules():
        if isinstance(each, InvertedBottleneck):
            first, grouped, last = each.residual[0], each.residual[2], each.residual[4]
            assert float(first.weight.detach().std()) == pytest.approx(gain / 8, rel=0.05)
            assert float(grouped.weight.detach().std()) == pytest.approx(gain / 12, rel=0.05)
            assert not last.weight.any()
            assert not first.bias.any()
    assert float(made.head[0].weight.detach().std()) == pytest.approx(1 / 4, rel=0.1)
    assert float(made.embedding.weight.detach().std()) == pytest.approx(1 / math.sqrt(50 * 64), rel=0.1)
    basis = build(R3GANGenerator, stream(0, "weights"), width=64).layers.layers[2].weight
    assert float(basis.detach().std()) == pytest.approx(1, rel=0.1)


def test_widths_have_names() -> None:
    for name, width in WIDTHS.items():
        with torch.device("meta"):
            assert R3GANGenerator(width=name).layers.layers[0].out_features == width  # type: ignore[arg-type]
    assert network("r3gan-generator", width="small").narrowed(divisor=4, least=2).options == {"width": 48}
    with pytest.raises(EquipoiseError, match="smal"):
        R3GANGenerator(width="smal")  # type: ignore[arg-type]
