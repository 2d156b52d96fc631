"""Batch normalisation: the numbers against plain numpy, and whose statistics move when."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch.utils._python_dispatch import TorchDispatchMode

from equipoise.common.random import stream
from equipoise.networks import BatchNorm, DCGANGenerator, MLPGenerator, SNGANGenerator, build, normalisation


def drawn(*shape: int, shift: float = 0.0) -> torch.Tensor:
    return torch.randn(shape, generator=stream(0, "values")) * 2 + shift


def by_hand(values: np.ndarray, weight: np.ndarray, bias: np.ndarray, epsilon: float) -> tuple[np.ndarray, ...]:
    """Channel by channel in float64: the normalised values, the means and the unbiased variances."""
    result, means, variances = np.empty_like(values), [], []
    for channel in range(values.shape[1]):
        column = values[:, channel]
        mean = column.sum() / column.size
        variance = ((column - mean) ** 2).sum() / column.size
        result[:, channel] = (column - mean) / np.sqrt(variance + epsilon) * weight[channel] + bias[channel]
        means.append(mean)
        variances.append(variance * column.size / (column.size - 1))
    return result, np.array(means), np.array(variances)


@pytest.fixture
def layer() -> BatchNorm:
    made = BatchNorm(3, kinds=("noise", "encoded"), epsilon=1e-3, decay=0.99).double()
    made.weight.detach().copy_(torch.tensor([0.5, 1.0, 2.0]))
    made.bias.detach().copy_(torch.tensor([0.1, -0.2, 0.3]))
    return made


@pytest.mark.parametrize("shape", [(6, 3), (4, 3, 5, 2)])
def test_against_numpy(layer, shape):
    values = drawn(*shape, shift=1.5).double()
    affine = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    expected, mean, variance = by_hand(values.numpy(), *affine, 1e-3)
    np.testing.assert_allclose(layer(values, "noise").detach(), expected, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(layer.running_mean_noise, 0.01 * mean, rtol=1e-10)
    np.testing.assert_allclose(layer.running_variance_noise, 0.99 + 0.01 * variance, rtol=1e-10)


def test_evaluation_uses_the_running_statistics_of_the_kind(layer):
    layer(drawn(8, 3, shift=1.0).double(), "noise")
    layer(drawn(8, 3, shift=9.0).double(), "encoded")
    layer.eval()
    values = drawn(8, 3).double()
    for kind in ("noise", "encoded"):
        mean, variance = layer.running_statistics(kind)
        expected = (values - mean) / torch.sqrt(variance + 1e-3) * layer.weight + layer.bias
        torch.testing.assert_close(layer(values, kind), expected)
    assert not torch.equal(layer(values, "noise"), layer(values, "encoded"))


def test_the_first_kind_is_the_default(layer):
    layer(drawn(8, 3).double())
    assert layer.running_mean_noise.any()
    assert not layer.running_mean_encoded.any()


def test_statistics_move_only_in_training_with_gradients(layer):
    values = drawn(8, 3, shift=3.0).double()
    with torch.no_grad():
        read = layer(values)
    layer.eval()
    layer(values)
    assert not layer.running_mean_noise.any()
    layer.train()
    torch.testing.assert_close(layer(values), read)
    assert layer.running_mean_noise.all()


def test_gradients_and_second_gradients(layer):
    values = drawn(4, 3, 2, 2).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: layer(x), values)
    assert torch.autograd.gradgradcheck(lambda x: layer(x), values)


def test_an_unknown_kind_is_named(layer):
    with pytest.raises(ValueError, match="batch_kind must be one of noise, encoded, got 'real'"):
        layer(drawn(8, 3).double(), "real")


@pytest.mark.parametrize(
    ("network", "options"),
    [
        (MLPGenerator, {"batch_norm": True, "latent_size": 8}),
        (DCGANGenerator, {"image_size": 32, "width": 8, "latent_size": 8}),
        (SNGANGenerator, {"width": 8, "latent_size": 8}),
    ],
)
def test_noise_and_encoded_batches_never_mix(network, options):
    """Statistics of noise do not know what the encoded batch was; scale and shift are one set."""
    kinds = ("noise", "encoded")
    generators = [build(network, stream(0, "weights"), batch_kinds=kinds, **options) for _ in range(2)]
    for shift, generator in zip((2.0, -5.0), generators, strict=True):
        generator(drawn(16, 8))
        generator(drawn(16, 8, shift=shift), batch_kind="encoded")
    first, second = (generator.state_dict() for generator in generators)
    noise = [name for name in first if name.endswith("_noise")]
    encoded = [name for name in first if name.endswith("_encoded")]
    assert len(noise) == len(encoded) > 0
    assert all(torch.equal(first[name], second[name]) for name in noise)
    assert all(not torch.equal(first[name], second[name]) for name in encoded)
    assert all(not torch.equal(first[name], first[name.replace("_noise", "_encoded")]) for name in noise)
    norms = [layer for layer in generators[0].modules() if isinstance(layer, BatchNorm)]
    assert all(len(list(norm.parameters())) == 2 for norm in norms)


def test_both_kinds_send_gradients_to_one_affine_pair():
    generator = build(MLPGenerator, stream(0, "weights"), batch_norm=True, batch_kinds=("noise", "encoded"))
    norm = next(layer for layer in generator.modules() if isinstance(layer, BatchNorm))
    gradients = []
    for kind in ("noise", "encoded"):
        (gradient,) = torch.autograd.grad(generator(drawn(8, 3), kind).sum(), norm.weight)
        gradients.append(gradient)
    both = sum(generator(drawn(8, 3), kind).sum() for kind in ("noise", "encoded"))
    (together,) = torch.autograd.grad(both, norm.weight)
    torch.testing.assert_close(together, gradients[0] + gradients[1])
    assert gradients[0].any()


def test_batch_moments_against_numpy():
    values = drawn(4, 3, 5, 2, shift=100.0).double()
    mean, variance = normalisation.batch_moments(values)
    np.testing.assert_allclose(mean, values.numpy().mean((0, 2, 3)), rtol=1e-12)
    np.testing.assert_allclose(variance, values.numpy().var((0, 2, 3)), rtol=1e-10)


def test_the_path_of_many_ranks_equals_the_local_one(layer, monkeypatch):
    values = drawn(4, 3, 5, 2, shift=1.0).double().requires_grad_()
    over = [values, layer.weight, layer.bias]
    local = layer(values, "noise")
    local_gradients = torch.autograd.grad((local**3).sum(), over)
    messages = []
    monkeypatch.setattr(normalisation, "many_ranks", lambda: True)
    monkeypatch.setattr(normalisation, "_ranks", lambda: 1)
    monkeypatch.setattr(normalisation, "_of_all_ranks", lambda entries: messages.append(entries) or entries[None])
    normalised = layer(values, "encoded")
    torch.testing.assert_close(normalised, local)
    torch.testing.assert_close(torch.autograd.grad((normalised**3).sum(), over), local_gradients)
    assert len(messages) == 2  # one forward and one backward
    torch.testing.assert_close(layer.running_mean_encoded, layer.running_mean_noise)
    torch.testing.assert_close(layer.running_variance_encoded, layer.running_variance_noise)
    with torch.no_grad():
        layer(values, "encoded")
    torch.testing.assert_close(layer.running_mean_encoded, layer.running_mean_noise)


class SavedStatistics(TorchDispatchMode):
    """What torch's backward kernel of batch normalisation is handed as saved mean and inverse deviation."""

    def __init__(self):
        super().__init__()
        self.found = []

    def __torch_dispatch__(self, operation, types, arguments=(), options=None):
        if operation is torch.ops.aten.native_batch_norm_backward.default:
            self.found.append(arguments[5:7])
        return operation(*arguments, **(options or {}))


@pytest.mark.parametrize("shape", [(6, 3), (4, 3, 5, 2)])
def test_the_kernel_over_ranks_gets_the_statistics_that_it_may_read_on_a_gpu(shape, layer, monkeypatch):
    """CUDA's kernels for [batch, channels] and for channels-last maps read the saved ones; a CPU's do not."""
    monkeypatch.setattr(normalisation, "many_ranks", lambda: True)
    monkeypatch.setattr(normalisation, "_ranks", lambda: 1)
    monkeypatch.setattr(normalisation, "_of_all_ranks", lambda entries: entries[None])
    values = drawn(*shape, shift=1.0).double().requires_grad_()
    normalised = layer(values, "encoded")
    with SavedStatistics() as saved:
        torch.autograd.grad((normalised**3).sum(), values)
    ((mean, precision),) = saved.found
    dimensions = tuple(each for each in range(values.ndim) if each != 1)
    torch.testing.assert_close(mean, values.detach().mean(dimensions))
    variance = values.detach().var(dimensions, correction=0)
    torch.testing.assert_close(precision, (variance + layer.epsilon).rsqrt())


@pytest.mark.lengthy
def test_two_ranks_equal_one_process(tmp_path, start):
    result = tmp_path / "result.safetensors"
    ranks = [start(rank, tmp_path / "store", result, module="tests.networks.rank") for rank in range(2)]
    errors = [rank.communicate(timeout=120)[1] for rank in ranks]
    assert [rank.returncode for rank in ranks] == [0, 0], errors
    found = load_file(result)

    values = torch.randn(8, 3, 2, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64).requires_grad_()
    layer = BatchNorm(3).double()
    output = layer(values)
    (gradient,) = torch.autograd.grad((output**3).sum(), values)
    torch.testing.assert_close(found["output"], output[:4].detach(), rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(found["gradient"], gradient[:4], rtol=1e-9, atol=1e-11)
    torch.testing.assert_close(found["running_mean_main"], layer.running_mean_main)
    torch.testing.assert_close(found["running_variance_main"], layer.running_variance_main)
