"""What a person is told before and while a run trains: the data, the time, options that do nothing, and messages."""

import io
import json
import logging
import sys
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from equipoise.cli.main import main
from equipoise.common.durations import duration
from equipoise.common.say import say
from equipoise.data import progress as reading
from equipoise.data.progress import shown, without_progress
from equipoise.experiments.build import build_game
from equipoise.experiments.experiment import Watch, with_length
from equipoise.recipes.catalogue import recipe
from equipoise.runs import introduction
from equipoise.runs.introduction import forecast, idle_options, introduce
from equipoise.runs.progress import Progress
from equipoise.runs.record import read_run
from equipoise.runs.train import Settings

CPU = torch.device("cpu")
SHORT = (
    "--iterations",
    "2",
    "--set",
    "watch.checkpoints=1",
    "--set",
    "batch_size=4",
    "--device",
    "cpu",
    "--threads",
    "1",
)


class Terminal(io.StringIO):
    """A stream that says it is one."""

    def isatty(self) -> bool:
        return True


def pictures(folder: Path, count: int = 8) -> Path:
    folder.mkdir()
    numbers = np.random.default_rng(0)
    for number in range(count):
        Image.fromarray(numbers.integers(0, 256, (12, 10, 3), dtype=np.uint8)).save(folder / f"{number}.png")
    return folder


def test_a_run_says_what_its_data_are_and_keeps_the_whole_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "cache"))
    folder = pictures(tmp_path / "photos")
    for number in range(20):
        (folder / f"bad<{number}.png").write_bytes(b"x")
        (folder / f"clip{number}.mp4").write_bytes(b"x")
    assert main(["train", "gan-digits", "--data", str(folder), *SHORT, "--out", str(tmp_path / "run")]) == 0
    errors = capsys.readouterr().err
    assert "photos: 8 images of 48 files, 10x12 pixels, resized to 8x8 in grey (not square, cropped to" in errors
    assert "data.json and the run's report list" in errors
    listed = json.loads((tmp_path / "run" / "data.json").read_text())
    assert len(listed["skipped"]) == len(listed["left_out"]) == 20
    page = (tmp_path / "run" / "report.html").read_text()
    for number in range(20):
        assert f"bad&lt;{number}.png" in page
        assert f"clip{number}.mp4" in page
    assert str(tmp_path) not in page.partition('id="how"')[2].partition("Environment")[2]


def test_data_without_files_are_told_in_a_line_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "gan-digits", *SHORT, "--out", str(tmp_path / "run")]) == 0
    assert capsys.readouterr().err.startswith("digits: 1,797 images of 8x8 in grey.\n")
    assert read_run(tmp_path / "run").account is None
    assert main(["train", "gan-digits", *SHORT, "--quiet", "--out", str(tmp_path / "other")]) == 0
    assert capsys.readouterr().err == ""


def test_an_alarm_that_cannot_tell_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "cache"))
    words = ["train", "gan-digits", "--data", str(pictures(tmp_path / "photos")), *SHORT]
    assert main([*words, "--on-collapse", "stop", "--out", str(tmp_path / "run")]) == 0
    assert "warning: --on-collapse stop has no effect: there are too few data" in capsys.readouterr().err
    assert main([*words, "--out", str(tmp_path / "other")]) == 0
    assert "--on-collapse" not in capsys.readouterr().err


def test_a_damaged_list_leaves_the_page_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("name: x")
    for text in ("{", "[]", '{"images": 3}', '{"images": "x"}'):
        (tmp_path / "data.json").write_text(text)
        assert read_run(tmp_path).account is None


@pytest.fixture
def seconds_each(monkeypatch: pytest.MonkeyPatch) -> Any:
    def lasts(seconds: float) -> None:
        monkeypatch.setattr(introduction, "stage_seconds", lambda game, fresh: [(100, 0.0), (50_000, seconds)])

    return lasts


def test_a_run_of_several_stages_says_how_long_each_is(capsys: pytest.CaptureFixture[str]) -> None:
    experiment = with_length(recipe("magan-digits"), iterations=60)
    store = experiment.data.load()
    introduce(experiment, store, build_game(experiment, store))
    stages = "56 iterations of pretrain, 28 iterations of calibrate, 60 iterations of adversarial"
    assert f"{stages}: 144 iterations in all." in capsys.readouterr().err
    introduce(recipe("gan-digits"), store, build_game(recipe("gan-digits"), store))
    assert "in all" not in capsys.readouterr().err


class Long:
    total_iterations = 50_100


@pytest.mark.parametrize(
    ("seconds", "told", "shorter"),
    [(0.001, "50 seconds", None), (2.0, "1 day 4 hours", 2000), (42.48, "25 days", 80)],
)
def test_a_long_run_says_how_long_it_takes_and_what_is_shorter(
    seconds_each: Any, capsys: pytest.CaptureFixture[str], seconds: float, told: str, shorter: int | None
) -> None:
    seconds_each(seconds)
    forecast(recipe("gan-digits"), Long(), CPU, shorter="--budget cpu (ten minutes); ")  # type: ignore[arg-type]
    errors = capsys.readouterr().err
    assert f"50,100 iterations: about {told} on this machine (cpu)" in errors
    assert ("Shorter" in errors) == (shorter is not None)
    assert shorter is None or f"--budget cpu (ten minutes); --iterations {shorter} takes about" in errors


def test_the_command_line_offers_the_smaller_budget(
    tmp_path: Path, seconds_each: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seconds_each(1000.0)
    monkeypatch.setattr(introduction, "_FEW_ITERATIONS", 1)
    assert main(["train", "gan-digits", *SHORT, "--out", str(tmp_path / "run")]) == 0
    assert "Shorter: --budget cpu (real data, narrow networks" in capsys.readouterr().err
    words = ["train", str(tmp_path / "run" / "config.yaml"), *SHORT, "--out", str(tmp_path / "other")]
    assert main(words) == 0
    assert "Shorter: --iterations 3 takes" in capsys.readouterr().err  # a YAML file has no budgets


WATCHED = replace(recipe("gan-digits"), watch=Watch(evaluations=1, metrics=("fid",)))
IDLE = {
    "--precision tf32": (recipe("gan-digits"), Settings(precision="tf32")),
    "--data-root": (recipe("gan-digits"), Settings(data_root=Path("x"))),
    "--inception-weights": (recipe("gan-digits"), Settings(inception_weights=Path("x"))),
    "--deterministic": (recipe("gan-digits"), Settings(deterministic=True)),
    "--cudnn-trials": (recipe("gan-digits"), Settings(cudnn_trials=True)),
    "--layout": (recipe("gan-digits"), Settings(layout="contiguous")),
    "--most-rollbacks": (recipe("gan-digits"), Settings(most_rollbacks=2)),
}


@pytest.mark.parametrize("option", list(IDLE))
def test_an_option_without_effect_says_so(option: str) -> None:
    (sentence,) = idle_options(*IDLE[option], CPU)
    assert sentence.startswith(f"{option} has no effect")


@pytest.mark.parametrize(
    ("experiment", "settings"),
    [
        (recipe("gan-digits"), Settings()),
        (recipe("gan-digits"), Settings(precision="bfloat16")),
        (recipe("magan-mnist"), Settings(data_root=Path("x"))),
        (recipe("mmd-rep-b-cifar10"), Settings(layout="contiguous", deterministic=False)),
        (WATCHED, Settings(inception_weights=Path("x"))),
        (recipe("gan-digits"), Settings(on_nan="rollback", most_rollbacks=2)),
    ],
)
def test_an_option_with_an_effect_is_taken_in_silence(experiment: Any, settings: Settings) -> None:
    assert idle_options(experiment, settings, CPU) == []


def lines_of(text: str) -> list[str]:
    """What stays readable: a bar is drawn over itself, so that a line may hold only its last drawing or a message."""
    return [line.rsplit("\r", 1)[-1] for line in text.split("\n")]


def test_every_message_during_the_progress_stands_on_a_line_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    progress = Progress(10)
    for iteration in range(1, 4):
        progress([{"kind": "iteration", "iteration": iteration, "values": {"generator/loss": 1.0}}])
        say("warning: collapse: the samples are almost all the same.")
    logging.getLogger("equipoise.data.cache").warning("one file was skipped")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("a library's words", stacklevel=1)
    progress([{"kind": "iteration", "iteration": 10, "values": {}}])
    progress.close()
    assert "10/10 [done, " in terminal.getvalue()
    lines = lines_of(terminal.getvalue())
    assert lines.count("warning: collapse: the samples are almost all the same.") == 3
    assert lines.count("one file was skipped") == 1
    assert all("%|" not in line for line in lines if "a library's words" in line)
    assert "a library's words" in terminal.getvalue()
    assert any("3/10 [" in line and " left, " in line for line in terminal.getvalue().split("\r"))


def test_the_time_left_is_in_words(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(2_000_001)
    monkeypatch.setattr("equipoise.runs.progress.time.monotonic", lambda: progress._begun + 16.0)
    progress([{"kind": "iteration", "iteration": 1, "values": {}}])
    assert "iteration 1 of 2000001, 0.1/s, 370 days left" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "1 second"), (119, "1 minute 59 seconds"), (179.6, "3 minutes"), (3600, "1 hour"), (7199, "2 hours"),
     (86_399, "1 day"), (2_123_920, "25 days")],
)  # fmt: skip
def test_lengths_of_time_in_words(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_the_first_reading_shows_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    times = iter(range(0, 1000, 6))
    monkeypatch.setattr("equipoise.data.progress.time.monotonic", lambda: float(next(times)))
    assert list(shown(range(5), "photos", "images", 5)) == [*range(5)]
    assert "photos: 1 of 5 images, 0.083 a second, 48 seconds left\n" in capsys.readouterr().err
    with without_progress():
        assert list(shown(range(5), "photos", "images", 5)) == [*range(5)]
    assert capsys.readouterr().err == ""
    terminal = Terminal()
    monkeypatch.undo()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert list(reading.shown(range(5), "photos", "images", 5)) == [*range(5)]
    assert "photos: 100%" in terminal.getvalue()
