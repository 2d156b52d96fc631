"""The ring's page shows the figures of the committed data files, which were measured with the recipes as they are."""

import json
from pathlib import Path

import pytest

from equipoise.experiments.config import from_plain, to_plain
from equipoise.recipes.catalogue import recipe
from measurements.figures import ring, ring_search

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "results" / "ring"


def test_the_tables_are_those_of_the_data_files() -> None:
    page = (ROOT / "docs" / "ring.md").read_text(encoding="utf-8")
    for titles, seeds in ((ring.TABLE, {"20", "21", "22"}), (ring.EARLIER, {"5", "6", "7", "8", "9"})):
        found = ring.table(titles)
        assert found in page
        assert all(seeds <= set(ring.runs_of(name)) for name in list(titles)[:2])


@pytest.mark.parametrize("name", sorted(path.stem for path in RESULTS.glob("*.json") if "-runs" not in path.stem))
def test_the_data_were_measured_with_the_recipe_as_it_is(name: str) -> None:
    measured = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))["experiment"]
    assert to_plain(from_plain(measured | {"seed": recipe(name).seed})) == to_plain(recipe(name))


def test_the_runs_of_the_published_setting_differ_from_their_recipe_in_length_only() -> None:
    runs = json.loads((RESULTS / "reg-gan-ring-paper-runs.json").read_text(encoding="utf-8"))["runs"]
    expected = to_plain(recipe("reg-gan-ring-paper"))["algorithm"]
    assert runs
    for run in runs.values():  # the penalties came later, with none as the default
        found = {"penalties": []} | run["algorithm"]
        assert found == expected | {name: found[name] for name in ("iterations", "epochs")}


def test_the_search_of_r3gans_weight_is_on_the_page_and_holds_the_recipes_setting() -> None:
    runs = json.loads(ring_search.DATA.read_text(encoding="utf-8"))["runs"]
    assert ring_search.table(runs) in (ROOT / "docs" / "ring.md").read_text(encoding="utf-8")
    assert to_plain(recipe("r3gan-ring"))["algorithm"] in [run["algorithm"] for run in runs]
