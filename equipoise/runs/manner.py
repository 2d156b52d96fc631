"""How a run computes (precision, algorithms): recorded at its start, and kept by `resume`."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from equipoise.common.errors import EquipoiseError
from equipoise.experiments.build import Layout
from equipoise.runs.session import Settings
from equipoise.training.precision import Precision, algorithms, known_precision, matrix_precision

_LAYOUTS: tuple[Layout, ...] = ("channels-last", "contiguous")


@dataclass(frozen=True)
class Manner:
    """How the arithmetic of a run is done.

    Attributes:
        precision: what the players compute in.
        layout: how the kernels and maps of convolutions lie in memory.
        deterministic: whether a GPU takes only algorithms that repeat their bits.
        cudnn_trials: whether cuDNN chooses its algorithms by timing them.
        graphs: whether whole iterations are played as CUDA graphs, where they can be.
    """

    precision: Precision = "float32"
    layout: Layout = "channels-last"
    deterministic: bool = False
    cudnn_trials: bool = False
    graphs: bool = False

    def __post_init__(self) -> None:
        if self.deterministic and self.cudnn_trials:
            raise EquipoiseError(
                "deterministic algorithms cannot be combined with cuDNN's trials: the fastest algorithm may differ "
                "each time."
            )

    @contextmanager
    def applied(self, device: torch.device) -> Iterator[None]:
        """Inside this context, a GPU computes in this manner."""
        with matrix_precision(self.precision, device), algorithms(self.deterministic, self.cudnn_trials, device):
            yield


def chosen_manner(settings: Settings, begun: Mapping[str, Any]) -> Manner:
    """The manner from the settings; what they leave open is as the run began.

    Args:
        settings: of this session.
        begun: the record of the run's first session; empty at the start.

    Raises:
        EquipoiseError: two settings exclude each other, or the layout is not the one that the run began with.
    """
    layout = next((each for each in _LAYOUTS if each == begun.get("layout")), _LAYOUTS[0])
    if begun and settings.layout not in (None, layout):
        raise EquipoiseError(
            f"this run began with the layout {layout}, in which its optimisers' moments lie: leave --layout out."
        )
    return Manner(
        precision=settings.precision or known_precision(begun.get("precision")),
        layout=settings.layout or layout,
        deterministic=_said(settings.deterministic, begun.get("deterministic")),
        cudnn_trials=_said(settings.cudnn_trials, begun.get("cudnn_trials")),
        graphs=settings.graphs,
    )


def _said(now: bool | None, before: object) -> bool:
    return before is True if now is None else now
