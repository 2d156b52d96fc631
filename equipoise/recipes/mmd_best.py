"""The best pairs of learning rates in the raw results of the repulsive MMD-GAN (Wang et al. 2019). Torch-free.

`mmd_best.csv` has one line for each cell of `Results/Results_rep.xlsx` in the authors' repository richardwth/MMD-GAN:
of sixteen pairs of learning rates the one with the lowest FID, that FID to four digits, and how many runs diverged
(ended in NaN, or above the FID that Figure S2 names for the data set).
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

GAINS: tuple[int, ...] = (16, 32, 64, 128, 256)
"""The scales C^K of the authors' grid; beside them it has PIM."""
DIVERGED_BEYOND: Mapping[str, float] = {"cifar10": 50.0, "stl10": 80.0, "celeba": 50.0, "lsun": 90.0}
"""The FID above which a run counts as diverged (Figure S2)."""
SCRIPT_RATES: Mapping[str, tuple[float, float]] = {
    "cifar10": (5e-4, 2e-4),
    "stl10": (2e-4, 2e-4),
    "celeba": (1e-4, 2e-4),
    "lsun": (2e-4, 1e-4),
}
"""The pair in the authors' script for each data set: the best of MMD-rep at C^K = 64."""
_FILE = Path(__file__).with_name("mmd_best.csv")
_LIKE: Mapping[str, str] = {"non-saturating": "hinge", "rq": "rbf", "rbf-b": "rbf"}
"""Losses without published raw results -> the nearest loss that has them."""
_FEATURES, _SCORE = 16, 1
Rates = tuple[float, float]
"""Learning rates of discriminator and generator."""


@dataclass(frozen=True)
class Cell:
    """What the authors found for one loss, data set, constraint and number of features.

    Attributes:
        rates: the pair of the lowest FID, or None where every run ended in NaN.
        fid: the lowest one, or None.
        diverged: how many runs diverged.
        runs: of so many.
    """

    rates: Rates | None
    fid: float | None
    diverged: int
    runs: int


@cache
def cells() -> Mapping[tuple[str, str, str, int], Cell]:
    """(data, loss, constraint, features) -> the cell; constraints are "pico-16" to "pico-256", "pim" and a penalty."""
    with open(_FILE, encoding="utf-8", newline="") as file:
        return {
            (row["data"], row["loss"], row["constraint"], int(row["features"])): _cell(row)
            for row in csv.DictReader(file)
        }


def best(loss: str, data: str, constraint: str, features: int | None = None) -> Cell:
    """The cell of a loss, or of the nearest loss with published raw results; by default with its usual features."""
    known = _LIKE.get(loss, loss)
    return cells()[data, known, constraint, features or (_SCORE if known == "hinge" else _FEATURES)]


def best_rates(loss: str, data: str, constraint: str, features: int | None = None) -> Rates:
    """The pair of the lowest FID in a cell; where no run survived (rbf on LSUN), that of the data set's script."""
    return best(loss, data, constraint, features).rates or SCRIPT_RATES[data]


def best_gain(features: int) -> int:
    """The scale C^K with the lowest FID of the repulsive loss with so many features on CIFAR-10."""
    tried = {gain: cells().get(("cifar10", "rep", f"pico-{gain}", features)) for gain in GAINS}
    found = {gain: cell.fid for gain, cell in tried.items() if cell is not None and cell.fid is not None}
    return min(found, key=found.__getitem__)


def nearest_gain(gain: float) -> int:
    """The scale of the authors' grid that is nearest in ratio.

    Examples:
        >>> nearest_gain((1 / 0.55) ** 8), nearest_gain((1 / 0.55) ** 10)
        (128, 256)
    """
    return min(GAINS, key=lambda each: max(each / gain, gain / each))


def _cell(row: Mapping[str, str]) -> Cell:
    diverged, runs = int(row["diverged"]), int(row["runs"])
    if not row["fid"]:
        return Cell(None, None, diverged, runs)
    rates = (float(row["discriminator_lr"]), float(row["generator_lr"]))
    return Cell(rates, float(row["fid"]), diverged, runs)
