"""How much memory a recipe's tensors should take, from shapes alone: one rehearsal on torch's meta device."""

import weakref
from collections.abc import Mapping
from typing import Any

from torch import Tensor, UntypedStorage
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from equipoise.experiments.build import empty_network
from equipoise.experiments.experiment import Experiment
from equipoise.experiments.rehearsal import rehearse

_MOMENTS = 2


class LiveBytes(TorchDispatchMode):
    """Counts the bytes of every tensor that operations inside it make, as long as it lives.

    Attributes:
        most: the largest sum so far.
    """

    def __init__(self) -> None:
        super().__init__()
        self.most: int = 0
        self._now = 0
        self._known: set[int] = set()

    def __torch_dispatch__(
        self, operation: Any, types: Any, arguments: tuple[Any, ...] = (), options: Mapping[str, Any] | None = None
    ) -> Any:
        """Carry out one operation and count what it made."""
        found = operation(*arguments, **(options or {}))
        for each in tree_leaves(found):
            if isinstance(each, Tensor):
                self._count(each.untyped_storage())
        return found

    def _count(self, storage: UntypedStorage) -> None:
        """Once for each storage: views share theirs."""
        if storage._cdata not in self._known:
            self._known.add(storage._cdata)
            self._now += storage.nbytes()
            self.most = max(self.most, self._now)
            weakref.finalize(storage, self._freed, storage._cdata, storage.nbytes()).atexit = False

    def _freed(self, place: int, size: int) -> None:
        self._known.discard(place)
        self._now -= size


def estimated_bytes(experiment: Experiment) -> int:
    """The most that one iteration's tensors take at once, with two moments of each parameter; data are not counted."""
    with LiveBytes() as live:
        rehearse(experiment)
    networks = [empty_network(player.network) for player in experiment.players.values()]
    parameters = [parameter for network in networks for parameter in network.parameters()]
    found: int = live.most + _MOMENTS * sum(each.numel() * each.element_size() for each in parameters)
    return found
