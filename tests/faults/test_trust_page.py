"""The tables of docs/trust.md and docs/scaling.md are those of the committed data files, and nothing was lost."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "docs" / "figures" / "trust.py"


@pytest.fixture(scope="module")
def page() -> Any:
    spec = importlib.util.spec_from_file_location("trust_tables", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("document", ["trust.md", "scaling.md"])
def test_a_document_holds_what_its_data_say(document: str, page: Any) -> None:
    assert page.filled(document, page.read()) == (page.DOCS / document).read_text(encoding="utf-8")


def test_nothing_was_lost(page: Any) -> None:
    data = page.read()
    assert data["faults"]["summary"]["struck_before_the_end"] >= 200
    assert data["faults"]["summary"]["runs_lost_or_wrong"] == 0
    assert data["study_faults"]["summary"]["studies_lost_or_wrong"] == 0
    assert data["ray_faults"]["summary"]["studies_lost_or_wrong"] == 0
    assert max(row["lost_or_wrong"] for row in data["tests"]["rows"].values()) == 0
    assert max(row["findings"] for row in page.fuzzed(data).values()) == 0
    assert max(data["ranks"]["largest"].values()) <= 1e-9
