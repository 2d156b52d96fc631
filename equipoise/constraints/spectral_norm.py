"""Spectral normalisation whose forward pass changes nothing; it is updated once per optimiser step.

The effective weight is scale * W / sigma, with sigma = <u, A(W) v> (Miyato et al. 2018, Eq. 8; Wang et al. 2019,
section 4.2 and appendix C). A(W) is the reshaped kernel (`method="matrix"`, PIM) or the layer's convolution at its own
input size (`method="convolution"`, PICO). The unit vectors u and v are buffers: constants for the gradient, saved in
the state dict, and moved only by `advance_spectral_norms`. The bias is neither scaled nor normalised.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from equipoise.common.checks import check_choice, check_positive, check_whole
from equipoise.constraints.linear_maps import (
    WEIGHTED_LAYERS,
    LinearMap,
    check_initialised,
    layer_map,
    layer_vector_shape,
    map_and_transpose,
    patch_map,
    patch_vector_shape,
)
from equipoise.constraints.probe import input_sizes

Method = Literal["matrix", "convolution"]
"""Whose norm is taken: the reshaped kernel's, or the convolution's."""
_ITERATIONS_AT_ATTACH = 30
_LEAST_SIGMA = 1e-12
_ELEMENTWISE = (nn.LayerNorm, nn.RMSNorm)
"""Their weights, of whatever shape, scale entries one by one, as a batch normalisation's do."""


class NormalisedWeight(nn.Module):
    """The parametrisation of one weight: W -> scale * W / <u, A(W) v>. Calling it changes nothing."""

    left: Tensor
    right: Tensor

    def __init__(self, apply: LinearMap, weight: Tensor, right: Tensor, scale: float, power_iterations: int):
        """`right` is the first guess of v, of the shape that `apply(weight, v)` takes; u follows from it."""
        super().__init__()
        self.apply_map = apply
        self.scale = scale
        self.power_iterations = power_iterations
        self.register_buffer("right", _unit(right, right))
        image = apply(weight.detach(), self.right)
        self.register_buffer("left", _unit(image, torch.ones_like(image)))

    def forward(self, weight: Tensor) -> Tensor:
        """The weight that the layer uses, of the shape of `weight`."""
        return weight * (self.scale / self.sigma(weight))

    def right_inverse(self, weight: Tensor) -> Tensor:
        """`layer.weight = value` stores the value as the unnormalised weight; advance the vectors afterwards."""
        return weight

    def sigma(self, weight: Tensor) -> Tensor:
        """<u, A(W) v>, 0-dimensional and differentiable in the weight; in the weight's own precision under autocast."""
        with torch.autocast(weight.device.type, enabled=False):
            estimate = (self.left * self.apply_map(weight, self.right)).sum()
        return estimate.clamp_min(_LEAST_SIGMA)


@dataclass(frozen=True)
class SpectralNorm:
    """Spectral normalisation of every Linear, Conv2d and ConvTranspose2d of a player.

    Args:
        method: "matrix" bounds the reshaped kernel (PIM, Miyato et al. 2018); "convolution" bounds the layer's own
            convolution, with its stride, padding and input size (PICO, Wang et al. 2019).
        scale: C, the norm that each layer is given. A linear discriminator of K layers then has the gain C^K.
        power_iterations: how many follow each step of the optimiser.
    """

    method: Method = "matrix"
    scale: float = 1.0
    power_iterations: int = 1

    def __post_init__(self) -> None:
        check_choice("method", self.method, ("matrix", "convolution"))
        check_positive("scale", self.scale)
        check_whole("power_iterations", self.power_iterations, 1)

    def attach(self, module: nn.Module, example: Tensor, generator: torch.Generator) -> None:
        """Normalise the module's layers, once, after its weights were initialised.

        Thirty power iterations follow at once, so that the first sigma already lies within a few per cent of the norm.
        The module's mode, its buffers and the global generators stay as they are.

        Args:
            example: one batch of the module's input; a probe in evaluation mode reads each convolution's input size.
            generator: where the first vectors come from.
        """
        check_initialised(module)
        layers = [(name, layer) for name, layer in module.named_modules() if isinstance(layer, WEIGHTED_LAYERS)]
        if not layers:
            raise ValueError("module must hold a Linear, Conv2d or ConvTranspose2d layer, and holds none.")
        if any(isinstance(part, NormalisedWeight) for part in module.modules()):
            raise ValueError("module is spectrally normalised already; attach the constraint once.")
        _check_other_weights(module)
        sizes = input_sizes(module, example) if self.method == "convolution" else {}
        pairs = []
        for name, layer in layers:
            weight = layer.weight
            shape = self._shape(name, layer, sizes)
            right = torch.randn(shape, generator=generator, device=generator.device, dtype=torch.float32)
            apply = patch_map(layer) if self.method == "matrix" else layer_map(layer)
            pairs.append((NormalisedWeight(apply, weight, right.to(weight), self.scale, self.power_iterations), weight))
        for _ in range(_ITERATIONS_AT_ATTACH):
            _advance(pairs)
        for (_, layer), (normalised, _) in zip(layers, pairs, strict=True):
            parametrize.register_parametrization(layer, "weight", normalised)

    def after_step(self, module: nn.Module) -> None:
        """Update the vectors for the weights that the optimiser has just written."""
        advance_spectral_norms(module)

    def _shape(self, name: str, layer: nn.Module, sizes: dict[str, tuple[int, int]]) -> tuple[int, ...]:
        if self.method == "matrix":
            assert isinstance(layer.weight, Tensor)
            return patch_vector_shape(layer, layer.weight)
        if not isinstance(layer, nn.Linear) and name not in sizes:
            raise ValueError(f"example must reach every convolution of module; '{name}' was not called.")
        return layer_vector_shape(layer, sizes.get(name))


def advance_spectral_norms(module: nn.Module, iterations: int | None = None) -> None:
    """Power iterations for every normalised weight of the module; `iterations=None` takes each layer's own number.

    Weights may be initialised before `SpectralNorm.attach`, which is the plain order. If they are written afterwards
    (`layer.weight = value`), call this with some thirty iterations before the first forward pass.
    """
    pairs = [(normalised, original) for _, normalised, original in _normalised_weights(module)]
    counts = [normalised.power_iterations if iterations is None else iterations for normalised, _ in pairs]
    for done in range(max(counts, default=0)):
        _advance([pair for pair, count in zip(pairs, counts, strict=True) if done < count])


def spectral_norms(module: nn.Module) -> dict[str, Tensor]:
    """Each normalised layer's present sigma (before division), by the layer's name: 0-dimensional, detached."""
    return {name: normalised.sigma(original).detach() for name, normalised, original in _normalised_weights(module)}


def _normalised_weights(module: nn.Module) -> Iterator[tuple[str, NormalisedWeight, Tensor]]:
    for name, layer in module.named_modules():
        if isinstance(layer, WEIGHTED_LAYERS) and parametrize.is_parametrized(layer, "weight"):
            chains = layer.parametrizations
            assert isinstance(chains, nn.ModuleDict)
            chain = chains["weight"]
            assert isinstance(chain, parametrize.ParametrizationList)
            original = chain.original
            assert isinstance(original, Tensor)
            yield from ((name, part, original) for part in chain if isinstance(part, NormalisedWeight))


def _check_other_weights(module: nn.Module) -> None:
    """No matrix may stay as it is: the player would not be Lipschitz, and nobody would know."""
    others = {
        f"{name}.{own}".strip("."): layer
        for name, layer in module.named_modules()
        if not isinstance(layer, _ELEMENTWISE)
        for own, weight in layer.named_parameters(recurse=False)
        if not (isinstance(layer, WEIGHTED_LAYERS) and own in ("weight", "bias")) and weight.ndim > 1
    }
    if others:
        named = ", ".join(f"{name} of {type(layer).__name__}" for name, layer in others.items())
        raise ValueError(
            f"module must hold its matrices in Linear, Conv2d and ConvTranspose2d layers, which alone are normalised;"
            f" others: {named}. Attach the constraint to a part without them, or write them as such layers."
        )


def _advance(pairs: Sequence[tuple[NormalisedWeight, Tensor]]) -> None:
    """One power iteration of each weight, in place; those of one device together."""
    for device in dict.fromkeys(weight.device for _, weight in pairs):
        _advance_together([pair for pair in pairs if pair[1].device == device])


@torch.no_grad()
def _advance_together(pairs: Sequence[tuple[NormalisedWeight, Tensor]]) -> None:
    """Of one device: u <- A v / ||A v||, v <- A' u / ||A' u||."""
    normalised = [each for each, _ in pairs]
    with torch.autocast(pairs[0][1].device.type, enabled=False):
        found = [map_and_transpose(each.apply_map, weight, each.right) for each, weight in pairs]
        _replace([each.left for each in normalised], [image for image, _ in found])
        turned = [transpose(each.left) for each, (_, transpose) in zip(normalised, found, strict=True)]
        _replace([each.right for each in normalised], turned)


def _replace(vectors: list[Tensor], images: list[Tensor]) -> None:
    """Each image at length one in its vector's place; a zero image leaves the vector alone. One call serves all."""
    lengths: Sequence[Tensor] = torch._foreach_norm(images)
    long = torch.cat([length.expand(image.numel()) for length, image in zip(lengths, images, strict=True)])
    old, new = (torch.cat([each.flatten() for each in some]) for some in (vectors, images))
    units = torch.where(long > 0, new / long, old).split([each.numel() for each in vectors])
    torch._foreach_copy_(vectors, [unit.view_as(each) for unit, each in zip(units, vectors, strict=True)])


def _unit(vector: Tensor, instead: Tensor) -> Tensor:
    """The vector at length one, or `instead` where the vector is zero."""
    length = torch.linalg.vector_norm(vector)
    return torch.where(length > 0, vector / length, instead)
