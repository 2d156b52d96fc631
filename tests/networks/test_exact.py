"""Under autocast in bfloat16, what the MMD losses compare is computed in float32; gradients against float32's."""

import pytest
import torch
from torch import nn

from equipoise.losses import mmd_discriminator_loss
from equipoise.networks import DCGANDiscriminator, MLPDiscriminator, MMDDiscriminator


def discriminator(seed: int) -> MMDDiscriminator:
    """With torch's own first weights, which map all images to nearly one point: the hardest case for a difference."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return MMDDiscriminator(image_size=16, width=8)


def gradient(network: nn.Module, images: torch.Tensor, autocast: bool) -> torch.Tensor:
    """Of the repulsive loss with respect to all weights, in one vector."""
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        real, fake = network(images).chunk(2)
        loss = mmd_discriminator_loss(real, fake, repulsion=1.0)
    return torch.cat([each.flatten() for each in torch.autograd.grad(loss, list(network.parameters()))])


def error(network: nn.Module, images: torch.Tensor) -> float:
    """Of the gradient under autocast, relative to float32's."""
    exact = gradient(network, images, False)
    return float((gradient(network, images, True) - exact).norm() / exact.norm())


def without_its_exact_end(network: MMDDiscriminator) -> nn.Module:
    """The same layers, all of them under autocast."""
    return nn.Sequential(*network.body, *network.head)


@pytest.mark.parametrize("batch", [2, 64])
def test_the_gradient_of_an_mmd_loss_is_nearer_to_float32s(batch: int) -> None:
    found, before = [], []
    for seed in range(4):
        images = torch.rand(2 * batch, 3, 16, 16, generator=torch.Generator().manual_seed(seed)) * 2 - 1
        found.append(error(discriminator(seed), images))
        before.append(error(without_its_exact_end(discriminator(seed)), images))
    assert sum(found) < 0.9 * sum(before)


@pytest.mark.parametrize("network", [MMDDiscriminator(16, width=8), DCGANDiscriminator(image_size=16, width=8)])
def test_scores_are_in_float32_and_names_are_those_of_a_plain_sequence(network: nn.Module) -> None:
    with torch.autocast("cpu", torch.bfloat16):
        assert network(torch.zeros(2, *network.image_shape)).dtype == torch.float32
    assert all("exact" not in name for name in network.state_dict())
    assert "body.0.weight" in MMDDiscriminator(16, width=8).state_dict()


def test_other_precisions_stay_as_they_are() -> None:
    network = MLPDiscriminator().double()
    assert network(torch.zeros(2, *network.image_shape, dtype=torch.float64)).dtype == torch.float64
