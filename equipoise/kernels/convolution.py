"""3x3 convolutions by minimal filtering, with derivatives of any order.

A convolution's input gradient is the convolution by the turned kernel, and both gradients are linear in each of their
arguments. Written so, derivatives of derivatives take the same route. A gradient that autograd leaves undefined stays
so: made into zeros, a gradient penalty would send them back through the whole network.
"""

from typing import Any

import torch
from torch import Tensor

from equipoise.kernels import winograd


def convolve(values: Tensor, kernel: Tensor, bias: Tensor | None = None) -> Tensor:
    """The convolution with stride and padding 1.

    Args:
        values: [batch, channels, height, width].
        kernel: [outputs, channels, 3, 3].
        bias: [outputs].
    """
    sources = (source if source is None else source.view_as(source) for source in (values, kernel, bias))
    maps: Tensor = _Convolution.apply(*sources)
    return maps


def _turned(kernel: Tensor) -> Tensor:
    """The kernel of the convolution that goes back: [outputs, channels, 3, 3] -> [channels, outputs, 3, 3]."""
    return kernel.flip(2, 3).transpose(0, 1)


def _wanted(ctx: Any) -> list[bool]:
    """Whose gradients this backward pass goes on to, where `ctx.needs_input_grad` says whose it could.

    Only a node that is no leaf can be asked about: hence the views in `convolve`.
    """
    nodes = [node for node, _ in ctx.next_functions]
    found = [node is not None and torch._C._will_engine_execute_node(node) for node in nodes]
    return found + [False] * (len(ctx.needs_input_grad) - len(found))


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, kernel: Tensor, bias: Tensor | None) -> Tensor:
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(values, kernel)
        maps = winograd.convolve3x3(values, kernel)
        return maps if bias is None else maps.add_(bias[:, None, None])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        (gradient,) = gradients
        if gradient is None:
            return None, None, None
        values, kernel = ctx.saved_tensors
        to_values, to_kernel, to_bias = _wanted(ctx)
        on_values = convolve(gradient, _turned(kernel)) if to_values else None
        on_kernel = _KernelGradient.apply(values.view_as(values), gradient.view_as(gradient)) if to_kernel else None
        return on_values, on_kernel, gradient.sum((0, 2, 3)) if to_bias else None


class _KernelGradient(torch.autograd.Function):
    """The kernel's gradient is linear in either side, so that its own derivatives are convolutions again."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, maps: Tensor) -> Tensor:
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(values, maps)
        return winograd.kernel_gradient3x3(values, maps)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        (kernel,) = gradients
        if kernel is None:
            return None, None
        values, maps = ctx.saved_tensors
        to_values, to_maps = _wanted(ctx)
        on_values = convolve(maps, _turned(kernel)) if to_values else None
        on_maps = convolve(values, kernel) if to_maps else None
        return on_values, on_maps
