"""What the layers of a network are."""

from torch import nn


def only_linear(network: nn.Module) -> bool:
    """Whether every layer with parameters or buffers of its own is a plain linear one."""
    return all(
        type(layer) is nn.Linear or not [*layer.parameters(recurse=False), *layer.buffers(recurse=False)]
        for layer in network.modules()
    )


def couples_samples(layer: nn.Module) -> bool:
    """Whether this layer itself (without its children) mixes the samples of a batch; torch's batch norms do.

    A layer of one's own says so with `couples_samples = True`. Two batches must then not be put through it as one.
    """
    return isinstance(layer, nn.modules.batchnorm._BatchNorm) or bool(getattr(layer, "couples_samples", False))
