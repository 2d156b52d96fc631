"""Two processes never train in one directory at once: the second waits for one that is ending, and then refuses."""

import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from equipoise.common import files
from equipoise.common.errors import EquipoiseError
from equipoise.experiments.experiment import with_length
from equipoise.recipes.catalogue import recipe
from equipoise.runs import lock
from equipoise.runs.directory import create_run
from equipoise.runs.lock import Replaced, only_writer
from equipoise.runs.train import Settings, resume, train
from equipoise.training.loop import Loop, Turn

pytestmark = pytest.mark.lengthy

pytest.importorskip("fcntl", reason="this system has no such locks")
HOLDER = "import fcntl, sys, time; f = open(sys.argv[1], 'r+b'); fcntl.flock(f, 2); print('held', flush=True)"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text("name: a")
    return path


def test_a_second_writer_is_refused_in_one_sentence(config: Path) -> None:
    with (
        only_writer(config),
        pytest.raises(EquipoiseError, match="another process is training in"),
        only_writer(config, 0.1),
    ):
        raise AssertionError("two writers")
    with only_writer(config, 0.0):
        pass


def test_a_second_writer_waits_for_one_that_ends(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    order = []

    def hold() -> None:
        with only_writer(config):
            held.set()
            time.sleep(0.3)
            order.append("first")

    held = threading.Event()
    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    with only_writer(config, 20):
        order.append("second")
    holder.join()
    assert order == ["first", "second"]
    assert capsys.readouterr().err.count("waiting for another process") == 1


def test_the_lock_of_a_killed_process_is_gone(config: Path) -> None:
    command = [sys.executable, "-c", f"{HOLDER}; time.sleep(100)", str(config)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(EquipoiseError), only_writer(config, 0.0):
            pass
        process.kill()
        process.wait()
    with only_writer(config, 0.0):
        pass


def test_a_run_that_is_being_trained_is_not_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(device="cpu", threads=1, quiet=True)
    run = train(with_length(recipe("gan-digits"), iterations=4), tmp_path / "run", settings)
    monkeypatch.setattr(lock, "PATIENCE_SECONDS", 0.1)
    before = run.log.read_bytes()
    with only_writer(run.config), pytest.raises(EquipoiseError, match="another process is training in"):
        resume(run.path, settings)
    assert run.log.read_bytes() == before
    resume(run.path, settings)


def test_of_two_that_begin_at_once_one_is_refused(tmp_path: Path) -> None:
    """Both have looked before either has written: creating the configuration decides."""
    experiment, outcomes = with_length(recipe("gan-digits"), iterations=4), []
    together = threading.Barrier(4)

    def begin() -> None:
        together.wait()
        try:
            outcomes.append(create_run(tmp_path / "run", experiment).path.name)
        except EquipoiseError as error:
            outcomes.append(str(error).partition(" already ")[2][:10])

    for _ in range(5):
        threads = [threading.Thread(target=begin) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["holds a ru"] * 3 + ["run"]
        assert [each.name for each in (tmp_path / "run").iterdir()] == ["config.yaml"]
        outcomes.clear()
        shutil.rmtree(tmp_path / "run")


@pytest.mark.parametrize("links", [True, False])
def test_a_new_file_never_takes_the_place_of_another(
    links: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not links:
        monkeypatch.setattr(files.os, "link", _no_links)
    path = tmp_path / "x"
    files.write_text_atomically(path, "first", new=True)
    with pytest.raises(FileExistsError):
        files.write_text_atomically(path, "second", new=True)
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


def _no_links(*paths: object) -> None:
    raise OSError(1, "Operation not permitted")


@pytest.mark.parametrize("reused", [True, False])
def test_a_run_whose_directory_is_taken_away_stops_and_leaves_the_new_one_alone(
    reused: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment, out = with_length(recipe("gan-digits"), iterations=40), tmp_path / "run"
    settings = Settings(device="cpu", threads=1, quiet=True)
    iterate, done = Loop.iterate, []

    def iterate_and_lose(loop: Loop) -> Turn:
        done.append(1)
        if len(done) == 5:
            shutil.rmtree(out)
            if reused:
                create_run(out, experiment)
        return iterate(loop)

    monkeypatch.setattr(Loop, "iterate", iterate_and_lose)
    with pytest.raises(Replaced, match="was removed or replaced while this run was training"):
        train(experiment, out, settings)
    assert len(done) == 5
    assert [each.name for each in out.iterdir()] == ["config.yaml"] if reused else not out.exists()


def test_a_lock_on_a_file_that_is_gone_is_no_lock(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waited for the lock of a directory that was made anew meanwhile has the lock of nothing."""

    def lock_late(file: object) -> bool:
        config.unlink()
        config.write_text("name: b")
        return True

    monkeypatch.setattr(lock, "try_lock", lock_late)
    with pytest.raises(Replaced), only_writer(config, 0.0):
        raise AssertionError("not reached")
