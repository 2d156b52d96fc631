"""Every study runs at its smoke budget, from data to the page; here with two of its rows, to save time.

What a row trains is tested for every recipe in `tests/recipes/test_smoke.py`.
"""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from markupsafe import Markup

from equipoise.reports import figures, measurements
from equipoise.reports import study_figures as study_figures
from equipoise.reports import study_pages as pages
from equipoise.reports.study_pages import write_study_report
from equipoise.studies import runner
from equipoise.studies.catalogue import STUDIES, study
from equipoise.studies.plan import metric_of
from equipoise.studies.runner import Means, run_study
from equipoise.studies.study import SMOKE
from equipoise.studies.verdict import NOT_COMPARABLE

pytestmark = pytest.mark.lengthy

NEED_MORE_THAN_AN_EPOCH = {"trailing-distance", "batches-to-100", "real-energy-change", "fake-energy-change"}


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (figures, measurements, study_figures):  # each run's page draws, which takes most of the time
        monkeypatch.setattr(module, "drawing", lambda *arguments: Markup(""))
    two_rows = replace(study(name), scales={"smoke": replace(SMOKE, rows=2)})
    for module in (runner, pages):
        monkeypatch.setattr(module, "find_study", lambda name: two_rows)
    lines: list[str] = []
    path = run_study(name, tmp_path, "smoke", means=Means(workers=1, device="cpu"), say=lines.append)
    results = json.loads(path.read_text())
    assert len(results["rows"]) == 2
    for row in results["rows"]:
        for run in row["runs"]:
            assert run["status"] == "finished", run["reason"]
            assert run["unmeasured"] == {}
    taken = {metric for row in results["rows"] for run in row["runs"] for metric in run["scores"]}
    wanted = {metric_of(measure, False) for measure in study(name).measures} - NEED_MORE_THAN_AN_EPOCH
    assert wanted <= taken
    page = write_study_report(tmp_path).read_text()
    assert study(name).paper in page
    assert NOT_COMPARABLE in page
    assert any("2 runs, 2 to do" in line for line in lines)
