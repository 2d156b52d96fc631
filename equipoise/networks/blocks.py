"""Small building blocks of networks."""

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

import torch
from torch import nn

from equipoise.common.errors import EquipoiseError, UnknownName
from equipoise.networks.folds import folds_of, is_watched
from equipoise.networks.normalisation import BatchNorm

Activation = Literal["none", "relu", "leaky_relu", "elu", "tanh", "sigmoid"]
"""The activations, by name."""
OutputActivation = Literal["none", "tanh", "sigmoid"]
"""The activations at the end of a network, by name."""

_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "none": nn.Identity,
    "relu": nn.ReLU,
    "leaky_relu": lambda: nn.LeakyReLU(0.2),
    "elu": nn.ELU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
}
ACTIVATION_NAMES: dict[type[nn.Module], str] = {
    nn.ReLU: "relu",
    nn.LeakyReLU: "leaky_relu",
    nn.ELU: "elu",
    nn.Tanh: "tanh",
    nn.Sigmoid: "sigmoid",
}
"""The name of an activation's class."""
_LARGEST_BASE = 7


def activation(name: Activation) -> list[nn.Module]:
    """The activation as a list of zero or one layers, to insert between others."""
    if name not in _ACTIVATIONS:
        raise UnknownName("activation", name, _ACTIVATIONS)
    return [] if name == "none" else [_ACTIVATIONS[name]()]


class KindAware(nn.Module):
    """A layer that gets the kind of batch, and passes it on to its batch normalisation."""

    def forward(self, values: torch.Tensor, batch_kind: str | None = None) -> torch.Tensor:
        """values: [batch, ...]."""
        raise NotImplementedError


class Stack(KindAware):
    """Layers in sequence; those that need it get the kind of batch.

    Attributes:
        folds: how layers are computed together with the next one, by their place; empty for each layer by itself.
    """

    def __init__(self, layers: Iterable[nn.Module]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.folds = folds_of(self.layers)

    def __iter__(self) -> Iterator[nn.Module]:
        return iter(self.layers)

    def forward(self, values: torch.Tensor, batch_kind: str | None = None) -> torch.Tensor:
        """values: [batch, ...]."""
        layers, place = list(self.layers), 0
        while place < len(layers):
            layer = layers[place]
            if place in self.folds and not any(is_watched(each) for each in layers[place : place + 2]):
                values = self.folds[place](layer, layers[place + 1], values, batch_kind)
                place += 2
            else:
                values = applied(layer, values, batch_kind)
                place += 1
        return values


def applied(layer: nn.Module, values: torch.Tensor, batch_kind: str | None) -> torch.Tensor:
    """layer(values), [batch, ...]; one that needs it gets the kind of batch, any other the values alone."""
    found: torch.Tensor = layer(values, batch_kind) if isinstance(layer, KindAware | BatchNorm) else layer(values)
    return found


class Projection(nn.Module):
    """A transposed convolution (stride 1, no padding) of latent vectors as 1x1 maps: one matrix product.

    [batch, latent_size] -> [batch, channels, size, size]; the kernel is stored as [latent_size, channels, size, size].

    Attributes:
        channels_last: whether the maps lie so in memory, as the layers after it may want them.
    """

    channels_last = True

    def __init__(self, latent_size: int, channels: int, size: int, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(latent_size, channels, size, size))
        self.bias = nn.Parameter(torch.zeros(channels)) if bias else None

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        """latent: [batch, latent_size]."""
        if not self.channels_last:
            maps = (latent @ self.weight.flatten(1)).reshape(-1, *self.weight.shape[1:])
            return maps if self.bias is None else maps + self.bias[:, None, None]
        kernel = self.weight.permute(0, 2, 3, 1)
        maps = (latent @ kernel.flatten(1)).reshape(-1, *kernel.shape[1:])
        return (maps if self.bias is None else maps + self.bias).permute(0, 3, 1, 2)

    def extra_repr(self) -> str:
        """What `print` shows of the layer."""
        latent_size, channels, size, _ = self.weight.shape
        return f"{latent_size}, {channels}, size={size}, bias={self.bias is not None}"


class Scaled(nn.Conv2d):
    """A convolution that says how large its first weights are: N(0, gain / sqrt(fan_in))."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        size: int,
        padding: int = 0,
        groups: int = 1,
        bias: bool = True,
        gain: float = 1,
    ) -> None:
        super().__init__(inputs, outputs, size, padding=padding, groups=groups, bias=bias)
        self.gain = gain


class Multiply(nn.Module):
    """Multiplies by a fixed number."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """values: any shape."""
        return values * self.factor

    def extra_repr(self) -> str:
        """What `print` shows of the layer."""
        return f"factor={self.factor}"


class SumPool(nn.Module):
    """Sum over all positions: [batch, channels, height, width] -> [batch, channels]."""

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """maps: [batch, channels, height, width]."""
        return maps.sum((2, 3))


def halvings(image_size: int, largest_base: int = _LARGEST_BASE) -> tuple[int, int]:
    """Base size and number of halvings of an image whose side is a power of two times a base.

    Halved as long as the side is even and above `largest_base`.

    Examples:
        >>> halvings(64), halvings(48), halvings(28)
        ((4, 4), (6, 3), (7, 2))
    """
    base, times = image_size, 0
    while base > largest_base and base % 2 == 0:
        base, times = base // 2, times + 1
    if base > largest_base or times == 0:
        bases = ", ".join(str(side) for side in range(largest_base // 2 + 1, largest_base + 1))
        raise EquipoiseError(f"image_size must be a power of two (2 or more) times one of {bases}, got {image_size}.")
    return base, times
