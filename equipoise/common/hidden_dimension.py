"""A hidden leading dimension of tensors, such as one of runs that are played together.

This is what `torch.func.vmap` is made of, opened so that code is played once without becoming a function of tensors.
"""

from torch import Tensor
from torch._C import _functorch


class HiddenDimension:
    """Within, tensors can hide their leading dimension of runs."""

    def __init__(self, runs: int):
        self._runs = runs

    def __enter__(self) -> "HiddenDimension":
        _warn_of_slow_operations(False)
        self._level = _functorch._vmap_increment_nesting(self._runs, "same")
        _ENTERED.append(self)
        return self

    def __exit__(self, *error: object) -> None:
        _ENTERED.pop()
        _functorch._vmap_decrement_nesting()
        _warn_of_slow_operations(True)

    @classmethod
    def entered(cls) -> "HiddenDimension | None":
        """The one that is entered, if nothing else of `torch.func` is within it."""
        alone = _ENTERED and _functorch.maybe_current_level() == _ENTERED[-1]._level
        return _ENTERED[-1] if alone else None

    def show(self, stacked: Tensor) -> Tensor:
        """[runs, ...] as [...]."""
        found: Tensor = _functorch._add_batch_dim(stacked, 0, self._level)
        return found

    def reveal(self, hidden: Tensor) -> Tensor:
        """[...] as [runs, ...]; what is the same for all is repeated."""
        found: Tensor = _functorch._remove_batch_dim(hidden, self._level, self._runs, 0)
        return found


_ENTERED: list[HiddenDimension] = []
"""Those that are entered now: one thread at a time enters any."""


def _warn_of_slow_operations(wanted: bool) -> None:
    """An operation that torch plays run by run is right all the same, and its user can do nothing about it."""
    _functorch._set_vmap_fallback_warning_enabled(wanted)  # type: ignore[attr-defined]
