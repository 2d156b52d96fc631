"""Random images in place of a real set of the same shape: for trying out a recipe without its data."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from equipoise.common.errors import EquipoiseError
from equipoise.data.data_set import DataSet
from equipoise.data.fields import check_whole

if TYPE_CHECKING:
    from equipoise.data.store import Store


@dataclass(frozen=True)
class Noise(DataSet):
    """Images of uniform random values 0..255 with random labels.

    Args:
        shape: channels (1 or 3), height and width of one image.
        count: how many images.
        classes: how many classes the labels have.
    """

    name = "noise"
    shape: tuple[int, ...] = (3, 32, 32)
    count: int = 1024
    classes: int = 10

    def __post_init__(self) -> None:
        if len(self.shape) != 3 or self.shape[0] not in (1, 3):
            raise EquipoiseError(f"shape of noise must be 1 or 3 channels, height and width, not {list(self.shape)}.")
        for field, side in zip(("height", "width"), self.shape[1:], strict=True):
            check_whole(self.name, field, side, 1, 2048)
        check_whole(self.name, "count", self.count, 1, 10_000_000)
        check_whole(self.name, "classes", self.classes, 1, 10_000)

    @property
    def item_shape(self) -> tuple[int, ...]:
        """(channels, height, width)."""
        return self.shape

    def load(self, root: Path | None = None, seed: int = 0) -> "Store":
        """Draw the images of this seed; the root plays no part."""
        import torch

        from equipoise.common.random import stream
        from equipoise.data.store import held

        chance = stream(seed, "data/noise")
        images = torch.randint(0, 256, (self.count, *self.shape), generator=chance, dtype=torch.uint8)
        labels = torch.randint(0, self.classes, (self.count,), generator=chance)
        return held(images, labels, self.classes)
