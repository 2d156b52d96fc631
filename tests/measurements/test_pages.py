"""Pages hold the words and data files the figures: docs/performance.md shows those of its data, and explains misses."""

import re
from pathlib import Path

import pytest

from measurements import DOCS_FOLDER
from measurements.benchmarks import page
from measurements.benchmarks.page_rows import missed
from measurements.pages import filled, table


def test_the_performance_page_shows_the_figures_of_its_data() -> None:
    assert filled(page.PAGE, page.figures(page.read(), page.processors())) == page.PAGE.read_text(encoding="utf-8")


def test_the_performance_page_explains_every_missed_target() -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    names = {row.split(" | ")[0] for settings in page.processors().values() for row in missed(settings)}
    assert names
    assert [name for name in names if f"- **{name}.**" not in text] == []


def test_no_line_begins_with_a_marked_figure() -> None:
    """It would end the paragraph before it: Markdown takes such a line for a block of HTML."""
    pages = {path.name: path.read_text(encoding="utf-8") for path in DOCS_FOLDER.rglob("*.md")}
    found = {name: re.findall(r"^\s*<!-- [\w-]+ -->.+$", text, re.MULTILINE) for name, text in pages.items()}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_figures_are_put_between_their_marks_only(tmp_path: Path) -> None:
    page, rows = tmp_path / "page.md", table("a | b", ["1 | 2"])
    text = "It took <!-- time -->{} s.\n<!-- rows -->\n{}\n<!-- end -->\nend\n"
    page.write_text(text.format("1<!-- end -->", "old"), encoding="utf-8")
    assert rows == "| a | b |\n| --- | --- |\n| 1 | 2 |"
    assert filled(page, {"time": "2", "rows": rows}) == text.format("2<!-- end -->", rows)
    for wrong in ({"time": "2"}, {"time": "2", "rows": rows, "other": "3"}):
        with pytest.raises(ValueError, match="differ"):
            filled(page, wrong)
