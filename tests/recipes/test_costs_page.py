"""The page on recipes shows the measured costs, of the recipes as they are, and no recipe takes longer than it says."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from equipoise.recipes.catalogue import RECIPES, recipe

ROOT = Path(__file__).parents[2]
LONGEST_SECONDS = 600


@pytest.fixture(scope="module")
def script(figure_script: Callable[[str], Any]) -> Any:
    return figure_script("recipe_costs")


def test_the_table_is_that_of_the_data_file(script: Any) -> None:
    document = json.loads(script.RESULTS.read_text(encoding="utf-8"))
    assert script.table(document) in (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")


def test_every_recipe_was_measured_as_it_is_and_keeps_to_ten_minutes(script: Any) -> None:
    document = json.loads(script.RESULTS.read_text(encoding="utf-8"))
    assert set(document["recipes"]) == set(RECIPES)
    for name, entry in document["recipes"].items():
        experiment = recipe(name, "cpu")
        assert script.fingerprint(experiment) == entry["cost"], name
        expected = script.length(experiment, document["costs"][entry["cost"]])
        assert expected == {field: value for field, value in entry.items() if field != "cost"}, name
        assert entry["seconds"] <= LONGEST_SECONDS, name
