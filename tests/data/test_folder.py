import io
import logging
import os
import shutil
import struct
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from equipoise.common.errors import EquipoiseError
from equipoise.common.say import say, warn
from equipoise.data import cache, pictures
from equipoise.data.folder import Folder
from equipoise.data.items import Mapped
from equipoise.data.npz import Npz
from equipoise.data.tree import find_images


def gradient(width=40, height=30):
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 255 // (width - 1), y * 255 // (height - 1), (x + y) % 256], axis=2).astype(np.uint8)


def one(folder, resolution=16, channels=3):
    store = Folder(str(folder), resolution, channels).load()
    assert len(store) == 1
    return store.items.gather(torch.tensor([0]))[0].numpy().astype(int)


def save(path, image, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **options)


def test_the_shorter_side_is_resized_and_the_centre_taken(tmp_path):
    save(tmp_path / "a.png", Image.fromarray(gradient(60, 30)))
    whole = Image.fromarray(gradient(60, 30)).resize((32, 16), Image.Resampling.BILINEAR)
    expected = np.asarray(whole, dtype=int)[:, 8:24].transpose(2, 0, 1)
    assert np.abs(one(tmp_path) - expected).max() <= 1


def test_an_odd_margin_is_halved(tmp_path):
    save(tmp_path / "a.png", Image.fromarray(gradient(33, 30)))
    image = Image.fromarray(gradient(33, 30))
    expected = np.asarray(image.resize((16, 16), Image.Resampling.BILINEAR, box=(1.5, 0, 31.5, 30)))
    np.testing.assert_array_equal(one(tmp_path), expected.transpose(2, 0, 1))


@pytest.mark.parametrize("suffix", ["png", "bmp", "gif", "tif", "ppm", "JPG", "webp"])
def test_every_kind_of_file(tmp_path, suffix):
    colour = Image.new("RGB", (20, 20), (200, 100, 50))
    save(tmp_path / f"a.{suffix}", colour, format={"JPG": "JPEG", "tif": "TIFF"}.get(suffix, suffix))
    assert np.abs(one(tmp_path).mean(axis=(1, 2)) - [200, 100, 50]).max() <= 4


MODES = {
    "grey": (Image.new("L", (20, 20), 77), [77, 77, 77]),
    "one bit": (Image.new("1", (20, 20), 1), [255, 255, 255]),
    "palette": (Image.new("RGB", (20, 20), (10, 20, 30)).convert("P", palette=Image.Palette.ADAPTIVE), [10, 20, 30]),
    "half transparent": (Image.new("RGBA", (20, 20), (255, 0, 0, 51)), [255, 204, 204]),
    "grey with alpha": (Image.new("LA", (20, 20), (0, 0)), [255, 255, 255]),
    "16 bit": (Image.fromarray(np.full((20, 20), 257 * 100, dtype=np.uint16)), [100, 100, 100]),
}


@pytest.mark.parametrize("kind", list(MODES))
def test_every_mode_of_png(tmp_path, kind):
    image, expected = MODES[kind]
    save(tmp_path / "a.png", image)
    assert one(tmp_path).reshape(3, -1).T.tolist() == [expected] * 256


def test_a_transparent_palette_colour_becomes_white(tmp_path):
    image = Image.new("P", (20, 20), 0)
    image.putpalette([9, 9, 9] * 256)
    save(tmp_path / "a.gif", image, transparency=0)
    assert one(tmp_path).min() == 255


def test_printers_colours_are_converted(tmp_path):
    save(tmp_path / "a.jpg", Image.new("CMYK", (20, 20), (0, 255, 255, 0)), quality=100)
    red, green, blue = one(tmp_path).mean(axis=(1, 2))
    assert red > 230
    assert max(green, blue) < 25


def test_sixteen_bits_keep_their_range(tmp_path):
    values = np.linspace(0, 65535, 32 * 32).reshape(32, 32).astype(np.uint16)
    save(tmp_path / "a.png", Image.fromarray(values))
    found = one(tmp_path, resolution=32, channels=1)[0]
    np.testing.assert_allclose(found, values / 257, atol=0.51)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_cameras_notes_are_followed(tmp_path, orientation):
    upright = np.zeros((32, 32, 3), dtype=np.uint8)
    upright[:16, :16, 0], upright[16:, :16, 1] = 255, 255
    turn = {
        1: lambda a: a,
        2: np.fliplr,
        3: lambda a: np.rot90(a, 2),
        4: np.flipud,
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a, 1),
        7: lambda a: np.rot90(a, 2).transpose(1, 0, 2),
        8: lambda a: np.rot90(a, -1),
    }[orientation]
    notes = Image.Exif()
    notes[0x0112] = orientation
    save(
        tmp_path / "a.jpg", Image.fromarray(np.ascontiguousarray(turn(upright))), exif=notes, quality=100, subsampling=0
    )
    assert np.abs(one(tmp_path, resolution=32) - upright.transpose(2, 0, 1)).max() < 30


def test_mixed_sizes_and_a_reduced_decoding_of_large_jpegs(tmp_path):
    large = Image.fromarray(gradient(800, 600))
    save(tmp_path / "a.jpg", large, quality=95)
    found = one(tmp_path)
    expected = np.asarray(large.resize((16, 16), Image.Resampling.BILINEAR, box=(100, 0, 700, 600)), dtype=int)
    assert np.abs(found - expected.transpose(2, 0, 1))[:2].max() <= 6
    save(tmp_path / "b.png", Image.fromarray(gradient(9, 300)))
    assert Folder(str(tmp_path), 16).load().shape == (3, 16, 16)


def test_first_level_folders_are_the_classes(tmp_path):
    for name in ("cat/a/deep/1.png", "cat/2.png", "dog/1.png", "ant/1.png"):
        save(tmp_path / name, Image.fromarray(gradient()))
    store = Folder(str(tmp_path), 16).load()
    assert store.classes == 3
    assert store.labels.tolist() == [0, 1, 1, 2]
    save(tmp_path / "loose.png", Image.fromarray(gradient()))
    assert (Folder(str(tmp_path), 16).load().classes, Folder(str(tmp_path), 16).load().labels) == (0, None)


def test_one_subfolder_is_no_class(tmp_path):
    save(tmp_path / "only" / "1.png", Image.fromarray(gradient()))
    assert Folder(str(tmp_path), 16).load().labels is None


def test_broken_files_are_skipped_counted_and_named(tmp_path, caplog):
    for index in range(3):
        save(tmp_path / f"good{index}.png", Image.fromarray(gradient()))
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)).save(buffer, format="PNG")
    whole = buffer.getvalue()
    for name, content in {
        "empty.png": b"",
        "text.jpg": b"not an image",
        "cut.png": whole[:200],
        "flipped.png": whole[:900] + bytes([whole[900] ^ 255]) + whole[901:],
        "bad\x1b[2J.png": b"x",
    }.items():
        (tmp_path / name).write_bytes(content)
    for _ in range(2):  # the second time from the cache
        caplog.clear()
        cache._said.clear()
        with caplog.at_level(logging.WARNING):
            assert len(Folder(str(tmp_path), 16).load()) == 3
        (message,) = [record.getMessage() for record in caplog.records]
        assert "5 files were skipped as unreadable" in message
        assert "bad\\x1b[2J.png" in message
        assert message.isprintable()
        assert "object at" not in message


def test_of_several_processes_the_first_one_says_what_is_skipped(tmp_path, monkeypatch, caplog, capsys):
    Image.new("RGB", (16, 16)).save(tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes(b"x")
    for rank in ("1", "0"):
        monkeypatch.setenv("RANK", rank)
        cache._said.clear()
        caplog.clear()
        assert len(Folder(str(tmp_path), 16).load()) == 1
        say(f"here {rank}")
        warn(f"there {rank}")
        assert len(caplog.records) == (rank == "0")
    assert capsys.readouterr().err.splitlines() == ["warning: there 1", "here 0", "warning: there 0"]


def test_nothing_readable_is_an_error(tmp_path):
    (tmp_path / "a.png").write_bytes(b"x")
    with pytest.raises(EquipoiseError, match=r"no readable image .1 file was skipped as unreadable, as in a\.png"):
        Folder(str(tmp_path), 16).load()


def huge_png(width, height):
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [(9_000, 9_000), (12_000, 12_000), (60_000, 60_000), (2**31 - 1, 2**31 - 1)])
def test_absurd_sizes_are_skipped_before_they_are_decoded(tmp_path, caplog, size):
    save(tmp_path / "good.png", Image.fromarray(gradient()))
    (tmp_path / "huge.png").write_bytes(huge_png(*size))
    assert len(Folder(str(tmp_path), 16).load()) == 1
    assert "huge.png" in caplog.text
    assert "pixels" in caplog.text


def test_an_absurdly_large_file_is_skipped(tmp_path, caplog, monkeypatch):
    save(tmp_path / "good.png", Image.new("L", (16, 16)))
    monkeypatch.setattr(pictures, "MOST_FILE_BYTES", 2000)
    save(tmp_path / "long.bmp", Image.fromarray(gradient()))
    assert len(Folder(str(tmp_path), 16).load()) == 1
    assert "long.bmp (larger than 2,000 bytes)" in caplog.text


def test_only_kinds_without_programs_in_them_are_opened(tmp_path, caplog):
    save(tmp_path / "good.png", Image.fromarray(gradient()))
    buffer = io.BytesIO()
    Image.fromarray(gradient()).save(buffer, format="EPS")
    (tmp_path / "program.png").write_bytes(buffer.getvalue())
    assert len(Folder(str(tmp_path), 16).load()) == 1
    assert "program.png" in caplog.text


def test_loops_of_links_end(tmp_path):
    save(tmp_path / "photos" / "a" / "1.png", Image.fromarray(gradient()))
    (tmp_path / "photos" / "a" / "up").symlink_to(tmp_path / "photos")
    (tmp_path / "photos" / "self").symlink_to(tmp_path / "photos" / "self")
    (tmp_path / "photos" / "gone.png").symlink_to(tmp_path / "nowhere.png")
    (tmp_path / "photos" / "again").symlink_to(tmp_path / "photos" / "a")
    os.mkfifo(tmp_path / "photos" / "pipe.png")
    assert [path.name for path in find_images(tmp_path / "photos").images] == ["1.png"]


def test_order_is_by_path_and_hidden_names_are_left_out(tmp_path):
    for name in ("b/1.png", "a/2.png", "a/10.png", ".hidden/1.png", "a/._1.png", "c.png", "notes.txt"):
        save(tmp_path / name, Image.new("L", (8, 8)), format="PNG")
    found = [str(path.relative_to(tmp_path)) for path in find_images(tmp_path).images]
    assert found == ["a/10.png", "a/2.png", "b/1.png", "c.png"]


def test_the_number_of_threads_changes_nothing(tmp_path, monkeypatch):
    random = np.random.default_rng(0)
    for index in range(150):
        save(
            tmp_path / "in" / f"{index:03d}.png", Image.fromarray(random.integers(0, 256, (40, 40, 3), dtype=np.uint8))
        )
    hashes = set()
    for threads in (1, 5):
        monkeypatch.setattr(pictures, "_threads", lambda first, threads=threads: threads)
        monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / f"cache{threads}"))
        hashes.add(Folder(str(tmp_path / "in"), 16).load().content_hash)
    assert len(hashes) == 1


def test_the_cache_is_used_until_a_file_changes(tmp_path, monkeypatch):
    save(tmp_path / "in" / "a.png", Image.fromarray(gradient()))
    first = Folder(str(tmp_path / "in"), 16).load()
    monkeypatch.setattr(pictures, "decode", None)  # any reading would fail
    assert Folder(str(tmp_path / "in"), 16).load().content_hash == first.content_hash
    monkeypatch.undo()
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "cache"))
    save(tmp_path / "in" / "a.png", Image.fromarray(255 - gradient()))
    assert Folder(str(tmp_path / "in"), 16).load().content_hash != first.content_hash


@pytest.mark.parametrize("name", ["images", "labels", "index.json"])
@pytest.mark.parametrize("harm", [lambda c: c[:-1], lambda c: b"", lambda c: bytes([c[0] ^ 1]) + c[1:]])
def test_a_damaged_cache_is_made_again(tmp_path, name, harm):
    for place in ("in/a/1.png", "in/b/1.png"):
        save(tmp_path / place, Image.fromarray(gradient()))
    first = Folder(str(tmp_path / "in"), 16).load()
    (path,) = (tmp_path / "cache").rglob(name)
    path.write_bytes(harm(path.read_bytes()))
    again = Folder(str(tmp_path / "in"), 16).load()
    assert again.content_hash == first.content_hash
    assert torch.equal(again.labels, first.labels)


def test_a_set_larger_than_its_share_of_memory_is_mapped(tmp_path, monkeypatch):
    save(tmp_path / "in" / "a.png", Image.fromarray(gradient()))
    held = Folder(str(tmp_path / "in"), 16).load()
    monkeypatch.setenv("EQUIPOISE_MEMORY_SHARE", "0")
    mapped = Folder(str(tmp_path / "in"), 16).load()
    assert isinstance(mapped.items, Mapped)
    assert mapped.content_hash == held.content_hash
    assert torch.equal(mapped.batch(torch.tensor([0, 0]), "unit"), held.batch(torch.tensor([0, 0]), "unit"))


@pytest.mark.parametrize("share", ["two", "-1", "1.5", "nan"])
def test_a_share_that_is_none_is_refused(tmp_path, monkeypatch, share):
    save(tmp_path / "in" / "a.png", Image.fromarray(gradient()))
    monkeypatch.setenv("EQUIPOISE_MEMORY_SHARE", share)
    with pytest.raises(EquipoiseError, match="EQUIPOISE_MEMORY_SHARE must be a number from 0 to 1"):
        Folder(str(tmp_path / "in"), 16).load()


def test_what_the_system_refuses_is_one_sentence(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("os.scandir", refuse)
    with pytest.raises(EquipoiseError, match="could not be read: Permission denied"):
        Folder(str(tmp_path), 16).load()


@pytest.mark.parametrize("make", ["nothing", "file", "empty"])
def test_what_is_no_folder_of_images_is_refused(tmp_path, make):
    path = tmp_path / "x\x07"
    {"nothing": lambda: None, "file": lambda: path.write_bytes(b"1"), "empty": path.mkdir}[make]()
    with pytest.raises(EquipoiseError) as caught:
        Folder(str(path), 16).load()
    assert "x\\x07" in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("path", ["", "a\0b", 5, None, True])
@pytest.mark.parametrize("kind", [Folder, Npz])
def test_what_cannot_be_a_path_is_refused(kind, path):
    with pytest.raises(EquipoiseError, match=r"path of (folder|npz) must be the path of a file or folder, not "):
        kind(path)


def test_names_of_splits_are_joined_to_their_parents():
    assert Folder("/photos/train").name == "photos-train"
    assert Folder("/photos/summer").name == "summer"
    assert Folder("/").name == "folder"
    assert Folder("/a\x1bb").name == "a\\x1bb"


@pytest.mark.parametrize("fields", [{"resolution": 4}, {"resolution": 10**6}, {"channels": 2}, {"channels": "RGB"}])
def test_impossible_fields_are_refused(fields):
    with pytest.raises(EquipoiseError, match="of folder must be"):
        Folder("x", **fields)


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("cat/a", "dog/b", "c", "d"), "2 pictures (c.png, ...) lie beside the folders cat, dog; move each into"),
        (("cat/a", "dog/x/b", "c"), "1 picture (c.png) lies beside the folders cat, dog; move"),
        (("a/a", "b/a", "c/a", "d/a", "x"), "beside the folders a, b, c, ...;"),
        (("cat/a", "dog/b"), ""),
        (("cat/a", "c"), ""),
        (("c", "d"), ""),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_single_pictures_beside_folders_are_told_as_what_keeps_these_from_being_classes(tmp_path, names, told, packed):
    for name in names:
        save(tmp_path / "all" / f"{name}.png", Image.new("RGB", (20, 20)))
    place = shutil.make_archive(tmp_path / "all", "zip", tmp_path / "all") if packed else tmp_path / "all"
    store = Folder(str(place), 16, part="train").load()
    assert told in store.unlabelled
    assert bool(told) == bool(store.unlabelled)
    assert store.to("cpu").unlabelled == store.unlabelled
