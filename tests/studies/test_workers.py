"""The processes of a study beside a terminal."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from equipoise.common.say import say
from tests.studies.waiting import wait_for

BEGUN = """
import os, signal, time
from multiprocessing import forkserver
from types import SimpleNamespace
from equipoise.studies.workers import get_ready

get_ready(SimpleNamespace(__module__="equipoise.studies.carry_out"))  # which the server imports, and nobody else
server = forkserver._forkserver._forkserver_pid
for _ in range(5):
    os.kill(server, signal.SIGINT)
    time.sleep(0.05)
assert os.waitpid(server, os.WNOHANG) == (0, 0)
assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
"""


INTERRUPTED = """
import signal, sys
from pathlib import Path
from equipoise.studies.workers import run_jobs
from tests.studies.test_workers import say_something_and_wait

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background processes begin deaf to it
run_jobs(say_something_and_wait, [Path(sys.argv[1])] * 2, 2)
"""


def test_ctrl_c_while_the_first_imports_last_is_no_traceback() -> None:
    done = subprocess.run([sys.executable, "-c", BEGUN], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")


def say_something_and_wait(folder: Path) -> None:
    say("trains")
    (folder / str(os.getpid())).touch()
    time.sleep(100)


def test_interrupted_workers_leave_nothing_behind(tmp_path: Path) -> None:
    """What a worker says is locked; a lock that processes can share would outlive a worker that ends at once."""
    starter = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(tmp_path)], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    wait_for(lambda: len(list(tmp_path.iterdir())) == 2, starter)
    starter.send_signal(signal.SIGINT)
    _, told = starter.communicate(timeout=120)
    assert "KeyboardInterrupt" in told
    assert "leaked" not in told
