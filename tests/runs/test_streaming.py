"""A run on a set that is mapped, as it is larger than may be held, ends bit for bit as one on the set in memory."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from equipoise.algorithms.gan import GAN
from equipoise.data.cifar10 import Cifar10
from equipoise.data.data_set import DataSet
from equipoise.data.folder import Folder
from equipoise.data.items import Held, Mapped
from equipoise.data.lsun import LsunBedroom
from equipoise.data.npz import Npz
from equipoise.experiments.build import build_game, build_state
from equipoise.experiments.experiment import Experiment, Player, network
from equipoise.training.draw import Latent
from equipoise.training.loop import Loop
from equipoise.training.optimisers import Adam
from equipoise.training.state import state_tensors

COUNT, SIDE = 10, 8
SHAPE = (3, SIDE, SIDE)


def pictures() -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.random.default_rng(0).integers(0, 256, (COUNT, SIDE, SIDE, 3), dtype=np.uint8)


def as_folder(place: Path) -> DataSet:
    (place / "images").mkdir()
    for number, picture in enumerate(pictures()):
        Image.fromarray(picture).save(place / "images" / f"{number}.png")
    return Folder(str(place / "images"), resolution=SIDE)


def as_npz(place: Path) -> DataSet:
    np.savez_compressed(place / "images.npz", images=pictures())
    return Npz(str(place / "images.npz"))


def as_lsun(place: Path) -> DataSet:
    lmdb = pytest.importorskip("lmdb", reason="the package lmdb is not installed")
    folder = place / "lsun" / "bedroom_train_lmdb"
    folder.mkdir(parents=True)
    with lmdb.open(str(folder), map_size=1 << 22) as database, database.begin(write=True) as transaction:
        for number, picture in enumerate(pictures()):
            buffer = io.BytesIO()
            Image.fromarray(picture).save(buffer, format="PNG")
            transaction.put(f"{number:03}".encode(), buffer.getvalue())
    return LsunBedroom(resolution=SIDE)


def as_cifar10(place: Path) -> DataSet:
    (place / "cifar-10-batches-bin").mkdir()
    for number in range(1, 6):
        image = np.random.default_rng(number).integers(0, 256, 3072, dtype=np.uint8)
        content = bytes([number]) + image.tobytes()
        (place / "cifar-10-batches-bin" / f"data_batch_{number}.bin").write_bytes(content * 2)
    return Cifar10(resolution=SIDE)


def ends(data: DataSet, root: Path, held_as: type) -> dict[str, torch.Tensor]:
    """The whole state after two passes over the data and a bit."""
    adam = Adam(lr=1e-2)
    generator = network("mlp-generator", latent_size=3, image_shape=SHAPE, hidden=(8,), output_activation="tanh")
    players = {
        "generator": Player(network=generator, optimiser=adam),
        "discriminator": Player(network=network("mlp-discriminator", image_shape=SHAPE, hidden=(8,)), optimiser=adam),
    }
    experiment = Experiment(
        name="streamed",
        data=data,
        value_range="symmetric",
        batch_size=4,
        latent=Latent(3),
        players=players,
        algorithm=GAN(iterations=5),
    )
    store = data.load(root, experiment.seed).to("cpu")
    assert isinstance(store.items, held_as)
    game = build_game(experiment, store)
    loop = Loop(game, build_state(experiment, game, torch.device("cpu")))
    loop.run()
    return state_tensors(loop.state)


@pytest.mark.parametrize("make", [as_folder, as_npz, as_lsun, as_cifar10])
def test_streaming_changes_nothing(make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "cache"))
    data = make(tmp_path)
    in_memory = ends(data, tmp_path, Held)
    monkeypatch.setenv("EQUIPOISE_MEMORY_SHARE", "0")
    streamed = ends(data, tmp_path, Mapped)
    assert in_memory.keys() == streamed.keys()
    assert [name for name, value in in_memory.items() if not torch.equal(value, streamed[name])] == []
