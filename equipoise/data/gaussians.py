"""Points from an even mixture of Gaussians in the plane: what ring and grid share. Torch-free."""

import math
from abc import abstractmethod
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from equipoise.data.data_set import DataSet

if TYPE_CHECKING:
    from equipoise.data.store import Store


class Gaussians(DataSet):
    """Points drawn evenly from round Gaussians; a larger count continues the points of a smaller one.

    Attributes:
        deviation: of each Gaussian, in both directions.
        count: how many points.
    """

    item_shape = (2,)
    deviation: float
    count: int
    is_small: ClassVar[bool] = True

    @abstractmethod
    def centres(self) -> list[tuple[float, float]]:
        """The Gaussians' centres."""

    def stand_in(self, count: int) -> "Gaussians":
        """This many points."""
        fewer: Gaussians = replace(cast(Any, self), count=count)
        return fewer

    def gaussians(self) -> tuple[list[tuple[float, float]], float]:
        """The centres and the deviation."""
        return self.centres(), self.deviation

    def load(self, root: Path | None = None, seed: int = 0) -> "Store":
        """Draw the points of this seed; the root plays no part.

        Three uniform numbers make a point: the first chooses the Gaussian, two become normal numbers by Box and Muller.

        Returns:
            A store of float32 points [count, 2], labelled with the Gaussian's number.
        """
        import torch

        from equipoise.common.random import stream
        from equipoise.data.store import held

        centres, chance = torch.tensor(self.centres(), dtype=torch.float64), stream(seed, f"data/{self.name}")
        uniform = torch.rand((self.count, 3), generator=chance, dtype=torch.float64)
        labels = (uniform[:, 0] * len(centres)).long()
        lengths = self.deviation * torch.sqrt(-2 * torch.log1p(-uniform[:, 1]))
        angles = 2 * math.pi * uniform[:, 2]
        offsets = torch.stack([lengths * angles.cos(), lengths * angles.sin()], dim=1)
        return held((centres[labels] + offsets).to(torch.float32), labels, classes=len(centres))
