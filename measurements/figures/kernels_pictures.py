"""Moment matching and drifting in pixels and in pretrained features, and two adversaries, for equal processor time.

python -m measurements.figures.kernels_pictures FOLDER --data-label NAME --seconds 150

writes results/kernels/pictures-150.json and docs/figures/kernels_pictures.png: the first samples of each, not chosen.
"""

import argparse
from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from equipoise.algorithms.drifting import Drifting
from equipoise.algorithms.gmmn import GMMN
from equipoise.evaluation.backbones import make_extractor
from equipoise.evaluation.features import extract
from equipoise.evaluation.sampling import sample_picture, to_bytes
from equipoise.experiments.experiment import Experiment, with_length
from equipoise.metrics import kernel_distance
from equipoise.recipes.catalogue import recipe
from equipoise.recipes.kernels import gmmn_folder
from equipoise.recipes.pictures import relativistic_folder
from measurements import FIGURES_FOLDER
from measurements.figures.kernels_measure import RESULTS, energy_distance, keep, trained
from measurements.figures.run_results import above_one_another, enlarged

COLUMNS, ROWS, TIMES, GAP = 10, 2, 2, 8
JUDGE = "efficientnet-lite0"
PIXEL_WIDTHS, FEATURE_WIDTHS = (9.0, 18.0, 36.0), (20.0, 40.0, 80.0)
"""A quarter, a half and the whole of the median distance between horses."""


def experiments(folder: str) -> Mapping[str, Experiment]:
    """By their names in the table."""
    pixels = with_length(gmmn_folder(folder), iterations=10**6)
    matching = GMMN(kernel="distance", widths=(1.0,), features="symmetric", iterations=10**6)
    drifting = Drifting(widths=PIXEL_WIDTHS, iterations=10**6)
    drifting_features = replace(drifting, widths=FEATURE_WIDTHS, features="symmetric")
    repulsive = recipe("mmd-rep-b-folder", "cpu")
    return {
        "GMMN, distance kernel, in pixels": pixels,
        "GMMN, distance kernel, in pretrained features": replace(pixels, algorithm=matching),
        "drifting, Laplace 9, 18, 36, in pixels": replace(pixels, algorithm=drifting),
        "drifting, Laplace 20, 40, 80, in pretrained features": replace(pixels, algorithm=drifting_features),
        "MMD-GAN rep-b, Gaussian 1": with_length(replace(repulsive, data=pixels.data), iterations=10**6),
        "the default, with an adversary": with_length(relativistic_folder(folder), iterations=10**6),
    }


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("folder")
    words.add_argument("--data-label", required=True, help="the folder's published name")
    words.add_argument("--seconds", type=float, required=True)
    chosen = words.parse_args()
    torch.set_num_threads(1)
    runs, grids = [], []
    for row, experiment in experiments(chosen.folder).items():
        iterations, real, fake = trained(experiment, experiment.data.load(None, 0), chosen.seconds)
        found = {"row": row, "data": chosen.data_label, "seed": 0, "iterations": iterations}
        found |= {"energy_distance": energy_distance(real, fake), "lite0_kernel": distance_of_features(real, fake)}
        runs.append(found)
        print(found, flush=True)
        grids.append(enlarged(sample_picture(fake[: COLUMNS * ROWS], experiment.value_range, COLUMNS), TIMES))
        keep(RESULTS / f"pictures-{chosen.seconds:g}.json", chosen.seconds, runs)
    above_one_another(grids, GAP).save(FIGURES_FOLDER / "kernels_pictures.png", optimize=True)


def distance_of_features(real: Tensor, fake: Tensor) -> float:
    """The kernel distance of pretrained features."""
    judge = make_extractor(JUDGE, None)
    a, b = (extract(to_bytes(each, "symmetric"), judge).features for each in (real, fake))
    return round(kernel_distance(a, b).value, 4)


if __name__ == "__main__":
    main()
