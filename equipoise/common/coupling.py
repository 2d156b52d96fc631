"""Whether a network's output for one sample depends on the others, as with batch normalisation."""

from typing import Protocol, runtime_checkable

from torch import nn


@runtime_checkable
class CouplesSamples(Protocol):
    """A layer whose output for one sample depends on the batch's other samples says so with `couples_samples = True`.

    Two batches must then not be put through it as one.
    """

    couples_samples: bool


def couples_samples(layer: nn.Module) -> bool:
    """Whether this layer itself (without its children) mixes the samples of a batch; torch's batch norms do."""
    if isinstance(layer, nn.modules.batchnorm._BatchNorm):
        return True
    return isinstance(layer, CouplesSamples) and layer.couples_samples
