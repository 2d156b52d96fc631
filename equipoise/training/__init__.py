"""The training engine: moves, stages, memory, draws, and a loop that works with every algorithm.

`Bundle` and `DataOrder` make a loop of your own resumable. Names are loaded when they are first used.
"""

from typing import TYPE_CHECKING

from equipoise.common.lazy import lazy_names

if TYPE_CHECKING:
    from equipoise.training.bundle import Bundle as Bundle
    from equipoise.training.data_order import DataOrder as DataOrder

_HOMES = {"Bundle": "equipoise.training.bundle", "DataOrder": "equipoise.training.data_order"}

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
