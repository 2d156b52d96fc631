"""Spectral normalisation: its norm, its gradient, and that reading it changes nothing."""

import copy
import random

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils import parametrize

from equipoise.common.random import stream
from equipoise.constraints import SpectralNorm, advance_spectral_norms, exact_spectral_norm, spectral_norms

pytestmark = pytest.mark.lengthy

METHODS = ["matrix", "convolution"]


def _network(dtype=torch.float64):
    """Every kind of layer, with batch normalisation and dropout in between, weights from a stream."""
    network = nn.Sequential(
        nn.Conv2d(2, 4, 3, 1, 1),
        nn.LeakyReLU(0.1),
        nn.BatchNorm2d(4),
        nn.Conv2d(4, 6, 4, 2, 1),
        nn.Dropout(0.5),
        nn.ConvTranspose2d(6, 3, 4, 2, 1),
        nn.Flatten(),
        nn.Linear(3 * 36, 2),
    ).to(dtype)
    for position, parameter in enumerate(network.parameters()):
        values = torch.randn(parameter.shape, generator=stream(0, "weights", position), dtype=torch.float64)
        parameter.data = values.to(dtype)
    return network


def _images(batch=3, dtype=torch.float64):
    return torch.randn(batch, 2, 6, 6, generator=stream(0, "images"), dtype=torch.float64).to(dtype)


def _attached(method, dtype=torch.float64, **options):
    network = _network(dtype)
    SpectralNorm(method, **options).attach(network, _images(dtype=dtype), stream(0, "vectors"))
    return network


def _snapshot(module):
    return {name: value.clone() for name, value in module.state_dict().items()}


def _assert_same(before, after):
    assert before.keys() == after.keys()
    for name, value in before.items():
        assert torch.equal(value, after[name]), name


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("grad", [True, False])
def test_a_forward_pass_changes_nothing(method, grad):
    network = _attached(method)
    network[2].track_running_stats = False
    network.train()
    before = _snapshot(network)
    with torch.set_grad_enabled(grad):
        first = [network[index].weight for index in (0, 3, 5, 7)]
        network(_images())
        second = [network[index].weight for index in (0, 3, 5, 7)]
    _assert_same(before, network.state_dict())
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_torchs_own_spectral_norm_does_change_under_no_grad():
    """The defect that this parametrisation exists to avoid; should torch mend it, this test says so."""
    layer = nn.utils.parametrizations.spectral_norm(nn.Linear(64, 64)).train()
    before = _snapshot(layer)
    with torch.no_grad():
        layer(torch.ones(1, 64))
    assert any(not torch.equal(value, layer.state_dict()[name]) for name, value in before.items())


@pytest.mark.parametrize("method", METHODS)
def test_attach_leaves_mode_buffers_and_global_generators(method):
    network = _network()
    network.train()
    network[4].eval()
    modes = [part.training for part in network]
    buffers = {name: value.clone() for name, value in network.named_buffers()}
    states = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()
    SpectralNorm(method).attach(network, _images(), stream(0, "vectors"))
    assert [part.training for part in network] == modes
    for name, value in buffers.items():
        assert torch.equal(network.get_buffer(name), value), name
    assert torch.equal(torch.get_rng_state(), states[0])
    assert np.array_equal(np.random.get_state()[1], states[1])
    assert random.getstate() == states[2]
    assert not any(part._forward_pre_hooks for part in network.modules()), "the probe must leave no hook behind"


@pytest.mark.parametrize("method", METHODS)
def test_the_same_generator_gives_the_same_vectors(method):
    _assert_same(_snapshot(_attached(method)), _snapshot(_attached(method)))


def test_converged_convolution_method_gives_each_layer_the_norm_of_its_scale():
    network = _attached("convolution", scale=1.8)
    advance_spectral_norms(network, 2000)
    sizes = {0: (6, 6), 3: (6, 6), 5: (3, 3), 7: None}
    for index, size in sizes.items():
        assert exact_spectral_norm(network[index], size).item() == pytest.approx(1.8, rel=1e-9)


def test_converged_matrix_method_equals_the_reshaped_singular_value():
    network = _attached("matrix", scale=1.8)
    advance_spectral_norms(network, 1000)
    for name, sigma in spectral_norms(network).items():
        kernel = network[int(name)].parametrizations.weight.original.detach().numpy()
        expected = np.linalg.svd(kernel.reshape(kernel.shape[0], -1), compute_uv=False)[0]
        assert sigma.item() == pytest.approx(expected, rel=1e-9)
        effective = network[int(name)].weight.detach().numpy()
        np.testing.assert_allclose(effective, 1.8 * kernel / expected, rtol=1e-8)


@pytest.mark.parametrize("padding_mode", ["circular", "reflect", "replicate"])
def test_convolution_method_knows_the_padding_mode(padding_mode):
    layer = nn.Conv2d(2, 3, 3, padding=1, padding_mode=padding_mode).double()
    layer.weight.data = torch.randn(layer.weight.shape, generator=stream(1, "weights"), dtype=torch.float64)
    exact = exact_spectral_norm(layer, (5, 5)).item()
    player = nn.Sequential(layer)
    SpectralNorm("convolution").attach(player, torch.zeros(1, 2, 5, 5).double(), stream(1, "vectors"))
    advance_spectral_norms(player, 2000)
    assert spectral_norms(player)["0"].item() == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_first_sigma_is_sane_and_never_above_the_norm(method):
    network = _attached(method)
    near = spectral_norms(network)
    advance_spectral_norms(network, 1000)
    for name, norm in spectral_norms(network).items():
        assert 0.9 * norm <= near[name] <= norm * (1 + 1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_gradient_holds_the_vectors_constant_and_differentiates_the_weight(method):
    """Against Miyato et al. 2018, Eq. 9-12: by central differences with fixed vectors."""
    network = _attached(method, scale=1.3)
    for index in (0, 5):
        chain = network[index].parametrizations.weight
        weight = chain.original.detach().clone().requires_grad_()
        assert torch.autograd.gradcheck(chain[0], weight)
        assert torch.autograd.gradgradcheck(chain[0], weight)


def test_gradient_of_the_matrix_method_is_the_outer_product():
    network = _attached("matrix")
    chain = network[7].parametrizations.weight
    (gradient,) = torch.autograd.grad(chain[0].sigma(chain.original), chain.original)
    outer = torch.outer(chain[0].left.flatten(), chain[0].right.flatten())
    torch.testing.assert_close(gradient, outer, rtol=1e-12, atol=0)


def test_after_step_follows_the_textbook_iteration():
    """One step against loops over the reshaped kernel: u = W v / |W v|, v = W' u / |W' u|."""
    network = _attached("matrix", power_iterations=2)
    chain = network[0].parametrizations.weight
    with torch.no_grad():
        chain.original.add_(torch.randn(chain.original.shape, generator=stream(2, "step"), dtype=torch.float64))
    matrix, v = chain.original.detach().numpy().reshape(4, -1), chain[0].right.numpy().flatten().copy()
    SpectralNorm(power_iterations=2).after_step(network)
    for _ in range(2):
        u = matrix @ v / np.linalg.norm(matrix @ v)
        v = matrix.T @ u / np.linalg.norm(matrix.T @ u)
    np.testing.assert_allclose(chain[0].right.numpy().flatten(), v, rtol=1e-12)
    np.testing.assert_allclose(chain[0].left.numpy().flatten(), u, rtol=1e-12)
    assert chain[0].sigma(chain.original).item() == pytest.approx(u @ matrix @ v, rel=1e-12)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_all_layers_together_are_each_by_itself(method, dtype):
    """To the last bit, with a zero weight among them and another number of power iterations for one."""
    network = _attached(method, dtype)
    layers = [layer for layer in network.modules() if parametrize.is_parametrized(layer)]
    with torch.no_grad():
        for factor, layer in enumerate(layers):
            layer.parametrizations.weight.original.mul_(factor).add_(0.1 * factor)
    layers[1].parametrizations.weight[0].power_iterations = 3
    alone = copy.deepcopy(layers)
    advance_spectral_norms(network)
    for layer in alone:
        advance_spectral_norms(layer)
    for ours, theirs in zip(layers, alone, strict=True):
        for (name, buffer), expected in zip(ours.named_buffers(), theirs.buffers(), strict=True):
            assert torch.equal(buffer, expected), name


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(1, 2), st.integers(1, 3), st.integers(1, 3))
def test_matrix_and_convolution_norms_bound_each_other(seed, kernel, stride, inputs, outputs):
    """sigma_PIM <= sigma_PICO <= sqrt(ceil(h/s) ceil(w/s)) sigma_PIM, which Wang et al. print inverted."""
    layer = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False).double()
    layer.weight.data = torch.randn(layer.weight.shape, generator=stream(seed, "weights"), dtype=torch.float64)
    matrix = torch.linalg.matrix_norm(layer.weight.detach().flatten(1), 2).item()
    convolution = exact_spectral_norm(layer, (9, 9)).item()
    cover = -(-kernel // stride)
    assert matrix * (1 - 1e-12) <= convolution <= cover * matrix * (1 + 1e-12)


def test_the_printed_bound_is_the_wrong_way_round():
    """A constant kernel on a large map has nearly three times PIM's norm: PICO is the larger of the two."""
    layer = nn.Conv2d(1, 1, 3, 1, 1, bias=False).double()
    layer.weight.data.fill_(1.0)
    ratio = exact_spectral_norm(layer, (24, 24)).item() / 3.0
    assert 2.9 < ratio < 3.0


@pytest.mark.parametrize(
    ("layers", "product", "scale"),
    [(8, 16, 1.4142), (8, 32, 1.5422), (8, 64, 1.6818), (8, 128, 1.8340), (8, 256, 2.0)]
    + [(10, 16, 1.3195), (10, 32, 1.4142), (10, 64, 1.5157), (10, 128, 1.6245), (10, 256, 1.7411)]
    + [(8, 119.4, 1 / 0.55), (10, 394.8, 1 / 0.55)],
)
def test_a_linear_discriminator_has_the_gain_of_the_table(layers, product, scale):
    """C on each of K layers is C^K in all: 119 for K = 8 and 395 for K = 10 from the one C of the paper's main text."""
    network = nn.Sequential(*[nn.Linear(1, 1) for _ in range(layers)]).double()
    for layer in network:
        nn.init.zeros_(layer.bias)
    example = torch.ones(1, 1, dtype=torch.float64)
    SpectralNorm(scale=scale).attach(network, example, stream(0, "vectors"))
    assert network(example).abs().item() == pytest.approx(product, rel=1e-3)
    assert network(example).abs().item() == pytest.approx(scale**layers, rel=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_the_scale_enters_before_the_bias_on_every_layer(method):
    plain, scaled = _attached(method), _attached(method, scale=2.0)
    for index in (0, 3, 5, 7):
        assert torch.equal(plain[index].bias, scaled[index].bias)
        layer_input = torch.zeros({7: (1, 108)}.get(index, (1, scaled[index].in_channels if index < 7 else 0, 6, 6)))
        offset = scaled[index](layer_input.double())
        expected = scaled[index].bias.detach().reshape(1, -1, *[1] * (offset.ndim - 2)).expand_as(offset)
        torch.testing.assert_close(offset.detach(), expected)
        torch.testing.assert_close(scaled[index].weight, 2 * plain[index].weight)


@pytest.mark.parametrize("method", METHODS)
def test_state_dict_restores_everything(method):
    network, other = _attached(method), _attached(method)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(1.1).add_(0.1)
    advance_spectral_norms(network)
    other.load_state_dict(_snapshot(network))
    network.eval(), other.eval()
    assert torch.equal(network(_images()), other(_images()))
    advance_spectral_norms(network), advance_spectral_norms(other)
    _assert_same(_snapshot(network), _snapshot(other))


def test_a_copy_is_independent():
    network = _attached("convolution")
    average = copy.deepcopy(network)
    before = _snapshot(average)
    with torch.no_grad():
        network[0].parametrizations.weight.original.mul_(3).add_(1)
    advance_spectral_norms(network)
    _assert_same(before, average.state_dict())


def test_cached_weights_are_computed_once():
    network = _attached("matrix")
    with parametrize.cached():
        assert network[0].weight is network[0].weight
    assert network[0].weight is not network[0].weight


@pytest.mark.parametrize("method", METHODS)
def test_weights_may_be_written_afterwards(method):
    network = _attached(method)
    fresh = 50 * torch.randn(4, 2, 3, 3, generator=stream(5, "weights"), dtype=torch.float64)
    network[0].weight = fresh
    advance_spectral_norms(network, 30)
    before_attach = _network()
    before_attach[0].weight.data = fresh.clone()
    SpectralNorm(method).attach(before_attach, _images(), stream(0, "vectors"))
    torch.testing.assert_close(spectral_norms(network)["0"], spectral_norms(before_attach)["0"], rtol=0.05, atol=0)


def test_float32_agrees_with_float64():
    single, double = _attached("convolution", torch.float32), _attached("convolution")
    advance_spectral_norms(single, 500), advance_spectral_norms(double, 500)
    for name, sigma in spectral_norms(double).items():
        assert spectral_norms(single)[name].item() == pytest.approx(sigma.item(), rel=1e-3)


def test_autocast_leaves_sigma_in_full_precision():
    network = _attached("convolution", torch.float32)
    full = spectral_norms(network)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        lowered = spectral_norms(network)
        assert network[0](_images(dtype=torch.float32)).dtype == torch.bfloat16
    assert all(torch.equal(value, lowered[name]) for name, value in full.items())


def test_a_zero_weight_stays_finite():
    network = nn.Sequential(nn.Linear(3, 2))
    nn.init.zeros_(network[0].weight)
    SpectralNorm().attach(network, torch.zeros(1, 3), stream(0, "vectors"))
    advance_spectral_norms(network)
    assert torch.equal(network[0].weight, torch.zeros(2, 3))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "pim"}, "method must be one of matrix, convolution, got 'pim'"),
        ({"scale": 0.0}, "scale must be a finite number above 0"),
        ({"scale": False}, "scale must be a finite number above 0"),
        ({"scale": float("nan")}, "scale must be a finite number above 0"),
        ({"power_iterations": 0}, "power_iterations must be at least 1"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        SpectralNorm(**options)


def test_bad_players_are_refused():
    with pytest.raises(ValueError, match="attach the constraint once"):
        SpectralNorm().attach(_attached("matrix"), _images(), stream(0, "vectors"))
    with pytest.raises(ValueError, match="holds none"):
        SpectralNorm().attach(nn.Sequential(nn.ReLU()), _images(), stream(0, "vectors"))


def test_a_convolution_that_the_example_does_not_reach_is_named():
    class Idle(nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.idle = nn.Linear(2, 2), nn.Conv2d(1, 1, 3)

        def forward(self, features):
            return self.used(features)

    with pytest.raises(ValueError, match="'idle' was not called"):
        SpectralNorm("convolution").attach(Idle(), torch.zeros(1, 2), stream(0, "vectors"))


class Attending(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = torch.nn.Linear(4, 4)
        self.attention = torch.nn.MultiheadAttention(4, 2, batch_first=True)

    def forward(self, values):
        values = self.inner(values)
        return self.attention(values, values, values)[0]


class Free(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(3, 3)
        self.matrix = torch.nn.Parameter(torch.eye(3))


@pytest.mark.parametrize(
    ("module", "named"),
    [
        (Attending(), "attention.in_proj_weight of MultiheadAttention"),
        (torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Conv1d(1, 1, 3)), "1.weight of Conv1d"),
        (torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.GRU(3, 3)), "1.weight_ih_l0 of GRU"),
        (torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Embedding(3, 3)), "1.weight of Embedding"),
        (Free(), "matrix of Free"),
    ],
    ids=["attention", "conv1d", "gru", "embedding", "own"],
)
def test_a_matrix_that_would_stay_as_it_is_is_refused(module, named):
    before = {name: value.clone() for name, value in module.state_dict().items()}
    with pytest.raises(ValueError, match=f"others: {named}"):
        SpectralNorm().attach(module, torch.zeros(2, 3), torch.Generator())
    assert before.keys() == module.state_dict().keys()


@pytest.mark.parametrize("method", ["matrix", "convolution"])
@pytest.mark.parametrize(
    ("lazy", "named"),
    [
        (torch.nn.LazyLinear(3), "1 of LazyLinear"),
        (torch.nn.LazyConv2d(3, 1), "1 of LazyConv2d"),
        (torch.nn.Sequential(torch.nn.LazyBatchNorm1d()), "1.0 of LazyBatchNorm1d"),
    ],
)
def test_lazy_layers_are_refused_by_name_until_they_have_weights(method, lazy, named):
    module = torch.nn.Sequential(torch.nn.Linear(3, 3), lazy)
    with pytest.raises(ValueError, match=rf"lazy layers without weights yet: {named}\. Make one forward pass first"):
        SpectralNorm(method).attach(module, torch.zeros(2, 3), torch.Generator())


def test_a_lazy_layer_is_normalised_after_a_forward_pass():
    module = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.LazyLinear(2))
    module(torch.zeros(2, 3))
    SpectralNorm().attach(module, torch.zeros(2, 3), torch.Generator().manual_seed(0))
    assert set(spectral_norms(module)) == {"0", "1"}
    with pytest.raises(ValueError, match="module of LazyLinear"):
        exact_spectral_norm(torch.nn.LazyLinear(2))


def test_weights_that_scale_entries_may_stay():
    module = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Unflatten(1, (2, 2)), torch.nn.LayerNorm([2, 2]))
    SpectralNorm().attach(module, torch.zeros(2, 4), torch.Generator().manual_seed(0))
    assert set(spectral_norms(module)) == {"0"}


@pytest.mark.parametrize("bad", [1.0, "1", True, None])
def test_power_iterations_are_a_whole_number(bad):
    SpectralNorm(power_iterations=np.int64(2))
    with pytest.raises(ValueError, match="power_iterations must be a whole number"):
        SpectralNorm(power_iterations=bad)


def test_input_size_is_a_pair_of_whole_numbers():
    layer = torch.nn.Conv2d(1, 1, 3)
    for bad in (8, (8,), (8.0, 8.0), "88"):
        with pytest.raises(ValueError, match="input_size must be"):
            exact_spectral_norm(layer, bad)
