"""What the figures of a single panel have in common."""

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure


def save(figure: Figure, axes: Axes, path: Path, beside: bool = False) -> None:
    """With a legend, in the panel or beside it, without a frame, as a file."""
    place: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1, 1)} if beside else {}
    axes.legend(frameon=False, fontsize=8, **place)
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path)
