"""Several batches through one network: in one pass wherever that gives the same numbers."""

from collections.abc import Callable
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from equipoise.common.modules import couples_samples
from equipoise.common.random import Reseedable

_separable: "WeakKeyDictionary[nn.Module, bool]" = WeakKeyDictionary()


Judge = Callable[[Tensor, Tensor], Tensor]
"""(batch, the module's output for it) -> [batch, ...], each sample for itself."""


def together(module: nn.Module, *batches: Tensor, judge: Judge = lambda batch, output: output) -> tuple[Tensor, ...]:
    """What is known of the module's output for each batch, from one pass over all where no layer tells them apart.

    Half as many passes over twice as many samples take less time, most of all in a small network. Layers that let
    samples meet, or that draw random numbers for a whole batch, see each batch on its own.

    Args:
        module: [batch, ...] -> [batch, ...].
        batches: one or more, alike in all but their first dimension.
        judge: what is to be known; the output itself, unless given.
    """
    if len(batches) == 1 or not _treats_samples_alone(module):
        return tuple(judge(batch, module(batch)) for batch in batches)
    whole = torch.cat(batches)
    found: tuple[Tensor, ...] = judge(whole, module(whole)).split([batch.shape[0] for batch in batches])
    return found


def _treats_samples_alone(module: nn.Module) -> bool:
    """Looked up once for each module: its layers do not change while it trains."""
    known = _separable.get(module)
    if known is None:
        known = not any(couples_samples(layer) or isinstance(layer, Reseedable) for layer in module.modules())
        _separable[module] = known
    return known
