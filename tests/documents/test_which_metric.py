"""The page on the choice of a metric shows the tables of the study's data files, and says what they show."""

import json
from pathlib import Path

import pytest
import torch

from measurements.figures import degradations

PAGE = (Path(__file__).parents[2] / "docs" / "which_metric.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("data", degradations.MOST)
def test_the_tables_are_those_of_the_data_files(data: str) -> None:
    document = json.loads(degradations.file_of(data).read_text(encoding="utf-8"))
    assert document["data"] == data
    assert degradations.table_of_order(document) in PAGE
    assert degradations.table_of_values(document) in PAGE
    assert data not in degradations.FLOOR or degradations.table_of_floors(document) in PAGE


def test_an_order_holds_in_every_draw_or_not_at_all() -> None:
    def row(draw: int, name: str, kernel: float) -> dict[str, float | str]:
        return {"draw": draw, "set": name, "kernel": kernel, "recall": -kernel}

    rows = [row(draw, name, value) for draw in (0, 1) for name, value in (("real", 0), ("blur 0.5", 1), ("blur 1", 2))]
    assert degradations.ordered(rows, "kernel", ("blur 0.5", "blur 1"))
    assert degradations.ordered(rows, "recall", ("blur 0.5", "blur 1"))
    assert not degradations.ordered(rows, "kernel", ("blur 1", "blur 0.5"))
    rows[-1]["kernel"] = 0.5
    assert not degradations.ordered(rows, "kernel", ("blur 0.5", "blur 1"))


def test_images_are_chosen_as_they_are_described() -> None:
    labels = torch.arange(10).repeat(50)
    for share, missing, distinct in ((1.0, 0, 100), (0.1, 0, 10), (0.01, 0, 1), (1.0, 5, 100)):
        places = degradations.chosen(labels, 100, share, missing, 0, "test")
        assert (len(places), len(places.unique())) == (100, distinct)
        assert int(labels[places].min()) >= missing


def test_changes_keep_the_shape_and_are_stronger_where_they_say_so() -> None:
    images = torch.randint(0, 256, (3, 1, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    apart = {}
    for name, change in degradations.CHANGES.items():
        changed = change(images)
        assert (changed.shape, changed.dtype) == (images.shape, torch.uint8)
        apart[name] = float((changed.float() - images.float()).square().mean())
    assert all(apart[mild] < apart[strong] for mild, strong in degradations.PAIRS if mild in apart)
