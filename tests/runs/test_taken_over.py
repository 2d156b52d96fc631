"""A run begins with the weights of another one, as far as they fit, and says what was taken."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from equipoise.common.errors import EquipoiseError
from equipoise.data.noise import Noise
from equipoise.experiments.experiment import Experiment, Watch, network
from equipoise.runs.longer import Longer
from equipoise.runs.taken_over import From
from equipoise.runs.train import Settings, resume, train
from equipoise.runs.trained import load_trained
from equipoise.testing.toys import TOY_EXPERIMENTS, toy, two
from equipoise.training.average import Average
from equipoise.training.checkpoint import list_checkpoints

CPU = torch.device("cpu")
QUIET = Settings("cpu", threads=1, quiet=True)
WATCH = Watch(sample_grids=0, checkpoints=5, keep=9)


def of_size(size: int, width: int = 2, **changes: object) -> Experiment:
    players = two(
        network("dcgan-generator", latent_size=3, width=width, image_size=size, channels=1),
        network("dcgan-discriminator", width=width, image_size=size, channels=1),
    )
    algorithm = TOY_EXPERIMENTS["gan-hinge"]().algorithm
    return toy(algorithm, players, data=Noise((1, size, size), 66), watch=WATCH, **changes)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(of_size(8), tmp_path_factory.mktemp("source") / "run", QUIET).path


def begun(run: Path, name: str) -> dict[str, torch.Tensor]:
    first = list_checkpoints(run / "checkpoints")[0]
    assert first.iteration == 0, "the weights that a run begins with are kept, so that a resume finds them"
    return first.read_tensors(f"players/{name}.")


def test_a_run_of_the_same_size_begins_where_the_other_ended(source: Path, tmp_path: Path) -> None:
    experiment = of_size(8, seed=5, average=Average(half_life_images=50))
    run = train(experiment, tmp_path / "run", replace(QUIET, begin_from=From(source))).path
    last = list_checkpoints(source / "checkpoints")[-1]
    for name in ("generator", "discriminator"):
        expected, found = last.read_tensors(f"players/{name}."), begun(run, name)
        assert expected.keys() == found.keys()
        assert all(torch.equal(value, found[each]) for each, value in expected.items())
    average = list_checkpoints(run / "checkpoints")[0].read_tensors("averages/generator.")
    weights = last.read_tensors("players/generator.")
    assert all(torch.equal(value, average[each]) for each, value in weights.items())


def test_another_checkpoint_of_it_may_be_asked_for(source: Path, tmp_path: Path) -> None:
    run = train(of_size(8), tmp_path / "run", replace(QUIET, begin_from=From(source, "2"))).path
    (asked,) = [each for each in list_checkpoints(source / "checkpoints") if each.iteration == 2]
    expected = asked.read_tensors("players/generator.")
    assert all(torch.equal(value, begun(run, "generator")[each]) for each, value in expected.items())


def test_for_larger_pictures_the_stages_that_fit_are_taken_over_and_told(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    larger = replace(QUIET, quiet=False, begin_from=From(source))
    train(of_size(16), tmp_path / "run", larger)
    captured = capsys.readouterr()
    words = captured.out + captured.err
    assert f"Taken over from {source}: iteration 5, the newest checkpoint." in words
    assert "generator:" in words
    assert "of its numbers; new: " in words
    assert "The optimisers and the learning rates begin anew." in words


def test_nothing_that_fits_is_one_sentence(source: Path, tmp_path: Path) -> None:
    experiment = replace(TOY_EXPERIMENTS["gan"](), data=Noise((1, 4, 4), 66), watch=WATCH)
    with pytest.raises(EquipoiseError, match="fits this generator; choose the same recipe"):
        train(experiment, tmp_path / "run", replace(QUIET, begin_from=From(source)))
    assert not (tmp_path / "run").exists()


def test_a_run_that_lost_what_it_began_with_is_not_begun_with_other_weights(source: Path, tmp_path: Path) -> None:
    run = train(of_size(8), tmp_path / "run", replace(QUIET, begin_from=From(source)))
    for each in list_checkpoints(run.checkpoints):
        each.delete()
    with pytest.raises(EquipoiseError, match="start it again with train --from"):
        resume(run.path, QUIET)


def test_fine_tuned_runs_go_on_too(source: Path, tmp_path: Path) -> None:
    run = train(of_size(8), tmp_path / "run", replace(QUIET, begin_from=From(source))).path
    resume(run, QUIET, Longer(iterations=7))
    assert load_trained(run, CPU).iteration == 7
