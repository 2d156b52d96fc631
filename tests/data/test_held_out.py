"""Pictures that are held out: which they are, and that no training sees them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from equipoise.common.errors import EquipoiseError
from equipoise.data.data_set import split_of
from equipoise.data.folder import Folder
from equipoise.data.held_out import held_out_places, part_of
from equipoise.data.items import Mapped
from equipoise.data.npz import Npz
from equipoise.data.store import Store, held
from equipoise.evaluation.judge import parts_of


def shades(store: Store) -> list[int]:
    return store.items.gather(torch.arange(len(store)))[:, 0, 0, 0].tolist()


@pytest.fixture
def greys(tmp_path: Path) -> Path:
    """31 pictures in two classes, each of another grey, in the order of their names."""
    for number in range(31):
        folder = tmp_path / "greys" / ("a" if number < 15 else "b")
        folder.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 8), number).save(folder / f"{number:02}.png")
    np.savez(tmp_path / "greys.npz", images=np.arange(31, dtype=np.uint8)[:, None, None].repeat(8, 1).repeat(8, 2))
    return tmp_path / "greys"


def test_every_tenth_is_held_out_and_all_others_are_trained_on(greys: Path) -> None:
    folder = Folder(str(greys), resolution=8, channels=1)
    for whole in (folder, Npz(f"{greys}.npz")):
        train, held_out = (replace(whole, part=part).load() for part in ("train", "held-out"))  # type: ignore[type-var]
        assert shades(held_out) == [9, 19, 29]
        assert shades(train) == [shade for shade in range(31) if shade not in (9, 19, 29)]
        again = [shades(part) for part in parts_of(replace(whole, part="train"), None)]  # type: ignore[type-var]
        assert again == [shades(train), shades(held_out)]
        assert len({store.content_hash for store in (whole.load(), train, held_out)}) == 3
    labelled = replace(folder, part="held-out").load()
    assert labelled.labels is not None
    assert labelled.labels.tolist() == [0, 1, 1]
    assert (split_of(folder), split_of(replace(folder, part="train"))) == ("all", "train")
    assert [len(part) for part in parts_of(folder, None)] == [26, 5]  # every sixth, as before


def test_a_part_of_a_mapped_set_is_not_copied() -> None:
    pixels = torch.arange(25, dtype=torch.uint8).reshape(25, 1, 1, 1)
    mapped = Store(Mapped(pixels.numpy(), torch.device("cpu")), known_hash="of all")
    some = part_of(mapped, "train").to("cpu")
    assert shades(some) == shades(part_of(held(pixels), "train"))
    assert some.content_hash == part_of(held(pixels), "train").content_hash
    assert (some.shape, some.holds_images) == ((1, 1, 1), True)


def test_an_unknown_part_is_refused(greys: Path) -> None:
    with pytest.raises(EquipoiseError, match="unknown part of folder 'test'"):
        Folder(str(greys), part="test")  # type: ignore[arg-type]


@pytest.mark.parametrize("classes", [2, 3, 5, 6, 10, 12])
@pytest.mark.parametrize("every", [6, 10])
def test_classes_in_turns_are_all_held_out(every: int, classes: int) -> None:
    """Every tenth of ten classes in turns is always of one class."""
    labels = torch.arange(12_000) % classes
    whole = held(torch.zeros(12_000, 1, 1, 1, dtype=torch.uint8), labels)
    out = held_out_places(whole, every)
    assert int(out.sum()) == 12_000 // every
    assert len(labels[out].unique()) == classes
    assert torch.equal(out, held_out_places(whole, every))


def test_of_fewer_than_ten_none_is_held_out() -> None:
    for labels in (None, torch.arange(9) % 2):
        assert not held_out_places(held(torch.zeros(9, 1, 1, 1, dtype=torch.uint8), labels), 10).any()


def test_sets_whose_every_tenth_is_of_all_classes_keep_their_parts() -> None:
    for labels in (None, torch.arange(95) // 20):
        out = held_out_places(held(torch.zeros(95, 1, 1, 1, dtype=torch.uint8), labels), 10)
        assert out.nonzero()[:, 0].tolist() == [9, 19, 29, 39, 49, 59, 69, 79, 89]
