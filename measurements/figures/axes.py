"""What the figures of a single panel have in common."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure


def save(figure: Figure, axes: Axes, path: Path) -> None:
    """With a legend, without a frame, as a file."""
    axes.legend(frameon=False, fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path)
