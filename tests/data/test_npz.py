import io
import zipfile

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.common.errors import EquipoiseError
from equipoise.data import npz_arrays
from equipoise.data.items import Held, Mapped
from equipoise.data.npz import Npz


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (5, 3, 6, 7), dtype=np.uint8)


def everything(store):
    return store.items.gather(torch.arange(len(store))).numpy()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("name", ["images", "arr_0", "samples"])
def test_every_layout_is_understood(tmp_path, images, save, name):
    path = tmp_path / "a.npz"
    for array in (images, images.transpose(0, 2, 3, 1), np.asfortranarray(images)):
        save(path, **{name: array})
        store = Npz(str(path)).load()
        np.testing.assert_array_equal(everything(store), images)
        assert (store.classes, store.labels) == (0, None)
    save(path, **{name: images[:, 0]})
    np.testing.assert_array_equal(everything(Npz(str(path)).load()), images[:, :1])


def test_labels(tmp_path, images):
    np.savez(tmp_path / "a.npz", images=images, labels=np.array([0, 3, 1, 0, 0], dtype=np.int16), more=np.ones(3))
    store = Npz(str(tmp_path / "a.npz")).load()
    assert store.labels.tolist() == [0, 3, 1, 0, 0]
    assert store.classes == 4
    assert Npz(str(tmp_path / "a.npz")).name == "a"


@pytest.mark.parametrize("with_labels", [True, False])
@pytest.mark.parametrize("axes", [(0, 1, 2, 3), (0, 2, 3, 1)])
def test_larger_than_memory_it_is_mapped(tmp_path, images, monkeypatch, with_labels, axes):
    labels = {"labels": np.array([0, 3, 1, 0, 0])} if with_labels else {}
    np.savez_compressed(tmp_path / "a.npz", images=images.transpose(axes), **labels)
    in_memory = Npz(str(tmp_path / "a.npz")).load()
    monkeypatch.setenv("EQUIPOISE_MEMORY_SHARE", "0")
    monkeypatch.setattr(npz_arrays, "_PIECE_BYTES", 2 * 126)  # two images at a time
    mapped = Npz(str(tmp_path / "a.npz")).load()
    assert isinstance(in_memory.items, Held)
    assert isinstance(mapped.items, Mapped)
    order = torch.tensor([4, 0, 4, 2])
    assert torch.equal(in_memory.batch(order, "symmetric"), mapped.batch(order, "symmetric"))
    assert mapped.content_hash == in_memory.content_hash
    assert (mapped.classes, mapped.labels is None) == (in_memory.classes, in_memory.labels is None)


def test_a_changed_file_is_unpacked_again(tmp_path, images, monkeypatch):
    monkeypatch.setenv("EQUIPOISE_MEMORY_SHARE", "0")
    np.savez(tmp_path / "a.npz", images=images)
    before = Npz(str(tmp_path / "a.npz")).load().content_hash
    np.savez(tmp_path / "a.npz", images=images[:4])
    after = Npz(str(tmp_path / "a.npz")).load()
    assert len(after) == 4
    assert after.content_hash != before


@pytest.mark.parametrize("length", [783, 785])
def test_a_damaged_file_leaves_nothing_mapped(tmp_path, monkeypatch, length):
    monkeypatch.setenv("EQUIPOISE_MEMORY_SHARE", "0")
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("images.npy", npy_header((1, 28, 28)) + bytes(length))
    with pytest.raises(EquipoiseError, match="should hold 784 bytes"):
        Npz(str(tmp_path / "a.npz")).load()
    assert not list((tmp_path / "cache").rglob("images"))


def test_column_order_that_does_not_fit_is_refused(tmp_path, images, monkeypatch):
    np.savez(tmp_path / "a.npz", images=np.asfortranarray(images))
    monkeypatch.setenv("EQUIPOISE_MEMORY_SHARE", "0")
    with pytest.raises(EquipoiseError, match="save it in row order"):
        Npz(str(tmp_path / "a.npz")).load()


class Harmful:
    def __reduce__(self):
        return (print, ("this ran",))


def test_python_objects_are_never_loaded(tmp_path, capsys):
    np.savez(tmp_path / "a.npz", images=np.array([Harmful()], dtype=object))
    with pytest.raises(EquipoiseError, match=r"holds Python objects in 'images\.npy', which are never loaded"):
        Npz(str(tmp_path / "a.npz")).load()
    assert capsys.readouterr().out == ""


def npy_header(shape, dtype="|u1"):
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (npy_header("(2**40, 3, 64, 64)"), "is not a readable"),
        (npy_header((2**40, 3, 64, 64)), "unpacks to 13510798882111488 bytes, more than the memory"),
        (npy_header((-1, 28, 28)), "is (no readable|damaged)"),
        (npy_header((1, 28, 28)) + bytes(783), "should hold 784 bytes"),
        (npy_header((1, 28, 28)) + bytes(785), "should hold 784 bytes"),
        (npy_header((1, 28, 28)) + bytes(50_000_000), "should hold 784 bytes"),
        (npy_header((1, 28, 28), "|O"), "holds Python objects"),
        (npy_header("__import__('os').system('true')"), "is not a readable"),
        (b"\x93NUMPY\x07\x00", "is not a readable"),
        (b"", "is not a readable"),
    ],
)
def test_hostile_arrays_are_refused(tmp_path, content, sentence):
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("images.npy", content)
    with pytest.raises(EquipoiseError, match=sentence):
        Npz(str(tmp_path / "a.npz")).load()


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"images": np.zeros((2, 4, 4), np.float32)}, "must be uint8 .* it is float32 of shape .2, 4, 4."),
        ({"images": np.zeros((2, 4), np.uint8)}, "must be uint8 of shape"),
        ({"images": np.zeros((0, 4, 4), np.uint8)}, "must be uint8 of shape"),
        ({"images": np.zeros((2, 5, 4, 4), np.uint8)}, "must have 1 or 3 channels"),
        ({"other": np.zeros((2, 4, 4), np.uint8)}, "contains no array 'images'; its arrays are: other."),
        ({"images": np.zeros((2, 4, 4), np.uint8), "labels": np.zeros(3, int)}, "must be 2 whole numbers"),
        ({"images": np.zeros((2, 4, 4), np.uint8), "labels": np.zeros(2)}, "must be 2 whole numbers"),
        ({"images": np.zeros((2, 4, 4), np.uint8), "labels": np.array([0, -1])}, "must be 2 whole numbers"),
        ({"images": np.zeros((2, 4, 4), np.uint8), "labels": np.array([0, 2**62])}, "must be 2 whole numbers"),
    ],
)
def test_other_arrays_are_refused(tmp_path, arrays, sentence):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(EquipoiseError, match=sentence):
        Npz(str(tmp_path / "a.npz")).load()


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(EquipoiseError, match=r"\\x1bb\.npz is not there"):
        Npz(str(tmp_path / "a\x1bb.npz")).load()


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_harmed_files_are_read_or_refused(tmp_path_factory, data):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, images=np.zeros((2, 8, 8), np.uint8), labels=np.array([0, 1]))
    content = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "harmed.npz"
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))])
    try:
        store = Npz(str(path)).load()
    except EquipoiseError as error:
        sentence = str(error)
    else:
        sentence = f"{len(store)} images"
    assert sentence.isprintable()
