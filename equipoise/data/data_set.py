"""What every data set says of itself. Torch-free."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from equipoise.data.store import Store


class DataSet(ABC):
    """A frozen description of a data set.

    Attributes:
        is_small: whether a CPU trains on it in minutes as it is.
        held_out: the split that no training sees, where the set has splits.
        by_digit: whether an image shows a number of 1,000, which the classifier of single digits reads.
    """

    is_small: ClassVar[bool] = False
    held_out: ClassVar[str] = "test"
    by_digit: ClassVar[bool] = False

    @property
    @abstractmethod
    def name(self) -> str:
        """The data set's name, without control characters."""

    @property
    @abstractmethod
    def item_shape(self) -> tuple[int, ...]:
        """(channels, height, width) of an image, or (2,) of a point."""

    @abstractmethod
    def load(self, root: Path | None = None, seed: int = 0) -> "Store":
        """The content; `root` is where published files lie, `seed` matters for synthetic sets only."""

    def reduced(self) -> "DataSet":
        """A part that a CPU can read and pass over in minutes, or the set itself."""
        return self

    def stand_in(self, shape: tuple[int, ...], count: int) -> "DataSet":
        """So many items that need no files: random images of this shape, or points of this very set."""
        from equipoise.data.noise import Noise

        return Noise(shape, count)

    def gaussians(self) -> tuple[list[tuple[float, float]], float] | None:
        """The centres of the Gaussians that points are drawn from and their deviation; None of anything else."""
        return None
