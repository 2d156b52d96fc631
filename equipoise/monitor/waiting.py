"""Numbers that stay on their device until they are read together, so that no training step waits for them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

MOST_LOOSE = 256
"""Single tensors that may wait before they are put together."""


@dataclass(frozen=True)
class _Block:
    """Some numbers: those of one device and type together, with their places among the others."""

    plain: dict[int, float]
    stacked: list[tuple[list[int], Tensor]]

    @classmethod
    def of(cls, values: Sequence[Tensor | float]) -> "_Block":
        plain: dict[int, float] = {}
        alike: dict[tuple[torch.device, torch.dtype], list[tuple[int, Tensor]]] = {}
        for place, value in enumerate(values):
            if isinstance(value, Tensor):
                alike.setdefault((value.device, value.dtype), []).append((place, value))
            else:
                plain[place] = value
        stacked = [
            ([place for place, _ in group], torch.stack([each for _, each in group])) for group in alike.values()
        ]
        return cls(plain, stacked)

    def read(self) -> list[float]:
        found = dict(self.plain)
        for places, tensor in self.stacked:
            found |= dict(zip(places, tensor.tolist(), strict=True))
        return [found[place] for place in sorted(found)]


@dataclass
class Waiting:
    """Keeps 0-dimensional tensors, and plain numbers, in the order in which they come."""

    _loose: list[Tensor | float] = field(default_factory=list)
    _blocks: list[_Block] = field(default_factory=list)

    def keep(self, values: Sequence[Tensor | float]) -> None:
        """Add numbers without reading them. A tensor must not be changed in place later."""
        self._loose += [detached(value) if isinstance(value, Tensor) else float(value) for value in values]
        if len(self._loose) >= MOST_LOOSE:
            self._put_together()

    def read(self) -> list[float]:
        """Take out all numbers as float64. This waits for the device."""
        self._put_together()
        found = [number for block in self._blocks for number in block.read()]
        self._blocks.clear()
        return found

    def look(self) -> list[float]:
        """As `read`, but the numbers are kept."""
        found = self.read()
        self.keep(found)
        return found

    def forget(self) -> None:
        """Drop what waits."""
        self._loose.clear()
        self._blocks.clear()

    def _put_together(self) -> None:
        """No more memory than the numbers need."""
        if self._loose:
            self._blocks.append(_Block.of(self._loose))
            self._loose.clear()


def detached(value: Tensor | float) -> Tensor | float:
    """A tensor without the graph that it comes from; a plain number as it is."""
    return value.detach() if isinstance(value, Tensor) and value.requires_grad else value
