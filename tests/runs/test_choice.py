"""Every reader of a run takes the checkpoint that was wished for, says which, and bears a run that goes on."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from equipoise.cli.main import main
from equipoise.common.errors import EquipoiseError
from equipoise.evaluation.scoring import Evidence, Score
from equipoise.experiments.config import to_yaml
from equipoise.experiments.experiment import Watch, with_length
from equipoise.recipes.catalogue import recipe
from equipoise.runs import observers
from equipoise.runs.observers import Evaluator
from equipoise.runs.remembered import Best
from equipoise.runs.train import Settings, train
from equipoise.runs.trained import load_trained
from equipoise.training import checkpoint
from equipoise.training.checkpoint import Checkpoint, list_checkpoints
from equipoise.training.log import Recorder

CPU, QUIET = torch.device("cpu"), Settings("cpu", threads=1, quiet=True)
BEST, NEWEST = 4, 8


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose best checkpoint is not its newest."""
    values = iter([1.0, 3.0, 2.0, 2.5])

    def scripted(names: tuple[str, ...], evidence: Evidence) -> tuple[list[Score], dict[str, str]]:
        return [Score("inception-score", next(values), None, {})], {}

    asked = {"evaluations": 4, "metrics": ("inception-score",), "samples": 20, "best": "inception-score"}
    watch = Watch(sample_grids=1, checkpoints=4, keep=1, **asked)  # type: ignore[arg-type]
    experiment = replace(with_length(recipe("gan-digits"), iterations=8), batch_size=16, watch=watch)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(observers, "take_possible", scripted)
        return train(experiment, tmp_path_factory.mktemp("choice") / "run", QUIET).path


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "copy"))


def same(generator: torch.nn.Module, run: Path, iteration: int) -> bool:
    tensors = load_file(run / "checkpoints" / f"iteration-{iteration:09d}.safetensors")
    found = generator.state_dict()
    return all(torch.equal(value, tensors[f"players/generator.{name}"]) for name, value in found.items())


@pytest.mark.parametrize(
    ("wish", "iteration", "why"),
    [
        (None, BEST, "the best checkpoint by inception-score (3)"),
        ("best", BEST, "the best checkpoint by inception-score (3)"),
        ("newest", NEWEST, "the newest checkpoint"),
        ("4", BEST, "as asked for"),
        ("8", NEWEST, "as asked for"),
    ],
)
def test_the_checkpoint_that_was_wished_for_is_taken(wish: str | None, iteration: int, why: str, run: Path) -> None:
    told: list[str] = []
    trained = load_trained(run, CPU, wish, told.append)
    assert trained.iteration == iteration
    assert same(trained.generator, run, iteration)
    assert told == [f"Taken from {run}: iteration {iteration}, {why}."]


def test_every_reading_command_takes_it_and_says_so(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("equipoise.reports.pages.write_run_report", lambda run: run)

    def said(*words: object) -> str:
        assert main([str(word) for word in words]) == 0
        return capsys.readouterr().out.splitlines()[0]

    grids = {}
    for wish, iteration in (("best", BEST), ("newest", NEWEST), ("4", BEST)):
        chosen = ("--checkpoint", wish)
        arrays, weights = tmp_path / f"{wish}.npz", tmp_path / f"{wish}.safetensors"
        assert f"iteration {iteration}, " in said("sample", run, "--count", 4, "--out", arrays, *chosen)
        assert f"iteration {iteration}, " in said("export", run, "--out", weights, *chosen)
        assert f"iteration {iteration}, " in said(
            "evaluate", run, "--metrics", "ms-ssim", "--samples", 10, "--device", "cpu", "--quiet", *chosen
        )
        assert f'"iteration": {iteration}' in (run / "scores.json").read_text()
        grids[wish] = np.load(arrays)["images"]
    assert np.array_equal(grids["best"], grids["4"])
    assert not np.array_equal(grids["best"], grids["newest"])


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        ("5", "keeps no checkpoint of iteration 5; there are: 4, 8."),
        ("bset", "by best, newest or an iteration, not by 'bset'"),
        ("-1", "by best, newest or an iteration, not by '-1'"),
    ],
)
def test_a_checkpoint_that_is_not_there_is_refused(wish: str, sentence: str, run: Path) -> None:
    with pytest.raises(EquipoiseError, match=sentence):
        load_trained(run, CPU, wish)


def test_a_damaged_best_checkpoint_is_named_and_no_other_takes_its_place(run: Path) -> None:
    damaged = run / "checkpoints" / f"iteration-{BEST:09d}.safetensors"
    damaged.write_bytes(damaged.read_bytes()[:-1])
    with pytest.raises(EquipoiseError, match=f"{damaged.name} is damaged"):
        load_trained(run, CPU)
    assert load_trained(run, CPU, "newest").iteration == NEWEST


def test_a_run_without_a_best_checkpoint_says_why(tmp_path: Path) -> None:
    experiment = replace(with_length(recipe("gan-digits"), iterations=1), batch_size=16)
    run = train(experiment, tmp_path / "run", QUIET)
    assert load_trained(run.path, CPU).iteration == 1
    with pytest.raises(EquipoiseError, match=r"has no best checkpoint: its watch\.best names no metric"):
        load_trained(run.path, CPU, "best")


@pytest.mark.parametrize(("metric", "kept"), [("inception-score", True), ("class-histogram", False), (None, False)])
def test_a_best_that_another_metric_found_counts_as_none(metric: str | None, kept: bool, run: Path) -> None:
    """`watch` may be changed between two sittings."""
    found = load_trained(run, CPU)
    watch = replace(found.experiment.watch, metrics=("inception-score", "class-histogram"), best=metric)
    changed = replace(found.experiment, watch=watch)
    (run / "config.yaml").write_text(to_yaml(changed))
    assert load_trained(run, CPU).iteration == (BEST if kept else NEWEST)
    remembered = Best(**list_checkpoints(run / "checkpoints")[-1].read_index()["extra"]["best"])
    evaluator = Evaluator(changed, Recorder(run / "metrics.jsonl"), NEWEST, None, best=remembered)
    assert evaluator.best == (remembered if kept else None)


@pytest.mark.parametrize("moment", ["read_index", "read_tensors"])
def test_a_checkpoint_that_is_replaced_while_it_is_read_is_looked_for_again(
    moment: str, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a run with keep=1 does it: the next one is written, then the one before it goes."""
    for old in list_checkpoints(run / "checkpoints")[:1]:
        old.delete()
    read: Callable[..., Any] = getattr(Checkpoint, moment)
    (newest,) = list_checkpoints(run / "checkpoints")
    kept = {path.suffix: path.read_bytes() for path in (newest.tensors, newest.index)}

    def replaced(found: Checkpoint, *words: Any) -> Any:
        iteration = list_checkpoints(run / "checkpoints")[-1].iteration + 1
        if iteration < NEWEST + 4:
            for suffix, data in kept.items():
                (run / "checkpoints" / f"iteration-{iteration:09d}{suffix}").write_bytes(data)
            found.delete()
        return read(found, *words)

    monkeypatch.setattr(Checkpoint, moment, replaced)
    assert load_trained(run, CPU, "newest").iteration == NEWEST + 3


def test_tensors_that_go_while_they_are_summed_up_are_looked_for_again(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    best, newest = list_checkpoints(run / "checkpoints")
    summed_up = checkpoint.sha256_of

    def gone(path: Path) -> str:
        if path == newest.tensors:
            newest.delete()
        return summed_up(path)

    monkeypatch.setattr(checkpoint, "sha256_of", gone)
    assert load_trained(run, CPU, "newest").iteration == best.iteration


def test_a_player_that_is_asked_for_too_late_is_not_called_damaged(run: Path) -> None:
    trained = load_trained(run, CPU, "newest")
    assert not any(module.training for module in trained.load_player("discriminator").modules())
    trained.checkpoint.delete()
    with pytest.raises(EquipoiseError, match=r"still training, has replaced iteration-0+8\.json since"):
        trained.load_player("discriminator")


def test_damage_that_stays_is_told_once(run: Path) -> None:
    for path in (run / "checkpoints").glob("*.safetensors"):
        path.write_bytes(b"")
    with pytest.raises(EquipoiseError, match="is damaged"):
        load_trained(run, CPU, "newest")


def test_a_loaded_generator_is_ready_for_use(run: Path) -> None:
    """One latent gives the same image alone and among others: nothing is normalised by the batch at hand."""
    trained = load_trained(run, CPU)
    assert not any(module.training for module in trained.generator.modules())
    latents = trained.experiment.latent.sample(8, torch.Generator().manual_seed(0))
    torch.testing.assert_close(trained.generator(latents)[:1], trained.generator(latents[:1]))
    assert not any(each.requires_grad for each in trained.generator.parameters())
