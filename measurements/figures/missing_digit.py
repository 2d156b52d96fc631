"""Does the third-party estimator tell a generator that lacks a digit from one that does not? On scikit-learn's digits.

python -m measurements.figures.missing_digit                    the dense third party; a minute
python -m measurements.figures.missing_digit --judge dcgan      DCGAN's discriminator, its own optimiser; ten minutes
python -m measurements.figures.missing_digit --table            prints the table of docs/metrics.md from the file

They write results/metrics/missing_digit.json and missing_digit_dcgan.json.

Real images are one half of the training digits; the "generator" deals the other half, whole or without one digit.
"""

import argparse
import json
from collections.abc import Iterable
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
from measurements import RESULTS_FOLDER

METRICS = RESULTS_FOLDER / "metrics"
THRESHOLD = 0.7


def convolutional(shape: tuple[int, ...], generator: torch.Generator) -> nn.Module:
    """DCGAN's discriminator for 8x8 grey images with 32 channels in its first map."""
    return build(DCGANDiscriminator, generator, image_size=8, channels=1, width=32)


def dcgan_optimiser(parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.Adam(parameters, lr=2e-4, betas=(0.5, 0.999))


JUDGES: dict[str, tuple[str, ThirdParty, dict[str, Any]]] = {
    "dense": ("missing_digit.json", DENSE, {"sigma": 0.7, "iterations": 400, "seed": 0}),
    "dcgan": (
        "missing_digit_dcgan.json",
        ThirdParty(convolutional, dcgan_optimiser),
        {"sigma": 0.4, "iterations": 2000, "seed": 0},
    ),
}


def measured(judge: ThirdParty, settings: dict[str, Any]) -> list[dict[str, Any]]:
    def flagged(generated: torch.Tensor) -> torch.Tensor:
        """Which test images the fresh discriminator holds to be real beyond the threshold."""
        found = missing_modes(images[1::2], generated, held_out, third_party=judge, **settings)
        return found.outputs > THRESHOLD

    train, test = parts_of(Digits(), None)
    images, held_out = (all_items(part).float() / 127.5 - 1 for part in (train, test))
    assert train.labels is not None
    assert test.labels is not None
    generated, labels = images[::2], train.labels[::2]
    whole = flagged(generated)
    rows = []
    for digit in range(10):
        lacking, truly = flagged(generated[labels != digit]), test.labels == digit
        rows.append(
            {
                "digit": digit,
                "test_images": int(truly.sum()),
                "lacking_flagged": int((lacking & truly).sum()),
                "lacking_flagged_others": int((lacking & ~truly).sum()),
                "complete_flagged": int((whole & truly).sum()),
                "complete_flagged_others": int((whole & ~truly).sum()),
            }
        )
    return rows


def table(document: dict[str, Any]) -> str:
    head = "| digit left out | its test images | flagged without it | other images flagged | flagged with it |"
    lines = [head, "| --- | --- | --- | --- | --- |"]
    lines += [
        f"| {row['digit']} | {row['test_images']} | {row['lacking_flagged']} | {row['lacking_flagged_others']} "
        f"| {row['complete_flagged']} |"
        for row in document["rows"]
    ]
    whole = {name: sum(row[name] for row in document["rows"]) for name in document["rows"][0]}
    share = f"{whole['lacking_flagged'] / whole['test_images']:.0%}"
    seen = f"{whole['lacking_flagged']} ({share}) | {whole['lacking_flagged_others']} | {whole['complete_flagged']}"
    return "\n".join([*lines, f"| sum | {whole['test_images']} | {seen} |"]) + "\n"


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--table", action="store_true")
    words.add_argument("--judge", choices=JUDGES, default="dense")
    chosen = words.parse_args()
    file, judge, settings = JUDGES[chosen.judge]
    if not chosen.table:
        torch.set_num_threads(1)
        passport = settings | {"threshold": THRESHOLD, "versions": current_versions(), "commit": git_commit()}
        document = {"passport": passport, "rows": measured(judge, settings)}
        write_text_atomically(METRICS / file, json.dumps(document, indent=1) + "\n")
    print(table(json.loads((METRICS / file).read_text(encoding="utf-8"))), end="")


if __name__ == "__main__":
    main()
