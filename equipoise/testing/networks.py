"""The contract of networks: shapes, gradients, weights from a generator, and reading that changes nothing.

`check_network` runs all of `NETWORK_CONTRACTS`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from equipoise.common.random import Reseedable, stream
from equipoise.networks import build
from equipoise.networks.network import Generator
from equipoise.testing.requirements import (
    require,
    require_close,
    require_equal_tensors,
    require_refusal,
    require_still_generator,
)

BATCH = 5
"""How many samples the checks feed a network."""


@dataclass(frozen=True)
class NetworkCase:
    """A network with one choice of options.

    Attributes:
        network: its class, made with keyword arguments; see `equipoise.networks.network`. One with a `latent_size`
            that is a generator takes latents [batch, latent_size], all others images [batch, *image_shape].
        output: the shape of one output, without the batch.
        options: keyword arguments.
        takes_pairs: whether it takes images and latents together.
    """

    network: type[Any]
    output: tuple[int, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    takes_pairs: bool = False

    def __str__(self) -> str:
        options = ", ".join(f"{name}={value}" for name, value in self.options.items())
        return f"{self.network.__name__}({options})"

    def made(self, seed: int = 0) -> Any:
        """The network with weights, and random numbers inside, that depend on the seed alone."""
        network = build(self.network, stream(seed, "weights"), **self.options)
        for layer in network.modules():
            if isinstance(layer, Reseedable):
                layer.reseed(stream(seed, "dropout"))
        return network

    def inputs(self, network: Any) -> list[Tensor]:
        """Five latents for a generator, five images in [-1, 1] for the others, both for one that takes pairs."""
        noise = stream(1, "inputs")
        latents = [torch.randn(BATCH, network.latent_size, generator=noise)] if hasattr(network, "latent_size") else []
        if isinstance(network, Generator):
            return latents
        images = [torch.rand(BATCH, *network.image_shape, generator=noise) * 2 - 1]
        return images + latents if self.takes_pairs else images

    def outputs(self, network: Any) -> list[Tensor]:
        """What the network gives for its inputs, one tensor or several."""
        result = network(*self.inputs(network))
        return list(result) if isinstance(result, tuple) else [result]


def check_network(network: type[Any], output: tuple[int, ...], **options: Any) -> None:
    """Check a network with every contract of `NETWORK_CONTRACTS`.

    Args:
        network: its class, as in `check_network(MyGenerator, (3, 32, 32), width=8)`; choose small options.
        output: the shape of one output, without the batch: () for one score an image.
        options: keyword arguments of the network.

    Raises:
        AssertionError: names the network and what it breaks.
    """
    for contract in NETWORK_CONTRACTS:
        contract(NetworkCase(network, output, options))


def gives_the_shape_that_is_promised(case: NetworkCase) -> None:
    """Outputs have the case's shape and hold finite numbers."""
    for output in case.outputs(case.made()):
        expected = (BATCH, *case.output)
        require(output.shape == expected, f"{case} gives shape {tuple(output.shape)}, expected {expected}.")
        require(bool(torch.isfinite(output).all()), f"{case} gives numbers that are not finite.")


def trains_every_parameter(case: NetworkCase) -> None:
    """All parameters but a bias that a batch normalisation subtracts again get a gradient that is not zero.

    Weights that start at 0, which would keep others silent, are moved a little first.
    """
    network = case.made()
    for weight in _at_zero(network):
        torch.nn.init.normal_(weight, 0.0, 0.1, stream(3, "weights that start at 0"))
    results = case.outputs(network)
    weights = [torch.randn(result.shape, generator=stream(2, "weights of outputs")) for result in results]
    torch.stack([(one * weight).sum() for one, weight in zip(results, weights, strict=True)]).sum().backward()
    gradients = {name: parameter.grad for name, parameter in network.named_parameters()}
    apart = [name for name, gradient in gradients.items() if gradient is None]
    require(not apart, f"{case}: its output does not depend on {', '.join(apart)}.")
    silent = [name for name, gradient in gradients.items() if gradient is not None and not gradient.abs().max() > 0]
    normalised = sum(type(layer).__name__ == "BatchNorm" for layer in network.modules())
    excused = all(name.endswith("bias") for name in silent) and len(silent) <= normalised
    require(excused, f"{case}: the gradients of {', '.join(silent)} are 0.")


def _at_zero(network: Any) -> list[Tensor]:
    return [weight for weight in network.parameters() if weight.ndim > 1 and not weight.any()]


def is_not_changed_by_reading(case: NetworkCase) -> None:
    """A forward pass without gradients changes no parameter and no buffer, also in training mode."""
    network = case.made()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with torch.no_grad():
        case.outputs(network)
    require_equal_tensors(network.state_dict(), before, f"{case} before and after a forward pass without gradients")


def draws_its_weights_from_the_generator(case: NetworkCase) -> None:
    """The same generator gives the same weights, another gives others, apart from those that start at 0."""
    first, again, other = (case.made(seed).state_dict() for seed in (0, 0, 1))
    require_equal_tensors(again, first, f"{case} built twice from one generator")
    weights = [name for name, value in first.items() if name.endswith("weight") and value.ndim > 1]
    require(bool(weights), f"{case} has no weights.")
    fixed = [name for name in weights if torch.equal(first[name], other[name]) and first[name].any()]
    require(not fixed, f"{case}: another generator gives the same {', '.join(fixed)}.")


def leaves_the_global_generator_alone(case: NetworkCase) -> None:
    """Building and calling the network neither reads nor moves torch's global random number generator."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        first = case.made()
        require_still_generator(lambda: case.outputs(case.made()), str(case))
        torch.manual_seed(8)
        second = case.made().state_dict()
    weights = {name: value for name, value in first.state_dict().items() if "running" not in name}
    what = f"{case} under two states of torch's global generator"
    require_equal_tensors({name: second[name] for name in weights}, weights, what)


def gives_the_same_with_channels_last(case: NetworkCase) -> None:
    """The memory layout of kernels changes results by rounding alone."""
    network = case.made().eval()
    plain = case.outputs(network)
    last = case.outputs(network.to(memory_format=torch.channels_last))
    for one, other in zip(plain, last, strict=True):
        require_close(other, one, f"{case} with channels last", rtol=1e-4, atol=1e-5)


def names_a_wrong_shape(case: NetworkCase) -> None:
    """An input of another shape raises a ValueError that says which shape was expected."""
    network = case.made()
    first, *others = case.inputs(network)
    wrong = first[:, :-1].contiguous() if isinstance(network, Generator) else first[..., :-1]
    pattern = r"must have shape \[batch, .*got shape"
    require_refusal(lambda: network(wrong, *others), pattern, f"{case} of an input of shape {tuple(wrong.shape)}")


NETWORK_CONTRACTS: tuple[Callable[[NetworkCase], None], ...] = (
    gives_the_shape_that_is_promised,
    trains_every_parameter,
    is_not_changed_by_reading,
    draws_its_weights_from_the_generator,
    leaves_the_global_generator_alone,
    gives_the_same_with_channels_last,
    names_a_wrong_shape,
)
"""Every contract of a network: a function of a case that raises AssertionError where it is broken."""
