"""The same iterations on one GPU: plain eager, ours eager, and ours as CUDA graphs. No figure has been taken yet.

Then ours in each precision and layout, with cuDNN's trials and without, eight runs at once, a whole run, how often the
host waits, and whether every toy experiment can be recorded and ends where it ends eagerly.

Run: python -m measurements.benchmarks.gpu               needs CUDA; writes results/benchmarks/gpu.json
     python -m measurements.benchmarks.gpu --device cpu --out X   a rehearsal of every line, a few iterations each

Times are wall clock between two synchronisations, the sides in turns; nothing else synchronises. Data are random bytes
on the device. Each part is written as soon as it is known. A part that fails says why and the others go on. What has
not begun after six and a half minutes is left out, and so is a whole run that would end after eight.
"""

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from equipoise.common.files import write_text_atomically
from equipoise.common.random import Reseedable
from equipoise.data.store import held
from equipoise.experiments.build import Layout, build_game, build_state
from equipoise.experiments.experiment import Experiment, with_length
from equipoise.recipes import lga, magan
from equipoise.recipes.catalogue import recipe
from equipoise.testing.toys import TOY_EXPERIMENTS
from equipoise.training.graphs import CudaRecording, Recording, Rehearsal, make_recordable
from equipoise.training.loop import Game, Loop
from equipoise.training.precision import PRECISIONS, Precision, algorithms, matrix_precision
from equipoise.training.state import State, state_tensors
from measurements import RESULTS_FOLDER
from measurements.benchmarks import plain
from measurements.benchmarks.cases.common import bare_players, repulsive_mmd, with_steps, without_pretraining
from measurements.benchmarks.gpu_runs import at_once
from measurements.benchmarks.timers import Way, seconds, synchronise

LAYOUTS: tuple[Layout, ...] = ("channels-last", "contiguous")
RESULTS = RESULTS_FOLDER / "benchmarks" / "gpu.json"


@dataclass(frozen=True)
class Scale:
    """How much is measured.

    Attributes:
        rounds, calls: timings of a way, and its iterations in each.
        extrapolated: iterations from which the length of a whole run is told.
        batch: 0 for the paper's.
        side: of the matrices and maps of the peak's measurement.
        at_once: numbers of runs that share the device.
        whole: iterations of the run from end to end; 0 for the published number.
    """

    rounds: int
    calls: int
    extrapolated: int
    batch: int
    side: int
    at_once: tuple[int, ...]
    whole: int


FULL = Scale(7, 30, 2000, batch=0, side=8192, at_once=(1, 8), whole=0)
REHEARSAL = Scale(2, 1, 4, batch=2, side=64, at_once=(1, 2), whole=3)
_BEGIN_BY, _END_BY = 390.0, 480.0
"""Seconds after which no part is begun, and at which a whole run has to be over."""
_ENDLESS = 10**9
"""Iterations: the rows are measured for some time, and not to the end of their small data sets' epochs."""
_TO_RECORD = 30
"""Iterations in which every stage of a toy is played often enough to be recorded."""
_SMALL, _HEAVY = "MAGAN MNIST", "SN-DCGAN + repulsive MMD"


@dataclass(frozen=True)
class Row:
    """An experiment, the shape of its images, its plain step, and what is aimed at.

    Attributes:
        whole_run: iterations of the published run, and the minutes aimed at; or None.
    """

    experiment: Experiment
    shape: tuple[int, ...]
    losses: tuple[plain.PlainLoss, plain.PlainLoss]
    normalised: bool
    target: float
    whole_run: tuple[int, float] | None = None


def rows() -> dict[str, Row]:
    """The GPU's rows, each alternating on every side."""
    repulsive, alternating = repulsive_mmd("simultaneous"), repulsive_mmd("alternating")
    penalised, spectral = with_steps(lga.table1("lga8", "cifar10"), 1), with_steps(recipe("sngan-cifar10"), 1)
    small, colour = (1, 28, 28), (3, 32, 32)
    energies = plain.hinge_on_energies(10.0), plain.energy_of_fakes
    kernels, hinge = (plain.repulsive_mmd, plain.mmd_of_fakes), (plain.hinge, plain.score_of_fakes)
    epochs = 200 * (60_000 // 64)
    return {
        _SMALL: Row(without_pretraining(magan.magan_mnist()), small, energies, False, 4.0, (epochs, 2.0)),
        _HEAVY: Row(alternating, colour, kernels, True, 2.0, (100_000, 5.0)),
        "SN-DCGAN + repulsive MMD, simultaneous": Row(repulsive, colour, kernels, True, 2.0, (100_000, 5.0)),
        "WGAN-GP, 8x8 map": Row(penalised, colour, (plain.penalised_hinge, plain.score_of_fakes), False, 2.0),
        "SNGAN ResNet": Row(spectral, colour, hinge, True, 2.0),
    }


def ours(
    row: Row,
    device: torch.device,
    scale: Scale,
    recorded: bool,
    precision: Precision = "float32",
    layout: Layout = "channels-last",
) -> Loop:
    """The loop with data and players on the device."""
    experiment = row.experiment if not scale.batch else replace(row.experiment, batch_size=scale.batch)
    experiment = with_length(experiment, iterations=_ENDLESS)
    count = 16 * experiment.batch_size
    chance = torch.Generator().manual_seed(0)
    store = held(torch.randint(0, 256, (count, *row.shape), dtype=torch.uint8, generator=chance)).to(device)
    game = build_game(experiment, store, precision)
    return _in_last_stage(_loop(game, build_state(experiment, game, device, layout), device, recorded))


def _loop(game: Game, state: State, device: torch.device, recorded: bool) -> Loop:
    """Eager, or from a recording: of a CUDA graph on a GPU."""
    if not recorded:
        return Loop(game, state)
    recording: Recording = CudaRecording(device) if device.type == "cuda" else Rehearsal()
    if device.type == "cuda":
        for optimiser in state.optimisers.values():
            make_recordable(optimiser)
    return Loop(game, state, recording)


def _in_last_stage(loop: Loop) -> Loop:
    """Past the calibration, and past the warm-up of a recording."""
    last = len(loop.game.algorithm.stages()) - 1
    while loop.state.clock.stage < last:
        loop.iterate()
    for _ in range(5):
        loop.iterate()
    return loop


def theirs(row: Row, device: torch.device, scale: Scale) -> Way:
    """The plain eager alternating step."""
    players = {name: player.to(device) for name, player in bare_players(row.experiment).items()}
    if row.normalised:
        plain.normalised(players["discriminator"])
    optimisers = {name: torch.optim.Adam(each.parameters(), 1e-4, (0.5, 0.999)) for name, each in players.items()}
    batch = scale.batch or row.experiment.batch_size
    images = torch.rand(16 * batch, *row.shape, device=device)
    return plain.plain_step(players, optimisers, *row.losses, images, row.experiment.latent.size, batch)


def measured(row: Row, device: torch.device, scale: Scale) -> dict[str, Any]:
    """All sides in turns, and the length of a whole run."""
    graphs = ours(row, device, scale, recorded=True).iterate
    ways: dict[str, Way] = {
        "plain eager": theirs(row, device, scale),
        "equipoise, eager": ours(row, device, scale, recorded=False).iterate,
        "equipoise, graphs": graphs,
    }
    for way in ways.values():
        seconds(way, scale.calls, device)
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(scale.rounds):
        for name, way in ways.items():
            times[name].append(seconds(way, scale.calls, device))
    found: dict[str, Any] = {
        "batch": scale.batch or row.experiment.batch_size,
        "target": row.target,
        "seconds": {name: statistics.quantiles(each, n=4) for name, each in times.items()},
        "times as fast": {
            name: statistics.median(a / b for a, b in zip(times["plain eager"], each, strict=True))
            for name, each in times.items()
        },
    }
    if row.whole_run is not None:
        iterations, minutes = row.whole_run
        one = seconds(graphs, scale.extrapolated, device)
        found["whole run"] = {
            "iterations": iterations,
            "measured_iterations": scale.extrapolated,
            "minutes": one * iterations / 60,
            "target_minutes": minutes,
        }
    return found


def by_precision(row: Row, device: torch.device, scale: Scale) -> dict[str, float]:
    """Seconds of an iteration in each precision, eager and from graphs."""
    found: dict[str, float] = {}
    for precision, recorded in product(PRECISIONS, (False, True)):
        with matrix_precision(precision, device):
            loop = ours(row, device, scale, recorded, precision)
            best = min(seconds(loop.iterate, scale.calls, device) for _ in range(scale.rounds))
            found[f"{precision}, {'graphs' if recorded else 'eager'}"] = best
    return found


def small_iteration(scale: Scale, device: torch.device) -> Way:
    """An iteration of the smallest row from graphs."""
    return ours(rows()[_SMALL], device, scale, recorded=True).iterate


def several(device: torch.device, scale: Scale) -> dict[str, Any]:
    """Several runs of the smallest row at once."""
    return at_once(partial(small_iteration, scale), scale.at_once, 10 * scale.calls, device)


def whole_run(device: torch.device, scale: Scale, left: float) -> dict[str, Any]:
    """The smallest row's published run from end to end, if it fits in the seconds that are left."""
    row = rows()[_SMALL]
    iteration = small_iteration(scale, device)
    iterations = scale.whole or (row.whole_run or (0, 0.0))[0]
    expected = seconds(iteration, scale.calls, device) * iterations
    if expected > left:
        return {"left out": f"{iterations} iterations would take {expected / 60:.1f} minutes"}
    return {"iterations": iterations, "minutes": seconds(iteration, iterations, device) * iterations / 60}


def by_layout(row: Row, device: torch.device, scale: Scale) -> dict[str, Any]:
    """Seconds of an iteration from graphs: each layout and precision, with cuDNN's trials and without."""
    found: dict[str, Any] = {}
    for layout, trials, precision in product(LAYOUTS, (False, True), PRECISIONS):

        def measured_so() -> float:
            with matrix_precision(precision, device), algorithms(False, trials, device):  # noqa: B023
                loop = ours(row, device, scale, True, precision, layout)  # noqa: B023
                return min(seconds(loop.iterate, scale.calls, device) for _ in range(scale.rounds))

        found[f"{layout}, {'trials' if trials else 'no trials'}, {precision}"] = attempt(measured_so)
    return found


def recorded_differences(device: torch.device) -> dict[str, Any]:
    """Every toy experiment, eager against recorded: the largest difference at its end.

    It is relative to the largest number of the same tensor. A recording that breaks is named; after one whose device is
    lost, the others fail too.
    """
    return {name: attempt(partial(_difference, make, device)) for name, make in TOY_EXPERIMENTS.items()}


def _difference(make: Callable[[], Experiment], device: torch.device) -> float | str:
    experiment = with_length(make(), iterations=_TO_RECORD)
    store, ends = experiment.data.load().to(device), []
    for recorded in (False, True):
        game = build_game(experiment, store)
        loop = _loop(game, build_state(experiment, game, device), device, recorded)
        if any(isinstance(module, Reseedable) for module in loop.state.players.modules()):
            return "draws random numbers inside"
        refused = loop.why_not_record()
        if refused is not None and (device.type == "cuda" or "need a GPU" not in refused):
            return refused
        loop.run()
        if loop.unrecorded:
            return f"never recorded: {loop.unrecorded}"
        ends.append({name: value.cpu().double() for name, value in state_tensors(loop.state).items() if value.numel()})
    eager, graphs = ends
    return max(float((graphs[name] - v).abs().max() / (v.abs().max() + 1e-12)) for name, v in eager.items())


def synchronisations(row: Row, device: torch.device, scale: Scale) -> dict[str, int]:
    """What waits for the device in twenty iterations between two looks at the log, from a profiler's trace."""
    loop = ours(row, device, scale, recorded=True)
    kinds = [torch.profiler.ProfilerActivity.CPU]
    if device.type == "cuda":
        kinds.append(torch.profiler.ProfilerActivity.CUDA)
    synchronise(device)
    with torch.profiler.profile(activities=kinds) as trace:
        for _ in range(20):
            loop.iterate()
    names = [event.key for event in trace.key_averages() for _ in range(event.count)]
    waits = [name for name in names if "Synchronize" in name or name in ("aten::item", "aten::_local_scalar_dense")]
    launches = [name for name in names if "Launch" in name]
    return {"iterations": 20, "waits": len(waits), "launches": len(launches), "events": len(names)}


def peak(device: torch.device, scale: Scale) -> dict[str, float]:
    """GFLOP/s of a large matrix product and of a large 3x3 convolution, in float32 without TF32."""
    a = torch.randn(scale.side, scale.side, device=device)
    images = torch.randn(max(1, scale.side // 64), 256, 32, 32, device=device)
    layer = nn.Conv2d(256, 256, 3, padding=1, bias=False).to(device)

    def convolve() -> Tensor:
        with torch.no_grad():
            maps: Tensor = layer(images)
            return maps

    product = min(seconds(lambda: a @ a, 3, device) for _ in range(3))
    convolution = min(seconds(convolve, 3, device) for _ in range(3))
    return {
        "matrix product": 2e-9 * scale.side**3 / product,
        "convolution": 2e-9 * images.numel() * 256 * 9 / convolution,
    }


def attempt(work: Callable[[], Any]) -> Any:
    """What the work finds, or why it failed."""
    try:
        return work()
    except Exception as error:
        return {"failed": f"{type(error).__name__}: {error}"}


def main() -> None:
    """Measure, and write after each row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--only", default="", help="measure only the rows whose names hold this")
    chosen = parser.parse_args()
    device = torch.device(chosen.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        parser.exit(2, "error: there is no GPU with CUDA here; --device cpu rehearses every line without one.\n")
    if device.index is not None:
        torch.cuda.set_device(device)
    scale = FULL if device.type == "cuda" else REHEARSAL
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    wanted = {name: row for name, row in rows().items() if chosen.only in name}
    first = wanted.get(_HEAVY, next(iter(wanted.values())))
    report = _Report(chosen.out, {"device": name, "rehearsal": scale is REHEARSAL, "torch": torch.__version__})
    with matrix_precision("float32", device):
        report.add("peak_gflop_per_second", lambda: peak(device, scale))
        for row_name, row in wanted.items():
            report.add(row_name, partial(measured, row, device, scale), within="rows")
        report.add("synchronisations", lambda: synchronisations(first, device, scale))
        report.add("runs_at_once", lambda: several(device, scale))
        report.add("seconds_by_precision", lambda: by_precision(first, device, scale))
        report.add("seconds_by_layout", lambda: by_layout(first, device, scale))
        report.add("whole_run", lambda: whole_run(device, scale, _END_BY - report.seconds()))
        report.add("recorded_differences", lambda: recorded_differences(device))  # last: it may lose the device


class _Report:
    """What was found so far, written after each part."""

    def __init__(self, path: Path, known: dict[str, Any]):
        self._path, self._known, self._began = path, {**known, "rows": {}}, time.perf_counter()

    def seconds(self) -> float:
        """Since the first part began."""
        return time.perf_counter() - self._began

    def add(self, name: str, work: Callable[[], Any], within: str | None = None) -> None:
        late = self.seconds() > _BEGIN_BY
        place = self._known if within is None else self._known[within]
        place[name] = {"left out": f"after {_BEGIN_BY / 60:g} minutes"} if late else attempt(work)
        self._known["minutes"] = self.seconds() / 60
        write_text_atomically(self._path, json.dumps(self._known, indent=1) + "\n")


if __name__ == "__main__":
    main()
