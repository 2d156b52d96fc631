"""The networks of the EBGAN that MAGAN's paper compares with on MNIST: the code at buriburisuri/ebgan.

First weights and batch normalisation are those of its library, buriburisuri/sugartensor.
"""

from torch import nn

from equipoise.networks.blocks import Stack, halvings
from equipoise.networks.network import AutoEncoder, Generator
from equipoise.networks.normalisation import BatchNorm

_SLOPE = 0.01
_EPSILON, _DECAY = 1e-8, 0.99


class EBGANGenerator(Generator):
    """latent -> dense 1024 -> dense 7x7x128 -> 4x4 transposed convolution to 14x14x64 -> another to the image, sigmoid.

    BN and ReLU after all layers but the last; the dense layers are normalised per unit.

    Args:
        latent_size: size of the latent vector, U(0, 1).
        image_size: side of the square image, a power of two times 4 to 7.
        channels: 1 for grey, 3 for RGB.
        width: channels of the largest hidden map; each smaller map has twice as many.
        dense_size: width of the first dense layer.
        batch_kinds: kinds of batch with running statistics of their own.
    """

    dense_widths = ("dense_size",)

    def __init__(
        self,
        latent_size: int = 50,
        image_size: int = 28,
        channels: int = 1,
        width: int = 64,
        dense_size: int = 1024,
        batch_kinds: tuple[str, ...] = ("noise",),
    ) -> None:
        super().__init__()
        self.latent_size, self.image_shape, self.scheme = latent_size, (channels, image_size, image_size), "sugartensor"
        base, doublings = halvings(image_size)
        inputs = width << (doublings - 1)
        layers: list[nn.Module] = []
        for before, after in ((latent_size, dense_size), (dense_size, inputs * base * base)):
            layers += [nn.Linear(before, after, bias=False), BatchNorm(after, batch_kinds, _EPSILON, _DECAY), nn.ReLU()]
        layers.append(nn.Unflatten(1, (inputs, base, base)))
        for power in reversed(range(doublings - 1)):
            layers.append(nn.ConvTranspose2d(inputs, width << power, 4, 2, 1, bias=False))
            inputs = width << power
            layers += [BatchNorm(inputs, batch_kinds, _EPSILON, _DECAY), nn.ReLU()]
        self.layers = Stack([*layers, nn.ConvTranspose2d(inputs, channels, 4, 2, 1), nn.Sigmoid()])


class EBGANAutoEncoder(AutoEncoder):
    """images -> 4x4 convolutions with stride 2: 64, 128 -> the same transposed: 64, image; leaky ReLU 0.01, linear end.

    Args:
        image_size: side of the square image, a multiple of 4.
        channels: 1 for grey, 3 for RGB.
        width: channels of the first map; the code has twice as many.
    """

    def __init__(self, image_size: int = 28, channels: int = 1, width: int = 64) -> None:
        super().__init__()
        self.image_shape, self.scheme = (channels, image_size, image_size), "sugartensor"
        self.encoder = nn.Sequential(
            nn.Conv2d(channels, width, 4, 2, 1),
            nn.LeakyReLU(_SLOPE),
            nn.Conv2d(width, 2 * width, 4, 2, 1),
            nn.LeakyReLU(_SLOPE),
        )
        self.decoder = nn.Sequential(
            nn.ConvTranspose2d(2 * width, width, 4, 2, 1),
            nn.LeakyReLU(_SLOPE),
            nn.ConvTranspose2d(width, channels, 4, 2, 1),
        )
