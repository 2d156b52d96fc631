"""The cheaper exact route for gradient penalties: rectifiers whose masks are constants.

A discriminator of convolutions, linear layers, average pools, sums and (leaky) rectifiers is linear between its kinks,
so the derivative of its input gradient with respect to the weights never passes through the activations. Double
backward does not know this: it sends a tensor of zeros back through the whole forward pass. With each rectifier written
as the product with a constant mask, double backward is left with what the penalty needs: it pushes the penalty's
direction forward through the masked linear network (a tangent), and pairs it with the cotangents of the input gradient
to form the weights' gradients. Four passes of the network's cost instead of six, and the same numbers.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode


class ConstantMasks(TorchFunctionMode):
    """Inside this context ReLU and leaky ReLU multiply by a constant mask: same values, same derivatives, no curvature.

    Exact for every network, wherever a derivative exists: other activations keep their own curvature.

        with ConstantMasks():
            scores = discriminator(points)
    """

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Iterable[type],
        arguments: tuple[Any, ...] = (),
        keywords: Mapping[str, Any] | None = None,
    ) -> Any:
        """Replace the rectifiers, and pass everything else on."""
        replacement = _REPLACEMENTS.get(function, function)
        return replacement(*arguments, **(keywords or {}))


def _relu(input: Tensor, inplace: bool = False) -> Tensor:
    mask = (input.detach() > 0).to(input.dtype)
    return input.mul_(mask) if inplace else input * mask


def _leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    mask = torch.where(input.detach() > 0, input.new_ones(()), negative_slope)
    return input.mul_(mask) if inplace else input * mask


_REPLACEMENTS: dict[Callable[..., Any], Callable[..., Any]] = {
    functional.relu: _relu,
    torch.relu: _relu,
    Tensor.relu: _relu,
    functional.leaky_relu: _leaky_relu,
}
