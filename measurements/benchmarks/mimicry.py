"""SNGAN's step by mimicry's own code, beside the same order of passes on our networks, and ours, in turns.

    git clone https://github.com/kwotsin/mimicry
    python -m measurements.benchmarks.mimicry mimicry [--rounds N] [--steps 1 5]

Only the networks, the losses and both `train_step` of the checkout are used, as its trainer calls them; its metrics and
loggers, which need other packages, are not imported. Each way has a process of its own. Nothing is written.
"""

import argparse
import sys
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import ModuleType

import torch

from equipoise.common.errors import EquipoiseError
from measurements.benchmarks.timers import Way

_PACKAGES = ("torch_mimicry", "torch_mimicry.nets", "torch_mimicry.training")
HOW = "git clone https://github.com/kwotsin/mimicry"


def own_iteration(checkout: Path, images: torch.Tensor, batch: int, discriminator_steps: int) -> Way:
    """One iteration as mimicry's trainer plays it: the discriminator's steps, then the generator's.

    Args:
        checkout: a folder with mimicry's code.
        images: [count, 3, 32, 32], in memory; batches are taken in turn.

    Raises:
        EquipoiseError: the folder holds no mimicry.
    """
    make_importable(checkout)
    from torch_mimicry.nets.sngan import sngan_32  # type: ignore[import-not-found]
    from torch_mimicry.training.metric_log import MetricLog  # type: ignore[import-not-found]

    generator, discriminator = sngan_32.SNGANGenerator32(), sngan_32.SNGANDiscriminator32()
    optimisers = [torch.optim.Adam(each.parameters(), 2e-4, (0.0, 0.9)) for each in (generator, discriminator)]
    labels, position = torch.zeros(batch, dtype=torch.long), count()

    def iteration() -> object:
        log = MetricLog()
        for _ in range(discriminator_steps):
            start = next(position) * batch % (len(images) - batch + 1)
            real = images[start : start + batch], labels
            log = discriminator.train_step(real, netG=generator, optD=optimisers[1], log_data=log, device="cpu")
        return generator.train_step(real, netD=discriminator, optG=optimisers[0], log_data=log, device="cpu")

    return iteration


def make_importable(checkout: Path) -> None:
    """Its packages without what they import at once: metrics need TensorFlow, loggers need TensorBoard.

    Raises:
        EquipoiseError: the folder holds no mimicry.
    """
    if not (checkout / "torch_mimicry" / "nets").is_dir():
        raise EquipoiseError(f"{checkout} holds no mimicry; get it by `{HOW}`.")
    for name in _PACKAGES:
        package = ModuleType(name)
        package.__path__ = [str(checkout.joinpath(*name.split(".")))]
        sys.modules[name] = package


def check(parser: argparse.ArgumentParser, checkout: Path) -> None:
    """Ends the command in one sentence where the folder holds no mimicry."""
    try:
        make_importable(checkout)
    except EquipoiseError as error:
        parser.error(str(error))


def main(arguments: list[str]) -> None:
    """Measure and print."""
    from measurements.benchmarks.cases.sngan import sngan_row
    from measurements.benchmarks.measure import compare

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path, help=f"a checkout of mimicry, got by `{HOW}`")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, nargs="+", default=[1, 5], help="discriminator steps for each generator's")
    chosen = parser.parse_args(arguments)
    check(parser, chosen.checkout)
    torch.set_num_threads(1)
    for steps in chosen.steps:
        row = compare(replace(sngan_row(steps, mimicry=chosen.checkout), rounds=chosen.rounds))
        for name, way in row["ways"].items():
            ratio = way["ratio"]
            print(f"{row['name']}: {name}: {way['median_seconds']:.2f} s, {ratio['median']:.2f} times as fast as "
                  f"{row['first']} ({ratio['least']:.2f} to {ratio['most']:.2f})")  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1:])
