"""A zip or tar file in place of a folder, pictures with borders, and pictures that keep their transparency."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest
import torch
from PIL import Image

from equipoise.common.errors import EquipoiseError
from equipoise.data.catalogue import parse_data
from equipoise.data.folder import Folder
from equipoise.data.pictures import padded_square

FILES = {f"photos/{kind}/{number}.png": (number * 20, 0, 200) for kind in ("cats", "dogs") for number in range(3)}


def picture(colour: object, size: tuple[int, int] = (8, 8), mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size, colour).save(buffer, "PNG")
    return buffer.getvalue()


def contents() -> dict[str, bytes]:
    made = {name: picture(colour) for name, colour in FILES.items()}
    return made | {
        "photos/notes.txt": b"x",
        "photos/cats/bad.png": b"no picture",
        "__MACOSX/photos/cats/._0.png": b"x",
        "photos/.hidden.png": b"x",
        "../../outside.png": picture((1, 2, 3)),
    }


def packed(tmp_path: Path, ending: str) -> Path:
    path = tmp_path / f"mine.{ending}"
    if ending == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("photos/", b"")
            for name, content in contents().items():
                archive.writestr(name, content)
        return path
    with tarfile.open(path, f"w:{ending.partition('.')[2]}") as archive:  # type: ignore[call-overload]
        for name, content in contents().items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        link = tarfile.TarInfo("photos/link.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return path


@pytest.mark.parametrize("ending", ["zip", "tar", "tar.gz", "tar.xz", "tar.bz2"])
def test_an_archive_is_read_as_the_folder_in_it(tmp_path: Path, ending: str) -> None:
    path = packed(tmp_path, ending)
    data = parse_data(str(path))
    assert data == Folder(str(path))
    store = Folder(str(path), resolution=8).load()
    assert data.name == "mine"
    assert store.account is not None
    assert store.account.images == len(store)
    names = {Path(name).name for name, _ in store.account.skipped}
    assert names == {"bad.png"}
    assert dict(store.account.left_out) == {"photos/notes.txt": ".txt"}
    assert not (tmp_path / "outside.png").exists()
    assert {each.name for each in tmp_path.iterdir()} == {f"mine.{ending}", "cache"}


def test_first_folders_below_the_one_that_holds_all_are_the_classes(tmp_path: Path) -> None:
    path = tmp_path / "mine.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, colour in FILES.items():
            archive.writestr(f"deep/{name}", picture(colour))
    data = Folder(str(path), resolution=8)
    store = data.load()
    assert store.labels is not None
    assert (store.classes, store.labels.tolist()) == (2, [0, 0, 0, 1, 1, 1])
    assert data.class_names() == ["cats", "dogs"]
    assert int(store.items.gather(torch.tensor([4]))[0, 0, 0, 0]) == 20


@pytest.mark.parametrize("ending", ["zip", "tar", "tar.gz"])
def test_a_damaged_archive_is_refused_in_one_sentence(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"mine.{ending}"
    path.write_bytes(b"no archive at all" * 100)
    with pytest.raises(EquipoiseError, match="damaged"):
        Folder(str(path)).load()


def test_an_archive_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path, "tar.gz")
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(EquipoiseError, match="damaged"):
        Folder(str(path)).load()


@pytest.mark.parametrize(("mode", "ground"), [("RGB", (255, 255, 255)), ("L", 255), ("RGBA", (255, 255, 255, 0))])
def test_padding_keeps_the_whole_picture(mode: str, ground: object) -> None:
    inside = {"RGB": (10, 20, 30), "L": 10, "RGBA": (10, 20, 30, 255)}[mode]
    square = padded_square(8)(Image.new(mode, (40, 20), inside))
    assert square.size == (8, 8)
    assert [square.getpixel((0, row)) for row in (1, 2, 5, 6)] == [ground, inside, inside, ground]
    assert padded_square(8)(Image.new(mode, (3000, 1), inside)).size == (8, 8)


def test_transparency_is_kept_where_that_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "clear.png").write_bytes(picture((9, 9, 9, 0), mode="RGBA"))
    (tmp_path / "half.png").write_bytes(picture((255, 0, 0, 51), mode="RGBA"))
    (tmp_path / "plain.png").write_bytes(picture((1, 2, 3)))
    store = Folder(str(tmp_path), resolution=8, channels=4).load()
    corners = [image[:, 0, 0].tolist() for image in store.items.gather(torch.arange(3))]
    assert corners == [[255, 255, 255, 0], [255, 0, 0, 51], [1, 2, 3, 255]]
    assert store.account is not None
    assert "with transparency (smaller, enlarged" not in store.account.sentence("x", store.shape)
    assert "transparent, kept so: 2" in store.account.sentence("x", store.shape)


def test_pictures_without_colours_are_counted(tmp_path: Path) -> None:
    (tmp_path / "grey.png").write_bytes(picture(100, mode="L"))
    (tmp_path / "grey as colour.png").write_bytes(picture((100, 101, 100)))
    (tmp_path / "colour.png").write_bytes(picture((100, 120, 100)))
    account = Folder(str(tmp_path), resolution=8).load().account
    assert account is not None
    assert account.grey == 2
