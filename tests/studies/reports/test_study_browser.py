"""A study's page in a real headless Chromium: it renders, sorts, slides, stays on the screen and asks nobody."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from equipoise.reports.study_pages import write_study_report

pytestmark = pytest.mark.lengthy

playwright_api = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed: pip install playwright"
)
CHROMIUM = os.environ.get("EQUIPOISE_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
if CHROMIUM is None:
    pytest.skip("no Chromium on the PATH; install it or set EQUIPOISE_TEST_CHROMIUM", allow_module_level=True)

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
ARGUMENTS += ["--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(params=[390, 1440])
def page(browser: Any, reference: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The small study's page; when the test ends, nothing was asked for but itself, and no error was logged."""
    path = write_study_report(reference)
    requests: list[str] = []
    errors: list[str] = []
    context = browser.new_context(viewport={"width": request.param, "height": 900})
    page = context.new_page()
    page.on("request", lambda asked: requests.append(asked.url))
    page.on("console", lambda message: errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(path.resolve().as_uri())
    yield page
    context.close()
    assert [url for url in requests if not url.startswith("data:")] == [path.resolve().as_uri()]
    assert errors == []


def test_it_renders_sorts_slides_and_stays_on_the_screen(page: Any) -> None:
    width = page.viewport_size["width"]
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    assert page.locator("h1").inner_text() == "A small study & its <title>"
    sentences = page.locator(".prose")
    assert sentences.evaluate("table => table.offsetWidth - table.parentElement.clientWidth") <= 0
    drawings = page.locator("svg").all()
    assert len(drawings) >= 6
    for drawing in drawings:
        box = drawing.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    labels = page.locator("tbody th")
    page.get_by_role("button", name="inception score, published").click()
    assert labels.all_inner_texts() == ["EBGAN", "MAGAN", "EBGAN that diverges"]
    page.get_by_role("button", name="inception score, published").click()
    assert labels.all_inner_texts() == ["MAGAN", "EBGAN", "EBGAN that diverges"]
    walk = page.locator(".latents .grid img:visible")
    slider = page.get_by_label("Position between two latents")
    first = [image.get_attribute("src") for image in walk.all()]
    assert len(first) == 3
    slider.press("End")
    assert page.locator("output[for=latent]").inner_text() == "8 of 8"
    assert all(a != b.get_attribute("src") for a, b in zip(first, walk.all(), strict=True))
    assert page.locator("summary", has_text="2 diverged").count() == 1
    hashes = page.locator("dd", has_text="digits classifier")
    assert hashes.first.is_visible()
