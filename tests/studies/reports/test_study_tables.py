"""The table of a study: means over seeds, marks of unlike passports, and formats that other programs read."""

import csv
import io
import json
import statistics
from pathlib import Path
from typing import Any

import pytest

from equipoise.common.errors import EquipoiseError
from equipoise.reports.study_pages import write_study_report
from equipoise.reports.study_tables import MARK_NOTE, as_csv, as_latex, as_markdown, study_table
from equipoise.studies.results import read_results
from equipoise.studies.study import Study
from equipoise.studies.summary import summarise


def test_a_row_is_mean_and_deviation_over_its_seeds(reference: Path, small_study: Study) -> None:
    results = read_results(reference)
    row = summarise(small_study, results).rows[0]
    values = [run["scores"]["inception-score"]["value"] for run in results["rows"][0]["runs"]]
    figure = row.found["inception-score"].figure
    assert figure is not None
    assert (figure.mean, figure.deviation, figure.count) == (statistics.fmean(values), statistics.stdev(values), 2)
    assert row.diverged == 0


def test_the_best_variant_stands_for_its_row_and_diverged_runs_are_counted(reference: Path, small_study: Study) -> None:
    row = summarise(small_study, read_results(reference)).rows[2]
    assert row.diverged == 2
    assert row.found["inception-score"].variant == ""
    assert len(row.found["inception-score"].values) == 2


def test_every_run_has_its_scores_under_the_names_of_its_row_and_variant(reference: Path, small_study: Study) -> None:
    summary = summarise(small_study, read_results(reference))
    runs = [(row.label, run) for row in summary.rows for run in row.runs]
    assert [(each["row"], each.get("variant", ""), each["seed"], each["status"]) for each in summary.scores] == [
        (label, run["variant"], run["seed"], run["status"]) for label, run in runs
    ]
    assert any("variant" in each for each in summary.scores)
    found = [each.get("inception-score") for each in summary.scores]
    assert found == [run["scores"].get("inception-score", {}).get("value") for _, run in runs]


def test_unlike_passports_are_marked(reference: Path, small_study: Study) -> None:
    results: dict[str, Any] = read_results(reference)
    assert MARK_NOTE not in study_table(summarise(small_study, results)).notes
    results["rows"][1]["runs"][0]["scores"]["inception-score"]["passport"]["generated_count"] = 99
    summary = summarise(small_study, results)
    assert summary.rows[1].found["inception-score"].marked == ("generated_count",)
    assert summary.rows[0].found["inception-score"].marked == ()
    assert MARK_NOTE in study_table(summary).notes
    assert "†" in as_csv(study_table(summary))
    assert summary.rows[1].found["inception-score"].figure is None  # of this row's runs one was measured differently
    assert study_table(summary).rows[1][3].text == "–"
    assert summary.rows[1].verdict.reason == "its runs were measured in different ways"
    for run in results["rows"][1]["runs"]:
        run["scores"]["inception-score"]["passport"]["generated_count"] = 99
    whole = summarise(small_study, results).rows[1].found["inception-score"]
    assert whole.marked == ("generated_count",)
    assert whole.figure is not None


def test_every_format_holds_every_cell(reference: Path, small_study: Study) -> None:
    table = study_table(summarise(small_study, read_results(reference)))
    rows = list(csv.reader(io.StringIO(as_csv(table))))
    assert tuple(rows[0]) == table.columns
    assert [row[0] for row in rows[1:]] == ["MAGAN", "EBGAN", "EBGAN that diverges"]
    assert rows[1][2] == "7.52 ± 0.03"
    assert len({len(row) for row in rows}) == 1
    lines = as_markdown(table).splitlines()
    whole = lines[: lines.index("| the paper | ours | verdict |")]
    assert sum(line.startswith("|") for line in whole) == 5
    assert len({line.count("|") for line in whole if line.startswith("|")}) == 1
    latex = as_latex(table)
    assert latex.count(r"\\") == 4
    assert r"7.52 $\pm$ 0.03" in latex
    assert "±" not in latex.partition("\n")[2]


def test_each_sentence_of_the_paper_has_a_verdict_of_its_own(
    reference: Path, small_study: Study, tmp_path: Path
) -> None:
    summary = summarise(small_study, read_results(reference))
    table = study_table(summary)
    assert [verdict.partition(":")[0] for _, _, verdict in table.sentences] == [
        "holds",
        "does not hold",
        "not comparable",
    ]
    assert table.sentences[0][0] == "MAGAN, covers more than <none>"
    assert "classes covered: " in table.sentences[0][1]
    assert "| EBGAN, scores more than a hundred | inception score: " in as_markdown(table)
    page = write_study_report(reference, ()).read_text()
    assert "covers more than &lt;none&gt;" in page
    unmeasured = read_results(reference)
    for run in unmeasured["rows"][0]["runs"]:
        del run["scores"]["modes-covered"]
    verdict = summarise(small_study, unmeasured).sentences[0].verdict
    assert (verdict.word, verdict.reason) == ("not comparable", "nothing was measured")
    del unmeasured["rows"][0]
    assert len(summarise(small_study, unmeasured).sentences) == 1


def test_the_page_is_written_from_results_alone_where_the_runs_are_gone(
    reference: Path, small_study: Study, tmp_path: Path
) -> None:
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "results.json").write_bytes((reference / "results.json").read_bytes())
    page = write_study_report(alone, ("csv",)).read_text()
    assert "A small study &amp; its &lt;title&gt;" in page
    assert "logs of the runs are not in the study" in page
    assert (alone / "table.csv").exists()
    assert not (alone / "table.md").exists()


@pytest.mark.parametrize("text", ["", "[]", "{", json.dumps({"format": "other"})])
def test_damaged_results_are_one_sentence(text: str, tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(text)
    with pytest.raises(EquipoiseError, match="results"):
        write_study_report(tmp_path)


def test_results_cannot_lead_out_of_their_directory(reference: Path, small_study: Study, tmp_path: Path) -> None:
    results = read_results(reference)
    for row in results["rows"]:
        for run in row["runs"]:
            run["directory"] = f"../reference/{run['directory']}"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "results.json").write_text(json.dumps(results))
    assert "logs of the runs are not in the study" in write_study_report(elsewhere, ()).read_text()
