"""The page of `explore` in a real headless Chromium, with its server in this process."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from equipoise.experiments.build import build_network
from equipoise.experiments.experiment import network
from equipoise.reports.explorer import Explorer
from equipoise.reports.local_server import LocalServer
from equipoise.runs.directory import RunDirectory
from equipoise.runs.explored import Model, Source, _model
from equipoise.training.draw import Latent

pytestmark = pytest.mark.lengthy
PRIOR = Latent(12, classes=4)
NAMES = ("bees", "<b>", "dogs & cats", "eels")


def fresh(seed: int) -> Model:
    options = {"latent_size": 12, "image_size": 8, "width": 4}
    generator = build_network(network("picture-generator", **options), torch.Generator().manual_seed(seed)).eval()
    return _model(generator, PRIOR, "symmetric", f"iteration {seed}")


@pytest.fixture
def versions() -> list[int]:
    """The iterations of the run's checkpoints."""
    return [1]


@pytest.fixture
def server(make_run: Callable[..., Path], versions: list[int], no_drawings: None) -> Iterator[LocalServer]:
    """Serves a run whose log is there and whose generator is of the newest version."""
    run = RunDirectory(make_run("a run & <co>"))
    source = Source("faces", PRIOR, run, lambda: fresh(versions[-1]), lambda: versions[-1], NAMES)
    with LocalServer(Explorer(source, run.path).answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def picture(page: Any, selector: str) -> str:
    return str(page.locator(selector).get_attribute("src"))


def test_sliders_and_samples_change_the_pictures(browser: Any, server: LocalServer, versions: list[int]) -> None:
    asked: list[str] = []
    errors: list[str] = []
    context = browser.new_context(viewport={"width": 390, "height": 900})
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.clock.install()
    page.goto(server.url)
    changed = "([name, old]) => document.querySelector(name).src !== old && document.querySelector(name).src"
    a, b, middle, tile = "[data-slot=A] img", "[data-slot=B] img", "#between", ".tile:last-child img"
    for each in (a, b, middle, tile):
        page.wait_for_function(changed, arg=[each, ""])
    assert "Pictures of iteration 1 · not training now" in page.locator("#status").inner_text()
    assert page.locator(".verdict .answer").inner_text() == "No trouble was seen."
    assert page.locator("#curves figure").count() >= 2

    def changes(act: Callable[[], object], *selectors: str) -> None:
        before = {each: picture(page, each) for each in (a, b, middle, tile)}
        act()
        for each in selectors:
            page.wait_for_function(changed, arg=[each, before[each]])
        after = {each: picture(page, each) for each in before}
        assert {each for each in before if before[each] != after[each]} == set(selectors)

    changes(lambda: page.get_by_label("Direction 1").press("End"), a, middle)
    assert page.locator(".move output").first.inner_text() == "+4.00"
    assert page.locator("#where-A").inner_text() == "seed 0, number 0, moved"
    changes(lambda: page.get_by_label("From A to B").press("PageUp"), middle)
    page.locator("[data-slot=B]").click()
    assert page.locator(".move output").first.inner_text() == "0"
    changes(lambda: page.locator(".tile").nth(7).click(), b, middle)
    assert page.locator(".tile.held-B").get_attribute("data-number") == "7"
    changes(page.get_by_role("button", name="Next").click, tile)
    changes(lambda: page.get_by_label("Class").select_option("dogs & cats"), tile)
    changes(lambda: page.locator(".tile").nth(3).click(), b, middle)
    assert page.locator("#where-B").inner_text() == "seed 1, number 3, class dogs & cats"
    versions.append(2)
    changes(lambda: page.clock.fast_forward(4000), a, b, middle, tile)
    assert "Pictures of iteration 2" in page.locator("#status").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    context.close()
    assert all(url.startswith((server.url, "data:")) for url in asked)
    assert errors == []
