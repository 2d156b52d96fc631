"""The figures in the documents are those of the committed data files."""

import json
import re
from pathlib import Path

import pytest

from equipoise.reports.study_tables import as_markdown, study_table
from equipoise.studies.catalogue import study
from equipoise.studies.results import read_results
from equipoise.studies.summary import summarise
from measurements.figures import (
    collapse,
    critic_classes,
    demo,
    kernels,
    lga,
    magan_digits,
    magan_mnist,
    missing_digit,
    mmd_propositions,
    own_studies,
    penalty_differences,
    ring,
    score_of_real,
    stacked,
)
from measurements.monitor import page as monitor_page
from measurements.pages import filled

ROOT = Path(__file__).parents[1]


def test_the_demos_table_is_that_of_the_data_files() -> None:
    assert demo.table() in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("document", ["README.md", "docs/algorithms/magan.md"])
def test_the_digits_table_is_that_of_the_data_file(document: str) -> None:
    assert magan_digits.table() in (ROOT / document).read_text(encoding="utf-8")


def test_the_table_of_stacked_mnist_is_that_of_the_data_files() -> None:
    assert filled(stacked.PAGE, {"stacked": stacked.table()}) == stacked.PAGE.read_text(encoding="utf-8")


def test_the_metrics_deviations_are_those_of_the_data_file() -> None:
    for module in ("sklearn", "scipy", "torchmetrics"):
        pytest.importorskip(module)
    from measurements.figures import metric_deviations

    document = json.loads(metric_deviations.DATA.read_text(encoding="utf-8"))
    assert [row["metric"] for row in document["rows"]] == [metric for metric, *_ in metric_deviations.CASES]
    assert metric_deviations.table(document) in (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert all(row["largest"] < 1e-4 for row in document["rows"])


def test_the_table_of_penalties_by_differences_is_that_of_the_data_file() -> None:
    document = json.loads(penalty_differences.DATA.read_text(encoding="utf-8"))
    assert penalty_differences.table(document) in (ROOT / "docs/constraints/gradient_penalty.md").read_text("utf-8")
    for row in document["rows"]:
        if row["network"] == "patches, SiLU" and row["way"].startswith("along"):
            assert min(row["cosine"], row["value"]) > 0.999


def test_the_classes_in_a_discriminators_outputs_are_those_of_the_data_file() -> None:
    document, baselines = critic_classes.read()
    page = (ROOT / "docs" / "algorithms" / "mmd-gan.md").read_text(encoding="utf-8")
    assert critic_classes.table(document, baselines) in page
    found = {loss: [run for run in document["runs"] if run["loss"] == loss] for loss in critic_classes.LOSSES}
    for metric in critic_classes.TAKEN:
        apart = min(run[metric] for run in found["repulsive"]) - max(run[metric] for run in found["attractive"])
        assert apart > 0.2, "the page says that it holds"


def test_a_digit_that_is_left_out_is_told_from_one_that_is_not() -> None:
    assert filled(missing_digit.PAGE, missing_digit.tables()) == missing_digit.PAGE.read_text(encoding="utf-8")
    found = missing_digit.documents()
    assert all(len(runs) == 3 for runs in found.values())
    for row in (row for run in found["dcgan", 0.4] for row in run["rows"]):
        lacking, _, complete = row["0.7"]
        assert lacking >= 6 * max(complete, 1), "the page says that each digit is seen"
    for run, threshold in [(run, 0.9) for run in found["dense", 0.4]] + [(run, 0.7) for run in found["dense", 0.7]]:
        flagged, others, of_complete = missing_digit.shares(run, threshold)
        assert flagged >= 6 * max(others, of_complete), "the page says that both see a missing digit"


@pytest.mark.parametrize("name", ["magan-digits", "magan-mnist", "magan-figure-1"])
def test_a_studys_table_is_that_of_its_results(name: str) -> None:
    folder = ROOT / "results" / "studies" / name
    results = read_results(folder)
    text = as_markdown(study_table(summarise(study(name), results)))
    assert (folder / "table.md").read_text(encoding="utf-8") == text
    page = (ROOT / "docs" / "studies.md").read_text(encoding="utf-8")
    assert all(block.strip() in page for block in text.split("\n\n") if block.startswith("|"))
    scores = [score for row in results["rows"] for run in row["runs"] for score in run["scores"].values()]
    assert len({score["passport"]["commit"] for score in scores}) == 1, "the runs come from several commits"


def test_the_margin_on_mnist_moved_when_the_page_says_so() -> None:
    file = ROOT / "results" / "studies" / "magan-mnist" / "epochs.json"
    margins = json.loads(file.read_text(encoding="utf-8"))["runs"][0]["next_margin"]
    assert [round(margin, 1) for margin in margins] == [6.9] * 4 + [5.0] * 8


def test_the_page_about_the_amplifier_shows_its_data() -> None:
    assert filled(lga.PAGE, lga.figures()) == lga.PAGE.read_text(encoding="utf-8")
    curves = {label: list(seeds.values()) for label, seeds in lga.read("lga-maps").items()}
    ends = {label: [curve["distances"][-1] for curve in of_label] for label, of_label in curves.items()}
    sound = [label for label in curves if label.endswith("4x4") and not label.startswith("literal")]
    assert max(ends["hinge"]) < min(min(ends[label]) for label in sound)
    assert max(max(ends[label]) for label in sound) < min(ends["literal 4x4"])
    assert all(-0.6 < curve["fake_score"][0] < -0.25 for label in sound for curve in curves[label])
    assert all(curve["fake_score"][0] < -5 for curve in curves["literal 4x4"])


def test_the_full_width_runs_on_mnist_did_what_their_page_says() -> None:
    found = magan_mnist.runs()
    assert filled(magan_mnist.PAGE, magan_mnist.tables(found)) == magan_mnist.PAGE.read_text(encoding="utf-8")
    assert len({hash_ for runs in found.values() for run in runs for hash_ in judges(run)}) == 1, "one classifier"
    still, *moved = (run["epochs"] for run in found["magan-mnist"])
    assert magan_mnist.held(still) == (0, 20, 20), "the generated energy fell in every epoch"
    assert set(still["next_margin"]) == set(still["margin"])
    assert [fake < still["margin"][0] for fake in still["fake_energy"]] == [False] * 2 + [True] * 18
    paths = [[round(margin, 2) for margin in run["next_margin"]] for run in moved]
    assert paths == [[7.01] * 15 + [5.09] * 5, [6.78] * 10 + [5.21] * 10]


def judges(run: magan_mnist.Document) -> list[str]:
    """The weights of the classifiers behind a run's scores."""
    return [score["passport"]["weights_hash"] for score in run["scores"]]


def test_the_score_of_real_digits_depends_on_the_classifier_as_the_page_says() -> None:
    rows = score_of_real.read()
    assert score_of_real.page_table(rows) in (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    accuracy, score = score_of_real.PAPER
    early, few = ([row for row in rows if row["way"] == way] for way in score_of_real.WAYS)
    assert min(row["score"] for row in early if row["accuracy"] > accuracy - 0.005) > score
    for row in few:
        assert all(row["score"] > other["score"] for other in early if other["accuracy"] < row["accuracy"])


@pytest.mark.parametrize("page", own_studies.PLACES, ids=lambda page: page.stem)
def test_a_page_shows_the_studies_of_its_data_files(page: Path) -> None:
    tables = {mark: make() for mark, make in own_studies.PLACES[page].items()}
    assert filled(page, tables) == page.read_text(encoding="utf-8")


def test_the_propositions_of_the_repulsive_mmd_paper_hold_where_the_pages_say_so() -> None:
    document = json.loads(mmd_propositions.DATA.read_text(encoding="utf-8"))
    simulations, norms = ((ROOT / "docs" / page).read_text("utf-8") for page in PAGES_OF_PROPOSITIONS)
    *stability, layers = mmd_propositions.TABLES
    assert all(table(document) in simulations for table in stability)
    assert layers(document) in norms
    for row in document["equilibria"]:
        assert max(row["speed"], row["judge_by_judge"], row["generator_by_judge"]) < mmd_propositions.NOTHING
        assert max(row["slowest"]) < 0
        assert row["slowest"] == pytest.approx(document["equilibria"][0]["slowest"]) or row["outputs"] > 1
    above = [row for row in document["layers"] if row["map"] > row["kernel"] > 1]
    assert min(row["ratio"] for row in above) > 1 - mmd_propositions.NOTHING
    assert all(row["kernel"] <= row["stride"] for row in above if row["ratio"] < 1 + mmd_propositions.NOTHING)


PAGES_OF_PROPOSITIONS = ("simulations.md", "constraints/spectral_norm.md")


def test_the_tables_of_the_ring_are_those_of_the_data_files() -> None:
    page = (ROOT / "docs" / "ring.md").read_text(encoding="utf-8")
    assert ring.table(ring.TABLE) in page
    assert ring.table(ring.EARLIER) in page


def test_the_collapse_page_tells_what_the_data_file_tells() -> None:
    runs = json.loads(collapse.DATA.read_text(encoding="utf-8"))["runs"]
    page = (ROOT / "docs" / "collapse.md").read_text(encoding="utf-8")
    assert collapse.table(runs) in page
    silent = [run for run in runs if not run["told"]]
    assert (len(runs), len(silent)) == (21, 17)
    assert min(run["reach"][-1] for run in silent) == pytest.approx(0.375, abs=0.001)
    same = [run for run in runs if run["inception_score"] < 1.01]
    assert len(same) == 3
    assert all(run["told"] == ["collapse: the samples are almost all the same (iteration 200)."] for run in same)


def test_the_monitors_page_tells_what_the_data_files_tell() -> None:
    page = (ROOT / "docs" / "monitor.md").read_text(encoding="utf-8")
    runs = monitor_page.read()
    assert monitor_page.summary(runs) in page
    assert monitor_page.table(runs, "fails") in page
    assert monitor_page.table(runs, "fine") in page
    cost = json.loads((ROOT / "results" / "monitor" / "cost.json").read_text(encoding="utf-8"))
    costs = cost["microseconds"].values()
    assert f"takes {min(costs):.0f} to {max(costs):.0f} microseconds" in page


PLACES = ("section 2", "section 4.2 and appendix C", "section 5", "section 5.1", "appendix A.2")
"""Sections of the repulsive MMD paper (Wang et al. 2019) that hold what is cited from them."""


def test_sections_of_the_repulsive_mmd_paper_are_cited_where_they_stand() -> None:
    cited = re.compile(
        r"Wang et al\. 2019[,:;]?\s+\(?((?:section|appendix) [\w.]+\w(?: and appendix \w)?)", re.IGNORECASE
    )
    files = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("equipoise/**/*.py")]
    found = {place for file in files for place in cited.findall(" ".join(file.read_text(encoding="utf-8").split()))}
    assert "section 4.2 and appendix C" in found
    assert found <= set(PLACES)


def test_the_tables_of_kernels_are_those_of_their_data_files() -> None:
    page = (ROOT / "docs" / "algorithms" / "kernels.md").read_text(encoding="utf-8")
    trained = (row for name in kernels.TRAINED for row in kernels.trained(name))
    rows = [*kernels.simulated(), *trained, *kernels.pictures()]
    assert [row for row in rows if row not in page] == []


def test_no_file_holds_both_sides_of_a_merge() -> None:
    files = [ROOT / "mkdocs.yml", *ROOT.glob("*.md")]
    for folder in ("docs", "equipoise", "examples", "measurements", "tests"):
        files += [file for file in (ROOT / folder).rglob("*") if file.suffix in {".md", ".py", ".html", ".css", ".js"}]
    unfinished = re.compile(r"^(<{7} |>{7} )", re.MULTILINE)
    assert not [str(file) for file in files if unfinished.search(file.read_text(encoding="utf-8"))]
