"""What holds for every network of the catalogue: shapes, gradients, repeatability, and reading that changes nothing."""

from typing import Any

import pytest
import torch

from equipoise.networks.catalogue import NETWORKS
from equipoise.networks.network import Discriminator
from equipoise.testing.networks import BATCH, NETWORK_CONTRACTS, NetworkCase, check_network, names_a_wrong_shape

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
    ("picture-generator", {"width": 4}, (3, 32, 32)),
    ("picture-generator", {"width": 4, "image_size": 28, "channels": 1}, (1, 28, 28)),
    ("picture-generator", {"width": 2, "image_size": 64, "channels": 4, "largest_width": 16}, (4, 64, 64)),
    ("picture-discriminator", {"width": 4}, ()),
    ("picture-discriminator", {"width": 2, "image_size": 64, "channels": 4, "classes": 3}, ()),
    ("patch-discriminator", {"width": 4}, (8, 8)),
    ("patch-discriminator", {"width": 2, "layers": 1, "scales": 3, "channels": 1}, (3, 16, 16)),
    ("r3gan-generator", {"width": 4, "group_width": 2}, (3, 32, 32)),
    ("r3gan-generator", {"width": 4, "image_size": 64, "blocks": 1, "latent_size": 9, "classes": 3}, (3, 64, 64)),
    ("r3gan-discriminator", {"width": 4, "group_width": 2}, ()),
    ("r3gan-discriminator", {"width": 4, "image_size": 28, "channels": 1, "blocks": 1, "classes": 3}, ()),
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
BY_KIND = {kind: options for kind, options, _ in reversed(CASES)}


def case_of(kind: str, options: dict[str, Any], output: tuple[int, ...] = ()) -> NetworkCase:
    return NetworkCase(NETWORKS.load(kind), output, options, takes_pairs=kind == "joint-discriminator")


def test_the_cases_cover_the_catalogue():
    assert {kind for kind, _, _ in CASES} == set(NETWORKS)


@pytest.mark.parametrize(("kind", "options", "output"), CASES)
@pytest.mark.parametrize("contract", NETWORK_CONTRACTS, ids=lambda contract: contract.__name__)
def test_every_network_keeps_the_contract(contract, kind, options, output):
    contract(case_of(kind, options, output))


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
    "picture-generator": ((64,), (3, 32, 32)),
    "picture-discriminator": ((3, 32, 32), ()),
    "patch-discriminator": ((3, 32, 32), (8, 8)),
    "r3gan-generator": ((64,), (3, 32, 32)),
    "r3gan-discriminator": ((3, 32, 32), ()),
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


class Careless(Discriminator):
    """It draws its weights from torch's global generator, has an idle layer, and takes images of any size."""

    def __init__(self) -> None:
        super().__init__()
        self.image_shape = (1, 4, 4)
        self.layer, self.idle = torch.nn.Linear(16, 1), torch.nn.Linear(2, 2)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.layer(images.flatten(1)[:, :1].expand(-1, 16)).flatten()


def test_a_network_that_breaks_the_contract_is_noticed():
    with pytest.raises(AssertionError, match=r"gives shape \(5,\), expected \(5, 1\)"):
        check_network(Careless, (1,))
    with pytest.raises(AssertionError, match=r"does not depend on idle.weight, idle.bias"):
        check_network(Careless, ())
    with pytest.raises(AssertionError, match="is not refused"):
        names_a_wrong_shape(NetworkCase(Careless, ()))


@pytest.mark.parametrize("kind", sorted(kind for kind in NETWORKS if kind.endswith("discriminator")))
def test_discriminators_show_their_last_features(kind):
    case = case_of(kind, BY_KIND[kind])
    network = case.made()
    features = network.features(*case.inputs(network))
    assert features.ndim == 2
    assert features.shape[0] == BATCH
    assert features.shape[1] > 1


@pytest.mark.parametrize("kind", sorted(kind for kind in NETWORKS if kind.endswith("autoencoder")))
def test_autoencoders_show_their_codes(kind):
    case = case_of(kind, BY_KIND[kind])
    network = case.made()
    codes = network.encode(*case.inputs(network))
    assert codes.ndim == 2
    with torch.no_grad():
        expected = network.encoder(*case.inputs(network)).flatten(1)
    torch.testing.assert_close(codes, expected)
