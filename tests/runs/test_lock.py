"""Two processes never train in one directory at once: the second waits for one that is ending, and then refuses."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from equipoise.common.errors import EquipoiseError
from equipoise.experiments.experiment import with_length
from equipoise.recipes.catalogue import recipe
from equipoise.runs import lock
from equipoise.runs.lock import only_writer
from equipoise.runs.train import Settings, resume, train

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
