"""The figures in the documents are those of the committed data files."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]


def script_of(name: str) -> Any:
    """A script of docs/figures, which lies in no package."""
    specification = importlib.util.spec_from_file_location(name, ROOT / "docs" / "figures" / f"{name}.py")
    assert specification is not None
    assert specification.loader is not None
    script = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(script)
    return script


@pytest.mark.parametrize("document", ["README.md", "docs/algorithms/magan.md"])
def test_the_digits_table_is_that_of_the_data_file(document: str) -> None:
    script = script_of("magan_digits")
    groups = json.loads(script.DATA.read_text(encoding="utf-8"))["groups"]
    assert script.table(groups) in (ROOT / document).read_text(encoding="utf-8")


def test_the_metrics_deviations_are_those_of_the_data_file() -> None:
    for module in ("sklearn", "scipy", "torchmetrics"):
        pytest.importorskip(module)
    script = script_of("metric_deviations")
    document = json.loads(script.DATA.read_text(encoding="utf-8"))
    assert [row["metric"] for row in document["rows"]] == [metric for metric, *_ in script.CASES]
    assert script.table(document) in (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert all(row["largest"] < 1e-4 for row in document["rows"])


def test_a_digit_that_is_left_out_is_told_from_one_that_is_not() -> None:
    script = script_of("missing_digit")
    document = json.loads(script.DATA.read_text(encoding="utf-8"))
    assert script.table(document) in (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    for row in document["rows"]:
        assert row["lacking_flagged"] >= 9 * max(row["complete_flagged"], 1), "the page says that each digit is seen"
