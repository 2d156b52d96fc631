"""The pages about one's own pictures show the figures of the committed data files, and a grid of each run."""

import re

from equipoise.common.durations import duration
from measurements import ROOT
from measurements.figures import magan_mnist, my_pictures
from measurements.pages import filled

TUTORIAL, PAGE = (each.read_text(encoding="utf-8") for each in (my_pictures.TUTORIAL, my_pictures.PAGE))


def test_the_figures_are_those_of_the_data_files() -> None:
    assert filled(my_pictures.TUTORIAL, my_pictures.tutorial()) == TUTORIAL
    assert filled(my_pictures.PAGE, my_pictures.measured()) == PAGE


def test_every_run_has_its_grid_on_a_page_and_an_interval_around_its_score() -> None:
    runs = my_pictures.runs()
    assert runs
    shown = set(re.findall(r"figures/pictures_([\w-]+?)(?:_on_the_way)?\.png", TUTORIAL + PAGE))
    assert shown == runs.keys()
    for run in runs.values():
        assert run["scores"][-1]["low"] <= run["scores"][-1]["value"] <= run["scores"][-1]["high"]


def test_a_long_run_is_shown_on_the_way_too() -> None:
    long = {name for name, run in my_pictures.runs().items() if my_pictures.is_long(run)}
    assert long
    assert set(re.findall(r"figures/pictures_([\w-]+?)_on_the_way\.png", PAGE)) == long


def test_readme_and_home_page_name_the_time_that_the_runs_took() -> None:
    seconds = [run["cpu_seconds"] for run in my_pictures.runs().values()]
    seconds.append(magan_mnist.timed(magan_mnist.runs()["magan-mnist"])["passport"]["seconds"])
    times = {f"{duration(each)} of one CPU core" for each in seconds}
    for page in ("README.md", "docs/index.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        named = set(re.findall(r"\[([\d\w ]+ of one CPU core)\]", text))
        assert named
        assert named <= times
