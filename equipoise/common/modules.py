"""What the layers of a network are."""

from torch import nn


def only_linear(network: nn.Module) -> bool:
    """Whether every layer with parameters or buffers of its own is a plain linear one."""
    return all(
        type(layer) is nn.Linear or not [*layer.parameters(recurse=False), *layer.buffers(recurse=False)]
        for layer in network.modules()
    )
