"""Small studies on digits, so that every way of running one takes seconds."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from markupsafe import Markup

from equipoise.experiments.experiment import with_length
from equipoise.recipes.catalogue import recipe as real_recipe
from equipoise.reports import figures, measurements
from equipoise.reports import study_pages as pages
from equipoise.studies import plan, runner
from equipoise.studies.study import Measure, Order, Published, Row, Scale, Sentence, Study, Variant


@pytest.fixture
def small_study(monkeypatch: pytest.MonkeyPatch) -> Study:
    """MAGAN and two others, a few iterations each; a learning rate of the last lets it diverge."""
    return install(monkeypatch)


@pytest.fixture(scope="session")
def carried_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small study, carried out once by this process."""
    out = tmp_path_factory.mktemp("studies") / "reference"
    with pytest.MonkeyPatch.context() as patched:
        install(patched)
        for module in (figures, measurements):  # each run's page draws, which is slow
            patched.setattr(module, "drawing", lambda *arguments: Markup(""))
        runner.run_study("small", out, "cpu", means=runner.Means(workers=1, device="cpu"), say=lambda line: None)
    return out


@pytest.fixture
def reference(carried_out: Path, small_study: Study, tmp_path: Path) -> Path:
    """A copy of the small study."""
    return shutil.copytree(carried_out, tmp_path / "reference")


def install(monkeypatch: pytest.MonkeyPatch) -> Study:
    """Put the small study in the place of every other."""
    score = "inception-score"
    small = Study(
        name="small",
        title="A small study & its <title>",
        paper="Nobody 2017",
        place="Table 0",
        introduction="MAGAN beside EBGAN, a few iterations.",
        rows=(
            Row("MAGAN", "magan-digits", published={score: Published(7.52, 0.03)}),
            Row("EBGAN", "ebgan-digits", changes=("algorithm.margin=5",), published={score: Published(7.14, 0.04)}),
            Row(
                "EBGAN that diverges",
                "gan-digits",
                variants=(Variant(), Variant("too fast", ("players.generator.optimiser.lr=1.0e+30",))),
            ),
        ),
        measures=(
            Measure(score, "inception score", same=False),
            Measure("modes-covered", "classes covered"),
            Measure("energy-gap", "energy gap"),
        ),
        orders=(Order(score, "MAGAN", "EBGAN that diverges"),),
        sentences=(
            Sentence("covers more than <none>", "modes-covered", "MAGAN", "above", 0),
            Sentence("scores more than a hundred", score, "EBGAN", "above", 100),
            Sentence("scores 7.52", score, "MAGAN", "about", 7.52),
        ),
        curves=("real_energy", "fake_energy"),
        scales={"cpu": Scale(seeds=2, samples=100), "smoke": Scale(seeds=1, samples=60, rows=2)},
    )
    short: Callable[..., Any] = lambda name, budget="paper": with_length(  # noqa: E731
        replace(real_recipe(name, budget)), iterations=6
    )
    monkeypatch.setattr(plan, "recipe", short)
    for module in (runner, pages):
        monkeypatch.setattr(module, "find_study", lambda name: small)
    monkeypatch.setenv("GIT_DIR", "/nonexistent")  # a commit while the tests run must not tell two results apart
    return small
