"""Plays experiments on several processes of this machine, to see whether they end where one process ends."""

import os
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from equipoise.experiments.build import build_game, build_state
from equipoise.experiments.experiment import Experiment, with_length
from equipoise.training.loop import Loop, Source
from equipoise.training.optimisers import Adam, Adamax
from equipoise.training.state import State, state_tensors


@dataclass(frozen=True)
class DoubleSource:
    """Real data in float64, and with it all noise."""

    source: Source

    def __len__(self) -> int:
        return len(self.source)

    def batch(self, indices: Tensor) -> Tensor:
        """Images as the source gives them, float64 [count, channels, height, width]."""
        return self.source.batch(indices).double()


def play_in_float64(experiment: Experiment, iterations: int) -> dict[str, Tensor]:
    """Train this many adversarial iterations in float64, on the ranks of the process group or alone.

    Returns:
        The state's tensors by name: parameters, optimisers, memory and averages.
    """
    experiment = _forgiving(with_length(experiment, iterations=iterations))
    game = build_game(experiment, experiment.data.load())
    single = build_state(experiment, game, torch.device("cpu"))
    state = State(single.players.double(), game.optimisers, single.memory, single.averages.double())
    Loop(replace(game, source=DoubleSource(game.source)), state).run()
    return {name: value.contiguous() for name, value in state_tensors(state).items()}


def _forgiving(experiment: Experiment) -> Experiment:
    """The same with a larger epsilon in Adam, which divides every gradient by its own size: also that of a bias before
    a batch normalisation, which is zero but for rounding, and rounding alone differs between numbers of processes.
    """
    players = {
        name: replace(player, optimiser=replace(player.optimiser, eps=1e-4))
        if isinstance(player.optimiser, Adam | Adamax)
        else player
        for name, player in experiment.players.items()
    }
    return replace(experiment, players=players)


def play_on_ranks(
    experiments: Mapping[str, Experiment], size: int, iterations: int, folder: Path, gathers: bool = True
) -> dict[str, list[dict[str, Tensor]]]:
    """What every rank ends with after `play_in_float64`, by experiment.

    The ranks are forked from this process: it should have done little but import torch, with one thread.

    Args:
        experiments: the experiments by name.
        size: number of ranks, at least 1; each takes its part of every batch.
        iterations: adversarial iterations of each experiment.
        folder: does not exist yet; the ranks meet here and leave their tensors.
        gathers: False lets every rank train on its own part of the scores, as a trainer would that forgets the gather.

    Raises:
        AssertionError: a rank failed; its traceback is on stderr.
    """
    folder.mkdir()
    children = [_forked(experiments, rank, size, iterations, folder, gathers) for rank in range(size)]
    failed = [rank for rank, child in enumerate(children) if os.waitpid(child, 0)[1]]
    assert not failed, f"rank {failed} of {size} failed, see stderr"
    return {name: [load_file(_place(folder, name, rank)) for rank in range(size)] for name in experiments}


def _place(folder: Path, name: str, rank: int) -> Path:
    return folder / f"{name}-rank{rank}.safetensors"


def _forked(
    experiments: Mapping[str, Experiment], rank: int, size: int, iterations: int, folder: Path, gathers: bool
) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        torch.set_num_threads(1)
        if not gathers:
            _forget_to_gather()
        if size > 1:
            meet = f"file://{folder}/meet"
            torch.distributed.init_process_group("gloo", init_method=meet, rank=rank, world_size=size)
        for name, experiment in experiments.items():
            save_file(play_in_float64(experiment, iterations), _place(folder, name, rank))
        if size > 1:
            torch.distributed.destroy_process_group()
        code = 0
    except Exception:
        traceback.print_exc()
    finally:
        os._exit(code)


def _forget_to_gather() -> None:
    """Every name under which an algorithm knows `gather` or `gather_each` now hands the rows back as they are."""
    for name, module in list(sys.modules.items()):
        if name.startswith("equipoise.") and "gather" in vars(module):
            vars(module)["gather"] = lambda rows: rows
        if name.startswith("equipoise.") and "gather_each" in vars(module):
            vars(module)["gather_each"] = lambda *batches: batches


def deviation(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> float:
    """The largest difference of any number of two states; infinities must agree."""
    assert one.keys() == other.keys(), f"only one of two states holds {sorted(one.keys() ^ other.keys())}"
    largest = 0.0
    for name, value in one.items():
        difference = (value.double() - other[name].double())[~torch.eq(value, other[name])]
        largest = max([largest, *difference.abs().flatten().tolist()])
    return largest
