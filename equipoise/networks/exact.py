"""Layers that compute in float32 under autocast, so that losses get precise values."""

from collections.abc import Callable, Iterable

import torch
from torch import nn


def without_autocast(compute: Callable[[torch.Tensor], torch.Tensor], values: torch.Tensor) -> torch.Tensor:
    """The output for these values, in float32 where autocast would use less precision."""
    device = values.device.type
    if device == "meta" or not torch.is_autocast_enabled(device):
        return compute(values)
    with torch.autocast(device, enabled=False):
        return compute(values.float())


class ExactEnd(nn.Sequential):
    """Layers in sequence, of which the last few ignore autocast; parameters are named as in a plain sequence."""

    def __init__(self, *layers: nn.Module, exact: int) -> None:
        """`exact` layers at the end."""
        super().__init__(*layers)
        self.exact = exact

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Through all layers."""
        layers = list(self)
        values = _through(layers[: -self.exact], values)
        return without_autocast(lambda each: _through(layers[-self.exact :], each), values)


def _through(layers: Iterable[nn.Module], values: torch.Tensor) -> torch.Tensor:
    for layer in layers:
        values = layer(values)
    return values
