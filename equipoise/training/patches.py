"""A kernel's gradient as a product of matrices: patches side by side, times the gradients of what was made of them.

The patches of some images at a time are copied, few enough to stay in the cache.
"""

import torch
from torch import Tensor
from torch.nn import functional

Pair = tuple[int, int]
_PATCH_BYTES = 1 << 22


def kernel_gradient(large: Tensor, small: Tensor, window: Pair, stride: Pair, padding: Pair) -> Tensor:
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


def _patches(large: Tensor, positions: Pair, window: Pair, stride: Pair, padding: Pair) -> Tensor:
    """A view [batch, *positions, *window, channels] of the padded maps: nothing is copied yet."""
    pads = (0, 0, padding[1], padding[1], padding[0], padding[0])
    padded = functional.pad(large.permute(0, 2, 3, 1), pads).contiguous()
    image, row, column, channel = padded.stride()
    steps = (image, row * stride[0], column * stride[1], row, column, channel)
    return padded.as_strided((large.shape[0], *positions, *window, large.shape[1]), steps)
