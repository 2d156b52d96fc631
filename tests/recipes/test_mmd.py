"""The recipes of the repulsive MMD-GAN against what its authors ran."""

import pytest

from equipoise.recipes.catalogue import RECIPES, recipe
from equipoise.recipes.mmd_rows import MMD_ROWS

RESIZED = ("stl10", "celeba", "lsun-bedroom")


@pytest.mark.parametrize("budget", ["paper", "cpu"])
def test_images_are_resized_with_the_authors_filter(budget: str) -> None:
    found = {name: recipe(name, budget).data for name in RECIPES}
    resized = {name: data for name, data in found.items() if data.name in RESIZED and name in MMD_ROWS}
    assert {data.name for data in resized.values()} == set(RESIZED)
    assert {getattr(data, "resampling", None) for data in resized.values()} == {"lanczos"}
