"""Two layers as one: the same function for fewer operations or less memory.

A 3x3 convolution and the mean over 2x2 windows after it are one 4x4 convolution with stride 2; nearest doubling and the
3x3 convolution after it are one 4x4 transposed convolution with stride 2. Either kernel is the sum of four copies of
the 3x3 kernel, shifted by one: 16 products for each pair of channels where the two layers take 36. Zero padding and
odd sides come out the same, and a normalised weight is normalised before it is folded.

A rectifier writes over the maps of the convolution or batch normalisation before it: no derivative needs them.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from equipoise.networks.normalisation import BatchNorm

Fold = Callable[[nn.Module, nn.Module, Tensor, str | None], Tensor]
"""From two layers, an input and the kind of its batch to the output of both."""


def folds_of(layers: Iterable[nn.Module]) -> Mapping[int, Fold]:
    """Which layers can be merged with the next one, and how, by the index of the first."""
    found = {place: _fold(*pair) for place, pair in enumerate(pairwise(layers))}
    return {place: fold for place, fold in found.items() if fold is not None}


def is_watched(layer: nn.Module) -> bool:
    """Whether the layer has hooks, such as a probe's; it is then called by itself."""
    return bool(layer._forward_pre_hooks or layer._forward_hooks or layer._backward_pre_hooks or layer._backward_hooks)


def rectified(layer: nn.Module, rectifier: nn.Module, values: Tensor, batch_kind: str | None) -> Tensor:
    """rectifier(layer(values)), written over what the layer made; shapes as of the two."""
    maps: Tensor = layer(values, batch_kind) if isinstance(layer, BatchNorm) else layer(values)
    if isinstance(rectifier, nn.LeakyReLU):
        return functional.leaky_relu(maps, rectifier.negative_slope, inplace=True)
    return functional.relu(maps, inplace=True)


def _pooled(convolution: nn.Module, _: nn.Module, values: Tensor, batch_kind: str | None) -> Tensor:
    """mean2x2(conv3x3(values)): [batch, channels, height, width] -> [batch, outputs, height / 2, width / 2]."""
    assert isinstance(convolution, nn.Conv2d)
    return functional.conv2d(values, _widened(convolution.weight / 4), convolution.bias, stride=2, padding=1)


def _doubled(_: nn.Module, convolution: nn.Module, values: Tensor, batch_kind: str | None) -> Tensor:
    """conv3x3(nearest(values)): [batch, channels, height, width] -> [batch, outputs, 2 height, 2 width]."""
    assert isinstance(convolution, nn.Conv2d)
    kernel = _widened(convolution.weight.flip(2, 3).transpose(0, 1))
    return functional.conv_transpose2d(values, kernel, convolution.bias, stride=2, padding=1)


def _widened(kernel: Tensor) -> Tensor:
    """[a, b, 3, 3] -> [a, b, 4, 4]: the sum of the four copies that lie at one step from each other."""
    entries = kernel.permute(2, 3, 0, 1).contiguous()  # whole matrices are added, several times as fast as windows
    return _with_neighbours(_with_neighbours(entries, 0), 1).permute(2, 3, 0, 1)


def _with_neighbours(entries: Tensor, side: int) -> Tensor:
    """The sums of each entry and the one before it along this side, which grows by one."""
    length = entries.shape[side]
    inner = entries.narrow(side, 1, length - 1) + entries.narrow(side, 0, length - 1)
    return torch.cat([entries.narrow(side, 0, 1), inner, entries.narrow(side, length - 1, 1)], side)


def _fold(first: nn.Module, second: nn.Module) -> Fold | None:
    if _is_plain(first) and isinstance(second, nn.AvgPool2d):
        return _pooled if (second.kernel_size, second.stride, second.padding) == (2, 2, 0) else None
    if isinstance(first, nn.Upsample) and _is_plain(second):
        return _doubled if (first.scale_factor, first.mode) == (2.0, "nearest") else None
    makes_maps = isinstance(first, nn.Conv2d | nn.ConvTranspose2d | BatchNorm)
    return rectified if makes_maps and isinstance(second, nn.ReLU | nn.LeakyReLU) else None


def _is_plain(layer: nn.Module) -> bool:
    """Whether it is a 3x3 convolution that keeps the sides, with borders of zeros."""
    if not isinstance(layer, nn.Conv2d):
        return False
    window = (layer.kernel_size, layer.stride, layer.padding, layer.dilation)
    return window == ((3, 3), (1, 1), (1, 1), (1, 1)) and layer.groups == 1 and layer.padding_mode == "zeros"
