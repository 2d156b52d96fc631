"""Discriminators that score patches of an image, at one scale or several: PatchGAN and the multi-scale discriminator.

Isola et al. 2017 (pix2pix) score overlapping patches with one convolutional network; Wang et al. 2018 (pix2pixHD) do so
at several scales, with a network of its own for each. Both normalise their maps; here nothing is normalised, as
gradient penalties ask, and convolutions keep their sides, so that the maps of all scales lie upon one another.
"""

import torch
from torch import Tensor, nn

from equipoise.common.errors import EquipoiseError
from equipoise.networks.dcgan import doubling_widths
from equipoise.networks.magan import halved
from equipoise.networks.network import Discriminator

_WIDEST = 8
"""Times the width of the first map."""


class PatchDiscriminator(Discriminator):
    """images -> 4x4 convolutions with stride 2 -> 3x3 -> 1x1 to scores of patches [batch, n, n]; leaky ReLU 0.2.

    A patch is 5 * 2^layers - 2 pixels wide: 8, 18, 38, 78. With several scales, the same layers with weights of their
    own also see the image at 1/2, 1/4, ... of its size (means of squares), and the scores are [batch, scales, n, n].
    Coarser maps are repeated to the size of the finest. So the mean over all scores of a loss on each is the mean over
    the maps of their means: the maps count alike, as in `equipoise.losses.maps.over_maps`.

    Args:
        image_size: side of the square image, a multiple of 2^(layers + scales - 1).
        channels: 1 for grey, 3 for RGB.
        width: channels of the first map; each later one has twice as many, up to 8 times.
        layers: how many convolutions halve the map: n is image_size / 2^layers.
        scales: at how many sizes the image is seen.
    """

    def __init__(
        self, image_size: int = 32, channels: int = 3, width: int = 64, layers: int = 2, scales: int = 1
    ) -> None:
        super().__init__()
        self.image_shape, self.scheme = (channels, image_size, image_size), "wgan-gp"
        if image_size % (unit := 1 << (layers + scales - 1)):
            raise EquipoiseError(
                f"image_size must be a multiple of {unit} for {layers} layers and {scales} scales, got {image_size}."
            )
        widths = [channels, *doubling_widths(width, layers + 1, _WIDEST * width)]
        self.body = _SideBySide(_branch(widths, 1 << scale) for scale in range(scales))
        scores = nn.Conv2d(scales * widths[-1], scales, 1, groups=scales)
        self.head = nn.Sequential(scores, *([nn.Flatten(1, 2)] if scales == 1 else []))


class _SideBySide(nn.ModuleList):
    """Maps of one image by several networks, as channels of one map."""

    def forward(self, images: Tensor) -> Tensor:
        return torch.cat([branch(images) for branch in self], dim=1)


def _branch(widths: list[int], factor: int) -> nn.Sequential:
    """What sees the image at 1/factor of its size; its map is repeated to the size that it has at the whole one."""
    smaller, larger = ([nn.AvgPool2d(factor)], [nn.Upsample(scale_factor=factor)]) if factor > 1 else ([], [])
    return nn.Sequential(
        *smaller, *halved(tuple(widths[:-1])), nn.Conv2d(widths[-2], widths[-1], 3, 1, 1), nn.LeakyReLU(0.2), *larger
    )
