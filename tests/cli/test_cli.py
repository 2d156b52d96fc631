"""Every command through its real entry point, with good and with bad input.

One is started as a user would; others have processes of their own that import torch no more, or share this one.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from equipoise.cli.catalogue import COMMANDS
from equipoise.cli.main import _parser, main
from equipoise.data.catalogue import parse_data
from equipoise.evaluation import maker

LONGEST_SECONDS = 120
TINY = ("--iterations", "3", "--device", "cpu", "--threads", "1", "--quiet")


def refused(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """The one sentence on stderr of a command that must exit with 2."""
    try:
        code = main([str(word) for word in words])
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else -1
    captured = capsys.readouterr()
    assert code == 2
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "Traceback" not in captured.err
    return captured.err


@pytest.fixture(scope="module")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short run of MAGAN on digits, trained by the real command."""
    out = tmp_path_factory.mktemp("cli") / "run"
    words = ("train", "magan-digits", "--epochs", 2, "--device", "cpu", "--threads", 1, "--out", out)
    command = [sys.executable, "-m", "equipoise", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_SECONDS)
    assert done.returncode == 0, done.stderr
    assert "iteration 140 of 140" in done.stderr
    assert "margin" in done.stderr
    assert str(out / "report.html") in done.stdout
    return out


NO_TORCH = """if True:
    import contextlib, io, sys
    from equipoise.cli.main import main
    for words in sys.stdin:
        said = io.StringIO()
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            try:
                status = main(words.split())
            except SystemExit as ending:
                status = ending.code
        print(status, "torch" in sys.modules, " ".join(said.getvalue().split()), sep="|", flush=True)"""
REFUSED = {
    "contains no run": (
        *(f"{command} no-such" for command in ("resume", "evaluate", "card", "explore", "push no-such a/b")),
        *(f"{command} no-such --out file" for command in ("sample", "export")),
        *(f"{command} no-such.safetensors" for command in ("explore", "sample --out file")),
        *("train gan-digits --from no-such", "train digits --from no-such", "compare gan-digits ."),
    ),
    "is not a run": ("report no-such", "report ."),
    "unknown recipe": ("train no-such", "show no-such", "compare no-such", "train gan-digit --data digits"),
    "unknown study": ("study no-such", "study no/such", "show-study no-such"),
    "unknown data set": (
        *("score no-such digits", "score digits no-such", "classifier no-such", "compare gan-digits --data no-such"),
        *("train gan-digits --data no-such", "show gan-digits --data no-such", "train gan-digits --set data.kind=such"),
    ),
    "unknown metric 'such'": (
        *("score digits digits --metrics such", "compare gan-digits magan-digits --metrics such"),
        *("train gan-digits --set watch.metrics=[such]", "compare gan-digits --set gan-digits:watch.metrics=[such]"),
    ),
    "unknown algorithm 'such'": (
        *("train gan-digits --set algorithm.kind=such", "train named.yaml", "show named.yaml", "compare named.yaml"),
    ),
    "unknown field in such.field: 'such'": (
        *(f"{command} --set such.field=1" for command in ("train gan-digits", "train digits", "show gan-digits")),
        "compare gan-digits --set gan-digits:such.field=1",
    ),
    "unknown field in watch.sample: 'sample'; did you mean 'samples'?": ("train gan-digits --set watch.sample=9",),
    "unknown network 'such'": ("show gan-digits --set players.generator.network.kind=such",),
    "unknown tracker 'such'": ("train gan-digits --track such",),
    "no device 'such'": ("train gan-digits --device such", "study magan-digits --device such"),
    "there is no file": (
        *(f"{command} --inception-weights no.pth" for command in ("train gan-digits", "score digits digits")),
        *("study magan-digits --inception-weights no.pth", "score digits digits --weights dinov2-vit-l14=no.pth"),
    ),
    "there is no f": ("train no/such", "doctor no/such", "score no/such digits", "compare no/such"),
    "is not a folder": (
        *(f"{command} folder:no/such" for command in ("train", "show", "doctor", "classifier", "score digits")),
        *("train gan-digits --data folder:no/such", "compare gan-digits --data folder:no"),
    ),
    "is not there": (
        *(f"{command} npz:no.npz" for command in ("train", "doctor", "classifier", "score digits")),
        *("train gan-digits --data no.npz", "compare gan-digits --data ./no.npz"),
    ),
    "cannot read the configuration": tuple(f"{each} no.yaml" for each in ("train", "show", "study", "compare")),
    "could not be read": ("score digits digits --against no.json",),
    "has no splits": ("score digits:test ring:test",),
    "does not set anything": ("train gan-digits --set epochs", "compare gan-digits --set epochs"),
    "give both": ("train gan-digits --checkpoint best",),
    "use only one of the two": ("study magan-digits --ray auto --workers 2",),
    "takes KEY=VALUE": ("compare gan-digits magan-digits --slurm-options such",),
}
"""What a refusal says: words that it answers."""


def test_lists_and_refusals_need_no_torch(tmp_path: Path) -> None:
    (tmp_path / "named.yaml").write_text("algorithm: {kind: such}")
    rows = [(words, 2, told) for told, each in REFUSED.items() for words in each]
    rows += [("list", 0, "magan-digits"), ("list metrics", 0, "inception-score"), ("list data", 0, "mnist")]
    done = subprocess.run(
        [sys.executable, "-c", NO_TORCH],
        input="\n".join(words for words, _, _ in rows),
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    for (words, status, told), line in zip(rows, done.stdout.splitlines(), strict=True):
        assert line.startswith(f"{status}|False|"), f"{words}: {line[:200]}"
        assert told in line, f"{words}: {line[:200]}"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ending:
        main([command, "--help"])
    assert ending.value.code == 0
    assert f"example:\n  equipoise {command}" in capsys.readouterr().out


def test_a_run_directory_explains_itself(finished_run: Path) -> None:
    names = {path.name for path in finished_run.iterdir()}
    assert names >= {"config.yaml", "environment.json", "metrics.jsonl", "samples", "checkpoints", "report.html"}
    environment = json.loads((finished_run / "environment.json").read_text())["sessions"][0]
    assert {"packages", "device", "threads", "seed", "commit", "data_hash", "python"} <= environment.keys()
    lines = [json.loads(line) for line in (finished_run / "metrics.jsonl").read_text().splitlines()]
    assert [line["iteration"] for line in lines if line["kind"] == "iteration"] == [*range(1, 141)]
    stages = [line["stage"] for line in lines if line["kind"] == "epoch"]
    assert stages == ["pretrain", "pretrain", "calibrate", "adversarial", "adversarial"]
    margins = [line["values"]["margin"] for line in lines if line["kind"] == "epoch" and "margin" in line["values"]]
    assert margins == sorted(margins, reverse=True)
    assert (finished_run / "samples" / "iteration-000000000.png").is_file()
    assert (finished_run / "samples" / "iteration-000000140.png").is_file()


def test_show_prints_what_train_accepts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "ebgan-digits", "--set", "algorithm.margin=5", "--seed", "3"]) == 0
    text = capsys.readouterr().out
    assert yaml.safe_load(text)["algorithm"]["margin"] == 5
    (tmp_path / "mine.yaml").write_text(text)
    assert main(["show", str(tmp_path / "mine.yaml")]) == 0
    assert capsys.readouterr().out == text
    assert main(["train", str(tmp_path / "mine.yaml"), *TINY, "--out", str(tmp_path / "run")]) == 0
    trained = yaml.safe_load((tmp_path / "run" / "config.yaml").read_text())
    expected = yaml.safe_load(text)
    expected["algorithm"] |= {"epochs": None, "iterations": 3}
    assert trained == expected


def test_a_recipe_trains_on_a_folder_of_pictures_of_any_size(tmp_path: Path, start: Callable[..., Any]) -> None:
    pictures = tmp_path / "my pictures"
    (pictures / "deeper").mkdir(parents=True)
    numbers = np.random.default_rng(0)
    for number in range(12):
        height, width = numbers.integers(9, 40, 2)
        picture = Image.fromarray(numbers.integers(0, 256, (height, width, 3), dtype=np.uint8))
        picture.save(pictures / ("deeper" if number % 2 else ".") / f"{number}.png")
    (pictures / "broken.png").write_bytes(b"no picture")
    out = tmp_path / "run"
    words = ("train", "gan-digits", "--data", f"folder:{pictures}", "--set", "batch_size=4", *TINY, "--out", out)
    done = start(*words, EQUIPOISE_CACHE=str(tmp_path / "cache"))
    _, errors = done.communicate(LONGEST_SECONDS)
    assert done.returncode == 0, errors
    assert "1 file was skipped" in errors
    trained = yaml.safe_load((out / "config.yaml").read_text())
    assert trained["name"] == "gan-digits-on-my pictures"
    expected = {"kind": "folder", "path": str(pictures), "resolution": 8, "channels": 1, "fit": "crop", "part": "all"}
    assert trained["data"] == expected


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        ((), [2, 2, 2]),
        (("--iterations", "7"), [7, 7, 7]),
        (("--iterations", "20"), [20, 15, 20]),
        (("--epochs", "1"), [15, 15, 15]),
    ],
)
def test_the_length_bounds_every_stage_on_real_data(
    length: tuple[str, ...], expected: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None of MAGAN's three stages is longer than what was asked for; one that is cut short still sets the margin."""
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("equipoise.reports.pages.write_run_report", lambda path: None)
    (tmp_path / "pictures").mkdir()
    for number in range(60):
        Image.new("L", (28, 28), 4 * number).save(tmp_path / "pictures" / f"{number}.png")
    out = tmp_path / "run"
    words = ["train", "magan-mnist", "--budget", "smoke", *length, "--set", "batch_size=4", "--quiet", "--threads", "1"]
    assert main([*words, "--device", "cpu", "--data", f"folder:{tmp_path / 'pictures'}", "--out", str(out)]) == 0
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    played = [line["stage"] for line in lines if line["kind"] == "iteration"]
    assert [played.count(stage) for stage in ("pretrain", "calibrate", "adversarial")] == expected
    (measured,) = [line["values"] for line in lines if line["kind"] == "epoch" and line["stage"] == "calibrate"]
    assert measured["margin"] == pytest.approx(measured["real_energy"], rel=1e-6)


def test_sample_writes_grids_arrays_and_folders(finished_run: Path, tmp_path: Path, start: Callable[..., Any]) -> None:
    words = ("sample", finished_run, "--count", 12, "--seed", 4, "--device", "cpu", "--out")
    done = start(*words, tmp_path / "grid.png")
    assert done.wait(LONGEST_SECONDS) == 0, done.communicate()[1]
    for out in ("arrays.npz", "folder"):
        assert main([*map(str, words), str(tmp_path / out)]) == 0
    arrays = np.load(tmp_path / "arrays.npz", allow_pickle=False)["images"]
    assert arrays.shape == (12, 1, 8, 8)
    assert arrays.dtype == np.uint8
    pictures = sorted((tmp_path / "folder").glob("*.png"))
    assert len(pictures) == 12
    assert np.array_equal(np.asarray(Image.open(pictures[5])), arrays[5, 0])
    assert Image.open(tmp_path / "grid.png").size == (10 * 9 * 4, 2 * 9 * 4)
    assert len(parse_data(f"npz:{tmp_path / 'arrays.npz'}").load()) == 12


@pytest.mark.parametrize("place", ["five.jpg", "five.JPEG", "five.npy", "five.tar.gz"])
def test_samples_go_into_no_file_of_another_kind(
    place: str, finished_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sentence = refused(capsys, "sample", finished_run, "--count", 5, "--out", tmp_path / place)
    assert f"ends in {Path(place).suffix}; name a folder without an ending" in sentence
    assert not (tmp_path / place).exists()


@pytest.mark.parametrize(
    ("place", "count", "reason"),
    [
        ("many.npz", 10**12, "need more memory than this machine has"),
        ("many.png", 10**12, "need more memory than this machine has"),
        ("many", 10**12, "pictures need more space than is free on the disk of"),
        ("many.png", 10**6, "would have 1296000000 pixels, and viewers accept at most 178956970"),
    ],
)
def test_samples_that_cannot_fit_are_refused_before_they_are_made(
    place: str, count: int, reason: str, finished_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sample", str(finished_run), "--count", str(count), "--out", str(tmp_path / place)]) == 2
    assert reason in capsys.readouterr().err
    assert not (tmp_path / place).exists()


def test_samples_are_not_mixed_with_older_files(
    finished_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run-0.5"
    assert main(["sample", str(finished_run), "--count", "5", "--out", str(out)]) == 0
    capsys.readouterr()
    assert main(["sample", str(finished_run), "--count", "3", "--out", str(out)]) == 2
    assert "already contains 5 samples, more than the 3 asked for" in capsys.readouterr().err
    assert len(list(out.glob("*.png"))) == 5
    assert "already contains files" in refused(capsys, "sample", finished_run, "--out", finished_run / "checkpoints")


def test_an_interrupted_file_of_samples_leaves_nothing_behind(
    finished_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> torch.Tensor:
        raise KeyboardInterrupt

    monkeypatch.setattr(maker, "images_of", interrupted)
    for out in ("grid.png", "arrays.npz", "loop.gif"):
        what = ("--interpolate", "1,2") if out == "loop.gif" else ("--count", "600")
        assert main(["sample", str(finished_run), *what, "--out", str(tmp_path / out)]) == 130
    assert list(tmp_path.iterdir()) == []


def test_export_writes_a_generator(finished_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(finished_run), "--out", str(tmp_path / "generator.safetensors")]) == 0
    assert str(tmp_path / "generator.safetensors") in capsys.readouterr().out
    assert (tmp_path / "generator.safetensors").stat().st_size > 10_000
    sentence = "or to a folder, not to x.pth"
    assert sentence in refused(capsys, "export", str(finished_run), "--out", "x.pth")


def test_sampling_twice_gives_the_same_and_another_seed_others(finished_run: Path, tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert main(["sample", str(finished_run), "--out", str(tmp_path / f"{name}.npz"), "--seed", str(seed)]) == 0
    a, b, c = (np.load(tmp_path / f"{name}.npz")["images"] for name in "abc")
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)


def test_evaluate_writes_scores_with_passports(finished_run: Path, tmp_path: Path, start: Callable[..., Any]) -> None:
    words = ("evaluate", finished_run, "--samples", 500, "--device", "cpu", "--quiet")
    done = start(*words, EQUIPOISE_CACHE=str(tmp_path))
    output, errors = done.communicate(LONGEST_SECONDS)
    assert done.returncode == 0, errors
    assert "inception-score" in output
    scores = {score["metric"]: score for score in json.loads((finished_run / "scores.json").read_text())["scores"]}
    assert 1 <= scores["inception-score"]["value"] <= 10
    assert sum(scores["class-histogram"]["value"]) == pytest.approx(1)
    passport = scores["inception-score"]["passport"]
    assert passport["generated_count"] == 500
    assert passport["extractor_accuracy"] >= 0.97
    assert len(passport["weights_hash"]) == 64
    assert "inception-score" in (finished_run / "report.html").read_text().lower().replace(" ", "-")


def test_resume_of_a_finished_run_changes_nothing(finished_run: Path) -> None:
    before = (finished_run / "metrics.jsonl").read_bytes()
    assert main(["resume", str(finished_run), "--device", "cpu", "--quiet"]) == 0
    assert (finished_run / "metrics.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["tran"], "unknown command 'tran'; did you mean 'train'?"),
        (["train", "magan-digit"], "unknown recipe 'magan-digit'; did you mean 'magan-digits'?"),
        (["show", "gan-digits", "--set", "algorithm.los=hinge"], "did you mean 'loss'?"),
        (
            ["show", "gan-digits", "--set", "algorithm.loss=hing"],
            "algorithm: unknown loss 'hing'; did you mean 'hinge'?",
        ),
        (["show", "gan-digits", "--set", "algorithm.kind=gann"], "unknown algorithm 'gann'; did you mean 'gan'?"),
        (["show", "gan-digits", "--set", "data.kind=digit"], "unknown data set 'digit'; did you mean 'digits'?"),
        (["show", "gan-digits", "--set", "batch_size=abc"], "batch_size should be a valid integer"),
        (["show", "gan-digits", "--set", "seed=1.5"], "seed should be a valid integer, got 1.5."),
        (
            ["show", "gan-digits", "--set", "players.generator.optimiser.betas=[0.5]"],
            "optimiser.betas has too few values, got [0.5].",
        ),
        (
            ["show", "gan-digits", "--set", "algorithm={}"],
            "algorithm needs the field 'kind', which names the",
        ),
        (["show", "gan-digits", "--set", "batch_size=0"], "batch_size must be at least 1, got 0"),
        (["show", "gan-digits", "--set", "batch_size=true"], "batch_size must be a number, got True"),
        (["show", "gan-digits", "--set", "players.generator.optimiser.lr=-1"], "lr must be a finite number above 0"),
        (["show", "gan-digits", "--set", "players.generator.optimiser.lr=.nan"], "lr should be a finite number"),
        (["show", "gan-digits", "--set", "players.generator.network.widht=3"], "unknown field in"),
        (["show", "gan-digits", "--set", "seed"], "'seed' does not set anything; write field.path=value"),
        (
            ["show", "ebgan-digits", "--set", "algorithm.margin=-1"],
            "margin must be a finite number of at least 0, got -1",
        ),
        (["show", "gan-digits", "--budget", "cpuu"], "invalid choice: 'cpuu'"),
        (["show", "missing.yaml", "--budget", "cpu"], "--budget works with a recipe's name only"),
        (["show", "missing.yaml"], "cannot read the configuration missing.yaml"),
        (["train", "gan-digits", "--epochs", "many"], "must be a whole number of at least 0, got 'many'"),
        (["train", "gan-digits", "--epochs", "0"], "must be at least 1, got 0"),
        (["train", "gan-digits", "--epochs", "1", "--iterations", "1"], "not allowed with argument"),
        (["train", "gan-digits", "--device", "gpu7"], "there is no device 'gpu7' here"),
        (["train", "gan-digits", "--set", "batch_size=5000"], "batch_size must be between 1 and the 1797 items"),
        (["resume", "no-such-run"], "no-such-run contains no run: there is no such directory"),
        (["report", "no-such-run"], "no-such-run is not a run: there is no such directory"),
        (["score", "nowhere", "nowhere"], "unknown data set 'nowhere'; did you mean 'noise'? There is no such folder"),
        (["train", "gan-digits", "--iteratons", "5"], "unknown option of train '--iteratons'; did you mean '--iterat"),
        (["train", "gan-digits", "--out=x", "--sede=5"], "unknown option of train '--sede'; did you mean '--seed'?"),
        (["train", "gan-digits", "more"], "unrecognized arguments: more. See: equipoise train --help"),
        (["sample", "no-such-run", "--out", "x.png"], "no-such-run contains no run"),
        (["export", "no-such-run", "--out", "x.onnx"], "no-such-run contains no run"),
        (["classifier", "ring"], "has no"),
        (["train", "gan-digits", "--data", "ring"], "is made for items of 1x8x8, and those of ring are 2; set data."),
        (["train", "gan-digits", "--data", "folder"], "the data set folder needs a path, as in folder:PATH"),
        (["train", "gan-digits", "--data", "digit"], "unknown data set 'digit'; did you mean 'digits'?"),
        (["simulate", "discrete-mega"], "unknown simulation 'discrete-mega'; did you mean 'discrete-magan'?"),
        (["train", "mag\x1b[31man"], "unknown recipe 'mag\\x1b[31man'"),
    ],
)
def test_bad_input_is_one_clear_sentence(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert sentence in refused(capsys, *words)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("train photo", "unknown recipe 'photo'; did you mean the folder 'photos'?"),
        ("score photo photos", "unknown data set 'photo'; did you mean the folder 'photos'?"),
        ("train gan-digit", "unknown recipe 'gan-digit'; did you mean 'gan-digits'? There is no such folder either."),
        ("train study.yaml", "study.yaml describes a study; carry it out with: equipoise study study.yaml"),
        ("train empty.yaml", "empty.yaml holds no experiment: it must be a mapping of fields"),
        ("study train.yaml", "train.yaml describes an experiment; train it with: equipoise train train.yaml"),
    ],
)
def test_what_was_meant_is_guessed_from_what_is_there(
    words: str, sentence: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    (tmp_path / "study.yaml").write_text("rows: [gan-digits]\nmeasures: [recall]\n", encoding="utf-8")
    (tmp_path / "empty.yaml").touch()
    assert main(["show", "gan-digits"]) == 0
    (tmp_path / "train.yaml").write_text(capsys.readouterr().out, encoding="utf-8")
    assert sentence in refused(capsys, *words.split())


@pytest.mark.parametrize(
    "words",
    ["train such", "score such digits", "doctor such", "compare such other", "study study.yaml", "show-study such"],
)
def test_an_unknown_name_says_how_a_plugin_brings_it(
    words: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "study.yaml").write_text("rows: [gan-digits]\nmeasures: [such]\n", encoding="utf-8")
    assert "If a plug-in registers it, add --plugin FILE.py; in Python, import that file." in refused(
        capsys, *words.split()
    )


@pytest.mark.parametrize("words", ["score digits digits --metrics ms-ssim --json closed/a/b.json", "evaluate closed"])
def test_a_place_that_cannot_be_written_is_refused_before_any_work(
    words: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed" / "config.yaml").touch()
    monkeypatch.setattr("os.access", lambda place, mode: Path(place).name != "closed")
    sentence = refused(capsys, *words.split())
    assert "could not write closed/" in sentence
    assert f"no permission to write in {tmp_path / 'closed'}" in sentence


def test_an_unknown_metric_is_refused(finished_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sentence = refused(capsys, "evaluate", finished_run, "--metrics", "inception-scor")
    assert "unknown metric 'inception-scor'; did you mean 'inception-score'?" in sentence


def test_an_option_that_takes_several_words_may_be_given_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.yaml").touch()
    for words, name in (
        ("evaluate run --metrics fid kid --metrics ms-ssim", "metrics"),
        ("report run --format csv markdown --format latex", "format"),
    ):
        assert len(getattr(_parser().parse_args(words.split()), name)) == 3


def test_a_directory_in_use_is_refused_and_untouched(finished_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (finished_run / "config.yaml").read_bytes()
    assert "already holds a run" in refused(capsys, "train", "gan-digits", *TINY, "--out", finished_run)
    assert "in use for something else" in refused(
        capsys, "train", "gan-digits", *TINY, "--out", finished_run / "samples"
    )
    assert (finished_run / "config.yaml").read_bytes() == before


def test_missing_data_are_named_with_the_way_to_get_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(*arguments: object, **options: object) -> None:
        raise OSError("Network is unreachable")

    monkeypatch.setattr("urllib.request.urlopen", offline)
    out, root = tmp_path / "run", tmp_path / "data"
    sentence = refused(capsys, "train", "magan-mnist", *TINY, "--data-root", root, "--out", out)
    assert "train-images-idx3-ubyte" in sentence
    assert not out.exists()


def test_a_truncated_checkpoint_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    assert main(["train", "gan-digits", *TINY, "--out", str(out), "--set", "watch.checkpoints=1"]) == 0
    capsys.readouterr()
    (checkpoint,) = (out / "checkpoints").glob("*.safetensors")
    checkpoint.write_bytes(checkpoint.read_bytes()[:100])
    assert f"checkpoint {checkpoint} is damaged" in refused(capsys, "sample", out, "--out", tmp_path / "x.png")


@pytest.mark.parametrize(
    "text",
    ["", "[]", "a: b: c", "name: x", "!!python/object/apply:os.system ['true']", "&a [*a]", "data: {kind: 1}", "\x00"],
)
def test_a_hostile_or_broken_configuration_is_refused(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.yaml").write_text(text)
    refused(capsys, "show", tmp_path / "bad.yaml")
