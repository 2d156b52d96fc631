"""The way of the data: from a folder of pictures to the first step, every epoch after, and what a step waits for it."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from equipoise.data.folder import Folder
from equipoise.data.store import Store, held
from equipoise.experiments.experiment import Experiment
from equipoise.recipes import magan, mmd
from equipoise.recipes.catalogue import recipe
from equipoise.training.loop import Loop, Source
from measurements.benchmarks.cases.common import game_and_state, without_pretraining

_PICTURES, _BATCH, _EPOCHS = 400, 64, 5
_SIDES = (32, 64, 128)
_Found = TypeVar("_Found")


def input_path() -> dict[str, Any]:
    """All figures, in CPU seconds at one thread of torch."""
    with _folder_of_pictures() as folder:
        return {
            "pictures": f"{_PICTURES} JPEG pictures of 256x192",
            "folder": [_from_folder(folder, side) for side in _SIDES],
            "in_memory": [_from_memory(side) for side in _SIDES],
            "waiting": [_waiting(name, *each) for name, each in _games().items()],
        }


@contextmanager
def _folder_of_pictures() -> Iterator[Path]:
    """Smooth random pictures, as photographs are, in a folder with a cache beside it."""
    chance = np.random.default_rng(0)
    before = os.environ.get("EQUIPOISE_CACHE")
    with tempfile.TemporaryDirectory() as name:
        os.environ["EQUIPOISE_CACHE"] = f"{name}/cache"
        folder = Path(name) / "pictures"
        folder.mkdir()
        for number in range(_PICTURES):
            coarse = Image.fromarray(chance.integers(0, 256, (12, 16, 3), dtype=np.uint8))
            coarse.resize((256, 192), Image.Resampling.BICUBIC).save(folder / f"{number:05d}.jpg", quality=90)
        yield folder
    if before is None:
        del os.environ["EQUIPOISE_CACHE"]
    else:
        os.environ["EQUIPOISE_CACHE"] = before


def _from_folder(folder: Path, side: int) -> dict[str, Any]:
    data = Folder(str(folder), resolution=side)
    first, store = _timed(data.load)
    again, _ = _timed(data.load)
    one, _ = _timed(lambda: _epoch(store))
    return {
        "side": side,
        "first_start_seconds": first,
        "later_start_seconds": again,
        "epoch_seconds": one,
        "decoded_images_per_second": _PICTURES / first,
    }


def _from_memory(side: int) -> dict[str, Any]:
    """Images per second of whole epochs, from bytes in memory to floating-point batches."""
    store = held(torch.randint(0, 256, (2048, 3, side, side), dtype=torch.uint8))
    _epoch(store)
    seconds = sum(_timed(lambda: _epoch(store))[0] for _ in range(_EPOCHS))
    return {"side": side, "images_per_second": _EPOCHS * len(store) / seconds}


def _epoch(store: Store) -> None:
    order = torch.randperm(len(store), generator=torch.Generator().manual_seed(0))
    for indices in order.split(_BATCH):
        store.batch(indices, "symmetric")


def _games() -> dict[str, tuple[Experiment, tuple[int, ...], int]]:
    """Experiments with the shape of their images and how many iterations are watched."""
    adversarial = [without_pretraining(each) for each in (recipe("magan-digits"), magan.magan_mnist())]
    repulsive = replace(mmd.table1("rep-b", "cifar10"), batch_size=16)
    return {
        "magan-digits": (adversarial[0], (1, 8, 8), 200),
        "magan-mnist": (adversarial[1], (1, 28, 28), 20),
        "mmd-rep-b-cifar10, batch 16": (repulsive, (3, 32, 32), 3),
    }


@dataclass
class _Watched:
    """A source that adds up the time spent in it."""

    source: Source
    seconds: float = 0.0

    def __len__(self) -> int:
        return len(self.source)

    def batch(self, indices: Tensor) -> Tensor:
        seconds, found = _timed(lambda: self.source.batch(indices))
        self.seconds += seconds
        return found


def _waiting(name: str, experiment: Experiment, shape: tuple[int, ...], iterations: int) -> dict[str, Any]:
    game, state = game_and_state(experiment, shape)
    watched = _Watched(game.source)
    loop = Loop(replace(game, source=watched), state)
    last = len(game.algorithm.stages()) - 1
    while state.clock.stage < last:
        loop.iterate()
    loop.iterate()
    watched.seconds = 0.0
    seconds, _ = _timed(lambda: [loop.iterate() for _ in range(iterations)])
    return {"game": name, "seconds_per_iteration": seconds / iterations, "share": watched.seconds / seconds}


def _timed(work: Callable[[], _Found]) -> tuple[float, _Found]:
    start = time.process_time()
    found = work()
    return time.process_time() - start, found
