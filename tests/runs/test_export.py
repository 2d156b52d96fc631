"""An exported generator makes what the run's own generator makes."""

import json
import logging
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from equipoise.evaluation.sampling import generate
from equipoise.experiments.experiment import with_length
from equipoise.networks import build
from equipoise.networks.catalogue import NETWORKS
from equipoise.recipes.catalogue import recipe
from equipoise.runs import export as room
from equipoise.runs.export import export
from equipoise.runs.train import Settings, train
from equipoise.runs.trained import Trained, load_trained

pytestmark = pytest.mark.lengthy


@pytest.fixture(scope="module", params=["gan-digits", "gan-ring"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few iterations of images in [-1, 1] or [0, 1], and of points."""
    experiment = with_length(recipe(request.param), iterations=3)
    out = tmp_path_factory.mktemp("export") / "run"
    settings = Settings("cpu", threads=1, quiet=True)
    return train(replace(experiment, batch_size=16), out, settings).path


def test_onnx_gives_the_same_for_any_batch(run: Path, tmp_path: Path) -> None:
    runtime = pytest.importorskip("onnxruntime")
    path = export(run, tmp_path / "generator.onnx")
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    trained = load_trained(run, torch.device("cpu"))
    for count in (1, 7):
        latent = trained.experiment.latent.sample(count, torch.Generator().manual_seed(count))
        (found,) = session.run(None, {"latent": latent.numpy()})
        expected = trained.generator(latent)
        if trained.experiment.value_range == "symmetric" and expected.ndim == 4:
            expected = (expected + 1) / 2
        torch.testing.assert_close(torch.from_numpy(found), expected, atol=1e-5, rtol=1e-5)
    metadata = session.get_modelmeta().custom_metadata_map
    assert metadata["experiment"] == trained.experiment.name
    assert metadata["iteration"] == "3"


def test_safetensors_holds_the_weights_and_says_of_what(run: Path, tmp_path: Path) -> None:
    path = export(run, tmp_path / "generator.safetensors")
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    trained = load_trained(run, torch.device("cpu"))
    described = json.loads(metadata["network"])
    kind = described.pop("kind")
    rebuilt = build(NETWORKS.load(kind), torch.Generator().manual_seed(1), **described)
    rebuilt.load_state_dict(tensors)
    prior, seed = trained.experiment.latent, trained.experiment.seed
    assert torch.equal(generate(rebuilt, prior, 5, seed), generate(trained.generator, prior, 5, seed))


@pytest.mark.parametrize("ending", ["onnx", "safetensors"])
def test_libraries_do_not_talk_to_the_user(
    ending: str, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def chatty(trained: Trained, described: dict[str, str]) -> bytes:
        logging.getLogger("torch.onnx").warning("torchvision is not installed")
        warnings.warn("deprecated", stacklevel=1)
        print("converted")
        print("skipped", file=sys.stderr)
        return write(trained, described)

    if ending == "onnx":
        pytest.importorskip("onnxruntime")
    write = room._WRITERS[f".{ending}"]
    monkeypatch.setitem(room._WRITERS, f".{ending}", chatty)
    before = logging.root.manager.disable
    with warnings.catch_warnings(record=True) as caught:
        export(run, tmp_path / f"generator.{ending}")
    assert (tmp_path / f"generator.{ending}").is_file()
    assert capfd.readouterr() == ("", "")
    assert caught == []
    assert logging.root.manager.disable == before


def test_what_a_library_raises_becomes_one_sentence(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(trained: Trained, described: dict[str, str]) -> bytes:
        raise RuntimeError("no decomposition\nof aten::strange")

    monkeypatch.setitem(room._WRITERS, ".onnx", failing)
    with pytest.raises(room.EquipoiseError, match=r"generator\.onnx, which ended in RuntimeError: no decomposition$"):
        export(run, tmp_path / "generator.onnx")
    assert not (tmp_path / "generator.onnx").exists()


def test_a_file_that_differs_is_not_written(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnxruntime")
    monkeypatch.setattr(room, "_TOLERANCE", -1.0)
    with pytest.raises(room.EquipoiseError, match="differs from the network"):
        export(run, tmp_path / "generator.onnx")
    assert not (tmp_path / "generator.onnx").exists()


def test_images_are_moved_to_the_unit_range() -> None:
    symmetric = torch.tensor([[-1.0, 0.0, 1.0]])
    assert room.UnitImages(torch.nn.Identity(), symmetric=True)(symmetric).tolist() == [[0, 0.5, 1]]
    assert room.UnitImages(torch.nn.Identity(), symmetric=False)(symmetric).tolist() == [[-1, 0, 1]]
