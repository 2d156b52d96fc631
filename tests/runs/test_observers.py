"""What looks on during training: sample grids, evaluations, checkpoints, TensorBoard; none of it changes the run."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from equipoise.evaluation.scoring import Evidence, Score
from equipoise.experiments.experiment import Experiment, Watch, with_length
from equipoise.recipes.digits import gan_digits
from equipoise.runs import observers
from equipoise.runs.directory import RunDirectory
from equipoise.runs.train import Settings, train
from equipoise.training.checkpoint import list_checkpoints

pytestmark = pytest.mark.lengthy

SETTINGS = Settings(device="cpu", threads=1, quiet=True)
VALUES = {10: 1.0, 20: 3.0, 30: 2.0, 40: 2.5}


def short(**watch: object) -> Experiment:
    fixed: dict[str, object] = {"sample_grids": 4, "checkpoints": 4, "keep": 1}
    return replace(with_length(gan_digits(), iterations=40), watch=Watch(**(fixed | watch)))  # type: ignore[arg-type]


def logged(run: RunDirectory, kind: str) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in run.log.read_text().splitlines()]
    return [line for line in lines if line["kind"] == kind]


@pytest.fixture
def scripted_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Evaluations that return a scripted inception score, after really drawing their samples."""

    def scripted(names: tuple[str, ...], evidence: Evidence) -> tuple[list[Score], dict[str, str]]:
        assert evidence.samples.shape == (50, 1, 8, 8)
        drawn.append(evidence.samples)
        return [Score("inception-score", VALUES[10 * len(drawn)], None, {})], {}

    drawn: list[torch.Tensor] = []
    monkeypatch.setattr(observers, "take_possible", scripted)


@pytest.mark.usefixtures("scripted_scores")
def test_the_best_checkpoint_is_kept_beside_the_newest(tmp_path: Path) -> None:
    watch = {"evaluations": 4, "metrics": ("inception-score",), "samples": 50, "best": "inception-score"}
    run = train(short(**watch), tmp_path / "run", SETTINGS)
    assert [checkpoint.iteration for checkpoint in list_checkpoints(run.checkpoints)] == [20, 40]
    scores = [(line["iteration"], line["values"]) for line in logged(run, "score")]
    assert scores == [(iteration, {"inception-score": value}) for iteration, value in VALUES.items()]
    assert list_checkpoints(run.checkpoints)[-1].read_index()["extra"]["best"] == {
        "iteration": 20,
        "value": 3.0,
        "metric": "inception-score",
    }


@pytest.mark.usefixtures("scripted_scores")
def test_watching_changes_nothing_about_the_run(tmp_path: Path) -> None:
    watched = train(short(evaluations=4, metrics=("inception-score",), samples=50), tmp_path / "watched", SETTINGS)
    plain = train(short(sample_grids=0), tmp_path / "plain", SETTINGS)
    ends = [list_checkpoints(run.checkpoints)[-1].tensors.read_bytes() for run in (watched, plain)]
    assert ends[0] == ends[1]
    assert logged(watched, "iteration") == logged(plain, "iteration")


def test_grids_are_written_evenly_and_at_both_ends(tmp_path: Path) -> None:
    run = train(short(sample_grids=3), tmp_path / "run", SETTINGS)
    names = sorted(path.name for path in run.samples.iterdir())
    assert names == [f"iteration-{n:09d}.png" for n in (0, 13, 26, 39, 40)]


def test_tensorboard_events_hold_the_log(tmp_path: Path) -> None:
    accumulators = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    run = train(short(tensorboard=True), tmp_path / "run", SETTINGS)
    events = accumulators.EventAccumulator(str(run.path / "tensorboard")).Reload()
    scalars = [(event.step, event.value) for event in events.Scalars("generator/loss")]
    lines = [(line["iteration"], line["values"]["generator/loss"]) for line in logged(run, "iteration")]  # type: ignore[index]
    assert [step for step, _ in scalars] == [step for step, _ in lines]
    assert [value for _, value in scalars] == pytest.approx([value for _, value in lines])
