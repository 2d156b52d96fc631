"""The base classes of networks: input and output shapes, and the scheme of the initial weights.

A concrete network is a constructor of plain keyword arguments that fills the layers named here; the forward pass is
written once, below. Constraints such as spectral normalisation are attached from outside.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from torch import nn

from equipoise.common.checks import check_floating
from equipoise.common.errors import EquipoiseError
from equipoise.networks.blocks import applied
from equipoise.networks.exact import without_autocast


class Network(nn.Module):
    """A module that knows the shape of one image, and the scheme of its initial weights.

    Attributes:
        image_shape: what it takes or gives, without the batch: (channels, height, width), or (2,) for points.
        scheme: a name in `equipoise.networks.initialise.SCHEMES`.
        convolution_widths: the constructor's options, as far as it has them, that are widths of convolutions, alone or
            in a tuple; smaller budgets narrow them.
        dense_widths: the same of dense layers.
        named_widths: the widths that have a name.
        is_heavy: whether an iteration takes seconds even at a quarter of the width, so that a CPU needs it narrower.
        cpu_steps: the side of a slow generator's images -> discriminator steps in ten minutes of one core, as measured
            at the budget `cpu`; what is not here takes all the steps of that budget.
        cpu_batch: of a slow generator, the largest batch at the budget `cpu`.
    """

    convolution_widths: ClassVar[tuple[str, ...]] = ("width", "widths", "largest_width")
    dense_widths: ClassVar[tuple[str, ...]] = ()
    named_widths: ClassVar[Mapping[str, int]] = {}
    is_heavy: ClassVar[bool] = False
    cpu_steps: ClassVar[Mapping[int, int]] = {}
    cpu_batch: ClassVar[int | None] = None

    image_shape: tuple[int, ...]
    scheme: str = "default"


def check_parts(network: Network) -> None:
    """The network must have set its shape, and what the forward pass that it inherits from this module needs.

    Raises:
        ValueError: it has not.
    """
    base = next(cls for cls in type(network).__mro__ if "forward" in vars(cls))
    needed = ("image_shape", *(base.__annotations__ if base.__module__ == __name__ else ()))
    missing = [name for name in needed if not hasattr(network, name)]
    if missing:
        raise ValueError(f"{type(network).__name__} must set {' and '.join(missing)} in its constructor")


def check_shape(name: str, value: torch.Tensor, expected: Sequence[int]) -> None:
    """The argument must be floating-point of shape [batch, *expected]."""
    check_floating(name, value)
    if tuple(value.shape[1:]) != tuple(expected):
        wanted = ", ".join(["batch", *map(str, expected)])
        raise ValueError(f"{name} must have shape [{wanted}], got shape {tuple(value.shape)}.")


class Generator(Network):
    """latent [batch, latent_size] -> images [batch, channels, height, width], or points [batch, 2]."""

    latent_size: int
    layers: nn.Module

    def forward(self, latent: torch.Tensor, batch_kind: str = "noise") -> torch.Tensor:
        """Images of shape [batch, *image_shape].

        Args:
            latent: [batch, latent_size].
            batch_kind: which running statistics of the batch normalisation this batch belongs to; ignored without any,
                and by layers that are neither a `Stack` nor another `KindAware`.
        """
        check_shape("latent", latent, (self.latent_size,))
        return applied(self.layers, latent, batch_kind)


class Discriminator(Network):
    """images [batch, *image_shape] -> scores [batch], [batch, output_size], or [batch, n, n] for a map.

    Attributes:
        classes: how many classes it can be told of, as a second argument [batch, classes] after the images.
    """

    classes: int = 0
    body: nn.Module
    head: nn.Module

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """The last hidden features, [batch, features]."""
        check_shape("images", images, self.image_shape)
        return torch.flatten(self.body(images), 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Scores of images of shape [batch, *image_shape]; under autocast the head computes in float32."""
        check_shape("images", images, self.image_shape)
        return without_autocast(self.head, self.body(images))


class AutoEncoder(Network):
    """images [batch, *image_shape] -> reconstructions of the same shape."""

    encoder: nn.Module
    decoder: nn.Module

    def encode(self, images: torch.Tensor) -> torch.Tensor:
        """Codes, [batch, codes]."""
        check_shape("images", images, self.image_shape)
        return torch.flatten(self.encoder(images), 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Reconstructions of images of shape [batch, *image_shape]."""
        check_shape("images", images, self.image_shape)
        reconstructions: torch.Tensor = self.decoder(self.encoder(images))
        return reconstructions


class Encoder(Network):
    """images [batch, *image_shape] -> latent [batch, latent_size]."""

    latent_size: int
    layers: nn.Module

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Latent vectors of images of shape [batch, *image_shape]."""
        check_shape("images", images, self.image_shape)
        latent: torch.Tensor = self.layers(images)
        return latent


def score_shape(output_size: int | None) -> nn.Module:
    """Turns [batch, s, ...1] into [batch] when no output size was asked for, else into [batch, s]."""
    if output_size is not None and output_size < 1:
        raise EquipoiseError(f"output_size must be at least 1, or none for one score per image, got {output_size}.")
    return nn.Flatten(0) if output_size is None else nn.Flatten(1)
