"""A terminal sees where the runs of a study stand; a file or a pipe sees whole lines only."""

import io
import json
from pathlib import Path

import pytest

from equipoise.experiments.experiment import Experiment, with_length
from equipoise.recipes.catalogue import recipe
from equipoise.runs.train import Settings
from equipoise.studies import progress
from equipoise.studies.carry_out import Job
from equipoise.studies.progress import status, status_line

WHOLE = recipe("magan-digits")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def job(place: Path, experiment: Experiment = WHOLE, **last: object) -> Job:
    place.mkdir()
    lines = [json.dumps(last), '{"kind": "iteration", "iter'] if last else []
    (place / "metrics.jsonl").write_text("\n".join(lines))
    return Job(experiment, place, (), 10, Settings("cpu"), False)


def test_the_line_tells_where_each_run_stands(tmp_path: Path) -> None:
    ended = job(tmp_path / "ended", iteration=1, stage="adversarial", epoch=1)
    (ended.directory / "outcome.json").write_text(json.dumps({"request": ended.request}))
    jobs = [
        ended,
        job(tmp_path / "begun"),
        job(tmp_path / "first", iteration=5, stage="pretrain", epoch=0),
        job(tmp_path / "second", iteration=900, stage="adversarial", epoch=37),
        job(tmp_path / "third", with_length(WHOLE, iterations=3000), iteration=1900, stage="adversarial", epoch=8),
    ]
    assert status(jobs) == (
        "running: magan-digits seed 0 in pretrain; magan-digits seed 0 epoch 38 of 200; "
        "magan-digits seed 0 iteration 1,900"
    )
    assert status(jobs[:2]) == ""


def test_only_a_terminal_sees_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_EVERY_SECONDS", 0.01)
    jobs, terminal = [job(tmp_path / "run", iteration=9, stage="adversarial", epoch=2)], Terminal()
    with status_line(jobs, io.StringIO()) as line:
        assert line is None
    with status_line(jobs, terminal) as line:
        assert line is not None
        while "epoch 3 of 200" not in terminal.getvalue():
            pass
        line.tell("run 1 of 2 done")
    text = terminal.getvalue()
    assert "\r\x1b[2Krun 1 of 2 done\n" in text
    assert text.endswith("\r\x1b[2K")
