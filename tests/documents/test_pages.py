"""No page of the documentation is wider than the screen, and no formula is cut off: each fits, or its box scrolls."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api")
pytest.importorskip("material")
CHROMIUM = os.environ.get("EQUIPOISE_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [pytest.mark.lengthy, pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")]
ROOT = Path(__file__).parents[2]
WIDTHS = (1440, 390)
CUT_OFF = """() => {
    const wide = document.scrollingElement;
    const rolls = (box) => ["auto", "scroll"].includes(getComputedStyle(box).overflowX);
    const scrolls = (box) => box && (rolls(box) || scrolls(box.parentElement));
    const found = [...document.querySelectorAll("article math")].filter((formula) => {
        const right = formula.getBoundingClientRect().right;
        return right > wide.clientWidth && !scrolls(formula.parentElement);
    });
    return [wide.scrollWidth - wide.clientWidth, found.map((formula) => formula.textContent),
            document.querySelectorAll("article math").length];
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages without the reference, which would take longer to make than all others."""
    from mkdocs.commands.build import build
    from mkdocs.config import load_config

    folder = tmp_path_factory.mktemp("site")
    hooks = [str(ROOT / "docs" / "hooks" / "equations.py")]
    build(load_config(str(ROOT / "mkdocs.yml"), strict=False, site_dir=str(folder), hooks=hooks, plugins=[]))
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as tools:
        chromium = tools.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"] if os.getuid() == 0 else [])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def found(site: Path, browser: Any) -> dict[int, dict[str, Any]]:
    """What CUT_OFF finds, by width and page; each page is loaded once, at the last width of the one before."""
    page = browser.new_page(viewport={"width": WIDTHS[0], "height": 900}, reduced_motion="reduce")
    found: dict[int, dict[str, Any]] = {width: {} for width in WIDTHS}
    for number, path in enumerate(sorted(site.rglob("index.html"))):
        page.goto(path.as_uri(), wait_until="load")
        for width in WIDTHS if number % 2 == 0 else reversed(WIDTHS):
            if width != page.viewport_size["width"]:
                page.set_viewport_size({"width": width, "height": 900})
            found[width][str(path.relative_to(site))] = page.evaluate(CUT_OFF)
    page.close()
    return found


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_cut_off(width: int, found: dict[int, dict[str, Any]]) -> None:
    formulas = 0
    for name, (beyond, cut_off, count) in found[width].items():
        assert (name, beyond, cut_off) == (name, 0, [])
        formulas += count
    assert formulas > 200
