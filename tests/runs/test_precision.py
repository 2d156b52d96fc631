"""How a run computes: recorded, kept by a resume, and honest about what cannot be."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from equipoise.data.noise import Noise
from equipoise.experiments.experiment import Watch, with_length
from equipoise.recipes.catalogue import recipe
from equipoise.runs.train import Settings, resume, train
from equipoise.runs.trained import load_trained


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
