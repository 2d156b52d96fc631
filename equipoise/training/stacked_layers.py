"""Linear layers on tensors with a hidden dimension of runs, whose numbers are those of each run alone."""

import copy
from collections.abc import Sequence
from functools import cache

import torch
from torch import Tensor, nn

from equipoise.common.hidden_dimension import HiddenDimension


def stacked_network(network: nn.Module, own: Sequence[nn.Parameter], stacked: Sequence[Tensor]) -> nn.Module:
    """A copy of the network, whose linear layers hold the stacked parameters; its other layers hold none."""
    theirs = dict(zip(map(id, own), stacked, strict=True))
    found: nn.Module = copy.deepcopy(network, {id(parameter): parameter for parameter in own})
    for name, layer in list(found.named_modules()):
        if isinstance(layer, nn.Linear):
            place, _, last = name.rpartition(".")
            bias = None if layer.bias is None else theirs[id(layer.bias)]
            setattr(found.get_submodule(place), last, StackedLinear(theirs[id(layer.weight)], bias))
    return found


class StackedLinear(nn.Module):
    """A linear layer of several runs, with hidden dimensions: its numbers are those of `nn.Linear`, bit for bit.

    `vmap` of `nn.Linear` would add the bias afterwards, and so round differently.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None):
        super().__init__()
        self._numbers = weight, bias

    def forward(self, values: Tensor) -> Tensor:
        """values: [batch, features]."""
        weight, bias = self._numbers
        hidden = HiddenDimension.entered()
        if hidden is None:
            raise RuntimeError("stacked layers take tensors with a hidden dimension of runs.")
        batches = hidden.reveal(values)
        if _round_alike(batches.shape, weight.shape, bias is not None, weight.dtype, weight.device):
            return hidden.show(_linear(batches, weight, bias))
        biases = [None] * len(weight) if bias is None else bias.unbind()
        rows = zip(batches.unbind(), weight.unbind(), biases, strict=True)
        return hidden.show(torch.stack([nn.functional.linear(*each) for each in rows]))


def _linear(batches: Tensor, weights: Tensor, biases: Tensor | None) -> Tensor:
    """[runs, batch, features] and [runs, outputs, features] -> [runs, batch, outputs]."""
    if biases is None:
        return torch.bmm(batches, weights.transpose(1, 2))
    return torch.baddbmm(biases.unsqueeze(1), batches, weights.transpose(1, 2))


@cache
def _round_alike(
    batches: torch.Size, weights: torch.Size, biased: bool, dtype: torch.dtype, device: torch.device
) -> bool:
    """Whether products of these stacked shapes, and those of their gradients, round as one by one; found by trial.

    It depends on the library of matrix products, which adds up in an order that follows from the shapes.
    """
    chance = torch.Generator(device).manual_seed(0)

    def drawn(*shape: int) -> Tensor:
        return torch.randn(shape, generator=chance, dtype=dtype, device=device)

    x, w, b, gradient = drawn(*batches), drawn(*weights), drawn(*weights[:2]), drawn(*batches[:2], weights[1])
    pairs = [
        (
            _linear(x, w, b if biased else None),
            [nn.functional.linear(x[n], w[n], b[n] if biased else None) for n in range(len(x))],
        ),
        (torch.bmm(gradient, w), [gradient[n].mm(w[n]) for n in range(len(x))]),
        (torch.bmm(gradient.transpose(1, 2), x), [gradient[n].t().mm(x[n]) for n in range(len(x))]),
        (gradient.sum(1), [gradient[n].sum(0) for n in range(len(x))]),
    ]
    return all(torch.equal(stacked, torch.stack(alone)) for stacked, alone in pairs)
