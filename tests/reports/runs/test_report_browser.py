"""The pages in a real headless Chromium: they render, react, stay within the screen, and ask nobody for anything."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from equipoise.reports.pages import write_comparison

pytestmark = pytest.mark.lengthy

WIDTHS = (390, 1440)


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens a page; when the test ends, no request may have left it, nothing been logged and no dialogue opened."""
    requests: list[str] = []
    errors: list[str] = []
    contexts = []

    def open_page(path: Path, width: int = 1440, scheme: str = "light") -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: errors.append(message.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("dialog", lambda dialogue: (errors.append(dialogue.message), dialogue.dismiss()))
        page.goto(path.resolve().as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [url for url in requests if not url.startswith("data:")] == [
        url for url in requests if url.startswith("file:")
    ]
    assert sum(url.startswith("file:") for url in requests) == len(contexts)
    assert errors == []


def overflow(page: Any) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_pages_render_within_the_screen(
    visit: Callable[..., Any], run_page: Path, comparison: Path, width: int, scheme: str
) -> None:
    for path in (run_page, comparison):
        page = visit(path, width, scheme)
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        assert overflow(page) == 0
        assert page.locator("h1").is_visible()
        for drawing in page.locator("svg").all():
            box = drawing.bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
            assert box["width"] >= 250


def test_the_drawings_follow_light_and_dark(visit: Callable[..., Any], comparison: Path) -> None:
    script = "getComputedStyle(document.querySelector('svg text')).fill"
    light, dark = (visit(comparison, scheme=scheme).evaluate(script) for scheme in ("light", "dark"))
    assert light == "rgb(35, 34, 31)"
    assert dark == "rgb(230, 227, 220)"


def test_the_slider_moves_every_grid(visit: Callable[..., Any], comparison: Path) -> None:
    page = visit(comparison)
    slider, shown = page.get_by_label("Time in training"), page.locator(".grid img:visible")
    assert page.locator("output").inner_text() == "iteration 210"
    assert [image.get_attribute("data-iteration") for image in shown.all()] == ["210", "168", "168", "168"]
    slider.press("Home")
    assert page.locator("output").inner_text() == "iteration 14"
    assert [image.get_attribute("data-iteration") for image in shown.all()] == ["14"] * 4
    slider.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "iteration 28"
    assert shown.count() == 4


def test_the_slider_of_a_run_names_stage_and_epoch(visit: Callable[..., Any], run_page: Path) -> None:
    page = visit(run_page, 390)
    page.get_by_label("Time in training").press("Home")
    assert page.locator("output").inner_text() == "iteration 14 · pretrain, epoch 1"
    assert page.locator(".grid img:visible").count() == 1


def test_the_table_sorts_both_ways_with_unknown_values_last(
    visit: Callable[..., Any], groups: dict[str, list[Path]], tmp_path: Path
) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "config.yaml").write_text("name: bare\n")
    page = visit(write_comparison("Sorting", "", {"bare": [bare], **groups}, tmp_path / "page.html"))
    labels = page.locator("tbody th")
    score = page.get_by_role("button", name="inception score")
    ascending = ["EBGAN, margin 1", "EBGAN, margin 10", "EBGAN, margin 5", "MAGAN"]
    score.click()
    assert labels.all_inner_texts() == [*ascending, "bare"]
    score.click()
    assert labels.all_inner_texts() == [*reversed(ascending), "bare"]
    assert page.locator("th[aria-sort]").get_attribute("aria-sort") == "descending"
    page.get_by_role("button", name="group").press("Enter")
    assert labels.all_inner_texts() == ["bare", "EBGAN, margin 1", "EBGAN, margin 5", "EBGAN, margin 10", "MAGAN"]
    assert page.locator("th[aria-sort]").count() == 1


def test_passports_open_on_demand(visit: Callable[..., Any], run_page: Path) -> None:
    page = visit(run_page, 390)
    hash_text = page.locator("dd", has_text="ab12ab12").first
    assert not hash_text.is_visible()
    page.locator("summary", has_text="inception score").click()
    assert hash_text.is_visible()
    assert overflow(page) == 0


def test_hostile_names_are_only_shown(visit: Callable[..., Any], hostile_pages: list[Path]) -> None:
    """No name becomes an element, opens a dialogue, or asks for anything."""
    for path in hostile_pages:
        page = visit(path)
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        assert '<script>alert("x")</script><img src=x onerror=alert(1)>' in page.locator("body").inner_text()
        assert page.locator("script").count() == 1
        assert page.locator("img[onerror], b").count() == 0
