"""Stacked MNIST: three digits as the three colour channels of one image, 1000 modes (Metz et al. 2017)."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from equipoise.data.data_set import SquareImages
from equipoise.data.fields import check_choice, check_whole

if TYPE_CHECKING:
    from equipoise.data.numbers import Numbers
    from equipoise.data.store import Store


@dataclass(frozen=True)
class StackedMnist(SquareImages):
    """Colour images of three MNIST digits drawn evenly with replacement; the label is the number 100 a + 10 b + c.

    Args:
        split: which MNIST images the digits come from.
        resolution: 28 is as published; 32 adds two black pixels on each side; any other is resized (bilinear).
        count: how many images; a larger count continues the images of a smaller one.
    """

    name = "stacked-mnist"
    split: Literal["train", "test"] = "train"
    resolution: int = 28
    count: int = 128_000

    def __post_init__(self) -> None:
        check_choice(self.name, "split", self.split, ("train", "test"))
        check_whole(self.name, "resolution", self.resolution, 8, 256)
        check_whole(self.name, "count", self.count, 1, 100_000_000)

    def numbers(self) -> "Numbers":
        """One digit in each channel."""
        from equipoise.data.numbers import Numbers

        return Numbers(self.resolution)

    def load(self, root: Path | None = None, seed: int = 0) -> "Store":
        """Choose the digits of this seed; the images are put together batch by batch, on the device."""
        import torch

        from equipoise.common.random import stream
        from equipoise.data.items import Composed
        from equipoise.data.mnist import Mnist
        from equipoise.data.numbers import number_of
        from equipoise.data.store import Store

        digits = Mnist(self.split, self.resolution).load(root)
        assert digits.labels is not None
        generator = stream(seed, f"data/stacked-mnist/{self.split}")
        uniform = torch.rand((self.count, 3), generator=generator, dtype=torch.float64)
        table = (uniform * len(digits)).long()
        parts = digits.items.gather(torch.arange(len(digits))).squeeze(1)
        items = Composed(parts, table, lambda digits: digits, (3, self.resolution, self.resolution))
        return Store(items, number_of(digits.labels[table]), classes=1000)
