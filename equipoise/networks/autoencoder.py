"""Fully connected auto-encoders: the discriminators of MAGAN on MNIST (Wang et al. 2017, B.1) and on the digits."""

import math

from torch import nn

from equipoise.networks.blocks import Activation, OutputActivation, activation
from equipoise.networks.mlp import MLPScheme, dense
from equipoise.networks.network import AutoEncoder


class DenseAutoEncoder(AutoEncoder):
    """images -> encoder layers -> decoder layers -> reconstructions; the code is the output of the last encoder layer.

    The defaults are MAGAN's discriminator on MNIST, 784 -> 256 -> 256 -> 784. The digits' discriminator is
    `DenseAutoEncoder(image_shape=(1, 8, 8), encoder_sizes=(128, 32))`, 64 -> 128 -> 32 -> 64.

    Args:
        image_shape: shape of one image.
        encoder_sizes: widths of the encoder's layers; the last is the size of the code.
        decoder_sizes: widths of the decoder's hidden layers.
        activation_name: activation of all layers but the last.
        output_activation: activation of the reconstruction.
        weights: scheme of the first weights.
    """

    dense_widths = ("encoder_sizes", "decoder_sizes")

    def __init__(
        self,
        image_shape: tuple[int, ...] = (1, 28, 28),
        encoder_sizes: tuple[int, ...] = (256, 256),
        decoder_sizes: tuple[int, ...] = (),
        activation_name: Activation = "relu",
        output_activation: OutputActivation = "sigmoid",
        weights: MLPScheme = "magan",
    ) -> None:
        super().__init__()
        self.image_shape, self.scheme = tuple(image_shape), weights
        pixels = math.prod(image_shape)
        inner = (encoder_sizes[-1], *decoder_sizes)
        self.encoder = nn.Sequential(
            nn.Flatten(1), *dense((pixels, *encoder_sizes), lambda size: activation(activation_name))
        )
        self.decoder = nn.Sequential(
            *dense(inner, lambda size: activation(activation_name)),
            nn.Linear(inner[-1], pixels),
            *activation(output_activation),
            nn.Unflatten(1, self.image_shape),
        )
