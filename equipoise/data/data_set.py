"""What every data set says of itself. Torch-free."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from equipoise.data.numbers import Numbers
    from equipoise.data.store import Store


class DataSet(ABC):
    """A frozen description of a data set.

    Attributes:
        is_small: whether a CPU trains on it in minutes as it is.
        held_out: the split that no training sees, where the set has splits.
    """

    is_small: ClassVar[bool] = False
    held_out: ClassVar[str] = "test"

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

    def stand_in(self, count: int) -> "DataSet | None":
        """So many points of this very set, which need no files; None of images: random ones stand in for them."""
        return None

    def gaussians(self) -> tuple[list[tuple[float, float]], float] | None:
        """The centres of the Gaussians that points are drawn from and their deviation; None of anything else."""
        return None

    def numbers(self) -> "Numbers | None":
        """How an image shows a number of 1,000, digit by digit; None of anything else."""
        return None

    @property
    def by_digit(self) -> bool:
        """Whether an image shows such a number, which the classifier of single digits reads."""
        return self.numbers() is not None
