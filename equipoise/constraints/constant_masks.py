"""A cheaper exact way to compute gradient penalties: rectifiers with constant masks.

A discriminator of convolutions, linear layers, average pools, sums and (leaky) rectifiers is linear between its kinks,
so the derivative of its input gradient with respect to the weights never passes through the activations. Double
backward does not know this: it sends a tensor of zeros back through the whole forward pass. With each rectifier written
as the product with a constant mask, double backward is left with what the penalty needs: it pushes the penalty's
direction forward through the masked linear network (a tangent), and pairs it with the cotangents of the input gradient
to form the weights' gradients. Four passes of the network's cost instead of six, and the same numbers.
torch's mean pooling sends such zeros back as well; here it is a plain mean over each window.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from equipoise.common.replacing import Function, Replacing

_Size = int | tuple[int, int]


class ConstantMasks(Replacing):
    """Inside this context ReLU and leaky ReLU multiply by a constant mask: same values, same derivatives, no curvature.

    Exact for every network and finite input, wherever a derivative exists: other activations keep their own curvature.

        with ConstantMasks():
            scores = discriminator(points)
    """

    def __init__(self) -> None:
        super().__init__(_REPLACEMENTS)


def _relu(input: Tensor, inplace: bool = False) -> Tensor:
    mask = (input.detach() > 0).to(input.dtype)
    return input.mul_(mask) if inplace else input * mask


def _leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    mask = torch.where(input.detach() > 0, input.new_ones(()), negative_slope)
    return input.mul_(mask) if inplace else input * mask


def _mean_pool(input: Tensor, kernel_size: _Size, *arguments: Any, **keywords: Any) -> Tensor:
    """A mean over windows that tile the maps; any other pooling stays torch's."""
    height, width = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    given = dict(zip(_POOLING, arguments, strict=False)) | keywords
    stride = given.get("stride") or kernel_size
    tiles = stride in (kernel_size, (height, width)) and input.shape[-2] % height == input.shape[-1] % width == 0
    if not tiles or given.get("padding", 0) not in (0, (0, 0)) or given.get("divisor_override") is not None:
        pooled: Tensor = functional.avg_pool2d(input, kernel_size, *arguments, **keywords)
        return pooled
    means: Tensor = input.unflatten(-1, (-1, width)).unflatten(-3, (-1, height)).mean(dim=(-3, -1))
    return means


_POOLING = ("stride", "padding", "ceil_mode", "count_include_pad", "divisor_override")
_REPLACEMENTS: dict[Function, Function] = {
    functional.relu: _relu,
    torch.relu: _relu,
    Tensor.relu: _relu,
    functional.leaky_relu: _leaky_relu,
    functional.avg_pool2d: _mean_pool,
}
