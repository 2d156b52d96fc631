"""Compositional MNIST: three digits side by side in one 64x64 image, 1000 modes of unequal weight (Che et al. 2017)."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from equipoise.common.errors import EquipoiseError
from equipoise.data.data_set import DataSet
from equipoise.data.fields import check_choice, check_whole

if TYPE_CHECKING:
    import torch

    from equipoise.data.numbers import Numbers
    from equipoise.data.store import Store

SIDE = 64
"""Pixels on a side of an image."""
_POSITIONS = 3
_CONCENTRATION = 5  # of the Dirichlet distribution that the digit probabilities come from


@dataclass(frozen=True)
class CompositionalMnist(DataSet):
    """Grey 64x64 images of three small MNIST digits in a centred row; the label is the number 0..999 that they show.

    The paper leaves the four distributions, the layout and the digits' size open. Here each position of each set has
    its own ten digit probabilities, drawn once and for all from a Dirichlet distribution with concentration 5, so they
    do not depend on the run's seed; the seed chooses the images.

    Args:
        set: which of the four distributions, 1 to 4.
        split: which MNIST images the digits come from.
        digit_size: 20 (two black columns on either side of the row) or 21 (one on the right).
        count: how many images; a larger count continues the images of a smaller one.
    """

    item_shape = (1, SIDE, SIDE)
    set: int = 1
    split: Literal["train", "test"] = "train"
    digit_size: int = 20
    count: int = 60_000

    def __post_init__(self) -> None:
        check_whole(self.name, "set", self.set, 1, 4)
        check_choice(self.name, "split", self.split, ("train", "test"))
        check_whole(self.name, "digit_size", self.digit_size, 20, 21)
        check_whole(self.name, "count", self.count, 1, 100_000_000)

    @property
    def name(self) -> str:
        """The data set's name."""
        return f"compositional-mnist-{self.set}"

    def digit_probabilities(self) -> list[list[float]]:
        """The ten digits' probabilities at each of the three positions."""
        return [_dirichlet(f"data/compositional-mnist/{self.set}/{position}") for position in range(_POSITIONS)]

    def distribution(self) -> list[float]:
        """The probability of each number 0..999, all above zero."""
        hundreds, tens, ones = self.digit_probabilities()
        return [a * b * c for a in hundreds for b in tens for c in ones]

    def slots(self) -> list[tuple[int, int]]:
        """(top, left) of the three digits; each is digit_size high and wide.

        Examples:
            >>> CompositionalMnist().slots()
            [(22, 2), (22, 22), (22, 42)]
        """
        top, left = (SIDE - self.digit_size) // 2, (SIDE - _POSITIONS * self.digit_size) // 2
        return [(top, left + position * self.digit_size) for position in range(_POSITIONS)]

    def numbers(self) -> "Numbers":
        """Three digits in a row."""
        from equipoise.data.numbers import Numbers

        return Numbers(28, tuple(self.slots()), self.digit_size, tuple(self.distribution()))

    def load(self, root: Path | None = None, seed: int = 0) -> "Store":
        """Choose the digits of this seed; the images are put together batch by batch, on the device.

        Raises:
            EquipoiseError: MNIST is missing or damaged, or lacks a digit.
        """
        import torch

        from equipoise.common.random import stream
        from equipoise.data.items import Composed
        from equipoise.data.mnist import Mnist
        from equipoise.data.numbers import draw_digits, draw_images, number_of
        from equipoise.data.store import Store

        pictures = Mnist(self.split, self.digit_size).load(root)
        assert pictures.labels is not None
        if len(torch.unique(pictures.labels)) != 10:
            raise EquipoiseError("compositional-mnist needs MNIST images of all ten digits.")
        generator = stream(seed, f"data/{self.name}/{self.split}")
        uniform = torch.rand((self.count, 2 * _POSITIONS), generator=generator, dtype=torch.float64)
        digits = draw_digits(uniform[:, :_POSITIONS], self.digit_probabilities())
        table = draw_images(uniform[:, _POSITIONS:], digits, pictures.labels)
        parts = pictures.items.gather(torch.arange(len(pictures))).squeeze(1)
        return Store(Composed(parts, table, self._row, (1, SIDE, SIDE)), number_of(digits), classes=1000)

    def _row(self, parts: "torch.Tensor") -> "torch.Tensor":
        """[batch, 3, size, size] to [batch, 1, 64, 64]: the digits in their slots on black."""
        image = parts.new_zeros((len(parts), 1, SIDE, SIDE))
        for position, (top, left) in enumerate(self.slots()):
            image[:, 0, top : top + self.digit_size, left : left + self.digit_size] = parts[:, position]
        return image


def _dirichlet(purpose: str) -> list[float]:
    """Ten probabilities: sums of exponential numbers, over their total. Made from hashes, so they never change."""
    from equipoise.common.random import derived_seed

    uniform = [(derived_seed(0, purpose, position) + 0.5) / 2**63 for position in range(10 * _CONCENTRATION)]
    exponential = [-math.log(value) for value in uniform]
    weights = [sum(exponential[digit::10]) for digit in range(10)]
    return [weight / sum(weights) for weight in weights]
