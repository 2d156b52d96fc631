"""A generator leaves its run in every form with the same images, and a hostile file stays harmless."""

import io
import json
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

import equipoise
from equipoise.algorithms.gan import GAN
from equipoise.common.errors import EquipoiseError
from equipoise.constraints import SpectralNorm
from equipoise.evaluation.sampling import generate, to_bytes
from equipoise.experiments.build import build_network
from equipoise.experiments.experiment import NetworkConfig, network
from equipoise.networks.catalogue import NETWORKS
from equipoise.networks.network import Generator
from equipoise.runs import export as room
from equipoise.runs.directory import RunDirectory
from equipoise.runs.shipped import DESCRIPTION, WEIGHTS, Shipped, open_shipped
from equipoise.runs.trained import Trained
from equipoise.testing.toys import discriminator, toy, two
from equipoise.training.checkpoint import Checkpoint
from equipoise.training.draw import Latent
from tests.networks.test_every_network import BY_KIND

GENERATORS = [kind for kind in NETWORKS if issubclass(NETWORKS.load(kind), Generator)]


def trained(config: NetworkConfig, path: Path, value_range: str = "symmetric") -> Trained:
    """A generator of this kind with weights of its own and statistics that are not the first ones."""
    generator = build_network(config, torch.Generator().manual_seed(1))
    latent = Latent(generator.latent_size)
    generator.train()(latent.sample(8, torch.Generator().manual_seed(2)))
    experiment = toy(
        GAN(iterations=1), two(config, discriminator()), latent=latent, value_range=value_range, name="tiny"
    )
    ready = generator.requires_grad_(False).eval()
    return Trained(RunDirectory(path), experiment, ready, 7, Checkpoint(path / "iteration-000000007.json"))


def config_of(kind: str) -> NetworkConfig:
    return network(kind, **BY_KIND[kind])


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    room.write_model(trained(config_of("dcgan-generator"), tmp_path), folder)
    return folder


@pytest.mark.parametrize("kind", GENERATORS)
def test_every_network_is_rebuilt_from_its_description_and_samples_the_same(kind: str, tmp_path: Path) -> None:
    origin = trained(config_of(kind), tmp_path)
    room.write_model(origin, tmp_path)
    shipped = open_shipped(tmp_path)
    assert shipped is not None
    expected = generate(origin.generator, origin.experiment.latent, 3, 5)
    assert torch.equal(generate(shipped.network, shipped.description.latent, 3, 5), expected)
    assert shipped.sample(3, seed=5).shape[0] == 3


@pytest.mark.lengthy
@pytest.mark.parametrize("kind", GENERATORS)
def test_every_network_is_exported_by_torch_for_any_batch(kind: str, tmp_path: Path) -> None:
    origin = trained(config_of(kind), tmp_path)
    content = room._torch_export(origin, room.description_of(origin))
    extra = {"equipoise.json": ""}
    module = torch.export.load(io.BytesIO(content), extra_files=extra).module()
    assert json.loads(extra["equipoise.json"])["network"]["kind"] == kind
    for count in (1, 5):
        latent = origin.experiment.latent.sample(count, torch.Generator().manual_seed(count))
        expected = origin.generator(latent)
        expected = ((expected + 1) / 2).clamp(0, 1) if expected.ndim == 4 else expected
        torch.testing.assert_close(module(latent), expected, atol=1e-4, rtol=0)


@pytest.fixture(scope="module")
def one_table() -> Iterator[None]:
    """torch makes its table of translations to ONNX anew for each export, a second each time; here it is made once."""
    registry: Any = pytest.importorskip("torch.onnx._internal.exporter._registration").ONNXRegistry
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "from_torchlib", staticmethod(cache(registry.from_torchlib)))
        yield


@pytest.mark.lengthy
@pytest.mark.usefixtures("one_table")
@pytest.mark.parametrize("kind", GENERATORS)
def test_every_network_is_written_as_onnx_for_any_batch(kind: str, tmp_path: Path) -> None:
    runtime = pytest.importorskip("onnxruntime")
    origin = trained(config_of(kind), tmp_path)
    session = runtime.InferenceSession(room._onnx(origin, room.description_of(origin)))
    latent = origin.experiment.latent.sample(5, torch.Generator().manual_seed(5))
    (found,) = session.run(None, {"latent": latent.numpy()})
    expected = origin.generator(latent)
    expected = ((expected + 1) / 2).clamp(0, 1) if expected.ndim == 4 else expected
    torch.testing.assert_close(torch.from_numpy(found), expected, atol=1e-4, rtol=0)


def test_a_constraint_of_the_generator_is_left_behind(tmp_path: Path) -> None:
    origin = trained(config_of("mlp-generator"), tmp_path)
    example = origin.experiment.latent.sample(2, torch.Generator())
    SpectralNorm("matrix").attach(origin.generator, example, torch.Generator().manual_seed(0))
    room.write_model(origin, tmp_path)
    shipped = open_shipped(tmp_path)
    assert isinstance(shipped, Shipped)
    torch.testing.assert_close(shipped.network(example), origin.generator(example))


def test_a_file_that_differs_from_the_run_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    origin = trained(config_of("mlp-generator"), tmp_path)
    monkeypatch.setattr(room, "plain_weights", lambda module: {k: v + 1 for k, v in module.state_dict().items()})
    with pytest.raises(EquipoiseError, match=r"differs from the network by .*; nothing was written"):
        room._safetensors(origin, room.description_of(origin))


def test_a_weights_file_alone_is_enough(model: Path, tmp_path: Path) -> None:
    alone = Path(shutil.copy(model / WEIGHTS, tmp_path / "alone.safetensors"))
    found, whole = open_shipped(alone), open_shipped(model)
    assert found is not None
    assert whole is not None
    assert (found.sample(2) == whole.sample(2)).all()
    assert found.description == whole.description


def test_load_takes_files_and_folders_and_samples_as_the_run_does(model: Path, tmp_path: Path) -> None:
    found = equipoise.load(model)
    origin = trained(config_of("dcgan-generator"), tmp_path)
    expected = to_bytes(generate(origin.generator, origin.experiment.latent, 3, 4), "symmetric")
    assert (found.sample(3, seed=4, device="cpu") == expected.permute(0, 2, 3, 1).numpy()).all()
    assert (equipoise.load(str(model / WEIGHTS)).sample(3, seed=4) == found.sample(3, seed=4)).all()
    for count in (0, -1, 1.5, "3"):
        with pytest.raises(EquipoiseError, match="must be a whole number of at least 1"):
            found.sample(count)


def test_other_paths_are_for_others(tmp_path: Path) -> None:
    assert open_shipped(tmp_path) is None
    assert open_shipped(tmp_path / "no.safetensors") is None


def edited(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    def edit(model: Path) -> None:
        plain = json.loads((model / DESCRIPTION).read_text())
        (model / DESCRIPTION).write_text(json.dumps(change(plain)))

    return edit


def with_tensors(change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]) -> Callable[[Path], None]:
    return lambda model: save_file(change(load_file(model / WEIGHTS)), model / WEIGHTS)


HOSTILE: dict[str, Callable[[Path], object]] = {
    "no json": lambda model: (model / DESCRIPTION).write_text("\x80"),
    "deep": lambda model: (model / DESCRIPTION).write_text("[" * 100_000),
    "too long": lambda model: (model / DESCRIPTION).write_bytes(b" " * (2 << 20)),
    "a list": edited(lambda plain: [plain]),
    "another format": edited(lambda plain: plain | {"format": 2}),
    "no latent": edited(lambda plain: {k: v for k, v in plain.items() if k != "latent"}),
    "unknown field": edited(lambda plain: plain | {"run": "rm"}),
    "unknown kind": edited(lambda plain: plain | {"network": {"kind": "os:system"}}),
    "a discriminator": edited(lambda plain: plain | {"network": {"kind": "dcgan-discriminator"}}),
    "huge": edited(lambda plain: plain | {"network": plain["network"] | {"width": 1 << 40}}),
    "huge picture": edited(lambda plain: plain | {"network": plain["network"] | {"image_size": 1 << 50}}),
    "negative": edited(lambda plain: plain | {"network": plain["network"] | {"width": -1}}),
    "another width": edited(lambda plain: plain | {"network": plain["network"] | {"width": 9}}),
    "another latent": edited(lambda plain: plain | {"latent": {"size": 3, "distribution": "normal"}}),
    "latent of a wrong type": edited(lambda plain: plain | {"latent": {"size": "x"}}),
    "value range": edited(lambda plain: plain | {"value_range": "any"}),
    "no weights": lambda model: (model / WEIGHTS).unlink(),
    "cut weights": lambda model: (model / WEIGHTS).write_bytes((model / WEIGHTS).read_bytes()[:-9]),
    "a pickle": lambda model: torch.save({}, model / WEIGHTS),
    "another name": with_tensors(lambda tensors: {f"x.{name}": value for name, value in tensors.items()}),
    "one more": with_tensors(lambda tensors: tensors | {"more": torch.zeros(1)}),
    "no tensors": with_tensors(lambda tensors: {}),
}


@pytest.mark.parametrize("damage", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_or_damaged_file_is_one_sentence(damage: Callable[[Path], object], model: Path) -> None:
    damage(model)
    with pytest.raises(EquipoiseError) as caught:
        open_shipped(model)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


def test_a_weights_file_without_a_description_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "other.safetensors"
    save_file({"a": torch.zeros(1)}, file)
    with pytest.raises(EquipoiseError, match="does not say which network its weights belong to"):
        open_shipped(file)
    file.write_bytes(b"\xff" * 100)
    with pytest.raises(EquipoiseError, match="is damaged"):
        open_shipped(file)


def test_the_weights_say_their_parts_to_readers_without_equipoise(model: Path) -> None:
    with safe_open(model / WEIGHTS, "pt") as file:
        about = file.metadata()
    assert json.loads(about["network"])["kind"] == "dcgan-generator"
    assert (about["experiment"], about["iteration"]) == ("tiny", "7")
