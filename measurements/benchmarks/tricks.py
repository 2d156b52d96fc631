"""What each trick gives on its own: the same work without it and with it, in turns.

Run: python -m measurements.benchmarks.tricks [words...]      eight minutes on one free core; words choose tricks

Writes results/benchmarks/tricks.json, which `measurements/benchmarks/page.py` shows in docs/performance.md.
"""

import json
import sys
from collections.abc import Callable
from typing import NamedTuple

import torch

from equipoise.common.files import write_text_atomically
from measurements import RESULTS_FOLDER
from measurements.benchmarks import trick_ways as ways
from measurements.benchmarks.cases.common import LARGE_BATCH
from measurements.benchmarks.measure import Case, compare, machine
from measurements.benchmarks.timers import Way

RESULTS = RESULTS_FOLDER / "benchmarks" / "tricks.json"
MAGAN = "MAGAN MNIST, whole iteration, batch 64"
SNGAN = f"SNGAN ResNet, one step each, batch {LARGE_BATCH}"
STEP = f"WGAN-GP, discriminator step, batch {LARGE_BATCH}"
THIN = f"64 maps of 32x32 to 3, batch {LARGE_BATCH}"
DOUBLING = "256 maps of 8x8 to 128 of 16x16, batch 64"
DCGAN = f"SN-DCGAN, {{}}, batch {LARGE_BATCH}"


class Trick(NamedTuple):
    """A trick, the work that it is tried on, and both ways; `apart` as in a benchmark's row."""

    name: str
    work: str
    prepare: Callable[[], dict[str, Way]]
    rounds: int
    calls: int
    apart: bool = True


USED = [
    Trick("memory kept between steps", MAGAN, ways.kept_memory, 9, 4),
    Trick("memory kept between steps", SNGAN, ways.kept_memory_of_many_channels, 3, 1),
    Trick("convolution and pooling, doubling and convolution as one layer", STEP, ways.folds, 5, 1),
    Trick("kernel gradients as matrix products", DCGAN.format("alternating"), ways.kernel_gradients, 5, 1),
    Trick("all routes of convolutions", DCGAN.format("alternating"), lambda: ways.products("alternating"), 5, 1),
    Trick("all routes of convolutions", DCGAN.format("simultaneous"), lambda: ways.products("simultaneous"), 5, 1),
    Trick("all routes of convolutions", STEP, ways.products_in_a_penalty, 5, 1),
    Trick("minimal filtering of 3x3 convolutions", SNGAN, ways.minimal_filtering, 3, 1),
    Trick("minimal filtering of 3x3 convolutions", STEP, ways.minimal_filtering_of_a_penalty, 5, 1),
    Trick("constant masks in the gradient penalty", STEP, ways.constant_masks, 5, 1),
    Trick("channels last", DCGAN.format("alternating"), ways.channels_last, 5, 1),
    Trick("no gradients into the frozen player", DCGAN.format("plain generator step"), ways.frozen_player, 5, 1),
    Trick("one pass over real and generated", DCGAN.format("discriminator step"), ways.one_pass_convolutional, 5, 1),
    Trick("one pass over real and generated", "MAGAN digits, whole iteration, batch 64", ways.one_pass_dense, 9, 40),
    Trick(
        "a transposed convolution's bias afterwards",
        "128 maps of 7x7 to 64 of 14x14, batch 64",
        ways.bias_afterwards,
        9,
        5,
    ),
]
"""What is in use."""
UNUSED = [
    Trick("torch.compile of both networks", "MAGAN MNIST, plain step, batch 64", ways.compiled, 5, 4, apart=False),
    Trick(
        "kernel gradients as matrix products", f"64 maps of 32x32 to 3, batch {LARGE_BATCH}", ways.thin_products, 9, 3
    ),
    Trick(
        "a transposed convolution as four convolutions", "256 maps of 8x8 to 128 of 16x16, batch 64", ways.by_four, 5, 3
    ),
]
"""What was tried and is not in use."""


def main(words: list[str]) -> None:
    """Measure the tricks whose names hold one of the words, all without words."""
    torch.set_num_threads(1)
    found = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {"used": {}, "unused": {}}
    found["machine"] = machine()
    for place, rows in (("used", USED), ("unused", UNUSED)):
        for trick in rows:
            if not words or any(word.lower() in trick.name.lower() for word in words):
                row = compare(Case(against="the same without it", target={}, **trick._asdict()))
                for way in row["ways"].values():
                    del way["gigaflop"], way["direct_gigaflop"]  # of no use where only a route differs
                found[place][f"{trick.name}: {trick.work}"] = row
                found |= {"first_compiled_step_seconds": ways.FIRST_SECONDS[0]} if ways.FIRST_SECONDS else {}
                print(trick.name, trick.work, row["ways"][ways.OURS]["ratio"]["median"])
                write_text_atomically(RESULTS, json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
