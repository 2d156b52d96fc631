"""A kernel's gradient as a product of matrices: the patches times the gradients of the outputs.

The patches of some images at a time are copied, few enough to stay in the cache.
"""

from torch import Tensor

from equipoise.kernels.borders import Pair, bordered

_PATCH_BYTES = 1 << 22


def kernel_gradient(large: Tensor, small: Tensor, window: Pair, stride: Pair, padding: Pair) -> Tensor:
    """The sum over images and positions of each entry of `small` times the patch of `large` that it stands for.

    Args:
        large: [batch, channels, height, width], a convolution's input or a transposed convolution's output gradient.
        small: [batch, others, h, w], a convolution's output gradient or a transposed convolution's input.
        window: height and width of the kernel.

    Returns: [others, channels, *window], channels last.
    """
    values, maps = large.permute(0, 2, 3, 1), small.permute(0, 2, 3, 1)
    positions, channels = (maps.shape[1], maps.shape[2]), values.shape[3]
    size = window[0] * window[1] * channels
    images = max(1, _PATCH_BYTES // (positions[0] * positions[1] * size * large.element_size()))
    total = large.new_zeros(small.shape[1], size)
    room = large.new_empty(min(images, len(large)), *positions, *window, channels)
    for place, padded in bordered(values, images, (padding[0],) * 2, (padding[1],) * 2):
        copied = room[: len(padded)].copy_(_patches(padded, positions, window, stride)).view(-1, size)
        total.addmm_(maps[place].reshape(-1, small.shape[1]).T, copied)
    return total.view(-1, *window, channels).permute(0, 3, 1, 2)


def _patches(padded: Tensor, positions: Pair, window: Pair, stride: Pair) -> Tensor:
    """A view [images, *positions, *window, channels] of padded maps: nothing is copied yet."""
    image, row, column, channel = padded.stride()
    steps = (image, row * stride[0], column * stride[1], row, column, channel)
    return padded.as_strided((len(padded), *positions, *window, padded.shape[3]), steps)
