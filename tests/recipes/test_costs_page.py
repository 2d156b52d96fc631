"""The page on recipes shows the measured costs, of the recipes as they are, and no recipe takes longer than it says.

A recipe that nobody has measured yet breaks nothing: the page says what it means when the table lacks one.
"""

import json
from pathlib import Path

from equipoise.recipes.catalogue import RECIPES, recipe
from measurements.figures import recipe_costs

ROOT = Path(__file__).parents[2]
LONGEST_SECONDS = 600


def test_the_table_is_that_of_the_data_file() -> None:
    document = json.loads(recipe_costs.RESULTS.read_text(encoding="utf-8"))
    assert recipe_costs.table(document) in (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")


def test_the_page_says_that_a_recipe_may_not_be_measured() -> None:
    page = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
    assert "A recipe that the table lacks has not been measured." in page.replace("\n", " ")


def test_every_measured_recipe_is_as_it_was_measured_and_keeps_to_ten_minutes() -> None:
    document = json.loads(recipe_costs.RESULTS.read_text(encoding="utf-8"))
    assert len(document["recipes"]) > 100
    assert set(document["recipes"]) <= set(RECIPES)
    for name, entry in document["recipes"].items():
        experiment = recipe(name, "cpu")
        assert recipe_costs.fingerprint(experiment) == entry["cost"], name
        expected = recipe_costs.length(experiment, document["costs"][entry["cost"]])
        assert expected == {field: value for field, value in entry.items() if field != "cost"}, name
        assert entry["seconds"] <= LONGEST_SECONDS, name
