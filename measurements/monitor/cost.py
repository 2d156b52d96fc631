"""Times one update of the monitors on one core, and writes results/monitor/cost.json.

python -m measurements.monitor.cost      a few seconds
"""

import json
import time
from collections.abc import Callable
from typing import Any

import torch

from equipoise.common.files import write_text_atomically
from equipoise.common.machine import git_commit
from equipoise.monitor import BalanceMonitor, EnergyMonitor, HealthMonitor, VarietyMonitor
from measurements import RESULTS_FOLDER, take_no_words

RESULTS = RESULTS_FOLDER / "monitor" / "cost.json"
UPDATES, REPEATS = 100, 50


def main() -> None:
    torch.set_num_threads(1)
    scores, items, number = torch.randn(2, 64), torch.randn(512, 784), torch.tensor(1.0)
    losses = {"generator": number, "discriminator": number}
    balance, energies, health, variety = (
        BalanceMonitor(),
        EnergyMonitor(),
        HealthMonitor(),
        VarietyMonitor(items[:256], items[256:]),
    )
    updates: dict[str, Callable[[], Any]] = {
        "BalanceMonitor": lambda: balance.update(scores[0], scores[1], losses=losses),
        "HealthMonitor": lambda: health.update(losses),
        "EnergyMonitor": lambda: energies.update(scores[0], scores[1]),
        "VarietyMonitor": lambda: variety.update(items[:64]),
    }
    found = {name: round(microseconds(update), 1) for name, update in updates.items()}
    document = {"commit": git_commit(), "torch": torch.__version__, "batch": 64, "microseconds": found}
    write_text_atomically(RESULTS, json.dumps(document, indent=1) + "\n")
    print(found)


def microseconds(update: Callable[[], Any]) -> float:
    """The shortest mean over 100 updates: what else the machine does only makes it longer."""
    means = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        for _ in range(UPDATES):
            update()
        means.append((time.perf_counter() - start) / UPDATES)
    return min(means) * 1e6


if __name__ == "__main__":
    take_no_words(__doc__)
    main()
