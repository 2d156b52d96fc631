"""The tables of docs/trust.md and docs/scaling.md are those of the committed data files, and nothing was lost."""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(scope="module")
def page(figure_script: Callable[[str], Any]) -> Any:
    return figure_script("trust")


@pytest.mark.parametrize("document", ["trust.md", "scaling.md"])
def test_a_document_holds_what_its_data_say(document: str, page: Any) -> None:
    assert page.filled(document, page.read()) == (page.DOCS_FOLDER / document).read_text(encoding="utf-8")


def test_nothing_was_lost(page: Any) -> None:
    data = page.read()
    assert data["faults"]["summary"]["struck_before_the_end"] >= 400
    assert data["faults"]["summary"]["runs_lost_or_wrong"] == 0
    assert data["study_faults"]["summary"]["struck_before_the_end"] >= 48
    assert data["study_faults"]["summary"]["studies_lost_or_wrong"] == 0
    assert data["ray_faults"]["summary"]["studies_lost_or_wrong"] == 0
    assert max(row["lost_or_wrong"] for row in data["tests"]["rows"].values()) == 0
    assert max(row["findings"] for row in page.fuzzed(data).values()) == 0
    assert max(data["ranks"]["largest"].values()) <= 1e-9


def test_the_cost_model_is_right_within_a_quarter(page: Any) -> None:
    ratios = [
        point["predicted_over_measured"]
        for sitting in page.read()["processes"]["sittings"]
        for point in sitting["points"]
    ]
    assert len(ratios) >= 12
    assert min(ratios) > 0.75
    assert max(ratios) < 1.25
