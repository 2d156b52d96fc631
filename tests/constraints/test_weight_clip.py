"""Weight clipping."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from equipoise.common.random import stream
from equipoise.constraints import WeightClip


def _network():
    network = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    for position, parameter in enumerate(network.parameters()):
        parameter.data = torch.randn(parameter.shape, generator=stream(0, "weights", position))
    return network


@settings(max_examples=30, deadline=None)
@given(st.floats(1e-4, 2.0))
def test_every_parameter_is_cut_as_a_loop_cuts_it(limit):
    network = _network()
    expected = [[min(max(v, -limit), limit) for v in p.flatten().tolist()] for p in network.parameters()]
    WeightClip(limit).after_step(network)
    for parameter, values in zip(network.parameters(), expected, strict=True):
        torch.testing.assert_close(parameter.detach().flatten(), torch.tensor(values), rtol=1e-6, atol=0)


def test_the_last_layer_may_stay_free():
    network, free = _network(), _network()
    WeightClip(0.01, except_last=True).after_step(network)
    assert torch.equal(network[2].weight, free[2].weight)
    assert torch.equal(network[2].bias, free[2].bias)
    assert network[0].weight.abs().max() <= 0.01
    assert network[0].bias.abs().max() <= 0.01


def test_attach_changes_and_draws_nothing():
    network, generator = _network(), stream(0, "unused")
    before = generator.get_state()
    WeightClip().attach(network, torch.zeros(1, 4), generator)
    assert torch.equal(generator.get_state(), before)
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), _network().parameters(), strict=True))


@pytest.mark.parametrize("limit", [0.0, -1.0, float("inf"), float("nan")])
def test_a_bad_limit_is_refused(limit):
    with pytest.raises(ValueError, match="limit must be a finite number above 0"):
        WeightClip(limit)


def test_a_player_without_clipped_parameters_is_refused():
    with pytest.raises(ValueError, match="holds none"):
        WeightClip(except_last=True).attach(nn.Sequential(nn.Linear(2, 2)), torch.zeros(1, 2), stream(0, "unused"))
