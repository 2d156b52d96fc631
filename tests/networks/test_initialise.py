"""The schemes of first weights: the distribution of each layer, and that nothing escapes."""

import math
from typing import Any

import pytest
import torch
from scipy import stats
from torch import nn
from torch.nn.utils import parametrizations

from equipoise.common.random import stream
from equipoise.networks import (
    DCGANGenerator,
    DenseAutoEncoder,
    EBGANAutoEncoder,
    EBGANGenerator,
    MaganAutoEncoder,
    MaganGenerator,
    MLPDiscriminator,
    MLPGenerator,
    MMDDiscriminator,
    MMDGenerator,
    Network,
    SNGANDiscriminator,
    SNGANGenerator,
    WGANGPConvDiscriminator,
    WGANGPResNet64Discriminator,
    WGANGPResNetDiscriminator,
    build,
)
from equipoise.networks.initialise import fans, initialise, roles
from equipoise.networks.normalisation import BatchNorm


def fits(values: torch.Tensor, distribution: Any) -> bool:
    """Kolmogorov and Smirnov do not object, and the variance is right, both at about one in ten thousand."""
    sample = values.detach().double().flatten().numpy()
    excess = float(distribution.stats(moments="k"))
    error = math.sqrt((excess + 2) / sample.size)
    right = abs((sample - distribution.mean()).__pow__(2).mean() / distribution.var() - 1) < 4 * error
    return bool(right and stats.kstest(sample, distribution.cdf).pvalue > 1e-4)


def is_uniform(values: torch.Tensor, bound: float) -> bool:
    return fits(values, stats.uniform(-bound, 2 * bound))


def is_normal(values: torch.Tensor, deviation: float, mean: float = 0.0) -> bool:
    return fits(values, stats.norm(mean, deviation))


def made(network, **options):
    return build(network, stream(0, "weights"), **options)


def test_the_instruments_can_fail():
    values = torch.randn(5000, generator=stream(0, "instrument"))
    assert is_normal(values, 1.0)
    assert not is_normal(values, 1.1)
    assert not is_uniform(values, 1.7)


def test_fans_follow_the_stored_layout():
    assert fans(torch.zeros(7, 5)) == (5, 7)
    assert fans(torch.zeros(7, 5, 3, 3)) == (45, 63)


def test_roles_are_the_following_activations_and_the_paths_of_blocks():
    assert list(roles(MaganAutoEncoder()).values()) == 7 * ["leaky_relu"] + ["tanh"]
    assert list(roles(DenseAutoEncoder()).values()) == ["relu", "relu", "sigmoid"]
    assert list(roles(MMDGenerator()).values()) == ["linear", "relu", "relu", "relu", "tanh"]
    first_block = ["residual", "residual", "shortcut"]
    assert next(iter(roles(WGANGPResNet64Discriminator()).values())) == "linear"
    assert next(iter(roles(SNGANGenerator()).values())) == "linear"
    assert list(roles(SNGANDiscriminator()).values()) == 2 * first_block + 4 * ["residual"] + ["linear"]


def test_default_is_uniform_in_fan_in():
    network = made(MLPDiscriminator, image_shape=(1, 28, 28), hidden=(256, 256))
    for layer in network.modules():
        if isinstance(layer, nn.Linear):
            assert is_uniform(layer.weight, 1 / math.sqrt(layer.in_features))
    assert is_uniform(network.body[1].bias, 1 / 28)


def test_dcgan():
    network = made(DCGANGenerator)
    assert is_normal(network.layers.layers[0].weight, 0.02)
    assert is_normal(network.layers.layers[3].weight, 0.02)
    assert is_normal(network.layers.layers[1].weight, 0.02, mean=1.0)
    assert not network.layers.layers[1].bias.any()


def test_magan_he_before_relu_and_glorot_elsewhere():
    generator = made(MaganGenerator, latent_size=50, image_size=28, channels=1, widths=(128, 64))
    assert is_normal(generator.layers.layers[0].weight, math.sqrt(2 / (49 * 128)))
    assert is_normal(generator.layers.layers[2].weight, math.sqrt(2 / (16 * 64)))
    assert is_uniform(generator.layers.layers[4].weight, math.sqrt(6 / (16 * (64 + 1))))
    encoder = made(MaganAutoEncoder, image_size=32, widths=(32, 64)).encoder
    assert is_uniform(encoder[2].weight, math.sqrt(6 / (16 * (32 + 64))))
    assert not encoder[2].bias.any()


def test_mmd_by_activation_with_tiny_biases():
    network = made(MMDDiscriminator)
    deviation = math.sqrt(2 / 1.01 / (16 * 256))
    assert is_normal(network.body[10].weight, deviation)
    assert not is_normal(network.body[10].weight, math.sqrt(2 / (16 * 256)))
    assert is_uniform(network.head[1].weight, math.sqrt(6 / (8192 + 16)))
    assert is_normal(network.body[6].bias, 1e-5)
    generator = made(MMDGenerator)
    assert is_uniform(generator.layers.layers[0].weight, math.sqrt(6 / (128 + 8192)))
    assert is_normal(generator.layers.layers[2].weight, math.sqrt(2 / (16 * 256)))


def test_mmd_sn_paper_is_a_truncated_normal():
    weight = made(MMDDiscriminator, weights="mmd-sn-paper").body[6].weight.detach().flatten()
    assert weight.abs().max() <= 0.04
    assert fits(weight, stats.truncnorm(-2, 2, scale=0.02))


def test_sngan_glorot_with_gain_in_the_residual_path():
    network = made(SNGANDiscriminator)
    block = network.body[1]
    assert is_uniform(block.residual.layers[1].weight, math.sqrt(2) * math.sqrt(6 / (9 * 256)))
    assert is_uniform(block.shortcut.layers[1].weight, math.sqrt(6 / 256))
    assert is_uniform(network.head[1].weight, math.sqrt(6 / 129))
    assert not block.residual.layers[1].bias.any()


def test_wgan_gp_he_over_both_fans_and_the_stride():
    body = made(WGANGPConvDiscriminator).body
    assert is_uniform(body[2].weight, math.sqrt(3 * 4 / (25 * 128 + 25 * 256 / 4)))
    block = made(WGANGPResNetDiscriminator).body[1]
    assert is_uniform(block.residual.layers[1].weight, math.sqrt(3 * 4 / (9 * 256)))
    assert is_uniform(block.shortcut.layers[1].weight, math.sqrt(3 * 2 / 256))


def test_he_uniform():
    network = made(MLPGenerator, weights="he-uniform")
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Linear)]
    assert all(is_uniform(layer.weight, math.sqrt(6 / layer.in_features)) for layer in layers)
    assert not any(layer.bias.any() for layer in layers)


def test_the_library_of_the_ebgan_code():
    auto_encoder, generator = made(EBGANAutoEncoder), made(EBGANGenerator)
    assert is_uniform(auto_encoder.encoder[2].weight, math.sqrt(1 / (16 * 64)))
    assert is_uniform(auto_encoder.decoder[0].weight, math.sqrt(1 / (16 * 64))), "kernel times outputs"
    assert not auto_encoder.encoder[2].bias.any()
    assert is_uniform(next(generator.parameters()), math.sqrt(1 / 50))
    assert {(each.epsilon, each.decay) for each in generator.modules() if isinstance(each, BatchNorm)} == {(1e-8, 0.99)}


def test_initialise_overwrites_whatever_was_there():
    network = made(DCGANGenerator, width=4)
    expected = {name: value.clone() for name, value in network.named_parameters()}
    for parameter in network.parameters():
        parameter.detach().fill_(float("nan"))
    initialise(network, stream(0, "weights"))
    assert all(torch.equal(expected[name], value) for name, value in network.named_parameters())


def test_initialise_leaves_gradients_switched_on():
    assert all(parameter.requires_grad for parameter in made(MMDGenerator, width=4).parameters())


def test_a_constraint_attached_too_early_is_refused():
    network = MLPDiscriminator()
    parametrizations.weight_norm(network.body[1])
    with pytest.raises(ValueError, match=r"original0.*attach constraints afterwards"):
        initialise(network, stream(0, "weights"))


def test_a_parameter_of_no_known_layer_is_refused():
    class Strange(Network):
        def __init__(self) -> None:
            super().__init__()
            self.temperature = nn.Parameter(torch.ones(3))

    with pytest.raises(ValueError, match=r"temperature of shape \(3,\)"):
        build(Strange, stream(0, "weights"))
