"""Does the third-party estimator tell a generator that lacks a digit from one that does not? On scikit-learn's digits.

python docs/figures/missing_digit.py            measures and writes results/metrics/missing_digit.json; a minute
python docs/figures/missing_digit.py --table    prints the table of docs/metrics.md from that file

Real images are one half of the training digits; the "generator" deals the other half, whole or without one digit.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import torch

from equipoise.common.files import write_text_atomically
from equipoise.data.digits import Digits
from equipoise.metrics import current_versions, missing_modes
from equipoise.runs.environment import git_commit
from equipoise.runs.judge import all_items, parts_of

DATA = Path(__file__).parents[2] / "results" / "metrics" / "missing_digit.json"
SETTINGS: dict[str, Any] = {"sigma": 0.7, "iterations": 400, "seed": 0}
THRESHOLD = 0.7


def flagged(generated: torch.Tensor, train: torch.Tensor, test: torch.Tensor) -> torch.Tensor:
    """Which test images the fresh discriminator holds to be real beyond the threshold."""
    return missing_modes(train[1::2], generated, test, **SETTINGS).outputs > THRESHOLD


def measured() -> list[dict[str, Any]]:
    train, test = parts_of(Digits(), None)
    images, held_out = (all_items(part).float() / 127.5 - 1 for part in (train, test))
    assert train.labels is not None
    assert test.labels is not None
    generated, labels = images[::2], train.labels[::2]
    whole = flagged(generated, images, held_out)
    rows = []
    for digit in range(10):
        lacking, truly = flagged(generated[labels != digit], images, held_out), test.labels == digit
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
    return "\n".join(lines) + "\n"


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--table", action="store_true")
    if not words.parse_args().table:
        torch.set_num_threads(1)
        passport = SETTINGS | {"threshold": THRESHOLD, "versions": current_versions(), "commit": git_commit()}
        DATA.parent.mkdir(parents=True, exist_ok=True)
        write_text_atomically(DATA, json.dumps({"passport": passport, "rows": measured()}, indent=1) + "\n")
    print(table(json.loads(DATA.read_text(encoding="utf-8"))), end="")


if __name__ == "__main__":
    main()
