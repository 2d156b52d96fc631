"""Two layers as one convolution: the same function for fewer operations.

A 3x3 convolution and the mean over 2x2 windows after it are one 4x4 convolution with stride 2; nearest doubling and the
3x3 convolution after it are one 4x4 transposed convolution with stride 2. Either kernel is the sum of four copies of
the 3x3 kernel, shifted by one: 16 products for each pair of channels where the two layers take 36. Zero padding and
odd sides come out the same, and a normalised weight is normalised before it is folded.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional

Fold = Callable[[nn.Module, nn.Module, Tensor], Tensor]
"""From two layers and an input to the output of both."""


def folds_of(layers: Iterable[nn.Module]) -> Mapping[int, Fold]:
    """Which layers can be merged with the next one, and how, by the index of the first."""
    return {place: _FOLDS[_kinds(pair)] for place, pair in enumerate(pairwise(layers)) if _kinds(pair) in _FOLDS}


def is_watched(layer: nn.Module) -> bool:
    """Whether the layer has hooks, such as a probe's; it is then called by itself."""
    return bool(layer._forward_pre_hooks or layer._forward_hooks)


def _pooled(convolution: nn.Module, _: nn.Module, values: Tensor) -> Tensor:
    """mean2x2(conv3x3(values)): [batch, channels, height, width] -> [batch, outputs, height / 2, width / 2]."""
    assert isinstance(convolution, nn.Conv2d)
    return functional.conv2d(values, _widened(convolution.weight) / 4, convolution.bias, stride=2, padding=1)


def _doubled(_: nn.Module, convolution: nn.Module, values: Tensor) -> Tensor:
    """conv3x3(nearest(values)): [batch, channels, height, width] -> [batch, outputs, 2 height, 2 width]."""
    assert isinstance(convolution, nn.Conv2d)
    kernel = _widened(convolution.weight).flip(2, 3).transpose(0, 1)
    return functional.conv_transpose2d(values, kernel, convolution.bias, stride=2, padding=1)


def _widened(kernel: Tensor) -> Tensor:
    """[..., 3, 3] -> [..., 4, 4]: the sum of the four copies that lie at one step from each other."""
    rows = functional.pad(kernel, (0, 0, 0, 1)) + functional.pad(kernel, (0, 0, 1, 0))
    return functional.pad(rows, (0, 1)) + functional.pad(rows, (1, 0))


def _kinds(pair: tuple[nn.Module, nn.Module]) -> tuple[str, str]:
    first, second = (_kind(layer) for layer in pair)
    return first, second


def _kind(layer: nn.Module) -> str:
    if isinstance(layer, nn.Conv2d) and _is_plain(layer):
        return "3x3"
    if isinstance(layer, nn.AvgPool2d) and (layer.kernel_size, layer.stride, layer.padding) == (2, 2, 0):
        return "mean"
    if isinstance(layer, nn.Upsample) and (layer.scale_factor, layer.mode) == (2.0, "nearest"):
        return "double"
    return ""


def _is_plain(layer: nn.Conv2d) -> bool:
    window = (layer.kernel_size, layer.stride, layer.padding, layer.dilation)
    return window == ((3, 3), (1, 1), (1, 1), (1, 1)) and layer.groups == 1 and layer.padding_mode == "zeros"


_FOLDS: dict[tuple[str, str], Fold] = {("3x3", "mean"): _pooled, ("double", "3x3"): _doubled}
