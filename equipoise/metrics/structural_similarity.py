"""Multi-scale structural similarity of image pairs; among generated images, low means varied."""

import math

import torch
from torch.nn import functional

from equipoise.common.checks import check_same_shape, check_whole
from equipoise.metrics.arrays import Array, as_images, check_unit_range

SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""The exponents of the five scales, from fine to coarse (Wang et al. 2003)."""
_WINDOW, _DEVIATION = 11, 1.5
SMALLEST_SIDE = (_WINDOW - 1) * 2 ** (len(SCALE_WEIGHTS) - 1) + 16
"""Images with a shorter side (176 pixels) are resized, since the coarsest scale must hold a whole window."""
_RESIZED_SIDE = 256
_PAIRS_AT_ONCE = 16
_NUMBERS_AT_ONCE = 1 << 18
"""Of each side, on a CPU: more than its cache holds takes up to twice as long."""


def ms_ssim(images_a: Array, images_b: Array) -> torch.Tensor:
    """Structural similarity of each pair, 1 for equal images (Wang et al. 2003, Eq. 7); lower is better for variety.

        MS-SSIM = l_5^w5 * cs_1^w1 * ... * cs_5^w5      with an 11x11 Gaussian window of deviation 1.5, no padding,
        l  = (2 m_a m_b + C1) / (m_a^2 + m_b^2 + C1)    C1 = 0.01^2
        cs = (2 v_ab + C2) / (v_a + v_b + C2)           C2 = 0.03^2

    Each channel is scored on its own and channels are averaged; a negative cs counts as 0, as in TensorFlow. Images
    whose shorter side is below 176 pixels are first resized to 256 x 256 (bilinear, half-pixel centres); scores of
    resized and of large images do not compare. Computed in float32, right to about
    1e-5, or in float64 where one of the images is.

    Args:
        images_a: [pairs, channels, height, width] floating-point in [0, 1].
        images_b: the same shape.

    Returns:
        [pairs].
    """
    a, b = _images("images_a", images_a), _images("images_b", images_b)
    check_same_shape(images_a=a, images_b=b)
    wider = torch.promote_types(a.dtype, b.dtype)
    a, b = a.to(wider), b.to(a.device, wider)
    at_once = _pairs_at_once(a)
    chunks = zip(a.split(at_once), b.split(at_once), strict=True)
    return torch.cat([_of_pairs(_large(x), _large(y)) for x, y in chunks])


def random_pairs(count: int, pairs: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Positions [pairs] of two different images out of `count`, each pair drawn independently.

    Examples:
        >>> first, second = random_pairs(5, 100, torch.Generator().manual_seed(0))
        >>> bool((first != second).all()), int(second.max())
        (True, 4)
    """
    count, pairs = check_whole("count", count, 2), check_whole("pairs", pairs, 1)
    device = generator.device
    first = torch.randint(count, (pairs,), generator=generator, device=device)
    step = torch.randint(1, count, (pairs,), generator=generator, device=device)
    return first, (first + step) % count


def _of_pairs(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    result = a.new_ones(a.shape[:2])
    last = len(SCALE_WEIGHTS) - 1
    for scale, weight in enumerate(SCALE_WEIGHTS):
        term = _similarities(a, b, with_luminance=scale == last).mean(dim=(2, 3))
        result = result * term.clamp_min(0).pow(weight)
        if scale < last:
            a, b = functional.avg_pool2d(a, 2), functional.avg_pool2d(b, 2)
    return result.mean(dim=1)


def _similarities(a: torch.Tensor, b: torch.Tensor, with_luminance: bool) -> torch.Tensor:
    """A map of contrast-structure, or of its product with luminance; four blurs are enough for them.

    Variances do not depend on an image's level: without it, the differences that they are keep their digits.
    """
    levels = [x.mean(dim=(2, 3), keepdim=True) for x in (a, b)]
    a, b = a - levels[0], b - levels[1]
    mean_a, mean_b, squares, products = (_blurred(x) for x in (a, b, a * a + b * b, a * b))
    variances = squares - (mean_a * mean_a + mean_b * mean_b)
    contrast = (2 * (products - mean_a * mean_b) + 0.03**2) / (variances + 0.03**2)
    if not with_luminance:
        return contrast
    mean_a, mean_b = mean_a + levels[0], mean_b + levels[1]
    return (2 * mean_a * mean_b + 0.01**2) / (mean_a * mean_a + mean_b * mean_b + 0.01**2) * contrast


def _blurred(images: torch.Tensor) -> torch.Tensor:
    """The Gaussian window, one direction after the other, as sums of shifted copies (faster here than convolutions)."""
    height, width = (side - _WINDOW + 1 for side in images.shape[2:])
    rows = _weighted_sum([images[..., i : i + width] for i in range(_WINDOW)])
    return _weighted_sum([rows[..., i : i + height, :] for i in range(_WINDOW)])


def _weighted_sum(shifted: list[torch.Tensor]) -> torch.Tensor:
    first, *others = zip(shifted, _WINDOW_WEIGHTS, strict=True)
    total = first[0] * first[1]
    for copy, weight in others:
        total.add_(copy, alpha=weight)
    return total


def _window_weights() -> list[float]:
    raw = [math.exp(-((i - _WINDOW // 2) ** 2) / (2 * _DEVIATION**2)) for i in range(_WINDOW)]
    return [value / sum(raw) for value in raw]


_WINDOW_WEIGHTS = _window_weights()


def _pairs_at_once(images: torch.Tensor) -> int:
    if images.device.type != "cpu":
        return _PAIRS_AT_ONCE
    channels, height, width = images.shape[1:]
    pixels = height * width if min(height, width) >= SMALLEST_SIDE else _RESIZED_SIDE**2
    return max(1, _NUMBERS_AT_ONCE // (channels * pixels))


def _large(images: torch.Tensor) -> torch.Tensor:
    if min(images.shape[2:]) >= SMALLEST_SIDE:
        return images
    return functional.interpolate(images, size=(_RESIZED_SIDE, _RESIZED_SIDE), mode="bilinear", align_corners=False)


def _images(name: str, value: Array) -> torch.Tensor:
    images = as_images(name, value)
    if not images.is_floating_point():
        raise ValueError(f"{name} must be floating-point in [0, 1], got {images.dtype}.")
    check_unit_range(name, images)
    return images
