"""What the tests of the networks share: layer tables as text, parameter counts, and networks without memory."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from equipoise.networks.blocks import Multiply, Projection, Scaled, Stack, SumPool
from equipoise.networks.catalogue import NETWORKS
from equipoise.networks.dropout import Dropout
from equipoise.networks.normalisation import BatchNorm
from equipoise.networks.r3gan import InvertedBottleneck
from equipoise.networks.residual import ResidualBlock


def _window(layer: Any) -> str:
    kernel, stride, padding = layer.kernel_size, layer.stride, layer.padding
    assert kernel[0] == kernel[1]
    assert stride[0] == stride[1]
    assert padding[0] == padding[1]
    assert layer.dilation == (1, 1)
    groups = "" if layer.groups == 1 else f",g{layer.groups}"
    return f"{kernel[0]}x{kernel[1]},s{stride[0]},p{padding[0]}{groups}"


def _nobias(layer: Any) -> str:
    return "" if layer.bias is not None else ",nobias"


WORDS: dict[type[nn.Module], Callable[[Any], str]] = {
    nn.Linear: lambda m: f"dense({m.in_features}>{m.out_features}{_nobias(m)})",
    nn.Conv2d: lambda m: f"conv({m.in_channels}>{m.out_channels},{_window(m)}{_nobias(m)})",
    Scaled: lambda m: WORDS[nn.Conv2d](m),
    nn.ConvTranspose2d: lambda m: (
        f"deconv({m.in_channels}>{m.out_channels},{_window(m)}"
        + (f",+{m.output_padding[0]}" if m.output_padding != (0, 0) else "")
        + f"{_nobias(m)})"
    ),
    Projection: lambda m: (
        f"project({m.weight.shape[0]}>{m.weight.shape[1]},{m.weight.shape[2]}x{m.weight.shape[3]}{_nobias(m)})"
    ),
    BatchNorm: lambda m: f"bn({m.channels})",
    nn.GroupNorm: lambda m: f"ln({m.num_channels})" if m.num_groups == 1 else "groupnorm",
    nn.ReLU: lambda m: "relu",
    nn.LeakyReLU: lambda m: f"lrelu({m.negative_slope})",
    nn.ELU: lambda m: "elu" if m.alpha == 1.0 else f"elu({m.alpha})",
    nn.Tanh: lambda m: "tanh",
    nn.Sigmoid: lambda m: "sigmoid",
    nn.Flatten: lambda m: {0: "scalar", 1: "flat"}[m.start_dim] if m.end_dim == -1 else "map",
    nn.Unflatten: lambda m: "shape",
    nn.Upsample: lambda m: (
        ("up" if m.scale_factor == 2 else f"up({m.scale_factor:g})") if m.mode == "nearest" else "otherup"
    ),
    nn.AvgPool2d: lambda m: f"mean({m.kernel_size}{f',s1,p{m.padding}' if m.stride == 1 else ''})",
    SumPool: lambda m: "sum",
    Multiply: lambda m: f"times({m.factor})",
    Dropout: lambda m: f"drop({m.probability})",
}


def _words(module: nn.Module) -> list[str]:
    if isinstance(module, ResidualBlock):
        return ["[", *_words(module.residual), "|", *_words(module.shortcut), "]"]
    if isinstance(module, InvertedBottleneck):
        return ["[", *_words(module.residual), "|", "]"]
    if isinstance(module, Stack):
        return [word for layer in module for word in _words(layer)]
    if type(module) in WORDS:
        return [WORDS[type(module)](module)]
    assert not list(module.parameters(recurse=False)), type(module)
    return [word for child in module.children() for word in _words(child)]


@pytest.fixture(scope="session")
def layer_words() -> Callable[[nn.Module], list[str]]:
    """Every layer of a network in order, one word each; a residual block is `[ path | shortcut ]`."""
    return _words


@pytest.fixture(scope="session")
def parameter_count() -> Callable[[nn.Module], int]:
    return lambda network: sum(parameter.numel() for parameter in network.parameters())


@pytest.fixture(scope="session")
def sketch() -> Callable[..., nn.Module]:
    """A network of the catalogue with all its shapes and no memory."""

    def make(kind: str, **options: Any) -> nn.Module:
        with torch.device("meta"):
            return NETWORKS.load(kind)(**options)

    return make


@pytest.fixture(scope="session")
def catalogue_kinds() -> set[str]:
    return set(NETWORKS)
