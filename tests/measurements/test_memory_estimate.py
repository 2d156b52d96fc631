"""The estimate of memory counts what is alive, each storage once, and what a network needs at least."""

from dataclasses import replace

import pytest
import torch

from equipoise.experiments.build import empty_network
from equipoise.recipes.catalogue import recipe
from measurements.benchmarks.memory_estimate import LiveBytes, estimated_bytes


def test_tensors_count_once_and_as_long_as_they_live() -> None:
    with LiveBytes() as live:
        first = torch.empty(1000, device="meta")
        second = first.view(10, 100) * 2
        assert live.most == 8000
        del first
        third = second + 1
        assert live.most == 8000
        fourth = torch.cat([second, third])
        assert (live.most, fourth.nbytes) == (16000, 8000)


def test_an_estimate_holds_weights_gradients_and_moments_and_grows_with_the_batch() -> None:
    experiment = recipe("magan-mnist")
    networks = [empty_network(player.network) for player in experiment.players.values()]
    weights = sum(parameter.nbytes for network in networks for parameter in network.parameters())
    one, two, four = (estimated_bytes(replace(experiment, batch_size=size)) for size in (64, 128, 256))
    assert one > 3 * weights  # all of them, and two moments
    assert four - two == pytest.approx(2 * (two - one), rel=0.02)
