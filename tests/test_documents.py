"""The figures in the documents are those of the committed data files."""

import importlib.util
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("document", ["README.md", "docs/algorithms/magan.md"])
def test_the_digits_table_is_that_of_the_data_file(document: str) -> None:
    source = ROOT / "docs" / "figures" / "magan_digits.py"
    specification = importlib.util.spec_from_file_location("magan_digits", source)
    assert specification is not None
    assert specification.loader is not None
    script = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(script)
    groups = json.loads(script.DATA.read_text(encoding="utf-8"))["groups"]
    assert script.table(groups) in (ROOT / document).read_text(encoding="utf-8")
