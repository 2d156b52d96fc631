"""A frozen player's batch normalisation does not move while gradients flow through it."""

import torch

from equipoise.networks.normalisation import BatchNorm


def test_running_statistics_of_a_frozen_layer_stand_still() -> None:
    layer = BatchNorm(3).train().requires_grad_(False)
    before = {name: value.clone() for name, value in layer.state_dict().items()}
    images = torch.randn(8, 3, 4, 4, generator=torch.Generator().manual_seed(0), requires_grad=True)
    layer(images).sum().backward()
    assert images.grad is not None
    assert all(torch.equal(value, before[name]) for name, value in layer.state_dict().items())


def test_running_statistics_of_a_trained_layer_move() -> None:
    layer = BatchNorm(3).train()
    layer(torch.randn(8, 3, generator=torch.Generator().manual_seed(0)))
    assert not torch.equal(layer.running_mean_main, torch.zeros(3))
