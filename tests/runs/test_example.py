"""The example of whole experiments runs."""

import runpy
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "experiments_from_python.py"


def test_two_objectives_are_trained_scored_and_compared(tmp_path: Path) -> None:
    page = runpy.run_path(str(EXAMPLE))["compare"](tmp_path, 4)
    text = page.read_text()
    assert "non-saturating" in text
    assert "hinge, averaged" in text
    assert {path.name for path in tmp_path.iterdir()} == {"gan-digits", "hinge-digits", "index.html"}
