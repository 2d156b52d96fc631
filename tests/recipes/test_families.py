"""Long families of recipes are one line of a list, and no name is lost in it."""

import re

import pytest

from equipoise.cli.main import main
from equipoise.recipes.catalogue import RECIPES
from equipoise.recipes.families import families, folded_summaries


def expanded(line: str) -> list[str]:
    start, _, rest = line.partition("{")
    return [f"{start}{number}" for number in rest.rstrip("}").split(",")]


def test_the_list_shows_every_recipe_once_and_stays_short(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "recipes"]) == 0
    lines = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    assert sorted(name for line in lines for name in expanded(line)) == sorted(RECIPES)
    assert len(lines) < 160


def test_a_family_is_named_as_a_shell_expands_it() -> None:
    found = families(["a-b", "a-1", "b-2", "a-2.5"])
    assert found == {"a-b": ("a-b",), "a-{1,2.5}": ("a-1", "a-2.5"), "b-2": ("b-2",)}


def test_summaries_that_differ_by_more_than_the_number_are_all_shown() -> None:
    alike = {"pico-16": "C = 16 at 32x32", "pico-32": "C = 32 at 32x32"}
    assert folded_summaries(alike) == {"pico-{16,32}": "C = N at 32x32"}
    unlike = {"set-1": "digits, set 1", "set-2": "faces, set 2"}
    assert folded_summaries(unlike) == unlike


def test_the_number_of_a_summary_is_never_a_part_of_a_longer_one() -> None:
    found = folded_summaries({name: entry.summary for name, entry in RECIPES.items()})
    folded = {family: summary for family, summary in found.items() if "{" in family}
    assert len(folded) > 20
    assert all(len(re.findall(r"\bN\b", summary)) == 1 for summary in folded.values())
