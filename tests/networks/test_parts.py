"""Dropout, the projection, residual blocks, sizes, and the identities between score maps and single scores."""

import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from equipoise.common.errors import EquipoiseError
from equipoise.common.random import Reseedable, stream
from equipoise.networks import (
    BatchNorm,
    BEGANGenerator,
    DCGANDiscriminator,
    DCGANGenerator,
    Dropout,
    MaganCifarAutoEncoder,
    MaganGenerator,
    MLPDiscriminator,
    MLPEncoder,
    MLPGenerator,
    SNGANDiscriminator,
    WGANGPConvDiscriminator,
    WGANGPResNetDiscriminator,
    build,
    reparameterised,
)
from equipoise.networks.blocks import Projection, halvings
from equipoise.networks.network import AutoEncoder, Discriminator, Encoder, Generator, check_parts
from equipoise.networks.residual import down_block, up_block
from equipoise.testing.networks import check_network


def drawn(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=stream(0, "values"))


class Sequence(Generator):
    """A generator of a method author's, of torch's own parts."""

    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.image_shape, self.latent_size = (2,), 3
        self.layers = nn.Sequential(nn.Linear(3, width), BatchNorm(width), nn.Linear(width, 2))


def test_the_layers_of_a_generator_may_be_any_module():
    network = build(Sequence, stream(0, "weights"))
    latent = drawn(5, 3)
    assert torch.equal(network(latent), network.layers(latent))
    check_network(Sequence, (2,))


@pytest.mark.parametrize(
    ("base", "parts"),
    [
        (Generator, "image_shape and latent_size and layers"),
        (Discriminator, "image_shape and body and head"),
        (AutoEncoder, "image_shape and encoder and decoder"),
        (Encoder, "image_shape and latent_size and layers"),
    ],
)
def test_a_network_that_lacks_a_part_is_told_which(base, parts):
    bare, whole = type("Bare", (base,), {}), type("Whole", (base,), {"forward": lambda self, values: values})
    with pytest.raises(ValueError, match=f"^Bare must set {parts} in its constructor$"):
        check_parts(bare())
    with pytest.raises(ValueError, match=r"^Whole must set image_shape in its constructor$"):
        check_parts(whole())


def test_dropout_is_a_function_of_its_generator():
    layer = Dropout(0.4)
    values = torch.ones(2000)
    masks = []
    for seed in (0, 0, 1):
        layer.reseed(stream(seed, "dropout"))
        masks.append(layer(values))
    assert torch.equal(masks[0], masks[1])
    assert not torch.equal(masks[0], masks[2])
    assert masks[0].unique().tolist() == pytest.approx([0.0, 1 / 0.6])
    assert float((masks[0] == 0).float().mean()) == pytest.approx(0.4, abs=0.05)
    assert isinstance(layer, Reseedable)


def test_dropout_needs_a_generator_only_where_it_draws():
    layer = Dropout(0.4)
    with pytest.raises(ValueError, match="reseed"):
        layer(torch.ones(3))
    assert torch.equal(layer.eval()(torch.ones(3)), torch.ones(3))
    assert torch.equal(Dropout(0.0)(torch.ones(3)), torch.ones(3))
    with pytest.raises(EquipoiseError, match=r"dropout must be at least 0 and below 1, got 1\.0"):
        Dropout(1.0)


def test_a_copy_of_dropout_has_no_generator():
    layer = Dropout(0.4).eval()
    layer.reseed(stream(0, "dropout"))
    copied = copy.deepcopy(nn.Sequential(layer))[0]
    assert copied.probability == 0.4
    assert not copied.training
    with pytest.raises(ValueError, match="reseed"):
        copied.train()(torch.ones(3))


@pytest.mark.parametrize("bias", [True, False])
def test_the_projection_is_a_transposed_convolution(bias):
    layer = Projection(5, 3, 4, bias)
    for parameter in layer.parameters():
        parameter.detach().normal_(generator=stream(1, "weights"))
    latent = drawn(6, 5).requires_grad_()
    expected = functional.conv_transpose2d(latent[:, :, None, None], layer.weight, layer.bias)
    torch.testing.assert_close(layer(latent), expected)
    ours, theirs = (
        torch.autograd.grad(out.square().sum(), [latent, layer.weight]) for out in (layer(latent), expected)
    )
    torch.testing.assert_close(ours, theirs)


def test_up_block_against_the_published_order():
    """The code convolves the shortcut after upsampling; here it is the other way round, and the same."""
    block = up_block(3, 4, ("main",))
    for parameter in block.parameters():
        parameter.detach().normal_(generator=stream(1, "weights"))
    block.eval()
    values = drawn(2, 3, 4, 4)
    norm1, _, _, conv1, norm2, _, conv2 = block.residual
    shortcut = block.shortcut.layers[0]
    hidden = functional.interpolate(torch.relu(norm1(values)), scale_factor=2)
    hidden = conv2(torch.relu(norm2(conv1(hidden))))
    expected = hidden + shortcut(functional.interpolate(values, scale_factor=2))
    torch.testing.assert_close(block(values), expected)


def test_down_block_against_the_published_order():
    """The code pools the shortcut after its convolution; here it is the other way round, and the same."""
    block = down_block(3, 4)
    values = drawn(2, 3, 4, 4)
    _, conv1, _, conv2, _ = block.residual
    hidden = functional.avg_pool2d(conv2(torch.relu(conv1(torch.relu(values)))), 2)
    expected = hidden + functional.avg_pool2d(block.shortcut.layers[1](values), 2)
    torch.testing.assert_close(block(values), expected)


def test_group_norm_of_one_group_is_the_layer_norm_of_wgan_gp():
    block = down_block(3, 3, layer_norm=True)
    norm = block.residual.layers[0]
    values = drawn(2, 3, 4, 4).double().numpy()
    mean = values.mean((1, 2, 3), keepdims=True)
    expected = (values - mean) / ((values - mean) ** 2).mean((1, 2, 3), keepdims=True).__add__(1e-5) ** 0.5
    torch.testing.assert_close(norm(torch.from_numpy(values).float()), torch.from_numpy(expected).float())


@pytest.mark.parametrize("map_size", [4, 8])
@pytest.mark.parametrize("image_size", [32, 64])
def test_the_mean_of_sngans_map_is_its_score(map_size, image_size):
    """LGA (section 2.3): 2x2 mean pooling times 64 and a 1x1 convolution, against sum pooling and a linear layer."""
    scalar = build(SNGANDiscriminator, stream(0, "weights"), image_size=image_size, width=16)
    spatial = build(SNGANDiscriminator, stream(1, "weights"), image_size=image_size, width=16, map_size=map_size)
    weights = scalar.state_dict()
    named = dict(spatial.named_parameters())
    for name, value in weights.items():
        if name.startswith("body"):
            named[name].detach().copy_(value)
    named[next(name for name in named if name.startswith("head"))].detach().copy_(
        scalar.head[1].weight.detach()[:, :, None, None]
    )
    images = drawn(4, 3, image_size, image_size)
    scores, maps = scalar(images), spatial(images)
    assert maps.shape == (4, map_size, map_size)
    assert maps.std((1, 2)).min() > 1e-3
    torch.testing.assert_close(maps.mean((1, 2)), scores, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("map_size", [4, 8])
def test_the_mean_of_wgan_gps_map_is_its_score(map_size):
    scalar = build(WGANGPResNetDiscriminator, stream(0, "weights"), width=16)
    spatial = build(WGANGPResNetDiscriminator, stream(0, "weights"), width=16, map_size=map_size)
    last = next(layer for layer in spatial.head if isinstance(layer, nn.Conv2d))
    last.weight.detach().copy_(scalar.head[2].weight.detach()[:, :, None, None])
    last.bias.detach().fill_(0.3)
    scalar.head[2].bias.detach().fill_(0.3)
    images = drawn(4, 3, 32, 32)
    torch.testing.assert_close(spatial(images).mean((1, 2)), scalar(images), rtol=1e-5, atol=1e-5)


def test_magan_cifar_sides_are_the_papers():
    """32,16,16,8,8,4 down and 8,8,16,16,32,32 up; the code is larger than the image (no bottleneck)."""
    network = MaganCifarAutoEncoder()
    sides: list[int] = []
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            layer.register_forward_hook(lambda module, given, result: sides.append(result.shape[-1]))
    images = drawn(1, 3, 32, 32)
    network(images)
    assert sides == [32, 16, 16, 8, 8, 4, 8, 8, 16, 16, 32, 32]
    assert network.encode(images).shape[1] == 4 * 4 * 512 > images.numel()


@given(base=st.integers(4, 7), times=st.integers(1, 6))
def test_halvings_finds_base_and_power(base, times):
    assert halvings(base << times) == (base, times)


@pytest.mark.parametrize("image_size", [0, 1, 4, 7, 9, 30, 65, 22])
def test_other_image_sizes_are_refused(image_size):
    with pytest.raises(EquipoiseError, match=rf"image_size must be .* 4, 5, 6, 7, got {image_size}\."):
        DCGANGenerator(image_size=image_size)


def test_other_bases_are_named_where_they_differ():
    with pytest.raises(EquipoiseError, match="times one of 8, 9, 10, 11, 12, 13, 14, 15, got 34"):
        BEGANGenerator(image_size=34)
    with pytest.raises(EquipoiseError, match="image_size must be a multiple of 16"):
        MaganGenerator(image_size=40)


@pytest.mark.parametrize("network", [SNGANDiscriminator, WGANGPResNetDiscriminator, WGANGPConvDiscriminator])
@pytest.mark.parametrize("map_size", [0, 3, 5, 16])
def test_impossible_maps_are_refused(network, map_size):
    with pytest.raises(EquipoiseError, match=rf"map_size must .*got {map_size}\."):
        network(map_size=map_size)


def test_bad_options_are_named():
    with pytest.raises(EquipoiseError, match="output_size must be at least 1, or none"):
        DCGANDiscriminator(output_size=0)
    with pytest.raises(EquipoiseError, match="unknown activation 'rely'; did you mean 'relu'"):
        MLPGenerator(activation_name="rely")
    with pytest.raises(EquipoiseError, match="unknown scheme of first weights 'dcgam'; did you mean 'dcgan'"):
        build(MLPGenerator, stream(0, "weights"), weights="dcgam")


@pytest.mark.parametrize("options", [{"latent_size": 0}, {"hidden": (128, -1)}, {"image_shape": (0,)}])
def test_sizes_below_one_are_refused(options):
    name = next(iter(options))
    with pytest.raises(EquipoiseError, match=f"{name} must be made of whole numbers of at least 1, got"):
        build(MLPGenerator, stream(0, "weights"), **options)


@pytest.mark.parametrize(("name", "low", "high"), [("sigmoid", 0.0, 1.0), ("tanh", -1.0, 1.0)])
def test_the_encoder_stays_in_the_support_of_its_prior(name, low, high):
    encoder = build(MLPEncoder, stream(0, "weights"), output_activation=name)
    codes = encoder(1e3 * drawn(100, 2))
    assert codes.min() >= low
    assert codes.max() <= high
    free = build(MLPEncoder, stream(0, "weights"), output_activation="none")
    assert free(1e3 * drawn(100, 2)).abs().max() > 1.0


def test_hidden_features_feed_the_head():
    network = build(MLPDiscriminator, stream(0, "weights"), hidden=(16, 8))
    points = drawn(5, 2)
    assert network.features(points).shape == (5, 8)
    torch.testing.assert_close(network.head(network.features(points)), network(points))


def test_reparameterised():
    mean, log_variance, noise = drawn(4, 3), drawn(4, 3) * 0.5, torch.ones(4, 3)
    expected = mean.numpy() + (2.718281828459045 ** log_variance.double().numpy()) ** 0.5
    torch.testing.assert_close(reparameterised(mean, log_variance, noise), torch.from_numpy(expected).float())
