"""A run that is to end when its score no longer improves: where it ends, what it says, and that a resume ends there."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from equipoise.cli.main import main
from equipoise.common.errors import EquipoiseError
from equipoise.data.noise import Noise
from equipoise.evaluation.scoring import Score
from equipoise.experiments.experiment import Experiment, Watch, with_length
from equipoise.reports.verdict import times, verdict
from equipoise.runs.longer import Longer
from equipoise.runs.observers import Evaluator
from equipoise.runs.record import read_run
from equipoise.runs.train import Settings, resume, train
from equipoise.testing.toys import TOY_EXPERIMENTS
from equipoise.training.checkpoint import list_checkpoints

LOUD, QUIET = (Settings("cpu", threads=1, quiet=quiet, introduced=True) for quiet in (False, True))
VALUES = {3: 1.0, 6: 3.0, 9: 2.0, 12: 2.5, 15: 1.0, 18: 4.0, 21: 0.0}
WATCH = Watch(sample_grids=0, checkpoints=6, evaluations=10, metrics=("ms-ssim",), best="ms-ssim", patience=2)


@pytest.fixture(autouse=True)
def scripted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Minus the values above, as lower values of this metric are better."""
    monkeypatch.setattr(
        Evaluator, "_scores", lambda self, state: [Score("ms-ssim", -VALUES.get(state.clock.iteration, 0.0), None, {})]
    )


def toy(**watch: Any) -> Experiment:
    experiment = replace(TOY_EXPERIMENTS["gan"](), data=Noise((1, 4, 4), 66), watch=replace(WATCH, **watch))
    return with_length(experiment, iterations=30)


def log_of(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def test_it_ends_after_so_many_evaluations_without_a_better_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = train(toy(), tmp_path / "run", LOUD).path
    told = "stopped early: ms-ssim has not improved in 2 evaluations; its best value, -3, is that of iteration 6"
    said = capsys.readouterr().err
    assert told in said
    assert "The best checkpoint by ms-ssim is that of iteration 6 (-3); sample, export and score take it" in said
    assert [each.iteration for each in list_checkpoints(run / "checkpoints")] == [6, 10, 12]
    assert (run / "samples" / "iteration-000000012.png").is_file()
    assert log_of(run)[-1]["told"].startswith(told)
    record = read_run(run)
    assert record.log.damaged_lines == 0
    assert "Stopped early: ms-ssim" in verdict(record).why
    assert "time left" not in times(record)
    before = log_of(run)
    resume(run, LOUD)  # it only says so again
    assert told in capsys.readouterr().err
    assert log_of(run) == before
    resume(run, QUIET, Longer(iterations=60))  # an evaluation in every sixth iteration now
    assert log_of(run)[-1]["iteration"] == 30  # the better one of iteration 18 came, and two without


def test_a_resumed_run_ends_where_the_other_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    train(toy(), whole, QUIET)
    scored = Evaluator._scores

    def broken(self: Evaluator, state: Any) -> list[Score]:
        if state.clock.iteration == 12:
            raise EquipoiseError("pulled out.")
        return scored(self, state)

    monkeypatch.setattr(Evaluator, "_scores", broken)
    with pytest.raises(EquipoiseError, match="pulled out"):
        train(toy(), parts, QUIET)
    monkeypatch.setattr(Evaluator, "_scores", scored)
    resume(parts, QUIET)
    newest = [list_checkpoints(run / "checkpoints")[-1] for run in (whole, parts)]
    assert newest[0].iteration == newest[1].iteration == 12
    assert newest[0].tensors.read_bytes() == newest[1].tensors.read_bytes()
    assert log_of(parts) == log_of(whole)


def test_a_run_that_improves_is_played_to_its_end(tmp_path: Path) -> None:
    run = train(toy(patience=7), tmp_path / "run", QUIET).path
    assert log_of(run)[-1]["iteration"] == 30
    assert "end" not in {line["kind"] for line in log_of(run)}


def test_the_option_is_for_every_experiment_with_a_score(capsys: pytest.CaptureFixture[str]) -> None:
    scored = ["watch.evaluations=4", "watch.metrics=[ms-ssim]", "watch.best=ms-ssim"]
    words = ["show", "gan-digits", *(word for each in scored for word in ("--set", each)), "--early-stop"]
    assert main(words) == 0
    assert "patience: 5" in capsys.readouterr().out
    assert main([*words, "3"]) == 0
    assert "patience: 3" in capsys.readouterr().out
    assert main(["show", "gan-digits", "--early-stop"]) == 2
    assert "--early-stop needs a score that keeps the best checkpoint" in capsys.readouterr().err
    with pytest.raises(ValueError, match="patience waits for a better value of best"):
        Watch(patience=3)
