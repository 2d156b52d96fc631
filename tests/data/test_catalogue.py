import dataclasses
import subprocess
import sys

import pytest
import torch

from equipoise.common.errors import EquipoiseError, UnknownName
from equipoise.data.catalogue import DATA, parse_data
from equipoise.data.folder import Folder
from equipoise.data.mnist import Mnist
from equipoise.data.npz import Npz
from equipoise.data.root import find_root
from equipoise.data.store import held
from equipoise.testing.data import check_data, is_described_by_plain_fields
from equipoise.testing.toys import ToyImages


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


@pytest.mark.parametrize("kind", ["digits", "ring", "grid", "mnist"])
def test_a_set_keeps_the_contract(kind, small_mnist):
    check_data(parse_data(kind), small_mnist)


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
        (__file__, "test_catalogue.py is not a data set; give a folder of images, or a .npz file"),
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
