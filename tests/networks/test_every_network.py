"""What holds for every network of the catalogue: shapes, gradients, repeatability, and reading that changes nothing."""

import importlib
from typing import Any

import pytest
import torch

from equipoise.common.random import Reseedable, stream
from equipoise.networks import build
from equipoise.networks.catalogue import NETWORKS

pytestmark = pytest.mark.lengthy

# Small options for each kind, the shape of one output, and more cases of image sizes and channels.
CASES: list[tuple[str, dict[str, Any], tuple[int, ...]]] = [
    ("mlp-generator", {"batch_norm": True, "batch_kinds": ("noise", "encoded")}, (2,)),
    ("mlp-generator", {"latent_size": 16, "image_shape": (1, 8, 8), "output_activation": "sigmoid"}, (1, 8, 8)),
    ("mlp-discriminator", {"dropout": 0.5}, ()),
    ("mlp-discriminator", {"image_shape": (1, 8, 8), "output_size": 1}, (1,)),
    ("mlp-encoder", {}, (3,)),
    ("dense-autoencoder", {"image_shape": (1, 8, 8), "encoder_sizes": (128, 32)}, (1, 8, 8)),
    ("dense-autoencoder", {"encoder_sizes": (64, 16), "decoder_sizes": (64,)}, (1, 28, 28)),
    ("magan-generator", {"image_size": 64, "widths": (32, 16, 8, 4)}, (3, 64, 64)),
    ("magan-autoencoder", {"widths": (4, 8, 16, 32)}, (3, 64, 64)),
    ("magan-cifar-generator", {"widths": (4, 8, 16, 32)}, (3, 32, 32)),
    ("magan-cifar-autoencoder", {"widths": (4, 8, 16, 32), "channels": 1}, (1, 32, 32)),
    ("magan-cifar-code-generator", {"widths": (8, 16, 32)}, (3, 32, 32)),
    ("magan-cifar-code-autoencoder", {"widths": (8, 16, 32)}, (3, 32, 32)),
    ("began-generator", {"width": 8, "image_size": 32}, (3, 32, 32)),
    ("began-autoencoder", {"width": 8, "image_size": 28, "channels": 1}, (1, 28, 28)),
    ("ebgan-generator", {"width": 8, "dense_size": 64}, (1, 28, 28)),
    ("ebgan-autoencoder", {"width": 8}, (1, 28, 28)),
    ("ebgan-generator", {"width": 8, "dense_size": 64, "image_size": 32, "channels": 3}, (3, 32, 32)),
    ("dcgan-generator", {"width": 8}, (3, 64, 64)),
    ("dcgan-generator", {"width": 8, "image_size": 28, "channels": 1}, (1, 28, 28)),
    ("dcgan-generator", {"width": 8, "image_size": 128, "largest_width": 32, "batch_norm": False}, (3, 128, 128)),
    ("dcgan-discriminator", {"width": 8}, ()),
    ("dcgan-discriminator", {"width": 8, "image_size": 48, "channels": 1, "output_size": 5}, (5,)),
    ("dcgan-encoder", {"width": 8, "image_size": 32}, (100,)),
    ("variational-encoder", {"width": 8, "image_size": 32, "latent_size": 7}, (7,)),
    ("joint-discriminator", {"width": 8, "joint_width": 16}, ()),
    ("joint-discriminator", {"width": 8, "joint_width": 16, "dropout": 0.0, "output_size": 3}, (3,)),
    ("mmd-generator", {"width": 8}, (3, 32, 32)),
    ("mmd-generator", {"width": 8, "image_size": 48, "normalise_first": True, "weights": "mmd-sn-paper"}, (3, 48, 48)),
    ("mmd-generator", {"width": 4, "image_size": 64}, (3, 64, 64)),
    ("mmd-discriminator", {"width": 8}, (16,)),
    ("mmd-discriminator", {"width": 4, "image_size": 48, "output_size": None}, ()),
    ("mmd-discriminator", {"width": 4, "image_size": 64, "output_size": 1, "weights": "mmd-sn-paper"}, (1,)),
    ("stacked-mnist-generator", {}, (3, 28, 28)),
    ("stacked-mnist-discriminator", {"width": 2}, ()),
    ("wgan-gp-resnet-generator", {"width": 8}, (3, 32, 32)),
    ("wgan-gp-resnet-generator", {"width": 8, "image_size": 28, "channels": 1}, (1, 28, 28)),
    ("wgan-gp-resnet-discriminator", {"width": 8}, ()),
    ("wgan-gp-resnet-discriminator", {"width": 8, "map_size": 4}, (4, 4)),
    ("wgan-gp-resnet-discriminator", {"width": 8, "map_size": 8, "image_size": 64}, (8, 8)),
    ("wgan-gp-conv-generator", {"width": 4}, (3, 32, 32)),
    ("wgan-gp-conv-discriminator", {"width": 4}, ()),
    ("wgan-gp-conv-discriminator", {"width": 4, "map_size": 4}, (4, 4)),
    ("wgan-gp-conv-discriminator", {"width": 4, "map_size": 8, "channels": 1}, (8, 8)),
    ("wgan-gp-resnet64-generator", {"width": 4}, (3, 64, 64)),
    ("wgan-gp-resnet64-discriminator", {"width": 4}, ()),
    ("wgan-gp-resnet64-discriminator", {"width": 4, "map_size": 4}, (4, 4)),
    ("wgan-gp-resnet64-discriminator", {"width": 4, "map_size": 8}, (8, 8)),
    ("sngan-generator", {"width": 8}, (3, 32, 32)),
    ("sngan-discriminator", {"width": 8}, ()),
    ("sngan-discriminator", {"width": 8, "map_size": 4}, (4, 4)),
    ("sngan-discriminator", {"width": 8, "map_size": 8, "channels": 1}, (8, 8)),
]
every_case = pytest.mark.parametrize(("kind", "options", "expected"), CASES)
BATCH = 5


def made(kind: str, options: dict[str, Any], seed: int = 0) -> torch.nn.Module:
    module, _, name = NETWORKS[kind].partition(":")
    network = build(getattr(importlib.import_module(module), name), stream(seed, "weights"), **options)
    for layer in network.modules():
        if isinstance(layer, Reseedable):
            layer.reseed(stream(seed, "dropout"))
    return network


def inputs(kind: str, network: Any) -> list[torch.Tensor]:
    """Latent vectors for a generator, images for the others, both for the joint discriminator."""
    noise = stream(1, "inputs")
    latent = [torch.randn(BATCH, network.latent_size, generator=noise)] if hasattr(network, "latent_size") else []
    if "generator" in kind:
        return latent
    images = [torch.rand(BATCH, *network.image_shape, generator=noise) * 2 - 1]
    return images + latent if kind == "joint-discriminator" else images


def outputs(kind: str, network: Any) -> list[torch.Tensor]:
    result = network(*inputs(kind, network))
    return list(result) if isinstance(result, tuple) else [result]


def test_the_cases_cover_the_catalogue():
    assert {kind for kind, _, _ in CASES} == set(NETWORKS)


@every_case
def test_output_shape(kind, options, expected):
    for output in outputs(kind, made(kind, options)):
        assert output.shape == (BATCH, *expected)
        assert torch.isfinite(output).all()


# The published networks at their own sizes: what goes in, what comes out.
PUBLISHED: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "mlp-generator": ((3,), (2,)),
    "mlp-discriminator": ((2,), ()),
    "mlp-encoder": ((2,), (3,)),
    "dense-autoencoder": ((1, 28, 28), (1, 28, 28)),
    "magan-generator": ((350,), (3, 64, 64)),
    "magan-autoencoder": ((3, 64, 64), (3, 64, 64)),
    "magan-cifar-generator": ((320,), (3, 32, 32)),
    "magan-cifar-autoencoder": ((3, 32, 32), (3, 32, 32)),
    "magan-cifar-code-generator": ((320,), (3, 32, 32)),
    "magan-cifar-code-autoencoder": ((3, 32, 32), (3, 32, 32)),
    "began-generator": ((64,), (3, 64, 64)),
    "began-autoencoder": ((3, 64, 64), (3, 64, 64)),
    "ebgan-generator": ((50,), (1, 28, 28)),
    "ebgan-autoencoder": ((1, 28, 28), (1, 28, 28)),
    "dcgan-generator": ((100,), (3, 64, 64)),
    "dcgan-discriminator": ((3, 64, 64), ()),
    "dcgan-encoder": ((3, 64, 64), (100,)),
    "mmd-generator": ((128,), (3, 32, 32)),
    "mmd-discriminator": ((3, 32, 32), (16,)),
    "stacked-mnist-generator": ((256,), (3, 28, 28)),
    "stacked-mnist-discriminator": ((3, 28, 28), ()),
    "wgan-gp-resnet-generator": ((128,), (3, 32, 32)),
    "wgan-gp-resnet-discriminator": ((3, 32, 32), ()),
    "wgan-gp-conv-generator": ((128,), (3, 32, 32)),
    "wgan-gp-conv-discriminator": ((3, 32, 32), ()),
    "wgan-gp-resnet64-generator": ((128,), (3, 64, 64)),
    "wgan-gp-resnet64-discriminator": ((3, 64, 64), ()),
    "sngan-generator": ((128,), (3, 32, 32)),
    "sngan-discriminator": ((3, 32, 32), ()),
}


@pytest.mark.parametrize(("kind", "given", "expected"), [(kind, *shapes) for kind, shapes in PUBLISHED.items()])
def test_published_sizes_without_memory(sketch, kind, given, expected):
    assert sketch(kind)(torch.zeros(2, *given, device="meta")).shape == (2, *expected)


def test_published_sizes_of_the_two_of_another_form(sketch):
    images = torch.zeros(2, 3, 64, 64, device="meta")
    assert [part.shape for part in sketch("variational-encoder")(images)] == 2 * [(2, 100)]
    pair = torch.zeros(2, 3, 32, 32, device="meta"), torch.zeros(2, 64, device="meta")
    assert sketch("joint-discriminator").eval()(*pair).shape == (2,)
    assert set(PUBLISHED) | {"variational-encoder", "joint-discriminator"} == set(NETWORKS)


@every_case
def test_gradients_reach_every_parameter(kind, options, expected):
    """All but a bias that a batch normalisation subtracts again get a gradient that is not zero."""
    network = made(kind, options)
    results = outputs(kind, network)
    weights = [torch.randn(result.shape, generator=stream(2, "weights of outputs")) for result in results]
    sum((result * weight).sum() for result, weight in zip(results, weights, strict=True)).backward()
    silent = [
        name
        for name, parameter in network.named_parameters()
        if parameter.grad is None or not bool(parameter.grad.abs().max() > 0)
    ]
    assert all(parameter.grad is not None for parameter in network.parameters())
    assert all(name.endswith("bias") for name in silent), silent
    assert len(silent) <= sum(type(layer).__name__ == "BatchNorm" for layer in network.modules())


@every_case
def test_reading_changes_nothing(kind, options, expected):
    network = made(kind, options)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with torch.no_grad():
        outputs(kind, network)
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


@every_case
def test_weights_are_a_function_of_the_generator(kind, options, expected):
    first, again, other = (made(kind, options, seed).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(first[name], again[name]) for name in first)
    weights = [name for name, value in first.items() if name.endswith("weight") and value.ndim > 1]
    assert weights
    assert all(not torch.equal(first[name], other[name]) for name in weights)


@every_case
def test_no_global_generator_is_read_or_moved(kind, options, expected):
    torch.manual_seed(7)
    state = torch.get_rng_state()
    first = made(kind, options)
    outputs(kind, first)
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(8)
    second = made(kind, options).state_dict()
    weights = {name: value for name, value in first.state_dict().items() if "running" not in name}
    assert all(torch.equal(value, second[name]) for name, value in weights.items())


@every_case
def test_channels_last_gives_the_same(kind, options, expected):
    network = made(kind, options).eval()
    plain = outputs(kind, network)
    last = outputs(kind, network.to(memory_format=torch.channels_last))
    for one, other in zip(plain, last, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


@every_case
def test_a_wrong_shape_is_named(kind, options, expected):
    network = made(kind, options)
    given = inputs(kind, network)
    wrong = [given[0][:, :-1].contiguous() if "generator" in kind else given[0][..., :-1], *given[1:]]
    with pytest.raises(ValueError, match=r"must have shape \[batch, .*got shape"):
        network(*wrong)


@pytest.mark.parametrize("kind", sorted(kind for kind in NETWORKS if kind.endswith("discriminator")))
def test_discriminators_show_their_last_features(kind):
    options = next(options for name, options, _ in CASES if name == kind)
    network = made(kind, options)
    features = network.features(*inputs(kind, network))
    assert features.ndim == 2
    assert features.shape[0] == BATCH
    assert features.shape[1] > 1


@pytest.mark.parametrize("kind", sorted(kind for kind in NETWORKS if kind.endswith("autoencoder")))
def test_autoencoders_show_their_codes(kind):
    options = next(options for name, options, _ in CASES if name == kind)
    network = made(kind, options)
    codes = network.encode(*inputs(kind, network))
    assert codes.ndim == 2
    with torch.no_grad():
        expected = network.encoder(*inputs(kind, network)).flatten(1)
    torch.testing.assert_close(codes, expected)
