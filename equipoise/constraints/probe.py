"""One forward pass through a module, to find the input sizes of its convolutions."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import functional_call

_CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)


def input_sizes(module: nn.Module, example: Tensor) -> dict[str, tuple[int, int]]:
    """Each convolution's largest input (height, width), by its name. Changes neither mode nor buffers.

    The probe runs in evaluation mode, so that dropout draws nothing, and on copies of the buffers.
    """
    sizes: dict[str, tuple[int, int]] = {}
    modes = [(part, part.training) for part in module.modules()]
    hooks = [
        part.register_forward_pre_hook(_recorder(sizes, name))
        for name, part in module.named_modules()
        if isinstance(part, _CONVOLUTIONS)
    ]
    try:
        module.eval()
        with torch.no_grad():
            functional_call(module, {name: buffer.clone() for name, buffer in module.named_buffers()}, example)
    finally:
        for hook in hooks:
            hook.remove()
        for part, training in modes:
            part.training = training
    return sizes


def _recorder(sizes: dict[str, tuple[int, int]], name: str) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
    def record(_: nn.Module, arguments: tuple[Tensor, ...]) -> None:
        height, width = arguments[0].shape[-2:]
        known = sizes.get(name, (0, 0))
        if height * width > known[0] * known[1]:
            sizes[name] = (height, width)

    return record
