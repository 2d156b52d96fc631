"""Studies go on from where they were stopped, count what diverges, and end alike however they are carried out."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from equipoise.common.errors import EquipoiseError
from equipoise.reports.study_pages import write_study_report
from equipoise.studies import carry_out as carrying
from equipoise.studies import workers
from equipoise.studies.catalogue import STUDIES
from equipoise.studies.ray_cluster import run_jobs_on_ray
from equipoise.studies.runner import Means, run_study
from equipoise.studies.study import Study
from tests.studies.jobs import jobs_in
from tests.studies.waiting import wait_for

pytestmark = pytest.mark.lengthy

ALONE = Means(workers=1, device="cpu")


def results_of(path: Path) -> Any:
    return json.loads((path / "results.json").read_text())


def test_a_diverged_run_is_counted_and_stops_nothing(reference: Path) -> None:
    rows = {row["label"]: row["runs"] for row in results_of(reference)["rows"]}
    assert [run["status"] for run in rows["MAGAN"]] == ["finished", "finished"]
    ends = [(run["variant"], run["status"]) for run in rows["EBGAN that diverges"]]
    assert ends == [("", "finished")] * 2 + [("too fast", "diverged")] * 2
    assert all(run["reason"] for run in rows["EBGAN that diverges"][2:])
    assert rows["EBGAN that diverges"][2]["scores"] == {}


def test_a_second_call_does_nothing(reference: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (reference / "results.json").read_bytes()
    monkeypatch.setattr(carrying, "train", _must_not_be_called)
    monkeypatch.setattr(carrying, "resume", _must_not_be_called)
    lines: list[str] = []
    run_study("small", reference, "cpu", means=ALONE, say=lines.append)
    assert (reference / "results.json").read_bytes() == before
    assert lines[0].endswith("8 runs, 0 to do.")


def test_only_what_is_missing_is_done_again(reference: Path) -> None:
    before = (reference / "results.json").read_bytes()
    lost, *kept = sorted((reference / "runs").iterdir())
    ages = {place: (place / "outcome.json").stat().st_mtime_ns for place in kept}
    shutil.rmtree(lost)
    lines: list[str] = []
    run_study("small", reference, "cpu", means=ALONE, say=lines.append)
    assert lines[0].endswith("8 runs, 1 to do.")
    assert any(line.startswith("Expected: ") for line in lines)
    assert {place: (place / "outcome.json").stat().st_mtime_ns for place in kept} == ages
    assert (reference / "results.json").read_bytes() == before


def test_other_scores_are_taken_without_training_again(reference: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = {place: (place / "metrics.jsonl").read_bytes() for place in (reference / "runs").iterdir()}
    monkeypatch.setattr(carrying, "train", _must_not_be_called)
    job = next(iter(runs)) / "outcome.json"
    outcome = json.loads(job.read_text())
    job.write_text(json.dumps(outcome | {"request": {}}))
    run_study("small", reference, "cpu", means=ALONE, say=lambda line: None)
    assert {place: (place / "metrics.jsonl").read_bytes() for place in runs} == runs
    assert json.loads(job.read_text()) == outcome


def test_worker_processes_end_with_the_same_results(reference: Path, small_study: Study, tmp_path: Path) -> None:
    shutil.copytree(reference, tmp_path / "workers")
    (tmp_path / "workers" / "results.json").unlink()
    for run in sorted((tmp_path / "workers" / "runs").iterdir())[::2]:  # one seed of each experiment
        shutil.rmtree(run)
    lines: list[str] = []
    run_study("small", tmp_path / "workers", "cpu", means=Means(workers=2, device="cpu"), say=lines.append)
    assert lines[0].endswith("8 runs, 4 to do.")
    assert (tmp_path / "workers" / "results.json").read_bytes() == (reference / "results.json").read_bytes()
    tables = [
        write_study_report(place).with_name("table.md").read_text() for place in (tmp_path / "workers", reference)
    ]
    assert tables[0] == tables[1]


def test_a_ray_cluster_ends_with_the_same_results(
    reference: Path, small_study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'equipoise[ray]'")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path.cwd()), os.environ.get("PYTHONPATH", "")]))
    shutil.copytree(reference, tmp_path / "ray")
    (tmp_path / "ray" / "results.json").unlink()
    lost = sorted((tmp_path / "ray" / "runs").iterdir())[::3]
    for run in lost:
        shutil.rmtree(run)
    lines: list[str] = []
    run_study("small", tmp_path / "ray", "cpu", means=Means(workers=2, ray="local", device="cpu"), say=lines.append)
    assert lines[0].endswith(f"8 runs, {len(lost)} to do.")
    assert (tmp_path / "ray" / "results.json").read_bytes() == (reference / "results.json").read_bytes()
    for run in lost:
        kept = reference / "runs" / run.name / "metrics.jsonl"
        assert (run / "metrics.jsonl").read_bytes() == kept.read_bytes()


@pytest.mark.slow
def test_a_killed_ray_node_loses_nothing(tmp_path: Path) -> None:
    """Two nodes on this machine: what had finished is not touched, what was interrupted resumes on the other one."""
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'equipoise[ray]'")
    paths = os.pathsep.join([str(Path.cwd()), str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"PYTHONPATH": paths, "RAY_USAGE_STATS_ENABLED": "0", "OMP_NUM_THREADS": "1"}
    words = ["-m", "measurements.trust.ray_faults", "--injections", 1, "--out", tmp_path / "found.json"]
    command = [sys.executable, *map(str, words)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr[-2000:]
    (found,) = json.loads((tmp_path / "found.json").read_text())["injections"]
    assert found["struck"]
    assert found["outcome"] == "equal"
    assert found["runs_resumed"] >= 1
    assert found["finished_runs_touched"] == 0


def test_ray_is_asked_for_in_one_sentence_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(EquipoiseError, match="pip install 'equipoise\\[ray\\]'"):
        run_jobs_on_ray(len, ["a"], "local", 1, 0.0)


def test_a_killed_worker_loses_nothing(
    tmp_path: Path, start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", "/nonexistent")
    jobs = jobs_in(tmp_path / "whole", 120)
    workers.run_jobs(carrying.carry_out, list(jobs), 1)
    process = start(tmp_path / "killed", 120, "struck", module="tests.studies.starter")
    assert process.wait(timeout=200) == 0
    assert (tmp_path / "killed" / "struck").exists()
    for seed in ("0", "1"):
        ours, theirs = tmp_path / "killed" / seed, tmp_path / "whole" / seed
        for name in ("metrics.jsonl", "outcome.json"):
            assert (ours / name).read_bytes() == (theirs / name).read_bytes()
    sessions = [json.loads((tmp_path / "killed" / seed / "environment.json").read_text()) for seed in ("0", "1")]
    assert sum(len(each["sessions"]) for each in sessions) > 2


KILLED_IDLE = """
import os
import signal
import sys
import time
from pathlib import Path

from equipoise.common.errors import EquipoiseError
from equipoise.runs.interrupts import catch_interrupts
from equipoise.runs.session import Interrupted
from equipoise.studies import workers

ENDS = {"in order": Interrupted("saved", signal.SIGTERM), "otherwise": EquipoiseError("no more")}


def job(place):
    if place is None or Path(place).exists():
        return place
    with catch_interrupts() as interrupt:
        Path(place).write_text(str(os.getpid()))
        while not interrupt():
            time.sleep(0.01)
    raise ENDS[sys.argv[2]]


if __name__ == "__main__":
    workers._SECONDS_TO_SAVE = 1
    found = workers.run_jobs(job, [None, sys.argv[1]], 2, lambda finished, total: print(finished, flush=True))
    assert found == [None, sys.argv[1]]
"""


@pytest.mark.parametrize("how", [pytest.param("in order", marks=pytest.mark.slow), "otherwise"])
def test_a_killed_worker_that_waited_for_work_holds_nobody_up(how: str, tmp_path: Path) -> None:
    """It held the lock under which workers ask for work: the other one ends its job, and must not wait for it."""
    script, place = tmp_path / "script.py", tmp_path / "begun"
    script.write_text(KILLED_IDLE)
    environment = os.environ | {"PYTHONPATH": str(Path.cwd()), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(script), str(place), how]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "1\n"
    wait_for(lambda: place.exists() and place.read_text() != "", process)
    time.sleep(0.5)  # until it asks for work
    (idle,) = set(_workers_of(process.pid)) - {int(place.read_text())}
    os.kill(idle, signal.SIGKILL)
    try:
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()


def test_workers_end_with_the_process_that_started_them(tmp_path: Path, start: Callable[..., Any]) -> None:
    process = start(tmp_path / "left", 100_000, module="tests.studies.starter")
    wait_for(lambda: len(list((tmp_path / "left").glob("*/metrics.jsonl"))) == 2, process)
    workers_left = _workers_of(process.pid)
    process.send_signal(signal.SIGKILL)
    process.wait()
    end = time.monotonic() + 60
    while any(Path(f"/proc/{worker}").exists() for worker in workers_left):
        assert time.monotonic() < end, "a worker goes on without its parent"
        time.sleep(0.1)
    assert len(workers_left) == 2
    assert len(list((tmp_path / "left").glob("*/checkpoints/*.json"))) == 2


def test_workers_that_die_again_and_again_are_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "MOST_DEATHS", 0)
    with pytest.raises(EquipoiseError, match="fewer with --workers"):
        workers.run_jobs(os._exit, [1, 1], 2)


def die_of_three(number: int) -> str:
    if number == 3:
        os._exit(1)
    return ""


def test_a_job_whose_process_dies_again_and_again_loses_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "MOST_DEATHS", 0)
    told: list[tuple[int, int]] = []
    found = workers.run_jobs(die_of_three, [3, 1, 2], 2, lambda *counts: told.append(counts), lost="it died.")
    assert found == ["it died.", "", ""]
    assert told[-1] == (3, 3)


def test_missing_data_are_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "lga-table-2" in STUDIES
    monkeypatch.setenv("EQUIPOISE_OFFLINE", "1")
    (tmp_path / "data").mkdir()
    means = Means(workers=1, device="cpu", data_root=tmp_path / "data")
    with pytest.raises(EquipoiseError):
        run_study("mode-table-3", tmp_path / "out", "cpu", means=means, say=lambda line: None)


def _must_not_be_called(*arguments: object) -> None:
    raise AssertionError("this run was finished already")


def _workers_of(starter: int) -> list[int]:
    """The worker processes of a pool: forked by the server that the starter began."""
    servers = [child for child in _children_of(starter) if b"forkserver" in _command_of(child)]
    return [worker for server in servers for worker in _children_of(server)]


def _children_of(parent: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def _command_of(process: int) -> bytes:
    return Path(f"/proc/{process}/cmdline").read_bytes()
