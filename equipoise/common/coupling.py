"""Whether a network's output for one sample depends on the others, as with batch normalisation."""

from torch import nn


def couples_samples(layer: nn.Module) -> bool:
    """Whether this layer itself (without its children) mixes the samples of a batch; torch's batch norms do.

    A layer of one's own says so with `couples_samples = True`. Two batches must then not be put through it as one.
    """
    return isinstance(layer, nn.modules.batchnorm._BatchNorm) or bool(getattr(layer, "couples_samples", False))
