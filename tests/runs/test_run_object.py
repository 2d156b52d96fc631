"""A run, a study and training from Python and in a notebook."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import equipoise
from equipoise.cli.main import main
from equipoise.common import notebook
from equipoise.common.errors import EquipoiseError
from equipoise.evaluation.maker import Wanted
from equipoise.evaluation.sample_files import write_samples
from equipoise.experiments.experiment import with_length
from equipoise.recipes.catalogue import recipe
from equipoise.reports.study_view import StudyView
from equipoise.runs.export import export, write_model
from equipoise.runs.run import Run
from equipoise.runs.trained import load_trained

ROOT = Path(__file__).parents[2]
QUIET = {"device": "cpu", "threads": 1, "quiet": True}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    changes = {"watch.checkpoints": 2, "watch.keep": 2, "algorithm.loss": "hinge"}
    place = tmp_path_factory.mktemp("runs") / "mine"
    return equipoise.train("gan-digits", place, iterations=20, seed=3, changes=changes, **QUIET)


def test_words_make_the_experiment_that_the_command_line_makes(run: Run) -> None:
    assert (run.experiment.seed, run.experiment.watch.keep) == (3, 2)
    assert run.experiment.algorithm.iterations == 20
    assert (run.path / "report.html").is_file()
    loaded = equipoise.load(run.path)
    assert loaded == run == equipoise.load(str(run.path))


def test_an_experiment_is_trained_as_it_is_with_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = equipoise.train(with_length(recipe("gan-digits"), iterations=9), seed=5, iterations=2, page=None, **QUIET)
    assert made.path == Path("runs/gan-digits-seed5")
    assert made.curves("iterations")["generator/loss"].shape == (2,)
    assert not (made.path / "report.html").exists()


def test_samples_are_those_that_the_command_writes(run: Run, tmp_path: Path) -> None:
    write_samples(run.maker(device="cpu"), tmp_path / "four.npz", 4, Wanted(seed=7))
    with np.load(tmp_path / "four.npz", allow_pickle=False) as written:
        expected = written["images"].transpose(0, 2, 3, 1)
    found = run.sample(4, seed=7, device="cpu")
    assert found.dtype == np.uint8
    assert np.array_equal(found, expected)
    assert np.array_equal(run.sample(2, seed=7, device="cpu"), expected[:2])
    assert not np.array_equal(run.sample(4, seed=7, checkpoint=10, device="cpu"), expected)
    assert run.picture(4, device="cpu").mode == "L"


def test_another_default_for_new_tensors_changes_no_bit(tmp_path: Path) -> None:
    def numbers(name: str) -> list[list[float]]:
        made = equipoise.train("mmd-rep-ring", tmp_path / name, iterations=5, page=None, **QUIET)
        folder = tmp_path / f"{name}-model"
        folder.mkdir()
        write_model(load_trained(made.path, torch.device("cpu")), folder)
        exported = equipoise.load(folder)
        return [each.sample(8, device="cpu").ravel().tolist() for each in (made, exported)]

    expected = numbers("usual")
    torch.set_default_dtype(torch.float64)
    try:
        assert numbers("wider") == expected
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)


def test_points_are_samples_too(tmp_path: Path) -> None:
    points = equipoise.train("gan-ring", tmp_path / "ring", iterations=2, page=None, **QUIET)
    found = points.sample(5, device="cpu")
    assert (found.dtype, found.shape) == (np.float32, (5, 2))


def test_curves_are_a_table_with_pandas_and_arrays_without(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    pandas = pytest.importorskip("pandas")
    table = run.curves()
    assert isinstance(table, pandas.DataFrame)
    assert list(table.index) == list(range(1, 21))
    monkeypatch.setitem(sys.modules, "pandas", None)
    arrays = run.curves()
    assert arrays["iteration"].tolist() == list(range(1, 21))
    assert {name: list(values) for name, values in arrays.items() if name != "iteration"} == {
        name: list(table[name]) for name in table
    }
    lines = [json.loads(line) for line in (run.path / "metrics.jsonl").read_text().splitlines()]
    logged = [line["values"]["generator/loss"] for line in lines if line["kind"] == "iteration"]
    assert arrays["generator/loss"].tolist() == logged
    with pytest.raises(EquipoiseError, match="unknown kind of curve 'epoch'; did you mean 'epochs'"):
        run.curves("epoch")


def test_what_a_line_lacks_is_nan(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    shutil.copytree(run.path, tmp_path / "copy")
    log = tmp_path / "copy" / "metrics.jsonl"
    line = {"kind": "iteration", "iteration": 21, "stage": "s", "epoch": 1, "values": {"new": 1.0, "real_score": None}}
    log.write_text(log.read_text() + json.dumps(line) + "\n")
    found = equipoise.load(tmp_path / "copy").curves()
    assert np.isnan(found["new"][:-1]).all()
    assert np.isnan(found["real_score"][-1])
    assert found["stage"][-1] == "s"


def test_a_plot_has_an_axes_for_each_kind_of_value(run: Run) -> None:
    figure = run.plot()
    assert [axes.get_title() for axes in figure.axes] == ["losses", "scores of the discriminator"]
    assert figure._repr_png_().startswith(b"\x89PNG")  # type: ignore[attr-defined]
    (axes,) = run.plot(["generator/loss"]).axes
    (line,) = axes.get_lines()
    assert len(line.get_xdata()) == 20
    assert run.plot(["nothing"]).axes == []
    assert len(run.plot("generator/loss").axes) == 1


def test_changes_of_the_wrong_kind_are_told(tmp_path: Path) -> None:
    with pytest.raises(EquipoiseError, match="changes must be a mapping of fields to values"):
        equipoise.train("gan-digits", tmp_path / "run", changes=["batch_size=8"], **QUIET)
    assert not (tmp_path / "run").exists()


def test_scores_are_looked_up_and_shown(run: Run) -> None:
    pytest.importorskip("sklearn")
    assert not run.scores
    assert "no scores yet" in run.scores._repr_html_()
    taken = run.evaluate("inception-score", samples=100, **QUIET)
    assert taken["inception-score"].value == run.scores["inception-score"].value
    assert str(taken).splitlines()[1].split()[0] == "inception-score"
    assert str(taken).split()[-2:] == ["20", "100"]
    assert "<td>inception-score</td>" in run._repr_html_()


def test_a_run_in_a_notebook_shows_its_samples_and_hides_nothing_hostile(run: Run, tmp_path: Path) -> None:
    shown = run._repr_html_()
    assert "gan-digits, seed 3: 20 iterations in" in shown
    assert 'src="data:image/png;base64,' in shown
    place = tmp_path / "<script>"
    shutil.copytree(run.path, place)
    assert "<script>" not in Run(place)._repr_html_()
    (place / "samples").rename(place / "gone")
    assert "<img" not in Run(place)._repr_html_()


def test_cells_of_a_table_are_escaped() -> None:
    assert notebook.table([["a<"], ["&\x1b"]]) == "<table><tr><th>a&lt;</th></tr><tr><td>&amp;\\x1b</td></tr></table>"
    assert notebook.picture(ROOT, "a folder") == ""


def test_the_generator_is_a_module_that_gives_the_samples(run: Run) -> None:
    generator = run.generator(device="cpu")
    assert not generator.training
    assert not any(parameter.requires_grad for parameter in generator.parameters())


def test_a_resume_goes_on_to_the_end(run: Run, tmp_path: Path) -> None:
    place = tmp_path / "copy"
    shutil.copytree(run.path, place)
    for name in ("json", "safetensors"):
        (place / "checkpoints" / f"iteration-000000020.{name}").unlink()
    again = Run(place).resume(**QUIET)
    assert np.array_equal(again.sample(3, device="cpu"), run.sample(3, device="cpu"))


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda run: equipoise.load(run.path / "nothing"), "cannot be loaded: it does not exist"),
        (lambda run: equipoise.load(run.path / "samples"), "has neither a run's config.yaml nor a study's"),
        (lambda run: Run(run.path / "samples"), "holds no run|is not a run|contains no run|no config.yaml"),
        (lambda run: run.sample(0), "the count of samples must be a whole number of at least 1, got 0"),
        (lambda run: run.sample(2.5), "must be a whole number"),
        (lambda run: run.sample(10**12, device="cpu"), "need more memory than this machine has"),
        (lambda run: run.sample(1, sed=7, device="cpu"), "unknown keyword 'sed'; did you mean 'seed'"),
        (lambda run: run.sample(1, of_class=1, device="cpu"), "knows no classes"),
        (lambda run: run.interpolate([1], device="cpu"), "at least two seeds"),
        (lambda run: run.neighbours(2, 2000, by="pixels", device="cpu"), "there cannot be 2000 neighbours"),
        (lambda run: run.sample(1, checkpoint=7, device="cpu"), "keeps no checkpoint of iteration 7"),
        (lambda run: equipoise.train(3), "a recipe's name, a YAML file or an Experiment, got 3"),
        (lambda run: equipoise.train("gan-digts"), "unknown recipe 'gan-digts'; did you mean 'gan-digits'"),
        (lambda run: equipoise.train("gan-digits", devise="cpu"), "unknown setting 'devise'; did you mean 'device'"),
        (
            lambda run: run.evaluate(zzz=1),
            "unknown setting 'zzz'; known: cudnn_trials, data_root, deterministic, device, graphs, inception_weights, "
            "layout, metrics, most_rollbacks, on_collapse, on_nan, precision, quiet, samples, threads, track.",
        ),
        (lambda run: equipoise.train("gan-digits", track="wandb"), "track is a list of trackers"),
        (lambda run: equipoise.train(run.experiment, budget="cpu"), "budget and data go with a recipe's name"),
        (lambda run: equipoise.train(run.experiment, run.path, **QUIET), "already"),
    ],
)
def test_what_is_wrong_gets_a_sentence(call: object, named: str, run: Run) -> None:
    with pytest.raises(EquipoiseError, match=named):
        call(run)  # type: ignore[operator]


def test_a_study_is_loaded_with_its_table() -> None:
    study = equipoise.load(ROOT / "results" / "studies" / "magan-digits")
    assert isinstance(study, StudyView)
    assert str(study) == (study.path / "table.md").read_text(encoding="utf-8")
    shown = study._repr_html_()
    assert shown.count("<tr>") == len(study.table.rows) + 1
    assert study.runs() == {}


def test_a_comparison_of_ones_own_is_loaded_with_its_table(tmp_path: Path) -> None:
    out = tmp_path / "own"
    found = equipoise.compare(
        ["gan-digits", "ebgan-digits"], seeds=1, budget="smoke", iterations=2, samples=50, out=out, device="cpu"
    )
    study = equipoise.load(out)
    assert isinstance(study, StudyView)
    assert str(study) == (out / "table.md").read_text(encoding="utf-8")
    assert len(study.runs()) == 2
    assert study.scores == found.scores
    assert [each["row"] for each in study.scores] == ["gan-digits", "ebgan-digits"]
    assert study.conclusions == found.conclusions
    assert len(study.conclusions) == 1


@pytest.mark.parametrize(("name", "more"), [("magan-digits", set()), ("mode-table-2", {"data"})])
def test_a_loaded_study_has_the_scores_of_every_run(name: str, more: set[str]) -> None:
    study = equipoise.load(ROOT / "results" / "studies" / name)
    runs = [(row, run) for row in study.results["rows"] for run in row["runs"]]
    assert len(study.scores) == len(runs)
    for (row, run), found in zip(runs, study.scores, strict=True):
        scores = {metric: score["value"] for metric, score in run["scores"].items()}
        about = {"row": row["label"], "seed": run["seed"], "status": run["status"]}
        assert {key: found[key] for key in (*about, *scores)} == about | scores
        assert found.keys() - about.keys() - scores.keys() <= more
    assert study.conclusions == ()


@pytest.mark.parametrize(
    ("keywords", "suggested"),
    [
        ({"iteration": 5}, "iterations"),
        ({"epoch": 5}, "epochs"),
        ({"change": {}}, "changes"),
        ({"thread": 1}, "threads"),
    ],
)
def test_a_mistyped_keyword_of_train_gets_the_nearest_public_one(keywords: dict[str, Any], suggested: str) -> None:
    with pytest.raises(EquipoiseError, match=f"did you mean '{suggested}'"):
        equipoise.train("gan-digits", **keywords)


def test_a_count_beside_seeds_must_be_theirs(tmp_path: Path) -> None:
    run = equipoise.train("gan-digits", tmp_path / "run", iterations=1, **QUIET)
    export(run.path, tmp_path / "model")
    for maker in (run, equipoise.load(tmp_path / "model")):
        assert len(maker.sample(seeds=[1, 2])) == len(maker.sample(2, seeds=[1, 2])) == 2
        for make in (maker.sample, maker.picture):
            with pytest.raises(EquipoiseError, match="seeds name 1 samples, so leave out the count, which is 4"):
                make(4, seeds=[1])


def test_what_cannot_be_opened_is_told_with_what_opens_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = {"g.onnx": "is opened by onnxruntime", "g.pt2": "by torch.export.load", "g.safetensors": "is missing"}
    (tmp_path / "g.onnx").touch()
    for name, words in told.items():
        for command in (["sample", "--out", str(tmp_path / "a.png")], ["explore", "--no-browser"]):
            assert main([command[0], str(tmp_path / name), *command[1:]]) == 2
            assert words in capsys.readouterr().err
        with pytest.raises(EquipoiseError, match=words):
            equipoise.load(tmp_path / name)


def test_a_checkpoint_that_lost_its_tensors_is_missing_and_others_are_offered(run: Run, tmp_path: Path) -> None:
    copy = Run(Path(shutil.copytree(run.path, tmp_path / "copy")))
    first, second = sorted((copy.path / "checkpoints").glob("*.safetensors"))
    first.unlink()
    with pytest.raises(EquipoiseError, match=r"is missing; take another one with --checkpoint: newest, or 20\.$"):
        copy.sample(checkpoint=10)
    second.unlink()
    with pytest.raises(EquipoiseError, match=r"this file is missing\.$"):
        copy.sample()
