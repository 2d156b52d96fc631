"""The page on what does not behave as its paper says shows the figures of the committed data files."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "deviations.md"


def figure_script() -> ModuleType:
    path = ROOT / "docs" / "figures" / "deviations.py"
    specification = importlib.util.spec_from_file_location("deviations_figure", path)
    assert specification is not None
    assert specification.loader is not None
    script = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(script)
    return script


@pytest.mark.parametrize("title", ["MAGAN", "MMD-GAN", "Reg-GAN and MDGAN"])
def test_a_table_is_that_of_the_data_files(title: str) -> None:
    assert figure_script().TABLES[title]() in PAGE.read_text(encoding="utf-8")


def test_every_data_file_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"`(results/[^`]+)`", PAGE.read_text(encoding="utf-8")))
    assert len(named) >= 7
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []
