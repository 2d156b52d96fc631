"""The base class of data sets. Torch-free."""

from abc import ABC, abstractmethod
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

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

    def check_files(self, root: Path | None = None) -> None:  # noqa: B027
        """Refuse files of the user's that are not there; nothing is downloaded, and torch is not imported.

        Raises:
            EquipoiseError: `load` would find nothing at their path.
        """

    def class_names(self, root: Path | None = None) -> list[str]:
        """The names of the classes that the labels number, where they have names; `root` as in `load`."""
        return []

    def reduced(self) -> "DataSet":
        """A part that is small enough to train on with a CPU, or the set itself."""
        return self

    def stand_in(self, count: int) -> "DataSet | None":
        """This many points for the smoke budget, without files; None for images, which random ones replace."""
        return None

    def gaussians(self) -> tuple[list[tuple[float, float]], float] | None:
        """The centres and the deviation of the Gaussians that points are drawn from; None for other data."""
        return None

    def numbers(self) -> "Numbers | None":
        """How an image shows a number from 0 to 999, digit by digit; None for other data."""
        return None

    @property
    def by_digit(self) -> bool:
        """Whether an image shows such a number, which a classifier of single digits can read."""
        return self.numbers() is not None


class SquareImages(DataSet):
    """A data set of square images, `resolution` pixels wide and high."""

    channels: ClassVar[int] = 3
    resolution: int

    @property
    def item_shape(self) -> tuple[int, ...]:
        """(channels, height, width)."""
        return (self.channels, self.resolution, self.resolution)


def split_of(data: DataSet) -> str | None:
    """The data set's split, or which part of it is meant; None if it is not divided."""
    return division_of(data)[1]


def division_of(data: DataSet) -> tuple[str, str | None]:
    """The name of the field that divides the data set, "split" or "part", and its value; "" and None without one."""
    described = cast(Any, data)
    names = {field.name for field in fields(described)} if is_dataclass(described) else set()
    field = next((each for each in ("split", "part") if each in names), "")
    return field, str(getattr(described, field)) if field else None
