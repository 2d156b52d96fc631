"""Lets training use the convolutions of `equipoise.kernels.convolution`; networks need not know about it.

The plain path is the same network outside the context: torch's own convolutions.
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn

from equipoise.common.replacing import Function, Replacing
from equipoise.kernels.convolution import Pair, convolve

_LEAST_CHANNELS = 128
"""On either side; with fewer, torch's own were 1.2 to 2 times as fast, with AVX2 and with AVX-512."""


def fast_convolutions(parameters: Iterable[nn.Parameter]) -> AbstractContextManager[object]:
    """A context with faster convolutions, if these are parameters on the CPU and include kernels."""
    gains = any(parameter.ndim == 4 and parameter.device.type == "cpu" for parameter in parameters)
    return FastConvolutions() if gains else nullcontext()


class FastConvolutions(Replacing):
    """Inside this context torch's convolutions are those of `equipoise.kernels.convolution`, where they gain."""

    def __init__(self) -> None:
        super().__init__(_REPLACEMENTS)


def _conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Pair = 1,
    padding: int | str | Pair = 0,
    dilation: int | Pair = 1,
    groups: int = 1,
) -> Tensor:
    if isinstance(padding, str) or not _gains(input, weight, dilation, groups):
        return torch.conv2d(input, weight, bias, stride, padding, dilation, groups)
    return convolve(input, weight, bias, _pair(stride), _pair(padding), (0, 0), False)


def _conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Pair = 1,
    padding: int | Pair = 0,
    output_padding: int | Pair = 0,
    groups: int = 1,
    dilation: int | Pair = 1,
) -> Tensor:
    if not _gains(input, weight, dilation, groups):
        maps = torch.conv_transpose2d(input, weight, None, stride, padding, output_padding, groups, dilation)
        return maps if bias is None else maps + bias[:, None, None]
    return convolve(input, weight, bias, _pair(stride), _pair(padding), _pair(output_padding), True)


_REPLACEMENTS: dict[Function, Function] = {
    torch.conv2d: _conv2d,
    torch.conv_transpose2d: _conv_transpose2d,
}


def _gains(input: Tensor, weight: Tensor, dilation: int | Pair, groups: int) -> bool:
    """Whether it is an ordinary convolution with enough channels on either side."""
    plain = groups == 1 and _pair(dilation) == (1, 1) and input.ndim == 4 and not torch.is_autocast_enabled("cpu")
    return plain and min(weight.shape[:2]) >= _LEAST_CHANNELS


def _pair(size: int | Pair) -> Pair:
    return (size, size) if isinstance(size, int) else (size[0], size[1])
