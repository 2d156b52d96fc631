"""How a run computes: recorded, kept by a resume, and honest about what cannot be."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from equipoise.common.errors import EquipoiseError
from equipoise.data.noise import Noise
from equipoise.experiments.build import Layout, build_player
from equipoise.experiments.experiment import Watch, with_length
from equipoise.recipes.catalogue import recipe
from equipoise.runs.environment import differences
from equipoise.runs.train import Settings, resume, train
from equipoise.runs.trained import load_trained
from equipoise.training.precision import algorithms

pytestmark = pytest.mark.lengthy

QUICK = Settings(device="cpu", threads=1, quiet=True, on_collapse="log")


def trained(out: Path, **settings: object) -> dict[str, torch.Tensor]:
    base = recipe("gan-digits")
    experiment = replace(base, data=Noise((1, 8, 8), 128), watch=Watch(sample_grids=0, checkpoints=1))
    run = train(with_length(experiment, iterations=6), out, Settings(device="cpu", threads=1, quiet=True, **settings))  # type: ignore[arg-type]
    return load_trained(run.path, torch.device("cpu")).generator.state_dict()


def sessions(out: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads((out / "environment.json").read_text())["sessions"]
    return found


def test_precision_is_recorded_kept_and_felt(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    single, rounded = trained(tmp_path / "single"), trained(tmp_path / "rounded", precision="bfloat16")
    assert sessions(tmp_path / "single")[0]["precision"] == "float32"
    assert sessions(tmp_path / "rounded")[0]["precision"] == "bfloat16"
    differences = [float((single[name] - rounded[name]).abs().max()) for name in single]
    assert 0 < max(differences) < 0.05
    assert all(value.dtype == single[name].dtype for name, value in rounded.items())
    resume(tmp_path / "rounded", Settings(device="cpu", threads=1, quiet=True))
    assert sessions(tmp_path / "rounded")[1]["precision"] == "bfloat16"
    assert "precision" not in capsys.readouterr().err


def test_graphs_without_a_gpu_are_refused_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain, asked = trained(tmp_path / "plain"), trained(tmp_path / "asked", graphs=True)
    assert "warning: CUDA graphs need a GPU with CUDA" in capsys.readouterr().err
    assert all(torch.equal(value, asked[name]) for name, value in plain.items())


def convolutional(out: Path, **settings: object) -> dict[str, torch.Tensor]:
    """A small run with convolutions. Returns: the last state."""
    watch = Watch(sample_grids=0, checkpoints=2, keep=2)
    experiment = with_length(replace(recipe("mmd-rep-b-cifar10", "smoke"), watch=watch), iterations=2)
    train(experiment, out, replace(QUICK, **settings))  # type: ignore[arg-type]
    return load_file(newest(out))


def newest(out: Path) -> Path:
    return max((out / "checkpoints").glob("*.safetensors"))


def test_a_layout_changes_rounding_alone_and_a_resume_keeps_it(tmp_path: Path) -> None:
    last, contiguous = (convolutional(tmp_path / layout, layout=layout) for layout in ("channels-last", "contiguous"))
    for name, value in last.items():
        if name == "players/discriminator.head.1.bias":  # MMD does not see it: its gradient is rounding alone,
            assert (contiguous[name] - value).abs().max() <= 2 * 2 * 1e-3  # and each of Adam's 2 steps lr 1e-3 at most
        elif name.startswith("players/"):
            torch.testing.assert_close(contiguous[name], value, rtol=1e-3, atol=1e-3)
    assert sessions(tmp_path / "contiguous")[0]["layout"] == "contiguous"
    whole = newest(tmp_path / "contiguous")
    for path in (whole, whole.with_suffix(".json")):
        path.unlink()
    with pytest.raises(EquipoiseError, match="began with the layout contiguous"):
        resume(tmp_path / "contiguous", replace(QUICK, layout="channels-last"))
    resume(tmp_path / "contiguous", QUICK)
    again = load_file(whole)
    assert [name for name, value in contiguous.items() if not torch.equal(again[name], value)] == []


def test_a_checkpoint_knows_its_layout_where_the_record_is_lost(tmp_path: Path) -> None:
    """The moments of another layout would be taken for those of other entries."""
    convolutional(tmp_path / "run", layout="contiguous")
    (tmp_path / "run" / "environment.json").unlink()
    with pytest.raises(EquipoiseError, match="resume with --layout contiguous"):
        resume(tmp_path / "run", QUICK)
    resume(tmp_path / "run", replace(QUICK, layout="contiguous"))


@pytest.mark.parametrize(("layout", "format"), [("channels-last", torch.channels_last), ("contiguous", None)])
def test_maps_and_kernels_lie_in_the_layout(layout: Layout, format: torch.memory_format | None) -> None:
    experiment = recipe("mmd-rep-b-cifar10", "smoke")
    latent = experiment.latent.sample(2, torch.Generator())
    generator = build_player("generator", experiment, latent, layout)
    wanted = format or torch.contiguous_format
    found = [each.is_contiguous(memory_format=wanted) for each in generator.parameters() if each.ndim == 4]
    assert len(found) >= 3
    assert all(found)
    assert generator(latent).is_contiguous(memory_format=wanted)


def test_deterministic_algorithms_are_recorded_and_kept(tmp_path: Path) -> None:
    trained(tmp_path, deterministic=True)
    resume(tmp_path, QUICK)
    assert [session["deterministic"] for session in sessions(tmp_path)] == [True, True]
    with pytest.raises(EquipoiseError, match="cannot be combined with cuDNN's trials"):
        resume(tmp_path, replace(QUICK, cudnn_trials=True))


@pytest.mark.parametrize(("deterministic", "trials"), [(True, False), (False, True)])
def test_a_gpus_algorithms_are_chosen_for_a_run_and_no_longer(
    deterministic: bool, trials: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)

    def chosen() -> tuple[bool, bool]:
        return torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.benchmark

    before = chosen()
    with algorithms(deterministic, trials, torch.device("cpu")):
        assert chosen() == before
    with algorithms(deterministic, trials, torch.device("cuda")):
        assert chosen() == (deterministic, trials)
        assert ("CUBLAS_WORKSPACE_CONFIG" in os.environ) == deterministic
    assert chosen() == before


def test_what_has_no_deterministic_algorithm_is_named_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    with (
        pytest.raises(EquipoiseError, match=r"^put_ has no deterministic algorithm on a GPU\.$"),
        algorithms(True, False, torch.device("cuda")),
    ):
        torch.zeros(3).put_(torch.tensor([0]), torch.ones(1))
    with pytest.raises(RuntimeError, match="another"), algorithms(True, False, torch.device("cuda")):
        raise RuntimeError("another trouble")


def test_a_gpu_repeats_its_bits_where_that_was_asked_for() -> None:
    """What a resume warns of."""
    session = {"device": "cuda", "device_name": "x", "packages": {"torch": "2"}, "threads": 1}
    free, asked = session, session | {"deterministic": True}
    assert differences(free, free) == []
    assert differences(asked, free) == [("a choice of algorithms that is", "deterministic", "free")]
    assert differences(free | {"device": "cpu"}, asked | {"device": "cpu"}) == []
