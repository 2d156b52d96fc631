"""A comparison of one's own: what is planned, what is refused, and what happens to runs that fail."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import equipoise
from equipoise.cli.main import main
from equipoise.common.errors import EquipoiseError
from equipoise.common.files import try_lock
from equipoise.experiments.config import to_plain, to_yaml
from equipoise.recipes.catalogue import recipe
from equipoise.runs.directory import RunDirectory
from equipoise.runs.train import Interrupted
from equipoise.studies import carry_out as carrying
from equipoise.studies import runner as running
from equipoise.studies.comparison import comparison
from equipoise.studies.plan import plan
from equipoise.studies.wish import Wish

SHORT: dict[str, Any] = {"seeds": 2, "iterations": 4, "samples": 60, "metrics": ["ms-ssim", "nearest-neighbours"]}
WORDS = ["compare", "gan-digits", "ebgan-digits", "--seeds", "2", "--iterations", "4", "--samples", "60"]
WORDS += ["--metrics", "ms-ssim", "nearest-neighbours", "--workers", "1", "--device", "cpu"]


@pytest.fixture(scope="module", autouse=True)
def no_commit() -> Iterator[None]:
    """A commit while the tests run must not tell two results apart."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("GIT_DIR", "/nonexistent")
        yield


@pytest.fixture(scope="module")
def carried_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("comparison") / "out"
    equipoise.compare(["gan-digits", "ebgan-digits"], out=out, device="cpu", say=lambda line: None, **SHORT)
    return out


@pytest.fixture
def done(carried_out: Path, tmp_path: Path) -> Path:
    return shutil.copytree(carried_out, tmp_path / "done")


def test_an_interrupt_says_once_what_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> list[str]:
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "_run", interrupted)
    assert main([*WORDS, "--budget", "smoke", "--out", str(tmp_path / "out")]) == 130
    said = capsys.readouterr().err
    assert said.splitlines()[-1].startswith("equipoise: interrupted; finished runs are kept and the others saved")
    assert said.lower().count("interrupted") == 1
    assert said.count("saved") == 1
    with pytest.raises(Interrupted, match="give the same command again"):
        equipoise.compare(
            ["gan-digits", "ebgan-digits"], out=tmp_path / "other", device="cpu", say=lambda line: None, **SHORT
        )


def labels(**wish: Any) -> list[str]:
    return [row.label for row in comparison(Wish(metrics=("recall",), **wish)).rows]


def test_every_alternative_is_crossed_with_every_value() -> None:
    assert labels(sources=("ebgan-digits", "gan-digits"), vary=("batch_size=16,32", "latent.size=10,20")) == [
        f"{name}, batch_size={batch}, size={size}"
        for name in ("ebgan-digits", "gan-digits")
        for batch in (16, 32)
        for size in (10, 20)
    ]


def test_a_setting_may_be_one_alternative_s_own() -> None:
    wish = Wish(
        ("gan-digits", "ebgan-digits"),
        settings=("batch_size=16", "gan-digits:batch_size=8"),
        vary=("ebgan-digits:algorithm.margin=1,5",),
        metrics=("recall",),
    )
    found = {each.row.label: each.experiment for each in plan(comparison(wish), "cpu", 1, False)}
    assert {label: each.batch_size for label, each in found.items()} == {
        "gan-digits": 8,
        "ebgan-digits, margin=1": 16,
        "ebgan-digits, margin=5": 16,
    }
    assert [each.algorithm.margin for label, each in found.items() if "margin" in label] == [1, 5]


def test_fields_of_the_same_name_are_told_apart_by_their_paths() -> None:
    vary = ("players.generator.optimiser.lr=1e-3,1e-4", "players.discriminator.optimiser.lr=1e-3")
    assert labels(sources=("gan-digits",), vary=vary) == [
        f"gan-digits, players.generator.optimiser.lr={rate}, players.discriminator.optimiser.lr=1e-3"
        for rate in ("1e-3", "1e-4")
    ]


def test_lists_are_values_too() -> None:
    assert labels(sources=("ebgan-digits",), vary=("players.generator.network.hidden=[8],[8, 16]",)) == [
        "ebgan-digits, hidden=[8]",
        "ebgan-digits, hidden=[8, 16]",
    ]


def test_files_and_runs_are_alternatives(tmp_path: Path, done: Path) -> None:
    file, run = tmp_path / "mine.yaml", next((done / "runs").glob("ebgan*seed1*"))
    file.write_text(to_yaml(recipe("gan-digits")), encoding="utf-8")
    found = comparison(Wish((str(file), str(run), "magan-digits"), metrics=("recall",)))
    assert [row.label for row in found.rows] == ["mine", run.name, "magan-digits"]
    planned = plan(found, "paper", 2, False)
    assert [each.experiment.seed for each in planned] == [0, 1] * 3
    assert to_plain(planned[0].experiment.players) == to_plain(recipe("gan-digits").players)
    assert planned[2].experiment.algorithm.iterations == RunDirectory(run).experiment().algorithm.iterations


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["gan-digit", "ebgan-digits"], "unknown recipe, YAML file or run 'gan-digit'; did you mean 'gan-digits'?"),
        (["gan-digits"], "needs two alternatives"),
        (["gan-digits", "gan-digits"], "'gan-digits' is used twice"),
        (["nowhere/run", "gan-digits"], "there is no file or run nowhere/run"),
        (["nowhere.yaml", "gan-digits"], "cannot read the configuration"),
        (["gan-digits", "magan-mnist"], "name the data for both with --data"),
        (["gan-digits", "ebgan-digits", "--data", "nowhere/photos"], "no folder nowhere/photos"),
        (["gan-digits", "ebgan-digits", "--metrics", "recal"], "did you mean 'recall'?"),
        (
            ["gan-digits", "ebgan-digits", "--vary", "algorithm.margin=1,2"],
            "Write ALTERNATIVE:FIELD=VALUE to set it for one alternative only.",
        ),
        (["gan-digits", "ebgan-digits", "--vary", "ebgan:batch_size=1,2"], "did you mean 'ebgan-digits'?"),
        (["gan-digits", "ebgan-digits", "--vary", "batch_size"], "does not vary anything"),
        (["gan-digits", "ebgan-digits", "--vary", "batch_size=8,,9"], "does not vary anything"),
        (["gan-digits", "ebgan-digits", "--set", "batch_sise=8"], "did you mean 'batch_size'?"),
        (["gan-digits", "ebgan-digits", "--vary", "batch_size=-1,2"], "batch_size must be at least 1"),
        (["gan-digits", "--vary", "batch_size=16,0x10"], "are the same experiment"),
        (["gan-digits", "ebgan-digits", "--set", "seed=7"], "a change sets the seed"),
        (["gan-digits", "ebgan-digits", "--set", "ebgan-digits:seed=7"], "ebgan-digits: a change sets the seed"),
        (["gan-digits", "--vary", "seed=1,2"], "say with --seeds how many there are"),
        (["gan-digits", "ebgan-digits", "--metrics", "fid"], "weights"),
        (["gan-digits", "ebgan-digits", "--metrics", "class-histogram"], "is not one number"),
        (["gan-digits", "ebgan-digits", "--metrics", "share-near"], "share-near needs Gaussians"),
        (["gan-digits", "ebgan-digits", "--slurm", "--workers", "2"], "leave out --ray and --workers"),
        (["gan-digits", "ebgan-digits", "--slurm", "--slurm-options", "time"], "KEY=VALUE"),
    ],
)
def test_a_mistake_is_one_sentence_and_leaves_nothing(
    words: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["compare", *words]) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_the_directory_of_a_run_is_no_place_for_a_study(done: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = next((done / "runs").glob("ebgan*seed1*"))
    before = sorted(path.name for path in run.iterdir())
    assert main([*WORDS, "--out", str(run)]) == 2
    assert "is a run; choose another --out" in capsys.readouterr().err
    assert sorted(path.name for path in run.iterdir()) == before


def test_a_dry_run_trains_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*WORDS, "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert "4 runs, 4 to do. Nothing is trained now." in told
    assert "ebgan-digits  2 runs, 2 to do, " in told
    assert "Expected: " in told
    assert list(tmp_path.iterdir()) == []


def test_the_table_is_read_in_the_terminal(done: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*WORDS, "--out", str(done)]) == 0
    told = capsys.readouterr()
    assert "4 runs, 0 to do." in told.err
    lines = told.out.splitlines()
    (head,) = (n for n, line in enumerate(lines) if line.startswith("row "))
    first, second = lines[head + 1 : head + 3]
    assert first.startswith("gan-digits    ")
    assert len(first) == len(second)
    assert "|" not in told.out
    assert max(map(len, lines[:-1])) <= 80
    assert "paired t-test" in told.out or "cannot tell" in told.out


def test_the_page_holds_tests_settings_and_curves(done: Path) -> None:
    page = (done / "report.html").read_text(encoding="utf-8")
    for part in ("What the seeds show", "95 % interval", "What differs between the rows", "Samples over time"):
        assert part in page, part
    assert "algorithm.margin" in page
    assert "Published and ours" not in page
    assert "verdict" not in (done / "table.md").read_text(encoding="utf-8")
    study = (done / "study.yaml").read_text(encoding="utf-8")
    assert main(["report", str(done)]) == 0
    assert (done / "report.html").read_text(encoding="utf-8") == page
    assert (done / "study.yaml").read_text(encoding="utf-8") == study


@pytest.mark.parametrize(
    ("alternatives", "more", "words"),
    [
        ("gan-digits", {}, "needs two alternatives or more"),
        (["gan-digits", 3], {}, "unknown recipe, YAML file or run '3'"),
        (["gan-digits", Path("nowhere.yaml")], {}, "nowhere.yaml"),
        (["gan-digits", "ebgan-digits"], {"metrics": "incepton-score"}, "unknown metric 'incepton-score'"),
        (["gan-digits", "ebgan-digits"], {"settings": "batchsize=3"}, "did you mean 'batch_size'"),
        (["gan-digits", "ebgan-digits"], {"vary": "batch_size"}, "'batch_size' does not vary anything"),
        (["gan-digits", "ebgan-digits"], {"seeds": 2.5}, "seeds must be a whole number"),
        (["gan-digits", "ebgan-digits"], {"seeds": "2"}, "seeds must be a whole number"),
        (["gan-digits", "ebgan-digits"], {"seeds": 10**6}, "seeds must be at most 1,000"),
    ],
)
def test_one_word_is_a_list_of_one(alternatives: Any, more: dict[str, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(EquipoiseError, match=words):
        equipoise.compare(alternatives, out=tmp_path / "study", **more)
    assert not (tmp_path / "study").exists()


def test_a_comparison_is_an_object_in_python(done: Path) -> None:
    lines: list[str] = []
    found = equipoise.compare(["gan-digits", "ebgan-digits"], out=done, device="cpu", say=lines.append, **SHORT)
    assert lines[0].endswith("4 runs, 0 to do.")
    assert [cell.text for cell, *_ in found.table.rows] == ["gan-digits", "ebgan-digits"]
    assert len(found.conclusions) == 1
    assert [(run["row"], run["seed"], run["status"]) for run in found.scores] == [
        (row, seed, "finished") for row in ("gan-digits", "ebgan-digits") for seed in (0, 1)
    ]
    assert all(0 < run["ms-ssim"] <= 1 for run in found.scores)
    assert found._repr_html_().count("<tr>") == 3
    assert "gan-digits" in str(found)
    assert found.page == done / "report.html"


def test_a_run_that_fails_loses_no_other(
    done: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = next((done / "runs").glob("ebgan*seed1*"))
    shutil.rmtree(lost)
    whole, train = (done / "results.json").read_bytes(), carrying.train

    def fail(*arguments: object) -> None:
        raise RuntimeError("out of\nmemory <at> last")

    monkeypatch.setattr(carrying, "train", fail)
    assert main([*WORDS, "--out", str(done)]) == 2
    told = capsys.readouterr()
    assert "1 run failed, and the others are in the report" in told.err
    assert "RuntimeError: out of memory <at> last" in told.err
    assert "Failed: ebgan-digits, seed 1: RuntimeError: out of memory <at> last" in told.out
    rows = {row["label"]: row["runs"] for row in json.loads((done / "results.json").read_text())["rows"]}
    assert [run["status"] for run in rows["ebgan-digits"]] == ["finished", "failed"]
    assert "1 seed left out, without a score" in told.out.replace("\n", " ")
    assert "out of memory &lt;at&gt; last" in (done / "report.html").read_text(encoding="utf-8")
    monkeypatch.setattr(carrying, "train", train)
    assert main([*WORDS, "--out", str(done)]) == 0
    assert (done / "results.json").read_bytes() == whole
    assert "failed" not in (done / "table.md").read_text(encoding="utf-8")


def test_where_every_run_fails_the_reason_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*arguments: object) -> None:
        raise EquipoiseError("the disk is full.")

    monkeypatch.setattr(carrying, "train", fail)
    assert main([*WORDS, "--out", str(tmp_path / "out")]) == 2
    assert "every run failed, the first one because: the disk is full." in capsys.readouterr().err


def test_another_comparison_in_the_same_directory_says_so(done: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["3" if word == "2" else word for word in WORDS]
    assert main([*words, "--out", str(done)]) == 0
    told = capsys.readouterr().err
    assert "held another comparison, with other seeds or samples: " in told.replace("\n", " ")
    assert "6 runs, 2 to do." in told


def test_two_comparisons_do_not_work_in_one_directory(done: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open(done / ".lock", "ab") as file:
        assert try_lock(file)
        assert main([*WORDS, "--out", str(done)]) == 2
    assert "another process is working in" in capsys.readouterr().err


def test_slurm_jobs_end_with_the_same_results(done: Path) -> None:
    pytest.importorskip("submitit")
    whole = (done / "results.json").read_bytes()
    shutil.rmtree(next((done / "runs").glob("ebgan*seed1*")))
    words = [word for word in WORDS if word not in ("--workers", "1")]
    assert main([*words, "--out", str(done), "--slurm", "--slurm-options", "cluster=local,timeout_min=5"]) == 0
    assert (done / "results.json").read_bytes() == whole
    assert (done / "slurm").is_dir()


def test_a_directory_is_a_study_too(done: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", str(done), "--out", str(done), "--workers", "1", "--device", "cpu"]) == 0
    assert "4 runs, 0 to do." in capsys.readouterr().err
