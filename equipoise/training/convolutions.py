"""Convolutions on the CPU whose weights' gradients are products of large matrices.

torch computes them at a third to two thirds of the speed of a matrix product, least on maps of 8x8 and below, and for a
gradient penalty (a derivative of a derivative) as a convolution with a kernel as large as the map. Here the patches of
some images at a time are copied side by side, few enough to stay in the cache, and one product with the gradients of
the other side follows: the same sums in another order.

The convolution's input gradient is the transposed convolution, and the other way round; both are written as one
function, so that derivatives of derivatives take the same route. The values are torch's own.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

_Pair = tuple[int, int]
_PATCH_BYTES = 1 << 22
_LEAST_CHANNELS = 32
"""On either side; with fewer, copying the patches costs more than the product saves."""


def fast_convolutions(parameters: Iterable[nn.Parameter]) -> AbstractContextManager[object]:
    """Where convolutions take the route above, if these are parameters on the CPU and kernels are among them."""
    gains = any(parameter.ndim == 4 and parameter.device.type == "cpu" for parameter in parameters)
    return FastConvolutions() if gains else nullcontext()


class FastConvolutions(TorchFunctionMode):
    """Inside this context a convolution remembers to find its weight's gradient by a matrix product."""

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Iterable[type],
        arguments: tuple[Any, ...] = (),
        keywords: Mapping[str, Any] | None = None,
    ) -> Any:
        """Replace the convolutions that gain, and pass everything else on."""
        replacement = _REPLACEMENTS.get(function, function)
        return replacement(*arguments, **(keywords or {}))


def _conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | _Pair = 1,
    padding: int | str | _Pair = 0,
    dilation: int | _Pair = 1,
    groups: int = 1,
) -> Tensor:
    if isinstance(padding, str) or not _gains(input, weight, dilation, groups):
        return torch.conv2d(input, weight, bias, stride, padding, dilation, groups)
    return convolve(input, weight, bias, _pair(stride), _pair(padding), (0, 0), False)


def _conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | _Pair = 1,
    padding: int | _Pair = 0,
    output_padding: int | _Pair = 0,
    groups: int = 1,
    dilation: int | _Pair = 1,
) -> Tensor:
    if not _gains(input, weight, dilation, groups):
        maps = torch.conv_transpose2d(input, weight, None, stride, padding, output_padding, groups, dilation)
        return maps if bias is None else maps + bias[:, None, None]
    return convolve(input, weight, bias, _pair(stride), _pair(padding), _pair(output_padding), True)


_REPLACEMENTS: dict[Callable[..., Any], Callable[..., Any]] = {
    torch.conv2d: _conv2d,
    torch.conv_transpose2d: _conv_transpose2d,
}


def _gains(input: Tensor, weight: Tensor, dilation: int | _Pair, groups: int) -> bool:
    """Whether the weight will want a gradient, and one that the matrix product finds faster."""
    plain = groups == 1 and _pair(dilation) == (1, 1) and input.ndim == 4 and not torch.is_autocast_enabled("cpu")
    return plain and torch.is_grad_enabled() and weight.requires_grad and min(weight.shape[:2]) >= _LEAST_CHANNELS


def _pair(size: int | _Pair) -> _Pair:
    return (size, size) if isinstance(size, int) else (size[0], size[1])


def convolve(
    values: Tensor,
    kernel: Tensor,
    bias: Tensor | None,
    stride: _Pair,
    padding: _Pair,
    output_padding: _Pair,
    transposed: bool,
) -> Tensor:
    """The convolution of the values, or the transposed one.

    Args:
        values: [batch, channels, height, width].
        kernel: [outputs, channels, k, k]; [channels, outputs, k, k] where transposed.
        bias: [outputs].
        output_padding: of the transposed convolution.
    """
    sources = (source if source is None else source.view_as(source) for source in (values, kernel, bias))
    maps: Tensor = _Convolution.apply(*sources, stride, padding, output_padding, transposed)
    return maps


def _wanted(ctx: Any) -> list[bool]:
    """Whose gradients this backward pass goes on to, where `ctx.needs_input_grad` says whose it could.

    Only a node that is no leaf can be asked about: hence the views in `convolve`.
    """
    nodes = [node for node, _ in ctx.next_functions]
    found = [node is not None and torch._C._will_engine_execute_node(node) for node in nodes]
    return found + [False] * (len(ctx.needs_input_grad) - len(found))


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        values: Tensor,
        kernel: Tensor,
        bias: Tensor | None,
        stride: _Pair,
        padding: _Pair,
        output_padding: _Pair,
        transposed: bool,
    ) -> Tensor:
        ctx.save_for_backward(values, kernel)
        ctx.options = (stride, padding, transposed)
        fused = None if transposed else bias  # a transposed convolution loses a fifth of its speed to its bias
        maps = torch.convolution(values, kernel, fused, stride, padding, (1, 1), transposed, output_padding, 1)
        return maps if bias is None or not transposed else maps.add_(bias[:, None, None])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (gradient,) = gradients
        values, kernel = ctx.saved_tensors
        stride, padding, transposed = ctx.options
        to_values, to_kernel, to_bias, *_ = _wanted(ctx)
        on_values = on_kernel = on_bias = None
        if to_values:
            rest = (0, 0) if transposed else _left_over(values, gradient, kernel, stride, padding)
            on_values = convolve(gradient, kernel, None, stride, padding, rest, not transposed)
        if to_kernel:
            large, small = (gradient, values) if transposed else (values, gradient)
            on_kernel = _KernelGradient.apply(
                large.view_as(large), small.view_as(small), kernel.shape[2:], stride, padding
            )
        if to_bias:
            on_bias = gradient.sum((0, 2, 3))
        return on_values, on_kernel, on_bias, None, None, None, None


def _left_over(values: Tensor, maps: Tensor, kernel: Tensor, stride: _Pair, padding: _Pair) -> _Pair:
    """Rows and columns at the end that a convolution from `values` to `maps` does not reach with whole steps."""
    rows, columns = (
        values.shape[side] - ((maps.shape[side] - 1) * stride[side - 2] - 2 * padding[side - 2] + kernel.shape[side])
        for side in (2, 3)
    )
    return rows, columns


class _KernelGradient(torch.autograd.Function):
    """The kernel's gradient is linear in either side, so that its own derivatives are convolutions again."""

    @staticmethod
    def forward(ctx: Any, large: Tensor, small: Tensor, window: _Pair, stride: _Pair, padding: _Pair) -> Tensor:
        ctx.save_for_backward(large, small)
        ctx.options = (stride, padding)
        return kernel_gradient(large, small, window, stride, padding)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (kernel,) = gradients
        large, small = ctx.saved_tensors
        stride, padding = ctx.options
        to_large, to_small, *_ = _wanted(ctx)
        on_large = on_small = None
        if to_large:
            rest = _left_over(large, small, kernel, stride, padding)
            on_large = convolve(small, kernel, None, stride, padding, rest, True)
        if to_small:
            on_small = convolve(large, kernel, None, stride, padding, (0, 0), False)
        return on_large, on_small, None, None, None


def kernel_gradient(large: Tensor, small: Tensor, window: _Pair, stride: _Pair, padding: _Pair) -> Tensor:
    """The sum over images and positions of each entry of `small` times the patch of `large` that it stands for.

    Args:
        large: [batch, channels, height, width], a convolution's input or a transposed convolution's output gradient.
        small: [batch, others, h, w], a convolution's output gradient or a transposed convolution's input.
        window: height and width of the kernel.

    Returns: [others, channels, *window], channels last.
    """
    maps = small.permute(0, 2, 3, 1)
    patches = _patches(large, (maps.shape[1], maps.shape[2]), window, stride, padding)
    size = patches[0, 0, 0].numel()
    images = max(1, _PATCH_BYTES // (maps[0, :, :, 0].numel() * size * large.element_size()))
    total = large.new_zeros(small.shape[1], size)
    room = torch.empty_like(patches[:images], memory_format=torch.contiguous_format)
    for some, same in zip(maps.split(images), patches.split(images), strict=True):
        copied = room[: len(same)].copy_(same).view(-1, size)
        total.addmm_(some.reshape(-1, small.shape[1]).T, copied)
    return total.view(-1, *window, large.shape[1]).permute(0, 3, 1, 2)


def _patches(large: Tensor, positions: _Pair, window: _Pair, stride: _Pair, padding: _Pair) -> Tensor:
    """A view [batch, *positions, *window, channels] of the padded maps: nothing is copied yet."""
    pads = (0, 0, padding[1], padding[1], padding[0], padding[0])
    padded = nn.functional.pad(large.permute(0, 2, 3, 1), pads).contiguous()
    image, row, column, channel = padded.stride()
    steps = (image, row * stride[0], column * stride[1], row, column, channel)
    return padded.as_strided((large.shape[0], *positions, *window, large.shape[1]), steps)
