"""Encoders: the reversed DCGAN generator (Che et al. 2017) and its variational form (VAEGAN, Larsen et al. 2016)."""

from itertools import pairwise

import torch
from torch import nn

from equipoise.networks.blocks import OutputActivation, activation, halvings
from equipoise.networks.dcgan import doubling_widths, normalised
from equipoise.networks.network import Encoder, Network


class DCGANEncoder(Encoder):
    """images -> convolutions 64, 128, 256, 512 with BN and ReLU -> latent: the DCGAN generator reversed.

    There is a convolution for each transposed convolution of the generator.

    Args:
        image_size: side of the square image, a power of two times 4 to 7.
        channels: 1 for grey, 3 for RGB.
        latent_size: size of the latent vector.
        width: channels of the first map; each smaller map has twice as many.
        largest_width: limit of the number of channels.
        batch_norm: whether hidden maps are batch-normalised.
        output_activation: the support of the prior: "sigmoid" for U(0, 1), "tanh" for U(-1, 1), "none" for N(0, 1).
    """

    def __init__(
        self,
        image_size: int = 64,
        channels: int = 3,
        latent_size: int = 100,
        width: int = 64,
        largest_width: int = 1024,
        batch_norm: bool = True,
        output_activation: OutputActivation = "none",
    ) -> None:
        super().__init__()
        self.image_shape, self.latent_size, self.scheme = (channels, image_size, image_size), latent_size, "dcgan"
        base, times = halvings(image_size)
        widths = [channels, *doubling_widths(width, times, largest_width)]
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            convolution = nn.Conv2d(before, after, 4, 2, 1, bias=not batch_norm)
            layers += [convolution, *normalised(after, batch_norm), nn.ReLU()]
        layers += [nn.Conv2d(widths[-1], latent_size, base), nn.Flatten(1)]
        self.layers = nn.Sequential(*layers, *activation(output_activation))


class VariationalEncoder(Network):
    """images -> a `DCGANEncoder` of twice the size -> mean and log variance of a Gaussian over latent vectors.

    Args:
        image_size: side of the square image, a power of two times 4 to 7.
        channels: 1 for grey, 3 for RGB.
        latent_size: size of the latent vector; mean and log variance have this size each.
        width: channels of the first map; each smaller map has twice as many.
        largest_width: limit of the number of channels.
        batch_norm: whether hidden maps are batch-normalised.
    """

    def __init__(
        self,
        image_size: int = 64,
        channels: int = 3,
        latent_size: int = 100,
        width: int = 64,
        largest_width: int = 1024,
        batch_norm: bool = True,
    ) -> None:
        super().__init__()
        self.encoder = DCGANEncoder(image_size, channels, 2 * latent_size, width, largest_width, batch_norm)
        self.image_shape, self.latent_size, self.scheme = self.encoder.image_shape, latent_size, self.encoder.scheme

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and log variance, each [batch, latent_size], of images of shape [batch, *image_shape]."""
        mean, log_variance = self.encoder(images).chunk(2, dim=1)
        return mean, log_variance


def reparameterised(mean: torch.Tensor, log_variance: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    """mean + exp(log_variance / 2) noise, with noise ~ N(0, 1); all [batch, latent_size] (Kingma & Welling 2014)."""
    return mean + torch.exp(log_variance / 2) * noise
