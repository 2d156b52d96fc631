"""The tables of docs/trust.md and docs/scaling.md are those of the committed data files, and nothing was lost."""

import pytest

from measurements import DOCS_FOLDER
from measurements.figures import trust


@pytest.mark.parametrize("document", ["trust.md", "scaling.md"])
def test_a_document_holds_what_its_data_say(document: str) -> None:
    assert trust.renewed(document, trust.read()) == (DOCS_FOLDER / document).read_text(encoding="utf-8")


def test_nothing_was_lost() -> None:
    data = trust.read()
    assert data["faults"]["summary"]["struck_before_the_end"] >= 400
    assert data["faults"]["summary"]["runs_lost_or_wrong"] == 0
    assert data["study_faults"]["summary"]["struck_before_the_end"] >= 48
    assert data["study_faults"]["summary"]["studies_lost_or_wrong"] == 0
    assert data["ray_faults"]["summary"]["studies_lost_or_wrong"] == 0
    assert max(row["lost_or_wrong"] for row in data["tests"]["rows"].values()) == 0
    assert max(row["findings"] for row in trust.fuzzed(data).values()) == 0
    assert max(data["ranks"]["largest"].values()) <= 1e-9


def test_the_cost_model_is_right_within_a_quarter() -> None:
    ratios = [
        point["predicted_over_measured"]
        for sitting in trust.read()["processes"]["sittings"]
        for point in sitting["points"]
    ]
    assert len(ratios) >= 12
    assert min(ratios) > 0.75
    assert max(ratios) < 1.25
