"""`train`, `doctor` and `show` on pictures without a recipe: what is found, what is chosen, and what is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from equipoise.cli import pictures as planning
from equipoise.cli.main import main
from equipoise.cli.options import span
from equipoise.data import cache, progress
from equipoise.experiments import averaged
from equipoise.experiments.config import from_yaml
from equipoise.experiments.experiment import Watch
from equipoise.runs import cost

PIXELS = np.random.default_rng(0)
QUICK = ("--threads", "1", "--device", "cpu", "--quiet")


@pytest.fixture(autouse=True)
def _short_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "_SECONDS", 0.0)
    monkeypatch.setattr(cost, "_FEWEST", 1)
    monkeypatch.setattr(averaged, "_LATENTS", 32)
    monkeypatch.setattr(planning, "network_of_scores", lambda: "")


def save(path: Path, size: tuple[int, int] = (40, 40), mode: str = "RGB", colour: object = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    channels = {"L": (), "RGB": (3,), "RGBA": (4,)}[mode]
    values = PIXELS.integers(0, 256, (*size[::-1], *channels), dtype=np.uint8)
    (Image.fromarray(values) if colour is None else Image.new(mode, size, colour)).save(path)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Six colour photographs in two classes, of which two are the same, and what is no photograph."""
    folder = tmp_path / "photos"
    for number in range(4):
        save(folder / "cats" / f"{number}.png")
    save(folder / "dogs" / "0.png", colour=(10, 200, 30))
    save(folder / "dogs" / "1.png", colour=(10, 201, 30))
    (folder / "dogs" / "bad.jpg").write_bytes(b"no picture")
    (folder / "dogs" / "film.mp4").write_bytes(b"x")
    return folder


def test_doctor_says_what_it_found_chose_and_how_long_it_takes(
    photos: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    cache._said.clear()
    assert main(["doctor", str(photos), *QUICK]) == 0
    text = capsys.readouterr().out
    everything = text + caplog.text
    assert "photos: 6 images of 8 files, 40x40 pixels, resized to 32x32 in colour." in text
    assert everything.count("1 file was skipped as unreadable, as in dogs/bad.jpg (no image of a known kind)") == 1
    assert everything.count("left out: .mp4 (1)") == 1
    assert "2 look almost the same as another one." in text
    assert "2 classes of 2 to 4 pictures." in text
    assert "6 pictures are few: expect samples that look like these very pictures" in text
    assert (
        "Chosen: 32x32 pixels (their shorter sides are about 40); networks of 0.23 and 0.17 million parameters;" in text
    )
    assert "6 pictures are few, so every picture is changed each time" in text
    assert "On 1 thread of this CPU: about 1 hour and " in text
    assert "--quality (draft 10 minutes, good 1 hour, best 8 hours)" in text


def test_a_dry_run_says_the_same_and_trains_nothing(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", str(photos), *QUICK, "--dry-run", "--out", str(tmp_path / "run"), "--time", "30m"]) == 0
    assert "about 30 minutes and " in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_folder_is_trained_on_without_a_recipe(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    words = ["train", str(photos), *QUICK, "--iterations", "3", "--labels", "--augment", "cutout", "--out", str(out)]
    assert main([*words, "--set", "algorithm.gamma=1", "--seed", "5"]) == 0
    config = yaml.safe_load((out / "config.yaml").read_text(encoding="utf-8"))
    assert config["name"] == "photos"
    assert (config["seed"], config["batch_size"], config["latent"]["classes"]) == (5, 4, 2)
    assert config["algorithm"]["augment"]["operations"] == ["cutout"]
    assert (config["algorithm"]["gamma"], config["algorithm"]["iterations"]) == (1, 3)
    assert (out / "report.html").is_file()
    assert main(["sample", str(out), "--count", "4", "--out", str(tmp_path / "four.png"), "--device", "cpu"]) == 0


def test_show_prints_the_whole_and_train_reads_it(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(photos), *QUICK, "--iterations", "100", "--size", "64"]) == 0
    experiment = from_yaml(capsys.readouterr().out)
    assert experiment.data.item_shape == (3, 64, 64)
    assert experiment.players["generator"].optimiser.schedule.end == 100
    assert experiment.algorithm.iterations == 100


@pytest.mark.parametrize(
    ("mode", "options", "shape"),
    [("L", (), (1, 32, 32)), ("RGBA", (), (3, 32, 32)), ("RGBA", ("--transparency", "keep"), (4, 32, 32))],
)
def test_the_channels_are_those_of_the_pictures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], mode: str, options: tuple[str, ...], shape: tuple[int, ...]
) -> None:
    for number in range(3):
        save(tmp_path / "in" / f"{number}.png", (33, 50), mode)
    assert main(["show", str(tmp_path / "in"), *QUICK, *options, "--fit", "pad"]) == 0
    experiment = from_yaml(capsys.readouterr().out)
    assert experiment.data.item_shape == shape
    assert experiment.players["generator"].network.options["channels"] == shape[0]
    if options:
        words = [str(tmp_path / "in"), *QUICK, *options, "--iterations", "1", "--out", str(tmp_path / "run")]
        assert main(["train", *words]) == 0
        assert main(["score", words[0], str(tmp_path / "run"), "--metrics", "ms-ssim", "--count", "3", "--quiet"]) == 0


def test_colour_files_without_colours_are_grey(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_EVERY_SECONDS", 0.0)
    for number in range(3):
        save(tmp_path / "in" / f"{number}.png", colour=(number, number, number))
    assert main(["show", str(tmp_path / "in"), *QUICK]) == 0
    said = capsys.readouterr()
    assert from_yaml(said.out).data.item_shape == (1, 32, 32)
    assert not said.err  # both readings are quiet


def test_a_data_set_and_an_array_are_pictures_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez(tmp_path / "mine.npz", images=PIXELS.integers(0, 256, (5, 16, 16, 3), dtype=np.uint8))
    assert main(["doctor", str(tmp_path / "mine.npz"), *QUICK]) == 0
    assert "mine: 5 pictures of 16x16 in colour." in capsys.readouterr().out


@pytest.fixture
def with_features(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the extra were there, and looked at 100 pictures a second."""
    monkeypatch.setattr(planning, "network_of_scores", lambda: "efficientnet-lite0")
    monkeypatch.setattr(cost, "_feature_seconds", lambda *given: 0.01)


def greys(folder: Path, count: int, different: int = 256) -> Path:
    for number in range(count):
        save(folder / f"{number:03}.png", colour=(number % different, 0, 255))
    return folder


@pytest.mark.usefixtures("with_features")
def test_the_score_and_the_search_for_copies_fit_into_the_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(greys(tmp_path / "in", 45))
    assert main(["doctor", folder, *QUICK, "--time", "10m", "--seed", "3"]) == 0
    told = capsys.readouterr().out
    assert "4 pictures, every tenth, are held out of the training to recognise copies of the other 41." in told
    assert "features, 10 times, of 300 samples and 41 pictures; the best checkpoint is kept by it." in told
    assert main(["show", folder, *QUICK, "--time", "10m", "--early-stop"]) == 0
    experiment = from_yaml(capsys.readouterr().out)
    assert experiment.data.part == "train"
    assert replace(experiment.watch, sample_grids=10, checkpoints=10) == Watch(  # fewer on a busy machine
        evaluations=10,
        metrics=("lite0-kernel", "lite0-neighbours"),
        samples=300,
        real=41,
        best="lite0-kernel",
        patience=5,
    )
    assert main(["doctor", folder, *QUICK, "--iterations", "2"]) == 0
    assert "no score is measured, as the run is too short for it" in capsys.readouterr().out
    asked = ["--set", "watch.metrics=[recall]", "--set", "watch.evaluations=3", "--set", "watch.best=null"]
    assert main(["doctor", folder, *QUICK, "--time", "10m", *asked]) == 0
    assert (
        "scores as asked for: recall, 3 times, of 300 samples; the newest checkpoint is used."
        in capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("count", "different", "told"),
    [
        (30, 256, "30 pictures are too few to hold any out, so copies of them are not recognised."),
        (60, 30, "Half of the pictures or more are repeated, so none are held out"),
    ],
)
def test_where_nothing_can_be_held_out_it_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], count: int, different: int, told: str
) -> None:
    assert main(["doctor", str(greys(tmp_path / "in", count, different)), *QUICK]) == 0
    assert told in capsys.readouterr().out


def test_a_run_on_few_pictures_says_whether_it_copies(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, out = str(greys(tmp_path / "in", 40)), tmp_path / "run"
    assert main(["train", folder, "--threads", "1", "--device", "cpu", "--iterations", "2", "--out", str(out)]) == 0
    told = capsys.readouterr().err
    assert "no score is measured, and the newest checkpoint is used" in told
    assert "pip install 'equipoise[features]'" in told
    assert "copies of training pictures:" in told.splitlines()[-1]
    assert "copies of training pictures" in (out / "report.html").read_text(encoding="utf-8")
    assert main(["train", folder, *QUICK, "--early-stop", "--iterations", "2"]) == 2
    assert "--early-stop needs a score" in capsys.readouterr().err


def test_a_time_that_is_too_short_says_why_and_what_to_do(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(photos / "cats" / "grey.png", colour=(7, 7, 7))
    assert main(["doctor", str(photos), *QUICK, "--time", "2s"]) == 0
    told = capsys.readouterr().out
    assert "2 seconds is too short to learn anything: start, samples, checkpoints and the page take about" in told
    assert ", and 1 iteration about" in told
    assert "\n  1 picture without colours.\n" in told
    assert "m for 500 iterations." in told
    assert "\n  1 iteration, 4 pictures, " in told


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("train", "{photos}", "--budget", "cpu"), "--budget works with a recipe only"),
        (("train", "gan-digits", "--size", "32"), "--size is for pictures in place of a recipe"),
        (("train", "gan-digits", "--labels"), "--labels is for pictures in place of a recipe"),
        (("doctor", "gan-digits"), "doctor looks at pictures, and gan-digits is a recipe"),
        (("train", "{photos}/cats", "--labels"), "cats has no classes for --labels"),
        (("train", "{mixed}", "--labels"), "no classes for --labels: 1 picture (c.png) lies beside the folders"),
        (("doctor", "nothere"), "unknown folder or data set 'nothere'"),
        (("train", "{photos}", "--augment", "cut"), "unknown augmentation 'cut'; did you mean 'cutout'"),
        (("train", "nowhere/photos"), "there is no folder nowhere/photos"),
        (("train", "{photos}/dogs/film.mp4"), "film.mp4 is not a data set"),
        (("train", "gan-digit"), "did you mean 'gan-digits'"),
        (("train", "{one}"), "one holds 1 picture, and a generator needs many"),
        (("train", "{empty}"), "contains no images"),
        (("train", "ring"), "ring holds points, not pictures"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], sentence: str
) -> None:
    save(tmp_path / "one" / "a.png")
    (tmp_path / "empty").mkdir()
    for name in ("cats/a", "dogs/b", "c"):
        save(tmp_path / "mixed" / f"{name}.png")
    places = {"photos": photos} | {name: tmp_path / name for name in ("one", "empty", "mixed")}
    assert main([word.format(**places) for word in words] + list(QUICK) + ["--iterations", "1"]) == 2
    captured = capsys.readouterr()
    assert sentence in captured.err
    assert "Traceback" not in captured.err
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("text", "seconds"), [("30m", 1800), ("2h", 7200), ("1h30m", 5400), ("90s", 90), ("1d", 86400)]
)
def test_spans_of_time(text: str, seconds: int) -> None:
    assert span(text) == seconds


@pytest.mark.parametrize("text", ["", "30", "m", "-1h", "1.5h", "0m", "half an hour"])
def test_other_words_are_no_spans(text: str) -> None:
    with pytest.raises(Exception, match="must be a length of time"):
        span(text)


def test_the_plan_is_that_of_the_experiment_as_it_was_set(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wide = ["--set", "players.generator.network.width=32", "--set", "algorithm.augment=null"]
    assert main(["doctor", str(photos), *QUICK]) == 0
    default = capsys.readouterr().out
    assert main(["doctor", str(photos), *QUICK, *wide, "--set", "batch_size=2"]) == 0
    text = capsys.readouterr().out
    assert "networks of 0.23 and" in default
    assert "networks of 0.65 and" in text
    assert "steps of 2 pictures" in text
    assert "augmentation: none." in text


def test_another_algorithm_is_not_described_as_the_default(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", str(photos), *QUICK, "--set", "algorithm={kind: gan, iterations: 50}"]) == 0
    text = capsys.readouterr().out
    assert "another algorithm, as set" in text
    assert "relativistic" not in text
    assert "50 iterations" in text
