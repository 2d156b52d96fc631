import io
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image

from equipoise.common.errors import EquipoiseError
from equipoise.data.celeba import CelebA

NUMBERS = (1, 2, 162_770, 162_771, 182_637, 182_638, 202_599)


def face(seed):
    """A smooth 178x218 image, as the aligned faces are."""
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 10, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((178, 218), Image.Resampling.BICUBIC)


def jpeg(image):
    buffer = io.BytesIO()
    image.save(buffer, format="JPEG", quality=100, subsampling=0)
    return buffer.getvalue()


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "celeba" / "img_align_celeba"
    folder.mkdir(parents=True)
    for number in NUMBERS:
        (folder / f"{number:06d}.jpg").write_bytes(jpeg(face(number)))
    return tmp_path


def first(store):
    return store.items.gather(torch.tensor([0]))[0].numpy().transpose(1, 2, 0).astype(int)


def test_magan_resizes_the_shorter_side_and_takes_the_centre(root):
    store = CelebA(crop="magan").load(root)
    assert (len(store), store.shape, store.labels) == (7, (3, 64, 64), None)
    resized = np.asarray(face(1).resize((64, 78), Image.Resampling.BILINEAR), dtype=int)
    assert np.abs(first(store) - resized[7:71]).max() <= 4


def sharp_face():
    """Noise, on which the filters differ by far more than a JPEG's errors."""
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (218, 178, 3), dtype=np.uint8))


@pytest.mark.parametrize("resampling", ["bilinear", "lanczos", "nearest"])
def test_mmd_resizes_to_72_by_88_and_takes_the_centre(root, resampling):
    (root / "celeba" / "img_align_celeba" / "000001.jpg").write_bytes(jpeg(sharp_face()))
    found = first(CelebA(crop="mmd", resampling=resampling).load(root))
    resized = np.asarray(sharp_face().resize((72, 88), Image.Resampling[resampling.upper()]), dtype=int)
    assert np.abs(found - resized[12:76, 4:68]).max() <= 8
    others = {other: CelebA(crop="mmd", resampling=other).load(root) for other in ("bilinear", "lanczos", "nearest")}
    assert len({store.content_hash for store in others.values()}) == 3


def test_dcgan_takes_the_central_108(root):
    square = face(1).crop((35, 55, 143, 163))
    expected = np.asarray(square.resize((64, 64), Image.Resampling.BILINEAR), dtype=int)
    assert np.abs(first(CelebA(crop="dcgan").load(root)) - expected).max() <= 4


@pytest.mark.parametrize("resampling", ["bilinear", "nearest"])
def test_began_takes_its_box(root, resampling):
    (root / "celeba" / "img_align_celeba" / "000001.jpg").write_bytes(jpeg(sharp_face()))
    box = np.asarray(sharp_face())[50 : 50 + 128, 25 : 25 + 128]
    whole = first(CelebA(crop="began", resolution=128).load(root))
    assert np.abs(whole - box).max() <= 8
    expected = np.asarray(Image.fromarray(box).resize((64, 64), Image.Resampling[resampling.upper()]), dtype=int)
    found = first(CelebA(crop="began", resampling=resampling).load(root))
    assert np.abs(found - expected).max() <= 8
    if resampling == "nearest":
        assert np.abs(found - box[1::2, 1::2]).max() <= 8  # pixels of the image, none mixed


def test_crops_differ_and_keep_their_proportion_at_other_resolutions(root):
    hashes = {CelebA(crop=crop).load(root).content_hash for crop in ("magan", "mmd", "dcgan", "began")}
    assert len(hashes) == 4
    for crop in ("magan", "mmd", "dcgan", "began"):
        small = first(CelebA(resolution=32, crop=crop).load(root))
        halved = first(CelebA(crop=crop).load(root)).reshape(32, 2, 32, 2, 3).mean(axis=(1, 3))
        assert np.corrcoef(small.flatten(), halved.flatten())[0, 1] > 0.95


def test_only_the_first_so_many_are_read(root):
    whole, some = CelebA("valid").load(root), CelebA("valid", count=1).load(root)
    assert len(some) == 1
    assert torch.equal(some.items.gather(torch.tensor([0])), whole.items.gather(torch.tensor([0])))


@pytest.mark.parametrize(("split", "count"), [("all", 7), ("train", 3), ("valid", 2), ("test", 2)])
def test_splits_go_by_number(root, split, count):
    assert len(CelebA(split).load(root)) == count


def test_the_zip_file_is_read_like_the_folder(root, tmp_path):
    other = tmp_path / "other" / "celeba"
    other.mkdir(parents=True)
    with zipfile.ZipFile(other / "img_align_celeba.zip", "w") as archive:
        for path in sorted((root / "celeba" / "img_align_celeba").iterdir(), reverse=True):
            archive.writestr(f"img_align_celeba/{path.name}", path.read_bytes())
    assert CelebA().load(tmp_path / "other").content_hash == CelebA().load(root).content_hash


PLACES = [
    "celeba/img_align_celeba/img_align_celeba",
    "celeba/Img/img_align_celeba",
    "img_align_celeba",
    "CelebA/img_align_celeba",
    "celeba",
    "",
]


@pytest.mark.parametrize("place", PLACES)
def test_faces_in_another_folder_are_found(root, tmp_path, place):
    expected = CelebA().load(root).content_hash
    other = tmp_path / "other" / place
    other.parent.mkdir(parents=True, exist_ok=True)
    (root / "celeba" / "img_align_celeba").rename(other)
    assert CelebA().load(tmp_path / "other").content_hash == expected


@pytest.mark.parametrize("folder", ["img_align_celeba", "img_align_celeba_png"])
def test_faces_as_png_are_read(tmp_path, folder):
    (tmp_path / "celeba" / folder).mkdir(parents=True)
    for number in NUMBERS:
        face(number).save(tmp_path / "celeba" / folder / f"{number:06d}.png")
    assert len(CelebA().load(tmp_path)) == 7
    assert len(CelebA("test").load(tmp_path)) == 2


@pytest.mark.parametrize("inside", ["", "celeba/img_align_celeba/", "img_align_celeba_png/"])
def test_a_zip_file_may_hold_the_faces_in_another_folder(root, tmp_path, inside):
    other = tmp_path / "other" / "celeba"
    other.mkdir(parents=True)
    with zipfile.ZipFile(other / "img_align_celeba.zip", "w") as archive:
        for path in sorted((root / "celeba" / "img_align_celeba").iterdir()):
            archive.writestr(f"{inside}{path.name}", path.read_bytes())
            archive.writestr(f"__MACOSX/{inside}._{path.name}", b"x")
        archive.writestr("elsewhere/000003.jpg", jpeg(face(3)))
    assert CelebA().load(tmp_path / "other").content_hash == CelebA().load(root).content_hash


def test_a_split_without_faces_says_how_they_are_called(root):
    for number in (182_638, 202_599):
        (root / "celeba" / "img_align_celeba" / f"{number:06d}.jpg").unlink()
    with pytest.raises(EquipoiseError, match=r"contains no face of split test: they are called 000001\.jpg to"):
        CelebA("test").load(root)


def test_a_hostile_zip_file_gives_nothing_but_its_faces(tmp_path, caplog):
    (tmp_path / "celeba").mkdir()
    with zipfile.ZipFile(tmp_path / "celeba" / "img_align_celeba.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../evil.jpg", b"x")
        archive.writestr("/evil.jpg", b"x")
        archive.writestr("img_align_celeba/../../evil.jpg", b"x")
        archive.writestr("img_align_celeba/\x1b[2J.jpg", b"x")
        archive.writestr("img_align_celeba/000001.jpg", jpeg(face(1)))
        archive.writestr("img_align_celeba/000002.jpg", bytes(50_000_000))
    store = CelebA().load(tmp_path)
    assert len(store) == 1
    assert "000002.jpg (larger than 4,194,304 bytes)" in caplog.text
    assert not list(tmp_path.rglob("*evil*"))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"text"])
def test_a_damaged_zip_file_is_named(tmp_path, content):
    (tmp_path / "celeba").mkdir()
    (tmp_path / "celeba" / "img_align_celeba.zip").write_bytes(content)
    with pytest.raises(EquipoiseError, match=r"img_align_celeba\.zip is damaged"):
        CelebA().load(tmp_path)


def test_a_missing_set_says_where_to_get_it(tmp_path):
    with pytest.raises(EquipoiseError, match=r"neither .*img_align_celeba with .* is there; .* or pass --data-root"):
        CelebA().load(tmp_path)


def test_an_empty_folder_is_an_error(tmp_path):
    (tmp_path / "celeba" / "img_align_celeba").mkdir(parents=True)
    with pytest.raises(EquipoiseError, match=r"img_align_celeba with faces called 000001\.jpg"):
        CelebA().load(tmp_path)


@pytest.mark.parametrize(
    "fields", [{"crop": "mag"}, {"split": "tset"}, {"resolution": 200}, {"resampling": "cubic"}, {"count": 0}]
)
def test_impossible_fields_are_refused(fields):
    with pytest.raises(EquipoiseError, match="of celeba"):
        CelebA(**fields)
