"""A discriminator of pairs (image, latent), as in adversarially learned inference (Dumoulin et al. 2017)."""

import torch
from torch import nn

from equipoise.networks.blocks import halvings
from equipoise.networks.dcgan import doubling_widths, halving_layers
from equipoise.networks.dropout import Dropout
from equipoise.networks.exact import without_autocast
from equipoise.networks.network import Network, check_shape, score_shape


class JointDiscriminator(Network):
    """(images, latent) -> scores [batch], or [batch, output_size].

    A DCGAN path for the image and two dense layers for the latent vector meet in one dense layer. It is smaller than
    the published network and has leaky ReLU 0.2 in place of maxout.

    Args:
        image_size: side of the square image, a power of two times 4 to 7.
        channels: 1 for grey, 3 for RGB.
        latent_size: size of the latent vector.
        width: channels of the image path's first map; each smaller map has twice as many.
        joint_width: width of each path's end; the joint layer is twice as wide.
        batch_norm: whether the image path is batch-normalised.
        dropout: probability of dropout before each dense layer of the joint part.
        output_size: scores [batch, output_size]; None for [batch].
    """

    dense_widths = ("joint_width",)

    def __init__(
        self,
        image_size: int = 32,
        channels: int = 3,
        latent_size: int = 64,
        width: int = 64,
        joint_width: int = 256,
        batch_norm: bool = True,
        dropout: float = 0.2,
        output_size: int | None = None,
    ) -> None:
        super().__init__()
        self.image_shape, self.latent_size, self.scheme = (channels, image_size, image_size), latent_size, "dcgan"
        base, times = halvings(image_size)
        widths = doubling_widths(width, times, 8 * width)
        drop: list[nn.Module] = [Dropout(dropout)] if dropout else []
        self.image_path = nn.Sequential(
            *halving_layers(channels, widths, batch_norm),
            nn.Conv2d(widths[-1], joint_width, base),
            nn.Flatten(1),
            nn.LeakyReLU(0.2),
        )
        self.latent_path = nn.Sequential(
            nn.Linear(latent_size, joint_width),
            nn.LeakyReLU(0.2),
            nn.Linear(joint_width, joint_width),
            nn.LeakyReLU(0.2),
        )
        self.body = nn.Sequential(*drop, nn.Linear(2 * joint_width, 2 * joint_width), nn.LeakyReLU(0.2))
        self.head = nn.Sequential(*drop, nn.Linear(2 * joint_width, output_size or 1), score_shape(output_size))

    def features(self, images: torch.Tensor, latent: torch.Tensor) -> torch.Tensor:
        """The last hidden features, [batch, features]."""
        check_shape("images", images, self.image_shape)
        check_shape("latent", latent, (self.latent_size,))
        features: torch.Tensor = self.body(torch.cat([self.image_path(images), self.latent_path(latent)], dim=1))
        return features

    def forward(self, images: torch.Tensor, latent: torch.Tensor) -> torch.Tensor:
        """Scores of pairs: images [batch, *image_shape], latent [batch, latent_size]."""
        return without_autocast(self.head, self.features(images, latent))
