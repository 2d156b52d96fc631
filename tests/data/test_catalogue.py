import dataclasses
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from equipoise.common.errors import EquipoiseError, UnknownName
from equipoise.data.catalogue import DATA, parse_data
from equipoise.data.folder import Folder
from equipoise.data.mnist import Mnist
from equipoise.data.npz import Npz
from equipoise.data.root import find_root
from equipoise.data.store import held
from equipoise.testing.data import check_data, is_described_by_plain_fields
from equipoise.testing.toys import ToyImages
from tests.data.test_hugging_face import write_data_set


def test_every_data_set_of_the_papers_is_there():
    assert set(DATA) >= {
        "digits", "ring", "grid", "mnist", "stacked-mnist", "compositional-mnist",
        "cifar10", "stl10", "celeba", "lsun-bedroom", "folder", "npz",
    }  # fmt: skip


@pytest.mark.parametrize("kind", list(DATA))
def test_every_set_is_described_by_plain_fields(kind):
    with_path = DATA[kind].origin == "path"
    data = parse_data(f"{kind}:x" if with_path else kind)
    is_described_by_plain_fields(data)
    assert data.name == ("x" if with_path else {"compositional-mnist": "compositional-mnist-1"}.get(kind, kind))


PIXELS = np.random.default_rng(0)


def picture(path, size):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(PIXELS.integers(0, 256, (*size, 3), dtype=np.uint8)).save(path)
    return path


def write_cifar10(root):
    records = [bytes([label]) + PIXELS.bytes(3 * 32 * 32) for label in (0, 9)]
    (root / "cifar-10-batches-bin").mkdir()
    for name in (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"):
        (root / "cifar-10-batches-bin" / f"{name}.bin").write_bytes(b"".join(records))


def write_stl10(root):
    (root / "stl10_binary").mkdir()
    for split in ("unlabeled", "train", "test"):
        (root / "stl10_binary" / f"{split}_X.bin").write_bytes(PIXELS.bytes(2 * 3 * 96 * 96))
        (root / "stl10_binary" / f"{split}_y.bin").write_bytes(bytes([1, 10]))


def write_celeba(root):
    for number in (1, 2):
        picture(root / "celeba" / "img_align_celeba" / f"{number:06d}.jpg", (218, 178))


def write_lsun(root):
    lmdb = pytest.importorskip("lmdb", reason="the package lmdb is not installed")
    folder = root / "lsun" / "bedroom_train_lmdb"
    folder.mkdir(parents=True)
    with lmdb.open(str(folder), map_size=1 << 22) as database, database.begin(write=True) as transaction:
        for key in (b"a", b"b"):
            transaction.put(key, picture(root / "one.webp", (80, 120)).read_bytes())


def write_folder(root):
    for number in range(2):
        picture(root / "path" / f"{number}.png", (32, 32))


def write_npz(root):
    np.savez(root / "path.npz", images=PIXELS.integers(0, 256, (3, 8, 8, 3), dtype=np.uint8))


def write_hf(root):
    write_data_set(root / "path", ["red", "green"])


FILES = {
    "cifar10": write_cifar10,
    "stl10": write_stl10,
    "celeba": write_celeba,
    "lsun-bedroom": write_lsun,
    "folder": write_folder,
    "npz": write_npz,
    "hf": write_hf,
}
"""Those of the sets that need other files than MNIST's, and what writes a few such."""


@pytest.mark.parametrize("kind", list(DATA))
def test_every_set_keeps_the_contract(kind, small_mnist):
    FILES.get(kind, lambda root: None)(small_mnist)
    place = small_mnist / "path"
    path = {"folder": f":{place}", "npz": f":{place}.npz", "hf": f":{place}"}.get(kind, "")
    data = parse_data(kind + path)
    check_data(dataclasses.replace(data, count=9) if hasattr(data, "count") and data.count else data, small_mnist)


def test_toy_images_keep_the_contract():
    check_data(ToyImages())


@dataclasses.dataclass(frozen=True)
class Odd:
    """A data set that does not keep the contract in the way asked for."""

    way: str = ""
    name: str = "odd"

    def load(self, root=None, seed=0):
        if self.way == "other content":
            return held(torch.randint(0, 256, (20, 1, 4, 4), dtype=torch.uint8))
        labels = torch.full((20,), 7)
        return held(torch.zeros(20, 1, 4, 4, dtype=torch.uint8), labels, classes=3)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (Odd("other content"), "odd has other content at every load"),
        (Odd("labels"), r"labels lie in \(7, 7\), but it has 3 classes"),
        (Odd(name=""), "its name is ''"),
        (Odd(way=[1]), "way is list"),
    ],
)
def test_a_set_that_breaks_the_contract_is_noticed(data, sentence):
    with pytest.raises(AssertionError, match=sentence):
        check_data(data)


def test_short_words_with_a_path():
    assert parse_data("folder:/photos/a:b") == Folder("/photos/a:b")
    assert parse_data("npz:images.npz") == Npz("images.npz")
    assert parse_data("mnist") == Mnist()


def test_a_folder_that_is_there_needs_no_word_before_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("photos", "a:b", "mnist"):
        (tmp_path / name).mkdir()
    for text in ("photos", "./photos", "photos/", str(tmp_path / "photos"), "a:b"):
        assert parse_data(text) == Folder(text)
    assert parse_data("mnist") == Mnist()  # a set's own name comes first
    assert parse_data("./mnist") == Folder("./mnist")
    assert parse_data("images.npz") == Npz("images.npz")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert parse_data("~/photos") == Folder("~/photos")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("mnits", "unknown data set 'mnits'; did you mean 'mnist'"),
        ("", "unknown data set ''"),
        ("foldr:/x", "did you mean 'folder'"),
        ("folder", "the data set folder needs a path, as in folder:PATH"),
        ("npz:", "the data set npz needs a path, as in npz:PATH"),
        ("mnist:/x\x1b", r"the data set mnist takes no path, but '/x\\x1b' follows it; write mnist"),
        ("fotos/summer", "there is no folder fotos/summer; give the path of a folder of images"),
        (__file__, "test_catalogue.py is not a data set; give a folder, zip or tar file of images, or a .npz file"),
        ("/dev/zero", "/dev/zero is not a data set; give a folder"),
        ("a\0b", "unknown data set"),
        ("\x1b[2J", r"unknown data set '\\x1b\[2J'"),
    ],
)
def test_other_words_are_refused_in_one_sentence(text, sentence):
    with pytest.raises(EquipoiseError, match=sentence):
        parse_data(text)
    assert issubclass(UnknownName, EquipoiseError)


def test_describing_every_set_imports_neither_torch_nor_numpy():
    program = (
        "import sys; from equipoise.data.catalogue import DATA; import equipoise.data.root\n"
        "for kind in DATA: DATA.load(kind)\n"
        "print([name for name in ('torch', 'numpy', 'PIL', 'sklearn', 'lmdb') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_the_root_is_the_explicit_one_then_the_environments_then_the_caches(tmp_path, monkeypatch):
    assert find_root() == tmp_path / "cache" / "data"
    monkeypatch.setenv("EQUIPOISE_DATA", str(tmp_path / "env"))
    assert find_root() == tmp_path / "env"
    assert find_root(tmp_path / "own") == tmp_path / "own"
