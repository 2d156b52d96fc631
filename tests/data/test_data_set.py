"""What a data set says of itself: the shape of its items before they are read, and how it gets smaller."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from equipoise.data.celeba import CelebA
from equipoise.data.compositional_mnist import CompositionalMnist
from equipoise.data.data_set import DataSet
from equipoise.data.digits import Digits
from equipoise.data.folder import Folder
from equipoise.data.grid import Grid
from equipoise.data.lsun import LsunBedroom
from equipoise.data.mnist import Mnist
from equipoise.data.noise import Noise
from equipoise.data.npz import Npz
from equipoise.data.ring import Ring


@pytest.mark.parametrize("data", [Digits(), Ring(count=5), Grid(count=5), Noise((1, 3, 5), 4)])
def test_the_shape_is_that_of_the_content(data: DataSet) -> None:
    assert data.load().shape == data.item_shape


@pytest.mark.parametrize("shape", [(4, 6, 5), (4, 6, 5, 3), (4, 1, 6, 5)])
def test_a_npz_file_tells_its_shape_by_its_header(shape: tuple[int, ...], tmp_path: Path) -> None:
    np.savez(tmp_path / "images.npz", images=np.zeros(shape, dtype=np.uint8))
    data = Npz(str(tmp_path / "images.npz"))
    assert data.load().shape == data.item_shape


def test_a_folder_has_the_shape_that_it_is_read_in(tmp_path: Path) -> None:
    Image.new("RGB", (20, 10)).save(tmp_path / "one.png")
    data = Folder(str(tmp_path), resolution=8, channels=1)
    assert data.load().shape == data.item_shape == (1, 8, 8)


def test_what_a_cpu_reads() -> None:
    assert CelebA().reduced() == CelebA(split="valid")
    assert LsunBedroom(resolution=32).reduced() == LsunBedroom(resolution=32, count=20_000)
    assert Mnist().reduced() == Mnist()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (CompositionalMnist(), None),
        (Ring(modes=3), Ring(modes=3, count=8)),
        (Grid(side=2), Grid(side=2, count=8)),
    ],
)
def test_what_stands_in_for_data_needs_no_files(data: DataSet, expected: DataSet | None) -> None:
    assert data.stand_in(8) == expected


def test_only_points_have_gaussians() -> None:
    assert Ring(modes=1, radius=2.0, deviation=0.5).gaussians() == ([(2.0, 0.0)], 0.5)
    assert Mnist().gaussians() is None
