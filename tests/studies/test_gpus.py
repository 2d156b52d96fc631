"""Runs of a study on GPUs: how many at a time, on which, with how many threads, and computing in what."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from equipoise.cli.many_runs import means_of
from equipoise.cli.study import fill_study
from equipoise.common import machine
from equipoise.reports.pages import write_run_report
from equipoise.studies import runner
from equipoise.studies.carry_out import Job
from equipoise.studies.estimate import Estimate
from equipoise.studies.plan import plan
from equipoise.studies.runner import Means, gpus_of, run_study, tell_plan
from equipoise.studies.study import Study


class Begun(Exception):
    """Ends a study where its runs would begin."""


def begun(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, means: Means, gpus: int = 2
) -> tuple[list[Job], int, list[str]]:
    """The jobs that a study hands out, how many at a time, and what it says."""
    found: list[tuple[Sequence[Job], int]] = []
    lines: list[str] = []

    def run_jobs(
        function: object, jobs: Sequence[Any], workers: int, done: object, lost: object, **more: object
    ) -> None:
        found.append(([job for each in jobs for job in (each if "size" in more else [each])], workers))
        raise Begun

    monkeypatch.setattr(runner, "choose_device", torch.device)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    monkeypatch.setattr(machine, "available_cores", lambda: 16)
    monkeypatch.setattr(runner, "estimate", lambda *words: Estimate(36_000.0, "a test"))
    monkeypatch.setattr(runner, "_train_judges", lambda *words: None)
    monkeypatch.setattr(runner, "run_jobs", run_jobs)
    with pytest.raises(Begun):
        run_study("small", tmp_path, "cpu", means=means, say=lines.append)
    ((jobs, workers),) = found
    return list(jobs), workers, lines


def test_by_default_each_gpu_has_one_run_at_a_time(
    small_study: Study, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    jobs, workers, lines = begun(monkeypatch, tmp_path, Means(device="cuda"))
    assert workers == 2
    assert [job.settings.device for job in jobs] == ["cuda:0", "cuda:1"] * (len(jobs) // 2)
    assert {job.settings.threads for job in jobs} == {8}
    assert lines[1] == "Expected: 5 hours, 2 at a time (a test)."


def test_several_runs_share_a_gpu_where_that_is_asked_for(
    small_study: Study, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    means = Means(device="cuda:1", workers=4, precision="tf32", graphs=True)
    jobs, workers, lines = begun(monkeypatch, tmp_path, means)
    assert workers == 4
    assert {job.settings.device for job in jobs} == {"cuda:1"}
    assert {(job.settings.precision, job.settings.graphs, job.settings.threads) for job in jobs} == {("tf32", True, 4)}
    assert all(job.directory.name.endswith("-tf32") for job in jobs)
    assert lines[1] == "Expected: 10 hours, 4 at a time (a test)."


def test_a_dry_run_expects_what_the_study_expects(
    small_study: Study, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seconds = [1.0 for _ in plan(small_study, "cpu", None, with_inception=False)]
    monkeypatch.setattr(runner, "estimate", lambda *words: Estimate(43_200.0, "a test", seconds))
    for means, expected in (
        (Means(device="cpu", workers=4), "Expected: 3 hours, 4 at a time (a test)."),
        (Means(device="cpu", workers=4, slurm={}), "Expected: 3 hours, on the cluster (a test)."),
    ):
        lines: list[str] = []
        tell_plan(small_study, tmp_path / "study", "cpu", None, means, lines.append)
        assert lines[0].endswith(" to do. Nothing is trained now.")
        assert expected in lines


def test_on_a_cpu_nothing_is_changed(small_study: Study, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    jobs, workers, _ = begun(monkeypatch, tmp_path, Means(device="cpu", workers=3))
    assert workers == 3
    assert {(job.settings.device, job.settings.threads) for job in jobs} == {("cpu", 1)}
    assert not any(job.directory.name.endswith("float32") for job in jobs)


def test_which_gpus_a_device_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    named = [gpus_of(torch.device(name)) for name in ("cpu", "cuda", "cuda:2")]
    assert named == [[], ["cuda:0", "cuda:1", "cuda:2"], ["cuda:2"]]


@pytest.mark.parametrize(("cores", "processes", "found"), [(16, 1, 8), (16, 4, 4), (2, 1, 2), (2, 8, 1)])
def test_a_gpus_process_gets_its_part_of_the_cores(
    cores: int, processes: int, found: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "available_cores", lambda: cores)
    assert machine.threads_beside_a_gpu(processes) == found


def test_the_command_line_says_how_runs_compute() -> None:
    parser = argparse.ArgumentParser()
    fill_study(parser)
    words = ["mmd-table-1", "--precision", "bfloat16", "--graphs", "--workers", "4", "--device", "cuda"]
    means = means_of(parser.parse_args(words))
    assert (means.precision, means.graphs, means.workers, means.device) == ("bfloat16", True, 4, "cuda")
    assert means_of(parser.parse_args(["mmd-table-1"])) == Means(page=write_run_report)
