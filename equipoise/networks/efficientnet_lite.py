"""EfficientNet-Lite0, a small network for photographs, with batch normalisation folded into the convolutions."""

from collections.abc import Mapping

from torch import Tensor, nn
from torch.nn import functional

FEATURES, CLASSES = 1280, 1000
"""Channels of the last map, averaged over it; and the classes of ImageNet."""
_STEM, _LAST = 32, 320
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, _LAST),
)
"""(blocks, kernel, stride of the first block, expansion, output channels) of each stage."""
_EPSILON = 1e-3
"""Of the batch normalisation that the weights were trained with."""


class SameConvolution(nn.Conv2d):
    """A convolution with a bias, padded as TensorFlow's SAME: ceil(side / stride) outputs, an odd pixel at the end."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> None:
        """Square kernels only."""
        super().__init__(inputs, outputs, kernel, stride, groups=groups)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, channels, height, width]."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        around = [max((-(-side // stride) - 1) * stride + kernel - side, 0) for side in (x.shape[3], x.shape[2])]
        padding = [part for pixels in around for part in (pixels // 2, pixels - pixels // 2)]
        return super().forward(functional.pad(x, padding) if any(padding) else x)


class InvertedResidual(nn.Module):
    """A pointwise convolution that widens, a depthwise one, and a pointwise one that narrows; with a skip if it can."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        """An expansion of 1 leaves out the first convolution."""
        super().__init__()
        wide = inputs * expansion
        self.expand = SameConvolution(inputs, wide) if expansion != 1 else None
        self.depthwise = SameConvolution(wide, wide, kernel, stride, groups=wide)
        self.project = SameConvolution(wide, outputs)
        self.skips = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """[batch, inputs, height, width] to [batch, outputs, height / stride, width / stride]."""
        wide = x if self.expand is None else functional.relu6(self.expand(x))
        narrow: Tensor = self.project(functional.relu6(self.depthwise(wide)))
        return x + narrow if self.skips else narrow


class EfficientNetLite0(nn.Module):
    """The network of the TensorFlow models (Tan & Le 2019, without squeeze-and-excitation, with ReLU6), to look only.

    Examples:
        >>> import torch
        >>> with torch.device("meta"):
        ...     print(*EfficientNetLite0()(torch.empty(2, 3, 112, 112)).shape)
        2 1280
    """

    def __init__(self) -> None:
        """Build the layers."""
        super().__init__()
        self.stem, channels = SameConvolution(3, _STEM, 3, stride=2), _STEM
        blocks = []
        for count, kernel, stride, expansion, outputs in _STAGES:
            for place in range(count):
                blocks.append(InvertedResidual(channels, outputs, kernel, stride if place == 0 else 1, expansion))
                channels = outputs
        self.blocks = nn.Sequential(*blocks)
        self.head = SameConvolution(_LAST, FEATURES)
        self.classifier = nn.Linear(FEATURES, CLASSES)

    def forward(self, images: Tensor) -> Tensor:
        """Images [batch, 3, height, width], (value - 127) / 128, to the averages of the last map [batch, 1280]."""
        maps: Tensor = functional.relu6(self.head(self.blocks(functional.relu6(self.stem(images)))))
        return maps.mean(dim=(2, 3))


def folded(published: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The published weights, each batch normalisation folded into the convolution before it.

        weight' = weight * scale,   bias' = shift - mean * scale,   scale = gain / sqrt(variance + 1e-3)

    Args:
        published: the state dictionary with the names of the PyTorch port.

    Returns: the state dictionary of an `EfficientNetLite0`.

    Raises:
        KeyError: a weight is missing.
    """
    found = {"classifier.weight": published["_fc.weight"], "classifier.bias": published["_fc.bias"]}
    for ours, (convolution, norm) in _published_names().items():
        gain, shift, mean, variance = (
            published[f"{norm}.{part}"].double() for part in ("weight", "bias", "running_mean", "running_var")
        )
        scale = gain / (variance + _EPSILON).sqrt()
        weight = published[f"{convolution}.weight"].double() * scale[:, None, None, None]
        found |= {f"{ours}.weight": weight.float(), f"{ours}.bias": (shift - mean * scale).float()}
    return found


def _published_names() -> dict[str, tuple[str, str]]:
    """Our name of each convolution -> its published name, and that of its normalisation."""
    names = {"stem": ("_conv_stem", "_bn0"), "head": ("_conv_head", "_bn1")}
    expansions = [expansion for count, _, _, expansion, _ in _STAGES for _ in range(count)]
    for place, expansion in enumerate(expansions):
        ours, theirs = f"blocks.{place}", f"_blocks.{place}"
        if expansion != 1:
            names[f"{ours}.expand"] = (f"{theirs}._expand_conv", f"{theirs}._bn0")
        names[f"{ours}.depthwise"] = (f"{theirs}._depthwise_conv", f"{theirs}._bn1")
        names[f"{ours}.project"] = (f"{theirs}._project_conv", f"{theirs}._bn2")
    return names
