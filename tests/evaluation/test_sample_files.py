"""Samples as files: a folder that is interrupted, gone on with, extended, and never mixed with others."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from equipoise.common.errors import EquipoiseError
from equipoise.data.catalogue import parse_data
from equipoise.evaluation import sample_folder
from equipoise.evaluation.maker import SampleMaker, Wanted
from equipoise.evaluation.sample_files import sample_sheet, write_samples
from equipoise.evaluation.sample_folder import MANIFEST
from equipoise.networks.mlp import MLPGenerator
from equipoise.training.draw import Latent

SHAPE = (1, 4, 4)
MANY = 520
"""More than one batch of latents."""


@pytest.fixture
def maker() -> SampleMaker:
    generator = MLPGenerator(latent_size=7, image_shape=SHAPE, hidden=(8,))
    return SampleMaker(generator, Latent(7, classes=2), "symmetric", SHAPE, ("a/b", "a-b"))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.png"))}


@pytest.mark.parametrize("stopped_after", [1, 507])
def test_a_stopped_folder_is_completed_and_is_that_of_an_uninterrupted_run(
    stopped_after: int, maker: SampleMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, written = sample_folder._write, 0

    def stops(picture: np.ndarray, path: Path) -> None:
        nonlocal written
        if written == stopped_after:
            path.with_name(f".{path.name}.partial").write_bytes(b"half")
            raise KeyboardInterrupt
        written += 1
        write(picture, path)

    monkeypatch.setattr(sample_folder, "_write", stops)
    with pytest.raises(KeyboardInterrupt):
        write_samples(maker, tmp_path / "stopped", MANY, Wanted(seed=3))
    assert len(contents(tmp_path / "stopped")) == stopped_after
    monkeypatch.undo()
    done = write_samples(maker, tmp_path / "stopped", MANY, Wanted(seed=3))
    assert (done.count, done.new) == (MANY, MANY - stopped_after)
    write_samples(maker, tmp_path / "whole", MANY, Wanted(seed=3))
    assert contents(tmp_path / "stopped") == contents(tmp_path / "whole")
    assert not list((tmp_path / "stopped").glob("*.partial*"))


def test_what_is_complete_is_not_made_again_and_more_are_added(
    maker: SampleMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    write_samples(maker, out, 501, Wanted())
    (out / "000007.png").write_bytes(b"")  # as after a failure of power
    before = {path: path.stat().st_mtime_ns for path in out.glob("*.png")}
    batches: list[int] = []
    made = SampleMaker._made

    def counted(self: SampleMaker, latents: torch.Tensor) -> torch.Tensor:
        batches.append(len(latents))
        return made(self, latents)

    monkeypatch.setattr(SampleMaker, "_made", counted)
    assert write_samples(maker, out, 505, Wanted()).new == 5
    assert batches == [500, 5]
    assert {path.name for path, time in before.items() if path.stat().st_mtime_ns != time} == {"000007.png"}
    assert write_samples(maker, out, 505, Wanted()).new == 0
    assert batches == [500, 5]
    arrays = np.stack([np.asarray(Image.open(path)) for path in sorted(out.glob("*.png"))])
    write_samples(maker, tmp_path / "a.npz", 505, Wanted())
    assert np.array_equal(arrays, np.load(tmp_path / "a.npz")["images"][:, 0])


def test_other_samples_are_never_mixed_in(maker: SampleMaker, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_samples(maker, out, 6, Wanted(seed=1, truncation=0.5), {"iteration": 10})
    before = contents(out)
    for count, asked, sentence in (
        (6, Wanted(seed=2, truncation=0.5), "they differ in seed;"),
        (6, Wanted(seed=1), "they differ in truncation"),
        (6, Wanted(seed=1, truncation=0.5, of_class=1), "they differ in class"),
        (6, Wanted(seeds=(1,), truncation=0.5), "they differ in seed"),
        (5, Wanted(seed=1, truncation=0.5), "already contains 6 samples, more than the 5 asked for"),
    ):
        with pytest.raises(EquipoiseError, match=sentence):
            write_samples(maker, out, count, asked, {"iteration": 10})
    other = replace(maker, generator=MLPGenerator(latent_size=7, image_shape=SHAPE, hidden=(8,)))
    with pytest.raises(EquipoiseError, match=r"they differ in weights \(theirs are of iteration 10\)"):
        write_samples(other, out, 6, Wanted(seed=1, truncation=0.5), {"iteration": 20})
    assert contents(out) == before
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "mine.png").write_bytes(b"x")
    for manifest in (None, "[]", "{", "{}"):
        if manifest is not None:
            (tmp_path / "photos" / MANIFEST).write_text(manifest)
        with pytest.raises(EquipoiseError, match="already contains"):
            write_samples(maker, tmp_path / "photos", 6, Wanted())


def test_a_folder_that_another_process_fills_is_left_alone(maker: SampleMaker, tmp_path: Path) -> None:
    folder = sample_folder.SampleFolder(tmp_path / "out", maker.series(3, Wanted()))
    with folder._claimed({}), pytest.raises(EquipoiseError, match="another process is writing samples into"):
        folder.fill(lambda samples: iter(()), {})


def test_all_classes_are_rows_folders_and_labels(maker: SampleMaker, tmp_path: Path) -> None:
    """Names that no file can have, or that become the same one, give way to numbers."""
    everything = Wanted(of_class="all")
    write_samples(maker, tmp_path / "numbered", 3, everything)
    assert sorted(contents(tmp_path / "numbered"))[::3] == ["000/000000.png", "001/000000.png"]
    named = replace(maker, classes=("cats", "dogs"))
    write_samples(named, tmp_path / "named", 3, everything)
    data = parse_data(f"folder:{tmp_path / 'named'}")
    assert data.class_names() == ["cats", "dogs"]
    write_samples(named, tmp_path / "all.npz", 3, everything)
    store = parse_data(f"npz:{tmp_path / 'all.npz'}").load()
    assert store.labels is not None
    assert store.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert sample_sheet(named, 3, everything).size == (3 * 5 * 8, 2 * 5 * 8)


def test_files_of_seeds_are_called_after_them(maker: SampleMaker, tmp_path: Path) -> None:
    write_samples(maker, tmp_path / "out", 1, Wanted(seeds=(12, 3)), {"run": "here"})
    assert sorted(contents(tmp_path / "out")) == ["000003.png", "000012.png"]
    made_of = json.loads((tmp_path / "out" / MANIFEST).read_text())
    assert (made_of["seed"], made_of["origin"]) == ([12, 3], {"run": "here"})


def test_memory_is_bounded_by_batches(maker: SampleMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each batch is on the disk before the next one is made."""
    there: list[int] = []
    made = SampleMaker._made

    def watched(self: SampleMaker, latents: torch.Tensor) -> torch.Tensor:
        there.append(len(list((tmp_path / "out").glob("*.png"))))
        return made(self, latents)

    monkeypatch.setattr(SampleMaker, "_made", watched)
    write_samples(maker, tmp_path / "out", 1001, Wanted())
    assert there == [0, 500, 1000]


def test_a_full_disk_is_one_sentence(maker: SampleMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(picture: np.ndarray, path: Path) -> Iterator[None]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sample_folder, "_write", full)
    with pytest.raises(EquipoiseError, match="No space left on device; the same command goes on from here"):
        write_samples(maker, tmp_path / "out", 3, Wanted())
