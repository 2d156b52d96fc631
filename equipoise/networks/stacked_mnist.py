"""The small DCGAN of the stacked-MNIST protocol (Metz et al. 2017): three digits in the channels of a 28x28 image."""

from collections.abc import Mapping
from itertools import pairwise
from typing import ClassVar

from torch import nn

from equipoise.networks.blocks import OutputActivation, Stack, activation
from equipoise.networks.network import Discriminator, Generator, score_shape
from equipoise.networks.normalisation import BatchNorm

_SIDE = 28


class StackedMnistGenerator(Generator):
    """latent -> dense 4x4x64 -> 3x3 transposed convolutions with stride 2: 7x7x32, 14x14x16, 28x28x8 -> 3x3 to image.

    BN and ReLU after all layers but the last.

    Args:
        latent_size: size of the latent vector.
        channels: digits stacked in one image.
        width: channels of the largest hidden map.
        batch_kinds: kinds of batch with running statistics of their own.
        output_activation: activation of the image.
    """

    cpu_steps: ClassVar[Mapping[int, int]] = {28: 1700}

    def __init__(
        self,
        latent_size: int = 256,
        channels: int = 3,
        width: int = 8,
        batch_kinds: tuple[str, ...] = ("noise",),
        output_activation: OutputActivation = "tanh",
    ) -> None:
        super().__init__()
        self.latent_size, self.image_shape, self.scheme = latent_size, (channels, _SIDE, _SIDE), "dcgan"
        widths = [8 * width, 4 * width, 2 * width, width]
        layers: list[nn.Module] = [nn.Linear(latent_size, widths[0] * 16, bias=False), nn.Unflatten(1, (-1, 4, 4))]
        layers += [BatchNorm(widths[0], batch_kinds), nn.ReLU()]
        for (inputs, outputs), extra in zip(pairwise(widths), (0, 1, 1), strict=True):
            layers.append(nn.ConvTranspose2d(inputs, outputs, 3, 2, 1, extra, bias=False))
            layers += [BatchNorm(outputs, batch_kinds), nn.ReLU()]
        self.layers = Stack([*layers, nn.Conv2d(width, channels, 3, 1, 1), *activation(output_activation)])


class StackedMnistDiscriminator(Discriminator):
    """images -> 3x3 convolutions with stride 2: 14x14, 7x7, 4x4, BN in all but the first, leaky ReLU 0.2 -> dense.

    Args:
        channels: digits stacked in one image.
        width: channels of the first map: 2 or 4, a quarter or a half of the generator's 8; doubled at each halving.
        output_size: scores [batch, output_size]; None for [batch].
    """

    def __init__(self, channels: int = 3, width: int = 4, output_size: int | None = None) -> None:
        super().__init__()
        self.image_shape, self.scheme = (channels, _SIDE, _SIDE), "dcgan"
        self.body = nn.Sequential(
            nn.Conv2d(channels, width, 3, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 3, 2, 1, bias=False),
            BatchNorm(2 * width),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, 4 * width, 3, 2, 1, bias=False),
            BatchNorm(4 * width),
            nn.LeakyReLU(0.2),
        )
        self.head = nn.Sequential(nn.Flatten(1), nn.Linear(64 * width, output_size or 1), score_shape(output_size))
