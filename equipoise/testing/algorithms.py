"""The contract of algorithms: moves touch their own players alone, and a run that is cut resumes bit for bit.

`check_algorithm` runs all of `ALGORITHM_CONTRACTS` on a small experiment such as `equipoise.testing.toys.toy` makes.
"""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch import Tensor

from equipoise.common.random import Reseedable, stream
from equipoise.evaluation.sampling import generate
from equipoise.experiments.build import build_game, build_state, sampling_generator
from equipoise.experiments.experiment import Experiment
from equipoise.testing.ranks import deviation, play_on_ranks
from equipoise.testing.requirements import require, require_equal_tensors, require_still_generator
from equipoise.training.checkpoint import newest_good, save_checkpoint
from equipoise.training.draw import Draw
from equipoise.training.game import Move, Outcome
from equipoise.training.log import Recorder, shorten_log
from equipoise.training.loop import Game, Loop, Turn, play
from equipoise.training.state import State, state_tensors

DEVICE = torch.device("cpu")
"""Where the checks play."""


def check_algorithm(experiment: Experiment, ranks: int = 1) -> None:
    """Check an experiment's algorithm with every contract of `ALGORITHM_CONTRACTS`: some seconds.

    Args:
        experiment: tiny networks and data, and at least 4 iterations, as from `equipoise.testing.toys.toy`.
        ranks: with 2 or more, that many forked processes must also end where one ends, up to 1e-9 in float64.

    Raises:
        AssertionError: names what is broken, and where.
    """
    for contract in ALGORITHM_CONTRACTS:
        contract(experiment)
    if ranks > 1:
        ends_alike_on_several_ranks(experiment, ranks)


def changes_only_the_players_that_train(experiment: Experiment) -> None:
    """Each move changes every player that it trains, and no other."""
    for what, state, play_move, move in _moves(experiment):
        before = {name: _snapshot(player) for name, player in state.players.items()}
        play_move()
        changed = {name for name, player in state.players.items() if not _equal(_snapshot(player), before[name])}
        require(changed == set(move.trains), f"{what} trains {sorted(move.trains)}, but changes {sorted(changed)}.")


def reports_finite_scalars(experiment: Experiment) -> None:
    """Each move returns a loss for each player that it trains, and only finite 0-dimensional tensors."""
    for what, _, play_move, move in _moves(experiment):
        outcome = play_move()
        found = set(outcome.losses)
        require(found == set(move.trains), f"{what} trains {sorted(move.trains)}, but gives losses of {sorted(found)}.")
        reported = outcome.losses | outcome.measures
        require(bool(reported), f"{what} reports nothing.")
        for name, value in reported.items():
            require(value.shape == (), f"{name} of {what} has shape {tuple(value.shape)}, expected a scalar.")
            require(bool(torch.isfinite(value)), f"{name} of {what} is not finite.")


def _moves(experiment: Experiment) -> Iterator[tuple[str, State, Callable[[], Outcome], Move]]:
    """Each move of each stage: its name, a first state, what plays it on that state, and itself."""
    game = build_game(experiment, experiment.data.load())
    for stage in experiment.algorithm.stages():
        for move in stage.moves:
            state = build_state(experiment, game, DEVICE)
            for name, module in state.players.named_modules():
                if isinstance(module, Reseedable):
                    module.reseed(stream(0, name))
            yield f"{stage.name}/{move.name}", state, _play(move, state, game), move


def _play(move: Move, state: State, game: Game) -> Callable[[], Outcome]:
    real = game.source.batch(torch.arange(game.batch_size))
    draw = Draw(real, game.batch_size, game.prior, game.seed, "contract", 0)
    return lambda: play(move, state, draw, game)


def _snapshot(module: torch.nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in module.state_dict().items()}


def _equal(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return all(torch.equal(value, other[name]) for name, value in one.items())


def resumes_bit_for_bit(experiment: Experiment) -> None:
    """A run that is cut after any iteration and resumed from its files ends with the same state, samples and log."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        loop, recorder = begin(experiment, folder / "whole")
        whole, log = end(loop, recorder, experiment), (folder / "whole").read_text()
        total = loop.state.clock.iteration
        planned = loop.game.total_iterations
        require(total == planned, f"it ends after {total} of {planned} iterations.")
        require(total >= 4, f"it has {total} iterations; give it at least 4, so that there is something to cut.")
        lines = [json.loads(line) for line in log.splitlines()]
        logged = [line["iteration"] for line in lines if line["kind"] == "iteration"]
        require(logged == [*range(1, total + 1)], f"the log holds the iterations {logged}, expected 1 to {total}.")
        run_with_checkpoints(experiment, folder / "cut")
        for iterations in range(total):
            resumed, resumed_log = resume(experiment, iterations, folder / "cut")
            what = f"the run that was cut after iteration {iterations}"
            require_equal_tensors(resumed, whole, what)
            require(resumed_log == log, f"{what}: its log differs.")


def begin(experiment: Experiment, log: Path) -> tuple[Loop, Recorder]:
    """A loop at its start, and the recorder of its log."""
    game = build_game(experiment, experiment.data.load())
    return Loop(game, build_state(experiment, game, DEVICE)), Recorder(log, flush_every=5)


def end(loop: Loop, recorder: Recorder, experiment: Experiment) -> dict[str, Tensor]:
    """Run to the end. Returns: parameters, optimisers, memory, averages, clock and samples by name."""
    loop.run((recorder,))
    recorder.flush()
    clock = {f"clock/{name}": torch.tensor(value) for name, value in asdict(loop.state.clock).items()}
    samples = generate(sampling_generator(experiment, loop.state), experiment.latent, 20, experiment.seed)
    return state_tensors(loop.state) | clock | {"samples": samples}


def run_with_checkpoints(experiment: Experiment, folder: Path) -> None:
    """A run that saves itself before its first iteration and after every one; each of these moments can be its cut."""
    folder.mkdir()
    loop, recorder = begin(experiment, folder / "log")

    def save(state: State, turn: Turn | None = None) -> None:
        log = {"bytes": recorder.length_bytes(), "epoch": recorder.memory()}
        save_checkpoint(folder / f"cut-{state.clock.iteration}", state, {"log": log})

    save(loop.state)
    loop.run((recorder, save))
    recorder.flush()


def resume(experiment: Experiment, iterations: int, folder: Path) -> tuple[dict[str, Tensor], str]:
    """Resume a run of `run_with_checkpoints` after so many iterations from nothing but its files.

    Returns:
        What `end` returns, and the text of the log.
    """
    log = folder / f"log-{iterations}"
    shutil.copy(folder / "log", log)
    loop, recorder = begin(experiment, log)
    checkpoint, complaints = newest_good(folder / f"cut-{iterations}")
    if checkpoint is None or complaints:
        raise AssertionError(f"the checkpoint after iteration {iterations} cannot be read: {complaints}.")
    extra = checkpoint.load(loop.state)
    shorten_log(log, extra["log"]["bytes"])
    recorder.remember(extra["log"]["epoch"])
    return end(Loop(loop.game, loop.state), recorder, experiment), log.read_text()


def is_decided_by_the_seed(experiment: Experiment) -> None:
    """The same seed gives the same run bit for bit, another seed gives other samples."""
    with tempfile.TemporaryDirectory() as place:
        once, again = (end(*begin(experiment, Path(place, str(number))), experiment) for number in range(2))
        reseeded = replace(experiment, seed=experiment.seed + 1)
        other = end(*begin(reseeded, Path(place, "other")), reseeded)
    require_equal_tensors(again, once, "a second run with the same seed")
    require(not torch.equal(once["samples"], other["samples"]), "another seed gives the same samples.")


def moves_no_global_generator(experiment: Experiment) -> None:
    """Training takes all its random numbers from `stream`, none from torch's global generator."""
    with tempfile.TemporaryDirectory() as place:
        require_still_generator(lambda: end(*begin(experiment, Path(place, "log")), experiment), "training")


def ends_alike_on_several_ranks(experiment: Experiment, ranks: int = 2, iterations: int = 6) -> None:
    """Processes that share each batch end where one process ends, up to 1e-9 in float64."""
    with tempfile.TemporaryDirectory() as place:
        (alone,) = play_on_ranks({"it": experiment}, 1, iterations, Path(place, "alone"))["it"]
        several = play_on_ranks({"it": experiment}, ranks, iterations, Path(place, "several"))["it"]
    for rank, found in enumerate(several):
        apart = deviation(alone, found)
        require(apart <= 1e-9, f"rank {rank} of {ranks} ends {apart:.2g} from one process: is every score gathered?")


ALGORITHM_CONTRACTS: tuple[Callable[[Experiment], None], ...] = (
    changes_only_the_players_that_train,
    reports_finite_scalars,
    resumes_bit_for_bit,
    is_decided_by_the_seed,
    moves_no_global_generator,
)
"""Every contract of an algorithm: a function of an experiment that raises AssertionError where it is broken."""
