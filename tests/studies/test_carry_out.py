"""One run of a study: its page is drawn once, when everything that it tells is known, and is never left out."""

from dataclasses import replace
from pathlib import Path

import pytest
from markupsafe import Markup

from equipoise.experiments.experiment import Experiment, with_length
from equipoise.recipes.catalogue import recipe
from equipoise.reports import figures, measurements
from equipoise.reports.canvas import Drawing
from equipoise.reports.pages import write_run_report
from equipoise.runs.train import Settings
from equipoise.studies import carry_out as carrying
from equipoise.studies.carry_out import Job, carry_out, read_outcome

SHORT = with_length(recipe("ebgan-digits"), iterations=2)


def job_of(experiment: Experiment, place: Path) -> Job:
    return Job(
        experiment, place, ("inception-score",), 40, Settings("cpu", threads=1, quiet=True, page=write_run_report), True
    )


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The pages that were drawn, in order; their figures are left out, which take most of the time."""
    pages: list[Path] = []
    for module in (figures, measurements):
        monkeypatch.setattr(module, "drawing", lambda *arguments: Drawing(Markup("")))

    def write_page(settings: Settings, run: Path) -> None:
        if settings.page is not None:
            pages.append(write_run_report(run))

    monkeypatch.setattr(Settings, "write_page", write_page)
    return pages


def test_a_page_is_drawn_once_and_tells_the_scores(tmp_path: Path, drawn: list[Path]) -> None:
    carry_out(job_of(SHORT, tmp_path / "run"))
    assert drawn == [tmp_path / "run" / "report.html"]
    assert "inception-score" in drawn[0].read_text()
    carry_out(job_of(SHORT, tmp_path / "run"))
    assert len(drawn) == 1


@pytest.mark.parametrize("moment", [(carrying, "load_trained"), (Settings, "write_page")])
def test_a_run_that_was_ended_before_its_page_gets_it_later(
    moment: tuple[object, str], tmp_path: Path, drawn: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    job, whole = job_of(SHORT, tmp_path / "run"), getattr(*moment)
    monkeypatch.setattr(*moment, _end)
    with pytest.raises(KeyboardInterrupt):
        carry_out(job)
    assert (drawn, read_outcome(job)) == ([], None)
    monkeypatch.setattr(*moment, whole)
    carry_out(job)
    assert "inception-score" in drawn[-1].read_text()
    assert read_outcome(job) is not None


def test_a_run_that_diverged_has_a_page_too(tmp_path: Path, drawn: list[Path]) -> None:
    player = SHORT.players["generator"]
    fast = replace(player, optimiser=replace(player.optimiser, lr=1e30))
    job = job_of(replace(SHORT, players={**SHORT.players, "generator": fast}), tmp_path / "run")
    carry_out(job)
    outcome = read_outcome(job)
    assert outcome is not None
    assert outcome["status"] == "diverged"
    assert drawn == [tmp_path / "run" / "report.html"]


def _end(*arguments: object) -> None:
    raise KeyboardInterrupt
