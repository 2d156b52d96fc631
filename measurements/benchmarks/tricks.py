"""What each trick gives on its own: the same work without it and with it, in turns."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from measurements.benchmarks import trick_ways as ways
from measurements.benchmarks.cases.common import LARGE_BATCH
from measurements.benchmarks.measure import Case
from measurements.benchmarks.timers import Way

MAGAN = "MAGAN MNIST, whole iteration, batch 64"
FILTERING = "minimal filtering of 3x3 convolutions"
SNGAN = f"SNGAN ResNet, one step each, batch {LARGE_BATCH}"
STEP = f"WGAN-GP, discriminator step, batch {LARGE_BATCH}"
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
    Trick("memory kept between steps", SNGAN, ways.kept_memory_of_many_channels, 9, 1),
    Trick("convolution and pooling, doubling and convolution as one layer", STEP, ways.folds, 3, 1),
    Trick("rectifiers written over their input", SNGAN, ways.written_over, 9, 1),
    Trick(FILTERING, SNGAN, ways.filtering_in_sngan, 5, 1),
    Trick(FILTERING, DCGAN.format("alternating"), partial(ways.filtering_in_dcgan, "alternating"), 5, 1),
    Trick(FILTERING, DCGAN.format("simultaneous"), partial(ways.filtering_in_dcgan, "simultaneous"), 5, 1),
    Trick(FILTERING, STEP, ways.filtering_in_a_penalty, 5, 1),
    Trick("constant masks in the gradient penalty", STEP, ways.constant_masks, 3, 1),
    Trick("channels last", DCGAN.format("alternating"), ways.channels_last, 3, 1),
    Trick("no gradients into the frozen player", DCGAN.format("plain generator step"), ways.frozen_player, 3, 1),
    Trick("one pass over real and generated", DCGAN.format("discriminator step"), ways.one_pass_convolutional, 9, 1),
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
        "a transposed convolution as four convolutions", "256 maps of 8x8 to 128 of 16x16, batch 64", ways.by_four, 5, 3
    ),
]
"""What was tried and is not in use."""


def cases() -> dict[str, dict[str, Case]]:
    """Those that are used and those that are not, by their names and works."""
    return {
        place: {
            f"{trick.name}: {trick.work}": Case(against="the same without it", target={}, **trick._asdict())
            for trick in tricks
        }
        for place, tricks in (("used", USED), ("unused", UNUSED))
    }
