"""The plain sides of the benchmarks do the work that they are said to do."""

import copy

import torch
from torch import nn

from equipoise.common.random import stream
from equipoise.constraints.spectral_norm import SpectralNorm, advance_spectral_norms
from measurements.benchmarks import plain


def test_plain_convolutions_are_divided_by_the_norms_of_ours() -> None:
    chance = stream(0, "test")
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, 1, 1), nn.LeakyReLU(0.1), nn.Conv2d(8, 12, 4, 2, 1), nn.Flatten(), nn.Linear(12 * 64, 4)
    )
    for parameter in network.parameters():
        parameter.detach().normal_(generator=chance)
    images = torch.randn(2, 3, 16, 16, generator=chance)
    ours, theirs = copy.deepcopy(network), plain.normalised_as_convolutions(copy.deepcopy(network))
    SpectralNorm("convolution").attach(ours, images, chance)
    for _ in range(300):
        advance_spectral_norms(ours)
        found = theirs(images)
    torch.testing.assert_close(found, ours(images), rtol=1e-4, atol=1e-4)
    assert sum(isinstance(part, nn.Conv2d) for part in theirs.modules()) == 2
