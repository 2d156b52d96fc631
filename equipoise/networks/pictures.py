"""Small networks for pictures of one's own: narrow, without transposed convolutions, grey, colour or with opacity.

The generator doubles its maps by nearest neighbours before a 3x3 convolution, which together cost what a transposed
convolution costs and leave no checkerboards (Odena et al. 2016); batch normalisation and ReLU follow. The discriminator
halves its maps by 4x4 convolutions and has no normalisation, as gradient penalties ask.
"""

from itertools import pairwise

from torch import Tensor, nn

from equipoise.networks.blocks import OutputActivation, Projection, Stack, activation, halvings
from equipoise.networks.dcgan import doubling_widths
from equipoise.networks.exact import without_autocast
from equipoise.networks.network import Discriminator, Generator, check_shape
from equipoise.networks.normalisation import BatchNorm

_SLOPE = 0.1
_KINDS = ("noise",)


class PictureGenerator(Generator):
    """latent -> maps that double in size and halve in channels, with BN and ReLU -> 3x3 convolution -> picture.

    Args:
        latent_size: size of the latent vector, the dimensions that name a class included.
        image_size: side of the square picture, a power of two times 4 to 7.
        channels: 1 for grey, 3 for colour, 4 for colour with opacity.
        width: channels of the largest map; each smaller map has twice as many.
        largest_width: limit of the number of channels.
        output_activation: activation of the picture.
    """

    def __init__(
        self,
        latent_size: int = 64,
        image_size: int = 32,
        channels: int = 3,
        width: int = 16,
        largest_width: int = 256,
        output_activation: OutputActivation = "tanh",
    ) -> None:
        super().__init__()
        self.latent_size, self.image_shape, self.scheme = latent_size, (channels, image_size, image_size), "dcgan"
        base, times = halvings(image_size)
        widths = doubling_widths(width, times + 1, largest_width)[::-1]
        layers: list[nn.Module] = [Projection(latent_size, widths[0], base, bias=False)]
        layers += [BatchNorm(widths[0], _KINDS), nn.ReLU()]
        for inputs, outputs in pairwise(widths):
            layers += [nn.Upsample(scale_factor=2), nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False)]
            layers += [BatchNorm(outputs, _KINDS), nn.ReLU()]
        self.layers = Stack([*layers, nn.Conv2d(widths[-1], channels, 3, 1, 1), *activation(output_activation)])


class PictureDiscriminator(Discriminator):
    """pictures -> 3x3 convolution -> maps that halve in size and double in channels, leaky ReLU 0.1 -> one score.

    With classes the score of a picture is told its class: the output of that class is added to the common one, which is
    the projection of Miyato and Koyama 2018 on features that keep their place.

    Args:
        image_size: side of the square picture, a power of two times 4 to 7.
        channels: 1 for grey, 3 for colour, 4 for colour with opacity.
        width: channels of the first map; each smaller map has twice as many.
        largest_width: limit of the number of channels.
        classes: how many classes there are; None for pictures without a class.
    """

    def __init__(
        self,
        image_size: int = 32,
        channels: int = 3,
        width: int = 16,
        largest_width: int = 256,
        classes: int | None = None,
    ) -> None:
        super().__init__()
        self.image_shape, self.scheme, self.classes = (channels, image_size, image_size), "dcgan", classes or 0
        base, times = halvings(image_size)
        widths = doubling_widths(width, times + 1, largest_width)
        layers: list[nn.Module] = [nn.Conv2d(channels, widths[0], 3, 1, 1), nn.LeakyReLU(_SLOPE)]
        for inputs, outputs in pairwise(widths):
            layers += [nn.Conv2d(inputs, outputs, 4, 2, 1), nn.LeakyReLU(_SLOPE)]
        self.body = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.Flatten(1), nn.Linear(widths[-1] * base**2, 1 + self.classes))

    def forward(self, images: Tensor, classes: Tensor | None = None) -> Tensor:
        """Scores [batch].

        Args:
            images: [batch, channels, height, width].
            classes: [batch, classes], 1 for the class of an image and 0 for the others; without it the score is the
                mean over all classes.
        """
        check_shape("images", images, self.image_shape)
        scores = without_autocast(self.head, self.body(images))
        if classes is None:
            return scores[:, 0] if not self.classes else scores[:, 0] + scores[:, 1:].mean(1)
        check_shape("classes", classes, (self.classes,))
        return scores[:, 0] + (scores[:, 1:] * classes).sum(1)
