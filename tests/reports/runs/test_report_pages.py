import json
import math
import re
import statistics
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from equipoise.common.errors import EquipoiseError
from equipoise.reports.frames import read_frames
from equipoise.reports.measurements import score_figures
from equipoise.reports.pages import write_comparison, write_run_report
from equipoise.reports.summary import MARK, comparison_table, shown, spread
from equipoise.runs.record import read_run
from equipoise.runs.run_log import read_log
from equipoise.studies.study import evenly

pytestmark = pytest.mark.lengthy

MOST_BYTES = 3_000_000


class Page(HTMLParser):
    """Collects the elements of a page and complains about ids that occur twice."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def assert_self_contained(text: str) -> Page:
    page = Page(text)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    addresses = [
        value for _, a in page.elements for key, value in a.items() if key in ("src", "href", "xlink:href", "srcset")
    ]
    assert addresses
    assert all(address is not None and address.startswith(("data:", "#")) for address in addresses)
    assert len(page.all("script")) == 1
    assert not re.search(r"@import|url\((?!#)", text)
    assert all(a.get("alt") for a in page.all("img"))
    assert all(a.get("aria-label") for a in page.all("svg"))
    assert len(text.encode()) < MOST_BYTES
    return page


def test_run_report_is_whole_and_self_contained(make_run: Callable[..., Path]) -> None:
    run = make_run()
    out = write_run_report(run)
    assert out == run / "report.html"
    text = out.read_text()
    page = assert_self_contained(text)
    assert len(page.all("img")) == 16
    assert sum("hidden" in image for image in page.all("img")) == 14
    assert len(page.all("svg")) == 4
    for word in (
        "magan-digits",
        "inception score",
        "4.50 ± 0.08",
        "ab12ab12",
        "margin",
        "versions.torch",
        "kind: magan",
    ):
        assert word in text
    assert "diverged" not in text


def test_the_same_run_gives_the_same_bytes(make_run: Callable[..., Path]) -> None:
    run = make_run()
    assert write_run_report(run).read_bytes() == write_run_report(run).read_bytes()


def test_a_run_that_has_only_begun(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("name: begun\n")
    text = write_run_report(tmp_path).read_text()
    assert_self_contained(text)
    assert "Nothing has been logged yet" in text
    assert "has not been evaluated yet" in text


@pytest.mark.parametrize(
    "damage", ["{", "[1]", "null", '{"scores": 3}', '{"scores": [1, {"metric": 2}]}', "\x00", '{"scores":[{}]}']
)
def test_damaged_side_files_are_left_out(make_run: Callable[..., Path], no_drawings: None, damage: str) -> None:
    run = make_run()
    for name in ("scores.json", "environment.json"):
        (run / name).write_text(damage)
    (run / "config.yaml").write_text("a: [\n")
    (run / "samples" / "iteration-000014.png").write_bytes(b"\x89PNG\r\n\x1a\nhalf")
    text = write_run_report(run).read_text()
    assert len(assert_self_contained(text).all("img")) == 15
    assert "has not been evaluated yet" in text


def test_no_run_is_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(EquipoiseError, match=r"is not a run: it has neither config\.yaml nor metrics\.jsonl"):
        write_run_report(tmp_path)
    with pytest.raises(EquipoiseError, match="at least one group"):
        write_comparison("t", "i", {}, tmp_path / "x.html")


def test_hostile_names_are_escaped(hostile_pages: list[Path]) -> None:
    for text in (page.read_text() for page in hostile_pages):
        page = assert_self_contained(text)
        assert not any(key.startswith("on") for _, attributes in page.elements for key in attributes)
        assert "<b>" not in text
        assert "{{ 7*7 }}" in text
        assert "&lt;script&gt;" in text


def test_values_that_are_not_finite_leave_gaps(make_run: Callable[..., Path]) -> None:
    run = make_run()
    log = run / "metrics.jsonl"
    values = {"discriminator/loss": math.nan, "generator/loss": math.inf, "real_energy": math.nan, "fake_energy": 1e30}
    record = {"kind": "iteration", "iteration": 211, "stage": "adversarial", "epoch": 12, "values": values}
    log.write_text(log.read_text() + json.dumps(record) + "\n")
    text = write_run_report(run).read_text()
    assert read_run(run).diverged
    assert "It broke off: the losses are no longer finite." in text
    assert "1 value was not finite" in text


def test_nothing_but_nan_still_makes_a_page(tmp_path: Path) -> None:
    record = {
        "kind": "epoch",
        "iteration": 1,
        "stage": "adversarial",
        "epoch": 0,
        "values": {"real_energy": math.nan, "margin": math.nan},
    }
    (tmp_path / "metrics.jsonl").write_text(json.dumps(record) + "\n")
    scores = [{"metric": "class-histogram", "value": [math.nan] * 10}, {"metric": "inception-score", "value": math.nan}]
    (tmp_path / "scores.json").write_text(json.dumps({"scores": scores}))
    assert "not finite" in write_run_report(tmp_path).read_text()
    out = write_comparison("t", "", {"a": [tmp_path]}, tmp_path / "page.html")
    assert_self_contained(out.read_text())


NAMED = {"b&w": 0.25, "<b>dogs": 0.75}


@pytest.mark.parametrize("named", [NAMED, dict(sorted(NAMED.items())), {"b&w": 0.25}, 3, None])
def test_a_histogram_names_its_classes_where_all_have_names(
    named: object, make_run: Callable[..., Path], tmp_path: Path
) -> None:
    run = make_run()
    score = {"metric": "class-histogram", "value": [0.25, 0.75], "passport": {"by_class": named}}
    (run / "scores.json").write_text(json.dumps({"scores": [score]}))
    whole = isinstance(named, dict) and list(named) == list(NAMED)  # written by a tool that sorts, the order is another
    assert list(read_run(run).histogram()) == (list(NAMED) if whole else ["0", "1"])
    assert list(read_run(run).histogram().values()) == [0.25, 0.75]
    for page in (write_run_report(run), write_comparison("t", "i", {"a": [run]}, tmp_path / "page.html")):
        text = page.read_text()
        assert ("Classes: 0 b&amp;w, 1 &lt;b&gt;dogs." in text) == whole
        assert ("generated samples: b&amp;w: 25.0 %, &lt;b&gt;dogs: 75.0 %" in text) == whole
        assert_self_contained(text)


def test_a_log_of_a_hundred_thousand_lines_is_thinned(make_run: Callable[..., Path]) -> None:
    run = make_run(lines=6700)
    assert len((run / "metrics.jsonl").read_text().splitlines()) > 100_000
    text = write_run_report(run).read_text()
    assert max(len(drawing) for drawing in re.findall(r"<svg.*?</svg>", text, flags=re.DOTALL)) < 60_000
    assert len(text) < 600_000


def test_comparison_shows_every_group(groups: dict[str, list[Path]], comparison: Path) -> None:
    text = comparison.read_text()
    page = assert_self_contained(text)
    assert len(page.all("svg")) == 8
    assert len(page.all("img")) == 4 * 12
    assert text.count('<p class="lead">') == 2
    for label in groups:
        assert text.count(label) >= 4


def test_shared_axes_have_the_same_labels_in_every_panel(comparison: Path) -> None:
    text = comparison.read_text()
    panels = [d for d in re.findall(r"<svg.*?</svg>", text, flags=re.DOTALL) if "Energies over epochs" in d]
    labels = [tuple(re.findall(r"<text[^>]*>([^<]*)</text>", panel)) for panel in panels]
    assert len(panels) == 4
    assert len(set(labels)) == 1
    assert "epoch" in labels[0]


def test_table_against_plain_statistics(groups: dict[str, list[Path]]) -> None:
    table = comparison_table({label: [read_run(path) for path in paths] for label, paths in groups.items()})
    assert table.columns[:5] == ("group", "runs", "diverged", "collapsed", "inception score")
    rows = {row[0].text: [cell.text for cell in row[1:]] for row in table.rows}
    scores = [7.2, 7.3, 7.4]
    expected = f"{statistics.mean(scores):.2f} ± {np.std(scores, ddof=1):.2f}"
    assert rows["MAGAN"][:4] == ["3", "0", "0", expected]
    assert rows["EBGAN, margin 1"][:2] == ["3", "1"]
    assert rows["EBGAN, margin 5"][-1] == "5.00 ± 0.00"
    assert table.notes == ()


def test_a_score_that_only_some_runs_have_says_so(make_run: Callable[..., Path]) -> None:
    runs = [make_run(f"run-{index}", seed=index) for index in range(3)]
    (runs[0] / "scores.json").unlink()
    table = comparison_table({"partly": [read_run(run) for run in runs]})
    assert table.rows[0][4].text == "4.50 ± 0.00 (2 of 3)"


def test_scores_with_other_passports_are_marked(make_run: Callable[..., Path]) -> None:
    runs = [read_run(make_run(f"run-{index}", seed=index)) for index in range(3)]
    other = make_run("other")
    scores = json.loads((other / "scores.json").read_text())
    scores["scores"][0]["passport"]["generated_count"] = 100
    (other / "scores.json").write_text(json.dumps(scores))
    table = comparison_table({"usual": runs, "other": [read_run(other)]})
    assert [row[4].marked for row in table.rows] == [False, True]
    assert table.notes == (MARK,)


def test_scores_taken_during_the_training_are_drawn(make_run: Callable[..., Path]) -> None:
    run = make_run()
    taken = [
        {"kind": "score", "iteration": place, "stage": "adversarial", "epoch": 1, "values": {"classifier-fid": 9.0}}
        for place in (50, 100, 150)
    ]
    with open(run / "metrics.jsonl", "a") as log:
        log.writelines(json.dumps(each) + "\n" for each in taken)
    assert [figure.title for figure in score_figures(read_run(run))] == ["classifier-fid"]
    (run / "scores.json").unlink()
    text = write_run_report(run).read_text()
    assert "This run was scored while it trained" in text
    assert "has not been evaluated yet" not in text


def test_another_commit_or_an_intervals_end_is_no_other_measurement(make_run: Callable[..., Path]) -> None:
    runs = [make_run(f"run-{index}", seed=index) for index in range(2)]
    scores = json.loads((runs[1] / "scores.json").read_text())
    scores["scores"][0]["passport"] |= {"commit": "abc", "device": "cuda:1", "versions": {"torch": "3"}, "low": 0.1}
    (runs[1] / "scores.json").write_text(json.dumps(scores))
    table = comparison_table({str(index): [read_run(run)] for index, run in enumerate(runs)})
    assert [row[4].marked for row in table.rows] == [False, False]


def test_a_group_without_runs_scores_or_energies_sorts_last(make_run: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "config.yaml").write_text("name: bare\n")
    table = comparison_table({"full": [read_run(make_run())], "bare": [read_run(tmp_path / "bare")], "none": []})
    assert [row[4].order for row in table.rows] == [4.5, None, None]


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([], "–"),
        ([math.nan], "–"),
        ([1.5], "1.50"),
        ([1.0, 2.0], "1.50 ± 0.71"),
        ([-1e-9], "−1.00e−09"),
        ([2e7], "2.00e+07"),
    ],
)
def test_spread(values: list[float], text: str) -> None:
    assert spread(values).text == text


def test_shown_groups_thousands() -> None:
    assert shown(12345.678) == "12,345.68"


def test_frames_are_evenly_chosen_within_the_budget(tmp_path: Path) -> None:
    for iteration in range(50):
        Image.effect_noise((200, 200), 80).save(tmp_path / f"iteration-{iteration:06d}.png")
    (tmp_path / "notes.png").write_bytes(b"")
    frames = read_frames(tmp_path, 24, 200_000)
    assert sum(len(frame.uri) for frame in frames) <= 200_000
    assert len(frames) >= 2
    assert frames[-1].iteration == 49
    assert read_frames(tmp_path / "absent", 24, 1000) == ()


def test_evenly_keeps_both_ends() -> None:
    assert evenly(100, 5) == [0, 25, 50, 74, 99]
    assert evenly(2, 5) == [0, 1]


@pytest.mark.parametrize("named", [{}, {"trouble": None}, {"trouble": 5}, {"trouble": "generator wins"}])
def test_an_alarm_that_does_not_name_its_trouble_has_it_in_its_words(named: dict[str, object], tmp_path: Path) -> None:
    line = {"kind": "imbalance", "iteration": 3, "values": {}, "told": "generator wins: x.", **named}
    (tmp_path / "metrics.jsonl").write_text(json.dumps(line) + "\n")
    assert read_log(tmp_path / "metrics.jsonl").lasting == {"generator wins": "Generator wins: x."}


def test_a_collapse_counts_until_it_has_passed(make_run: Callable[..., Path]) -> None:
    told = [("the samples are almost all the same (iteration 1).", True), ("samples reach 90%.", False)]
    runs = [make_run(f"run-{index}", seed=index) for index in range(3)]
    for run, count in zip(runs, (0, 1, 2), strict=True):
        with open(run / "metrics.jsonl", "a") as file:
            for number, (words, collapsed) in enumerate(told[:count]):
                line = {"kind": "alarm", "iteration": 5 + number, "stage": "adversarial", "epoch": 0}
                file.write(json.dumps(line | {"values": {}, "told": words, "collapsed": collapsed}) + "\n")
    records = [read_run(run) for run in runs]
    assert [record.log.collapsed for record in records] == [False, True, False]
    (row,) = comparison_table({"all": records}).rows
    assert [cell.text for cell in row[1:4]] == ["3", "0", "1"]
