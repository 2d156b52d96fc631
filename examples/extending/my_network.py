"""A network of your own: a discriminator that looks at an image at two scales.

equipoise --plugin examples/extending/my_network.py train my-two-scale-digits
"""

from dataclasses import replace

import torch
from torch import Tensor, nn

import equipoise
from equipoise.experiments.experiment import Experiment, network
from equipoise.networks.network import Discriminator, score_shape
from equipoise.recipes.catalogue import recipe


class TwoScales(nn.Module):
    """Features of the image itself and of the image at half its size, side by side."""

    def __init__(self, channels: int, width: int):
        super().__init__()
        self.fine = nn.Sequential(nn.Conv2d(channels, width, 3, stride=2, padding=1), nn.LeakyReLU(0.2))
        self.coarse = nn.Sequential(
            nn.AvgPool2d(2), nn.Conv2d(channels, width, 3, stride=1, padding=1), nn.LeakyReLU(0.2)
        )

    def forward(self, images: Tensor) -> Tensor:
        """Images [batch, channels, size, size] -> features [batch, width * size * size / 2]."""
        return torch.cat([self.fine(images).flatten(1), self.coarse(images).flatten(1)], dim=1)


class TwoScaleDiscriminator(Discriminator):
    """images [batch, channels, size, size] -> scores [batch].

    Args:
        image_size: height and width of an image, an even number.
        channels: of an image.
        width: channels of each of the two convolutions.
    """

    def __init__(self, image_size: int = 8, channels: int = 1, width: int = 32):
        super().__init__()
        if image_size % 2:
            raise ValueError(f"image_size must be even, got {image_size}.")
        self.image_shape = (channels, image_size, image_size)
        self.body = TwoScales(channels, width)
        self.head = nn.Sequential(nn.Linear(2 * width * (image_size // 2) ** 2, 1), score_shape(None))


def my_two_scale_digits() -> Experiment:
    """The recipe gan-digits with the new discriminator."""
    base = recipe("gan-digits")
    discriminator = replace(base.players["discriminator"], network=network("my-two-scale-discriminator"))
    return replace(base, players={**base.players, "discriminator": discriminator})


equipoise.register(
    network=equipoise.Entry("my-two-scale-discriminator", "looks at an image at two scales", TwoScaleDiscriminator),
    recipe=equipoise.Entry("my-two-scale-digits", "GAN on digits, seen at two scales", my_two_scale_digits),
)
