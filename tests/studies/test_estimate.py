"""How long a study will take: every stage counts, however short it is, and each kind of run by itself."""

import itertools
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch

from equipoise.common.checks import NotFiniteError
from equipoise.experiments.build import build_game
from equipoise.experiments.experiment import Experiment, with_length
from equipoise.recipes.catalogue import recipe
from equipoise.runs import pace
from equipoise.runs.longer import Longer
from equipoise.runs.train import Settings, resume, train
from equipoise.studies import carry_out as carrying
from equipoise.studies import estimate as estimating
from equipoise.studies.carry_out import Job, carry_out
from equipoise.studies.estimate import estimate, measured
from equipoise.studies.pace import Pace, keep_pace, kind_of, paces
from equipoise.studies.plan import Planned, plan
from equipoise.studies.study import Measure, Row, Scale, Study, Variant


@pytest.fixture
def a_second_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock on which every iteration lasts a second."""
    monkeypatch.setattr(pace, "time", SimpleNamespace(perf_counter=itertools.count().__next__))


def iterations_of(experiment: Experiment) -> int:
    return build_game(experiment, experiment.data.load(None, experiment.seed)).total_iterations


@pytest.mark.parametrize(
    "experiment",
    [
        with_length(recipe("gan-digits"), iterations=1),
        with_length(recipe("gan-digits"), iterations=2),
        with_length(recipe("gan-digits"), iterations=500),
        with_length(recipe("magan-digits"), epochs=2),
    ],
)
def test_a_run_takes_its_iterations_times_their_length(experiment: Experiment, a_second_each: None) -> None:
    assert measured(experiment, "cpu", None) == Pace(iterations_of(experiment), 1.0)


def test_an_iteration_of_a_gpu_is_timed_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its launches return at once. It computes in the run's precision: torch's own default rounds convolutions."""
    told: list[object] = []
    before = torch.backends.cudnn.conv.fp32_precision

    class Launched:
        state, game = None, SimpleNamespace(precision="float32")

        def iterate(self) -> None:
            assert torch.backends.cudnn.conv.fp32_precision == "ieee"
            told.append("launched")

    monkeypatch.setattr(pace, "device_of", lambda state: torch.device("cuda", 1))
    monkeypatch.setattr(torch.cuda, "synchronize", told.append)
    pace._seconds(cast(Any, Launched()))
    assert told == ["launched", torch.device("cuda", 1)] * 3
    assert torch.backends.cudnn.conv.fp32_precision == before


def planned_runs(*widths: int, rates: tuple[float, ...] = (1e-3,)) -> list[Planned]:
    """Runs of one recipe in networks of these widths, at each of these rates."""
    variants = tuple(
        Variant(
            f"{width} {rate}", (f"players.generator.network.hidden=[{width}]", f"players.generator.optimiser.lr={rate}")
        )
        for width in widths
        for rate in rates
    )
    study = Study(
        name="widths",
        title="Widths",
        rows=(Row("GAN", "gan-digits", variants=variants),),
        measures=(Measure("ms-ssim", "similarity"),),
        iterations=100,
        scales={"cpu": Scale(seeds=1, samples=10)},
    )
    return plan(study, "cpu", 1, with_inception=False)


@pytest.fixture
def by_width(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """An iteration lasts as many seconds as the generator is wide. Returns: the widths that were measured."""
    found: list[int] = []

    def fake(experiment: Experiment, *words: object) -> Pace:
        (width,) = experiment.players["generator"].network.options["hidden"]
        found.append(width)
        return Pace(100, float(width))

    monkeypatch.setattr(estimating, "measured", fake)
    return found


def test_runs_of_one_recipe_in_other_widths_are_measured_by_themselves(tmp_path: Path, by_width: list[int]) -> None:
    runs = planned_runs(8, 64, rates=(1e-3, 1e-4))
    found = estimate(runs, tmp_path, "cpu", None)
    assert by_width == [8, 64], "a learning rate takes no time"
    assert found.seconds == 2 * (800 + 5) + 2 * (6400 + 5)
    assert list(found.left) == [805, 805, 6405, 6405]


def test_of_many_kinds_four_are_measured_evenly(tmp_path: Path, by_width: list[int]) -> None:
    found = estimate(planned_runs(*range(1, 11)), tmp_path, "cpu", None)
    assert by_width == [1, 4, 7, 10]
    assert found.seconds == sum(100 * width for width in (1, 4, 7, 10)) + 6 * 550 + 10 * 5


def test_a_kind_that_diverges_at_once_is_taken_to_be_like_the_others(tmp_path: Path, by_width: list[int]) -> None:
    whole = estimating.measured

    def diverging(experiment: Experiment, *words: Any) -> Pace:
        found = whole(experiment, *words)
        if found.seconds > 8:
            raise NotFiniteError("a loss holds NaN.")
        return found

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(estimating, "measured", diverging)
        found = estimate(planned_runs(8, 64), tmp_path, "cpu", None)
    assert list(found.left) == [805, 805]


def test_runs_in_another_precision_are_another_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def slow(experiment: Experiment, device: str, root: Path | None, precision: str) -> Pace:
        asked.append(precision)
        return Pace(100, 2.0)

    (run,) = planned_runs(8)
    monkeypatch.setattr(estimating, "measured", slow)
    (tmp_path / run.directory).mkdir(parents=True)
    keep_pace(tmp_path / run.directory, run.experiment, Pace(100, 1.0))
    assert estimate([run], tmp_path, "cpu", None).source == "by the speed of earlier runs"
    assert estimate([run], tmp_path, "cpu", None, "bfloat16").source == "measured over a few iterations"
    assert asked == ["bfloat16"]


def test_the_first_of_a_kind_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others may have rates at which they diverge within three iterations."""
    rates: list[float] = []

    def seen(experiment: Experiment, *words: object) -> Pace:
        rates.append(experiment.players["generator"].optimiser.lr)
        return Pace(100, 1.0)

    monkeypatch.setattr(estimating, "measured", seen)
    estimate(planned_runs(8, rates=(1e-3, 1e30)), tmp_path, "cpu", None)
    assert rates == [1e-3]


def test_a_run_that_was_stopped_has_less_to_do_and_a_finished_one_tells_its_pace(
    tmp_path: Path, by_width: list[int]
) -> None:
    done, half, same = planned_runs(8, rates=(1e-3, 1e-4, 1e-5))
    _train(done, tmp_path / done.directory, 100)
    keep_pace(tmp_path / done.directory, done.experiment, Pace(100, 3.0))
    _train(half, tmp_path / half.directory, 50)
    found = estimate([half, same], tmp_path, "cpu", None)
    assert by_width == []
    assert found.source == "by the speed of earlier runs"
    assert list(found.left) == [50 * 3.0 + 5, 100 * 3.0 + 5]


def test_a_resumed_run_records_the_pace_of_what_it_played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (run,) = planned_runs(8)
    _train(run, tmp_path / "run", 80)
    monkeypatch.setattr(carrying, "resume", lambda run, settings: resume(run, settings, Longer(iterations=100)))
    monkeypatch.setattr(carrying, "time", SimpleNamespace(monotonic=iter((0.0, 60.0)).__next__))
    carry_out(Job(run.experiment, tmp_path / "run", ("ms-ssim",), 10, QUIET, few_samples=True))
    assert paces(tmp_path) == {kind_of(run.experiment): Pace(100, 60 / 20)}


QUIET = Settings("cpu", threads=1, quiet=True)


def _train(planned: Planned, place: Path, iterations: int) -> None:
    """So many iterations of a run."""
    train(with_length(planned.experiment, iterations=iterations), place, QUIET)
