"""The example of whole experiments runs."""

from pathlib import Path

from examples.experiments_from_python import compare


def test_two_objectives_are_trained_scored_and_compared(tmp_path: Path) -> None:
    page = compare(tmp_path, 4)
    text = page.read_text()
    assert "non-saturating" in text
    assert "hinge, averaged" in text
    assert {path.name for path in tmp_path.iterdir()} == {"gan-digits", "hinge-digits", "index.html"}
