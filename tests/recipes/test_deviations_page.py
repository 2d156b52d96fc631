"""The page on what does not behave as its paper says shows the figures of the committed data files."""

import re
from pathlib import Path

from measurements.figures import deviations
from measurements.pages import filled

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "deviations.md"


def test_the_figures_are_those_of_the_data_files() -> None:
    assert filled(PAGE, deviations.figures()) == PAGE.read_text(encoding="utf-8")


def test_every_data_file_and_folder_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"`(results/[^`]+)`", PAGE.read_text(encoding="utf-8")))
    assert len(named) >= 7
    places = [ROOT / name for name in sorted(named)]
    assert [place.name for place in places if not place.is_file() and not any(place.glob("*.json"))] == []
