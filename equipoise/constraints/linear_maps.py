"""A layer's weight as a linear map between two vector spaces, to compute its largest singular value.

Two maps exist for a kernel: the layer's own convolution (`layer_map`), and the product with the reshaped kernel that
acts on a single patch (`patch_map`). Both are functions `(weight, vector) -> image`, linear in each argument.
"""

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.parameter import is_lazy

from equipoise.common.checks import check_whole

LinearMap = Callable[[Tensor, Tensor], Tensor]
"""From a weight and an input to the output, without a bias."""
WEIGHTED_LAYERS = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)
"""The layers that can be normalised."""


def check_initialised(module: nn.Module) -> None:
    """Refuse lazy layers such as torch's `LazyLinear`, which have no weights before the first forward pass.

    Raises:
        ValueError: the module has some; they are named.
    """
    lazy = {
        f"{name or 'module'} of {type(layer).__name__}"
        for name, layer in module.named_modules()
        if any(is_lazy(parameter) for parameter in layer.parameters(recurse=False))
    }
    if lazy:
        raise ValueError(
            f"module has lazy layers without weights yet: {', '.join(sorted(lazy))}. Make one forward pass first."
        )


def layer_map(layer: nn.Module) -> LinearMap:
    """The layer without its bias: stride, padding, padding mode, dilation and groups as the layer has them."""
    if isinstance(layer, nn.Conv2d):
        mode = "constant" if layer.padding_mode == "zeros" else layer.padding_mode
        return partial(
            _convolve, pads=_pads(layer), mode=mode, stride=layer.stride, dilation=layer.dilation, groups=layer.groups
        )
    if isinstance(layer, nn.ConvTranspose2d):
        return partial(
            _convolve_transposed,
            stride=layer.stride,
            padding=_padding(layer),
            output_padding=layer.output_padding,
            groups=layer.groups,
            dilation=layer.dilation,
        )
    if isinstance(layer, nn.Linear):
        return _multiply
    raise ValueError(f"layer must be a Linear, Conv2d or ConvTranspose2d, got {type(layer).__name__}.")


def patch_map(layer: nn.Module) -> LinearMap:
    """The reshaped kernel, [out, in * height * width], as the linear map that is applied to one patch.

    A transposed convolution has the norm of the convolution it transposes, so its kernel [in, out, height, width] is
    reshaped to [in, out * height * width]. With groups the matrix is block-diagonal.
    """
    if not isinstance(layer, WEIGHTED_LAYERS):
        raise ValueError(f"layer must be a Linear, Conv2d or ConvTranspose2d, got {type(layer).__name__}.")
    return partial(_multiply_blocks, groups=_groups(layer))


def layer_vector_shape(layer: nn.Module, input_size: tuple[int, int] | None) -> tuple[int, ...]:
    """The shape of a vector that `layer_map(layer)` takes: [1, features] or [1, channels, height, width]."""
    if isinstance(layer, nn.Linear):
        return (1, layer.in_features)
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        if not isinstance(input_size, Sequence) or len(input_size) != 2:
            raise ValueError(f"input_size must be (height, width) for a {type(layer).__name__}, got {input_size}.")
        return (1, layer.in_channels, *(check_whole("input_size", side, 1) for side in input_size))
    raise ValueError(f"layer must be a Linear, Conv2d or ConvTranspose2d, got {type(layer).__name__}.")


def patch_vector_shape(layer: nn.Module, weight: Tensor) -> tuple[int, ...]:
    """The shape of a vector that `patch_map(layer)` takes: [groups, entries of a patch, 1]."""
    return (_groups(layer), weight[0].numel(), 1)


def map_and_transpose(apply: LinearMap, weight: Tensor, vector: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """The image of `vector`, and the transposed map as a function of a vector of the image's shape."""
    with torch.enable_grad():
        source = vector.detach().requires_grad_()
        image = apply(weight.detach(), source)

    def transpose(cotangent: Tensor) -> Tensor:
        (result,) = torch.autograd.grad(image, source, cotangent, retain_graph=True)
        return result

    return image.detach(), transpose


def _groups(layer: nn.Module) -> int:
    return layer.groups if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d) else 1


def _multiply(weight: Tensor, vector: Tensor) -> Tensor:
    return functional.linear(vector, weight)


def _multiply_blocks(weight: Tensor, vector: Tensor, groups: int) -> Tensor:
    return weight.reshape(groups, weight.shape[0] // groups, -1) @ vector


def _convolve(
    weight: Tensor,
    vector: Tensor,
    pads: list[int],
    mode: str,
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
    groups: int,
) -> Tensor:
    padded = functional.pad(vector, pads, mode)
    return functional.conv2d(padded, weight, None, stride, 0, dilation, groups)


def _convolve_transposed(
    weight: Tensor,
    vector: Tensor,
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    output_padding: tuple[int, ...],
    groups: int,
    dilation: tuple[int, ...],
) -> Tensor:
    return functional.conv_transpose2d(vector, weight, None, stride, padding, output_padding, groups, dilation)


def _pads(layer: nn.Conv2d) -> list[int]:
    """Left, right, top, bottom, as `functional.pad` wants them."""
    if layer.padding == "valid":
        return [0, 0, 0, 0]
    if layer.padding == "same":
        totals = [d * (k - 1) for d, k in zip(layer.dilation, layer.kernel_size, strict=True)]
        return [totals[1] // 2, totals[1] - totals[1] // 2, totals[0] // 2, totals[0] - totals[0] // 2]
    height, width = _padding(layer)
    return [width, width, height, height]


def _padding(layer: nn.Conv2d | nn.ConvTranspose2d) -> tuple[int, ...]:
    """The amounts by height and width, where they are given as numbers."""
    return tuple(int(amount) for amount in layer.padding)
