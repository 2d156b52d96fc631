"""Lets training use the convolutions of `equipoise.kernels.convolution`; networks need not know about it.

The plain path is the same network outside the context: torch's own convolutions.
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn

from equipoise.common.replacing import Function, Replacing
from equipoise.kernels import winograd
from equipoise.kernels.borders import Pair
from equipoise.kernels.convolution import convolve


def fast_convolutions(parameters: Iterable[nn.Parameter]) -> AbstractContextManager[object]:
    """A context with faster convolutions, if these are parameters on the CPU and include kernels."""
    gains = any(parameter.ndim == 4 and parameter.device.type == "cpu" for parameter in parameters)
    return FastConvolutions() if gains else nullcontext()


class FastConvolutions(Replacing):
    """Inside this context 3x3 convolutions are those of `equipoise.kernels.convolution`, where they gain.

    A transposed convolution adds its bias afterwards, in a pass of its own.
    """

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
    if _gains(input, weight, stride, padding, dilation, groups):
        return convolve(input, weight, bias)
    return torch.conv2d(input, weight, bias, stride, padding, dilation, groups)


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
    maps = torch.conv_transpose2d(input, weight, None, stride, padding, output_padding, groups, dilation)
    return maps if bias is None else maps.add_(bias[:, None, None])  # torch loses a fifth of its speed to it


_REPLACEMENTS: dict[Function, Function] = {torch.conv2d: _conv2d, torch.conv_transpose2d: _conv_transpose2d}


def _gains(
    input: Tensor, weight: Tensor, stride: int | Pair, padding: int | str | Pair, dilation: int | Pair, groups: int
) -> bool:
    """Whether minimal filtering can stand for it, and gains."""
    plain = groups == 1 and _pair(dilation) == (1, 1) and input.ndim == 4 and not torch.is_autocast_enabled("cpu")
    return (
        plain
        and not isinstance(padding, str)
        and winograd.gains(input, weight.shape[:2], weight.shape[2:], _pair(stride), _pair(padding))
    )


def _pair(size: int | Pair) -> Pair:
    return (size, size) if isinstance(size, int) else (size[0], size[1])
