"""Does the third-party estimator tell a generator that lacks a digit from one that does not? On scikit-learn's digits.

python -m measurements.figures.missing_digit JUDGE SIGMA SEED    measures one: a minute; ten for DCGAN's discriminator
python -m measurements.figures.missing_digit                     fills docs/metrics.md

Each writes results/metrics/missing_digit/JUDGE-SIGMA-SEED.json. Both discriminators have the same noise and steps, and
each its own optimiser.

Real images are one half of the training digits; the "generator" deals the other half, whole or without one digit.
"""

import argparse
import json
import statistics
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import nn

from equipoise.common.files import write_text_atomically
from equipoise.common.machine import git_commit
from equipoise.data.digits import Digits
from equipoise.evaluation.judge import all_items, parts_of
from equipoise.evaluation.passport import current_versions
from equipoise.metrics import missing_modes
from equipoise.metrics.third_party import DENSE, ThirdParty
from equipoise.networks import build
from equipoise.networks.dcgan import DCGANDiscriminator
from measurements import DOCS_FOLDER, RESULTS_FOLDER
from measurements.pages import filled, table

PAGE, FOLDER = DOCS_FOLDER / "metrics.md", RESULTS_FOLDER / "metrics" / "missing_digit"
THRESHOLDS, ITERATIONS = (0.7, 0.9, 0.95), 2000
SHOWN = (0.4, 0.7)
"""Noise and threshold of the table of single digits."""
Document = dict[str, Any]


def convolutional(shape: tuple[int, ...], generator: torch.Generator) -> nn.Module:
    """DCGAN's discriminator for 8x8 grey images with 32 channels in its first map."""
    return build(DCGANDiscriminator, generator, image_size=8, channels=1, width=32)


def dcgan_optimiser(parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.Adam(parameters, lr=2e-4, betas=(0.5, 0.999))


JUDGES = {"dense": DENSE, "dcgan": ThirdParty(convolutional, dcgan_optimiser)}
TITLES = {"dense": "dense", "dcgan": "DCGAN's"}


def measured(judge: ThirdParty, sigma: float, seed: int) -> list[Document]:
    """For each digit and threshold: its images and others that are flagged without it, and its own with it."""

    def outputs(generated: torch.Tensor) -> torch.Tensor:
        """How surely a fresh discriminator holds each test image to be real."""
        found = missing_modes(
            images[1::2], generated, held_out, sigma=sigma, seed=seed, iterations=ITERATIONS, third_party=judge
        )
        return found.outputs

    train, test = parts_of(Digits(), None)
    images, held_out = (all_items(part).float() / 127.5 - 1 for part in (train, test))
    assert train.labels is not None
    assert test.labels is not None
    generated, labels = images[::2], train.labels[::2]
    whole, rows = outputs(generated), []
    for digit in range(10):
        lacking, truly = outputs(generated[labels != digit]), test.labels == digit
        row: Document = {"digit": digit, "test_images": int(truly.sum())}
        for threshold in THRESHOLDS:
            counts = ((lacking > threshold) & truly, (lacking > threshold) & ~truly, (whole > threshold) & truly)
            row[str(threshold)] = [int(count.sum()) for count in counts]
        rows.append(row)
    return rows


def documents() -> dict[tuple[str, float], list[Document]]:
    """What was measured, by discriminator and noise, in the order of their seeds."""
    found: dict[tuple[str, float], list[Document]] = {}
    for path in sorted(FOLDER.glob("*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        found.setdefault((document["passport"]["judge"], document["passport"]["sigma"]), []).append(document)
    return dict(sorted(found.items(), key=lambda item: (item[0][1], item[0][0] != "dense")))


def shares(document: Document, threshold: float) -> tuple[float, float, float]:
    """The share flagged of a missing digit's images, of all others, and of the digit's where it is not missing."""
    rows = document["rows"]
    images = sum(row["test_images"] for row in rows)
    lacking, others, complete = (sum(row[str(threshold)][place] for row in rows) for place in range(3))
    return lacking / images, others / (images * (len(rows) - 1)), complete / images


def summary() -> str:
    """Shares by discriminator, noise and threshold, over all digits: mean and deviation over seeds."""
    lines = []
    for (judge, sigma), runs in documents().items():
        for threshold in THRESHOLDS:
            kinds = zip(*(shares(run, threshold) for run in runs), strict=True)
            cells = " | ".join(map(_percent, kinds))
            lines.append(f"{TITLES[judge]} | {sigma} | {threshold} | {cells} | {len(runs)}")
    heads = "discriminator | sigma | threshold | flagged where it is missing | other images | where it is not | seeds"
    return table(heads, lines)


def _percent(values: Sequence[float]) -> str:
    deviation = f" ± {100 * statistics.stdev(values):.1f}" if len(values) > 1 else ""
    return f"{100 * statistics.fmean(values):.1f}{deviation} %"


def each_digit() -> str:
    """Both discriminators, digit by digit: means over seeds at one noise and threshold."""
    sigma, threshold = SHOWN
    sides = [documents()[judge, sigma] for judge in JUDGES]
    lines = []
    for digit in range(10):
        rows = [[run["rows"][digit] for run in runs] for runs in sides]
        means = (statistics.fmean(row[str(threshold)][place] for row in side) for side in rows for place in (0, 1, 2))
        cells = " | ".join(f"{mean:.1f}" for mean in means)
        lines.append(f"{digit} | {rows[0][0]['test_images']} | {cells}")
    heads = " | ".join(f"{TITLES[judge]}: without it | others | with it" for judge in JUDGES)
    return table(f"digit | its test images | {heads}", lines)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("judge", choices=JUDGES, nargs="?")
    words.add_argument("sigma", type=float, nargs="?", default=SHOWN[0])
    words.add_argument("seed", type=int, nargs="?", default=0)
    chosen = words.parse_args()
    if chosen.judge:
        torch.set_num_threads(1)
        settings = {"judge": chosen.judge, "sigma": chosen.sigma, "iterations": ITERATIONS, "seed": chosen.seed}
        passport = settings | {"versions": current_versions(), "commit": git_commit()}
        document = {"passport": passport, "rows": measured(JUDGES[chosen.judge], chosen.sigma, chosen.seed)}
        FOLDER.mkdir(parents=True, exist_ok=True)
        path = FOLDER / f"{chosen.judge}-{chosen.sigma}-{chosen.seed}.json"
        write_text_atomically(path, json.dumps(document, indent=1) + "\n")
    else:
        write_text_atomically(PAGE, filled(PAGE, tables()))


def tables() -> dict[str, str]:
    """By the marks of the page."""
    return {"missing-digit": summary(), "missing-digit-each": each_digit()}


if __name__ == "__main__":
    main()
