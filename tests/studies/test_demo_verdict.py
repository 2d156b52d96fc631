"""The demo's first sentence agrees with its own table."""

import json
from pathlib import Path

import pytest

from equipoise.studies.demo import verdict


@pytest.mark.parametrize(
    ("margin_1", "says"),
    [
        (7.25, "The best of them, EBGAN, margin 1, scores above MAGAN"),
        (6.0, "fixed margins score 3.70 to 6.00. None of them scores above MAGAN here"),
    ],
)
def test_the_verdict_is_that_of_the_scores(margin_1: float, says: str, tmp_path: Path) -> None:
    means = {"MAGAN": 7.1, "EBGAN, margin 10": 3.7, "EBGAN, margin 1": margin_1}
    groups = {name: {"mean": mean} for name, mean in means.items()}
    (tmp_path / "summary.json").write_text(json.dumps({"groups": groups}))
    assert says in verdict(tmp_path)
    assert "7.10" in verdict(tmp_path)
