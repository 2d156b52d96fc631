"""Interpolations as files that move."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageSequence

from equipoise.common.errors import EquipoiseError
from equipoise.evaluation.animation import check_animation, write_animation


def frames(channels: int, count: int = 5, height: int = 9, width: int = 8) -> torch.Tensor:
    shape = (count, channels, height, width)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(channels))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_webp_holds_every_frame_exactly(channels: int, tmp_path: Path) -> None:
    expected = frames(channels)
    if channels == 4:
        expected[:, 3] = expected[:, 3].clamp_min(1)  # where a pixel is not seen its colour is not kept
    write_animation(expected, tmp_path / "a.webp")
    with Image.open(tmp_path / "a.webp") as picture:
        assert (picture.info["loop"], picture.size) == (0, (8 * 28, 9 * 28))
        mode = {1: "RGB", 3: "RGB", 4: "RGBA"}[channels]
        found = np.stack([np.asarray(each.convert(mode))[::28, ::28] for each in ImageSequence.Iterator(picture)])
    assert np.array_equal(found, expected.permute(0, 2, 3, 1).expand(-1, -1, -1, max(3, channels)).numpy())


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_gif_has_every_frame_for_a_twentieth_of_a_second(channels: int, tmp_path: Path) -> None:
    expected = frames(channels)
    write_animation(expected, tmp_path / "a.gif")
    with Image.open(tmp_path / "a.gif") as picture:
        assert picture.info["loop"] == 0
        found = [(each.info["duration"], each.convert("RGB").size) for each in ImageSequence.Iterator(picture)]
        assert found == [(50, (8 * 28, 9 * 28))] * 5
        if channels == 1:
            picture.seek(3)
            assert np.array_equal(np.asarray(picture.convert("L"))[::28, ::28], expected[3, 0].numpy())


@pytest.mark.parametrize("size", [(9, 8), (257, 301)])
def test_mp4_has_every_frame_with_even_sides(size: tuple[int, int], tmp_path: Path) -> None:
    ffmpeg = pytest.importorskip("imageio_ffmpeg")
    dark_then_light = torch.zeros(4, 4, *size, dtype=torch.uint8)
    dark_then_light[:, 3] = 255
    dark_then_light[2:, :3] = 200
    dark_then_light[3, 3] = 0  # transparent: white
    write_animation(dark_then_light, tmp_path / "a.mp4")
    reader = ffmpeg.read_frames(str(tmp_path / "a.mp4"))
    about = next(reader)
    assert all(side % 2 == 0 for side in about["size"])
    assert about["fps"] == 20
    means = [np.frombuffer(each, dtype=np.uint8).mean() for each in reader]
    assert np.allclose(means, [0, 0, 200, 255], atol=6)


def test_a_missing_extra_and_other_endings_are_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(EquipoiseError, match=r"pip install 'equipoise\[video\]'"):
        check_animation(tmp_path / "a.mp4")
    for name in ("a.npz", "a.jpg", "a"):
        with pytest.raises(EquipoiseError, match=r"\.png grid or a \.gif, \.webp, \.mp4 file"):
            check_animation(tmp_path / name)
    check_animation(tmp_path / "a.PNG")
