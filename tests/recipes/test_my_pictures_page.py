"""The page about one's own pictures shows the figures of the committed data files, and a grid of each run."""

import json
import re

from equipoise.common.durations import duration
from measurements import ROOT
from measurements.figures import my_pictures
from measurements.pages import filled

TEXT = my_pictures.PAGE.read_text(encoding="utf-8")


def test_the_figures_are_those_of_the_data_files() -> None:
    assert filled(my_pictures.PAGE, my_pictures.figures()) == TEXT


def test_every_run_has_its_grid_on_the_page_and_an_interval_around_its_score() -> None:
    runs = {path.stem for path in my_pictures.RESULTS.glob("*.json")}
    assert runs
    assert set(re.findall(r"figures/pictures_([\w-]+)\.png", TEXT)) == runs
    for line in re.findall(r"^\| [\w-]+ \| [^|]+ \| [\d,]+ \| ([\d.]+) \(([\d.]+) to ([\d.]+)\)", TEXT, re.MULTILINE):
        score, low, high = map(float, line)
        assert low <= score <= high


def test_readme_and_home_page_name_the_time_that_the_runs_took() -> None:
    runs = [json.loads(path.read_text(encoding="utf-8")) for path in my_pictures.RESULTS.glob("*.json")]
    times = {f"{duration(run['cpu_seconds'])} of one CPU core" for run in runs}
    for page in ("README.md", "docs/index.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        named = set(re.findall(r"\[([\d\w ]+ of one CPU core)\]", text))
        assert named
        assert named <= times
