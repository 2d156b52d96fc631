"""Plays toy experiments on several processes together; started by the tests of this folder.

    python worker.py TABLE OUT JOB ...

TABLE is the file with TOY_EXPERIMENTS; OUT a folder for what each rank ends with. A JOB is
SIZE:gather:ITERATIONS:NAME,NAME,... or SIZE:forget:ITERATIONS:NAME,NAME,...; with `forget` every process trains on its
own part of the scores, as a trainer would that forgets the gather. The ranks are forked: torch is imported once.
"""

import os
import runpy
import sys
import traceback
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from equipoise.experiments.build import StoreSource, build_game, build_state
from equipoise.experiments.experiment import Experiment, with_length
from equipoise.training.loop import Loop
from equipoise.training.optimisers import Adam, Adamax
from equipoise.training.state import State, state_tensors


@dataclass(frozen=True)
class DoubleSource:
    """Real data in float64, and with it all noise."""

    source: StoreSource

    def __len__(self) -> int:
        return len(self.source)

    def batch(self, indices: Tensor) -> Tensor:
        return self.source.batch(indices).double()


def toy_experiments(table: Path) -> dict[str, Experiment]:
    return {name: make() for name, make in runpy.run_path(str(table))["TOY_EXPERIMENTS"].items()}


def forgiving(experiment: Experiment) -> Experiment:
    """The same with a larger epsilon in Adam, which divides every gradient by its own size: also that of a bias before
    a batch normalisation, which is zero but for rounding, and rounding alone differs between numbers of processes."""
    players = {
        name: replace(player, optimiser=replace(player.optimiser, eps=1e-4))
        if isinstance(player.optimiser, Adam | Adamax)
        else player
        for name, player in experiment.players.items()
    }
    return replace(experiment, players=players)


def play(experiment: Experiment, iterations: int) -> dict[str, Tensor]:
    """So many adversarial iterations in float64, and all that they leave behind."""
    experiment = forgiving(with_length(experiment, iterations=iterations))
    game = build_game(experiment, experiment.data.load())
    single = build_state(experiment, game, torch.device("cpu"))
    state = State(single.players.double(), game.optimisers, single.memory, single.averages.double())
    loop = Loop(replace(game, source=DoubleSource(game.source)), state)
    loop.run()
    return {name: value.contiguous() for name, value in state_tensors(state).items()}


def forget_to_gather() -> None:
    """Every name under which an algorithm knows `gather` or `gather_each` now hands the rows back as they are."""
    for name, module in list(sys.modules.items()):
        if name.startswith("equipoise.") and "gather" in vars(module):
            vars(module)["gather"] = lambda rows: rows
        if name.startswith("equipoise.") and "gather_each" in vars(module):
            vars(module)["gather_each"] = lambda *batches: batches


def play_rank(experiments: dict[str, Experiment], rank: int, size: int, out: Path, job: str) -> None:
    _, gathering, iterations, names = job.split(":")
    if gathering == "forget":
        forget_to_gather()
    if size > 1:
        torch.distributed.init_process_group("gloo", init_method=f"file://{out}/meet", rank=rank, world_size=size)
    for name in names.split(","):
        save_file(play(experiments[name], int(iterations)), out / f"{name}-rank{rank}.safetensors")
    if size > 1:
        torch.distributed.destroy_process_group()


def play_job(experiments: dict[str, Experiment], out: Path, job: str) -> bool:
    """Fork the ranks of a job and wait for them. Returns: whether all of them came to the end."""
    out.mkdir()
    size, children = int(job.split(":")[0]), []
    for rank in range(size):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                play_rank(experiments, rank, size, out, job)
                code = 0
            except Exception:
                traceback.print_exc()
            finally:
                os._exit(code)
        children.append(child)
    return [os.waitpid(child, 0)[1] for child in children] == [0] * size


def main() -> None:
    table, out, jobs = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]
    torch.set_num_threads(1)
    experiments = toy_experiments(table)
    play(experiments["gan"], 1)  # imports, once for all ranks, whatever torch imports late
    went_well = [play_job(experiments, out / str(number), job) for number, job in enumerate(jobs)]
    sys.exit(0 if all(went_well) else 1)


if __name__ == "__main__":
    main()
