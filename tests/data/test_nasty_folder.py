"""One folder with every trouble that pictures of strangers have: each file is read right, or named with the reason."""

import builtins
import io
import os
import socket
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, features

from equipoise.common.errors import EquipoiseError
from equipoise.data import pictures
from equipoise.data.folder import Folder
from equipoise.data.kinds import image_kinds, image_suffixes

SIDE = 8
WHITE = (255, 255, 255)
GREY = (100, 100, 100)
COLOUR = (200, 100, 50)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def plain(mode: str, value: object, kind: str, size: tuple[int, int] = (20, 20), **options: object) -> bytes:
    return encoded(Image.new(mode, size, value), kind, **options)


def palette(kind: str, **options: object) -> bytes:
    image = Image.new("P", (20, 20), 1)
    image.putpalette([0, 0, 0, *COLOUR] + [0] * 762)
    return encoded(image, kind, **options)


def deep(value: int, kind: str, **options: object) -> bytes:
    return encoded(Image.fromarray(np.full((20, 20), value, np.uint16)), kind, **options)


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(depth: int, colour_type: int, row: bytes, *extra: bytes, size: tuple[int, int] = (20, 20)) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, depth, colour_type, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress((b"\0" + row) * size[1]))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(extra) + pixels + chunk(b"IEND", b"")


def tiff(bits: int, photometric: int, pixels: bytes, sample_format: int = 1, order: str = "<") -> bytes:
    """An uncompressed grey image of 20x20."""
    start = 8 + 2 + 12 * 10 + 4
    tags = {256: 20, 257: 20, 258: bits, 259: 1, 262: photometric, 273: start, 277: 1, 278: 20, 279: len(pixels)}
    entries = (struct.pack(f"{order}HHII", tag, 4, 1, value) for tag, value in {**tags, 339: sample_format}.items())
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}IH", 8, 10)
    return head + b"".join(entries) + struct.pack(f"{order}I", 0) + pixels


def turned(orientation: int) -> bytes:
    notes = Image.Exif()
    notes[0x0112] = orientation
    return plain("RGB", COLOUR, "JPEG", (40, 20), exif=notes, quality=100, subsampling=0)


NOISE = encoded(Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)), "PNG")
SHARES = 255 * 257

READ: dict[str, tuple[bytes, tuple[int, ...]]] = {
    "grey of 16 bits.png": (deep(100 * 257, "PNG"), GREY),
    "grey of 16 bits.tif": (deep(100 * 257, "TIFF"), GREY),
    "grey of 16 bits.pgm": (deep(100 * 257, "PPM"), GREY),
    "grey of 16 bits, other order.tif": (tiff(16, 1, struct.pack(">400H", *[100 * 257] * 400), order=">"), GREY),
    "grey of 16 bits, black is high.tif": (tiff(16, 0, struct.pack("<400H", *[155 * 257] * 400)), GREY),
    "grey of 12 bits.tif": (tiff(12, 1, bytes((0x64, 0x06, 0x46)) * 200), GREY),
    "grey of 8 bits, black is high.tif": (tiff(8, 0, bytes([155] * 400)), GREY),
    "grey of 2 bits.png": (png(2, 0, b"\x55" * 5), (85, 85, 85)),
    "grey of 16 bits with a transparent value.png": (deep(25_700, "PNG", transparency=25_700), WHITE),
    "colour of 16 bits.png": (png(16, 2, struct.pack(">HHH", *(c * 257 for c in COLOUR)) * 20), COLOUR),
    "colour of 16 bits, half transparent.png": (
        png(16, 6, struct.pack(">HHHH", SHARES, 0, 0, 51 * 257) * 20),
        (255, 204, 204),
    ),
    "one bit.png": (plain("1", 1, "PNG"), WHITE),
    "one bit.tif": (plain("1", 1, "TIFF", compression="group4"), WHITE),
    "one bit, transparent.png": (plain("1", 0, "PNG", transparency=0), WHITE),
    "grey and alpha, hidden.png": (plain("LA", (0, 0), "PNG"), WHITE),
    "grey and alpha, opaque.png": (plain("LA", (100, 255), "PNG"), GREY),
    "grey and alpha.tif": (plain("LA", (100, 255), "TIFF"), GREY),
    "grey with a transparent value.png": (plain("L", 100, "PNG", transparency=100), WHITE),
    "colour with a transparent value.png": (plain("RGB", COLOUR, "PNG", transparency=COLOUR), WHITE),
    "palette.png": (palette("PNG"), COLOUR),
    "palette with alpha.png": (palette("PNG", transparency=bytes((255, 128))), (227, 177, 152)),
    "palette, transparent.png": (palette("PNG", transparency=1), WHITE),
    "palette, another is transparent.png": (palette("PNG", transparency=0), COLOUR),
    "palette.gif": (palette("GIF"), COLOUR),
    "palette, transparent.gif": (palette("GIF", transparency=1), WHITE),
    "palette.bmp": (palette("BMP"), COLOUR),
    "alpha, opaque.png": (plain("RGBA", (*COLOUR, 255), "PNG"), COLOUR),
    "alpha.webp": (plain("RGBA", (255, 0, 0, 51), "WEBP", lossless=True, exact=True), (255, 204, 204)),
    "alpha.tif": (plain("RGBA", (255, 0, 0, 51), "TIFF"), (255, 204, 204)),
    "printer.jpg": (plain("CMYK", (0, 255, 255, 0), "JPEG", quality=100), (255, 0, 0)),
    "printer.tif": (plain("CMYK", (0, 255, 255, 0), "TIFF"), (255, 0, 0)),
    "video colours.tif": (plain("YCbCr", (100, 128, 128), "TIFF"), GREY),
    "padded colours.tif": (plain("RGBX", (*COLOUR, 0), "TIFF"), COLOUR),
    "several pages.tif": (plain("RGB", COLOUR, "TIFF", save_all=True, append_images=[Image.new("L", (9, 9))]), COLOUR),
    "moving.gif": (
        encoded(Image.new("RGB", (20, 20), COLOUR), "GIF", save_all=True, append_images=[Image.new("RGB", (20, 20))]),
        COLOUR,
    ),
    "moving.png": (
        encoded(Image.new("RGB", (20, 20), COLOUR), "PNG", save_all=True, append_images=[Image.new("RGB", (20, 20))]),
        COLOUR,
    ),
    "moving.webp": (
        plain("RGB", COLOUR, "WEBP", save_all=True, lossless=True, append_images=[Image.new("RGB", (20, 20))]),
        COLOUR,
    ),
    "turned.jpg": (turned(6), COLOUR),
    "turned in no known way.jpg": (turned(99), COLOUR),
    "a JPEG called.png": (plain("RGB", COLOUR, "JPEG", quality=100), COLOUR),
    "a PNG called.jpg": (plain("RGB", COLOUR, "PNG"), COLOUR),
    "loud.JPEG": (plain("RGB", COLOUR, "JPEG", quality=100), COLOUR),
    "old.jfif": (plain("RGB", COLOUR, "JPEG", quality=100), COLOUR),
    "progressive.jpg": (plain("RGB", COLOUR, "JPEG", quality=100, progressive=True), COLOUR),
    "more behind its end.png": (plain("RGB", COLOUR, "PNG") + bytes(1000), COLOUR),
    "one pixel.png": (plain("RGB", COLOUR, "PNG", (1, 1)), COLOUR),
    "one line.png": (plain("RGB", COLOUR, "PNG", (3000, 1)), COLOUR),
    "one column.png": (plain("RGB", COLOUR, "PNG", (1, 3000)), COLOUR),
    "ümlaut 日本 .png": (plain("RGB", COLOUR, "PNG"), COLOUR),
    "control\x1b[2J\n.png": (plain("RGB", COLOUR, "PNG"), COLOUR),
    os.fsdecode(b"not utf-8 \xff.png"): (plain("RGB", COLOUR, "PNG"), COLOUR),
    "-rf.png": (plain("RGB", COLOUR, "PNG"), COLOUR),
    f"{'long' * 60}.png": (plain("RGB", COLOUR, "PNG"), COLOUR),
    "<script>alert(1)<.png": (plain("RGB", COLOUR, "PNG"), COLOUR),
}
if features.check("avif"):
    READ["modern.avif"] = (plain("RGB", COLOUR, "AVIF"), COLOUR)
if features.check("jpg_2000"):
    READ["modern.jp2"] = (plain("RGB", COLOUR, "JPEG2000"), COLOUR)
    READ["grey of 16 bits.jp2"] = (deep(100 * 257, "JPEG2000"), GREY)

NO_RANGE = "have no stated range; save it with 8 or 16 bits"
WIDE = f"its pixels are whole numbers of 32 bits, or with a sign, which {NO_RANGE}"
SKIPPED: dict[str, tuple[bytes, str]] = {
    "wide.tif": (tiff(32, 1, struct.pack("<400I", *[3_000_000_000] * 400)), WIDE),
    "wide and dark.tif": (tiff(32, 1, struct.pack("<400I", *[200] * 400)), WIDE),
    "wide with a sign.tif": (tiff(32, 1, struct.pack(">400i", *[-200] * 400), 2, ">"), WIDE),
    "sign.tif": (tiff(16, 1, struct.pack("<400h", *[-5] * 400), 2), WIDE),
    "fractions.tif": (
        encoded(Image.fromarray(np.full((20, 20), 0.5, np.float32)), "TIFF"),
        f"its pixels are fractions, which {NO_RANGE}",
    ),
    "empty.png": (b"", "no image of a known kind"),
    "zeros.jpg": (bytes(5000), "no image of a known kind"),
    "page.jpg": (b"<html>404 Not Found</html>", "no image of a known kind"),
    "program.png": (encoded(Image.new("RGB", (9, 9)), "EPS"), "no image of a known kind"),
    "icon.png": (encoded(Image.new("RGB", (16, 16)), "ICO"), "no image of a known kind"),
    "cut short.jpg": (plain("RGB", COLOUR, "JPEG", (200, 200))[:-200], "cut short"),
    "cut short.png": (NOISE[:1500], "cut short"),
    "flipped bit.png": (NOISE[:900] + bytes([NOISE[900] ^ 255]) + NOISE[901:], "damaged"),
    "half a header.gif": (b"GIF89a\x05", "no image of a known kind"),
    "many pixels.png": (png(8, 2, b"", size=(9000, 9000)), "9000x9000 is more than 80,000,000 pixels"),
    "bomb.png": (png(8, 2, b"", size=(60_000, 60_000)), "more than 80,000,000 pixels"),
    "no pixels.png": (png(8, 2, b"", size=(0, 0)), "no image of a known kind"),
}
LEFT_OUT: dict[str, tuple[bytes, str]] = {
    "drawing.svg": (b"<svg/>", ".svg"),
    "layers.psd": (b"x", ".psd"),
    "camera.CR2": (b"x", ".cr2"),
    "film.mp4": (b"x", ".mp4"),
    "notes.txt": (b"x", ".txt"),
    "photos.zip": (b"PK", ".zip"),
    "no ending": (plain("RGB", COLOUR, "PNG"), "files without an ending"),
    "odd.endingthatnobodyknows": (b"x", "files of no known kind"),
    "point.": (b"x", "files without an ending"),
}
PHONE = {"phone.heic": ".heic", "phone.HEIF": ".heif"}
if "HEIF" in image_kinds():
    READ["good.heic"] = (plain("RGB", COLOUR, "HEIF", (48, 48)), COLOUR)
    SKIPPED |= dict.fromkeys(PHONE, (b"x", "no image of a known kind"))
else:
    LEFT_OUT |= {name: (b"x", ending) for name, ending in PHONE.items()}


def fill(folder: Path) -> dict[str, str]:
    """Make the folder. Returns: what else than a named file is left out, and as what."""
    folder.mkdir()
    for name, (content, _) in (READ | SKIPPED | LEFT_OUT).items():
        (folder / name).write_bytes(content)
    (folder / "gone.png").symlink_to(folder / "nowhere.png")
    (folder / "self.png").symlink_to("self.png")
    os.mkfifo(folder / "pipe.png")
    (folder / "device.png").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as one:
        place = Path.cwd()
        os.chdir(folder)  # the names of sockets are short
        try:
            one.bind("socket.png")
        finally:
            os.chdir(place)
    (folder / "folder.png").mkdir()
    (folder / "loop").symlink_to(folder)
    (folder / ".hidden.png").write_bytes(b"x")
    dead = dict.fromkeys(("gone.png", "self.png"), "links that lead nowhere")
    return dead | dict.fromkeys(("pipe.png", "device.png", "socket.png"), "pipes and devices")


@pytest.mark.filterwarnings("error")
def test_every_file_is_read_right_or_named_with_the_reason(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    others = fill(tmp_path / "photos")
    store = Folder(str(tmp_path / "photos"), SIDE).load()
    expected = [READ[os.fsdecode(name)][1] for name in sorted(map(os.fsencode, READ))]
    found = torch.stack([each.float().mean(dim=(1, 2)) for each in store.items.gather(torch.arange(len(store)))])
    far = (found - torch.tensor(expected)).abs().amax(dim=1) > 6
    assert [name for name, wrong in zip(sorted(READ, key=os.fsencode), far, strict=True) if wrong] == []
    account = store.account
    assert account is not None
    assert dict(account.skipped) == {name: reason for name, (_, reason) in SKIPPED.items()}
    assert dict(account.left_out) == {name: kind for name, (_, kind) in LEFT_OUT.items()} | others
    assert (account.images, account.unread) == (len(READ), [])
    assert (account.smallest, account.largest) == ((1, 1), (1, 3000))
    every = len(READ | SKIPPED | LEFT_OUT | others)
    assert f"photos: {len(READ)} images of {every} files, 1x1 to 1x3000 pixels, resized" in account.sentence(
        "photos", store.shape
    )
    (warning,) = caplog.messages
    assert warning.isprintable()
    others_in_words = (
        "left out: pipes and devices (3), files without an ending (2), links that lead nowhere (2), .mp4 (1), "
        ".txt (1), .zip (1), other kinds (1); pictures that cannot be read here: "
    )
    pictures = sorted(kind for _, kind in LEFT_OUT.values() if kind in {".cr2", ".heic", ".heif", ".psd", ".svg"})
    assert f"{others_in_words}{' (1), '.join(pictures)} (1); to use them, convert" in warning
    assert warning.endswith("to use them, convert them to .jpg or .png")


def folder_of(tmp_path: Path, count: int) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(count):
        (folder / f"{number:02d}.png").write_bytes(plain("RGB", (number, 0, 0), "PNG"))
    return folder


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), OSError(5, "Input/output error")])
def test_files_that_the_system_would_not_give_are_read_as_soon_as_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: OSError
) -> None:
    folder = folder_of(tmp_path, 12)
    given = builtins.open

    def refuse(file: object, *words: object, **named: object) -> object:
        if Path(str(file)).name in {f"{number:02d}.png" for number in range(10)}:
            raise error
        return given(file, *words, **named)  # type: ignore[call-overload]

    with monkeypatch.context() as patched:
        patched.setattr(builtins, "open", refuse)
        few = Folder(str(folder), SIDE).load()
        read = read_counter(patched)
        assert len(Folder(str(folder), SIDE).load()) == len(few) == 2
        assert read == []  # the cache still stands as long as they do not open
    assert few.account is not None
    assert few.account.skipped == []
    assert few.account.unread == [(f"{number:02d}.png", error.strerror) for number in range(10)]
    assert f"10 files could not be opened this time, as in 00.png ({error.strerror})" in caplog.text
    whole = Folder(str(folder), SIDE).load()
    assert len(whole) == 12
    assert whole.account is not None
    assert whole.account.unread == []


def read_counter(patched: pytest.MonkeyPatch) -> list[str]:
    """The names of the pictures that are decoded from now on."""
    names: list[str] = []
    whole = pictures._read_one

    def counted(picture: pictures.Picture, *words: object) -> object:
        names.append(picture.name)
        return whole(picture, *words)  # type: ignore[arg-type]

    patched.setattr(pictures, "_read_one", counted)
    return names


@pytest.mark.parametrize("error", [MemoryError(), OSError("out of memory error when reading image file")])
def test_a_lack_of_memory_is_not_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    folder = folder_of(tmp_path, 3)

    def fail(*_: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(pictures, "decode", fail)
        with pytest.raises(
            EquipoiseError, match=r"3 files could not be opened this time, as in 00.png .out of memory."
        ):
            Folder(str(folder), SIDE).load()
    assert len(Folder(str(folder), SIDE).load()) == 3


def test_what_a_decoder_refused_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folder_of(tmp_path, 2)
    (folder / "bad.png").write_bytes(b"x")
    first = Folder(str(folder), SIDE).load()
    assert read_counter(monkeypatch) == []
    again = Folder(str(folder), SIDE).load()
    assert again.account == first.account


def test_a_folder_below_that_cannot_be_opened_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folder_of(tmp_path, 2)
    (folder / "secret").mkdir()
    given = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("secret"):
            raise PermissionError(13, "Permission denied", path)
        return given(path)

    monkeypatch.setattr(os, "scandir", refuse)
    account = Folder(str(folder), SIDE).load().account
    assert account is not None
    assert account.left_out == [("secret", "folders that could not be opened")]


def test_a_folder_of_other_kinds_alone_says_which(tmp_path: Path) -> None:
    (tmp_path / "a.psd").write_bytes(b"x")
    with pytest.raises(
        EquipoiseError, match=r"contains no images .*; pictures that cannot be read here: \.psd .1.; to use them, c"
    ):
        Folder(str(tmp_path), SIDE).load()


def test_files_that_are_no_pictures_are_counted_without_advice(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_bytes(b"x")
    with pytest.raises(EquipoiseError, match=r"contains no images .*; left out: \.txt \(1\)\.$"):
        Folder(str(tmp_path), SIDE).load()


def test_pictures_of_phones_name_the_extra_where_it_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.heic").write_bytes(b"x")
    monkeypatch.setattr("equipoise.data.kinds._reads_heic", lambda: False)
    image_kinds.cache_clear()
    image_suffixes.cache_clear()
    try:
        with pytest.raises(EquipoiseError, match=r"\.heic .1.; to use them, install the extra equipoise\[heic\]"):
            Folder(str(tmp_path), SIDE).load()
    finally:
        image_kinds.cache_clear()
        image_suffixes.cache_clear()


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ([(8, 8)], "p: 1 image of 1 file, 8x8 pixels, resized to 8x8 in colour."),
        (
            [(4, 9), (30, 30)],
            "4x9 to 30x30 pixels, resized to 8x8 in colour (not square, cropped to the centre: 1; smaller, ",
        ),
        ([(4, 4), (30, 30)], " (smaller, enlarged: 1)."),
    ],
)
def test_the_sentence_says_what_happens_to_the_pictures(
    tmp_path: Path, sizes: list[tuple[int, int]], words: str
) -> None:
    for number, size in enumerate(sizes):
        (tmp_path / f"{number}.png").write_bytes(plain("RGB", COLOUR, "PNG", size))
    store = Folder(str(tmp_path), SIDE).load()
    assert store.account is not None
    assert words in store.account.sentence("p", store.shape)
