"""The first weights of a network: a function of the network and one explicit generator, by the scheme its paper used.

A scheme sets one layer. It is told the layer's role: the activation that follows it ("relu", "leaky_relu", "elu",
"tanh", "sigmoid" or "linear"), or "residual" or "shortcut" for the two paths of a residual block.

Fans follow the layout of the stored kernel [a, b, k, k]: fan_in = b k k and fan_out = a k k. For a transposed
convolution, stored as [in, out, k, k], fan_in is therefore k k out, as the authors' TensorFlow code computed it.
"""

import math
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import nn

from equipoise.common.errors import EquipoiseError, UnknownName
from equipoise.networks.blocks import ACTIVATION_NAMES, Projection, Scaled
from equipoise.networks.network import Network
from equipoise.networks.normalisation import BatchNorm

Weighted = nn.Linear | nn.Conv2d | nn.ConvTranspose2d | Projection
"""A layer with a weight."""
Normalised = BatchNorm | nn.GroupNorm
"""A layer with a scale and a shift."""
Scheme = Callable[[Weighted, str, torch.Generator], None]
"""Draws the weights of a layer, whose place is named, from a generator."""
NetworkType = TypeVar("NetworkType", bound=Network)


def build(network: type[NetworkType], generator: torch.Generator, **options: Any) -> NetworkType:
    """Build a network from its options and draw every weight from the generator, never from a global one.

    Raises:
        EquipoiseError: an option has a value that no network can be made of.
    """
    _check_sizes(options)
    with torch.random.fork_rng(devices=[]):
        instance = network(**options)
    initialise(instance, generator)
    return instance


def initialise(network: Network, generator: torch.Generator) -> None:
    """Set every parameter of the network by the network's own scheme, `network.scheme`, from the generator alone.

    Raises:
        ValueError: the network holds a parameter that no scheme sets, as when a constraint was attached too early, or
            a dropout or batch normalisation of torch's.
    """
    check_all_known(network)
    if network.scheme not in SCHEMES:
        raise UnknownName("scheme of first weights", network.scheme, SCHEMES)
    scheme = SCHEMES[network.scheme]
    role_of = roles(network)
    for name, layer in network.named_modules():
        if isinstance(layer, Weighted):
            scheme(layer, role_of[name], generator)
        elif isinstance(layer, Normalised):
            _set_affine(layer, network.scheme, generator)


def roles(network: nn.Module) -> dict[str, str]:
    """For each weighted layer's name, the activation that follows it or the path of the residual block around it."""
    found: dict[str, str] = {}
    last: str | None = None
    for name, module in network.named_modules():
        if isinstance(module, Weighted):
            found[name] = _path_role(name)
            last = name if found[name] == "linear" else None
        elif type(module) in ACTIVATION_NAMES:
            if last is not None and _path_role(name) == "linear":
                found[last] = ACTIVATION_NAMES[type(module)]
            last = None
    return found


def _check_sizes(options: dict[str, Any]) -> None:
    """Every whole number among a network's options is a size, and every tuple of them a list of sizes."""
    for name, value in options.items():
        for size in value if isinstance(value, tuple | list) else (value,):
            if isinstance(size, int) and not isinstance(size, bool) and size < 1:
                raise EquipoiseError(f"{name} must be made of whole numbers of at least 1, got {value}.")


def _path_role(name: str) -> str:
    parts = name.split(".")
    return next((path for path in ("shortcut", "residual") if path in parts), "linear")


def check_all_known(network: nn.Module) -> None:
    """Every parameter must be one that schemes set, and no layer one of torch's with which runs do not repeat.

    Raises:
        ValueError: one is not.
    """
    layers = dict(network.named_modules())
    for place, layer in layers.items():
        if isinstance(layer, nn.modules.dropout._DropoutNd | nn.modules.batchnorm._BatchNorm):
            raise ValueError(
                f"{place} is torch's {type(layer).__name__}; take BatchNorm and Dropout of equipoise.networks, which "
                "resume exactly and work with several processes."
            )
    known = {
        id(parameter)
        for layer in layers.values()
        if isinstance(layer, Weighted | Normalised)
        for parameter in layer.parameters(recurse=False)
    }
    for name, parameter in network.named_parameters():
        if id(parameter) not in known:
            owner = type(layers[name.rpartition(".")[0]]).__name__
            raise ValueError(
                f"{name} of shape {tuple(parameter.shape)} is a parameter of {owner}, which no scheme of first weights "
                "knows; take linear and convolutional layers, GroupNorm, and BatchNorm of equipoise.networks, and "
                "attach constraints afterwards."
            )


def _normal(tensor: torch.Tensor, mean: float, deviation: float, generator: torch.Generator) -> None:
    drawn = torch.empty(tensor.shape, device=generator.device).normal_(mean, deviation, generator=generator)
    tensor.detach().copy_(drawn)


def _uniform(tensor: torch.Tensor, bound: float, generator: torch.Generator) -> None:
    drawn = torch.empty(tensor.shape, device=generator.device).uniform_(-bound, bound, generator=generator)
    tensor.detach().copy_(drawn)


def _truncated_normal(tensor: torch.Tensor, deviation: float, generator: torch.Generator) -> None:
    drawn = torch.empty(tensor.shape, device=generator.device)
    nn.init.trunc_normal_(drawn, 0.0, deviation, -2 * deviation, 2 * deviation, generator=generator)
    tensor.detach().copy_(drawn)


def _zero_bias(layer: Weighted) -> None:
    if layer.bias is not None:
        layer.bias.detach().zero_()


def _set_affine(layer: Normalised, scheme: str, generator: torch.Generator) -> None:
    if layer.weight is not None and layer.bias is not None:
        if scheme == "dcgan":
            _normal(layer.weight, 1.0, 0.02, generator)
        else:
            layer.weight.detach().fill_(1.0)
        layer.bias.detach().zero_()


def fans(weight: torch.Tensor) -> tuple[int, int]:
    """(fan_in, fan_out) of a kernel stored as [a, b, ...]: b and a times the size of the window."""
    window = math.prod(weight.shape[2:])
    return weight.shape[1] * window, weight.shape[0] * window


def _glorot_bound(weight: torch.Tensor, gain: float = 1.0) -> float:
    return gain * math.sqrt(6.0 / sum(fans(weight)))


def fan_in_uniform(layer: Weighted, role: str, generator: torch.Generator) -> None:
    """PyTorch's own: weights and biases from U(-b, b), b = 1/sqrt(fan_in)."""
    bound = 1.0 / math.sqrt(fans(layer.weight)[0])
    _uniform(layer.weight, bound, generator)
    if layer.bias is not None:
        _uniform(layer.bias, bound, generator)


def dcgan(layer: Weighted, role: str, generator: torch.Generator) -> None:
    """DCGAN (Radford et al. 2016): weights N(0, 0.02), biases 0; batch-norm scales N(1, 0.02)."""
    _normal(layer.weight, 0.0, 0.02, generator)
    _zero_bias(layer)


def magan(layer: Weighted, role: str, generator: torch.Generator) -> None:
    """MAGAN's code (PrettyTensor): N(0, sqrt(2/fan_in)) before a ReLU, Glorot uniform before all else; biases 0."""
    if role == "relu":
        _normal(layer.weight, 0.0, math.sqrt(2.0 / fans(layer.weight)[0]), generator)
    else:
        _uniform(layer.weight, _glorot_bound(layer.weight), generator)
    _zero_bias(layer)


def mmd(layer: Weighted, role: str, generator: torch.Generator) -> None:
    """Repulsive MMD-GAN's code: fan-in normal, variance 2 (ReLU) or 2/1.01 (leaky ReLU), else Glorot uniform.

    Biases are N(0, 1e-5).
    """
    variance = {"relu": 2.0, "leaky_relu": 2.0 / 1.01}.get(role)
    if variance is None:
        _uniform(layer.weight, _glorot_bound(layer.weight), generator)
    else:
        _normal(layer.weight, 0.0, math.sqrt(variance / fans(layer.weight)[0]), generator)
    if layer.bias is not None:
        _normal(layer.bias, 0.0, 1e-5, generator)


def mmd_sn_paper(layer: Weighted, role: str, generator: torch.Generator) -> None:
    """The option 'sn_paper' of the same code: weights N(0, 0.02) cut at two deviations, biases N(0, 1e-5)."""
    _truncated_normal(layer.weight, 0.02, generator)
    if layer.bias is not None:
        _normal(layer.bias, 0.0, 1e-5, generator)


def glorot(layer: Weighted, role: str, generator: torch.Generator) -> None:
    """SNGAN and BEGAN: Glorot uniform, times sqrt(2) in the residual path of a block; biases 0."""
    gain = math.sqrt(2.0) if role == "residual" else 1.0
    _uniform(layer.weight, _glorot_bound(layer.weight, gain), generator)
    _zero_bias(layer)


def wgan_gp(layer: Weighted, role: str, generator: torch.Generator) -> None:
    """WGAN-GP's code: weights U(-b, b) with b = sqrt(3 c / (fan_in + fan_out)); biases 0.

    c is 4 for convolutions before a ReLU and in residual paths, else 2; fan_out is divided by the stride squared.
    """
    fan_in, fan_out = fans(layer.weight)
    stride = 1 if isinstance(layer, nn.Linear | Projection) else layer.stride[0]
    numerator = 4.0 if role in ("residual", "relu", "leaky_relu") and not isinstance(layer, nn.Linear) else 2.0
    _uniform(layer.weight, math.sqrt(3.0 * numerator / (fan_in + fan_out / stride**2)), generator)
    _zero_bias(layer)


def he_uniform(layer: Weighted, role: str, generator: torch.Generator) -> None:
    """He et al. 2015 for every layer: U(-b, b), b = sqrt(6/fan_in); biases 0."""
    _uniform(layer.weight, math.sqrt(6.0 / fans(layer.weight)[0]), generator)
    _zero_bias(layer)


def sugartensor(layer: Weighted, role: str, generator: torch.Generator) -> None:
    """The library of the EBGAN code, since 2016-10-25: U(-b, b), b = sqrt(1/fan_in), which it calls He's; biases 0."""
    _uniform(layer.weight, math.sqrt(1.0 / fans(layer.weight)[0]), generator)
    _zero_bias(layer)


def r3gan(layer: Weighted, role: str, generator: torch.Generator) -> None:
    """R3GAN's code: N(0, gain / sqrt(fan_in)), the gain 1 unless a layer has its own; biases 0.

    A transposed convolution reaches each pixel of its output once: its fan_in is 1.
    """
    gain = layer.gain if isinstance(layer, Scaled) else 1.0
    fan_in = 1 if isinstance(layer, nn.ConvTranspose2d) else fans(layer.weight)[0]
    _normal(layer.weight, 0.0, gain / math.sqrt(fan_in), generator)
    _zero_bias(layer)


SCHEMES: dict[str, Scheme] = {
    "default": fan_in_uniform,
    "dcgan": dcgan,
    "magan": magan,
    "mmd": mmd,
    "mmd-sn-paper": mmd_sn_paper,
    "glorot": glorot,
    "wgan-gp": wgan_gp,
    "he-uniform": he_uniform,
    "sugartensor": sugartensor,
    "r3gan": r3gan,
}
"""By name."""
