"""One run of a study: its page is drawn once, when everything that it tells is known, and is never left out."""

import json
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from markupsafe import Markup

from equipoise.experiments.experiment import Experiment, with_length
from equipoise.recipes.catalogue import recipe
from equipoise.recipes.digits import ebgan_digits
from equipoise.reports import figures, measurements
from equipoise.reports.pages import write_run_report
from equipoise.runs.directory import RunDirectory
from equipoise.runs.train import Interrupted, Settings
from equipoise.studies import carry_out as carrying
from equipoise.studies.carry_out import Job, attempt_group, carry_out, in_stacks, read_outcome
from equipoise.training import stacked_state
from equipoise.training.checkpoint import newest_good

SHORT = with_length(recipe("ebgan-digits"), iterations=2)
QUIET = Settings("cpu", threads=1, quiet=True)


def job_of(experiment: Experiment, place: Path) -> Job:
    return Job(
        experiment, place, ("inception-score",), 40, Settings("cpu", threads=1, quiet=True, page=write_run_report), True
    )


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The pages that were drawn, in order; their figures are left out, which take most of the time."""
    pages: list[Path] = []
    for module in (figures, measurements):
        monkeypatch.setattr(module, "drawing", lambda *arguments: Markup(""))

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


def test_runs_that_differ_in_their_seed_or_margin_are_trained_together() -> None:
    ebgan = [recipe("ebgan-digits"), recipe("magan-digits"), replace(recipe("ebgan-digits"), seed=4)]
    other = with_length(recipe("ebgan-digits"), iterations=7)
    convolutional = [replace(recipe("magan-mnist"), seed=seed) for seed in range(2)]
    margins = [replace(ebgan_digits(2.0), seed=seed) for seed in range(3)]
    assert in_stacks([*ebgan, other], 1) == [[0, 2], [1], [3]]
    assert in_stacks([*margins, *ebgan], 2) == [[0, 1, 2, 3], [5], [4]]
    assert in_stacks(convolutional, 1) == [[0], [1]]


def test_a_group_leaves_what_each_run_leaves_alone(tmp_path: Path) -> None:
    experiments = [replace(SHORT, seed=seed) for seed in range(2)]
    jobs = [replace(job_of(each, tmp_path / "together" / str(each.seed)), settings=QUIET) for each in experiments]
    assert attempt_group(jobs) == ["", ""]
    for job in jobs:
        alone = replace(job, directory=tmp_path / "alone" / str(job.experiment.seed))
        assert attempt_group([alone]) == [""]
        ours, theirs = RunDirectory(job.directory), RunDirectory(alone.directory)
        assert ours.log.read_bytes() == theirs.log.read_bytes()
        assert ours.scores.read_bytes() == theirs.scores.read_bytes()
        kept = sorted(theirs.checkpoints.glob("*.safetensors"))
        assert kept
        assert [(ours.checkpoints / each.name).read_bytes() for each in kept] == [each.read_bytes() for each in kept]
        assert json.loads(ours.environment.read_text())["sessions"][0]["stacked"]


def test_an_interrupt_saves_every_run_of_a_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = with_length(recipe("ebgan-digits"), iterations=10_000)
    jobs = [replace(job_of(replace(long, seed=n), tmp_path / str(n)), settings=QUIET) for n in range(2)]
    play = stacked_state.StackedState.play

    def interrupt_in_the_third(self: Any, deals: Any) -> Any:
        found = play(self, deals)
        if self.loops[0].state.clock.iteration == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return found

    monkeypatch.setattr(stacked_state.StackedState, "play", interrupt_in_the_third)
    with pytest.raises(Interrupted):
        attempt_group(jobs)
    for job in jobs:
        newest, _ = newest_good(RunDirectory(job.directory).checkpoints)
        assert newest is not None
        assert 3 <= newest.iteration < 100
